"""What a node's refusal of a transaction means, whichever client wrote it. Only what is surely a refusal
frees a nonce.

Sources: the error texts of geth (op-geth, bsc, bor), reth, besu, nethermind, erigon, nitro and anvil.
"""

from executor.chain.rpc import NodeRefusedError
from executor.policy.failures import Failure

_NOT_WHAT_IT_LOOKS_LIKE = ("unknown transaction", "transaction type not known")

_TEXTS: tuple[tuple[Failure, tuple[str, ...]], ...] = (
    (
        Failure.ALREADY_KNOWN,
        ("already known", "already imported", "known transaction", "already in mempool", "alreadyknown"),
    ),
    (
        Failure.UNDERPRICED_REPLACEMENT,
        (
            "replacement transaction underpriced",
            "insufficient gas price to replace",
            "could not replace existing tx",
        ),
    ),
    (Failure.NONCE_USED, ("nonce too low", "nonce is too low", "noncetoolow", "old nonce")),
    (
        Failure.NONCE_GAP,
        (
            "nonce too high",
            "nonce is too distant",
            "gapped-nonce",
            "an invalid transaction with a lower nonce",
        ),
    ),
    (
        Failure.FEE_ABOVE_CAP,
        ("exceeds the configured cap", "fee cap exceeded"),
    ),
    (
        Failure.FEE_BELOW_BASE_FEE,
        ("max fee per gas less than block base fee", "gas price below current base fee"),
    ),
    (
        Failure.TIP_BELOW_MINIMUM,
        (
            "transaction underpriced",
            "gas price below minimum",
            "below minimum required priority fee",
            "max priority fee per gas higher than max fee per gas",
            "max priority fee per gas exceeds max fee per gas",
        ),
    ),
    (Failure.INSUFFICIENT_FUNDS, ("insufficient funds",)),
    (
        Failure.INTRINSIC_GAS,
        ("intrinsic gas too low", "insufficient gas for floor data gas cost", "below intrinsic gas"),
    ),
    (
        Failure.GAS_LIMIT_TOO_HIGH,
        (
            "intrinsic gas too high",
            "exceeds block gas limit",
            "transaction gas limit too high",
            "exceeds maximum per-transaction gas limit",
        ),
    ),
    (
        Failure.POOL_FULL,
        (
            "txpool is full",
            "account limit exceeded",
            "in-flight transaction limit reached",
            "address already reserved",
            "authority already reserved",
            "future transaction tries to replace pending",
            "sequencer temporarily not available",
        ),
    ),
    (
        Failure.CONFIGURATION,
        (
            "tx type not supported",
            "transaction type not supported",
            "invalid sender",
            "invalid chain id",
            "oversized data",
        ),
    ),
)
"""Checked in this order: some words stand within others."""


def failure(refusal: NodeRefusedError) -> Failure:
    """Which failure a node's words tell of; UNKNOWN where nobody can say."""
    words = refusal.rpc_message.lower()
    if any(text in words for text in _NOT_WHAT_IT_LOOKS_LIKE):
        return Failure.UNKNOWN
    return next((kind for kind, texts in _TEXTS if any(text in words for text in texts)), Failure.UNKNOWN)
