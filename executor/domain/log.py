"""What a contract wrote into a block's log."""

from dataclasses import dataclass

from executor.domain.address import Address


@dataclass(frozen=True, slots=True)
class Log:
    """One log entry. `topics` are 32 bytes each, the first names the event; `index` is its place in the
    block. Entries of one chain are ordered by (`block_number`, `index`).
    """

    address: Address
    topics: tuple[bytes, ...]
    data: bytes
    block_number: int
    block_hash: str
    index: int
