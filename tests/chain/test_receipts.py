"""Receipts, read strictly, and what they say was earned."""

from typing import Any

import pytest

from devnet import Node, abi
from executor.chain.receipts import TRANSFER_TOPIC, parse_receipt, receipt, settlement_delta
from executor.chain.rpc import Rpc
from executor.domain.address import Address
from executor.domain.attempt import Receipt
from executor.domain.chain import ChainData
from executor.domain.errors import NodeError
from tests.support.misbehaving_node import MisbehavingNode, result

HASH = "0x" + "ab" * 32
ROUTER = Address("0x00000000000000000000000000000000000000A1")
POOL = Address("0x00000000000000000000000000000000000000B2")
TOKEN = Address("0x00000000000000000000000000000000000000c3")
OTHER_TOKEN = Address("0x00000000000000000000000000000000000000D4")


def answer(**changes: object) -> dict[str, Any]:
    """A receipt with the fields that are read."""
    return {
        "transactionHash": HASH,
        "blockNumber": "0x10",
        "blockHash": "0x" + "cd" * 32,
        "status": "0x1",
        "gasUsed": hex(100_000),
        "effectiveGasPrice": hex(10**9),
        "logs": [],
        **changes,
    }


def word(value: str | int) -> str:
    number = int(value, 16) if isinstance(value, str) else value
    return f"0x{number:064x}"


def transfer(source: str, target: str, amount: int, token: str = TOKEN) -> dict[str, object]:
    return {"address": token, "topics": [TRANSFER_TOPIC, word(source), word(target)], "data": word(amount)}


def with_logs(*logs: dict[str, object]) -> Receipt:
    return parse_receipt(answer(logs=list(logs)), HASH)


async def test_a_real_receipt_says_what_it_cost_and_moved(rpc: Rpc, ethereum: Node, chain: ChainData) -> None:
    usdc, payer = chain.token("USDC").address, ethereum.accounts[1].address
    ethereum.set_erc20_balance(usdc, payer, 1_000)
    before = ethereum.balance(payer)
    sent = ethereum.send(payer, usdc, abi.encode_call("transfer(address,uint256)", ROUTER, 1_000))
    told = await receipt(rpc, sent["transactionHash"])
    assert told is not None
    assert told.success
    assert told.gas_cost == told.gas_used * told.effective_gas_price == before - ethereum.balance(payer)
    assert settlement_delta(told, usdc, ROUTER) == 1_000
    assert settlement_delta(told, usdc, Address(payer)) == -1_000
    assert settlement_delta(told, chain.wrapped_native.address, ROUTER) == 0


async def test_a_failed_transaction_says_so(rpc: Rpc, ethereum: Node, chain: ChainData) -> None:
    usdc, payer = chain.token("USDC").address, ethereum.accounts[1].address
    data = abi.encode_call("transfer(address,uint256)", ROUTER, 10**30)
    sent = ethereum.submit(payer, usdc, data, gas=200_000)
    ethereum.wait_for(sent)
    told = await receipt(rpc, sent)
    assert told is not None
    assert not told.success
    assert told.logs == ()


async def test_no_receipt_yet_is_none(rpc: Rpc) -> None:
    assert await receipt(rpc, HASH) is None


def test_the_gain_is_what_came_minus_what_went() -> None:
    told = with_logs(transfer(ROUTER, POOL, 100), transfer(POOL, ROUTER, 130), transfer(ROUTER, POOL, 5))
    assert settlement_delta(told, TOKEN, ROUTER) == 25


def test_a_transfer_to_oneself_is_no_gain() -> None:
    assert settlement_delta(with_logs(transfer(ROUTER, ROUTER, 100)), TOKEN, ROUTER) == 0


