"""A8: the right pool calls back by the wrong name, a pool of one shape is called as one of another, and
selectors that are nobody's reach the router's fallback.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from random import Random

import pytest

from devnet import abi
from devnet.node import ETHER
from executor.domain.address import Address, to_address
from executor.plan.format import Opcode, Payer, Recipient, V2CallbackKind, V2Output, V3Amount, V3CallbackKind
from executor.plan.steps import PoolLoan, Step, V2FlashSwap, V3Swap
from tests.attacks.callbacks import PAIRS, SWAPS, calls, loan_data, swap_data
from tests.attacks.scene import THIEF, nothing_lost, refused, sent
from tests.attacks.thieves import Act, accomplice, all_failed, plot, turns
from tests.contracts.schemes import plan_of, v2_through, v3_through
from tests.support.routers import OPERATOR, Desk, router_artifacts

KINDS_OF_SWAP = dict(zip(V3CallbackKind, SWAPS, strict=True))
KINDS_OF_PAIR = dict(zip(V2CallbackKind, PAIRS, strict=True))


def v3_hop(pool: Address, kind: V3CallbackKind) -> V3Swap:
    """A hop that pays nothing at a pool that calls back by a name of this kind."""
    return V3Swap(
        pool, True, kind, V3Amount.EXACT_IN, Payer.SETTLEMENT, Recipient.ROUTER, amount=0, continuation=()
    )


def flash(pool: Address, kind: V2CallbackKind) -> V2FlashSwap:
    """A flash swap without steps, likewise."""
    return V2FlashSwap(pool, True, V2Output.LITERAL, (), amount_out=0, callback=kind)


CASES: list[tuple[Callable[..., Step], IntEnum, str]] = [
    *((v3_hop, kind, name) for kind, name in KINDS_OF_SWAP.items()),
    *((flash, kind, name) for kind, name in KINDS_OF_PAIR.items()),
]


@pytest.mark.parametrize(("step", "kind", "right"), CASES, ids=[case[2].split("(")[0] for case in CASES])
def test_a_pool_is_answered_by_the_one_name_of_its_kind(
    desk: Desk, step: Callable[..., Step], kind: IntEnum, right: str
) -> None:
    """It tries all the others first, with the registered data, and then keeps its promise."""
    pool = accomplice(desk)
    swap, loan = swap_data(desk, 0), loan_data(desk, 0, flags=2)[:21]
    data = swap if step is v3_hop else loan
    known = calls(desk, 0, desk.router, swap=data, loan=data)
    keeps_promise = Act(desk.router, known.pop(right), must=True)
    wrong = [Act(desk.router, call) for call in known.values()]
    plot(desk, pool, *wrong, keeps_promise, answer=bytes(64))
    with nothing_lost(desk, pool):
        sent(desk, OPERATOR, plan_of(step(pool, kind)), gas=9_000_000)
        assert turns(desk, pool) == (1, 1)


@pytest.mark.parametrize(
    ("pool", "kind"),
    [
        ("uniswap_v3 USDC/WETH 3000", V3CallbackKind.PANCAKE),
        ("pancake_v3 USDC/WETH 500", V3CallbackKind.UNISWAP),
        ("algebra USDC/WETH 500", V3CallbackKind.UNISWAP),
        ("solidly_v3 USDC/WETH 500", V3CallbackKind.ALGEBRA),
    ],
)
def test_a_real_pool_that_calls_by_another_name_than_the_plan_says_is_refused(
    desk: Desk, pool: str, kind: V3CallbackKind
) -> None:
    hop = V3Swap(
        to_address(desk.record(pool).address),
        False,
        kind,
        V3Amount.EXACT_IN,
        Payer.SETTLEMENT,
        Recipient.ROUTER,
        amount=ETHER,
    )
    with nothing_lost(desk):
        assert refused(desk, OPERATOR, plan_of(hop)).name == "CallbackNotRegistered"


def test_a_real_pool_of_the_other_shape_does_not_serve(desk: Desk) -> None:
    """A V3 pool called as a pair and the reverse: neither has the function, and nobody is paid."""
    pair, pool = (
        to_address(desk.record(name).address)
        for name in ("uniswap_v2 USDC/WETH", "uniswap_v3 USDC/WETH 3000")
    )
    steps: list[Step] = [
        v2_through(pool, ETHER),
        v3_through(pair, ETHER),
        flash(pool, V2CallbackKind.UNISWAP),
        PoolLoan(Opcode.UNISWAP_V2_LOAN, pool, ETHER, 2 * ETHER, (), True, V2CallbackKind.UNISWAP),
        PoolLoan(Opcode.UNISWAP_V3_LOAN, pair, ETHER, 2 * ETHER, (), True, V3CallbackKind.UNISWAP),
    ]
    with nothing_lost(desk):
        for step in steps:
            # No words: the pools' own fallback, which does not exist, refuses.
            assert refused(desk, OPERATOR, plan_of(step)).through, step


def strange_selectors() -> list[bytes]:
    """Near the names that are known, at the ends, and at random; none of the router's own."""
    near = [abi.selector(name) for name in (*SWAPS, *PAIRS, "execute()", "simulate()")]
    found = [bytes(4), b"\xff" * 4, b"\x00\x00\x00\x01"]
    for selector in near:
        number = int.from_bytes(selector, "big")
        found += [((number + by) % 2**32).to_bytes(4, "big") for by in (-1, 1)]
        # The same first byte, for a dispatch that would look at no more.
        found.append(selector[:1] + b"\x00\x00\x00")
    random = Random(8)
    return [*found, *(random.randbytes(4) for _ in range(20))]


def test_nobodys_selector_does_anything_while_nothing_runs_and_while_a_plan_runs(desk: Desk) -> None:
    own = {
        abi.selector(f"{entry['name']}({','.join(kind['type'] for kind in entry['inputs'])})")
        for part in router_artifacts().values()
        for entry in part.abi
        if entry["type"] == "function"
    }
    data = swap_data(desk, ETHER)
    tail = abi.encode("(int256,int256,bytes)", ETHER, 0, data)
    acts = [Act(desk.router, each + tail[:64]) for each in strange_selectors() if each not in own]
    pool = accomplice(desk, *acts)
    with nothing_lost(desk, pool):
        sent(desk, THIEF, b"\x01", to=pool, gas=16_000_000)
        assert all_failed(desk, pool, acts)
        sent(desk, OPERATOR, plan_of(v2_through(pool, 0)), gas=16_000_000)
        assert turns(desk, pool) == (2, 0)


def test_less_than_a_selector_is_no_call_of_anything(desk: Desk) -> None:
    with nothing_lost(desk):
        for call in (b"\xfa", b"\xfa\x46", b"\xfa\x46\x1e", b"\x00"):
            assert refused(desk, THIEF, call).name in ("UnknownFunction", "CallbackNotRegistered"), call
