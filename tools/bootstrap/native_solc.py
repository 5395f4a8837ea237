"""Downloads native compilers by py-solc-x. Run by the set-up with the Python of `.venv`:

    python native_solc.py FOLDER VERSION...

Leaves `FOLDER/solc-v<version>` for each version there is; exits 1 if the download site does not answer.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import requests
from solcx import install

CONNECT_SECONDS = 3.0


def main(folder: Path, versions: list[str]) -> int:
    """Fetches each version into `folder`; returns the exit code."""
    # By the variable, not by argument: py-solc-x forgets the argument in the last step of an installation.
    os.environ[install.SOLCX_BINARY_PATH_VARIABLE] = str(folder)
    site = install.BINARY_DOWNLOAD_BASE.format(install._get_os_name(), "list.json")
    try:
        offered = requests.get(site, timeout=CONNECT_SECONDS).json()["releases"]
    except (requests.RequestException, ValueError, KeyError, OSError) as error:
        print(f"{site} does not answer: {type(error).__name__}", file=sys.stderr)
        return 1
    for version in versions:
        if version not in offered:
            continue
        try:
            install.install_solc(version)
        except Exception as error:
            # Whatever py-solc-x stumbles over, npm's compiler is there; half a download must not stay.
            (folder / f"solc-v{version}").unlink(missing_ok=True)
            print(f"solc {version}: {error}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
