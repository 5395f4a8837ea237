"""The rules that no plan can switch off: profit, deadline, block, tracked tokens, the shape of the plan."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from devnet.node import ETHER
from executor.domain.address import to_address
from executor.domain.route import Funding
from executor.plan import encode
from executor.plan.encoding import encode_plan
from executor.plan.format import SELECTOR, Opcode, Payer, Recipient, V2Output
from executor.plan.guards import MaxBlock
from executor.plan.steps import DecodedPlan, Header, Loan, Step, Track, V2Swap
from tests.contracts.test_execution import ROUTES, open_gap, sized
from tests.support.routers import FOREVER, OPERATOR, OWNER, Desk, Reverted, deploy_another

HELD = {"WETH": 50 * ETHER, "USDC": 10**11, "DAI": 10**23, "USDT": 10**11}


@pytest.fixture
def rich_desk(desk: Desk) -> Desk:
    """Its router holds something of every settlement token."""
    for symbol, amount in HELD.items():
        desk.node.set_erc20_balance(desk.book.tokens[symbol], desk.router, amount)
    return desk


@pytest.fixture
def good_plan(rich_desk: Desk) -> bytes:
    """A plan that earns on that desk's chain."""
    route = rich_desk.route("WETH", *ROUTES["v2_v3"])
    open_gap(rich_desk, route)
    plan = sized(rich_desk, route, 5 * ETHER, Funding.INVENTORY)
    return encode(plan, settlement_index=0, minimum_profit=1, deadline=FOREVER)


def reverts_or_leaves_no_token_less(desk: Desk, calldata: bytes) -> None:
    """Carries the plan out where it does not revert, and counts what the router holds."""
    try:
        desk.simulate(calldata)
    except Reverted as refused:
        event(refused.reason.name)
        return
    event("carried out")
    before = {symbol: desk.balance(symbol) for symbol in HELD}
    desk.execute(calldata)
    assert all(desk.balance(symbol) >= held for symbol, held in before.items())


def plan_of(*steps: Step, minimum: int = 0, deadline: int = FOREVER, max_block: int | None = None) -> bytes:
    guards = () if max_block is None else (MaxBlock(max_block),)
    return encode_plan(DecodedPlan(Header(0, deadline, minimum, guards), steps))


def test_one_wei_more_than_there_is_reverts_with_the_figures(desk: Desk) -> None:
    route = desk.route("WETH", *ROUTES["v2_v3"])
    open_gap(desk, route)
    plan = sized(desk, route, 5 * ETHER, Funding.INVENTORY)
    asked = plan.gross_profit + 1
    with pytest.raises(Reverted) as refused:
        desk.simulate(encode(plan, settlement_index=0, minimum_profit=asked, deadline=FOREVER))
    held = desk.balance("WETH")
    assert refused.value.reason.name == "ProfitBelowMinimum"
    assert refused.value.reason.args == {
        "token": desk.book.tokens["WETH"].lower(),
        "balanceBefore": held,
        "balanceAfter": held + plan.gross_profit,
        "minimum": asked,
    }


def test_a_losing_trade_reverts_even_when_no_profit_is_asked_for(desk: Desk) -> None:
    route = desk.route("WETH", *ROUTES["v2_v2"])
    plan = sized(desk, route, 5 * ETHER, Funding.INVENTORY)
    assert plan.gross_profit < 0
    with pytest.raises(Reverted) as refused:
        desk.simulate(encode(plan, settlement_index=0, minimum_profit=0, deadline=FOREVER))
    assert refused.value.reason.name == "ProfitBelowMinimum"


def test_a_plan_is_refused_a_second_after_its_deadline_and_a_block_after_its_last(desk: Desk) -> None:
    head = desk.node.block()
    now, number = int(head["timestamp"], 16), int(head["number"], 16)
    late = plan_of(deadline=now - 1)
    with pytest.raises(Reverted) as refused:
        desk.simulate(late)
    assert refused.value.reason.name == "DeadlinePassed"
    with pytest.raises(Reverted) as refused:
        desk.simulate(plan_of(max_block=number - 1))
    assert refused.value.reason.name == "BlockPassed"
    assert desk.simulate(plan_of(max_block=number + 10)) == 0


def test_the_router_pays_no_token_but_the_settlement_token_unless_it_is_tracked(desk: Desk) -> None:
    usdc = desk.token("USDC").address
    desk.node.set_erc20_balance(usdc, desk.router, 10**9)
    pair = to_address(desk.book.pool("uniswap_v2 USDC/WETH").address)
    spend = V2Swap(
        pair,
        True,
        Payer.TRACKED,
        Recipient.ROUTER,
        V2Output.COMPUTED,
        fee_bps=30,
        amount_in=10**9,
        token=usdc,
    )
    with pytest.raises(Reverted) as refused:
        desk.simulate(plan_of(spend))
    assert refused.value.reason.name == "TokenNotTracked"
    # Tracked, the payment is possible, but selling what the router held is not: the balance would fall.
    with pytest.raises(Reverted) as refused:
        desk.simulate(plan_of(Track(usdc, (spend,))))
    assert refused.value.reason.name == "TrackedTokenFell"
    assert refused.value.reason.args["balanceBefore"] == 10**9


