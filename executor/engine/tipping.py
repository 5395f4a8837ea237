"""Gas money out of profit: a tip that a trade pays to its own wallet, where that runs low."""

from dataclasses import replace

from executor.domain.decision import Decision, Simulation
from executor.domain.plan import Plan
from executor.engine.market import Market
from executor.engine.session import Session
from executor.engine.treasury.rules import gas_money_rules
from executor.engine.treasury.tips import tip_for
from executor.plan import Tip


async def own_tip(session: Session, trial: Simulation, decision: Decision, market: Market) -> Tip | None:
    """What the trade is to pay its own wallet, None for nothing. `trial` is the simulation without it. Raises
    JournalError.
    """
    if session.desk is None:
        return None
    return await tip_for(
        session.desk.record.database,
        session.name,
        [lane.sender for lane in session.desk.lanes],
        gas_money_rules(session.settings.gas_money),
        sender=session.sender,
        gas_money=market.purse.gas_money,
        settles_in_native=market.prices.is_native,
        profit=trial.profit,
        minimum_profit=decision.minimum_profit,
        gas_price=market.fees.effective_price,
        now=market.head.timestamp,
    )


def with_rebate(plan: Plan, simulation: Simulation) -> Simulation:
    """The simulation with what the tip brought home counted as earned. Where just the promised minimum is
    left the tip was cut, nobody knows by how much: then none of it counts.
    """
    whole = simulation.profit > plan.minimum_profit
    return replace(simulation, profit=simulation.profit + plan.rebate) if whole else simulation
