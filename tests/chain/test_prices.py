"""A USD price is exact, fresh, and of the very token."""

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest

from devnet import Node, abi
from devnet.compiler import compile_files
from devnet.feeds import KEEPER, set_price
from executor.chain.head import head
from executor.chain.prices import FeedAbsentError, UsdPrice, usd_price
from executor.chain.rpc import Rpc
from executor.domain.address import Address
from executor.domain.chain import ChainData, KnownAddress, SequencerFeed
from executor.domain.errors import PriceUnavailableError
from executor.domain.token import Token

NAMESAKE = Token(1, Address("0x00000000000000000000000000000000000000A1"), "WBTC", 18)


async def price(
    rpc: Rpc,
    chain: ChainData,
    token: Token,
    *,
    max_age: int | None = None,
    fixed: Mapping[str, str] | None = None,
    is_local: bool = False,
) -> UsdPrice:
    declared = {name: Decimal(text) for name, text in (fixed or {}).items()}
    return await usd_price(
        rpc, chain, token, fixed=declared, block=await head(rpc), max_age_seconds=max_age, is_local=is_local
    )


def feed_of(chain: ChainData, token: Token) -> str:
    feed = chain.feed_for(token.address)
    assert feed is not None
    return feed.known.address


async def test_a_feed_gives_the_price_of_a_whole_token_exactly(
    rpc: Rpc, ethereum: Node, chain: ChainData
) -> None:
    set_price(ethereum, feed_of(chain, chain.wrapped_native), 3_123_45678901)
    told = await price(rpc, chain, chain.wrapped_native)
    assert told.usd_per_token == Fraction(312345678901, 10**8)
    assert told.source == f"chainlink {feed_of(chain, chain.wrapped_native)}"
    assert told.updated_at is not None


async def test_an_answer_older_than_the_heartbeat_and_a_tenth_is_no_price(
    rpc: Rpc, ethereum: Node, chain: ChainData
) -> None:
    set_price(ethereum, feed_of(chain, chain.wrapped_native), 3_000 * 10**8)
    ethereum.increase_time(3_900)
    assert (await price(rpc, chain, chain.wrapped_native)).usd_per_token == 3_000
    ethereum.increase_time(120)
    with pytest.raises(PriceUnavailableError, match="seconds old, 3960 are allowed"):
        await price(rpc, chain, chain.wrapped_native)


async def test_the_settings_may_ask_for_fresher_answers(rpc: Rpc, ethereum: Node, chain: ChainData) -> None:
    ethereum.increase_time(60)
    assert (await price(rpc, chain, chain.wrapped_native, max_age=600)).usd_per_token > 0
    with pytest.raises(PriceUnavailableError, match="30 are allowed"):
        await price(rpc, chain, chain.wrapped_native, max_age=30)


@pytest.mark.parametrize("answer", [0, -1])
async def test_an_answer_that_is_not_positive_is_no_price(
    rpc: Rpc, ethereum: Node, chain: ChainData, answer: int
) -> None:
    set_price(ethereum, feed_of(chain, chain.wrapped_native), answer)
    with pytest.raises(PriceUnavailableError, match=f"answers {answer}"):
        await price(rpc, chain, chain.wrapped_native)


async def test_a_feed_that_is_not_there_is_no_price(rpc: Rpc, ethereum: Node, chain: ChainData) -> None:
    ethereum.set_code(feed_of(chain, chain.wrapped_native), b"")
    with pytest.raises(PriceUnavailableError, match="does not answer"):
        await price(rpc, chain, chain.wrapped_native)


async def test_a_feed_that_answers_nonsense_is_no_price(rpc: Rpc, ethereum: Node, chain: ChainData) -> None:
    always_the_largest_word = bytes.fromhex("5f195f5260205ff3")
    ethereum.set_code(feed_of(chain, chain.wrapped_native), always_the_largest_word)
    with pytest.raises(PriceUnavailableError, match="does not answer"):
        await price(rpc, chain, chain.wrapped_native)


