"""Booking with nodes that lie, disagree, or know little: what they cannot prove is not booked."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from executor.chain.nodes import Nodes
from executor.chain.rpc import Rpc
from executor.config.settings import Settings
from executor.domain.booking import Kind
from executor.engine.booking import AGREES, book
from tests.support.bookkeeping import Office, held
from tests.support.proxy import Answer, ChangingProxy, Request
from tests.support.trading import explicit


async def test_a_lying_node_among_three_books_nothing(office: Office) -> None:
    node, before = office.trading.node, held(office)
    sent = office.send_trade(await office.planned(explicit()))
    intent, receipt = await office.mined(sent)
    told: Counter[str] = Counter()

    def lie(request: Request, answer: Answer) -> Answer:
        """A wei more with each time that it is asked."""
        if request["method"] != "eth_getBalance":
            return answer
        told["eth_getBalance"] += 1
        return {**answer, "result": hex(int(answer["result"], 16) + told["eth_getBalance"])}

    async with ChangingProxy(node.url, lie) as liar, Nodes([liar.url, node.url, node.url]) as nodes:
        settings = Settings.from_mapping(
            office.trading.settings(rpc_url=liar.url, rpc_urls=[node.url, node.url], quorum=2)
        )
        keeper = replace(office.keeper, rpc=nodes, settings=settings.chain("ethereum"))
        assert await book(keeper, intent, receipt, sent.pending)
    assert told["eth_getBalance"]
    before.assert_booked()
    booking = office.books.standing(intent.intent_id)
    assert booking is not None
    assert booking.checked == AGREES


async def test_nodes_that_do_not_agree_about_balances_leave_the_logs_to_stand(office: Office) -> None:
    node, before = office.trading.node, held(office)
    sent = office.send_trade(await office.planned(explicit()))
    intent, receipt = await office.mined(sent)

    def lie(request: Request, answer: Answer) -> Answer:
        return {**answer, "result": hex(7)} if request["method"] == "eth_getTransactionCount" else answer

    async with ChangingProxy(node.url, lie) as liar, Nodes([liar.url, node.url]) as nodes:
        settings = Settings.from_mapping(
            office.trading.settings(rpc_url=liar.url, rpc_urls=[node.url], quorum=2)
        )
        keeper = replace(office.keeper, rpc=nodes, settings=settings.chain("ethereum"))
        assert await book(keeper, intent, receipt, sent.pending)
    before.assert_booked()
    booking = office.books.standing(intent.intent_id)
    assert booking is not None
    assert "do not agree" in booking.checked


async def test_a_node_that_knows_blocks_by_number_alone_is_asked_so(office: Office) -> None:
    before = held(office)
    sent = office.send_trade(await office.planned(explicit()))
    intent, receipt = await office.mined(sent)
    not_understood = {"error": {"code": -32602, "message": "invalid argument 1: cannot unmarshal object"}}

    def withhold(request: Request) -> Answer | None:
        named_by_hash = request["params"] and isinstance(request["params"][-1], dict)
        by_state = request["method"] in ("eth_getBalance", "eth_getTransactionCount", "eth_call")
        return not_understood if named_by_hash and by_state else None

    async with (
        ChangingProxy(office.trading.node.url, withhold=withhold) as proxy,
        Rpc(proxy.url) as rpc,
    ):
        assert await book(replace(office.keeper, rpc=rpc), intent, receipt, sent.pending)
    before.assert_booked()
    booking = office.books.standing(intent.intent_id)
    assert booking is not None
    assert booking.checked == AGREES
    assert all(asset.usd is not None for asset in booking.assets.values())


async def test_what_the_node_does_not_tell_any_more_is_said(office: Office) -> None:
    """The header is there, the state is not: as on a node that keeps little of it."""
    sent = office.send_trade(await office.planned(explicit()))
    intent, receipt = await office.mined(sent)
    gone = {"error": {"code": -32000, "message": "missing trie node"}}

    def withhold(request: Request) -> Answer | None:
        return gone if request["method"] in ("eth_getBalance", "eth_call") else None

    async with (
        ChangingProxy(office.trading.node.url, withhold=withhold) as proxy,
        Rpc(proxy.url) as rpc,
    ):
        assert await book(replace(office.keeper, rpc=rpc), intent, receipt, sent.pending)
    booking = office.books.standing(intent.intent_id)
    assert booking is not None
    assert booking.checked.startswith("the balances around the block cannot be read")
    assert {entry.kind for entry in booking.entries} == {Kind.GROSS, Kind.GAS}
