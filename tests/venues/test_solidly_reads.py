"""Pools of the Solidly shape on a chain: found, read in every way, and at every block."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devnet import BASE_FULL, Node, abi
from devnet.book import PoolRecord
from devnet.deal import ensure_balance
from devnet.market import trade_aerodrome_v2
from devnet.protocols.tokens import TREASURY
from executor.chain.following import MarketFollower
from executor.chain.head import head
from executor.chain.lens import read_market
from executor.chain.rpc import Rpc
from executor.domain.address import to_address
from executor.domain.dex import Dex
from executor.domain.errors import MathsError, PoolNotFoundError
from executor.domain.log import Log
from executor.domain.pool import Pool, VenueKind
from executor.domain.pool_details import SolidlyDetails
from executor.domain.token import Token
from executor.venues import VENUES, solidly
from executor.venues.solidly import SolidlyState
from tests.support.answers import read_from
from tests.support.lens import ask_lens

FACTORY = to_address(BASE_FULL.contracts["aerodrome_v2_factory"])
DEX = Dex("aerodrome", VenueKind.SOLIDLY, FACTORY)
RECORDS = [each for each in BASE_FULL.pools if each.venue == "aerodrome_v2"]
UNKNOWN = to_address("0x" + "77" * 20)


def name(record: PoolRecord) -> str:
    """How a test is called after a pool."""
    return record.name


def token(address: str) -> Token:
    """A token of the book."""
    symbol = BASE_FULL.symbol(address)
    return Token(8453, to_address(address), symbol, BASE_FULL.decimals[symbol])


def found(node: Node, record: PoolRecord) -> Pool:
    """The pool as the factory names it."""
    tokens = [token(each) for each in record.tokens]
    (pool,) = (each for each in read_from(node, solidly.find(DEX, *tokens)) if each.address == record.address)
    return pool


@pytest.mark.parametrize("record", RECORDS, ids=name)
def test_the_factory_names_its_pools_with_their_fees(base_full_node: Node, record: PoolRecord) -> None:
    pool = found(base_full_node, record)
    assert pool.details == SolidlyDetails(record.stable)
    assert pool.fee == record.fee


def test_tokens_without_a_pool_are_told_to_have_none(base_full_node: Node) -> None:
    some, other = token(RECORDS[0].tokens[0]), Token(8453, UNKNOWN, "NONE", 18)
    with pytest.raises(PoolNotFoundError, match="no pool of"):
        read_from(base_full_node, solidly.find(DEX, some, other))


@pytest.mark.parametrize("record", RECORDS, ids=name)
def test_a_pool_says_what_it_is_and_its_factory_vouches_for_it(
    base_full_node: Node, record: PoolRecord
) -> None:
    identity = read_from(base_full_node, solidly.identify(to_address(record.address)))
    assert {identity.token0, identity.token1} == {to_address(each) for each in record.tokens}
    assert identity.details == SolidlyDetails(record.stable)
    assert read_from(base_full_node, solidly.belongs(DEX, identity))


def test_a_pool_of_anybodys_making_is_not_the_factorys(base_full_node: Node) -> None:
    identity = read_from(base_full_node, solidly.identify(to_address(RECORDS[0].address)))
    assert not read_from(base_full_node, solidly.belongs(DEX, replace(identity, address=UNKNOWN)))


def test_what_is_no_pool_is_told_to_be_none(base_full_node: Node) -> None:
    address = to_address(RECORDS[0].tokens[0])
    pool = replace(found(base_full_node, RECORDS[0]), address=address)
    for reading in (solidly.identify(address), solidly.read(pool)):
        with pytest.raises(PoolNotFoundError):
            read_from(base_full_node, reading)
    assert ask_lens(base_full_node, ("solidly", solidly.lens_request(pool, (0, 0)))) == [None]
    for answer in (b"", b"\1" * 31, b"\xff" * 32 * 13):
        with pytest.raises(PoolNotFoundError):
            solidly.lens_state(pool, answer)


@pytest.mark.parametrize("record", RECORDS, ids=name)
def test_a_pools_state_is_what_it_holds_and_what_its_factory_takes(
    base_full_node: Node, record: PoolRecord
) -> None:
    state = read_from(base_full_node, solidly.read(found(base_full_node, record)))

    held = [base_full_node.erc20_balance(each, record.address) for each in record.tokens]
    assert [state.reserve0, state.reserve1] == held
    assert [state.whole0, state.whole1] == [10 ** token(each).decimals for each in record.tokens]
    assert (state.stable, state.paused, state.exact) == (record.stable, False, True)
    assert state.fee_bps * 100 == record.fee


@pytest.mark.parametrize("record", RECORDS, ids=name)
def test_a_lens_reads_the_same(base_full_node: Node, record: PoolRecord) -> None:
    assert by_lens(base_full_node, found(base_full_node, record)) == read_from(
        base_full_node, solidly.read(found(base_full_node, record))
    )


def by_lens(node: Node, pool: Pool) -> SolidlyState:
    """The state that the lens answers."""
    (answer,) = ask_lens(node, ("solidly", solidly.lens_request(pool, (0, 0))))
    assert answer is not None
    return solidly.lens_state(pool, answer)


@pytest.mark.parametrize("record", RECORDS, ids=name)
@pytest.mark.parametrize("side", [0, 1])
def test_a_trade_through_the_venues_router_gives_the_amount_and_leaves_the_state_that_the_maths_say(
    base_full: Node, record: PoolRecord, side: int
) -> None:
    state = read_from(base_full, solidly.read(found(base_full, record)))
    amount = 10 ** token(record.tokens[side]).decimals * 1_234 // 1_000

    given_out = trade_aerodrome_v2(base_full, record, record.tokens[side], amount)

    assert given_out == VENUES[VenueKind.SOLIDLY].amount_out(state, side == 0, amount)
    assert read_from(base_full, solidly.read(state.pool)) == solidly.after(state, side == 0, amount)


def test_a_pool_that_quotes_otherwise_is_not_taken_for_exact(base_full: Node) -> None:
    state = read_from(base_full, solidly.read(found(base_full, RECORDS[0])))
    (answer,) = ask_lens(base_full, ("solidly", solidly.lens_request(state.pool, (0, 0))))
    assert answer is not None
    one_more = int.from_bytes(answer[-32:], "big") + 1

    other = solidly.lens_state(state.pool, answer[:-32] + one_more.to_bytes(32, "big"))

    assert other == replace(state, exact=False)
    with pytest.raises(MathsError, match="does not quote as"):
        solidly.amount_out(other, True, 10**18)


# What people do at a pool: trade either way, add, take out, give it something and have it counted.
DEEDS = ("sell first", "sell second", "mint", "burn", "sync")
deeds = st.lists(st.tuples(st.sampled_from(DEEDS), st.integers(1, 10**6)), min_size=1, max_size=8)


def do(node: Node, record: PoolRecord, deed: str, size: int) -> None:
    """One deed; `size` is in millionths of what the pool holds."""
    first, second = record.tokens
    held = {each: node.erc20_balance(each, record.address) for each in record.tokens}
    if deed.startswith("sell"):
        sold = first if deed == "sell first" else second
        trade_aerodrome_v2(node, record, sold, held[sold] * size // 10**6 + 10**13)
        return
    for each in record.tokens:
        amount = held[each] * size // 10**6 + 1
        if deed != "burn":
            give(node, each, record.address, amount)
    if deed == "burn":
        share = node.erc20_balance(record.address, TREASURY) * size // (2 * 10**6) + 10**6
        node.send(
            TREASURY, record.address, abi.encode_call("transfer(address,uint256)", record.address, share)
        )
    arguments = () if deed == "sync" else (TREASURY,)
    signature = f"{deed}()" if deed == "sync" else f"{deed}(address)"
    node.send(TREASURY, record.address, abi.encode_call(signature, *arguments))


def give(node: Node, asset: str, who: str, amount: int) -> None:
    """Somebody hands `who` some of a token."""
    ensure_balance(node, asset, TREASURY, amount)
    node.send(TREASURY, asset, abi.encode_call("transfer(address,uint256)", who, amount))


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(traffic=deeds, record=st.sampled_from(RECORDS))
def test_after_whatever_traffic_the_lens_reads_what_the_pool_says(
    base_full_node: Node, traffic: list[tuple[str, int]], record: PoolRecord
) -> None:
    with base_full_node.isolated() as node:
        pool = found(node, record)
        for deed, size in traffic:
            do(node, record, deed, size)
        assert by_lens(node, pool) == read_from(node, solidly.read(pool))


@pytest.mark.parametrize(
    ("signature", "arguments", "changed"),
    [
        ("setFee(bool,uint256)", (RECORDS[0].stable, 77), [True, RECORDS[1].stable == RECORDS[0].stable]),
        ("setCustomFee(address,uint256)", (RECORDS[0].address, 77), [True, False]),
        ("setPauseState(bool)", (True,), [True, True]),
    ],
)
async def test_a_change_by_the_factory_is_known_at_the_next_block(
    base_full: Node, signature: str, arguments: tuple[object, ...], changed: list[bool]
) -> None:
    pools = [found(base_full, record) for record in RECORDS[:2]]
    async with Rpc(base_full.url) as rpc:
        follower, at = MarketFollower(rpc), await head(rpc)
        before = await read_market(rpc, pools, at)
        follower.offer(before.values(), at)
        chief = abi.decode("(address)", base_full.call(FACTORY, abi.encode_call("pauser()")))[0]
        base_full.send(chief, FACTORY, abi.encode_call(signature, *arguments))
        await follower.advance()
    for pool, other in zip(pools, changed, strict=True):
        known = follower.book.state(pool.key)
        assert known == read_from(base_full, solidly.read(pool))
        assert (known != before[pool.key]) is other


def test_logs_of_others_change_nothing(base_full_node: Node) -> None:
    state = read_from(base_full_node, solidly.read(found(base_full_node, RECORDS[0])))
    assert not solidly.FOLLOWABLE
    assert solidly.emitters(state.pool) == ()
    assert solidly.follow(state, Log(UNKNOWN, (), b"", 1, "0x", 0)) is state
    assert solidly.follow(state, Log(state.pool.address, (), b"", 1, "0x", 0)) is None


def test_an_address_that_says_to_hold_more_than_can_be_asked_about_is_no_pool(
    base_full_node: Node,
) -> None:
    reading = solidly.read(found(base_full_node, RECORDS[0]))
    next(reading)
    words = (10**18, 10**6, 2**256 - 1, 1, 0, 0, 0)
    with pytest.raises(PoolNotFoundError, match="Solidly"):
        reading.send((b"".join(word.to_bytes(32, "big") for word in words), (1).to_bytes(32, "big")))
