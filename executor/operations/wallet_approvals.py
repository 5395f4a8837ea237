"""Who may take tokens from wallets and router on every configured chain."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.table import Table

from executor.chain.approvals import allowances
from executor.chain.network import identify
from executor.config.chains import chain_of
from executor.config.settings import Settings
from executor.domain.address import Address, to_address
from executor.operations.wallet import ROUTER, Unread, holders_of, node_of, of_all_chains, require_own, whole


@dataclass(frozen=True, slots=True)
class Approval:
    """`spender` may take `amount` (smallest unit) of a token from `holder`; None has no bound."""

    chain: str
    holder: str
    address: Address
    symbol: str
    decimals: int
    token: Address
    spender: Address
    spender_name: str
    amount: int | None

    def as_dict(self) -> dict[str, object]:
        """The fields, for programs; the amount as a decimal string or "unlimited"."""
        return {
            "chain": self.chain,
            "holder": self.holder,
            "address": self.address,
            "symbol": self.symbol,
            "token": self.token,
            "spender": self.spender,
            "spender_name": self.spender_name,
            "amount": "unlimited" if self.amount is None else str(self.amount),
        }


async def read_approvals(
    settings: Settings, spenders: Sequence[str] = ()
) -> tuple[tuple[Approval, ...], tuple[Unread, ...]]:
    """What may be taken from wallets and router of every configured chain: by its lenders, by its router, and
    by the addresses in `spenders`. The router has none between two transactions. Raises AddressError.
    """
    more = [to_address(text, "spender") for text in spenders]
    return await of_all_chains(settings, lambda name: _chain_approvals(settings, name, more))


async def _chain_approvals(settings: Settings, name: str, more: Sequence[Address]) -> list[Approval]:
    chain = chain_of(settings, name)
    known = {entry.token.address: entry.token for entries in chain.tokens.values() for entry in entries}
    holders = holders_of(settings, name, chain)
    named = {lender.known.address: str(kind) for kind, lender in chain.lenders.items()}
    named |= {holders[ROUTER]: ROUTER} if ROUTER in holders else {}
    named |= {address: "" for address in more if address not in named}
    async with node_of(settings, name) as rpc:
        await require_own(settings, name, chain, rpc, await identify(rpc), holders.get(ROUTER))
        found = await allowances(rpc, tuple(holders.values()), tuple(known), tuple(named))
    holder_of = {address: holder for holder, address in holders.items()}
    return [
        Approval(
            name,
            holder_of[entry.owner],
            entry.owner,
            known[entry.token].symbol,
            known[entry.token].decimals,
            entry.token,
            entry.spender,
            named[entry.spender],
            None if entry.unlimited else entry.amount,
        )
        for entry in found
    ]


def approvals_table(approvals: Sequence[Approval], unread: Sequence[Unread]) -> Table:
    """The approvals for people, in whole tokens."""
    table = Table("chain", "holder", "token", "amount", "may be taken by", box=None)
    for line in approvals:
        amount = "without bound" if line.amount is None else whole(line.amount, line.decimals)
        table.add_row(
            line.chain, line.holder, line.symbol, amount, f"{line.spender_name} {line.spender}".strip()
        )
    for failed in unread:
        table.add_row(failed.chain, "", "", "", failed.error.message)
    return table
