"""`executor quote`: what a route, a pair or an opportunity would earn now, and where the money goes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from rich.console import Group
from rich.markup import escape
from rich.table import Table

from executor.config.settings import Settings
from executor.domain.errors import ConfigError, OpportunityError
from executor.domain.opportunity import Opportunity
from executor.domain.several import SizedSeveral
from executor.domain.split import SizedSplit
from executor.domain.token import Token
from executor.engine.described import shape_of
from executor.engine.intake import parse
from executor.engine.quoted_hops import Hop
from executor.engine.quoted_means import Means, pays
from executor.engine.quoting import Quote, quote_opportunity, quote_pair
from executor.engine.session import open_session
from executor.operations.sources import items_of
from executor.policy.profit import show_usd, usd_value, wei_cost
from executor.submission.clock import SystemClock

_BETWEEN = re.compile(r"[\s,>]+")
PERCENT_PLACES = 4


@dataclass(frozen=True, slots=True)
class Asked:
    """What the command line asks about: one of `source`, `route` and `pair`. `amount` is a whole number in
    the settlement token's smallest unit, as text.
    """

    source: str | None = None
    route: str | None = None
    pair: str | None = None
    chain: str | None = None
    amount: str | None = None
    funding: str | None = None


async def quote_now(settings: Settings, asked: Asked) -> Quote:
    """The quote. Opens no key, sends nothing.

    Raises ConfigError for a wrong command line, OpportunityError naming the field, and what reading raises.
    """
    opportunity = await _opportunity(settings, asked)
    require_chain(opportunity, settings)
    async with AsyncExitStack() as stack:
        session = await open_session(stack, settings, opportunity.chain, means=None, clock=SystemClock())
        if asked.pair is not None:
            return await quote_pair(session, opportunity)
        return await quote_opportunity(session, opportunity)


async def _opportunity(settings: Settings, asked: Asked) -> Opportunity:
    given = [name for name in ("source", "route", "pair") if getattr(asked, name) is not None]
    if len(given) != 1:
        raise ConfigError(
            "quote", "needs one thing to quote", fix="give a FILE with one opportunity, or --route, or --pair"
        )
    if asked.source is not None:
        return _with_options(await _only_item(asked.source), asked)
    document = {"opportunity_id": "quote", "chain": asked.chain or _only_chain(settings)}
    more = _pair(asked.pair) if asked.pair is not None else _legs(asked.route or "")
    return _with_options({**document, **more}, asked)


def _with_options(document: object, asked: Asked) -> Opportunity:
    if isinstance(document, dict):
        wanted = {"chain": asked.chain, "amount": asked.amount, "funding": asked.funding}
        document = {**document, **{name: value for name, value in wanted.items() if value is not None}}
    return parse(document)


async def _only_item(source: str) -> object:
    items = [item async for item in items_of(source)]
    if len(items) != 1:
        raise ConfigError("FILE", f"{source} holds {len(items)} opportunities", fix="give one to be quoted")
    if items[0].error is not None:
        raise items[0].error
    return items[0].value


def _pair(text: str) -> dict[str, object]:
    names = text.split("/")
    if len(names) != 2 or not all(names):
        raise ConfigError(
            "--pair", f"{text!r} is no pair", fix="give two tokens, the one to profit in first: WETH/USDC"
        )
    return {"quote_token": names[0], "token": names[1], "buy_dex": "any", "sell_dex": "any"}


def _legs(text: str) -> dict[str, object]:
    words = [word for word in _BETWEEN.split(text) if word]
    if len(words) % 2 and len(words) > 2 and words[-1] == words[0]:
        words.pop()
    if len(words) < 2 or len(words) % 2:
        raise ConfigError(
            "--route",
            f"{text!r} is no route",
            fix="give tokens and pools in turn, from the token to profit in: 'WETH 0xPOOL USDC 0xPOOL'",
        )
    pairs = zip(words[::2], words[1::2], strict=True)
    return {"legs": [{"token_in": token, "pool": pool} for token, pool in pairs]}


def _only_chain(settings: Settings) -> str:
    names = list(settings.chains)
    if len(names) != 1:
        raise ConfigError(
            "--chain", "more than one chain is configured", fix=f"name one of {', '.join(names)}"
        )
    return names[0]


def as_dict(quote: Quote) -> dict[str, object]:
    """As `executor quote --json` prints it: amounts as decimal strings in smallest units, `amount_in` as an
    execution has it: of several routes the largest input; `total_in` and `total_out` are of all together, and
    `amount_out` is what comes out of all.
    """
    profit, settlement = quote.profit, quote.sized.route.settlement
    shape, simulation = shape_of(quote.sized), None
    shape.pop("parts", None)
    if quote.simulation is not None:
        simulation = {"profit": str(quote.simulation.profit), "gas_used": quote.simulation.gas_used}
    return {
        "ok": profit.net is not None and profit.net > 0,
        "block_number": quote.head.number,
        "settlement_token": settlement.address,
        "settlement_symbol": settlement.symbol,
        "amount_in": str(quote.sized.amount_in),
        "amount_out": str(profit.amount_out),
        "divided": isinstance(quote.sized, SizedSplit),
        **shape,
        "hops": [_hop_dict(hop) for hop in quote.hops],
        "funding": quote.sized.funding.value,
        "means": [_means_dict(means) for means in quote.means],
        "premium": str(profit.premium),
        "gas": profit.gas,
        "gas_price": str(profit.fees.effective_price),
        "l1_fee": str(profit.l1_fee),
        "gas_cost_wei": str(profit.wei),
        "gas_cost": _text(profit.gas_cost),
        "gross_profit": str(profit.gross),
        "net_profit": _text(profit.net),
        "net_profit_usd": _text(_usd(quote, profit.net)),
        "simulation": simulation,
        "refusal": None if quote.refusal is None else quote.refusal.message,
        "proven_best": quote.optimal,
        "shortfall_bound": _text(quote.shortfall and quote.shortfall.most),
        "shortfall_cap": _text(quote.shortfall and quote.shortfall.cap),
    }


def _hop_dict(hop: Hop) -> dict[str, object]:
    return {
        "route": hop.place,
        "stage": hop.stage,
        "pool": hop.leg.pool.identity,
        "dex": hop.leg.pool.dex,
        "kind": hop.leg.pool.kind.value,
        "token_in": hop.leg.token_in.symbol,
        "token_out": hop.leg.token_out.symbol,
        "amount_in": str(hop.amount_in),
        "amount_out": str(hop.amount_out),
        "fee": _text(hop.fee),
        "price_impact_pct": str(percent(hop.impact)),
        "gas": hop.gas,
    }


def _means_dict(means: Means) -> dict[str, object]:
    first, *second = [{"funding": payer.funding.value, "pool": payer.pool} for payer in means.payers]
    return {
        "route": means.place,
        **first,
        "second": second[0] if second else None,
        "premium": str(means.premium),
        "gas": means.gas,
        "problem": means.problem,
    }


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def percent(share: Fraction) -> Decimal:
    """A share in percent for people: four places, rounded down."""
    return Decimal(int(share * 100 * 10**PERCENT_PLACES)).scaleb(-PERCENT_PLACES)


def shown(amount: int, token: Token) -> str:
    """An amount in whole tokens, for people."""
    return f"{Decimal(amount).scaleb(-token.decimals).normalize():f} {token.symbol}"


def _usd(quote: Quote, amount: int | None) -> Decimal | None:
    if amount is None or quote.settlement_usd is None:
        return None
    return show_usd(usd_value(amount, quote.sized.route.settlement.decimals, quote.settlement_usd))


def table(quote: Quote) -> Group:
    """The hops, the means, and where the money goes; of several routes those too that are left out."""
    left = [_left_out(quote.sized)] if isinstance(quote.sized, SizedSeveral) and quote.sized.left_out else []
    return Group(_hops(quote), *left, _ways_to_pay(quote), _money(quote))


def _left_out(sized: SizedSeveral) -> Table:
    found = Table(title="Routes that are left out")
    found.add_column("route")
    found.add_column("why", overflow="fold")
    for left in sized.left_out:
        found.add_row(str(left.place), escape(left.why))
    return found


def _hops(quote: Quote) -> Table:
    several = isinstance(quote.sized, SizedSeveral)
    shape = ", divided over pools side by side" if isinstance(quote.sized, SizedSplit) else ""
    if several:
        shape = ", route after route"
    found = Table(title=f"Block {quote.head.number}{shape}{_how_sure(quote)}")
    for column in ("stage", "hop", "in", "out", "pool keeps", "price impact", "gas"):
        found.add_column(column, overflow="fold")
    for hop in quote.hops:
        pool = hop.leg.pool
        found.add_row(
            f"{hop.place}: {hop.stage + 1}" if several else str(hop.stage + 1),
            escape(f"{pool.dex} {pool.identity}"),
            shown(hop.amount_in, hop.leg.token_in),
            shown(hop.amount_out, hop.leg.token_out),
            "-" if hop.fee is None else shown(hop.fee, hop.leg.token_in),
            f"{percent(hop.impact)} %",
            str(hop.gas),
        )
    return found


def _how_sure(quote: Quote) -> str:
    if quote.optimal is None:
        return ""
    return ": proven to be the best way" if quote.optimal else ": the best way that was found"


def _ways_to_pay(quote: Quote) -> Table:
    settlement = quote.sized.route.settlement
    found = Table(title="Who pays: the cheapest that can")
    for column in ("means", "premium", "gas over own money", "why not"):
        found.add_column(column, overflow="fold")
    for means in quote.means:
        taken = " (taken)" if pays(means, quote.sized) else ""
        who = " and ".join(f"{name.funding} {name.pool or ''}".rstrip() for name in means.payers)
        cells = ("-", "-") if means.problem else (shown(means.premium, settlement), str(means.gas))
        route = f"route {means.place}: " if isinstance(quote.sized, SizedSeveral) else ""
        found.add_row(f"{route}{who}{taken}", *cells, escape(means.problem))
    return found


def _money(quote: Quote) -> Table:
    found = Table(title="Where the money goes", show_header=False)
    found.add_column("what")
    found.add_column("amount", justify="right", overflow="fold")
    for what, amount in _lines(quote):
        found.add_row(what, amount)
    return found


def _lines(quote: Quote) -> Iterator[tuple[str, str]]:
    profit, settlement = quote.profit, quote.sized.route.settlement
    together = " of all routes together" if isinstance(quote.sized, SizedSeveral) else ""
    if together:
        yield "goes in at most at once", shown(quote.sized.amount_in, settlement)
    yield f"goes in{together}", shown(profit.amount_in, settlement)
    yield "comes out", shown(profit.amount_out, settlement)
    yield "premium", shown(profit.premium, settlement)
    source = "simulated" if quote.simulation else "by the model"
    told = "no price" if profit.rate is None else shown(_gas_alone(quote), settlement)
    yield f"gas: {profit.gas} ({source}) at {profit.fees.effective_price} wei", told
    if profit.l1_fee:
        yield f"L1 data fee: {profit.l1_fee} wei", _l1_alone(quote)
    net = "unknown: gas has no price" if profit.net is None else shown(profit.net, settlement)
    usd = _usd(quote, profit.net)
    yield "net profit", net if usd is None else f"{net} ({usd} USD)"
    if quote.shortfall is not None:
        cap = quote.shortfall.cap
        upto = "" if cap is None else f" of up to {shown(cap, settlement)}"
        yield f"another input{upto} earns at most more", shown(quote.shortfall.most, settlement)
    if quote.refusal is not None:
        yield "the router", escape(quote.refusal.message)


def _gas_alone(quote: Quote) -> int:
    profit = quote.profit
    assert profit.rate is not None
    return wei_cost(profit.wei - profit.l1_fee, profit.rate)


def _l1_alone(quote: Quote) -> str:
    if quote.profit.gas_cost is None:
        return "no price"
    return shown(quote.profit.gas_cost - _gas_alone(quote), quote.sized.route.settlement)


def require_chain(opportunity: Opportunity, settings: Settings) -> None:
    """Raises OpportunityError where the opportunity's chain is not configured."""
    if opportunity.chain not in settings.chains:
        known = ", ".join(sorted(settings.chains)) or "none"
        raise OpportunityError(
            "chain", f"{opportunity.chain!r} is not configured", fix=f"use one of: {known}"
        )
