"""The decoder here and the reader on chain refuse the same bytes, and no others.

Each plan is run by a real router over real pools and lenders. What makes a plan malformed is found by the
router before it does anything with the step, so its refusal must come exactly where `decode` refuses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from devnet.node import ETHER, Node
from executor.domain.errors import PlanError
from executor.plan import decode
from executor.plan.bytewise import Reader
from executor.plan.decoding import decode_step
from executor.plan.encoding import encode_plan
from executor.plan.format import (
    DEADLINE_BYTES,
    Opcode,
    Payer,
    Recipient,
    V2CallbackKind,
    V2Output,
    V3Amount,
    V3CallbackKind,
)
from executor.plan.format import Measure as MeasureKind
from executor.plan.header import DecodedPlan, Header
from executor.plan.layout import Values
from executor.plan.steps import (
    LAYOUTS,
    STEPS,
    BalancerV3Unlock,
    Loan,
    Measure,
    PoolLoan,
    Step,
    Track,
    V2FlashSwap,
    V3Swap,
    V4Unlock,
)
from tests.plan.strategies import plans, values_of
from tests.support.routers import FOREVER, OWNER, Desk, Reverted, deploy_desk

MALFORMED = frozenset({"UnknownStep", "PlanTruncated", "UnknownHeader", "UnknownGuard", "NoSettlementToken"})
# A field that is cut off reads as a token that nobody tracks, or as no pair: that may be found
# first.
CUT_OFF = frozenset({"TokenNotTracked", "NoReserves"})
LENT = 10**15
QUIET = settings(
    deadline=None, phases=(Phase.generate,), suppress_health_check=list(HealthCheck), database=None
)


@dataclass(frozen=True, slots=True)
class Raw(Step):
    """Bytes in the place of a step."""

    data: bytes

    def encode(self) -> bytes:
        return self.data

    def in_words(self) -> str:
        return self.data.hex()


@pytest.fixture
def wide_desk(ethereum_full: Node) -> Iterator[Desk]:
    """A router that knows every lender and settlement token, with inventory in WETH."""
    desk = deploy_desk(ethereum_full)
    desk.send(OWNER, "setSettlementToken(address)", desk.book.tokens["WBTC"])
    yield desk


def outcome(desk: Desk, calldata: bytes) -> str:
    """The name of the innermost reason, or nothing where the plan comes through."""
    try:
        desk.simulate(calldata)
    except Reverted as refused:
        return refused.reason.name
    return ""


def compare_loosely(desk: Desk, calldata: bytes) -> bool:
    """Whether the plan is well-formed. What is not must not come through, but the router may stop before it
    gets to the fault.
    """
    found = outcome(desk, calldata)
    try:
        decode(calldata)
    except PlanError:
        assert found, calldata.hex()
        return False
    assert found not in MALFORMED, (calldata.hex(), found)
    return True


def compare(desk: Desk, calldata: bytes) -> bool:
    """Whether the plan is well-formed, on which both sides must agree."""
    found = outcome(desk, calldata)
    try:
        decode(calldata)
    except PlanError as refused:
        # A hop that is cut off is undone after its pool was called, and that may refuse first.
        cut_off = "available" in refused.facts and found
        assert cut_off or found in MALFORMED | CUT_OFF, (calldata.hex(), found, str(refused))
        return False
    assert found not in MALFORMED, (calldata.hex(), found)
    return True


def plan_of(*steps: Step) -> bytes:
    return encode_plan(DecodedPlan(Header(0, FOREVER, 0), steps))


def surroundings(desk: Desk) -> dict[str, Callable[[Step], Step]]:
    """Where a step may stand: in the plan, in a scope, with a loan of each lender, in each callback."""
    dai, usdc = desk.token("DAI").address, desk.token("USDC").address
    v3, v2 = (
        desk.pool(f"{name} USDC/WETH{fee}").address
        for name, fee in (("uniswap_v3", " 3000"), ("uniswap_v2", ""))
    )
    lenders = (
        Opcode.AAVE_V3_LOAN,
        Opcode.BALANCER_V2_LOAN,
        Opcode.MORPHO_BLUE_LOAN,
        Opcode.UNISWAP_V4_LOAN,
        Opcode.BALANCER_V3_LOAN,
    )

    def lent(opcode: Opcode) -> Callable[[Step], Step]:
        return lambda step: Loan(opcode, LENT, 2 * LENT, (step,))

    return {
        "the plan": lambda step: step,
        "a scope": lambda step: Track(dai, (step,)),
        "a second scope": lambda step: Track(dai, (Track(usdc, (step,)),)),
        **{opcode.name: lent(opcode) for opcode in lenders},
        "ERC3156_LOAN": lambda step: Track(
            dai, (Loan(Opcode.ERC3156_LOAN, LENT, 2 * LENT, (step,), token=dai),)
        ),
        "a V3 loan": lambda step: PoolLoan(
            Opcode.UNISWAP_V3_LOAN, v3, LENT, 2 * LENT, (step,), token1=True, callback=V3CallbackKind.UNISWAP
        ),
        "a V2 loan": lambda step: PoolLoan(
            Opcode.UNISWAP_V2_LOAN, v2, LENT, 2 * LENT, (step,), token1=True, callback=V2CallbackKind.UNISWAP
        ),
        "a V3 swap": lambda step: V3Swap(
            v3,
            False,
            V3CallbackKind.UNISWAP,
            V3Amount.EXACT_IN,
            Payer.SETTLEMENT,
            Recipient.ROUTER,
            amount=LENT,
            continuation=(step,),
        ),
        "a V2 flash swap": lambda step: V2FlashSwap(v2, False, V2Output.LITERAL, (step,), amount_out=1000),
        "a V4 unlock": lambda step: V4Unlock((step,)),
        "a Balancer V3 unlock": lambda step: BalancerV3Unlock((step,)),
    }


def with_known(desk: Desk, values: Values, random: Random) -> Values:
    """The values with real tokens and pools, and amounts that the router could have."""
    known = [desk.token(symbol).address for symbol in ("DAI", "USDC", "WETH")]
    pools = [desk.pool(name).address for name in ("uniswap_v3 USDC/WETH 3000", "uniswap_v2 USDC/WETH")]
    changed = dict(values)
    for name, value in values.items():
        if isinstance(value, str) and len(value) == 42:
            changed[name] = random.choice(pools if name == "pool" else known)
        elif isinstance(value, int) and not isinstance(value, bool) and value > 1 << 64:
            changed[name] = value % ETHER
    return changed


def spoilt(raw: bytes, random: Random) -> bytes:
    """A step's bytes as they are, or with its flags, the byte behind them or its end changed."""
    changed = bytearray(raw)
    kind = random.randrange(5)
    if kind == 1 and len(changed) > 1:
        changed[1] = random.randrange(256)
    elif kind == 2 and len(changed) > 2:
        changed[2] = random.randrange(256)
    elif kind == 3:
        del changed[random.randrange(1, len(changed) + 1) :]
    elif kind == 4:
        changed[0] ^= 1
    return bytes(changed)


