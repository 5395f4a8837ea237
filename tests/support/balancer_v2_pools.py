"""Every generation of Balancer V2's weighted and stable pools, from the bytecode that was deployed."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Sequence
from typing import Any

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from devnet import Node, abi, artifacts, deal
from devnet.book import NATIVE
from devnet.books import book_of
from devnet.manifest import BALANCER_V2
from devnet.place import Placer
from devnet.roles import account
from executor.domain.address import Address, to_address
from executor.domain.pool import Pool, VenueKind
from executor.domain.token import Token
from executor.venues import balancer_v2
from executor.venues.pairing import ordered
from tests.support.answers import read_from

TASKS = "dist/tasks/"
OLD = f"{TASKS}deprecated/"
PROVIDER = f"{TASKS}20220725-protocol-fee-percentages-provider/artifact/ProtocolFeePercentagesProvider.json"
META = f"{OLD}20210727-meta-stable-pool/artifact/"
RATES, DURATIONS, EXEMPT = "address[]", "uint256[]", "bool[]"
# The factory's artifact, its constructor's types beyond the Vault, and what `create` takes for each token.
GENERATIONS: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "weighted 1": (
        f"{OLD}20210418-weighted-pool/bytecode/WeightedPoolFactory.json",
        "",
        (),
    ),
    "weighted 2": (
        f"{TASKS}20220908-weighted-pool-v2/bytecode/WeightedPoolFactory.json",
        ",address",
        (RATES,),
    ),
    "weighted 3": (
        f"{TASKS}20230206-weighted-pool-v3/artifact/WeightedPoolFactory.json",
        ",address,string,string",
        (RATES,),
    ),
    "stable 1": (
        f"{OLD}20210624-stable-pool/bytecode/StablePoolFactory.json",
        "",
        (),
    ),
    "stable 2": (
        f"{TASKS}20220609-stable-pool-v2/artifact/StablePoolFactory.json",
        "",
        (),
    ),
    "meta stable": (
        f"{META}MetaStablePoolFactory.json",
        "",
        (RATES, DURATIONS),
    ),
    "phantom stable": (
        f"{OLD}20211208-stable-phantom-pool/bytecode/StablePhantomPoolFactory.json",
        "",
        (RATES, DURATIONS),
    ),
    "composable stable 1": (
        f"{TASKS}20220906-composable-stable-pool/bytecode/ComposableStablePoolFactory.json",
        ",address",
        (RATES, DURATIONS, EXEMPT),
    ),
    "composable stable 2": (
        f"{TASKS}20221122-composable-stable-pool-v2/artifact/ComposableStablePoolFactory.json",
        ",address,string,string",
        (RATES, DURATIONS, EXEMPT),
    ),
    "composable stable 3": (
        f"{TASKS}20230206-composable-stable-pool-v3/artifact/ComposableStablePoolFactory.json",
        ",address,string,string",
        (RATES, DURATIONS, EXEMPT),
    ),
}
FOLDERS = {path.rpartition("/")[0] + "/" for path in (PROVIDER, *(path for path, *_ in GENERATIONS.values()))}
PACKAGE = dataclasses.replace(BALANCER_V2, parts=tuple(sorted(FOLDERS)))
WEIGHTED = [name for name in GENERATIONS if name.startswith("weighted")]
STABLE = [name for name in GENERATIONS if "stable" in name]
WITH_RATES = [name for name in STABLE if not name.startswith("stable")]
INITIAL_JOIN = 0
HALF = 10**18 // 2
JOIN = "joinPool(bytes32,address,address,(address[],uint256[],bytes,bool))"
RATE_SECONDS = 1_000
STORED_RATE = bytes.fromhex("5f545f5260205ff3")
"""A provider of rates: answers any call with what stands in its first storage slot."""


class Workshop:
    """Deploys factories and makes pools with them, owned by `owner`, on a node with Balancer's Vault."""

    def __init__(self, node: Node) -> None:
        self.node, self.place, self.book = node, Placer(node), book_of(node)
        self.vault = self.book.contracts["balancer_v2_vault"]
        self.owner = account("owner of balancer pools")
        self._factories: dict[str, str] = {}
        most = (self.vault, HALF, HALF)
        self._provider = self.place.deploy(
            artifacts.load(PACKAGE, PROVIDER), "(address,uint256,uint256)", *most
        )

    def token(self, symbol: str) -> Token:
        """A token of the book."""
        return Token(
            self.book.chain_id, to_address(self.book.tokens[symbol]), symbol, self.book.decimals[symbol]
        )

    def make(
        self, generation: str, symbols: Sequence[str], shape: object, fee: int, rates: Sequence[int] = ()
    ) -> Address:
        """A pool of these tokens, by rising address; `shape` is its weights or its amplification. Each of
        `rates` that is not 0 comes from the provider that `set_rate` changes.
        """
        tokens = sorted((self.token(symbol).address for symbol in symbols), key=lambda each: int(each, 16))
        providers = [
            self.set_rate(token, rate) if rate else NATIVE
            for token, rate in zip(tokens, rates or [0] * len(tokens), strict=True)
        ]
        extras = GENERATIONS[generation][2]
        values: dict[str, list[object]] = {
            RATES: [*providers],
            DURATIONS: [RATE_SECONDS] * len(tokens),
            EXEMPT: [False] * len(tokens),
        }
        shaped = "uint256[]" if generation in WEIGHTED else "uint256"
        oracle, without = (("bool",), (False,)) if generation == "meta stable" else ((), ())
        types = ",".join(("string,string,address[]", shaped, *extras, "uint256", *oracle, "address"))
        arguments = (*(values[extra] for extra in extras), fee, *without, self.owner)
        call = abi.encode_call(f"create({types})", "a pool", "POOL", tokens, shape, *arguments)
        receipt = self.node.send(self.owner, self._factory(generation), call, gas=16_000_000)
        topic = "0x" + keccak(text="PoolCreated(address)").hex()
        return next(
            to_address("0x" + log["topics"][1][-40:]) for log in receipt["logs"] if log["topics"][0] == topic
        )

    def set_rate(self, token: str, rate: int) -> str:
        """The provider of a token's rate, which tells `rate` (18 decimals) from now on."""
        provider = account(f"provider of the rate of {token}")
        self.node.set_code(provider, STORED_RATE)
        self.node.set_storage(provider, 0, rate)
        return provider

    def pool(self, address: Address, sold: str, bought: str) -> Pool:
        """The pool as the executor knows it, with the pair of these two."""
        found = read_from(self.node, balancer_v2.details(address))
        token0, token1 = ordered(self.token(sold), self.token(bought))
        return Pool("balancer_v2", VenueKind.BALANCER_V2, address, token0, token1, 0, details=found)

    def join(self, address: Address, amounts: Sequence[int], *, first: bool = False) -> None:
        """The first liquidity of a pool, or more in proportion as each token's exact amount."""
        found = read_from(self.node, balancer_v2.details(address))
        own = iter(amounts)
        wanted = [2**111 if token == address else next(own) for token in found.tokens]
        for token, amount in zip(found.tokens, wanted, strict=True):
            if token != address:
                deal.ensure_balance(self.node, token, self.owner, amount)
                for allowed in (0, amount):
                    self.place.call(self.owner, token, "approve(address,uint256)", self.vault, allowed)
        if first:
            data = abi.encode("(uint256,uint256[])", INITIAL_JOIN, wanted)
        else:
            exact = [amount for token, amount in zip(found.tokens, wanted, strict=True) if token != address]
            data = abi.encode("(uint256,uint256[],uint256)", 1, exact, 0)
        limits = [
            2**256 - 1 if token == address else each for token, each in zip(found.tokens, wanted, strict=True)
        ]
        request = (list(found.tokens), limits, data, False)
        pool_id = bytes.fromhex(found.pool_id[2:])
        self.place.call(self.owner, self.vault, JOIN, pool_id, self.owner, self.owner, request)

    def _factory(self, generation: str) -> str:
        if generation not in self._factories:
            path, more, _ = GENERATIONS[generation]
            code = artifacts.load(PACKAGE, path)
            if code.links:
                library = self.place.deploy(artifacts.load(PACKAGE, f"{META}QueryProcessor.json"))
                linked = code.linked({"QueryProcessor": library})
                code = dataclasses.replace(code, bytecode=linked, links={})
            further: dict[str, tuple[Any, ...]] = {"": (), ",address": (self._provider,)}
            arguments = further.get(more, (self._provider, "factory", "pool"))
            at = to_checksum_address("0x" + secrets.token_hex(20))
            self._factories[generation] = self.place.construct_at(
                at, code, f"(address{more})", self.vault, *arguments
            )
        return self._factories[generation]
