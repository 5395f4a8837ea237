"""A node's words about a transaction, from the clients that wrote them."""

import pytest

from executor.chain.rpc import NodeRefusedError
from executor.policy.failures import Failure
from executor.submission.answers import failure
from executor.submission.transmission import NOTHING_SENT

FREES = {
    "already known": False,
    "ALREADY_EXISTS: already known": False,
    "transaction already imported": False,
    "Known transaction": False,
    "unknown transaction": False,
    "unknown transaction type": False,
    "nonce too low": False,
    "nonce too low: next nonce 5, tx nonce 4": False,
    "nonce too low: address 0xabc, tx: 1 state: 2": False,
    "replacement transaction underpriced": False,
    "Replacement transaction underpriced": False,
    "insufficient funds for gas * price + value: balance 0, tx cost 1": True,
    "Insufficient funds for gas * price + value": True,
    "transaction underpriced: gas tip cap 0, minimum needed 1": True,
    "max fee per gas less than block base fee": True,
    "intrinsic gas too low": True,
    "transaction gas limit too high (cap: 16777216, tx: 20000000)": True,
    "tx fee (2.00 ether) exceeds the configured cap (1.00 ether)": True,
    "internal error": False,
    "request timed out": False,
    "txpool is full": False,
    "nonce too high": False,
    "": False,
}


@pytest.mark.parametrize(("words", "frees"), FREES.items())
def test_only_what_is_surely_a_refusal_frees_a_nonce(words: str, frees: bool) -> None:
    kind = failure(NodeRefusedError("eth_sendRawTransaction", -32000, words, None))
    assert (kind in NOTHING_SENT) is frees


KINDS = {
    "replacement transaction underpriced": Failure.UNDERPRICED_REPLACEMENT,
    "Replacement transaction underpriced": Failure.UNDERPRICED_REPLACEMENT,
    "insufficient gas price to replace existing transaction": Failure.UNDERPRICED_REPLACEMENT,
    "transaction underpriced: gas tip cap 0, minimum needed 1": Failure.TIP_BELOW_MINIMUM,
    "gas price below minimum: gas tip cap 1, minimum needed 25000000000": Failure.TIP_BELOW_MINIMUM,
    "max priority fee per gas higher than max fee per gas": Failure.TIP_BELOW_MINIMUM,
    "Gas price below current base fee": Failure.FEE_BELOW_BASE_FEE,
    "max fee per gas less than block base fee": Failure.FEE_BELOW_BASE_FEE,
    "Transaction nonce is too distant from current sender nonce": Failure.NONCE_GAP,
    "nonce too high": Failure.NONCE_GAP,
    "An invalid transaction with a lower nonce exists": Failure.NONCE_GAP,
    "insufficient funds for gas * price + value: balance 0": Failure.INSUFFICIENT_FUNDS,
    "insufficient gas for floor data gas cost": Failure.INTRINSIC_GAS,
    "intrinsic gas too high -- tx.gas_limit > env.block.gas_limit": Failure.GAS_LIMIT_TOO_HIGH,
    "exceeds maximum per-transaction gas limit": Failure.GAS_LIMIT_TOO_HIGH,
    "tx fee (1.20 ether) exceeds the configured cap (1.00 ether)": Failure.FEE_ABOVE_CAP,
    "Transaction fee cap exceeded": Failure.FEE_ABOVE_CAP,
    "txpool is full": Failure.POOL_FULL,
    "in-flight transaction limit reached for delegated accounts": Failure.POOL_FULL,
    "gapped-nonce tx from delegated accounts": Failure.NONCE_GAP,
    "sequencer temporarily not available": Failure.POOL_FULL,
    "oversized data": Failure.CONFIGURATION,
    "unknown transaction": Failure.UNKNOWN,
    "method handler crashed": Failure.UNKNOWN,
}


@pytest.mark.parametrize(("words", "kind"), KINDS.items())
def test_the_words_of_every_client_name_one_failure(words: str, kind: Failure) -> None:
    assert failure(NodeRefusedError("eth_sendRawTransaction", -32000, words, None)) is kind
