"""A chain as its wallets' own business needs it, before any key is opened."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from executor.chain.balances import balances
from executor.chain.head import head
from executor.chain.quantities import hex_data, to_data
from executor.chain.rpc import results
from executor.config.settings import Settings
from executor.domain.abi import decoded_address, eth_call
from executor.domain.address import Address
from executor.domain.errors import ConfigError, WalletError
from executor.domain.market import BlockHead
from executor.engine.gas_market import GasMarket, read_gas
from executor.engine.opening import OpenChain, open_chain
from executor.journal.database import FILE_NAME
from executor.policy.data_fee import data_fee, operator_fee, signed_like
from executor.policy.treasury import WalletMoney
from executor.wallet.roles import Account, Role, accounts_of
from executor.wallet.signer import TransactionFields, unsigned_envelope

MOST_TRANSFER_GAS = 100_000
"""Gas of a plain transfer or an unwrapping, at most: a receiver may be a wallet contract."""

_SOME_NONCE = 0xA1B2C3


@dataclass(frozen=True, slots=True)
class View(OpenChain):
    """An open chain that is only looked at. `owner` of the router, by as many nodes as decide over money."""

    owner: Address
    accounts: tuple[Account, ...]
    place: Path | SecretStr
    executor_id: str
    opened: tuple[Address, ...] | None = None

    @property
    def recorded_owner(self) -> Address | None:
        """The router's owner when the deployment file was written, None without such a file."""
        return None if self.deployment is None else self.deployment.owner

    @property
    def operators(self) -> tuple[Address, ...]:
        """The operators' addresses in the order of the settings. Raises WalletError where they are not
        `opened` and a keystore does not tell.
        """
        if self.opened is not None:
            return self.opened
        found = []
        for account in self.accounts:
            if account.role is Role.OPERATOR:
                if account.address is None:
                    raise WalletError(
                        f"The keystore of {account.place} does not tell its address.",
                        fix="use a keystore with an `address`, as `executor wallet import` writes it",
                    )
                found.append(account.address)
        return tuple(found)

    def operator(self, text: str | None) -> int:
        """Which operator `text` means, by place ("wallets.0") or address; the first where None. Raises
        ConfigError.
        """
        places = [one.place for one in self.accounts if one.role is Role.OPERATOR]
        if not places:
            raise ConfigError(f"chains.{self.name}.wallet", "is missing", fix="name a wallet there")
        if text is None:
            return 0
        if text in places:
            return places.index(text)
        known = [address.lower() for address in self.operators]
        if text.lower() in known:
            return known.index(text.lower())
        raise ConfigError(
            "--wallet", f"{text!r} is no operator on {self.name}", fix=f"use one of: {', '.join(places)}"
        )

    async def newest(self) -> BlockHead:
        """The newest block. Raises NodeError."""
        return await head(self.rpc, rule=self.chain.fees.base_fee)

    async def gas(self, newest: BlockHead | None = None) -> GasMarket:
        """What the blocks after `newest` cost. Raises NodeError."""
        newest = newest or await self.newest()
        local = self.network.is_local
        return await read_gas(self.rpc, self.settings, self.chain.fees, newest, is_local=local)

    def most_cost(self, gas: GasMarket, gas_limit: int, data: bytes = b"") -> int:
        """The most that a transaction with that gas limit may cost, its data fee included, in wei."""
        cost = gas_limit * gas.fees.max_fee_per_gas
        if gas.data is None:
            return cost
        envelope = unsigned_envelope(
            TransactionFields(
                self.chain.chain_id,
                _SOME_NONCE,
                self.router,
                data,
                10**24,
                gas_limit,
                gas.fees.max_fee_per_gas,
                gas.fees.max_priority_fee_per_gas,
            )
        )
        parameters = gas.data.parameters
        return cost + data_fee(signed_like(envelope), parameters) + operator_fee(gas_limit, parameters)

    async def money(self) -> tuple[WalletMoney, ...]:
        """What each operator has of the native coin, and wrapped. Raises NodeError."""
        wrapped = self.chain.wrapped_native.address
        found = []
        for address in self.operators:
            held = await balances(self.rpc, address, [wrapped])
            found.append(WalletMoney(address, held.native, held.tokens[wrapped]))
        return tuple(found)


@asynccontextmanager
async def open_view(settings: Settings, name: str) -> AsyncIterator[View]:
    """The chain `name`, its router compared with what was deployed. Opens no key and no record.

    Raises ConfigError, WalletError, RouterMismatchError or NodeError.
    """
    async with open_chain(settings, name) as opened:
        yield await view_of(opened, settings)


async def view_of(chain: OpenChain, settings: Settings, *, opened: Sequence[Address] | None = None) -> View:
    """The view of a chain that is open already; `opened` are the operators, where their keys are.

    Raises ConfigError, WalletError or NodeError.
    """
    own, router = chain.settings, chain.router
    request = {"to": router, "data": to_data(eth_call(router, "owner()").data)}
    (answer,) = results(await chain.rpc.agreed([("eth_call", (request, "latest"))], own.quorum))
    owner = decoded_address(hex_data(answer, "owner of the router"))
    if owner is None:
        fix = "name the router that you deployed"
        raise ConfigError(f"chains.{chain.name}.router", "has no owner", fix=fix)
    return View(
        chain.name,
        own,
        chain.chain,
        chain.rpc,
        chain.network,
        router,
        chain.deployment,
        owner,
        accounts_of(own),
        settings.database_url or settings.journal / FILE_NAME,
        settings.executor_id,
        None if opened is None else tuple(opened),
    )