async def test_a_feed_wins_over_a_declared_price(rpc: Rpc, ethereum: Node, chain: ChainData) -> None:
    """Else a price declared long ago would outlive the market."""
    set_price(ethereum, feed_of(chain, chain.wrapped_native), 3_000 * 10**8)
    assert (await price(rpc, chain, chain.wrapped_native, fixed={"WETH": "1"})).usd_per_token == 3_000


async def test_a_declared_price_does_not_stand_in_for_a_stale_feed(
    rpc: Rpc, ethereum: Node, chain: ChainData
) -> None:
    ethereum.increase_time(100_000)
    with pytest.raises(PriceUnavailableError):
        await price(rpc, chain, chain.wrapped_native, fixed={"WETH": "3000"})


@pytest.mark.parametrize("name", ["WBTC", "wbtc", "0x2260FAC5E5542a773Aa44fBCfeDf7C193bc2C599"])
async def test_a_token_without_a_feed_has_the_declared_price(rpc: Rpc, chain: ChainData, name: str) -> None:
    told = await price(rpc, chain, chain.token("WBTC"), fixed={name: "60000.5"})
    assert told.usd_per_token == Fraction(120_001, 2)
    assert told.updated_at is None
    assert "declared" in told.source


async def test_a_namesake_does_not_get_the_declared_price_of_the_symbol(rpc: Rpc, chain: ChainData) -> None:
    with pytest.raises(PriceUnavailableError, match="no price feed and no declared price"):
        await price(rpc, chain, NAMESAKE, fixed={"WBTC": "60000"})
    assert (await price(rpc, chain, NAMESAKE, fixed={NAMESAKE.address: "2"})).usd_per_token == 2


async def test_the_native_coins_name_stands_for_its_wrapped_token(rpc: Rpc, chain: ChainData) -> None:
    without_feeds = replace(chain, feeds={})
    assert (
        await price(rpc, without_feeds, chain.wrapped_native, fixed={"ETH": "3000"})
    ).usd_per_token == 3_000


async def test_a_declared_price_of_nothing_is_no_price(rpc: Rpc, chain: ChainData) -> None:
    with pytest.raises(PriceUnavailableError):
        await price(rpc, chain, chain.token("WBTC"), fixed={"WBTC": "0"})


async def test_on_a_local_chain_without_the_feed_the_declared_price_counts(
    rpc: Rpc, ethereum: Node, chain: ChainData
) -> None:
    ethereum.set_code(feed_of(chain, chain.wrapped_native), b"")
    told = await price(rpc, chain, chain.wrapped_native, fixed={"WETH": "3000"}, is_local=True)
    assert told.usd_per_token == 3_000
    assert "declared" in told.source
    with pytest.raises(FeedAbsentError, match="not on this chain"):
        await price(rpc, chain, chain.wrapped_native, is_local=True)


async def test_on_a_real_chain_an_absent_feed_lets_no_declared_price_in(
    rpc: Rpc, ethereum: Node, chain: ChainData
) -> None:
    ethereum.set_code(feed_of(chain, chain.wrapped_native), b"")
    with pytest.raises(PriceUnavailableError, match="does not answer") as caught:
        await price(rpc, chain, chain.wrapped_native, fixed={"WETH": "3000"})
    assert not isinstance(caught.value, FeedAbsentError)


@pytest.mark.parametrize("code", ["5f195f5260205ff3", "5f5ffd"], ids=["answers nonsense", "reverts"])
async def test_on_a_local_chain_a_feed_that_is_there_is_not_absent(
    rpc: Rpc, ethereum: Node, chain: ChainData, code: str
) -> None:
    ethereum.set_code(feed_of(chain, chain.wrapped_native), bytes.fromhex(code))
    with pytest.raises(PriceUnavailableError, match="does not answer") as caught:
        await price(rpc, chain, chain.wrapped_native, fixed={"WETH": "3000"}, is_local=True)
    assert not isinstance(caught.value, FeedAbsentError)


