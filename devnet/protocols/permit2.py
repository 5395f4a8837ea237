"""Permit2: the runtime code that its own test helper carries, with the chain's immutables filled in."""

from __future__ import annotations

import re

from eth_utils.crypto import keccak

from devnet import abi, packages
from devnet.addresses import AddressBook
from devnet.errors import BuildError
from devnet.manifest import UNISWAP_V4
from devnet.place import Placer

HELPER = "lib/permit2/test/utils/DeployPermit2.sol"
HELPER_CHAIN_ID = 31337
PUSH32 = 0x7F
# From the instruction that pushes the cached chain id to the word of the cached domain separator.
SEPARATOR_OFFSET = 39


def build(place: Placer, book: AddressBook) -> None:
    """Put the code in place. Raises BuildError when its domain separator is not the chain's.

    The helper's code holds the chain id and the domain separator of the chain that it was made on. Both are
    immutables of known value, so they are replaced: on chain id 1 mainnet's code comes out.
    """
    address = book.contracts["permit2"]
    code = runtime_code(address, book.chain_id)
    place.node.set_code(address, code)
    found = place.read(address, "DOMAIN_SEPARATOR()", "(bytes32)")[0]
    if found != domain_separator(address, book.chain_id):
        raise BuildError("Permit2 answers a foreign domain separator", "check the code of the test helper")


def runtime_code(address: str, chain_id: int) -> bytes:
    """Permit2's runtime code for a chain. Raises BuildError when the helper is not as expected."""
    text = (packages.root(UNISWAP_V4) / HELPER).read_text()
    literal = re.search(r'hex"([0-9a-f]+)"', text)
    if literal is None:
        raise BuildError(f"{HELPER} holds no bytecode literal", "check the pinned package")
    code = bytearray.fromhex(literal.group(1))
    cached = _push(HELPER_CHAIN_ID.to_bytes(32, "big"))
    place = code.find(cached)
    if code.count(cached) != 1 or code[place + SEPARATOR_OFFSET - 1] != PUSH32:
        raise BuildError(f"{HELPER} is not the expected build", "check the pinned package")
    code[place : place + 33] = _push(chain_id.to_bytes(32, "big"))
    separator = place + SEPARATOR_OFFSET
    code[separator : separator + 32] = domain_separator(address, chain_id)
    return bytes(code)


def domain_separator(address: str, chain_id: int) -> bytes:
    """The EIP-712 domain separator of Permit2 at `address`."""
    kind = keccak(text="EIP712Domain(string name,uint256 chainId,address verifyingContract)")
    name = keccak(text="Permit2")
    return keccak(abi.encode("(bytes32,bytes32,uint256,address)", kind, name, chain_id, address))


def _push(word: bytes) -> bytes:
    return bytes([PUSH32]) + word
