"""Read by every Python of `.venv` when it starts; `make setup` copies this file there.

py-solc-x looks for compilers, ape-foundry for anvil and ape-config.yaml for RPC addresses in the environment
only, and people start `.venv/bin/ape` or an editor's test runner without make.
"""

import os
import sys

# Where `make devnet` serves the local mainnet.
LOCAL_MAINNET_URL = "http://127.0.0.1:8545"


def _enter(checkout: str) -> None:
    tools = os.path.join(checkout, ".tools", "bin")
    search = os.environ.get("PATH", os.defpath)
    if tools not in search.split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([tools, search])
    os.environ.setdefault("SOLCX_BINARY_PATH", tools)
    upstream = os.environ.get("MAINNET_RPC_URL") or LOCAL_MAINNET_URL
    os.environ.setdefault("FORK_UPSTREAM_URL", upstream)


_enter(os.path.dirname(sys.prefix))
