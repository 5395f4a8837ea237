"""Put real bytecode at its real address: two ways, in order of preference.

1. `create_as`: an ordinary creation by the account that did it on mainnet, at the nonce that it had.
2. `construct_at`: run the constructor in place, where deployer or nonce are not known. Storage, events,
   children and immutables that hold the contract's own address come out right, which copying runtime code
   does not give.

A third, the CREATE2 deployer, would need creation code and salt of mainnet, which no package here has.
"""

from __future__ import annotations

from typing import Any

from eth_utils.address import to_checksum_address

from devnet import abi
from devnet.artifacts import Artifact
from devnet.errors import BuildError
from devnet.node import Node, Receipt
from devnet.roles import account as account
from devnet.settings import ETHER, TRANSACTION_GAS_CAP

BUILD_GAS = TRANSACTION_GAS_CAP - 1
PLENTY = 10**9 * ETHER


class Placer:
    """Deploys and calls on a node that is being built, each transaction checked."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.deployer = account("deployer")
        node.set_balance(self.deployer, PLENTY)

    def deploy(self, artifact: Artifact, signature: str = "()", *arguments: Any, sender: str = "") -> str:
        """Deploy from an ordinary account; the new address. `signature` lists the constructor's types."""
        return self._create(sender or self.deployer, creation_code(artifact, signature, *arguments))

    def create_as(
        self,
        sender: str,
        nonce: int,
        expected: str,
        artifact: Artifact,
        signature: str = "()",
        *arguments: Any,
    ) -> str:
        """Deploy as `sender` at `nonce`. Raises BuildError when the address is not `expected`."""
        self.node.set_balance(sender, PLENTY)
        self.node.rpc("anvil_setNonce", sender, hex(nonce))
        created = self._create(sender, creation_code(artifact, signature, *arguments))
        return require_address(artifact.name, created, expected)

    def construct_at(
        self,
        address: str,
        artifact: Artifact,
        signature: str = "()",
        *arguments: Any,
        sender: str = "",
    ) -> str:
        """Run the constructor at `address` as if `sender` deployed it there; leave the runtime code."""
        sender = sender or self.deployer
        self.node.set_code(address, creation_code(artifact, signature, *arguments))
        # A contract starts with nonce 1, and the addresses of what its constructor creates depend on it.
        self.node.rpc("anvil_setNonce", address, "0x1")
        runtime = self.node.call(address, from_=sender)
        if not runtime:
            raise BuildError(f"the constructor of {artifact.name} returned no code", "check its arguments")
        self.send(sender, address)
        self.node.set_code(address, runtime)
        return address

    def set_nonce(self, address: str, nonce: int) -> None:
        """Set the number of creations (and, for people, transactions) that `address` has made."""
        self.node.rpc("anvil_setNonce", address, hex(nonce))

    def send(self, sender: str, to: str, data: bytes = b"", *, value: int = 0) -> Receipt:
        """A transaction that must succeed; raises TransactionError otherwise."""
        return self.node.send(sender, to, data, value=value, gas=BUILD_GAS)

    def call(self, sender: str, to: str, signature: str, *arguments: Any, value: int = 0) -> Receipt:
        """A contract call by signature as a transaction that must succeed."""
        return self.send(sender, to, abi.encode_call(signature, *arguments), value=value)

    def read(self, to: str, signature: str, returns: str, *arguments: Any) -> tuple[Any, ...]:
        """A contract call by signature without a transaction; `returns` is "(type,type)"."""
        return abi.decode(returns, self.node.call(to, abi.encode_call(signature, *arguments)))

    def read_address(self, to: str, signature: str, *arguments: Any) -> str:
        """As `read`, for a call that returns one address."""
        return to_checksum_address(self.read(to, signature, "(address)", *arguments)[0])

    def _create(self, sender: str, code: bytes) -> str:
        receipt = self.node.send(sender, None, code, gas=BUILD_GAS)
        created = to_checksum_address(receipt["contractAddress"])
        if not self.node.code(created):
            raise BuildError(f"nothing was deployed at {created}", "check the creation code")
        return created


def creation_code(artifact: Artifact, signature: str, *arguments: Any) -> bytes:
    """Creation code with its constructor arguments. Raises ArtifactError when it wants libraries."""
    return artifact.linked({}) + abi.encode(signature, *arguments)


def require_address(what: str, found: str, expected: str) -> str:
    """`found`, which must be `expected`; BuildError otherwise."""
    if found.lower() != expected.lower():
        raise BuildError(f"{what} came out at {found}, not at {expected}", "correct one of them")
    return to_checksum_address(found)