def aggregator_of(node: Node, feed: str) -> str:
    """The aggregator behind a feed's proxy."""
    return str(abi.decode("(address)", node.call(feed, abi.encode_call("aggregator()")))[0])


@pytest.mark.parametrize(
    ("told", "problem"), [(50, "at or below the least"), (3_000, None), (20_000, "at or above the most")]
)
async def test_an_answer_at_the_aggregators_bounds_is_no_price(
    rpc: Rpc, ethereum: Node, chain: ChainData, told: int, problem: str | None
) -> None:
    """An aggregator that has reached its bounds says nothing of the market beyond them."""
    feed = feed_of(chain, chain.wrapped_native)
    bounded = compile_files(["tests/chain/solidity/BoundedAggregator.sol"])["BoundedAggregator"]
    ethereum.set_code(aggregator_of(ethereum, feed), bounded.deployed_bytecode)
    set_price(ethereum, feed, told * 10**8)
    if problem is None:
        assert (await price(rpc, chain, chain.wrapped_native)).usd_per_token == told
        return
    with pytest.raises(PriceUnavailableError, match=problem):
        await price(rpc, chain, chain.wrapped_native)


def with_sequencer_feed(chain: ChainData, feed: str) -> ChainData:
    """The chain as an L2 whose uptime feed is the one at that address."""
    known = KnownAddress("sequencer_uptime_feed", Address(feed), "the test")
    return replace(chain, sequencer_feed=SequencerFeed(known, 3_600))


def tell_sequencer(node: Node, feed: str, answer: int, since: int) -> None:
    """Write a round of the uptime feed: 0 is up, 1 is down, since that time."""
    data = abi.encode_call("updateRoundData(uint80,int256,uint256,uint256)", 2, answer, since, since)
    node.send(KEEPER, aggregator_of(node, feed), data)


async def test_on_an_l2_no_feed_counts_until_the_sequencer_was_up_for_its_grace_period(
    rpc: Rpc, ethereum: Node, chain: ChainData
) -> None:
    uptime = feed_of(chain, chain.token("DAI"))
    l2 = with_sequencer_feed(chain, uptime)
    set_price(ethereum, feed_of(chain, chain.wrapped_native), 3_000 * 10**8)
    now = (await head(rpc)).timestamp

    tell_sequencer(ethereum, uptime, 1, now - 7_200)
    with pytest.raises(PriceUnavailableError, match="the chain's sequencer is down"):
        await price(rpc, l2, chain.wrapped_native)
    tell_sequencer(ethereum, uptime, 0, now - 3_000)
    with pytest.raises(PriceUnavailableError, match="3600 must pass"):
        await price(rpc, l2, chain.wrapped_native)
    tell_sequencer(ethereum, uptime, 0, now - 3_700)
    assert (await price(rpc, l2, chain.wrapped_native)).usd_per_token == 3_000


async def test_a_sequencer_feed_that_does_not_answer_lets_no_price_in_but_on_a_local_chain_without_it(
    rpc: Rpc, ethereum: Node, chain: ChainData
) -> None:
    l2 = with_sequencer_feed(chain, "0x00000000000000000000000000000000000000F1")
    with pytest.raises(PriceUnavailableError, match="sequencer feed does not answer"):
        await price(rpc, l2, chain.wrapped_native)
    assert (await price(rpc, l2, chain.wrapped_native, is_local=True)).usd_per_token > 0


async def test_a_declared_price_needs_no_sequencer(rpc: Rpc, chain: ChainData) -> None:
    l2 = with_sequencer_feed(chain, "0x00000000000000000000000000000000000000F1")
    assert (await price(rpc, l2, chain.token("WBTC"), fixed={"WBTC": "60000"})).usd_per_token == 60_000
