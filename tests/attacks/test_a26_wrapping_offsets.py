"""A26: an offset or length so large that a sum with it wraps, and other bytes are read than were meant.

The pool lays out its callback by hand: the offset of the data, their length, and what stands where. Of a swap
the router looks where every pool puts them, of a loan it adds without checks; what it reads must hash to what
it registered, wherever it was found.
"""

from __future__ import annotations

import pytest

from devnet import abi
from devnet.node import ETHER
from executor.domain.address import Address, to_address
from executor.plan.batch import BatchEntry, encode_batch
from executor.plan.encoding import encode_steps
from executor.plan.format import Opcode, V2CallbackKind, V2Output, V3CallbackKind
from executor.plan.steps import PoolLoan, Step, Track, V2FlashSwap
from tests.attacks.callbacks import FLASHES, PAIRS, SWAPS, loan_data, swap_data
from tests.attacks.scene import THIEF, nothing_lost, place, refused, sent, why_refused
from tests.contracts.schemes import plan_of, v2_through, v3_through
from tests.support.routers import OPERATOR, Desk

WORD = 2**256
CAP = ETHER
BEHIND_THREE_WORDS = 0x60
OFFSETS = (
    0,
    1,
    0x1F,
    0x20,
    0x40,
    0x61,
    2**64,
    2**255,
    *(WORD - back for back in (1, 4, 0x20, 0x24, 0x40, 0x44, 0x60, 0x64)),
)
LENGTHS = (0, 1, 2**32, 2**64, 2**255, *(WORD - back for back in (1, 0x20, 0x25, 0x40)))
# A length that no memory holds uses up the gas of the callback instead, as any pool may.
REFUSALS = ("CallbackNotRegistered", "Empty")


@pytest.fixture
def pool(desk: Desk) -> Address:
    return place(desk, "Wrapping.WrappingPool")


def lay(desk: Desk, pool: Address, callback: bytes, data_at: int | None = None) -> None:
    """Have the pool call back with these bytes; the router's own data are put at `data_at`."""
    call = abi.encode_call("lay(bytes,bool,uint256)", callback, data_at is not None, data_at or 0)
    sent(desk, THIEF, call, to=pool)


def swap_callback(owed: int, offset: int, length: int, data: bytes) -> bytes:
    """A callback for a swap whose offset and length are the thief's; the data stand where they should."""
    words = (owed, WORD - owed if owed else 0, offset, length)
    return abi.selector(SWAPS[0]) + b"".join(word.to_bytes(32, "big") for word in words) + data + bytes(64)


def test_an_offset_that_leads_elsewhere_changes_nothing(desk: Desk, pool: Address) -> None:
    """The data stand where they should: paid by their cap, this false pool is stopped by the profit rule."""
    data = swap_data(desk, CAP)
    with nothing_lost(desk, pool):
        for offset in OFFSETS:
            lay(desk, pool, swap_callback(CAP, offset, len(data), data))
            reason = why_refused(desk, OPERATOR, plan_of(v3_through(pool, CAP)))
            assert reason.name == "ProfitBelowMinimum", hex(offset)
        lay(desk, pool, swap_callback(CAP + 1, offset, len(data), data))
        assert refused(desk, OPERATOR, plan_of(v3_through(pool, CAP))).name == "PaymentOverCap"


def test_a_length_that_wraps_is_refused_or_runs_out_of_gas(desk: Desk, pool: Address) -> None:
    data = swap_data(desk, CAP)
    with nothing_lost(desk, pool):
        for length in LENGTHS:
            lay(desk, pool, swap_callback(CAP, BEHIND_THREE_WORDS, length, data))
            assert why_refused(desk, OPERATOR, plan_of(v3_through(pool, CAP))).name in REFUSALS, hex(length)


def test_the_registered_data_in_an_odd_place_are_worth_no_more_than_in_their_own(
    desk: Desk, pool: Address
) -> None:
    """The offset leads far behind; what stands there is what was registered, and so is its cap."""
    data, far = swap_data(desk, CAP), 0x1000
    head = b"".join(word.to_bytes(32, "big") for word in (CAP + 1, WORD - CAP, far))
    callback = (abi.selector(SWAPS[0]) + head).ljust(4 + far, b"\xff") + len(data).to_bytes(32, "big")
    lay(desk, pool, callback + data, data_at=len(callback))
    with nothing_lost(desk, pool):
        assert refused(desk, OPERATOR, plan_of(v3_through(pool, CAP))).name in (*REFUSALS, "PaymentOverCap")


