"""A stand-in for geth's transaction pool, in front of a node whose own pool is more lenient.

A fake, because no package has geth itself: it keeps the rules and the words of geth's `core/txpool` (v1.16)
for dynamic-fee transactions: known hashes, nonces, both fees ten per cent up for a replacement, the price
floor, the fee cap of the RPC, gas limits, funds for all that is pending, slots.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from eth_account import Account
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from eth_utils.crypto import keccak
from hexbytes import HexBytes

PRICE_BUMP = 10
LEAST_TIP = 1
MOST_GAS = 2**24
FEE_CAP = 10**18
QUEUED_SLOTS = 64
INTRINSIC_GAS = 21_000


@dataclass(frozen=True)
class Pooled:
    """A transaction as the pool sees it; fees in wei per gas."""

    hash: str
    sender: str
    nonce: int
    max_fee: int
    tip: int
    gas: int
    value: int

    @property
    def cost(self) -> int:
        """What it may take of its sender, in wei."""
        return self.gas * self.max_fee + self.value


def read_transaction(raw: bytes) -> Pooled:
    """The signed bytes of a type 2 transaction."""
    fields = TypedTransaction.from_bytes(HexBytes(raw)).as_dict()
    return Pooled(
        hash="0x" + keccak(raw).hex(),
        sender=str(Account.recover_transaction(raw)),
        nonce=int(fields["nonce"]),
        max_fee=int(fields["maxFeePerGas"]),
        tip=int(fields["maxPriorityFeePerGas"]),
        gas=int(fields["gas"]),
        value=int(fields["value"]),
    )


@dataclass
class GethPool:
    """What the pool holds, by sender and nonce."""

    held: dict[str, dict[int, Pooled]] = field(default_factory=dict)

    def refusal(self, new: Pooled, *, mined: int, balance: int, block_gas_limit: int) -> str | None:
        """The words with which geth refuses `new`, None where it takes it. `mined` is the sender's
        transaction count, `balance` his money in wei, both at the head.
        """
        own = self.held.setdefault(new.sender, {})
        for nonce in [nonce for nonce in own if nonce < mined]:
            del own[nonce]
        old = own.get(new.nonce)
        if old is not None and old.hash == new.hash:
            return "already known"
        return (
            _malformed(new, block_gas_limit)
            or _misplaced(new, mined, own)
            or _unaffordable(new, balance, own)
            or (None if old is None else _underbid(new, old))
        )

    def take(self, new: Pooled) -> None:
        """Hold `new`, in place of what had its nonce."""
        self.held.setdefault(new.sender, {})[new.nonce] = new


def _malformed(new: Pooled, block_gas_limit: int) -> str | None:
    if new.gas * new.max_fee > FEE_CAP:
        fee = new.gas * new.max_fee / 10**18
        return f"tx fee ({fee:.2f} ether) exceeds the configured cap (1.00 ether)"
    if new.gas > MOST_GAS:
        return f"transaction gas limit too high (cap: {MOST_GAS}, tx: {new.gas})"
    if new.gas > block_gas_limit:
        return "exceeds block gas limit"
    if new.max_fee < new.tip:
        return "max priority fee per gas higher than max fee per gas"
    if new.gas < INTRINSIC_GAS:
        return f"intrinsic gas too low: gas {new.gas}, minimum needed {INTRINSIC_GAS}"
    if new.tip < LEAST_TIP:
        return f"transaction underpriced: gas tip cap {new.tip}, minimum needed {LEAST_TIP}"
    return None


def _misplaced(new: Pooled, mined: int, own: dict[int, Pooled]) -> str | None:
    if new.nonce < mined:
        return f"nonce too low: next nonce {mined}, tx nonce {new.nonce}"
    executable = mined
    while executable in own:
        executable += 1
    queued = sum(nonce > executable for nonce in own)
    if new.nonce > executable and new.nonce not in own and queued >= QUEUED_SLOTS:
        return f"account limit exceeded: pooled {len(own)} txs"
    return None


def _unaffordable(new: Pooled, balance: int, own: dict[int, Pooled]) -> str | None:
    if balance < new.cost:
        return (
            f"insufficient funds for gas * price + value: balance {balance}, tx cost {new.cost}, "
            f"overshot {new.cost - balance}"
        )
    queued = sum(other.cost for nonce, other in own.items() if nonce != new.nonce)
    if balance < queued + new.cost:
        return (
            f"insufficient funds for gas * price + value: balance {balance}, queued cost {queued}, "
            f"tx cost {new.cost}, overshot {queued + new.cost - balance}"
        )
    return None


def _underbid(new: Pooled, old: Pooled) -> str | None:
    least_fee = old.max_fee * (100 + PRICE_BUMP) // 100
    least_tip = old.tip * (100 + PRICE_BUMP) // 100
    higher = new.max_fee > old.max_fee and new.tip > old.tip
    if not higher or new.max_fee < least_fee or new.tip < least_tip:
        return "replacement transaction underpriced"
    return None