def harmless(desk: Desk) -> Step:
    """A step that always comes through."""
    return Measure(MeasureKind.BALANCE, desk.token("WETH").address)


def is_step(raw: bytes) -> bool:
    """Whether the bytes begin with a well-formed step."""
    try:
        decode_step(Reader(raw, 0, len(raw), decode_step))
    except PlanError:
        return False
    return True


@pytest.mark.parametrize("part", range(4))
def test_a_step_of_every_opcode_is_read_alike_wherever_it_stands(wide_desk: Desk, part: int) -> None:
    places = list(surroundings(wide_desk).values())
    seen = {True: 0, False: 0}

    @seed(part)
    @settings(QUIET, max_examples=250)
    @given(st.sampled_from(Opcode), st.data(), st.integers(0, 2**32))
    def reads_alike(opcode: Opcode, data: st.DataObject, number: int) -> None:
        random, layout = Random(number), LAYOUTS[opcode]
        values = with_known(wide_desk, data.draw(values_of(layout, st.just(()))), random)
        raw = spoilt(layout.encode(STEPS[opcode].build(layout, values)), random)
        plan = plan_of(harmless(wide_desk), random.choice(places)(Raw(raw)))
        # A step that is well-formed runs, whatever stands behind it.
        seen[(compare_loosely if is_step(raw) else compare)(wide_desk, plan)] += 1

    reads_alike()
    assert min(seen.values()) > 50


def test_bytes_that_begin_no_step_are_refused_on_both_sides(wide_desk: Desk) -> None:
    known = {*Opcode, *(opcode + 1 for opcode, layout in LAYOUTS.items() if layout.directed)}
    for byte in set(range(256)) - known:
        for rest in (b"", bytes(80)):
            assert not compare(wide_desk, plan_of(Raw(bytes([byte]) + rest)))


def test_every_cut_of_a_plan_is_refused_or_taken_alike(wide_desk: Desk) -> None:
    ends = harmless(wide_desk)
    for name, around in surroundings(wide_desk).items():
        whole = plan_of(ends, around(ends))
        assert compare(wide_desk, whole), name
        for cut in range(4, len(whole)):
            # A deadline that is cut off reads as one that has passed.
            (compare if cut >= 4 + 1 + DEADLINE_BYTES else compare_loosely)(wide_desk, whole[:cut])


def test_every_header_is_read_alike(wide_desk: Desk) -> None:
    valid = encode_plan(DecodedPlan(Header(0, FOREVER, 0), ()))
    for flags in range(256):
        for rest in (
            b"",
            bytes(15),
            b"\x01" + bytes(34),
            bytes(17),
            bytes(15) + b"\x00\x05\x01" + b"\xff" * 4,
        ):
            compare(wide_desk, valid[:4] + bytes([flags]) + valid[5:] + rest)


@pytest.mark.parametrize("turn", range(3))
def test_random_plans_with_random_bytes_changed_never_run_where_the_decoder_refuses_them(
    wide_desk: Desk, turn: int
) -> None:
    @seed(turn)
    @settings(QUIET, max_examples=150)
    @given(plans, st.data())
    def reads_alike(plan: DecodedPlan, data: st.DataObject) -> None:
        raw = bytearray(encode_plan(plan))
        for _ in range(data.draw(st.integers(0, 3))):
            raw[data.draw(st.integers(4, len(raw) - 1))] = data.draw(st.integers(0, 255))
        compare_loosely(wide_desk, bytes(raw))

    reads_alike()


def test_random_bytes_never_do_more_on_chain_than_revert(wide_desk: Desk) -> None:
    random = Random(7)
    head = encode_plan(DecodedPlan(Header(0, FOREVER, 0), ()))
    refused = 0
    for _ in range(600):
        body = random.randbytes(random.randrange(1, 200))
        refused += not compare_loosely(wide_desk, head + body)
    assert refused > 500
