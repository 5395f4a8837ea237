"""What `executor check` says of the wallets: who may sign, who may run plans, whose gas money lasts."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from executor.chain.balances import balances
from executor.chain.network import Network
from executor.chain.reading import read
from executor.chain.rpc import Rpc
from executor.config.settings import ChainSettings
from executor.domain.address import Address
from executor.domain.chain import ChainData
from executor.domain.errors import ExecutorError
from executor.domain.market import BlockHead
from executor.engine.gas_market import GasMarket, read_gas
from executor.engine.router import RouterState, check_ready, read_router
from executor.engine.treasury.rules import gas_money_rules
from executor.operations.findings import Finding, State
from executor.policy.treasury import TYPICAL_TRADE_GAS, warning_level
from executor.wallet.guard import check_signer
from executor.wallet.roles import Account, Role, accounts_of


@dataclass(frozen=True, slots=True)
class WalletCheck:
    """What looking at a chain's wallets takes. `router`: its state, whoever would send."""

    settings: ChainSettings
    data: ChainData
    rpc: Rpc
    network: Network
    newest: BlockHead
    router: RouterState

    async def findings(self) -> AsyncIterator[Finding]:
        """All of them, wallet by wallet. Raises WalletError, NodeError."""
        accounts = accounts_of(self.settings)
        if not accounts:
            yield Finding("wallet", State.WARNING, "no wallet is configured: only dry runs are possible")
            return
        gas = await read_gas(
            self.rpc, self.settings, self.data.fees, self.newest, is_local=self.network.is_local
        )
        if gas.data is not None and not gas.data.oracle_agrees:
            yield Finding(
                "data fee",
                State.WARNING,
                "the chain's oracle reckons otherwise than its L1Block says; the higher figure is taken",
                {"fork": gas.data.parameters.fork.name, "sample_fee": str(gas.data.sample_fee)},
            )
        for account in accounts:
            if account.address is None:
                yield Finding(account.place, State.WARNING, "the keystore does not tell its address")
                continue
            look = self._operator if account.role is Role.OPERATOR else self._authentication
            async for finding in look(account, account.address, gas):
                yield finding

    async def _operator(self, account: Account, address: Address, gas: GasMarket) -> AsyncIterator[Finding]:
        may_sign = f"{address} may sign on this network"
        yield _found(account.place, lambda: check_signer(self.network.is_local, address), may_sign)
        state = await read(self.rpc, read_router(self.router.address, address), self.newest)
        runs = f"{address} may run plans"
        yield _found(f"{account.place} is operator", lambda: check_ready(state, address), runs)
        if address == self.router.owner:
            told = f"{address} owns the router too: give the owner a key of its own, kept offline"
            yield Finding(f"{account.place} is not the owner", State.WARNING, told, {"address": address})
        held = (await balances(self.rpc, address, [], self.newest)).native
        name = "gas money" if account.place == "wallet" else f"gas money of {account.place}"
        yield self._gas_money(name, held, gas)

    def _gas_money(self, name: str, held: int, gas: GasMarket) -> Finding:
        data_fee = gas.data.sample_fee if gas.data else 0
        needed = TYPICAL_TRADE_GAS * gas.fees.max_fee_per_gas + data_fee
        rules = gas_money_rules(self.settings.gas_money)
        wished = warning_level(rules, gas_price=gas.fees.effective_price, data_fee=data_fee)
        state = State.WRONG if held < needed else State.WARNING if held < wished else State.OK
        native = self.data.wrapped_native
        told = (
            f"{native.shown(held):f} {self.data.native_symbol}, one transaction may take "
            f"{native.shown(needed):f}"
        )
        if state is State.WARNING:
            told += f"; refill it to {native.shown(wished):f} at least"
        facts: dict[str, object] = {"native_wei": str(held), "one_transaction_wei": str(needed)}
        return Finding(name, state, told, facts)

    async def _authentication(
        self, account: Account, address: Address, gas: GasMarket
    ) -> AsyncIterator[Finding]:
        held = (await balances(self.rpc, address, [], self.newest)).native
        told = f"{address} holds {held} wei: a key that is shown to relays should hold nothing"
        state = State.WARNING if held else State.OK
        yield Finding(account.place, state, told if held else f"{address}, which holds nothing")


def _found(name: str, action: Callable[[], None], well: str) -> Finding:
    try:
        action()
    except ExecutorError as error:
        return Finding(name, State.WRONG, str(error), error.as_dict())
    return Finding(name, State.OK, well)
