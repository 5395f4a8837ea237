"""The node behind Ape's provider, asked directly: Ape drops the revert data and takes chain ids on trust."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from ape.api import ProviderAPI

from executor.chain.calls import call, revert_error, reverted
from executor.chain.checks import require_checked
from executor.chain.head import head
from executor.chain.network import Network, identify
from executor.chain.quantities import hex_data, quantity, to_data
from executor.chain.reading import read
from executor.chain.rpc import NodeRefusedError, Rpc
from executor.domain.address import Address
from executor.domain.call import Reading
from executor.domain.chain import KnownAddress
from executor.domain.errors import NodeError
from executor.plan import decode_revert
from executor.policy.fees import gas_limit

T = TypeVar("T")

_GAS_MARGIN_BPS = 12_000


@dataclass(frozen=True)
class Cost:
    """What sending takes: gas to allow for, and the present price in wei per gas."""

    gas_limit: int
    gas_price: int

    @property
    def wei(self) -> int:
        """All of it at the present price."""
        return self.gas_limit * self.gas_price


class DirectNode:
    """Questions to one node, on its newest block. Every method raises NodeError when it does not answer."""

    def __init__(self, url: str) -> None:
        self._url = url

    @classmethod
    def behind(cls, provider: ProviderAPI) -> "DirectNode":
        """The node that Ape is connected to."""
        url = getattr(provider, "http_uri", None)
        if not url:
            raise NodeError(
                "Ape is not connected over HTTP.", fix="use a network whose node has an http(s) URL"
            )
        return cls(str(url))

    def identify(self) -> Network:
        """Chain id, client, and whether it is a development node."""
        return self._ask(identify)

    def require_checked(self, known: Sequence[KnownAddress]) -> None:
        """Ask a real chain whether these addresses are what the chain data say. Raises SafetyError."""
        self._ask(lambda rpc: require_checked(rpc, known, is_local=False))

    def code(self, address: Address) -> bytes:
        """The runtime code at `address`, empty when there is none."""

        async def ask(rpc: Rpc) -> bytes:
            return hex_data(await rpc.call("eth_getCode", address, "latest"), "eth_getCode")

        return self._ask(ask)

    def balance(self, address: Address) -> int:
        """Wei held by `address`."""

        async def ask(rpc: Rpc) -> int:
            return quantity(await rpc.call("eth_getBalance", address, "latest"), "eth_getBalance")

        return self._ask(ask)

    def read(self, reading: Reading[T]) -> T:
        """The value of a read."""
        return self._ask(lambda rpc: read(rpc, reading))

    def construct(self, creation_code: bytes, creator: Address, address: Address) -> bytes:
        """The runtime code that `creation_code` constructs at `address`, its immutables filled in.

        The node runs the creation code in place of what stands there, so that a contract which keeps its own
        address keeps the right one. Raises RevertError, NodeError where a node cannot do so.
        """

        async def ask(rpc: Rpc) -> bytes:
            request = {"from": creator, "to": address}
            instead = {address: {"code": to_data(creation_code)}}
            try:
                made = hex_data(await rpc.call("eth_call", request, "latest", instead), "eth_call")
            except NodeRefusedError as refusal:
                raise (revert_error(refusal, _decode) if reverted(refusal) else refusal) from None
            if not made:
                raise NodeError(
                    "The node does not run eth_call with state overrides, which checking the code takes.",
                    fix="use a node that does: geth, reth, Nethermind, Erigon and Besu do",
                )
            return made

        return self._ask(ask)

    def try_out(self, sender: Address, to: Address, data: bytes) -> Cost:
        """Call without sending; what sending costs. Raises RevertError with the reason."""

        async def ask(rpc: Rpc) -> Cost:
            await call(rpc, to=to, calldata=data, sender=sender, decode=_decode)
            request = {"from": sender, "to": to, "data": to_data(data)}
            estimate = quantity(await rpc.call("eth_estimateGas", request), "eth_estimateGas")
            block = await head(rpc)
            limit = gas_limit(estimate, _GAS_MARGIN_BPS, block_gas_limit=block.gas_limit, calldata=data)
            return Cost(limit, quantity(await rpc.call("eth_gasPrice"), "eth_gasPrice"))

        return self._ask(ask)

    def _ask(self, question: Callable[[Rpc], Coroutine[Any, Any, T]]) -> T:
        async def asked() -> T:
            async with Rpc(self._url) as rpc:
                return await question(rpc)

        return asyncio.run(asked())


def _decode(data: bytes) -> tuple[str, dict[str, object]]:
    decoded = decode_revert(data)
    return decoded.name, dict(decoded.args)
