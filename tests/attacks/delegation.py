"""Accounts with a key that delegate their code to a contract (EIP-7702), by really signed authorizations."""

from __future__ import annotations

from typing import Any

from eth_account import Account
from eth_account.signers.local import LocalAccount

from devnet import abi
from devnet.node import ETHER, GWEI
from tests.support.routers import Desk

DESIGNATOR = bytes.fromhex("ef0100")


def new_account(desk: Desk, wei: int = 10 * ETHER) -> LocalAccount:
    """A fresh key with some ether."""
    key: LocalAccount = Account.create()
    desk.node.set_balance(key.address, wei)
    return key


def delegate(desk: Desk, key: LocalAccount, contract: str) -> None:
    """`key` signs that its account runs the code of `contract`, and a sponsor hands that in."""
    nonce = int(desk.node.rpc("eth_getTransactionCount", key.address, "latest"), 16)
    authorization = key.sign_authorization(
        {"chainId": desk.node.chain_id, "address": contract, "nonce": nonce}
    )
    sponsor = new_account(desk)
    transaction: dict[str, Any] = {
        "type": 4,
        "chainId": desk.node.chain_id,
        "nonce": 0,
        "to": sponsor.address,
        "value": 0,
        "data": b"",
        "gas": 200_000,
        "maxFeePerGas": 100 * GWEI,
        "maxPriorityFeePerGas": GWEI,
        "authorizationList": [authorization],
    }
    raw = sponsor.sign_transaction(transaction).raw_transaction
    receipt = desk.node.wait_for(desk.node.rpc("eth_sendRawTransaction", "0x" + raw.hex()))
    assert receipt["status"] == "0x1"
    expected = b"" if int(contract, 16) == 0 else DESIGNATOR + bytes.fromhex(contract[2:])
    assert desk.node.code(key.address) == expected


def through(target: str, data: bytes, value: int = 0) -> bytes:
    """The call by which anybody commands an account that runs a wallet's code."""
    return abi.encode_call("run(address,uint256,bytes)", target, value, data)
