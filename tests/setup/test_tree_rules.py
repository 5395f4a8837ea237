"""What must hold of every tracked file, and that the import contract really bites."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from devnet.toolchain import CHECKOUT

# Written so that this file does not match them.
MACHINE_PATH = re.compile(r"(?:^|[^A-Za-z0-9_.])/(?:root|home/[a-z]+|Users/[A-Za-z]+|wor[k]|far[m])/")
REGISTRY_HOST = re.compile(r"registry\.npm[j]s|pythonhoste[d]\.|pyp[i]\.org|deb\.debia[n]\.")


def tracked_texts() -> dict[str, str]:
    git = shutil.which("git")
    if git is None or not (CHECKOUT / ".git").exists():
        pytest.skip("this is not a git checkout")
    names = subprocess.run(
        [git, "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, text=True, check=True
    ).stdout
    texts = {}
    for name in filter(None, names.split("\0")):
        file = CHECKOUT / name
        content = file.read_bytes() if file.is_file() else b""
        if b"\0" not in content:
            texts[name] = content.decode("utf-8", errors="replace")
    return texts


def offending(pattern: re.Pattern[str]) -> list[str]:
    found = []
    for name, text in tracked_texts().items():
        found += [
            f"{name}:{number}" for number, line in enumerate(text.splitlines(), 1) if pattern.search(line)
        ]
    return found


def test_no_tracked_file_holds_a_path_of_one_machine() -> None:
    assert MACHINE_PATH.search("see /" + "home/someone/x") and not MACHINE_PATH.search("http://host/homes")
    assert offending(MACHINE_PATH) == []


def test_no_tracked_file_names_a_package_registry() -> None:
    assert REGISTRY_HOST.search("py" + "pi.org")
    assert offending(REGISTRY_HOST) == []


@pytest.fixture
def house(tmp_path: Path) -> Path:
    """Empty packages on every floor, under the project's own import contract."""
    settings = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
        "importlinter"
    ]
    floors = next(contract["layers"] for contract in settings["contracts"] if contract["type"] == "layers")
    rooms = [room.strip("() ") for floor in floors for room in floor.split(":")]
    for package in ["executor", "devnet", *(f"executor/{room}" for room in rooms)]:
        (tmp_path / package).mkdir()
        (tmp_path / package / "__init__.py").touch()
    (tmp_path / "devnet" / "demo.py").touch()
    shutil.copy(CHECKOUT / "pyproject.toml", tmp_path)
    return tmp_path


def lint(house: Path) -> subprocess.CompletedProcess[str]:
    linter = str(Path(sys.executable).with_name("lint-imports"))
    command = [linter, "--no-logo", "--no-cache"]
    return subprocess.run(command, cwd=house, capture_output=True, text=True, check=False, timeout=60)


def test_a_house_that_keeps_its_floors_passes(house: Path) -> None:
    (house / "executor" / "engine" / "flow.py").write_text(
        "from executor import submission, domain\nimport os\n"
    )
    (house / "executor" / "submission" / "send.py").write_text("from executor import journal\n")
    (house / "executor" / "venues" / "maths.py").write_text("from executor.domain import x\nimport decimal\n")
    (house / "executor" / "domain" / "x.py").touch()
    (house / "devnet" / "demo.py").write_text("from executor import engine\n")
    done = lint(house)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("room", "statement"),
    [
        ("domain", "from executor import venues"),
        ("routing", "from executor import chain"),
        ("journal", "from executor import engine"),
        ("policy", "import time"),
        ("plan", "import web3"),
        ("chain", "import devnet"),
        ("../devnet", "import executor.domain"),
    ],
)
def test_an_import_up_the_floors_or_out_of_the_pure_core_is_refused(
    house: Path, room: str, statement: str
) -> None:
    (house / "executor" / room / "bad.py").write_text(f"{statement}\n")
    done = lint(house)
    assert done.returncode == 1 and "BROKEN" in done.stdout, done.stdout + done.stderr


def test_a_new_room_must_be_given_its_floor(house: Path) -> None:
    (house / "executor" / "attic").mkdir()
    (house / "executor" / "attic" / "__init__.py").touch()
    done = lint(house)
    assert done.returncode == 1 and "attic" in done.stdout, done.stdout + done.stderr
