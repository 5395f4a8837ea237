"""What the wallets are and hold, for people and for programs."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import TypeVar

from rich.table import Table

from executor.chain.approvals import allowances
from executor.chain.balances import amounts
from executor.chain.network import Network, identify, require_chain
from executor.chain.rpc import Rpc
from executor.config.chains import chain_of
from executor.config.settings import Settings
from executor.domain.address import ZERO_ADDRESS, Address, to_address
from executor.domain.chain import ChainData
from executor.domain.errors import ExecutorError
from executor.domain.token import Token
from executor.engine.session import read_own_deployment
from executor.wallet.opening import wallet_address

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class WalletLine:
    """Whose wallet the settings name for one chain, and how; `address` is None where only opening
    would tell.
    """

    chain: str
    kind: str
    address: Address | None

    def as_dict(self) -> dict[str, object]:
        """The fields, for programs."""
        return {"chain": self.chain, "kind": self.kind, "address": self.address}


@dataclass(frozen=True, slots=True)
class Holding:
    """One account's amount of one token (None: the chain's own coin), in its smallest unit."""

    chain: str
    holder: str
    address: Address
    symbol: str
    decimals: int
    amount: int
    token: Address | None = None

    def as_dict(self) -> dict[str, object]:
        """The fields, for programs; the amount as a decimal string."""
        return {
            "chain": self.chain,
            "holder": self.holder,
            "address": self.address,
            "symbol": self.symbol,
            "token": self.token,
            "amount": str(self.amount),
        }


@dataclass(frozen=True, slots=True)
class Unread:
    """A chain that could not be read, and why."""

    chain: str
    error: ExecutorError

    def as_dict(self) -> dict[str, object]:
        """The fields, for programs."""
        return {"chain": self.chain, "error": self.error.as_dict()}


def configured_wallets(settings: Settings) -> tuple[WalletLine, ...]:
    """The wallet of every configured chain that has one. Opens nothing. Raises WalletError."""
    found = []
    for name, chain in settings.chains.items():
        if chain.wallet is None:
            continue
        kind = next(
            kind
            for kind in ("keystore", "ape_account", "development_account")
            if getattr(chain.wallet, kind) is not None
        )
        found.append(WalletLine(name, kind, wallet_address(chain.wallet)))
    return tuple(found)


async def read_holdings(
    settings: Settings, symbols: Sequence[str] = ()
) -> tuple[tuple[Holding, ...], tuple[Unread, ...]]:
    """What wallet and router of every configured chain hold: the chain's own coin and every token of the
    chain data, or those of `symbols` only. One batch a chain, all chains at once; one that fails spoils no
    other.
    """
    return await _of_all_chains(settings, lambda name: _chain_holdings(settings, name, symbols))


async def _of_all_chains(
    settings: Settings, read: Callable[[str], Awaitable[list[T]]]
) -> tuple[tuple[T, ...], tuple[Unread, ...]]:
    """What `read` finds on each chain, all at once; a chain that fails spoils no other."""
    names = list(settings.chains)
    outcomes = await asyncio.gather(*(read(name) for name in names), return_exceptions=True)
    found: list[T] = []
    unread: list[Unread] = []
    for name, outcome in zip(names, outcomes, strict=True):
        if isinstance(outcome, ExecutorError):
            unread.append(Unread(name, outcome))
        elif isinstance(outcome, BaseException):
            raise outcome
        else:
            found += outcome
    return tuple(found), tuple(unread)


async def _chain_holdings(settings: Settings, name: str, symbols: Sequence[str]) -> list[Holding]:
    chain = chain_of(settings, name)
    tokens = _tokens(chain, symbols)
    async with _node(settings, name, chain) as (rpc, network):
        holders = await _holders(settings, name, chain, network)
        held = await amounts(rpc, tuple(holders.values()), [token.address for token in tokens])
    coin = Token(chain.chain_id, ZERO_ADDRESS, chain.native_symbol, 18)
    return [
        Holding(name, holder, address, token.symbol, token.decimals, amount, key)
        for holder, address in holders.items()
        for key, token in [(None, coin), *((token.address, token) for token in tokens)]
        if (amount := held[address, key]) is not None
    ]


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
    """What may be taken from wallet and router of every configured chain: by its lenders, by its router, and
    by the addresses in `spenders`. The router has none between two transactions. Raises AddressError.
    """
    more = [to_address(text, "spender") for text in spenders]
    return await _of_all_chains(settings, lambda name: _chain_approvals(settings, name, more))


async def _chain_approvals(settings: Settings, name: str, more: Sequence[Address]) -> list[Approval]:
    chain, tokens = chain_of(settings, name), _tokens(chain_of(settings, name), ())
    known = {token.address: token for token in tokens}
    async with _node(settings, name, chain) as (rpc, network):
        holders = await _holders(settings, name, chain, network)
        named = {lender.known.address: str(kind) for kind, lender in chain.lenders.items()}
        named |= {address: "router" for holder, address in holders.items() if holder == "router"}
        named |= {address: "" for address in more if address not in named}
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


@asynccontextmanager
async def _node(settings: Settings, name: str, chain: ChainData) -> AsyncIterator[tuple[Rpc, Network]]:
    """The chain's node, known to serve this very chain."""
    own = settings.chain(name)
    async with Rpc(own.rpc_url, timeout_seconds=own.rpc_timeout_seconds) as rpc:
        network = await identify(rpc)
        require_chain(network, chain, name)
        yield rpc, network


