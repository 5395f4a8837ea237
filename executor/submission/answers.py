"""What a node's refusal of a transaction means. Only what is surely a refusal frees a nonce."""

from enum import StrEnum

from executor.chain.rpc import NodeRefusedError


class Answer(StrEnum):
    """Known: the node has it already. Nonce used: something with that nonce is mined, perhaps this very
    transaction. Refused: the node did not take it. Unknown: it may have been taken."""

    KNOWN = "known"
    NONCE_USED = "nonce_used"
    REFUSED = "refused"
    UNKNOWN = "unknown"


_KNOWN = ("already known", "already imported", "known transaction", "already in mempool", "alreadyknown")
_UNKNOWN_THOUGH_LIKE = ("unknown transaction",)
_NONCE_USED = ("nonce too low", "nonce is too low", "noncetoolow", "old nonce")
_REFUSED = (
    "insufficient funds",
    "intrinsic gas too low",
    "intrinsic gas too high",
    "insufficient gas for floor data gas cost",
    "exceeds block gas limit",
    "transaction gas limit too high",
    "exceeds maximum per-transaction gas limit",
    "max fee per gas less than block base fee",
    "gas price below current base fee",
    "max priority fee per gas higher than max fee per gas",
    "max priority fee per gas exceeds max fee per gas",
    "transaction underpriced",
    "gas price below minimum",
    "below minimum required priority fee",
    "tx type not supported",
    "transaction type not supported",
    "invalid sender",
    "invalid chain id",
    "oversized data",
    "fee cap exceeded",
    "exceeds the configured cap",
)
"""Checks that a pool makes before it takes a transaction (geth, reth, besu, nethermind, anvil)."""


def meaning(refusal: NodeRefusedError) -> Answer:
    """Read a node's words, whichever client wrote them."""
    words = refusal.rpc_message.lower()
    if any(text in words for text in _KNOWN) and not any(text in words for text in _UNKNOWN_THOUGH_LIKE):
        return Answer.KNOWN
    if any(text in words for text in _NONCE_USED):
        return Answer.NONCE_USED
    if "replacement transaction underpriced" in words:
        return Answer.NONCE_USED
    return Answer.REFUSED if any(text in words for text in _REFUSED) else Answer.UNKNOWN
