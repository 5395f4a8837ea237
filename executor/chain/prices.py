"""USD prices as exact ratios: from a Chainlink feed, or a price that the user declared. Never a guess."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from executor.chain.calls import code_at
from executor.chain.reading import read
from executor.chain.rpc import Rpc
from executor.domain.abi import decoded, decoded_int, eth_call
from executor.domain.call import Reading
from executor.domain.chain import ChainData, Feed
from executor.domain.errors import PriceUnavailableError
from executor.domain.market import BlockHead
from executor.domain.token import Token

_ROUND = ("uint80", "int256", "uint256", "uint256", "uint80")
_MOST_DECIMALS = 36


class FeedAbsentError(PriceUnavailableError):
    """A local chain has no code at the feed's address, and no price was declared in its place."""

    code = "feed_absent"


@dataclass(frozen=True, slots=True)
class FeedAnswer:
    """The latest round of a feed: `answer` / 10**`decimals` USD per whole token, as of `updated_at` (Unix
    time).
    """

    answer: int
    decimals: int
    updated_at: int


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
    """The latest round of an aggregator (`latestRoundData`, `decimals`), or None where no feed answers."""
    address = feed.known.address
    round_answer, decimals_answer = yield (
        eth_call(address, "latestRoundData()"),
        eth_call(address, "decimals()"),
    )
    values, decimals = decoded(round_answer, *_ROUND), decoded_int(decimals_answer, "uint8")
    if values is None or decimals is None or decimals > _MOST_DECIMALS:
        return None
    _, answer, _, updated_at, _ = values
    if not isinstance(answer, int) or not isinstance(updated_at, int):
        return None
    return FeedAnswer(answer, decimals, updated_at)


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
    and stale stays the only source. Raises PriceUnavailableError, FeedAbsentError, NodeError.
    """
    feed = chain.feed_for(token.address)
    if feed is None:
        return _declared(chain, token, fixed)
    answer = await read(rpc, read_feed(feed), block)
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
    if answer.answer <= 0:
        raise _unavailable(token, f"its feed answers {answer.answer}", feed=feed.known.address)
    limit = feed.heartbeat_seconds * 11 // 10 if max_age_seconds is None else max_age_seconds
    age = block.timestamp - answer.updated_at
    if abs(age) > limit:
        raise _unavailable(
            token,
            f"its feed's answer is {age} seconds old, {limit} are allowed",
            feed=feed.known.address,
            age_seconds=age,
        )
    price = Fraction(answer.answer, 10**answer.decimals)
    return UsdPrice(token, price, f"chainlink {feed.known.address}", answer.updated_at)


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
        fix="declare its price under fixed_prices_usd if it has no feed, or lift the USD limits",
        token=token.address,
        **facts,
    )
