"""Code that runs on the router's storage by delegatecall finds every variable where the router keeps it."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
import solcx

from devnet.compiler import PROJECT, gather, project_settings
from executor.domain.deployment import Part

LAYOUTS = ("storageLayout", "transientStorageLayout")
Variable = tuple[str, int, int, str]


@cache
def compiled(part: Part) -> dict[str, Any]:
    """What the compiler says of a part's layouts, which need no code."""
    version, settings = project_settings()
    source = f"contracts/{part}.sol"
    wanted = {"outputSelection": {source: {part.value: list(LAYOUTS)}}}
    request = {
        "language": "Solidity",
        "sources": {name: {"content": text} for name, text in gather([source], PROJECT).items()},
        "settings": {"evmVersion": settings["evmVersion"], **wanted},
    }
    answer: dict[str, Any] = solcx.compile_standard(request, solc_version=version)
    found: dict[str, Any] = answer["contracts"][source][part.value]
    return found


def layout(part: Part, kind: str) -> frozenset[Variable]:
    """Label, slot, offset and type of each variable of a part."""
    found = compiled(part)[kind]
    # The number behind a type's name is its place in the syntax tree; its label is the same everywhere.
    return frozenset(
        (entry["label"], int(entry["slot"]), entry["offset"], found["types"][entry["type"]]["label"])
        for entry in found["storage"]
    )


@pytest.mark.parametrize("kind", LAYOUTS)
@pytest.mark.parametrize("part", list(Part))
def test_a_part_keeps_nothing_where_the_router_keeps_something_else(part: Part, kind: str) -> None:
    assert layout(part, kind) <= layout(Part.ROUTER, kind)


@pytest.mark.parametrize("part", [Part.CONTROL, Part.SIMULATOR])
def test_the_parts_that_check_roles_have_all_of_the_routers_storage(part: Part) -> None:
    assert layout(part, "storageLayout") == layout(Part.ROUTER, "storageLayout")


@pytest.mark.parametrize("part", [Part.EXTENSION, Part.SIMULATOR, Part.CONTROL])
def test_the_parts_that_register_callbacks_or_change_roles_share_the_routers_lock(part: Part) -> None:
    assert layout(part, "transientStorageLayout") == layout(Part.ROUTER, "transientStorageLayout")


def test_the_router_keeps_roles_pause_and_one_settlement_token_and_nothing_else() -> None:
    assert {label: slot for label, slot, _, _ in layout(Part.ROUTER, "storageLayout")} == {
        "_gate": 0,
        "_owner": 1,
        "_pendingOwner": 2,
        "_pauser": 3,
        "_allowed": 4,
        "_ownerSetToken": 5,
    }
    assert {label for label, *_ in layout(Part.ROUTER, "transientStorageLayout")} == {"_state"}
