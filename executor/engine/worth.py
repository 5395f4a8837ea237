"""Does what is out still pay? Asked before more is offered for it: on what is read now, never on what was
expected.
"""

from executor.chain.head import head
from executor.chain.simulation import simulate
from executor.domain.decision import Simulation
from executor.domain.errors import ExecutorError, GasLimitError, RevertError
from executor.domain.execution import Execution
from executor.domain.intent import Intent, Purpose
from executor.domain.market import BlockHead
from executor.engine.gas_market import GasMarket, read_gas
from executor.engine.outcome import prices_of
from executor.engine.reverts import revert_names
from executor.engine.session import Session
from executor.engine.treasury.desk import worth_unpaid
from executor.policy.data_fee import data_fee, operator_fee
from executor.submission.envelope import read_envelope
from executor.submission.log import get_logger
from executor.submission.offers import UNKNOWN_WORTH, Worth

_LOG = get_logger("executor.engine")


async def worth_of(session: Session, intent: Intent, execution: Execution | None) -> Worth:
    """What may be offered for the gas of `intent`, whose `execution` is recorded; unknown where no node says.

    Never raises for a node or a market.
    """
    try:
        now = await head(session.rpc, rule=session.chain.fees.base_fee)
        gas = await read_gas(
            session.rpc, session.settings, session.chain.fees, now, is_local=session.network.is_local
        )
    except ExecutorError as error:
        _LOG.warning("fees_unknown", intent=intent.intent_id, error=error.message)
        return UNKNOWN_WORTH
    if not intent.wanted:
        return Worth(None, 0, gas.fees)
    if intent.purpose is not Purpose.TRADE or execution is None:
        return worth_unpaid(intent, gas.fees, session.settings.gas_money)
    try:
        return await _of_trade(session, intent, execution, now, gas)
    except (RevertError, GasLimitError) as error:
        _LOG.info("pays_no_more", intent=intent.intent_id, because=error.message)
        return Worth(False, 0, gas.fees)
    except ExecutorError as error:
        _LOG.warning("worth_unknown", intent=intent.intent_id, error=error.message)
        return Worth(None, 0, gas.fees)


async def _of_trade(
    session: Session, intent: Intent, execution: Execution, now: BlockHead, gas: GasMarket
) -> Worth:
    attempt = intent.last_call.attempt
    envelope = read_envelope(attempt.raw)
    simulation = await simulate(
        session.rpc,
        sender=intent.sender,
        to=envelope.to,
        calldata=envelope.data,
        block=now,
        gas_limit_multiplier_bps=session.settings.gas_limit_multiplier_bps,
        rules=session.chain.fees.gas,
        data_fee=session.chain.fees.data,
        decode=revert_names,
    )
    rate = prices_of(session, execution).rate
    if rate is None:
        # Nothing turns the profit into gas money: what is out stays as it was offered.
        return Worth(None, 0, gas.fees)
    bearable = _earned(simulation, execution) * rate.denominator // rate.numerator
    if gas.data is not None:
        terms = gas.data.parameters
        bearable -= data_fee(attempt.raw, terms) + operator_fee(attempt.gas_limit, terms)
    cost = simulation.gas_used * gas.fees.effective_price
    return Worth(bearable > cost, max(bearable, 0), gas.fees)


def _earned(simulation: Simulation, execution: Execution) -> int:
    """With what the trade pays its own wallet, which is no cost; see `tipping.with_rebate`."""
    whole = simulation.profit > (execution.minimum_profit or 0)
    return simulation.profit + (int(str(execution.details.get("rebate", 0))) if whole else 0)
