"""What a mined transaction really did: profit from its logs, checked against the balances, and what it
cost."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from executor.chain.balances import balances
from executor.chain.calls import call
from executor.chain.head import head
from executor.chain.receipts import settlement_delta
from executor.domain.address import Address
from executor.domain.attempt import Attempt, Receipt
from executor.domain.decision import Reason
from executor.domain.errors import NodeError, RevertError
from executor.domain.execution import Execution, Status
from executor.domain.token import Token
from executor.engine.pricing import Prices
from executor.engine.reverts import revert_names, revert_reason
from executor.engine.session import Session
from executor.engine.treasury.tips import rebate
from executor.plan.reverts.kinds import Meaning
from executor.policy.profit import net_profit, show_usd, usd_value
from executor.submission.envelope import read_envelope

_MOVED = (
    "The transaction reverted, though the same call succeeds in the state before its block: what others "
    "did in "
    "that block came first."
)
_MOVED_PRICE: dict[str, object] = {"meaning": str(Meaning.MOVED_PRICE)}
_LATE = "The transaction was mined after its deadline, so that the router refused it."
_STALE: dict[str, object] = {"meaning": str(Meaning.STALE)}


async def settle(session: Session, pending: Execution, attempt: Attempt, receipt: Receipt) -> Execution:
    """The final record of `pending`, whose `attempt` was mined with `receipt`. Raises NodeError."""
    mined = replace(
        pending,
        gas_used=receipt.gas_used,
        gas_cost_wei=receipt.gas_cost,
        block_number=receipt.block_number,
        transaction_hashes=(receipt.transaction_hash,),
        reasons=(),
    )
    if not receipt.success:
        return await _reverted(session, mined, attempt, receipt)
    return await _realised(session, mined, attempt, receipt)


async def _realised(session: Session, mined: Execution, attempt: Attempt, receipt: Receipt) -> Execution:
    token, router = Address(str(mined.settlement_token)), Address(str(mined.details["router"]))
    wrapped = session.chain.wrapped_native.address
    profit = settlement_delta(receipt, token, router, wrapped_native=wrapped)
    prices = prices_of(session, mined)
    home = rebate(receipt, router, [attempt.sender])
    net = _net(prices, profit + home, receipt, mined)
    # Of the tip that was planned nothing may have come home: it gives way to what was promised to the router.
    told = {name: value for name, value in mined.details.items() if name != "rebate"}
    details = {
        **told,
        **({"rebate": home} if home else {}),
        "balance_check": await _balance_check(session, token, router, receipt, profit),
    }
    status: Status = Status.REALISED
    reasons: tuple[Reason, ...] = ()
    if profit <= 0:
        reason = Reason(
            "no_profit_in_logs",
            "The transaction succeeded, but its logs show no profit for the router. Fix: look at the "
            "transaction before "
            "sending more.",
            {"transaction_hash": receipt.transaction_hash},
        )
        status, reasons = Status.FAILED, (reason,)
    return replace(
        mined,
        status=status,
        reasons=reasons,
        realised_profit=profit,
        realised_net_profit=net,
        profit_usd=_usd(prices, net),
        details=details,
    )


def without_trade(session: Session, pending: Execution, receipt: Receipt | None) -> Execution:
    """The figures of `pending` where nothing was traded: the gas of what was mined instead or reverted, None
    for nothing, and that of earlier tries.
    """
    prices = prices_of(session, pending)
    loss = _net(prices, 0, receipt, pending)
    return replace(
        pending,
        gas_used=receipt.gas_used if receipt else None,
        gas_cost_wei=receipt.gas_cost if receipt else None,
        block_number=receipt.block_number if receipt else pending.block_number,
        realised_profit=0,
        realised_net_profit=loss,
        profit_usd=_usd(prices, loss),
    )


async def _reverted(session: Session, mined: Execution, attempt: Attempt, receipt: Receipt) -> Execution:
    deadline = mined.details.get("deadline")
    late = deadline is not None and await _is_late(session, int(str(deadline)), receipt)
    reason = Reason("reverted", _LATE, _STALE) if late else await _revert_reason(session, attempt, receipt)
    return replace(without_trade(session, mined, receipt), status=Status.REVERTED, reasons=(reason,))


async def _is_late(session: Session, deadline: int, receipt: Receipt) -> bool:
    """Whether it was mined past its deadline; False where the node does not tell."""
    try:
        return (await head(session.rpc, receipt.block_number)).timestamp > deadline
    except NodeError:
        return False


async def _revert_reason(session: Session, attempt: Attempt, receipt: Receipt) -> Reason:
    """Why it reverted, found by asking the node for the same call in the state before its block."""
    envelope = read_envelope(attempt.raw)
    if receipt.gas_used >= envelope.gas_limit:
        message = (
            f"The transaction used all of its {envelope.gas_limit} gas. Fix: raise gas_limit_multiplier."
        )
        return Reason("out_of_gas", message, {"gas_limit": envelope.gas_limit})
    try:
        before = await head(session.rpc, receipt.block_number - 1)
        await call(
            session.rpc,
            to=envelope.to,
            calldata=envelope.data,
            block=before,
            sender=attempt.sender,
            decode=revert_names,
        )
    except RevertError as error:
        return revert_reason("reverted", error, envelope.data)
    except NodeError as error:
        return Reason(
            "reverted", f"The transaction reverted; the node does not tell why: {error.message}", {}
        )
    return Reason("reverted", _MOVED, _MOVED_PRICE)


async def _balance_check(
    session: Session, token: Address, router: Address, receipt: Receipt, profit: int
) -> str:
    """How the router's balances around the block agree with the logs.

    Others may move them in the same block.
    """
    try:
        before = await balances(session.rpc, router, [token], receipt.block_number - 1)
        after = await balances(session.rpc, router, [token], receipt.block_number)
    except NodeError:
        return "unavailable"
    change = after.tokens[token] - before.tokens[token]
    return "agrees" if change == profit else f"differs: the block changed the balance by {change}"


def price_details(prices: Prices) -> dict[str, object]:
    """The prices of the decision, as they are recorded: exact fractions as text, None where there is none."""
    return {
        "settlement_usd": None if prices.settlement_usd is None else str(prices.settlement_usd),
        "native_usd": None if prices.native_usd is None else str(prices.native_usd),
    }


def prices_of(session: Session, execution: Execution) -> Prices:
    """The prices that `price_details` recorded."""
    settlement = Token(
        session.chain.chain_id,
        Address(str(execution.settlement_token)),
        str(execution.settlement_symbol),
        int(execution.settlement_decimals or 0),
    )
    is_native = settlement.address == session.chain.wrapped_native.address
    return Prices(
        settlement,
        is_native,
        _ratio(execution.details.get("settlement_usd")),
        _ratio(execution.details.get("native_usd")),
    )


def _net(prices: Prices, gained: int, receipt: Receipt | None, mined: Execution) -> int:
    """What is left of the router's gain when the receipt's gas is paid, and that of earlier tries; the gain
    itself where gas has no price."""
    earlier = int(str(mined.details.get("earlier_gas_wei", 0)))
    wei = earlier + (receipt.gas_cost if receipt else 0)
    return net_profit(amount_in=0, amount_out=gained, wei=wei, rate=prices.rate or Fraction(0))


def _ratio(text: object) -> Fraction | None:
    return Fraction(text) if isinstance(text, str) else None


def _usd(prices: Prices, amount: int) -> Decimal | None:
    if prices.settlement_usd is None:
        return None
    return show_usd(usd_value(amount, prices.settlement.decimals, prices.settlement_usd))
