"""The markets that forecasts are tried on: a local chain with every venue, a router, and other people's
trades."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import permutations
from random import Random

from devnet import ETHEREUM_FULL, deal
from devnet.book import NATIVE, AddressBook, PoolRecord
from devnet.errors import BuildError, RpcError, TransactionError
from devnet.liquidity import PRICES_USD, tokens_for
from devnet.node import Node
from devnet.place import Placer
from executor import venues
from executor.chain.head import head
from executor.chain.reading import read_all
from executor.chain.rpc import Rpc
from executor.config.chains import load_chain
from executor.domain.address import ZERO_ADDRESS, to_address
from executor.domain.chain import ChainData
from executor.domain.errors import OpportunityError, TicksUnknownError
from executor.domain.lender import LenderTerms
from executor.domain.market import BlockHead, PoolState
from executor.domain.opportunity import LegRequest
from executor.domain.pool import Pool, V3Callback, VenueKind
from executor.domain.pool_details import V4Details
from executor.domain.token import Token, TransferFee
from executor.engine.pools import At, find_pool
from executor.lenders import LENDERS, read_terms
from executor.venues import VENUES
from tests.support import dodo_pools, peg_modules
from tests.support.routers import STRANGER, Desk, deploy_desk
from tests.support.venue_pools import MODELLED_MAKER, MODELLED_MODULE, sell

SETTLEMENTS = ("WETH", "USDC", "DAI", "USDT")
INVENTORY_USD = 30_000_000
DUST = 1
MOST_SOLD = 6.7
"""Others sell up to ten to the power of so many dollars at once."""

TRANSFER_FEES = {"STA": TransferFee(100)}
BURNING = 8_000
"""What such a token costs more to move: it writes its supply and a second log."""
OPENED_USD = 600_000
"""What stands on either side of the pairs that are opened for such tokens."""
V2_FEE = 3_000

DECIMALS_OF_ETHER = 18
MODELLED = frozenset({VenueKind.DODO_V2, VenueKind.MAKER_PSM})
"""Venues of which models stand here: what they give is what the pools give, the gas they use is not."""
CALLBACKS = {"solidly_v3": V3Callback.SOLIDLY, "pancake_v1": V3Callback.PANCAKE}
"""Made-up forks that no factory of the chain data tells apart."""


@dataclass
class Scene:
    """A chain under test. `states` holds every pool as it was read at `newest`."""

    node: Node
    rpc: Rpc
    chain: ChainData
    desk: Desk
    newest: BlockHead
    pools: dict[str, Pool] = field(default_factory=dict)
    records: dict[str, PoolRecord] = field(default_factory=dict)
    states: dict[str, PoolState] = field(default_factory=dict)
    terms: dict[str, tuple[LenderTerms, ...]] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)
    """What the router has of each settlement token."""
    opened: tuple[PoolRecord, ...] = ()
    """Pools beside those of the chain."""
    left_out: dict[str, str] = field(default_factory=dict)
    """Pools of the chain that the executor cannot trade, with why."""

    @property
    def book(self) -> AddressBook:
        """What stands where."""
        return self.desk.book

    @property
    def settlements(self) -> tuple[Token, ...]:
        """The tokens that a route may begin and end with."""
        held = self.book.tokens
        return tuple(self.token(held[symbol]) for symbol in SETTLEMENTS if symbol in held)

    def name(self, pool: Pool) -> str:
        """What people call the pool."""
        record = self.records.get(pool.key)
        return record.name if record else f"{pool.kind} {pool.token0.symbol}/{pool.token1.symbol}"

    def token(self, address: str) -> Token:
        """The token at an address of the book, as the chain data know it, if they do."""
        if address == NATIVE:
            return Token(self.book.chain_id, ZERO_ADDRESS, "ETH", DECIMALS_OF_ETHER)
        symbol = self.book.symbol(address)
        if symbol in TRANSFER_FEES:
            return replace(self.desk.token(symbol), transfer_fee=TRANSFER_FEES[symbol], transfer_gas=BURNING)
        return self.chain.token_at(to_address(address)) or self.desk.token(symbol)

    async def refresh(self, identities: Iterable[str] | None = None) -> None:
        """Read the newest block: pools of these identities, or all; and what lenders have."""
        self.newest = await head(self.rpc)
        wanted = None if identities is None else set(identities)
        keys = [key for key, pool in self.pools.items() if wanted is None or pool.identity in wanted]
        found = await read_all(self.rpc, [venues.read(self.pools[key]) for key in keys], self.newest)
        self.states.update(zip(keys, found, strict=True))
        for token in self.settlements:
            self.terms[token.address] = await self._terms(token)
            self.held[token.address] = self.node.erc20_balance(token.address, self.desk.router)

    async def further(self, error: TicksUnknownError) -> None:
        """Read a pool further at the same block. Raises the error where there is no more."""
        key = str(error.facts["pool"])
        reading = venues.extend(self.states[key], bool(error.facts["toward_low"]))
        (further,) = await read_all(self.rpc, [reading], self.newest)
        if further == self.states[key]:
            raise error
        self.states[key] = further

    async def _terms(self, token: Token) -> tuple[LenderTerms, ...]:
        readings = [
            read_terms(funding, lender.known.address, token.address)
            for funding, lender in self.chain.lenders.items()
            if funding in LENDERS
        ]
        return tuple(await read_all(self.rpc, readings, self.newest))

    def trade_of_others(self, random: Random) -> None:
        """Somebody sells something to some pool."""
        pool = self.pools[random.choice(sorted(self.records))]
        token_in, token_out = random.sample((pool.token0, pool.token1), 2)
        self._sell(pool, token_in, token_out, usd=10 ** random.uniform(3, MOST_SOLD))

    def warm_up(self) -> None:
        """Somebody sells a little to every pool from either side: what a pool writes for the first time costs
        more, and no pool that is worth a trade is new."""
        for pool in (self.pools[key] for key in self.records):
            self._sell(pool, pool.token0, pool.token1, usd=1_000)
            self._sell(pool, pool.token1, pool.token0, usd=1_000)

    def _sell(self, pool: Pool, token_in: Token, token_out: Token, usd: float) -> None:
        amount = int(usd / float(PRICES_USD[token_in.symbol]) * 10**token_in.decimals)
        # A pool may refuse what is too much for it.
        with suppress(BuildError, RpcError, TransactionError):
            sell(self.node, self.records[pool.key], token_in.address, token_out.address, amount)


@asynccontextmanager
async def opened(chain_name: str) -> AsyncIterator[Scene]:
    """The full tier of a chain with a router that has money, and every pool of a kind that VENUES has."""
    with Node.load(chain_name, tier="full") as node:
        async with Rpc(node.url) as rpc:
            desk = deploy_desk(node, inventory=0)
            further = (*_open_pairs(desk), *_open_makers(desk), *_open_modules(desk))
            scene = Scene(node, rpc, load_chain(chain_name), desk, await head(rpc), opened=further)
            _stock(desk)
            await _find_pools(scene)
            scene.warm_up()
            await scene.refresh()
            yield scene


def _stock(desk: Desk) -> None:
    """Inventory in settlement tokens, and a unit of every other token, as a router has that has traded."""
    for symbol, address in desk.book.tokens.items():
        if symbol in SETTLEMENTS:
            usd = int(INVENTORY_USD / PRICES_USD[symbol])
            deal.ensure_balance(desk.node, address, desk.router, usd * 10 ** desk.book.decimals[symbol])
        else:
            deal.ensure_balance(desk.node, address, desk.router, DUST)
    desk.node.set_balance(desk.router, DUST)


def _open_pairs(desk: Desk) -> tuple[PoolRecord, ...]:
    """Further pairs of tokens that keep a part of each transfer: the chain has one, which closes no cycle."""
    factory, found = desk.book.contracts["uniswap_v2_factory"], list[PoolRecord]()
    place = Placer(desk.node)
    for taxed, other in permutations(desk.book.tokens, 2):
        if taxed not in TRANSFER_FEES or other not in SETTLEMENTS:
            continue
        tokens = tuple(
            sorted((desk.book.tokens[taxed], desk.book.tokens[other]), key=lambda each: int(each, 16))
        )
        name = "uniswap_v2 " + "/".join(desk.book.symbol(each) for each in tokens)
        if any(record.name == name for record in desk.book.pools):
            continue
        place.call(STRANGER, factory, "createPair(address,address)", *tokens)
        pair = place.read_address(factory, "getPair(address,address)", *tokens)
        for token in tokens:
            deal.ensure_balance(desk.node, token, pair, tokens_for(desk.book, token, OPENED_USD))
        place.call(STRANGER, pair, "mint(address)", STRANGER)
        found.append(PoolRecord(name, "uniswap_v2", pair, tokens, V2_FEE))
    return tuple(found)


def _open_makers(desk: Desk) -> tuple[PoolRecord, ...]:
    """Models of DODO's pools, one of each kind, where the chain has the pair whose price they take."""
    if desk.book is not ETHEREUM_FULL:
        return ()
    placed = [dodo_pools.ether_dollars(desk.node, desk.book, kind) for kind in dodo_pools.KINDS]
    return tuple(
        PoolRecord(f"dodo_v2 {kind} WETH/USDC", MODELLED_MAKER, pool.address, (pool.base, pool.quote), 0)
        for kind, pool in zip(dodo_pools.KINDS, placed, strict=True)
    )


