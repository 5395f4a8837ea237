"""The wallets that the settings name, and what all looks at them share."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import TypeVar

from rich.table import Table

from executor.chain.deployments import read_deployment
from executor.chain.network import Network, identify, require_chain
from executor.chain.rpc import Rpc
from executor.config.settings import Settings
from executor.domain.address import Address, to_address
from executor.domain.chain import ChainData
from executor.domain.errors import ConfigError, ExecutorError
from executor.engine.opening import nodes_of, read_own_deployment
from executor.wallet.roles import Role, accounts_of

T = TypeVar("T")

ROUTER = "router"


@dataclass(frozen=True, slots=True)
class WalletLine:
    """A wallet that the settings name for one chain: at which place there, for what, and how it is kept.
    `address` is None where only opening it would tell.
    """

    chain: str
    place: str
    role: Role
    kind: str
    address: Address | None

    def as_dict(self) -> dict[str, object]:
        """The fields, for programs."""
        return {
            "chain": self.chain,
            "place": self.place,
            "role": self.role.value,
            "kind": self.kind,
            "address": self.address,
        }


@dataclass(frozen=True, slots=True)
class Unread:
    """A chain that could not be read, and why."""

    chain: str
    error: ExecutorError

    def as_dict(self) -> dict[str, object]:
        """The fields, for programs."""
        return {"chain": self.chain, "error": self.error.as_dict()}


def chosen_chain(settings: Settings, chain: str | None) -> str:
    """The chain that is meant: the one of that name, or the only one. Raises ConfigError."""
    if chain is not None:
        settings.chain(chain)
        return chain
    if len(settings.chains) != 1:
        known = ", ".join(settings.chains)
        raise ConfigError("--chain", "is missing: several chains are configured", fix=f"use one of: {known}")
    return next(iter(settings.chains))


def configured_wallets(settings: Settings) -> tuple[WalletLine, ...]:
    """The wallets of every configured chain. Opens nothing. Raises WalletError."""
    return tuple(
        WalletLine(name, account.place, account.role, account.kind, account.address)
        for name, chain in settings.chains.items()
        for account in accounts_of(chain)
    )


async def of_all_chains(
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


@asynccontextmanager
async def node_of(settings: Settings, name: str) -> AsyncIterator[Rpc]:
    """The chain's node, of which nothing is asked yet; of several nodes, whether they serve one network."""
    async with nodes_of(settings.chain(name), name) as rpc:
        yield rpc


def holders_of(settings: Settings, name: str, chain: ChainData) -> dict[str, Address]:
    """The accounts of the chain that the settings name, by their places there; a router that is not deployed
    yet is left out. Raises WalletError, ConfigError.
    """
    own = settings.chain(name)
    found = {one.place: one.address for one in accounts_of(own) if one.address is not None}
    if own.router is not None:
        found[ROUTER] = to_address(own.router)
    elif (path := own.deployment_path(chain.chain_id)).exists():
        found[ROUTER] = read_deployment(path).router
    return found


async def require_own(
    settings: Settings, name: str, chain: ChainData, rpc: Rpc, network: Network, router: Address | None
) -> None:
    """Raise ConfigError where the node serves another chain, or the router's deployment file was written for
    another network. Raises NodeError.
    """
    require_chain(network, chain, name)
    if router is None:
        return
    try:
        read_own_deployment(settings.chain(name), chain, network)
    except ConfigError:
        # A development node may bear a name that nobody knows: before the file is refused, it is tried.
        if network.is_local:
            raise
        read_own_deployment(settings.chain(name), chain, await identify(rpc))


def wallets_table(lines: Sequence[WalletLine]) -> Table:
    """The configured wallets for people."""
    table = Table("chain", "setting", "role", "kind", "address", box=None)
    for line in lines:
        address = line.address or "(only opening it would tell)"
        table.add_row(line.chain, line.place, line.role.value, line.kind, address)
    return table


def whole(amount: int, decimals: int) -> str:
    """An amount in whole tokens, every digit of it."""
    digits = len(str(amount)) + decimals
    return f"{Decimal(amount).scaleb(-decimals, Context(prec=digits)).normalize(Context(prec=digits)):f}"
