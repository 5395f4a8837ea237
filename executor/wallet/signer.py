"""Signing: EIP-1559 transactions only, for one named chain, and never without proof of who signed."""

from dataclasses import dataclass
from typing import Any, Protocol, cast

import rlp  # type: ignore[import-untyped]
from eth_account import Account
from eth_account.signers.local import LocalAccount

from executor.domain.address import Address, to_address
from executor.domain.errors import WalletError

_WORD = 2**256
_UINT64 = 2**64
_LEAST_GAS = 21_000


@dataclass(frozen=True, slots=True)
class TransactionFields:
    """A type 2 transaction before it is signed. `value` and the fees (per gas) in wei."""

    chain_id: int
    nonce: int
    to: Address
    data: bytes
    value: int
    gas_limit: int
    max_fee_per_gas: int
    max_priority_fee_per_gas: int

    def __post_init__(self) -> None:
        bounds = {
            "chain_id": (1, _UINT64),
            "nonce": (0, _UINT64 - 1),
            "value": (0, _WORD),
            "gas_limit": (_LEAST_GAS, _UINT64),
            "max_fee_per_gas": (0, _WORD),
            "max_priority_fee_per_gas": (0, _WORD),
        }
        for name, (least, beyond) in bounds.items():
            if not least <= getattr(self, name) < beyond:
                raise ValueError(f"{name} {getattr(self, name)} is out of bounds")
        if self.max_priority_fee_per_gas > self.max_fee_per_gas:
            raise ValueError("max_priority_fee_per_gas is above max_fee_per_gas")

    def as_dict(self) -> dict[str, object]:
        """The names that JSON-RPC and eth-account use."""
        return {
            "type": 2,
            "chainId": self.chain_id,
            "nonce": self.nonce,
            "to": self.to,
            "data": "0x" + self.data.hex(),
            "value": self.value,
            "gas": self.gas_limit,
            "maxFeePerGas": self.max_fee_per_gas,
            "maxPriorityFeePerGas": self.max_priority_fee_per_gas,
            "accessList": [],
        }


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    """`raw` is the envelope that eth_sendRawTransaction takes, `hash` its transaction hash, `sender` who
    signed.
    """

    raw: bytes
    hash: str
    sender: Address


class Signer(Protocol):
    """Something that signs as one address."""

    @property
    def address(self) -> Address:
        """Who signs."""

    def sign(self, fields: TransactionFields) -> SignedTransaction:
        """Sign. Raises WalletError when the signature is not that of `address`."""


class LocalSigner:
    """A signer that holds its key in memory and shows it to nobody: not in repr, str, pickles or errors."""

    __slots__ = ("__account", "address")

    def __init__(self, account: LocalAccount) -> None:
        self.__account = account
        self.address = to_address(account.address)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.address})"

    def __reduce__(self) -> str:
        raise WalletError(
            "A signer is never copied out of its process.", fix="open the keystore again where it is needed"
        )

    def sign(self, fields: TransactionFields) -> SignedTransaction:
        """Sign `fields` and recover the sender from the bytes. Raises WalletError if that is not
        `address`.
        """
        signed = self.__account.sign_transaction(cast(Any, fields.as_dict()))
        raw = bytes(signed.raw_transaction)
        sender = to_address(Account.recover_transaction(raw))
        if sender != self.address:
            raise WalletError(
                "The signature is not the signer's.",
                fix="do not use this machine for signing",
                signer=self.address,
            )
        return SignedTransaction(raw=raw, hash="0x" + bytes(signed.hash).hex(), sender=sender)


def unsigned_envelope(fields: TransactionFields) -> bytes:
    """The bytes whose hash is signed (EIP-1559: 0x02, then an RLP list). An OP stack chain prices its data
    fee by them.
    """
    to = bytes.fromhex(fields.to[2:])
    fees = [fields.max_priority_fee_per_gas, fields.max_fee_per_gas]
    return b"\x02" + bytes(
        rlp.encode(
            [fields.chain_id, fields.nonce, *fees, fields.gas_limit, to, fields.value, fields.data, []]
        )
    )
