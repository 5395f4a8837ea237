"""How a node is set up: its options as anvil takes them, and the accounts it starts with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

MNEMONIC = "test test test test test test test test test test test junk"
ETHER = 10**18
GWEI = 10**9

# EIP-7825: no transaction may ask for more gas than this since the Osaka hardfork.
TRANSACTION_GAS_CAP = 16_777_216

STATES_ON_DISK = 128
"""How many states a node keeps on disk besides the 500 newest in memory: each takes some megabytes, and left
alone anvil keeps 3,600 of them.
"""


@dataclass(frozen=True)
class DevAccount:
    """A funded account of the public development mnemonic. Its key is known to everybody."""

    address: str
    index: int

    @cached_property
    def private_key(self) -> str:
        """0x-prefixed secret key, derived from the public mnemonic."""
        from eth_account import Account

        Account.enable_unaudited_hdwallet_features()
        account = Account.from_mnemonic(MNEMONIC, account_path=f"m/44'/60'/0'/0/{self.index}")
        return str(account.key.to_0x_hex())


@dataclass(frozen=True)
class NodeOptions:
    """How a node runs. Fees are in wei, times in seconds.

    `port` None takes a free one; `base_fee` None keeps that of the chain; with `block_time` blocks come at
    that interval, with `no_mining` only on demand, else one for each transaction. With `states_in_memory` so
    many of the newest states are kept and none on disk: what is read back from there has lost its code.
    """

    port: int | None = None
    block_time: int | None = None
    no_mining: bool = False
    base_fee: int | None = None
    gas_limit: int = 60_000_000
    accounts: int = 10
    states_in_memory: int | None = None
    extra: tuple[str, ...] = ()

    def arguments(self) -> list[str]:
        """The command-line arguments of anvil."""
        result = ["--accounts", str(self.accounts), "--gas-limit", str(self.gas_limit)]
        # The public mnemonic is anvil's default; named here so that both ends agree for certain.
        result += ["--mnemonic", MNEMONIC, "--no-request-size-limit", "--enable-tx-gas-limit"]
        if self.states_in_memory is None:
            result += ["--max-persisted-states", str(STATES_ON_DISK)]
        else:
            result += ["--prune-history", str(self.states_in_memory)]
        if self.block_time is not None:
            result += ["--block-time", str(self.block_time)]
        if self.no_mining:
            result += ["--no-mining", "--order", "fifo"]
        if self.base_fee is not None:
            result += ["--block-base-fee-per-gas", str(self.base_fee)]
        return [*result, *self.extra]
