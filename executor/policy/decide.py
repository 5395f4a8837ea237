"""Whether to send, on the ground of facts alone: no clock, no node, no floats.

Every rule is asked, so that a declined opportunity comes with all its reasons at once.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from executor.domain.decision import Decision, Reason, Verdict
from executor.domain.token import Token
from executor.policy.fees import RPC_FEE_CAP, Fees, within_fee_cap
from executor.policy.gas_levels import GasJudgement, GasLevel
from executor.policy.profit import (
    NATIVE_RATE,
    Profit,
    minimum_profit,
    show_usd,
    usd_to_settlement,
    usd_value,
    wei_rate,
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What the user allows. `max_base_fee` and `max_fee_per_gas` in wei per gas; None is no limit.
    `least_priority_fee`: what the chain asks above the base fee, in wei per gas.
    """

    min_profit_usd: Decimal
    max_trade_size_usd: Decimal | None = None
    profit_share_bps: int = 9_500
    max_base_fee: int | None = None
    max_fee_per_gas: int | None = None
    least_priority_fee: int = 0


@dataclass(frozen=True, slots=True)
class DecisionFacts:
    """All that a decision rests on.

    `simulated_profit` (settlement-token delta after premium and tip) and `amount_in` in the settlement
    token's smallest unit; `gas_used`, `gas_limit` in gas; `l1_fee` (what data will cost), `l1_fee_held`
    (what the sender must hold for them) and `gas_money` (the sender's balance) in wei; `now` and `deadline`
    in Unix seconds. Prices are USD for one whole token, None where no feed gives one. `settlement_is_native`:
    it is the wrapped native coin, so that gas needs no price. `gas_judgement`: how good the price of gas is,
    on chains that are judged by it.
    """

    simulated_profit: int
    amount_in: int
    gas_used: int
    gas_limit: int
    fees: Fees
    settlement: Token
    settlement_is_native: bool
    gas_money: int
    now: int
    limits: Limits
    settlement_usd: Fraction | None = None
    native_usd: Fraction | None = None
    l1_fee: int = 0
    l1_fee_held: int = 0
    deadline: int | None = None
    gas_judgement: GasJudgement | None = None


@dataclass(frozen=True, slots=True)
class _Figures:
    """What follows from the facts, in the settlement token's smallest unit; None where a price is missing."""

    gas_cost_wei: int
    gas_cost: int | None
    net: int | None
    wanted: int | None
    price: Fraction | None


def decide(facts: DecisionFacts) -> Decision:
    """Proceed only if every limit is kept and the expected profit after gas is positive and at least what is
    wanted.

    Gas is expected at the next block's price, for `gas_used`, plus `l1_fee`. `minimum_profit` of the decision
    is what the call must demand on chain; it is never above the simulated profit where the verdict is to
    proceed.
    """
    figures = _figures(facts)
    reasons = tuple(_reasons(facts, figures))
    shown = None
    if figures.net is not None and figures.price is not None:
        shown = show_usd(usd_value(figures.net, facts.settlement.decimals, figures.price))
    return Decision(
        verdict=Verdict.DECLINE if reasons else Verdict.PROCEED,
        reasons=reasons,
        expected_profit=facts.simulated_profit,
        expected_net_profit=figures.net,
        minimum_profit=minimum_profit(
            facts.simulated_profit, facts.limits.profit_share_bps, figures.gas_cost or 0, figures.wanted or 0
        ),
        gas_cost=figures.gas_cost_wei,
        gas_cost_settlement=figures.gas_cost,
        expected_net_profit_usd=shown,
    )


def _figures(facts: DecisionFacts) -> _Figures:
    price = _settlement_price(facts)
    profit = Profit(
        facts.amount_in,
        facts.amount_in + facts.simulated_profit,
        facts.gas_used,
        facts.fees,
        _rate(facts, price),
        l1_fee=facts.l1_fee,
    )
    wanted: int | None = 0 if facts.limits.min_profit_usd == 0 else None
    if price is not None:
        wanted = usd_to_settlement(
            facts.limits.min_profit_usd, settlement_usd=price, settlement_decimals=facts.settlement.decimals
        )
    return _Figures(profit.wei, profit.gas_cost, profit.net, wanted, price)


def _rate(facts: DecisionFacts, price: Fraction | None) -> Fraction | None:
    if facts.settlement_is_native:
        return NATIVE_RATE
    if price is None or facts.native_usd is None:
        return None
    return wei_rate(facts.native_usd, price, facts.settlement.decimals)


def _settlement_price(facts: DecisionFacts) -> Fraction | None:
    if facts.settlement_usd is None and facts.settlement_is_native:
        return facts.native_usd
    return facts.settlement_usd


def _reasons(facts: DecisionFacts, figures: _Figures) -> Iterator[Reason]:
    yield from _time(facts)
    yield from _profit(facts, figures)
    yield from _prices(facts, figures)
    yield from _size(facts, figures)
    yield from _gas_price(facts, figures)
    yield from _gas_money(facts)


def _reason(code: str, message: str, **facts: object) -> Reason:
    return Reason(code, message, facts)


