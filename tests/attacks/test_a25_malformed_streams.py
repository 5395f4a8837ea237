"""A25: a plan whose bytes do not end where they should.

Cut off anywhere, too long, shifted by a byte, or with a length that names more than there is: whoever could
hand such bytes to the router (a faulty encoder, a stolen key) must not make it act on bytes that are no plan.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from devnet import abi
from devnet.node import ETHER
from executor.domain.address import Address, to_address
from executor.domain.errors import PlanError
from executor.plan import decode
from executor.plan.batch import BatchEntry, encode_batch
from executor.plan.encoding import encode_steps
from executor.plan.format import (
    HEADER_BYTES,
    LOAN_VARIANT_SHIFT,
    POOL_STEP_BYTES,
    SELECTOR,
    Opcode,
    Recipient,
    V2Output,
)
from executor.plan.guards import MaxBlock
from executor.plan.layout import Flags
from executor.plan.steps import Step, Track, V2FlashSwap
from tests.attacks.scene import STOCK, THIEF, nothing_lost, refused, why_refused
from tests.attacks.trades import earning_route, plan_for
from tests.contracts.lenders.loans import SOURCES
from tests.contracts.schemes import place, plan_of, scheme, v2_through, v3_through
from tests.support.routers import FOREVER, OPERATOR, OWNER, Desk, Reverted

# Selector, settlement token 0, no deadline that matters, no minimum.
HEAD = SELECTOR + bytes([0]) + FOREVER.to_bytes(4, "big") + bytes(12)


@pytest.fixture
def watcher(desk: Desk) -> Address:
    """An operator that compares the router before and after a plan, within one transaction."""
    contract = place(desk, "Watcher")
    desk.send(OWNER, "allowOperator(address,bool)", contract, True)
    return contract


def outcome(desk: Desk, watcher: Address, plan: bytes) -> tuple[bool, tuple[int, ...], bool]:
    """Whether a plan came through, what it changed by token, and whether it left nothing behind."""
    tokens = [desk.book.tokens[symbol] for symbol in STOCK]
    lender = desk.book.contracts["aave_v3_pool"]
    signature = "run(address,bytes,bytes,address[],address)"
    call = abi.encode_call(signature, desk.router, plan, plan_of(), tokens, lender)
    answer = desk.node.call(watcher, call, from_=THIEF)
    ok, _, changes, clean = abi.decode("(bool,bytes,int256[],bool)", answer)
    return ok, changes, clean


def whole_plans(desk: Desk) -> dict[str, bytes]:
    """Genuine plans with fields of every kind: guards, a loan, a scope, callbacks, pairs."""
    found = earning_route(desk, "v2_v3_v2")
    usdc = desk.token("USDC").address
    inside = Track(usdc, decode(plan_for(found)).steps)
    return {
        "guarded route": plan_for(found, MaxBlock(2**32 - 1), minimum=0),
        "loan around it": plan_of(SOURCES["balancer_v2"].loan(desk, "WETH", ETHER, inside)),
    }


def spoilt(plan: bytes) -> Iterator[bytes]:
    """Cut off anywhere; one byte more or less anywhere in the steps; lengths of all ones anywhere."""
    for length in range(len(SELECTOR), len(plan)):
        yield plan[:length]
    for at in range(len(SELECTOR) + HEADER_BYTES, len(plan), 3):
        yield plan[:at] + plan[at + 1 :]
        yield plan[:at] + b"\x00" + plan[at:]
        yield plan[:at] + b"\xff\xff" + plan[at + 2 :]
    for more in (1, 22, 32, 1000):
        yield plan + bytes(more)
        yield plan + b"\xff" * more


@pytest.mark.parametrize("name", ["guarded route", "loan around it"])
def test_spoilt_bytes_lower_no_balance_and_leave_nothing_behind(
    desk: Desk, watcher: Address, name: str
) -> None:
    plan = whole_plans(desk)[name]
    assert outcome(desk, watcher, plan)[0]
    for bad in spoilt(plan):
        ok, changes, clean = outcome(desk, watcher, bad)
        assert clean, bad.hex()
        assert min(changes) >= 0, bad.hex()
        if not is_plan(bad):
            assert not ok, bad.hex()


def is_plan(calldata: bytes) -> bool:
    """Whether the executor's own decoder takes these bytes for a plan."""
    try:
        decode(calldata)
    except PlanError:
        return False
    return True