def test_deltas_that_double_as_the_registered_data_ask_for_more_than_any_cap(
    desk: Desk, pool: Address
) -> None:
    """With an offset of zero the first delta is the length and the second the beginning of the data."""
    # The third word is both the offset and the end of the data: the cap's low bytes, zero in a round one.
    for cap in (CAP, (CAP >> 40) << 40):
        data = swap_data(desk, cap)
        callback = abi.selector(SWAPS[0]) + len(data).to_bytes(32, "big") + data.ljust(96, b"\x00")
        lay(desk, pool, callback)
        with nothing_lost(desk, pool):
            reason = refused(desk, OPERATOR, plan_of(v3_through(pool, cap)))
            assert reason.name in (*REFUSALS, "PaymentOverCap")


def lender_steps(pool: Address) -> dict[str, tuple[str, int, Step]]:
    """A callback of each shape that pools lend by, where its data parameter is, and the step that asks."""
    v3, v2 = Opcode.UNISWAP_V3_LOAN, Opcode.UNISWAP_V2_LOAN
    return {
        "flash": (FLASHES[0], 2, PoolLoan(v3, pool, CAP, CAP, (), False, V3CallbackKind.UNISWAP)),
        "pair": (PAIRS[0], 3, PoolLoan(v2, pool, CAP, CAP, (), False, V2CallbackKind.UNISWAP)),
        "flash swap": (PAIRS[0], 3, V2FlashSwap(pool, True, V2Output.LITERAL, (), amount_out=1)),
    }


@pytest.mark.parametrize("shape", ["flash", "pair", "flash swap"])
def test_a_lending_pool_gains_nothing_by_offsets_that_wrap(desk: Desk, pool: Address, shape: str) -> None:
    name, place_of_data, step = lender_steps(pool)[shape]
    data = loan_data(desk, CAP)
    with nothing_lost(desk, pool):
        for offset in OFFSETS:
            words = [*[0] * place_of_data, offset, len(data)]
            head = b"".join(word.to_bytes(32, "big") for word in words)
            lay(desk, pool, abi.selector(name) + head + data + bytes(64))
            assert why_refused(desk, OPERATOR, plan_of(step)).name in REFUSALS, hex(offset)


def test_a_fee_that_wraps_the_repayment_around_is_no_way_to_be_paid_more(desk: Desk, pool: Address) -> None:
    """The sum of loan and fee wraps to less than the loan, which only a lender could regret."""
    name, _, step = lender_steps(pool)["flash"]
    data = loan_data(desk, CAP)
    for fee, error in ((1, "PaymentOverCap"), (2**255, "PaymentOverCap"), (WORD - CAP, "")):
        head = b"".join(word.to_bytes(32, "big") for word in (fee, 0, BEHIND_THREE_WORDS, len(data)))
        callback = abi.selector(name) + head
        lay(desk, pool, callback + data + bytes(64), data_at=len(callback))
        with nothing_lost(desk, pool):
            if error:
                assert refused(desk, OPERATOR, plan_of(step)).name == error
            else:
                sent(desk, OPERATOR, plan_of(step))


def test_a_length_in_a_plan_cannot_reach_round_to_what_stands_before_it(desk: Desk, pool: Address) -> None:
    """Lengths have two bytes, and a frame ends where its caller's ends."""
    inner = encode_steps((v2_through(pool, CAP),))
    token = to_address(desk.book.tokens["USDC"])
    whole = plan_of(Track(token, (v2_through(pool, CAP),)))
    at = len(whole) - len(inner) - 2
    with nothing_lost(desk, pool):
        for length in (len(inner) - 1, len(inner) + 1, 0x7FFF, 0xFFFF):
            spoilt = whole[:at] + length.to_bytes(2, "big") + inner
            refused(desk, OPERATOR, spoilt)


def test_offsets_of_a_batch_that_wrap_lead_to_no_plan(desk: Desk) -> None:
    batch = encode_batch([BatchEntry(plan_of(), 300_000)])
    words = [batch[:4], *(batch[at : at + 32] for at in range(4, len(batch), 32))]
    with nothing_lost(desk):
        for index in (1, 4, 6):
            for offset in (WORD - 4, WORD - 32, WORD - 64, 2**255, 2**64 - 1):
                changed = [*words]
                changed[index] = offset.to_bytes(32, "big")
                refused(desk, OPERATOR, b"".join(changed))
        # A promise of gas beyond all that there is does not wrap to a small one.
        changed = [*words]
        changed[5] = (2**64 - 1).to_bytes(32, "big")
        assert refused(desk, OPERATOR, b"".join(changed)).name == "BatchGasTooLow"