def _open_modules(desk: Desk) -> tuple[PoolRecord, ...]:
    """A model of a peg stability module, where the chain has both of its dollars."""
    if desk.book is not ETHEREUM_FULL:
        return ()
    module = peg_modules.dollars(desk.node, desk.book)
    return (PoolRecord("maker_psm DAI/USDC", MODELLED_MODULE, module.address, (module.dai, module.gem), 0),)


async def _find_pools(scene: Scene) -> None:
    at = At(scene.rpc, scene.chain, scene.newest)
    for record, leg, token_in, token_out in _pairs(scene):
        try:
            pool = await find_pool(at, "legs[0]", leg, token_in, token_out)
        except OpportunityError as error:
            scene.left_out[record.name if record else leg.pool] = error.message
            continue
        if pool.kind not in VENUES:
            scene.left_out[record.name if record else leg.pool] = f"{pool.kind} has no maths"
            continue
        if record is not None:
            pool = replace(pool, dex=record.venue, callback=CALLBACKS.get(record.venue, pool.callback))
            scene.records[pool.key] = record
        scene.pools[pool.key] = pool


def _pairs(scene: Scene) -> Iterator[tuple[PoolRecord | None, LegRequest, Token, Token]]:
    """Every pair of tokens of every pool, with what names it."""
    book = scene.book
    for record in (*book.pools, *scene.opened):
        tokens = [scene.token(address) for address in record.tokens]
        for token_in, token_out in permutations(tokens, 2):
            if int(token_in.address, 16) < int(token_out.address, 16):
                yield record, _words(record, token_in), token_in, token_out
    for share, asset in (("sDAI", "DAI"), ("steakUSDC", "USDC")):
        if share in book.tokens:
            token = scene.token(book.tokens[share])
            yield (
                None,
                LegRequest(token.address, asset, kind=VenueKind.ERC4626),
                token,
                scene.token(book.tokens[asset]),
            )
    weth = scene.token(book.tokens["WETH"])
    yield None, LegRequest(weth.address, "WETH"), weth, scene.token(NATIVE)


