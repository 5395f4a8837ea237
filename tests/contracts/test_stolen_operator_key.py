"""What a stolen operator key can take, and what it cannot: the claims of docs/security.md, one test each."""

from __future__ import annotations

import pytest

from devnet import abi
from devnet.node import ETHER
from devnet.place import Placer
from executor.domain.address import to_address
from executor.domain.route import Funding
from executor.plan import decode, encode
from executor.plan.encoding import encode_plan
from executor.plan.format import Payer, Recipient, V2Output
from executor.plan.steps import DecodedPlan, Header, Step, Track, V2Swap
from tests.contracts.test_execution import ROUTES, open_gap, sized
from tests.support.routers import (
    FOREVER,
    OPERATOR,
    OWNER,
    PAUSER,
    Desk,
    Reverted,
    router_artifacts,
    test_contracts,
)

INVENTORY = {"WETH": 50 * ETHER, "USDC": 10**11, "DAI": 10**23, "STA": 10**21}


@pytest.fixture
def stocked(desk: Desk) -> Desk:
    for symbol, amount in INVENTORY.items():
        desk.node.set_erc20_balance(desk.book.tokens[symbol], desk.router, amount)
    return desk


@pytest.fixture
def own_pool(stocked: Desk) -> str:
    """A pool of the thief's, which keeps what it is sent."""
    return to_address(Placer(stocked.node).deploy(test_contracts()["EvilPool"]))


def thief_plans(desk: Desk, pool: str, symbol: str, settlement: int) -> dict[str, bytes]:
    """The ways in which a plan can try to send `symbol` to the thief's pool."""
    token, amount = desk.token(symbol).address, INVENTORY[symbol] // 2
    address = to_address(pool)

    def plan(*steps: Step) -> bytes:
        return encode_plan(DecodedPlan(Header(settlement, FOREVER, 0), steps))

    settle = V2Swap(
        address, True, Payer.SETTLEMENT, Recipient.CALLER, V2Output.LITERAL, amount_in=amount, amount_out=1
    )
    tracked = V2Swap(
        address,
        True,
        Payer.TRACKED,
        Recipient.CALLER,
        V2Output.LITERAL,
        amount_in=amount,
        amount_out=1,
        token=token,
    )
    return {
        "as settlement": plan(settle),
        "untracked": plan(tracked),
        "tracked": plan(Track(token, (tracked,))),
    }


@pytest.mark.parametrize("symbol", INVENTORY)
def test_it_cannot_take_any_inventory_in_any_way_that_a_plan_can_say(
    stocked: Desk, own_pool: str, symbol: str
) -> None:
    indexes = {"WETH": 0, "USDC": 1, "DAI": 2}
    for settlement in range(4):
        for way, calldata in thief_plans(stocked, own_pool, symbol, settlement).items():
            if way == "as settlement" and indexes.get(symbol) != settlement:
                continue
            with pytest.raises(Reverted) as refused:
                stocked.simulate(calldata)
            assert refused.value.reason.name in ("ProfitBelowMinimum", "TokenNotTracked", "TrackedTokenFell")


def test_it_cannot_spend_an_allowance_that_somebody_gave_to_the_router(stocked: Desk) -> None:
    """No step pulls: `transferFrom` is nowhere in the router."""
    selector = abi.selector("transferFrom(address,address,uint256)")
    for part in router_artifacts().values():
        assert selector not in part.deployed_bytecode


@pytest.mark.parametrize(
    "call",
    [
        abi.encode_call("withdraw(address,address,uint256)", "0x" + "11" * 20, OPERATOR, 1),
        abi.encode_call("withdrawNative(address,uint256)", OPERATOR, 1),
        abi.encode_call("setPrimaryOperator(address)", OPERATOR),
        abi.encode_call("allowOperator(address,bool)", OPERATOR, True),
        abi.encode_call("setPauser(address)", OPERATOR),
        abi.encode_call("setSettlementToken(address)", OPERATOR),
        abi.encode_call("transferOwnership(address)", OPERATOR),
        abi.encode_call("unpause()"),
    ],
)
def test_it_cannot_use_any_power_of_the_owner(stocked: Desk, call: bytes) -> None:
    with pytest.raises(Reverted, match="NotOwner"):
        stocked.call(call, sender=OPERATOR)


def test_it_can_take_profits_that_are_not_made_yet(stocked: Desk, own_pool: str) -> None:
    """The one thing at risk until the key is revoked: gaps that the router could have earned."""
    route = stocked.route("WETH", *ROUTES["v2_v2"])
    open_gap(stocked, route)
    plan = sized(stocked, route, 5 * ETHER, Funding.INVENTORY)
    honest = decode(encode(plan, settlement_index=0, minimum_profit=0, deadline=FOREVER))
    before, loot = stocked.balance("WETH"), plan.gross_profit

    def skimming(amount: int) -> bytes:
        skim = V2Swap(
            to_address(own_pool),
            True,
            Payer.SETTLEMENT,
            Recipient.ROUTER,
            V2Output.LITERAL,
            amount_in=amount,
            amount_out=1,
        )
        return encode_plan(DecodedPlan(honest.header, (skim, *honest.steps)))

    with pytest.raises(Reverted, match="ProfitBelowMinimum"):
        stocked.simulate(skimming(loot + 1))
    stocked.execute(skimming(loot))
    assert stocked.balance("WETH") == before
    assert stocked.node.erc20_balance(stocked.book.tokens["WETH"], own_pool) == loot


def test_pausing_or_removing_it_ends_what_it_can_do(stocked: Desk) -> None:
    empty = encode_plan(DecodedPlan(Header(0, FOREVER, 0), ()))
    assert stocked.simulate(empty) == 0
    stocked.send(PAUSER, "pause()")
    with pytest.raises(Reverted, match="Paused"):
        stocked.simulate(empty)
    stocked.send(OWNER, "unpause()")
    stocked.send(OWNER, "setPrimaryOperator(address)", OWNER)
    with pytest.raises(Reverted, match="NotOperator"):
        stocked.simulate(empty)


def test_a_key_that_was_allowed_twice_is_out_only_when_both_are_taken_away(stocked: Desk) -> None:
    empty = encode_plan(DecodedPlan(Header(0, FOREVER, 0), ()))
    stocked.send(OWNER, "allowOperator(address,bool)", OPERATOR, True)
    stocked.send(OWNER, "setPrimaryOperator(address)", OWNER)
    assert stocked.simulate(empty) == 0
    stocked.send(OWNER, "allowOperator(address,bool)", OPERATOR, False)
    with pytest.raises(Reverted, match="NotOperator"):
        stocked.simulate(empty)
