"""Loads recorded mainnet state into a local node. Assumes nothing about which chain or block was recorded.

The recordings are no part of the project: they stand in a folder `../shared/recorded` beside the checkout, or
where the environment variable RECORDED_STATE says. Tests that need them skip, saying so, where they are
absent.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from devnet import Node

VARIABLE = "RECORDED_STATE"
RECORDED = Path(os.environ.get(VARIABLE) or Path(__file__).parents[3] / "shared" / "recorded")
NOT_RECORDED = f"no recorded mainnet state at {RECORDED.name}: put it beside the checkout or set {VARIABLE}"

_FORKS = (
    *("frontier", "homestead", "byzantium", "constantinople", "petersburg", "istanbul", "muirglacier"),
    *("berlin", "london", "arrowglacier", "grayglacier", "paris", "merge", "shanghai", "cancun"),
    *("prague", "osaka"),
)
_EMPTY_CODE = "0x"


@dataclass(frozen=True)
class Recording:
    """Accounts as they were after the block `state_block`, and the header of the block that came next."""

    chain_id: int
    state_block: int
    timestamp: int
    base_fee: int
    gas_limit: int
    coinbase: str
    hardfork: str
    accounts: Mapping[str, Mapping[str, Any]]
    codes: Mapping[str, str]
    content: Mapping[str, Any]

    def code_of(self, account: Mapping[str, Any]) -> str:
        """The account's code, written out or named by its hash."""
        return (
            str(account["code"])
            if "code" in account
            else self.codes.get(str(account["codeHash"]), _EMPTY_CODE)
        )


def recorded_folder() -> Path:
    """Where the recordings are; skips the test where there are none."""
    if not (RECORDED / "codes.json").is_file():
        pytest.skip(NOT_RECORDED)
    return RECORDED


def read_recording(path: Path) -> Recording:
    """The recording in one file: a case (`block`, `pre`) or a snapshot (`stateBlock`, `nextBlock`,
    `accounts`)."""
    content = json.loads(path.read_text())
    codes = json.loads((recorded_folder() / "codes.json").read_text())
    following = content.get("nextBlock") or content["block"]
    number = _number(following["number"])
    return Recording(
        chain_id=_number(content["chainId"]),
        state_block=_number(content.get("stateBlock", number - 1)),
        timestamp=_number(following["timestamp"]),
        base_fee=_number(following["baseFeePerGas"]),
        gas_limit=_number(following["gasLimit"]),
        coinbase=following["coinbase"],
        hardfork=following["hardfork"],
        accounts=content.get("accounts") or content["pre"],
        codes=codes,
        content=content,
    )


@contextmanager
def recorded_node(recording: Recording, *, least_hardfork: str = "cancun") -> Iterator[Node]:
    """A node that holds the recorded state, at the recorded block; its next block is the one that was
    recorded.

    The rules are the recorded block's, or those of `least_hardfork` where that is later.
    """
    options = {"no_mining": True, "base_fee": recording.base_fee, "gas_limit": 2 * recording.gas_limit}
    with Node.empty(
        chain_id=recording.chain_id,
        hardfork=later(recording.hardfork, least_hardfork),
        number=recording.state_block,
        timestamp=recording.timestamp - 1,
        **options,
    ) as node:
        for address, account in recording.accounts.items():
            _set_account(node, recording, address, account)
        node.rpc("anvil_setCoinbase", recording.coinbase)
        node.rpc("anvil_setNextBlockBaseFeePerGas", hex(recording.base_fee))
        node.rpc("evm_setNextBlockTimestamp", recording.timestamp)
        yield node


def later(one: str, other: str) -> str:
    """The later of two hardforks; a name that is not known counts as the latest."""
    return max(
        one, other, key=lambda name: _FORKS.index(name.lower()) if name.lower() in _FORKS else len(_FORKS)
    )


def _set_account(node: Node, recording: Recording, address: str, account: Mapping[str, Any]) -> None:
    node.rpc("anvil_setBalance", address, account["balance"])
    node.rpc("anvil_setNonce", address, account["nonce"])
    code = recording.code_of(account)
    if code != _EMPTY_CODE:
        node.rpc("anvil_setCode", address, code)
    for slot, value in account["storage"].items():
        node.rpc("anvil_setStorageAt", address, slot, value)


def _number(value: object) -> int:
    return value if isinstance(value, int) else int(str(value), 0)
