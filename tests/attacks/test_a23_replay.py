"""A23: a signed plan lands where it was not meant to.

Whoever sees the signed bytes (a proposer who takes a bundle apart, a relay, a block that is replaced) has
them mined in a later block, on another parent, alone, behind somebody else's trade, or a second time.
"""

from __future__ import annotations

import pytest
from eth_account import Account

from devnet.errors import RpcError
from devnet.market import trade
from devnet.node import ETHER, GWEI
from executor.domain.address import to_address
from executor.plan.guards import BaseFeeCeiling, ExactBlock, Guard, MaxBlock, ParentHash, V2Reserves
from tests.attacks.scene import nothing_lost, refused, sent
from tests.attacks.trades import close_gap, earning_route, plan_for
from tests.contracts.test_execution import ROUTES
from tests.support.routers import OPERATOR, OWNER, Desk

FIRST_POOL = ROUTES["v2_v3"][0][0]


def next_block(desk: Desk) -> int:
    return desk.node.block_number + 1


def guards_of_the_next_block(desk: Desk) -> dict[str, Guard]:
    """Guard by the error that it gives elsewhere."""
    return {
        "WrongBlock": ExactBlock(next_block(desk)),
        "BlockPassed": MaxBlock(next_block(desk)),
        "WrongParent": ParentHash(str(desk.node.block()["hash"])),
    }


@pytest.mark.parametrize("error", ["WrongBlock", "BlockPassed", "WrongParent"])
def test_a_plan_held_back_for_a_block_is_refused_in_the_next(desk: Desk, error: str) -> None:
    found = earning_route(desk)
    plan = plan_for(found, guards_of_the_next_block(desk)[error])
    with desk.node.isolated():
        sent(desk, OPERATOR, plan)
    desk.node.mine()
    with nothing_lost(desk):
        assert refused(desk, OPERATOR, plan).name == error


def test_a_plan_whose_block_was_replaced_is_refused_on_another_parent(desk: Desk) -> None:
    """The block that it was made on is uncled: same number, other contents."""
    found = earning_route(desk)
    snapshot = desk.node.snapshot()
    desk.node.mine()
    plan = plan_for(found, ParentHash(str(desk.node.block()["hash"])))
    desk.node.revert(snapshot)
    trade(desk.node, desk.record("uniswap_v3 USDC/WETH 500"), desk.book.tokens["WETH"], ETHER)
    with nothing_lost(desk):
        assert refused(desk, OPERATOR, plan).name == "WrongParent"


def test_a_plan_kept_past_its_deadline_is_refused(desk: Desk) -> None:
    found = earning_route(desk)
    plan = plan_for(found, deadline=int(desk.node.block()["timestamp"], 16) + 24)
    desk.node.increase_time(60)
    with nothing_lost(desk):
        assert refused(desk, OPERATOR, plan).name == "DeadlinePassed"


def test_a_plan_mined_at_a_base_fee_that_eats_its_profit_is_refused(desk: Desk) -> None:
    found = earning_route(desk)
    plan = plan_for(found, BaseFeeCeiling(int(desk.node.block()["baseFeePerGas"], 16)))
    desk.node.set_base_fee(200 * GWEI)
    with nothing_lost(desk):
        assert refused(desk, OPERATOR, plan).name == "BaseFeeTooHigh"


def test_a_plan_taken_out_of_its_bundle_is_refused_without_the_trade_that_it_was_to_follow(
    desk: Desk,
) -> None:
    """The proposer mines the back-run and leaves the trade in front of it out."""
    with desk.node.isolated():
        found = earning_route(desk)
        reserves = reserves_of(desk)
    for guards, error in (((), "ProfitBelowMinimum"), ((reserves,), "PoolStateMoved")):
        with nothing_lost(desk):
            assert refused(desk, OPERATOR, plan_for(found, *guards)).name == error


def test_a_plan_sandwiched_by_whoever_builds_the_block_is_refused(desk: Desk) -> None:
    found = earning_route(desk)
    plan, guarded = plan_for(found), plan_for(found, reserves_of(desk))
    close_gap(desk)
    with nothing_lost(desk):
        assert refused(desk, OPERATOR, plan).name == "ProfitBelowMinimum"
        assert refused(desk, OPERATOR, guarded).name == "PoolStateMoved"


def reserves_of(desk: Desk) -> V2Reserves:
    """The guard that the first pool is as it is now, to a ten-thousandth."""
    pool = desk.pool(FIRST_POOL).address
    data = desk.node.call(pool, bytes.fromhex("0902f1ac"))
    reserve0, reserve1 = (int.from_bytes(data[at : at + 32], "big") for at in (0, 32))
    return V2Reserves(pool, reserve0, reserve1, 100)


def test_the_same_bytes_a_second_time_find_the_gap_closed(desk: Desk) -> None:
    found = earning_route(desk)
    plan = plan_for(found)
    sent(desk, OPERATOR, plan)
    with nothing_lost(desk):
        assert refused(desk, OPERATOR, plan).name == "ProfitBelowMinimum"


def test_a_signed_transaction_is_mined_once_and_on_one_chain(desk: Desk) -> None:
    """Signed by a key: the nonce and the chain's number are under the signature."""
    key = Account.create()
    desk.node.set_balance(key.address, ETHER)
    desk.send(OWNER, "allowOperator(address,bool)", key.address, True)
    plan = plan_for(earning_route(desk), minimum=1)
    request = {
        "to": to_address(desk.router),
        "data": plan,
        "nonce": 0,
        "gas": 1_000_000,
        "value": 0,
        "maxFeePerGas": 100 * GWEI,
        "maxPriorityFeePerGas": GWEI,
    }
    elsewhere = key.sign_transaction({**request, "chainId": 8453}).raw_transaction
    here = key.sign_transaction({**request, "chainId": desk.node.chain_id}).raw_transaction
    with nothing_lost(desk):
        with pytest.raises(RpcError, match="chain"):
            desk.node.rpc("eth_sendRawTransaction", "0x" + elsewhere.hex())
        receipt = desk.node.wait_for(desk.node.rpc("eth_sendRawTransaction", "0x" + here.hex()))
        assert receipt["status"] == "0x1"
        with pytest.raises(RpcError, match="nonce"):
            desk.node.rpc("eth_sendRawTransaction", "0x" + here.hex())
