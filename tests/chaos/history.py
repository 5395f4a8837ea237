"""The chain's own history of the operators' wallets, read block by block."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from devnet import Node
from executor.domain.errors import PlanError
from executor.plan import decode
from executor.plan.steps import Step
from tests.chaos.checker import History, Mined

AMOUNT_STEP = 10**13
"""The sizes of two opportunities differ by at least this many wei, and what is sized may lie that much lower
than what was asked: an amount names its opportunity.
"""

_TRANSFER = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"


@dataclass(frozen=True)
class Before:
    """How the chain stood when it all began: wei of each wallet, and what the router had of the settlement
    token. Nodes forget the states of so long ago.
    """

    block_number: int
    wei: Mapping[str, int]
    held: int


def standing(node: Node, *, wallets: Collection[str], router: str, token: str) -> Before:
    """How it stands now."""
    wei = {wallet: node.balance(wallet) for wallet in wallets}
    return Before(node.block_number, wei, _balance(node, token, router))


def read_history(node: Node, *, before: Before, router: str, token: str, names: dict[int, str]) -> History:
    """All that the wallets have had mined since. `token` is the settlement token; `names` tells which
    opportunity an amount is.
    """
    wallets = tuple(before.wei)
    known = {wallet.lower(): wallet for wallet in wallets}
    mined = []
    for number in range(before.block_number + 1, node.block_number + 1):
        for transaction in node.rpc("eth_getBlockByNumber", hex(number), True)["transactions"]:
            sender = known.get(transaction["from"].lower())
            if sender is not None:
                receipt = node.rpc("eth_getTransactionReceipt", transaction["hash"])
                mined.append(_mined(sender, transaction, receipt, router, token, names))
    return History(
        transactions=tuple(mined),
        counts={wallet: int(node.rpc("eth_getTransactionCount", wallet, "latest"), 16) for wallet in wallets},
        waiting=_waiting(node, known),
        earned=_balance(node, token, router) - before.held,
        spent={wallet: wei - node.balance(wallet) for wallet, wei in before.wei.items()},
    )


def amount_of(calldata: bytes) -> int | None:
    """What a plan pays first, None for bytes that are no plan."""
    try:
        plan = decode(calldata)
    except PlanError:
        return None
    return next(_amounts(plan.steps), None)


def _amounts(steps: Collection[Step]) -> Iterator[int]:
    for step in steps:
        amount = getattr(step, "amount_in", None)
        if amount is not None:
            yield amount
        yield from _amounts(step.inside)


def _mined(
    sender: str,
    transaction: dict[str, Any],
    receipt: dict[str, Any],
    router: str,
    token: str,
    names: dict[int, str],
) -> Mined:
    amount = amount_of(bytes.fromhex(transaction["input"][2:]))
    asked = None if amount is None else -(-amount // AMOUNT_STEP) * AMOUNT_STEP
    if asked is not None and asked not in names:
        raise AssertionError(f"{transaction['hash']} trades {amount}, which no opportunity asked for")
    return Mined(
        hash=transaction["hash"],
        sender=sender,
        nonce=int(transaction["nonce"], 16),
        block_number=int(receipt["blockNumber"], 16),
        block_hash=receipt["blockHash"],
        success=receipt["status"] == "0x1",
        gas_cost=int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16),
        gain=_gain(receipt, router, token),
        opportunity_id=None if asked is None else names[asked],
    )


def _gain(receipt: dict[str, Any], router: str, token: str) -> int:
    """By the token's own transfer logs to and from the router."""
    own, total = "0x" + router[2:].lower().rjust(64, "0"), 0
    for log in receipt["logs"]:
        if log["address"].lower() != token.lower() or log["topics"][0] != _TRANSFER:
            continue
        amount = int(log["data"], 16)
        total += amount * ((log["topics"][2].lower() == own) - (log["topics"][1].lower() == own))
    return total


def _waiting(node: Node, known: dict[str, str]) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    content = node.rpc("txpool_content")
    for part in ("pending", "queued"):
        for address, by_nonce in content[part].items():
            wallet = known.get(address.lower())
            if wallet is not None and by_nonce:
                found[wallet] = (*found.get(wallet, ()), *(int(nonce) for nonce in by_nonce))
    return found


def _balance(node: Node, token: str, holder: str) -> int:
    request = {"to": token, "data": "0x70a08231" + holder[2:].lower().rjust(64, "0")}
    return int(node.rpc("eth_call", request, "latest"), 16)
