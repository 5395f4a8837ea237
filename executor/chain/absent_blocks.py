"""What nodes say of a block that they do not have: not yet, no more since their chain was reorganised, or as
they keep no states so old.
"""

from executor.chain.rpc import NodeRefusedError

_WORDS = (
    "header not found",
    "header for hash not found",
    "unknown block",
    "block not found",
    "missing trie",
    "beyond head",
    "but requested was",
    "resource not found",
    "is not currently canonical",
)
"""In lower case. The last one is geth's answer to a block that a reorganisation has left beside the chain."""


def lacks_block(answer: object) -> bool:
    """True if the answer, or the error, is a refusal for want of the block that was asked about."""
    if not isinstance(answer, NodeRefusedError):
        return False
    told = answer.rpc_message.lower()
    return any(words in told for words in _WORDS)
