"""Gas money out of profit: a trade pays its own wallet a tip, since the router's owner is offline."""

import asyncio
from collections.abc import Collection, Sequence

from executor.chain.logs import parse_log
from executor.domain.address import Address
from executor.domain.attempt import Receipt
from executor.engine.treasury.moving import spent_today
from executor.journal.database import Database
from executor.plan import Tip
from executor.policy.bookkeeping import tips_of
from executor.policy.treasury import GasMoneyRules, WalletMoney, refill_tip


async def tip_for(
    database: Database,
    chain: str,
    operators: Sequence[Address],
    rules: GasMoneyRules,
    *,
    sender: Address,
    gas_money: int,
    settles_in_native: bool,
    profit: int,
    minimum_profit: int,
    gas_price: int,
    now: int,
) -> Tip | None:
    """The tip that a trade of `sender` is to pay to `sender` itself, None for none.

    `gas_money`: what the sender has, `profit`: what the trade brings without a tip, `minimum_profit`: what
    the plan promises to leave in the router (all in wei; the promise stays as it is). `gas_price` in wei per
    gas, `now` the newest block's time. The record is asked only where the wallet is low. Raises JournalError.
    """
    low = rules.refill_below is not None and gas_money < rules.refill_below
    if not settles_in_native or not low:
        return None
    spent = await asyncio.to_thread(spent_today, database, chain, operators, now)
    order = refill_tip(
        WalletMoney(sender, gas_money),
        rules,
        spent=spent,
        profit=profit,
        minimum_profit=minimum_profit,
        gas_price=gas_price,
    )
    return None if order is None else Tip(fixed=order.amount, receiver=order.receiver)


def rebate(receipt: Receipt, router: Address, wallets: Collection[Address]) -> int:
    """Wei that the trade of `receipt` has paid as tips to `wallets` of ours. Raises NodeError."""
    logs = [parse_log(log, f"receipt.logs[{index}]")[0] for index, log in enumerate(receipt.logs)]
    return sum(amount for to, amount in tips_of(logs, router) if to in wallets)