def test_other_tokens_other_events_and_other_parties_do_not_count() -> None:
    told = with_logs(
        transfer(POOL, ROUTER, 7, OTHER_TOKEN),
        {"address": TOKEN, "topics": [word(1), word(POOL), word(ROUTER)], "data": word(7)},
        {"address": TOKEN, "topics": [TRANSFER_TOPIC, word(POOL), word(ROUTER), word(7)], "data": "0x"},
        {"address": TOKEN, "topics": [], "data": "0x"},
        transfer(POOL, OTHER_TOKEN, 7),
    )
    assert settlement_delta(told, TOKEN, ROUTER) == 0


def test_a_transfer_log_that_is_cut_short_is_an_error_not_a_zero() -> None:
    log = {**transfer(POOL, ROUTER, 7), "data": "0x07"}
    with pytest.raises(NodeError, match=r"receipt\.logs\[0\]\.data"):
        settlement_delta(with_logs(log), TOKEN, ROUTER)


@pytest.mark.parametrize(
    "key", ["blockNumber", "blockHash", "status", "gasUsed", "effectiveGasPrice", "logs"]
)
@pytest.mark.parametrize("value", [None, 7, "text", {}, [7]])
async def test_a_wrong_field_of_a_receipt_is_named(key: str, value: object) -> None:
    async with MisbehavingNode(result(answer(**{key: value}))) as node, Rpc(node.url()) as rpc:
        with pytest.raises(NodeError, match=rf"receipt\.{key}"):
            await receipt(rpc, HASH)


def test_the_receipt_of_another_transaction_is_refused() -> None:
    with pytest.raises(NodeError, match="another transaction"):
        parse_receipt(answer(transactionHash="0x" + "11" * 32), HASH)


def test_a_status_that_is_neither_is_refused() -> None:
    with pytest.raises(NodeError, match="neither 0 nor 1"):
        parse_receipt(answer(status="0x2"), HASH)


def test_an_op_stack_receipt_adds_the_data_fee() -> None:
    told = parse_receipt(answer(l1Fee=hex(5_000)), HASH)
    assert told.gas_cost == 100_000 * 10**9 + 5_000
    assert (told.l1_fee, told.operator_fee) == (5_000, 0)


def test_an_isthmus_receipt_adds_the_operator_fee() -> None:
    """gasUsed * scalar / 1e6 + constant."""
    told = answer(l1Fee="0x0", operatorFeeScalar=hex(2_000_000), operatorFeeConstant=hex(7))
    assert parse_receipt(told, HASH).gas_cost == 100_000 * 10**9 + 200_007


def test_a_jovian_receipt_scales_the_operator_fee_up() -> None:
    """gasUsed * scalar * 100 + constant."""
    told = answer(operatorFeeScalar=hex(2), operatorFeeConstant=hex(7), daFootprintGasScalar=hex(400))
    assert parse_receipt(told, HASH).gas_cost == 100_000 * 10**9 + 20_000_007
    assert parse_receipt(told, HASH).operator_fee == 20_000_007


def test_the_parent_chains_share_of_arbitrums_gas_is_told_and_not_charged_twice() -> None:
    told = parse_receipt(answer(gasUsedForL1=hex(40_000)), HASH)
    assert told.gas_cost == 100_000 * 10**9
    assert told.l1_fee == 40_000 * 10**9


async def test_wrapping_and_unwrapping_count_for_the_wrapped_coin_alone(
    rpc: Rpc, ethereum: Node, chain: ChainData
) -> None:
    """WETH9 tells of both in logs of its own, without a transfer."""
    weth, holder = chain.wrapped_native.address, ethereum.accounts[1].address
    wrapped = ethereum.send(holder, weth, abi.encode_call("deposit()"), value=700)
    unwrapped = ethereum.send(holder, weth, abi.encode_call("withdraw(uint256)", 300))
    gains = []
    for sent in (wrapped, unwrapped):
        told = await receipt(rpc, sent["transactionHash"])
        assert told is not None
        gains.append(settlement_delta(told, weth, Address(holder), wrapped_native=weth))
        assert settlement_delta(told, weth, Address(holder)) == 0
    assert gains == [700, -300]