@pytest.fixture
def schemer(desk: Desk) -> Address:
    return place(desk, "Schemer")


def test_bytes_that_a_pool_appends_do_not_complete_a_step_that_its_registration_cut_short(
    desk: Desk, schemer: Address
) -> None:
    """The continuation ends in the middle of a payment; the pool hands in the rest behind the data."""
    payment = encode_steps((v2_through(to_address(THIEF), ETHER),))
    outer = encode_steps((v3_through(schemer, 0, v2_through(schemer, 0)),))
    outer_head = outer[: -len(payment) - 2]
    scheme(desk, schemer)
    for kept in range(1, len(payment), 2):
        behind = payment[kept:] + bytes(64)
        desk.node.send(THIEF, schemer, abi.encode_call("append(bytes)", behind))
        with pytest.raises(Reverted, match="PlanTruncated"):
            desk.simulate(HEAD + outer_head + kept.to_bytes(2, "big") + payment[:kept])


@pytest.mark.parametrize("kind", ["v3", "flash", "track", "aave", "balancer", "v4", "pool loan"])
def test_a_continuation_that_reaches_past_its_frame_is_refused(
    desk: Desk, schemer: Address, kind: str
) -> None:
    pool = bytes.fromhex(schemer[2:])
    weth = bytes.fromhex(desk.book.tokens["WETH"][2:])
    heads = {
        "v3": bytes([Opcode.UNISWAP_V3_SWAP, 0x80, 0]) + pool + bytes(16),
        "flash": bytes([Opcode.UNISWAP_V2_FLASH_SWAP, 0x01, 0]) + pool + bytes(14),
        "track": bytes([Opcode.TRACK]) + weth,
        "aave": bytes([Opcode.AAVE_V3_LOAN, 0]) + bytes(32),
        "balancer": bytes([Opcode.BALANCER_V2_LOAN, 0]) + bytes(32),
        "v4": bytes([Opcode.UNISWAP_V4_UNLOCK]),
        "pool loan": bytes([Opcode.UNISWAP_V3_LOAN, 0]) + pool + bytes(32),
    }
    with nothing_lost(desk, schemer):
        for length in (1, 22, 0xFFFF):
            # What is behind the end reads as zeros. A pool or lender may be asked before the end is compared:
            # it hands back zeros too, which are no step; and this pool is the attacker.
            reason = refused(desk, OPERATOR, HEAD + heads[kind] + length.to_bytes(2, "big"))
            assert reason.name in ("PlanTruncated", "UnknownStep") or kind in ("v3", "pool loan")


@pytest.mark.parametrize("flags", [0x0C, 0x0D, 0xC0])
def test_flags_of_a_swap_that_mean_nothing_pay_nobody(desk: Desk, schemer: Address, flags: int) -> None:
    pool = bytes.fromhex(schemer[2:])
    for opcode in (Opcode.UNISWAP_V2_SWAP, Opcode.UNISWAP_V3_SWAP):
        body = bytes([opcode, flags, 0]) + pool + ETHER.to_bytes(16, "big") + bytes(14)
        with pytest.raises(Reverted) as why:
            desk.simulate(HEAD + body)
        assert why.value.reason.name in ("UnknownStep", "TokenNotTracked", "PlanTruncated")


LOANS = [name for name in SOURCES if name != "erc3156"]


@pytest.mark.parametrize("name", LOANS)
def test_flags_of_a_loan_that_mean_nothing_borrow_nothing(desk: Desk, name: str) -> None:
    """Of a lender's loan and of a pool's, whose variants are numbers of which some name no callback."""
    whole = encode_steps((SOURCES[name].loan(desk, "WETH", ETHER),))
    (flags_of_it, *_) = SOURCES[name].loan(desk, "WETH", ETHER).layout.parts
    assert isinstance(flags_of_it, Flags)
    odd = [whole[1] | 1 << bit for bit in range(8) if not flags_of_it.known & 1 << bit]
    odd += [number << LOAN_VARIANT_SHIFT for number in range(6, 16)] if SOURCES[name].of_pool else []
    with nothing_lost(desk, SOURCES[name].address(desk)):
        for flags in odd:
            reason = why_refused(desk, OPERATOR, HEAD + bytes([whole[0], flags]) + whole[2:])
            assert (reason.name, reason.args) == ("UnknownStep", {"opcode": whole[0], "flags": flags})
        refused(desk, OPERATOR, HEAD + bytes([whole[0], odd[0]]) + whole[2:])


