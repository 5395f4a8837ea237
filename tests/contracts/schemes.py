"""What attackers build plans from: a pool that acts in the middle of a plan, and hops that go through it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from devnet import abi
from devnet.place import Placer
from executor.domain.address import Address, to_address
from executor.plan.encoding import encode_plan
from executor.plan.format import Payer, Recipient, V2Output, V3Amount, V3CallbackKind
from executor.plan.steps import DecodedPlan, Header, Step, V2Swap, V3Swap
from tests.support.routers import FOREVER, STRANGER, Desk, test_contracts

MAX = 2**256 - 1


@dataclass(frozen=True)
class Deed:
    """A call that an attacker makes in the middle of a plan; `must` says that all fails when it fails."""

    target: str
    data: bytes
    must: bool = True


def place(desk: Desk, contract: str, signature: str = "()", *arguments: object) -> Address:
    """Deploy one of the attackers' contracts."""
    return to_address(Placer(desk.node).deploy(test_contracts()[contract], signature, *arguments))


def scheme(
    desk: Desk,
    schemer: str,
    *,
    before: Sequence[Deed] = (),
    after: Sequence[Deed] = (),
    asked: tuple[int, int] = (0, 0),
) -> None:
    """Tell the schemer what to do around its callback, and which two deltas to call back with."""
    rows = [[(deed.target, deed.data, deed.must) for deed in deeds] for deeds in (before, after)]
    signature = "scheme((address,bytes,bool)[],(address,bytes,bool)[],int256,int256)"
    desk.node.send(STRANGER, schemer, abi.encode_call(signature, *rows, *asked))


def plan_of(*steps: Step, settlement: int = 0, minimum: int = 0) -> bytes:
    """The calldata of a plan without a deadline that matters."""
    return encode_plan(DecodedPlan(Header(settlement, FOREVER, minimum), steps))


def v3_through(pool: Address, amount: int, *inside: Step, token: Address | None = None) -> V3Swap:
    """A hop that pays `amount` of the settlement token, or of the tracked `token`, in the pool's callback."""
    payer = Payer.SETTLEMENT if token is None else Payer.TRACKED
    return V3Swap(
        pool,
        True,
        V3CallbackKind.UNISWAP,
        V3Amount.EXACT_IN,
        payer,
        Recipient.ROUTER,
        amount=amount,
        token=token,
        continuation=inside,
    )


def v2_through(pool: Address, amount: int, *, token: Address | None = None) -> V2Swap:
    """A hop that pays `amount` of the settlement token, or of the tracked `token`, and then swaps."""
    payer = Payer.SETTLEMENT if token is None else Payer.TRACKED
    return V2Swap(
        pool, True, payer, Recipient.ROUTER, V2Output.LITERAL, amount_in=amount, amount_out=1, token=token
    )
