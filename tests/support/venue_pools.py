"""Pools of every venue of the local chains, as routes need them; and what they give to somebody else."""

from __future__ import annotations

from typing import TypeVar

from devnet import market
from devnet.addresses import PoolRecord
from devnet.node import Node
from executor.domain.address import ZERO_ADDRESS, Address, to_address
from executor.domain.call import Reading, drive
from executor.domain.pool import Pool, V3Callback, VenueKind
from executor.domain.pool_details import PoolDetails, V4Details
from executor.domain.route import Leg, Route
from executor.domain.token import Token
from executor.venues import balancer_v2, curve_pools, erc4626, solidly
from tests.support import dodo_pools, peg_modules
from tests.support.dodo_pools import Placed
from tests.support.routers import Desk

Value = TypeVar("Value")
WRAPPED = "wrapped native"
MODELLED_MAKER = "model of dodo_v2"
"""The venue of a record of one of DODO's pools, whose tokens are base and quote."""
MODELLED_MODULE = "model of maker_psm"
"""The venue of a record of a peg stability module, whose tokens are DAI and the gem."""
KINDS: dict[str, tuple[VenueKind, V3Callback]] = {
    "uniswap_v2": (VenueKind.UNISWAP_V2, V3Callback.UNISWAP),
    "sushi_v2": (VenueKind.UNISWAP_V2, V3Callback.UNISWAP),
    "own_v2_fork": (VenueKind.UNISWAP_V2, V3Callback.UNISWAP),
    "pancake_v1": (VenueKind.UNISWAP_V2, V3Callback.PANCAKE),
    "uniswap_v3": (VenueKind.UNISWAP_V3, V3Callback.UNISWAP),
    "slipstream": (VenueKind.UNISWAP_V3, V3Callback.UNISWAP),
    "pancake_v3": (VenueKind.UNISWAP_V3, V3Callback.PANCAKE),
    "algebra": (VenueKind.UNISWAP_V3, V3Callback.ALGEBRA),
    "solidly_v3": (VenueKind.UNISWAP_V3, V3Callback.SOLIDLY),
    "uniswap_v4": (VenueKind.UNISWAP_V4, V3Callback.UNISWAP),
    "balancer_v2": (VenueKind.BALANCER_V2, V3Callback.UNISWAP),
    "balancer_v3": (VenueKind.BALANCER_V3, V3Callback.UNISWAP),
    "aerodrome_v2": (VenueKind.SOLIDLY, V3Callback.UNISWAP),
}


def token(desk: Desk, symbol: str) -> Token:
    """A token of the book, or ETH."""
    if symbol == "ETH":
        return Token(desk.book.chain_id, ZERO_ADDRESS, "ETH", 18)
    return desk.token(symbol)


def pool_of(desk: Desk, name: str, token_in: str, token_out: str) -> Pool:
    """The pool `name`, or a vault by its share's symbol, or what wraps ETH."""
    pair = (token(desk, token_in), token(desk, token_out))
    token0, token1 = sorted(pair, key=lambda each: int(each.address, 16))
    if name == WRAPPED:
        return Pool(name, VenueKind.WRAPPED_NATIVE, desk.token("WETH").address, token0, token1, 0)
    if name in desk.book.tokens:
        vault = desk.token(name).address
        details = _read(desk, erc4626.details(vault))
        return Pool(name, VenueKind.ERC4626, vault, token0, token1, 0, details=details)
    record = desk.record(name)
    kind, callback = KINDS.get(record.venue, (VenueKind.CURVE, V3Callback.UNISWAP))
    address = to_address(record.address)
    return Pool(
        record.venue,
        kind,
        address,
        token0,
        token1,
        record.fee,
        record.tick_spacing,
        callback,
        _details(desk, kind, address, record),
    )


def route_of(desk: Desk, settlement: str, *hops: tuple[str, str]) -> Route:
    """A route from `settlement` and back to it; each hop is (pool name, symbol that comes out)."""
    legs, symbol = [], settlement
    for name, out in hops:
        legs.append(Leg(pool_of(desk, name, symbol, out), token(desk, symbol)))
        symbol = out
    return Route(tuple(legs))


def amounts_of(desk: Desk, route: Route, names: list[str], amount: int) -> tuple[int, ...]:
    """What the legs give to somebody who trades them one by one, elsewhere than through the router."""
    amounts = [amount]
    with desk.node.isolated():
        for leg, name in zip(route.legs, names, strict=True):
            amounts.append(_given(desk, leg, name, amounts[-1]))
    return tuple(amounts)


def sell(node: Node, record: PoolRecord, token_in: Address, token_out: Address, amount: int) -> int:
    """Somebody sells `amount` of `token_in` for `token_out`; what they got."""
    if record.venue == MODELLED_MAKER:
        base, quote = (to_address(each) for each in record.tokens)
        placed = Placed(to_address(record.address), base, quote)
        return dodo_pools.sell(node, placed, amount, base_in=token_in == placed.base)
    if record.venue == MODELLED_MODULE:
        module = peg_modules.standing(node, record.address, *record.tokens)
        return peg_modules.sell(node, module, token_in, amount)
    if len(record.tokens) == 2:
        return market.trade(node, record, token_in, amount)
    if record.venue.startswith("curve"):
        return market.trade_curve(node, record, token_in, amount, token_out)
    if record.venue == "balancer_v2":
        return market.trade_balancer_v2(node, record, token_in, amount, token_out)
    return market.trade_balancer_v3(node, record, token_in, amount, token_out)


def _given(desk: Desk, leg: Leg, name: str, amount: int) -> int:
    if leg.pool.kind is VenueKind.WRAPPED_NATIVE:
        return amount
    if leg.pool.kind is VenueKind.ERC4626:
        details = _read(desk, erc4626.details(leg.pool.address))
        return _read(desk, erc4626.quote(leg.pool.address, details, leg.token_in.address, amount))
    return sell(desk.node, desk.record(name), leg.token_in.address, leg.token_out.address, amount)


def _details(desk: Desk, kind: VenueKind, address: Address, record: PoolRecord) -> PoolDetails | None:
    if kind is VenueKind.CURVE:
        return _read(desk, curve_pools.details(address))
    if kind is VenueKind.BALANCER_V2:
        return _read(desk, balancer_v2.details(address))
    if kind is VenueKind.SOLIDLY:
        return _read(desk, solidly.details(address))
    if kind is VenueKind.UNISWAP_V4:
        return V4Details(record.fee, record.tick_spacing, to_address(record.hooks))
    return None


def _read(desk: Desk, reading: Reading[Value]) -> Value:
    return drive(reading, desk._answer)
