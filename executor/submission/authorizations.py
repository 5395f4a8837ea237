"""EIP-7702: an authorization that any transaction carries uses up a nonce of whoever signed it."""

from collections.abc import Mapping
from typing import Any

import rlp  # type: ignore[import-untyped]
from eth_keys.datatypes import Signature
from eth_keys.exceptions import BadSignature
from eth_utils.crypto import keccak
from eth_utils.exceptions import ValidationError

from executor.chain.quantities import quantity
from executor.domain.address import Address
from executor.domain.errors import NodeError

_MAGIC = b"\x05"
_ANY_CHAIN = 0


def uses_nonce(transaction: Mapping[str, Any], signer: Address, chain_id: int, nonce: int) -> bool:
    """Whether `transaction`, as a node tells it, carries an authorization by `signer` for that nonce and
    chain. The signature is what counts, not what a node says of it.
    """
    carried = transaction.get("authorizationList")
    if not isinstance(carried, list):
        return False
    return any(_signer(entry, chain_id, nonce) == signer.lower() for entry in carried)


def _signer(entry: object, chain_id: int, nonce: int) -> str | None:
    """Who signed it, in lower case; None where it is of another nonce or chain, or no signature at all."""
    if not isinstance(entry, Mapping):
        return None
    try:
        told = {name: quantity(entry.get(name), name) for name in ("chainId", "nonce", "yParity", "r", "s")}
        target = bytes.fromhex(str(entry.get("address")).removeprefix("0x"))
        if told["nonce"] != nonce or told["chainId"] not in (_ANY_CHAIN, chain_id):
            return None
        said = keccak(_MAGIC + rlp.encode([told["chainId"], target, nonce]))
        signature = Signature(vrs=(told["yParity"], told["r"], told["s"]))
        return signature.recover_public_key_from_msg_hash(said).to_address()
    except (NodeError, ValueError, BadSignature, ValidationError):
        return None
