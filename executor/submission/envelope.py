"""What a signed transaction says, read back from its own bytes."""

from dataclasses import dataclass

from eth_account.typed_transactions.typed_transaction import TypedTransaction
from hexbytes import HexBytes

from executor.domain.address import Address, to_address


@dataclass(frozen=True, slots=True)
class Envelope:
    """The call in a type-2 transaction; `value` in wei."""

    to: Address
    data: bytes
    gas_limit: int
    value: int = 0


def read_envelope(raw: bytes) -> Envelope:
    """The call in the signed bytes of an attempt. Raises ValueError when they are not a typed transaction."""
    fields = TypedTransaction.from_bytes(HexBytes(raw)).as_dict()
    return Envelope(
        to_address("0x" + bytes(fields["to"]).hex()),
        bytes(fields["data"]),
        int(fields["gas"]),
        int(fields["value"]),
    )
