"""An account on the chain that was asked for, checked before anything is signed."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal
from pathlib import Path

import click
from ape import accounts
from ape.api import AccountAPI, ProviderAPI, ReceiptAPI, TestProviderAPI

from executor.chain.network import Network
from executor.config.chains import load_chain
from executor.domain.address import ZERO_ADDRESS, Address, to_address
from executor.domain.chain import ChainData
from executor.domain.errors import ConfigError, SafetyError
from executor.wallet.guard import check_signer
from scripts._support.errors import FundsError, WrongChainError
from scripts._support.node import DirectNode

_CHAIN_OF_NETWORK = {"mainnet": "ethereum", "local": "ethereum"}
_DEVELOPMENT = "TEST::"
_RICH = 10**18


@dataclass(frozen=True)
class Session:
    """Who acts where. Build it with `open_session`. Without an account it only reads."""

    node: DirectNode
    chain: ChainData
    network: Network
    account: AccountAPI | None
    ask_before_signing: bool = True

    @property
    def sender(self) -> Address:
        """Whose account acts; the zero address when nobody does."""
        return to_address(self.account.address) if self.account else ZERO_ADDRESS

    def send(self, to: Address, data: bytes, what: str) -> ReceiptAPI:
        """Try `data` by a call, then sign, send and wait. Ape asks before a keystore account signs.

        Raises RevertError when the try fails: nothing was sent then.
        """
        if self.account is None:
            raise ConfigError("--account", "no account is named", fix="name the account that sends")
        cost = self.node.try_out(self.sender, to, data)
        click.echo(f"sending: {what}")
        click.echo(f"  from {self.sender}, at most {cost.gas_limit} gas, now {self._shown(cost.wei)}")
        self._require_funds(cost.wei)
        self._unlock(self.account)
        # A development node mines on demand: waiting there for further blocks would never end. Ape's guess of
        # the next base fee leaves no margin on one that Ape runs, and misses when that node sets its own.
        local = {"required_confirmations": 0, "max_fee": 2 * cost.gas_price} if self.network.is_local else {}
        receipt = self.account.transfer(to, 0, data=data, gas=cost.gas_limit, **local)
        receipt.raise_for_status()
        click.echo(f"mined: {receipt.txn_hash} in block {receipt.block_number}, {receipt.gas_used} gas")
        return receipt

    def require_funds_for(self, to: Address, calls: Sequence[bytes]) -> None:
        """Raise FundsError unless the account can pay for all of `calls` at the present price; RevertError
        when one of them would fail. Sends nothing.
        """
        self._require_funds(sum(self.node.try_out(self.sender, to, data).wei for data in calls))

    def _unlock(self, account: AccountAPI) -> None:
        """Only now that there is something to sign; development accounts have no lock."""
        if not getattr(account, "locked", False):
            return
        if self.ask_before_signing:
            account.unlock()
        else:
            account.set_autosign(True)

    def _require_funds(self, wei: int) -> None:
        held = self.node.balance(self.sender)
        if held < wei:
            raise FundsError(
                f"{self.sender} holds {self._shown(held)}, this takes {self._shown(wei)}.",
                fix="send the account more, or wait for a lower gas price; nothing was sent",
                held=held,
                needed=wei,
            )

    def _shown(self, wei: int) -> str:
        return (
            f"{Decimal(wei).scaleb(-18).quantize(Decimal('0.000001'), ROUND_UP)} {self.chain.native_symbol}"
        )


def open_session(
    provider: ProviderAPI,
    *,
    account: str | None,
    chain: str | None,
    signs: bool = True,
    ask_before_signing: bool = True,
) -> Session:
    """Check the chain and, if the session `signs`, the account.

    `account` is an alias of `ape accounts`, TEST::<index> for a development account, or, on a development
    node that Ape runs, an address to act as without its key. None: the first development account, on local
    nodes only. `chain` names chain data or their file, by default those of Ape's network. Raises
    WrongChainError, ConfigError, SafetyError, NodeError.
    """
    data = _chain_data(provider, chain)
    node = DirectNode.behind(provider)
    network = node.identify()
    _require_chain(data, network, believed=provider.chain_id)
    opened = _account(provider, network, account) if signs else None
    return Session(node, data, network, opened, ask_before_signing)


def _chain_data(provider: ProviderAPI, chain: str | None) -> ChainData:
    if chain is not None:
        return load_chain(Path(chain) if chain.endswith((".yaml", ".yml")) else chain)
    name = provider.network.name.removesuffix("-fork")
    return load_chain(_CHAIN_OF_NETWORK.get(name, name))


def _require_chain(data: ChainData, network: Network, *, believed: int) -> None:
    if network.chain_id != data.chain_id:
        raise WrongChainError(
            f"The node serves chain id {network.chain_id}, {data.name} is {data.chain_id}.",
            fix="name the right --network, or the right --chain",
            chain_id=network.chain_id,
            expected=data.chain_id,
        )
    if believed != network.chain_id:
        raise WrongChainError(
            f"Ape would sign for chain id {believed}, the node serves {network.chain_id}.",
            fix="use --network ethereum:mainnet:<url> or ethereum:mainnet-fork:foundry for this node",
            chain_id=network.chain_id,
            expected=believed,
        )


def _account(provider: ProviderAPI, network: Network, name: str | None) -> AccountAPI:
    if name is not None and name.startswith("0x"):
        return _without_key(provider, network, to_address(name, "--account"))
    if name is None and not network.is_local:
        raise ConfigError(
            "--account", "no account is named", fix="give the alias of a keystore made by `ape accounts`"
        )
    account = _named(name or f"{_DEVELOPMENT}0")
    _require_fitting_key(network, to_address(account.address))
    return account


def _named(name: str) -> AccountAPI:
    index = name.upper().removeprefix(_DEVELOPMENT)
    if name.upper().startswith(_DEVELOPMENT):
        if index.isdecimal() and int(index) < len(accounts.test_accounts):
            return accounts.test_accounts[int(index)]
    elif name in accounts.aliases:
        return accounts.load(name)
    raise ConfigError(
        "--account", f"there is no account {name!r}", fix="see `ape accounts list`, or import one"
    )


def _without_key(provider: ProviderAPI, network: Network, address: Address) -> AccountAPI:
    if not (network.is_local and isinstance(provider, TestProviderAPI)):
        raise ConfigError(
            "--account",
            "acting as an address without its key needs a development node that Ape runs",
            fix="use --network ethereum:mainnet-fork:foundry, or give the alias of a keystore account",
        )
    if provider.get_balance(address) < _RICH:
        # Nothing is real there, and contracts that own routers seldom hold gas money.
        click.echo(f"giving {address} gas money on this development node")
        provider.set_balance(address, _RICH)
    return accounts.test_accounts.impersonate_account(address)


def _require_fitting_key(network: Network, signer: Address) -> None:
    try:
        check_signer(network.is_local, signer)
    except SafetyError as error:
        fix = (
            "use --account TEST::0, or on a fork that Ape runs the account's address, which needs no key"
            if network.is_local
            else "use the alias of a keystore account of your own"
        )
        raise SafetyError(error.message, fix=fix, **error.facts) from None
