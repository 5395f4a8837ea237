"""`make slither`: runs every detector over contracts/ and compares the findings with tools/slither.yaml."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import yaml

from tools import forging
from tools.bootstrap.report import SetupError
from tools.bootstrap.side import side_environment

ACCEPTED = forging.CHECKOUT / "tools" / "slither.yaml"
STAGE = forging.CHECKOUT / ".forge" / "slither"
START = "import sys; from slither.__main__ import main; sys.exit(main())"


@dataclass(frozen=True)
class Finding:
    """One result: the detector's name, how bad it says it is, and its first line, which names the place."""

    check: str
    impact: str
    line: str


@dataclass(frozen=True)
class Acceptance:
    """An entry of the configuration. `where` is a part of the line; empty, it takes all of `check`."""

    check: str
    reason: str
    where: str = ""

    def takes(self, finding: Finding) -> bool:
        """Whether this entry accepts the finding."""
        return finding.check == self.check and self.where in finding.line


def acceptances(file: Path = ACCEPTED) -> list[Acceptance]:
    """The entries of the configuration. Raises TypeError for one that lacks its check or its reason."""
    return [Acceptance(**entry) for entry in yaml.safe_load(file.read_text(encoding="utf-8"))]


def analyse() -> list[Finding]:
    """Every finding in contracts/. Raises SetupError when Slither cannot be installed or does not finish."""
    python = side_environment("slither") / "python"
    # Slither knows a project of Forge by a foundry.toml at its root, where ours must not stand.
    shutil.rmtree(STAGE, ignore_errors=True)
    for folder in ("contracts", "interfaces"):
        shutil.copytree(forging.CHECKOUT / folder, STAGE / folder)
    shutil.copy(forging.CHECKOUT / "tools" / "foundry.toml", STAGE)
    report = STAGE / "report.json"
    environment = forging.environment("default")
    del environment["FOUNDRY_CONFIG"]
    command = [str(python), "-c", START, ".", "--json", str(report)]
    done = subprocess.run(command, cwd=STAGE, env=environment, capture_output=True, text=True, check=False)
    data = json.loads(report.read_text(encoding="utf-8")) if report.is_file() else {}
    if not data.get("success") or "(0 contracts" in done.stderr:
        detail = str(data.get("error") or done.stderr or done.stdout).strip()[-400:]
        raise SetupError(f"slither did not finish: {detail}", "mend what it says; `make compile` tells more")
    return [
        Finding(result["check"], result["impact"], result["description"].splitlines()[0])
        for result in data["results"].get("detectors", [])
    ]


def compare(findings: list[Finding], accepted: list[Acceptance]) -> tuple[list[Finding], list[Acceptance]]:
    """The findings that no entry accepts, and the entries that accept nothing."""
    open_findings = [finding for finding in findings if not any(entry.takes(finding) for entry in accepted)]
    idle = [entry for entry in accepted if not any(entry.takes(finding) for finding in findings)]
    return open_findings, idle


def main() -> int:
    """Prints what is open; the exit code is 0 when nothing is."""
    try:
        findings, accepted = analyse(), acceptances()
    except SetupError as error:
        print(error, file=sys.stderr)
        return 1
    open_findings, idle = compare(findings, accepted)
    for finding in open_findings:
        print(f"✗ {finding.impact} {finding.check}: {finding.line}")
    for entry in idle:
        print(f"✗ {entry.check} {entry.where}: accepted, but not found any more; take the entry out")
    print(
        f"{len(findings)} findings, {len(findings) - len(open_findings)} accepted with a reason, "
        f"{len(open_findings)} open"
    )
    return 1 if open_findings or idle else 0


if __name__ == "__main__":
    sys.exit(main())