def _tokens(chain: ChainData, symbols: Sequence[str]) -> list[Token]:
    known = [entry.token for entries in chain.tokens.values() for entry in entries]
    wanted = {symbol.casefold() for symbol in symbols}
    return [token for token in known if not wanted or token.symbol.casefold() in wanted]


async def _holders(settings: Settings, name: str, chain: ChainData, network: Network) -> dict[str, Address]:
    """The accounts of the chain that the settings name; a router that is not deployed yet is left out."""
    own = settings.chain(name)
    found: dict[str, Address] = {}
    wallet = None if own.wallet is None else wallet_address(own.wallet)
    if wallet is not None:
        found["wallet"] = wallet
    if own.router is not None:
        found["router"] = to_address(own.router)
    elif own.deployment_path(chain.chain_id).exists():
        deployment = read_own_deployment(own, chain, network)
        assert deployment is not None
        found["router"] = deployment.router
    return found


def wallets_table(lines: Sequence[WalletLine]) -> Table:
    """The configured wallets for people."""
    table = Table("chain", "kind", "address", box=None)
    for line in lines:
        table.add_row(line.chain, line.kind, line.address or "(only opening it would tell)")
    return table


def holdings_table(held: Sequence[Holding], unread: Sequence[Unread]) -> Table:
    """The holdings for people, in whole tokens; what is empty is left out."""
    table = Table("chain", "holder", "address", "amount", "token", box=None)
    for line in held:
        if line.amount:
            table.add_row(
                line.chain, line.holder, line.address, _whole(line.amount, line.decimals), line.symbol
            )
    for failed in unread:
        table.add_row(failed.chain, "", "", "", failed.error.message)
    return table


def approvals_table(approvals: Sequence[Approval], unread: Sequence[Unread]) -> Table:
    """The approvals for people, in whole tokens."""
    table = Table("chain", "holder", "token", "amount", "may be taken by", box=None)
    for line in approvals:
        amount = "without bound" if line.amount is None else _whole(line.amount, line.decimals)
        table.add_row(
            line.chain, line.holder, line.symbol, amount, f"{line.spender_name} {line.spender}".strip()
        )
    for failed in unread:
        table.add_row(failed.chain, "", "", "", failed.error.message)
    return table


def _whole(amount: int, decimals: int) -> str:
    """An amount in whole tokens, every digit of it."""
    digits = len(str(amount)) + decimals
    return f"{Decimal(amount).scaleb(-decimals, Context(prec=digits)).normalize(Context(prec=digits)):f}"
