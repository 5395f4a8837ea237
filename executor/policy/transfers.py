"""What logs say about who gave and who got: ERC-20 transfers, and what WETH9 logs instead when it wraps and
unwraps.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from eth_hash.auto import keccak

from executor.domain.address import Address, to_address
from executor.domain.log import Log

TRANSFER = keccak(b"Transfer(address,address,uint256)")
DEPOSIT = keccak(b"Deposit(address,uint256)")
WITHDRAWAL = keccak(b"Withdrawal(address,uint256)")
WORD = 32


@dataclass(frozen=True, slots=True)
class Move:
    """`amount` of `token` (smallest unit) went from `source` to `target`; None where it was wrapped or
    unwrapped.
    """

    token: Address
    source: Address | None
    target: Address | None
    amount: int


def moves(logs: Iterable[Log], *, wrapped_native: Address | None) -> Iterator[Move]:
    """Every movement that `logs` tell, in order. Only the `wrapped_native` token's deposits and withdrawals
    count: other contracts use the same names for other things. Logs of another shape are passed over.
    """
    for log in logs:
        move = _move(log, log.address == wrapped_native)
        if move is not None:
            yield move


def changes(
    logs: Iterable[Log], accounts: Collection[Address], *, wrapped_native: Address | None
) -> dict[tuple[Address, Address], int]:
    """What each of `accounts` gained by (account, token), in the token's smallest unit; only what is not
    zero.
    """
    gained: dict[tuple[Address, Address], int] = {}
    for move in moves(logs, wrapped_native=wrapped_native):
        for account, amount in ((move.source, -move.amount), (move.target, move.amount)):
            if account in accounts and account is not None:
                gained[account, move.token] = gained.get((account, move.token), 0) + amount
    return {key: amount for key, amount in gained.items() if amount}


def party(topic: bytes) -> Address:
    """The address in a topic."""
    return to_address("0x" + topic[-20:].hex())


def word(log: Log, index: int) -> int:
    """The unsigned number in the `index`-th word of a log's data; 0 behind its end."""
    return int.from_bytes(log.data[WORD * index : WORD * (index + 1)], "big")


def _move(log: Log, wraps: bool) -> Move | None:
    if not log.topics or len(log.data) != WORD:
        return None
    name, parties = log.topics[0], [party(topic) for topic in log.topics[1:]]
    if name == TRANSFER and len(parties) == 2:
        return Move(log.address, parties[0], parties[1], word(log, 0))
    if wraps and name == DEPOSIT and len(parties) == 1:
        return Move(log.address, None, parties[0], word(log, 0))
    if wraps and name == WITHDRAWAL and len(parties) == 1:
        return Move(log.address, parties[0], None, word(log, 0))
    return None
