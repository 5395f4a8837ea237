"""Keeps operators in gas money while an executor runs."""

from executor.domain.errors import ExecutorError
from executor.domain.intent import IntentState, Purpose
from executor.engine.treasury.desk import Desk
from executor.engine.treasury.moving import Moved, carry_out, plan_refill
from executor.engine.treasury.rules import gas_money_rules
from executor.policy.treasury import Unwrap, WalletMoney, warning_level
from executor.submission.clock import Clock
from executor.submission.log import get_logger

LOOK_SECONDS = 60.0
"""Between two looks at the operators' balances."""

_LOG = get_logger("executor.engine")


async def keep_gas_money(desk: Desk, clock: Clock, *, seconds: float = LOOK_SECONDS) -> None:
    """Look after the operators' gas money until cancelled: warn where it runs out, refill where the settings
    say so. What goes wrong is said, and tried again.
    """
    while True:
        try:
            await refill_if_low(desk)
            await warn_if_low(desk)
        except ExecutorError as error:
            _LOG.warning("not_refilled", chain=desk.view.name, error=error.message)
        await clock.sleep(seconds)


async def warn_if_low(desk: Desk) -> tuple[WalletMoney, ...]:
    """Say which operators have less than they should. Raises NodeError."""
    view = desk.view
    price = (await view.gas()).fees.effective_price
    least = warning_level(gas_money_rules(view.settings.gas_money), gas_price=price)
    low = tuple(one for one in await view.money() if one.native < least)
    for one in low:
        _LOG.warning("low_gas_money", chain=view.name, wallet=one.address, wei=one.native, least=least)
    return low


async def refill_if_low(desk: Desk) -> tuple[Moved, ...]:
    """Refill the operators below `refill_below` from those whose keys are open here; nothing while any
    transfer of the chain is on its way. Raises what `Desk.do` raises.
    """
    if any(
        intent.purpose is Purpose.TRANSFER and intent.state is IntentState.LIVE
        for intent in desk.record.open_intents()
    ):
        return ()
    moves = await plan_refill(desk.view, desk.record.database, ordered=False)
    ours = [
        move for move in moves if (move.wallet if isinstance(move, Unwrap) else move.sender) in desk.lanes
    ]
    done = await carry_out(desk, ours)
    for one in done:
        _LOG.info("refilled", chain=desk.view.name, move=repr(one.move), hash=one.transaction_hash)
    return done
