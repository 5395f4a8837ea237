"""A node's words about a transaction, from the clients that wrote them."""

import pytest

from executor.chain.rpc import NodeRefusedError
from executor.submission.answers import Answer, meaning

WORDS = {
    "already known": Answer.KNOWN,
    "ALREADY_EXISTS: already known": Answer.KNOWN,
    "transaction already imported": Answer.KNOWN,
    "Known transaction": Answer.KNOWN,
    "unknown transaction": Answer.UNKNOWN,
    "unknown transaction type": Answer.UNKNOWN,
    "nonce too low": Answer.NONCE_USED,
    "nonce too low: next nonce 5, tx nonce 4": Answer.NONCE_USED,
    "nonce too low: address 0xabc, tx: 1 state: 2": Answer.NONCE_USED,
    "replacement transaction underpriced": Answer.NONCE_USED,
    "Replacement transaction underpriced": Answer.NONCE_USED,
    "insufficient funds for gas * price + value: balance 0, tx cost 1": Answer.REFUSED,
    "Insufficient funds for gas * price + value": Answer.REFUSED,
    "transaction underpriced: gas tip cap 0, minimum needed 1": Answer.REFUSED,
    "max fee per gas less than block base fee": Answer.REFUSED,
    "intrinsic gas too low": Answer.REFUSED,
    "transaction gas limit too high (cap: 16777216, tx: 20000000)": Answer.REFUSED,
    "tx fee (2.00 ether) exceeds the configured cap (1.00 ether)": Answer.REFUSED,
    "internal error": Answer.UNKNOWN,
    "request timed out": Answer.UNKNOWN,
    "txpool is full": Answer.UNKNOWN,
    "nonce too high": Answer.UNKNOWN,
    "": Answer.UNKNOWN,
}


@pytest.mark.parametrize(("words", "means"), WORDS.items())
def test_only_what_is_surely_a_refusal_is_one(words: str, means: Answer) -> None:
    assert meaning(NodeRefusedError("eth_sendRawTransaction", -32000, words, None)) is means
