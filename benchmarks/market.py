"""The measured market: the same real V2 and V3 bytecode in the same state for every case.

Pairs and pools of three tokens with a fee of 0.3 % each: one pair holds 1000 WETH : 1080 A, everything else
stands at price one. Block times are fixed, accumulators are warm, and one unit of each token lies in every
contract, so that no case pays for an empty slot.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from benchmarks.loops import Loop, PoolName
from devnet.errors import RpcError, TransactionError
from devnet.node import ETHER, Node, Receipt
from devnet.place import account
from executor.domain.address import Address
from executor.domain.call import EthCall, drive
from executor.domain.market import PoolState
from executor.domain.pool import Pool
from executor.domain.route import Funding, Leg, Route, SizedRoute
from executor.domain.token import Token
from executor.routing.sizing import forward
from executor.venues import read

OWNER, OPERATOR, TRADER = account("owner"), account("operator"), account("trader")
START = 2_000_000_000
"""Time of the first block of the market's making, in unix seconds."""
MEASURED_AT = START + 1000
DEADLINE = START + 10**6
AMOUNT_IN = ETHER
GAS_LIMIT = 3_000_000
BASE_FEE = 10**9


@dataclass(frozen=True)
class Factories:
    """Who made the pools: each pair of the same two tokens needs a factory of its own."""

    cheap: Address
    even: Address
    v3: Address


@dataclass(frozen=True)
class Market:
    """What stands on `node`; `bare` holds the contracts without checks by name. WETH < B < A by address.
    `provider` is the contract that holds the liquidity of the V3 pools and can trade on them.
    """

    node: Node
    weth: Token
    a: Token
    b: Token
    pools: Mapping[PoolName, Pool]
    factories: Factories
    provider: Address
    router: Address
    bare: Mapping[str, Address]

    def sized(self, loop: Loop, funding: Funding = Funding.INVENTORY, premium: int = 0) -> SizedRoute:
        """One WETH around `loop`, with the amounts that the pools give now."""
        legs: list[Leg] = []
        token = self.weth
        for name in loop.pools:
            legs.append(Leg(self.pools[name], token))
            token = legs[-1].token_out
        route = Route(tuple(legs))
        states = {leg.pool.key: self.state(leg.pool) for leg in legs}
        return SizedRoute(route, forward(route, states, AMOUNT_IN), funding, premium)

    def state(self, pool: Pool) -> PoolState:
        """The pool as its maths see it now."""
        return drive(read(pool), self.answer)

    def gas(self, sender: str, to: str, data: bytes, *, holder: str, profit: int) -> int:
        """Gas used by one trade from the fixed state at the fixed time; the state is put back.

        Raises AssertionError when it does not leave `holder` at least `profit` wei of WETH more: a call whose
        failure nobody looks at costs little.
        """
        with self.node.isolated():
            before = self.node.erc20_balance(self.weth.address, holder)
            used = int(self._send(sender, to, data)["gasUsed"], 16)
            earned = self.node.erc20_balance(self.weth.address, holder) - before
        if earned < profit:
            raise AssertionError(f"the trade was to earn {profit} wei for {holder}, not {earned}")
        return used

    def reverted(self, sender: str, to: str, data: bytes) -> tuple[int, bytes]:
        """As `gas`, for a transaction that must revert: gas used and revert data. Raises AssertionError when
        it does not revert.
        """
        with self.node.isolated():
            try:
                self._send(sender, to, data)
            except TransactionError as error:
                sent, used = error.receipt["transactionHash"], int(str(error.receipt["gasUsed"]), 16)
            else:
                raise AssertionError("the transaction was to revert and did not")
            trace = self.node.rpc("debug_traceTransaction", sent, {"tracer": "callTracer"})
        return used, bytes.fromhex(trace["output"][2:])

    def trace(self, sender: str, to: str, data: bytes) -> list[dict[str, Any]]:
        """Every step of one transaction, as the node lists them; needs a traced market."""
        with self.node.isolated():
            sent = self._send(sender, to, data)["transactionHash"]
            options = {"disableStorage": True}
            steps: list[dict[str, Any]] = self.node.rpc("debug_traceTransaction", sent, options)["structLogs"]
        return steps

    def storage_reads(self, sender: str, to: str, data: bytes) -> list[int]:
        """The slots that the router itself reads during one transaction, in order; needs a traced market."""
        reads, frames = [], [to.lower()]
        for step in self.trace(sender, to, data):
            del frames[step["depth"] :]
            if step["op"] == "SLOAD" and frames[-1] == self.router.lower():
                reads.append(int(step["stack"][-1], 16))
            if step["op"] in ("CALL", "STATICCALL"):
                frames.append(f"0x{int(step['stack'][-2], 16):040x}")
            if step["op"] == "DELEGATECALL":
                frames.append(frames[-1])
        return reads

    def _send(self, sender: str, to: str, data: bytes) -> Receipt:
        self.node.rpc("evm_setNextBlockTimestamp", MEASURED_AT)
        receipt = self.node.send(sender, to, data, gas=GAS_LIMIT)
        if int(receipt["transactionIndex"], 16):
            raise AssertionError("another transaction came first in the block that is measured")
        return receipt

    def answer(self, call: EthCall) -> bytes | None:
        """What the node answers a read; None where it refuses."""
        try:
            return self.node.call(call.to, call.data)
        except RpcError:
            return None