def _time(facts: DecisionFacts) -> Iterator[Reason]:
    if facts.deadline is not None and facts.now >= facts.deadline:
        yield _reason("deadline_passed", "The deadline has passed.", deadline=facts.deadline, now=facts.now)


def _profit(facts: DecisionFacts, figures: _Figures) -> Iterator[Reason]:
    symbol, profit, net = facts.settlement.symbol, facts.simulated_profit, figures.net
    if profit <= 0:
        yield _reason("not_profitable", f"The route earns {profit} of {symbol} before gas.", profit=profit)
    elif net is not None and net <= 0:
        yield _reason(
            "not_profitable_after_gas",
            f"The route earns {profit} of {symbol}, gas costs {figures.gas_cost}.",
            profit=profit,
            gas_cost_settlement=figures.gas_cost,
            net_profit=net,
        )
    elif net is not None and figures.wanted is not None and net < figures.wanted:
        yield _reason(
            "below_min_profit",
            f"The route nets {net} of {symbol} after gas, min_profit_usd asks {figures.wanted}.",
            net_profit=net,
            wanted_profit=figures.wanted,
            min_profit_usd=facts.limits.min_profit_usd,
        )


def _prices(facts: DecisionFacts, figures: _Figures) -> Iterator[Reason]:
    needed_for = []
    if figures.gas_cost is None:
        needed_for.append("the gas cost")
    if figures.wanted is None:
        needed_for.append("min_profit_usd")
    if figures.price is None and facts.limits.max_trade_size_usd is not None:
        needed_for.append("max_trade_size_usd")
    if not needed_for:
        return
    missing = [facts.settlement.symbol] if figures.price is None else []
    if figures.gas_cost is None and facts.native_usd is None:
        missing.append("the native coin")
    yield _reason(
        "price_unavailable",
        f"No USD price of {' and '.join(missing)}; {' and '.join(needed_for)} cannot be judged.",
        missing=missing,
        needed_for=needed_for,
    )


def _size(facts: DecisionFacts, figures: _Figures) -> Iterator[Reason]:
    largest = facts.limits.max_trade_size_usd
    if largest is None or figures.price is None:
        return
    value = usd_value(facts.amount_in, facts.settlement.decimals, figures.price)
    if value > Fraction(largest):
        yield _reason(
            "above_max_trade_size",
            f"The trade takes {show_usd(value)} USD, max_trade_size_usd allows {largest}.",
            trade_size_usd=show_usd(value),
            max_trade_size_usd=largest,
        )


def _gas_price(facts: DecisionFacts, figures: _Figures) -> Iterator[Reason]:
    base_fee, highest = facts.fees.base_fee, facts.limits.max_base_fee
    if highest is not None and base_fee > highest:
        yield _reason(
            "base_fee_too_high",
            f"The next base fee is {base_fee} wei, max_base_fee_gwei allows {highest} wei.",
            base_fee=base_fee,
            max_base_fee=highest,
        )
    ceiling, asked = facts.limits.max_fee_per_gas, base_fee + facts.limits.least_priority_fee
    if ceiling is not None and asked > ceiling:
        yield _reason(
            "max_fee_too_low",
            f"The next block asks {asked} wei for a unit of gas, bids.max_fee_per_gas_gwei allows {ceiling}.",
            base_fee=base_fee,
            least_priority_fee=facts.limits.least_priority_fee,
            max_fee_per_gas=ceiling,
        )
    if within_fee_cap(facts.fees, facts.gas_limit) is None:
        yield _reason(
            "fee_cap_exceeded",
            f"{facts.gas_limit} gas at {facts.fees.effective_price} wei cost more than {RPC_FEE_CAP} wei, "
            "which nodes take for a mistake.",
            gas_limit=facts.gas_limit,
            gas_price=facts.fees.effective_price,
            fee_cap=RPC_FEE_CAP,
        )
    if facts.gas_judgement is not None:
        yield from _gas_level(facts.fees.effective_price, facts.gas_judgement, figures)


def _gas_level(price: int, judgement: GasJudgement, figures: _Figures) -> Iterator[Reason]:
    level = judgement.level
    if level is GasLevel.NEVER:
        yield _reason(
            "gas_level_never",
            f"Gas costs {price} wei, where l2_gas_thresholds say never.",
            gas_price=price,
            level=level.value,
        )
    elif figures.net is not None and figures.gas_cost is not None:
        needed = judgement.gas_costs_to_earn * figures.gas_cost
        if figures.net < needed:
            yield _reason(
                "gas_level_too_high",
                f"Gas is {level} at {price} wei: a trade must net {needed}, not {figures.net}.",
                gas_price=price,
                level=level.value,
                net_profit=figures.net,
                needed_profit=needed,
            )


def _gas_money(facts: DecisionFacts) -> Iterator[Reason]:
    data = max(facts.l1_fee, facts.l1_fee_held)
    needed = facts.gas_limit * facts.fees.max_fee_per_gas + data
    if facts.gas_money < needed:
        yield _reason(
            "insufficient_gas_money",
            f"The sender holds {facts.gas_money} wei, the transaction may cost {needed}.",
            gas_money=facts.gas_money,
            needed=needed,
        )
