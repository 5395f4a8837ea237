"""What must hold before the first token moves: each guard on the real chain, at its edge and beyond."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from devnet import abi
from devnet.market import trade
from devnet.node import ETHER
from executor.domain.address import Address, to_address
from executor.domain.errors import PlanError
from executor.plan import DecodedError, Meaning, decode
from executor.plan.encoding import encode_plan
from executor.plan.format import HEADER_BYTES, HEADER_GUARDED
from executor.plan.guards import (
    AlgebraPrice,
    BaseFeeCeiling,
    ExactBlock,
    Guard,
    MaxBlock,
    ParentHash,
    V2Reserves,
    V3Price,
    V4Price,
)
from executor.plan.header import DecodedPlan, Header
from tests.contracts.lenders.loans import desk_of
from tests.support.routers import FOREVER, ZERO, Desk, Reverted

PAIR, CONCENTRATED, ALGEBRA, V4 = (
    "uniswap_v2 USDC/WETH",
    "uniswap_v3 USDC/WETH 3000",
    "algebra USDC/WETH 500",
    "uniswap_v4 USDC/WETH 3000",
)
MILLION = 10**6
Build = Callable[[Desk, int], Guard]


def guarded(*guards: Guard) -> bytes:
    return encode_plan(DecodedPlan(Header(0, FOREVER, 0, guards), ()))


def refusal(desk: Desk, calldata: bytes) -> DecodedError:
    with pytest.raises(Reverted) as refused:
        desk.simulate(calldata)
    return refused.value.reason


def seen(desk: Desk, signature: str) -> int:
    """What a call sees of its block."""
    answer = desk.node.call(desk.book.contracts["multicall3"], abi.encode_call(signature))
    return int.from_bytes(answer, "big")


def words(desk: Desk, to: str, signature: str, *arguments: object) -> list[int]:
    answer = desk.node.call(to, abi.encode_call(signature, *arguments))
    return [int.from_bytes(answer[at : at + 32], "big") for at in range(0, len(answer), 32)]


def pool(desk: Desk, name: str) -> Address:
    return to_address(desk.record(name).address)


def reserves(desk: Desk, tolerance: int) -> Guard:
    where = pool(desk, PAIR)
    reserve0, reserve1, _ = words(desk, where, "getReserves()")
    return V2Reserves(where, reserve0, reserve1, tolerance)


def v3_price(desk: Desk, tolerance: int) -> Guard:
    where = pool(desk, CONCENTRATED)
    return V3Price(where, words(desk, where, "slot0()")[0], tolerance)


def algebra_price(desk: Desk, tolerance: int) -> Guard:
    where = pool(desk, ALGEBRA)
    return AlgebraPrice(where, words(desk, where, "globalState()")[0], tolerance)


def v4_price(desk: Desk, tolerance: int) -> Guard:
    pool_id = str(desk.record(V4).pool_id)
    view = desk.book.contracts["uniswap_v4_state_view"]
    price = words(desk, view, "getSlot0(bytes32)", bytes.fromhex(pool_id[2:]))[0]
    return V4Price(pool_id, price, tolerance)


POOLS: dict[str, Build] = {PAIR: reserves, CONCENTRATED: v3_price, ALGEBRA: algebra_price, V4: v4_price}


def holding(desk: Desk) -> tuple[Guard, ...]:
    """One guard of every kind, all of which hold."""
    block = seen(desk, "getBlockNumber()")
    parent = "0x" + f"{seen(desk, 'getLastBlockHash()'):064x}"
    return (
        MaxBlock(block),
        ExactBlock(block),
        ParentHash(parent),
        BaseFeeCeiling(seen(desk, "getBasefee()")),
        *(build(desk, 0) for build in POOLS.values()),
    )


def test_a_plan_whose_guards_all_hold_runs(desk: Desk) -> None:
    assert desk.simulate(guarded(*holding(desk))) == 0


def test_a_guard_that_is_cut_off_or_unknown_is_refused_here_and_on_chain(desk: Desk) -> None:
    for guard in holding(desk):
        raw = guard.encode()
        empty = encode_plan(DecodedPlan(Header(0, FOREVER, 0), ()))
        head = empty[:4] + bytes([HEADER_GUARDED]) + empty[5 : 4 + HEADER_BYTES]
        for kept in range(1, len(raw)):
            # The guards' length says where they end, whatever follows.
            for calldata in (
                head + kept.to_bytes(2, "big") + raw,
                head + len(raw).to_bytes(2, "big") + raw[:kept],
            ):
                with pytest.raises(PlanError):
                    decode(calldata)
                assert refusal(desk, calldata).name
        for kind in (0, 9, 255):
            calldata = head + len(raw).to_bytes(2, "big") + bytes([kind]) + raw[1:]
            with pytest.raises(PlanError):
                decode(calldata)
            assert refusal(desk, calldata).name == "UnknownGuard"


@pytest.mark.parametrize("name", POOLS)
def test_a_pool_that_moved_is_refused_unless_the_tolerance_covers_it(desk: Desk, name: str) -> None:
    before = POOLS[name](desk, 0)
    record = desk.record(name)
    trade(desk.node, record, desk.book.tokens["WETH"], 2 * ETHER)
    found = refusal(desk, guarded(before))
    assert (found.code, found.meaning) == ("pool_state_moved", Meaning.MOVED_PRICE)
    expected, now = int(str(found.args["expected"])), int(str(found.args["found"]))
    assert 0 != now != expected
    if name != PAIR:
        # The smallest tolerance, in millionths, that covers the move: rounded up.
        enough = -(-abs(now - expected) * MILLION // expected)
        assert desk.simulate(guarded(POOLS_WITH[name](before, enough))) == 0
        assert refusal(desk, guarded(POOLS_WITH[name](before, enough - 1))).name == "PoolStateMoved"
    assert refusal(desk, guarded(before, *holding(desk))).name == "PoolStateMoved"


def test_both_reserves_of_a_pair_must_be_within_the_tolerance(desk: Desk) -> None:
    where = pool(desk, PAIR)
    reserve0, reserve1, _ = words(desk, where, "getReserves()")
    off0, off1 = reserve0 * 1001 // 1000, reserve1 * 1001 // 1000
    for expected in ((off0, reserve1), (reserve0, off1), (off0, off1)):
        assert refusal(desk, guarded(V2Reserves(where, *expected, 900))).name == "PoolStateMoved"
        assert desk.simulate(guarded(V2Reserves(where, *expected, 1000))) == 0


def tolerant(guard: Guard, tolerance: int) -> Guard:
    raw = bytearray(guard.encode())
    raw[-3:] = tolerance.to_bytes(3, "big")
    whole = guarded(guard)
    return decode(whole[: -len(raw)] + bytes(raw)).header.guards[0]


POOLS_WITH = dict.fromkeys(POOLS, tolerant)


def test_guards_on_the_block_hold_for_that_block_only(desk: Desk) -> None:
    block, fee = seen(desk, "getBlockNumber()"), seen(desk, "getBasefee()")
    assert fee > 0
    for guard, name in (
        (MaxBlock(block - 1), "BlockPassed"),
        (ExactBlock(block - 1), "WrongBlock"),
        (ExactBlock(block + 1), "WrongBlock"),
        (ParentHash("0x" + "ab" * 32), "WrongParent"),
        (BaseFeeCeiling(fee - 1), "BaseFeeTooHigh"),
    ):
        found = refusal(desk, guarded(guard))
        assert (found.name, found.meaning) == (name, Meaning.STALE)


def test_a_guard_on_what_is_no_pool_says_so(desk: Desk) -> None:
    nowhere = to_address("0x" + "de" * 20)
    for guard in (V2Reserves(nowhere, 1, 1, 5), V3Price(nowhere, 1, 5), AlgebraPrice(nowhere, 1, 5)):
        assert refusal(desk, guarded(guard)).name == "PoolStateUnreadable"


@pytest.mark.parametrize("manager", [ZERO, "0x" + "de" * 20], ids=["unknown", "without code"])
def test_a_guard_on_a_v4_pool_names_the_manager_that_does_not_answer(desk: Desk, manager: str) -> None:
    """The chain has none, or the router was deployed with an address of another chain."""
    bare = desk_of(desk, uniswap_v4_pool_manager=manager)
    assert bare.simulate(guarded()) == 0
    found = refusal(bare, guarded(v4_price(desk, 0)))
    assert (found.name, found.args) == ("PoolStateUnreadable", {"pool": manager})


def test_a_v4_pool_that_does_not_exist_has_no_price(desk: Desk) -> None:
    assert refusal(desk, guarded(V4Price("0x" + "12" * 32, 1, 5))).name == "PoolStateMoved"


def test_a_pool_of_another_shape_does_not_pass_for_the_guarded_one(desk: Desk) -> None:
    pair, concentrated = pool(desk, PAIR), pool(desk, CONCENTRATED)
    assert refusal(desk, guarded(V2Reserves(concentrated, 1, 1, 5))).name == "PoolStateUnreadable"
    assert refusal(desk, guarded(V3Price(pair, 1, 5))).name == "PoolStateUnreadable"