@pytest.mark.parametrize("flags", [0x02, 0x10, 0x20, 0x0C, 0xC0])
def test_flags_of_a_flash_swap_that_mean_nothing_take_nothing(desk: Desk, flags: int) -> None:
    """Measured, sent elsewhere, a callback or an output that there is not: of a real pair."""
    pair = to_address(desk.record("uniswap_v2 USDC/WETH").address)
    whole = encode_steps((V2FlashSwap(pair, True, V2Output.LITERAL, (), amount_out=ETHER),))
    with nothing_lost(desk, pair):
        reason = refused(desk, OPERATOR, HEAD + bytes([whole[0], whole[1] | flags]) + whole[2:])
        assert (reason.name, reason.args) == ("UnknownStep", {"opcode": whole[0], "flags": whole[1] | flags})


def test_a_hop_that_sends_to_a_next_pool_which_is_not_there_pays_nobody(desk: Desk, schemer: Address) -> None:
    """A whole hop, and one cut off behind the next hop's opcode: the next pool would be the zero address."""
    hop = replace(v2_through(schemer, ETHER), recipient=Recipient.NEXT_POOL)
    whole = encode_steps((hop, v2_through(schemer, 0)))
    first = len(whole) - len(encode_steps((v2_through(schemer, 0),)))
    with nothing_lost(desk, schemer):
        for length in (first, first + 1, first + POOL_STEP_BYTES - 1):
            reason = refused(desk, OPERATOR, HEAD + whole[:length])
            needed = len(HEAD) + first + POOL_STEP_BYTES
            assert (reason.name, reason.args) == (
                "PlanTruncated",
                {"needed": needed, "available": len(HEAD) + length},
            )


def test_the_next_pool_that_is_no_pool_gets_what_the_profit_rule_then_misses(desk: Desk) -> None:
    """The recipient is read out of whatever step comes next; here a loan, whose bytes name no pool."""
    hop: Step = Track(desk.token("USDC").address, ())
    swap = bytes.fromhex("1064")  # token1 goes in, settled; computed output to the next pool
    pair = bytes.fromhex(desk.pool("uniswap_v2 USDC/WETH").address[2:])
    whole = swap + bytes([30]) + pair + ETHER.to_bytes(16, "big")
    loan = bytes([Opcode.BALANCER_V2_LOAN, 0]) + (1).to_bytes(16, "big") + (1).to_bytes(16, "big") + bytes(2)
    with nothing_lost(desk):
        assert refused(desk, OPERATOR, HEAD + whole + loan).name == "ProfitBelowMinimum"
        assert refused(desk, OPERATOR, HEAD + whole).name == "PlanTruncated"
        assert refused(desk, OPERATOR, HEAD + whole + encode_steps((hop,))).name == "ProfitBelowMinimum"


@pytest.mark.parametrize("length", [0, 1, 3, 4, 5, 20])
def test_calldata_shorter_than_a_header_runs_nothing(desk: Desk, length: int) -> None:
    with nothing_lost(desk):
        reason = refused(desk, OPERATOR, plan_of()[:length])
        assert reason.name in ("UnknownFunction", "DeadlinePassed", "PlanTruncated", "NativeNotExpected")


def test_a_batch_whose_lists_reach_past_its_calldata_runs_nothing(desk: Desk) -> None:
    batch = encode_batch([BatchEntry(plan_of(), 300_000)])
    words = [batch[:4], *(batch[at : at + 32] for at in range(4, len(batch), 32))]
    too_long = (2**256 - 1).to_bytes(32, "big")
    with nothing_lost(desk):
        for index in (1, 3, 4, 6, 7):
            changed = [*words]
            changed[index] = too_long
            refused(desk, OPERATOR, b"".join(changed))
        for length in range(4, len(batch) - 32, 16):
            why_refused(desk, OPERATOR, batch[:length])