def _words(record: PoolRecord, token_in: Token) -> LegRequest:
    """A leg's words for a pool."""
    if record.venue == "uniswap_v4":
        hooks = to_address(record.hooks)
        details = V4Details(record.fee, record.tick_spacing, hooks)
        pool_id = details.pool_id(*(to_address(token) for token in record.tokens))
        named = None if hooks == ZERO_ADDRESS else hooks
        return LegRequest(pool_id, token_in.address, kind=VenueKind.UNISWAP_V4, hooks=named)
    fee = record.fee if record.venue in ("own_v2_fork", "pancake_v1") else None
    return LegRequest(record.address, token_in.address, kind=_kind(record), fee=fee)


def _kind(record: PoolRecord) -> VenueKind:
    kinds = {
        "balancer_v2": VenueKind.BALANCER_V2,
        "balancer_v3": VenueKind.BALANCER_V3,
        "aerodrome_v2": VenueKind.SOLIDLY,
        MODELLED_MAKER: VenueKind.DODO_V2,
        MODELLED_MODULE: VenueKind.MAKER_PSM,
    }
    if record.venue in kinds:
        return kinds[record.venue]
    if record.venue.startswith("curve"):
        return VenueKind.CURVE
    return VenueKind.UNISWAP_V3 if record.tick_spacing else VenueKind.UNISWAP_V2
