"""USD prices as exact ratios: from a Chainlink feed, or a price that the user declared. Never a guess."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from executor.chain.calls import code_at
from executor.chain.reading import read_all
from executor.chain.rpc import Rpc
from executor.domain.abi import decoded, decoded_address, decoded_int, eth_call
from executor.domain.call import Reading
from executor.domain.chain import ChainData, Feed, SequencerFeed
from executor.domain.errors import PriceUnavailableError
from executor.domain.market import BlockHead
from executor.domain.token import Token
from executor.policy.feeds import FeedAnswer, SequencerStatus, answer_problem, sequencer_problem

_ROUND = ("uint80", "int256", "uint256", "uint256", "uint80")
_MOST_DECIMALS = 36


class FeedAbsentError(PriceUnavailableError):
    """A local chain has no code at the feed's address, and no price was declared in its place."""

    code = "feed_absent"


@dataclass(frozen=True, slots=True)
class UsdPrice:
    """`usd_per_token` is USD per whole token, exact. `source` says where from; `updated_at` is None for a
    declared price.
    """

    token: Token
    usd_per_token: Fraction
    source: str
    updated_at: int | None


def read_feed(feed: Feed) -> Reading[FeedAnswer | None]:
    """The latest round of an aggregator (`latestRoundData`, `decimals`) with the bounds of the aggregator
    behind it, or None where no feed answers.
    """
    address = feed.known.address
    round_answer, decimals_answer, behind = yield (
        eth_call(address, "latestRoundData()"),
        eth_call(address, "decimals()"),
        eth_call(address, "aggregator()"),
    )
    values, decimals = decoded(round_answer, *_ROUND), decoded_int(decimals_answer, "uint8")
    if values is None or decimals is None or decimals > _MOST_DECIMALS:
        return None
    round_id, answer, _, updated_at, answered_in = (int(str(value)) for value in values)
    aggregator = decoded_address(behind) or address
    bounds = yield (eth_call(aggregator, "minAnswer()"), eth_call(aggregator, "maxAnswer()"))
    least, most = (decoded_int(bound, "int192") for bound in bounds)
    return FeedAnswer(answer, decimals, updated_at, round_id, answered_in, least, most)


def read_sequencer(feed: SequencerFeed) -> Reading[SequencerStatus | None]:
    """The latest round of the uptime feed, None where none answers."""
    (answer,) = yield (eth_call(feed.known.address, "latestRoundData()"),)
    values = decoded(answer, *_ROUND)
    if values is None:
        return None
    return SequencerStatus(int(str(values[1])), int(str(values[2])))


async def usd_price(
    rpc: Rpc,
    chain: ChainData,
    token: Token,
    *,
    fixed: Mapping[str, Decimal],
    block: BlockHead,
    max_age_seconds: int | None,
    is_local: bool = False,
) -> UsdPrice:
    """The USD price of `token` at `block`: its feed where the chain data have one, else a declared price from
    `fixed` (by address, or by symbol where the chain data know exactly one token of it).

    `max_age_seconds` None means the feed's heartbeat and a tenth more. On a local chain that has no code at
    the feed's address (a recorded or home-made state) the declared price counts too; a feed that is there
    and stale stays the only source. On an L2 no feed counts while the sequencer's uptime feed, where the
    chain data have one, says that it is down or has not been up for its grace period. Raises
    PriceUnavailableError, FeedAbsentError, NodeError.
    """
    feed = chain.feed_for(token.address)
    if feed is None:
        return _declared(chain, token, fixed)
    answer, sequencer = await _read_both(rpc, feed, chain.sequencer_feed, block)
    if chain.sequencer_feed is not None:
        await _require_sequencer(rpc, token, chain.sequencer_feed, sequencer, block, is_local=is_local)
    if answer is None and is_local and not await code_at(rpc, feed.known.address, block):
        try:
            return _declared(chain, token, fixed)
        except PriceUnavailableError as error:
            raise FeedAbsentError(
                f"There is no USD price for {token.symbol} ({token.address}): its feed is not on this chain.",
                fix=error.fix,
                token=token.address,
                feed=feed.known.address,
            ) from None
    if answer is None:
        raise _unavailable(token, "its feed does not answer", feed=feed.known.address)
    limit = feed.heartbeat_seconds * 11 // 10 if max_age_seconds is None else max_age_seconds
    problem = answer_problem(answer, now=block.timestamp, max_age_seconds=limit)
    if problem is not None:
        raise _unavailable(token, f"its feed {problem}", feed=feed.known.address)
    return UsdPrice(token, answer.usd_per_token, f"chainlink {feed.known.address}", answer.updated_at)


async def _read_both(
    rpc: Rpc, feed: Feed, sequencer: SequencerFeed | None, block: BlockHead
) -> tuple[FeedAnswer | None, SequencerStatus | None]:
    """The feed's answer, and the sequencer's status where the chain has a feed of it, in the same batches."""
    readings: list[Reading[FeedAnswer | SequencerStatus | None]] = [read_feed(feed)]
    if sequencer is not None:
        readings.append(read_sequencer(sequencer))
    answer, status = (*await read_all(rpc, readings, block), None)[:2]
    return (
        answer if isinstance(answer, FeedAnswer) else None,
        status if isinstance(status, SequencerStatus) else None,
    )


async def _require_sequencer(
    rpc: Rpc,
    token: Token,
    feed: SequencerFeed,
    status: SequencerStatus | None,
    block: BlockHead,
    *,
    is_local: bool,
) -> None:
    """Raises PriceUnavailableError while the chain's sequencer is down, or not up for long enough."""
    if status is None:
        if is_local and not await code_at(rpc, feed.known.address, block):
            return
        raise _unavailable(token, "the chain's sequencer feed does not answer", feed=feed.known.address)
    problem = sequencer_problem(status, now=block.timestamp, grace_period_seconds=feed.grace_period_seconds)
    if problem is not None:
        raise _unavailable(token, problem, feed=feed.known.address)


def _declared(chain: ChainData, token: Token, fixed: Mapping[str, Decimal]) -> UsdPrice:
    known = chain.tokens.get(token.symbol, ())
    names = {token.address.lower()}
    if len(known) == 1 and known[0].token.address == token.address:
        names.add(token.symbol.lower())
    if token.address == chain.wrapped_native.address:
        names.add(chain.native_symbol.lower())
    for name, price in fixed.items():
        if name.lower() in names and price > 0:
            return UsdPrice(token, Fraction(price), "declared in the settings", None)
    raise _unavailable(token, "it has no price feed and no declared price")


def _unavailable(token: Token, problem: str, **facts: object) -> PriceUnavailableError:
    return PriceUnavailableError(
        f"There is no USD price for {token.symbol} ({token.address}): {problem}.",
        fix="if it has no feed, declare its price under fixed_prices_usd, or a pool under pool_prices",
        token=token.address,
        **facts,
    )
