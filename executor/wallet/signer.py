"""Signing: EIP-1559 transactions only, for one named chain, and never without proof of who signed."""

from dataclasses import dataclass
from typing import Protocol

from coincurve import PrivateKey
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_hash.auto import keccak

from executor.domain.address import ZERO_ADDRESS, Address, to_address
from executor.domain.errors import WalletError
from executor.wallet import envelope
from executor.wallet.envelope import LEAST_GAS, UINT64, TransactionFields

__all__ = ["LocalSigner", "SignedTransaction", "Signer", "TransactionFields", "unsigned_envelope"]

_PROOF = TransactionFields(
    chain_id=UINT64 - 1,
    nonce=UINT64 - 2,
    to=ZERO_ADDRESS,
    data=b"",
    value=0,
    gas_limit=LEAST_GAS,
    max_fee_per_gas=0,
    max_priority_fee_per_gas=0,
)
"""Signed to prove a key; no chain has this id, and no account this nonce."""


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
    """A signer that holds its key in memory and shows it to nobody: not in repr, str, pickles or errors.

    It proves once, when it is made, that what it signs is recovered to its address: raises WalletError where
    not. A fault later on could only make bytes of a sender without money, which every node refuses.
    """

    __slots__ = ("__key", "address")

    def __init__(self, account: LocalAccount) -> None:
        self.__key = PrivateKey(bytes(account.key))
        self.address = to_address(account.address)
        proof = self.sign(_PROOF)
        if to_address(Account.recover_transaction(proof.raw)) != self.address:
            raise WalletError(
                "The signature is not the signer's.",
                fix="do not use this machine for signing",
                signer=self.address,
            )

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.address})"

    def __reduce__(self) -> str:
        raise WalletError(
            "A signer is never copied out of its process.", fix="open the keystore again where it is needed"
        )

    def sign(self, fields: TransactionFields) -> SignedTransaction:
        """Sign `fields`; the same fields always give the same bytes (RFC 6979)."""
        body = envelope.unsigned_body(fields)
        signature = self.__key.sign_recoverable(keccak(envelope.unsigned(body)), hasher=None)
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
        raw = envelope.signed(body, signature[64], r, s)
        return SignedTransaction(raw=raw, hash="0x" + keccak(raw).hex(), sender=self.address)


def unsigned_envelope(fields: TransactionFields) -> bytes:
    """The bytes whose hash is signed. An OP stack chain prices its data fee by them."""
    return envelope.unsigned(envelope.unsigned_body(fields))