def test_a_token_is_tracked_once(desk: Desk) -> None:
    usdc = desk.token("USDC").address
    with pytest.raises(Reverted) as refused:
        desk.simulate(plan_of(Track(usdc, (Track(usdc, ()),))))
    assert refused.value.reason.name == "TokenAlreadyTracked"


@pytest.mark.parametrize("opcode", [Opcode.AAVE_V3_LOAN, Opcode.BALANCER_V2_LOAN])
def test_a_lender_that_asks_for_more_than_the_cap_is_refused(desk: Desk, opcode: Opcode) -> None:
    """The premium may have changed since the plan was made."""
    with pytest.raises(Reverted) as refused:
        desk.simulate(plan_of(Loan(opcode, ETHER, ETHER - 1, ())))
    assert refused.value.reason.name == "PaymentOverCap"
    assert refused.value.reason.args["cap"] == ETHER - 1


@pytest.mark.parametrize("opcode", [Opcode.AAVE_V3_LOAN, Opcode.BALANCER_V2_LOAN])
def test_a_lender_that_the_chain_lacks_is_named_as_missing(desk: Desk, opcode: Opcode) -> None:
    other = deploy_another(desk, OPERATOR)
    other.send(OPERATOR, "setPrimaryOperator(address)", OPERATOR)
    with pytest.raises(Reverted) as refused:
        other.simulate(plan_of(Loan(opcode, ETHER, ETHER, ())))
    assert refused.value.reason.name == "LenderUnavailable"


def test_profit_can_be_measured_only_in_tokens_of_the_list(desk: Desk) -> None:
    with pytest.raises(Reverted) as refused:
        desk.simulate(encode_plan(DecodedPlan(Header(4, FOREVER, 0), ())))
    assert refused.value.reason.name == "NoSettlementToken"
    desk.send(OWNER, "setSettlementToken(address)", desk.book.tokens["STA"])
    assert desk.simulate(encode_plan(DecodedPlan(Header(4, FOREVER, 0), ()))) == 0
    for index in (5, 6, 7):
        header = bytes([index]) + FOREVER.to_bytes(4, "big") + bytes(12)
        with pytest.raises(Reverted) as refused:
            desk.simulate(SELECTOR + header)
        assert refused.value.reason.name == "NoSettlementToken"


def test_flags_without_a_meaning_are_refused(desk: Desk) -> None:
    for flag in (0x20, 0x40, 0x80):
        with pytest.raises(Reverted) as refused:
            desk.simulate(SELECTOR + bytes([flag]) + FOREVER.to_bytes(4, "big") + bytes(12))
        assert refused.value.reason.name == "UnknownHeader"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(opcode=st.sampled_from(Opcode), turned=st.booleans(), rest=st.binary(max_size=300))
def test_random_bytes_after_an_opcode_take_nothing(
    rich_desk: Desk, opcode: Opcode, turned: bool, rest: bytes
) -> None:
    """Whatever follows a valid header, the call ends in a revert, or leaves no token less than there was."""
    header = bytes([0]) + FOREVER.to_bytes(4, "big") + bytes(12)
    with rich_desk.node.isolated():
        reverts_or_leaves_no_token_less(rich_desk, SELECTOR + header + bytes([opcode | turned]) + rest)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_plan_with_one_byte_changed_never_lowers_a_balance(
    rich_desk: Desk, good_plan: bytes, data: st.DataObject
) -> None:
    changed = bytearray(good_plan)
    changed[data.draw(st.integers(4, len(changed) - 1))] ^= data.draw(st.integers(1, 255))
    with rich_desk.node.isolated():
        reverts_or_leaves_no_token_less(rich_desk, bytes(changed))


def test_a_plan_that_ends_in_the_middle_of_a_step_moves_nothing(desk: Desk) -> None:
    route = desk.route("WETH", *ROUTES["v2_v2"])
    open_gap(desk, route)
    plan = sized(desk, route, 5 * ETHER, Funding.INVENTORY)
    whole = encode(plan, settlement_index=0, minimum_profit=1, deadline=FOREVER)
    for cut in range(4, len(whole)):
        with pytest.raises(Reverted):
            desk.simulate(whole[:cut])


def test_the_owner_can_still_take_everything_home_after_a_trade(desk: Desk) -> None:
    route = desk.route("WETH", *ROUTES["v2_v2"])
    open_gap(desk, route)
    plan = sized(desk, route, 5 * ETHER, Funding.INVENTORY)
    desk.execute(encode(plan, settlement_index=0, minimum_profit=1, deadline=FOREVER))
    held, at_home = desk.balance("WETH"), desk.node.erc20_balance(desk.book.tokens["WETH"], OWNER)
    desk.send(OWNER, "withdraw(address,address,uint256)", desk.book.tokens["WETH"], OWNER, 2**256 - 1)
    assert desk.balance("WETH") == 0
    assert desk.node.erc20_balance(desk.book.tokens["WETH"], OWNER) == at_home + held
