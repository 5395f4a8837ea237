"""Pools of every venue of the local chains, and random traffic: what changes their states."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from random import Random

from devnet import Node, abi, deal
from devnet.addresses_full import VAULTS
from devnet.book import NATIVE, AddressBook, PoolRecord
from devnet.liquidity import positions, symbol_of, unit
from devnet.protocols.tokens import TREASURY
from executor.domain.address import ZERO_ADDRESS, Address, to_address
from executor.domain.market import PoolState, V3State
from executor.domain.pool import Pool, V3Callback, VenueKind
from executor.domain.pool_details import PoolDetails, V4Details
from executor.domain.token import Token
from executor.venues import balancer_v2, balancer_v3, curve_pools, erc4626, solidly
from tests.support.answers import read_from
from tests.support.venue_pools import KINDS, sell

Act = Callable[[Node, AddressBook, PoolRecord, Random], None]
SWAP = "swap(address,address,bool,int256)"


def pools_of(node: Node, book: AddressBook, record: PoolRecord) -> list[Pool]:
    """The pool `record`, once for each pair of its tokens."""
    kind, callback = KINDS.get(record.venue, (VenueKind.CURVE, V3Callback.UNISWAP))
    address = to_address(record.address)
    details = _details(node, kind, address, record)
    pools = []
    for pair in combinations(record.tokens, 2):
        token0, token1 = sorted(
            (_token(book, token) for token in pair), key=lambda each: int(each.address, 16)
        )
        pool = Pool(
            record.venue, kind, address, token0, token1, record.fee, record.tick_spacing, callback, details
        )
        pools.append(pool)
    return pools


def wrappers_of(node: Node, book: AddressBook) -> list[Pool]:
    """What is traded for its asset at a rule of its own: vaults, and the wrapped native coin."""
    weth = _token(book, book.tokens["WETH"])
    pools = [Pool("wrapped native", VenueKind.WRAPPED_NATIVE, weth.address, _token(book, NATIVE), weth, 0)]
    for symbol in (symbol for symbol in VAULTS if symbol in book.tokens):
        share = _token(book, book.tokens[symbol])
        details = read_from(node, erc4626.details(share.address))
        token0, token1 = sorted((share, _token(book, details.asset)), key=lambda each: int(each.address, 16))
        pools.append(Pool(symbol, VenueKind.ERC4626, share.address, token0, token1, 0, details=details))
    return pools


def _token(book: AddressBook, address: str) -> Token:
    if address == NATIVE:
        return Token(book.chain_id, ZERO_ADDRESS, "ETH", 18)
    symbol = book.symbol(address)
    return Token(book.chain_id, to_address(address), symbol, book.decimals[symbol])


def _details(node: Node, kind: VenueKind, address: Address, record: PoolRecord) -> PoolDetails | None:
    if kind is VenueKind.CURVE:
        return read_from(node, curve_pools.details(address))
    if kind is VenueKind.BALANCER_V2:
        return read_from(node, balancer_v2.details(address))
    if kind is VenueKind.BALANCER_V3:
        return read_from(node, balancer_v3.details(address))
    if kind is VenueKind.SOLIDLY:
        return read_from(node, solidly.details(address))
    if kind is VenueKind.UNISWAP_V4:
        return V4Details(record.fee, record.tick_spacing, to_address(record.hooks))
    return None


def comparable(followed: PoolState, read: PoolState) -> tuple[PoolState, PoolState]:
    """Both, with the ticks that both know: how far ticks are known depends on when they were read."""
    if not (isinstance(followed, V3State) and isinstance(read, V3State)):
        return followed, read
    low, high = max(followed.known_low, read.known_low), min(followed.known_high, read.known_high)
    assert low <= read.tick <= high

    def narrowed(state: V3State) -> V3State:
        ticks = {tick: net for tick, net in sorted(state.ticks.items()) if low <= tick <= high}
        return replace(state, ticks=ticks, known_low=low, known_high=high)

    return narrowed(followed), narrowed(read)


def swap(node: Node, book: AddressBook, record: PoolRecord, random: Random) -> None:
    """Somebody sells some of a token for another one."""
    token_in, token_out = random.sample(record.tokens, 2)
    sell(node, record, to_address(token_in), to_address(token_out), _some(book, token_in, random))


def provide_to_pair(node: Node, book: AddressBook, record: PoolRecord, random: Random) -> None:
    """Somebody gives a pair more of both tokens."""
    for token in record.tokens:
        amount = _some(book, token, random)
        deal.ensure_balance(node, token, TREASURY, amount)
        node.send(TREASURY, token, abi.encode_call("transfer(address,uint256)", record.address, amount))
    node.send(TREASURY, record.address, abi.encode_call("mint(address)", TREASURY))


def withdraw_from_pair(node: Node, book: AddressBook, record: PoolRecord, random: Random) -> None:
    """The treasury takes part of its liquidity out of a pair."""
    share = node.erc20_balance(record.address, TREASURY) // random.randint(3, 1_000)
    node.send(TREASURY, record.address, abi.encode_call("transfer(address,uint256)", record.address, share))
    node.send(TREASURY, record.address, abi.encode_call("burn(address)", TREASURY))


def donate_to_pair(node: Node, book: AddressBook, record: PoolRecord, random: Random) -> None:
    """Somebody sends a pair tokens and has it write them down."""
    token = random.choice(record.tokens)
    deal.ensure_balance(node, token, TREASURY, 10**6)
    node.send(TREASURY, token, abi.encode_call("transfer(address,uint256)", record.address, 10**6))
    node.send(TREASURY, record.address, abi.encode_call("sync()"))


def provide_to_ticks(node: Node, book: AddressBook, record: PoolRecord, random: Random) -> None:
    """The treasury opens a position anywhere near the price."""
    _fund(node, book, record)
    lower, upper = _near_price(node, record, random)
    call = abi.encode_call(
        "mint(address,int24,int24,uint128)", record.address, lower, upper, random.randint(10**9, 10**15)
    )
    node.send(TREASURY, TREASURY, call)


def visit_ticks(node: Node, book: AddressBook, record: PoolRecord, random: Random) -> None:
    """The treasury opens a position, somebody trades, and the position is closed, all in one block."""
    _fund(node, book, record)
    (lower, upper), liquidity = _near_price(node, record, random), random.randint(10**9, 10**15)
    amount = _some(book, record.tokens[0], random)
    burn = abi.encode_call("burn(int24,int24,uint128)", lower, upper, liquidity)
    node.rpc("evm_setAutomine", False)
    try:
        sent = [
            node.submit(TREASURY, to, data, gas=1_500_000)
            for to, data in (
                (
                    TREASURY,
                    abi.encode_call(
                        "mint(address,int24,int24,uint128)", record.address, lower, upper, liquidity
                    ),
                ),
                (TREASURY, abi.encode_call(SWAP, record.address, TREASURY, True, amount)),
                (record.address, burn),
            )
        ]
        node.mine()
    finally:
        node.rpc("evm_setAutomine", True)
    assert {node.wait_for(each)["status"] for each in sent} == {"0x1"}


def withdraw_from_ticks(node: Node, book: AddressBook, record: PoolRecord, random: Random) -> None:
    """The treasury takes a part, or none, out of one of the positions that the chain came with."""
    lower, upper, liquidity = random.choice(positions(book, record))
    taken = random.choice([0, liquidity // random.randint(5, 50)])
    burn = abi.encode_call("burn(int24,int24,uint128)", lower, upper, taken)
    node.send(TREASURY, record.address, burn)


def _near_price(node: Node, record: PoolRecord, random: Random) -> tuple[int, int]:
    answer = node.call(record.address, abi.encode_call("slot0()"))
    tick, spacing = abi.decode("(uint160,int24)", answer[:64])[1], record.tick_spacing
    lower = (tick // spacing + random.randint(-60, 40)) * spacing
    return lower, lower + random.randint(1, 60) * spacing


def _fund(node: Node, book: AddressBook, record: PoolRecord) -> None:
    for token in record.tokens:
        deal.ensure_balance(node, token, TREASURY, 10**6 * 10 ** book.decimals[book.symbol(token)])


def _some(book: AddressBook, token: str, random: Random) -> int:
    """Up to a hundred whole tokens, in smallest units."""
    whole = 2 if symbol_of(book, token) in ("WETH", "ETH", "STETH", "WBTC") else 100
    return random.randint(10**6, whole * unit(book, token))


SWAPS: tuple[Act, ...] = (swap,)
PAIR: tuple[Act, ...] = (swap, swap, provide_to_pair, withdraw_from_pair, donate_to_pair)
TICKS: tuple[Act, ...] = (swap, swap, provide_to_ticks, visit_ticks, withdraw_from_ticks)
