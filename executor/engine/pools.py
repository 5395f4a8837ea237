"""From a leg's words to its pool: the code at the address is asked what it is, and factories whose it is.

Most pools are known by their address. V4 pools share one address and are known by what their id is made of;
what wraps the native coin is known by the chain data.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from executor import venues
from executor.chain.reading import read, read_all
from executor.chain.rpc import Rpc
from executor.domain.address import ZERO_ADDRESS, Address, to_address
from executor.domain.call import Reading
from executor.domain.chain import ChainData
from executor.domain.dex import Dex
from executor.domain.errors import AddressError, OpportunityError, PoolNotFoundError
from executor.domain.market import BlockHead
from executor.domain.opportunity import LegRequest
from executor.domain.pool import FEE_UNIT, Pool, PoolIdentity, V3Callback, VenueKind
from executor.domain.pool_details import BalancerV2Details, BalancerV3Details, V4Details
from executor.domain.route import Funding
from executor.domain.token import Token

T = TypeVar("T")

UNNAMED_DEX = "unnamed"
"""The venue of a pool that no factory of the chain data calls its own."""

UNNAMED_V2_FEE = 3_000
"""Millionths.

A V2 pair does not tell its fee; an unnamed one is taken to ask Uniswap's. The simulation finds out.
"""

V4_TIERS: Mapping[int, int] = {100: 1, 500: 10, 3_000: 60, 10_000: 200}
"""The usual fees of V4 pools, in millionths, with their tick spacings: tried where a leg does not tell."""

V4_DYNAMIC_FEE = 0x800000
"""What the key of a V4 pool has for a fee that its hook sets."""

ID_LENGTH = 66
"""Characters of a V4 pool's id: 0x and 32 bytes."""

KEYED = (VenueKind.UNISWAP_V4, VenueKind.WRAPPED_NATIVE)
"""Kinds whose pools have no code of their own to ask."""


@dataclass(frozen=True, slots=True)
class At:
    """Where to look: one node, one chain, one block."""

    rpc: Rpc
    chain: ChainData
    head: BlockHead


@dataclass(frozen=True, slots=True)
class Found:
    """What answers at an address: who it is, of which kind, and whose factory calls it its own."""

    identity: PoolIdentity
    kind: VenueKind
    dex: Dex | None


async def find_pool(
    at: At, field: str, leg: LegRequest, token_in: Token, token_out: Token, *, following: str = ""
) -> Pool:
    """The pool of one leg, which is to take `token_in` and give `token_out`.

    Raises OpportunityError naming the field, NodeError. `field` is the leg's, such as "legs[0]", `following`
    that of the leg which names `token_out`.
    """
    named = None if leg.dex is None else at.chain.dex(leg.dex, f"{field}.dex")
    kind = _wanted_kind(field, leg, named)
    if kind is VenueKind.UNISWAP_V4 or _names_v4(at.chain, leg):
        return _v4_pool(at.chain, field, leg, named, token_in, token_out)
    address = pool_address(leg.pool, f"{field}.pool")
    wraps = ZERO_ADDRESS in (token_in.address, token_out.address)
    if kind is VenueKind.WRAPPED_NATIVE or (wraps and address == at.chain.wrapped_native.address):
        return _wrapper(at.chain, field, address, token_in, token_out)
    found = await _identified(at, field, leg, address, named, kind)
    _require_known_vault(at.chain, field, found)
    _require_pair(found.identity, field, following or field, token_in, token_out)
    return _pool(field, leg, found, token_in, token_out)


def pool_address(text: str, field: str) -> Address:
    """The address in `text`. Raises OpportunityError naming `field`."""
    try:
        return to_address(text, field)
    except AddressError as error:
        problem = error.message.removeprefix(f"{field}: ").rstrip(".")
        raise OpportunityError(field, problem, fix=error.fix) from None


def _wanted_kind(field: str, leg: LegRequest, named: Dex | None) -> VenueKind | None:
    kind = None if leg.kind is None else VenueKind(leg.kind)
    if named is not None and kind not in (None, named.kind):
        raise OpportunityError(
            f"{field}.kind", f"{named.name} has pools of kind {named.kind}", fix="leave out kind or dex"
        )
    wanted = named.kind if named else kind
    if wanted is None or wanted in venues.VENUES or wanted in KEYED:
        return wanted
    raise OpportunityError(
        f"{field}.{'dex' if named else 'kind'}",
        f"pools of kind {wanted} cannot be traded",
        fix=f"use a pool of one of these kinds: {', '.join(venues.VENUES)}",
    )


async def _identified(
    at: At, field: str, leg: LegRequest, address: Address, named: Dex | None, kind: VenueKind | None
) -> Found:
    identity, kind = await _identity(at, field, address, kind)
    if named is None:
        return Found(identity, kind, await _maker(at, identity, kind))
    if not await read(at.rpc, venues.belongs(named, identity), at.head):
        raise OpportunityError(
            f"{field}.dex",
            f"{named.name} does not know {address} as its pool",
            fix="name the right exchange, or none",
        )
    return Found(identity, kind, named)


async def _identity(
    at: At, field: str, address: Address, kind: VenueKind | None
) -> tuple[PoolIdentity, VenueKind]:
    """What answers at `address`, asked as the kind that is wanted, or as every kind at once."""
    kinds = (kind,) if kind else tuple(_askable())
    asked = [none_found(venues.identify(each, address)) for each in kinds]
    for answered, identity in zip(kinds, await read_all(at.rpc, asked, at.head), strict=True):
        if identity is not None:
            return identity, answered
    told = f"pool of kind {kind}" if kind else "pool of a known kind"
    raise OpportunityError(
        f"{field}.pool", f"{address} does not answer as a {told}", fix="check the address, dex and kind"
    )


def _askable() -> Iterator[VenueKind]:
    """The kinds whose pools can be asked what they are, V2 last: pairs of other kinds answer like its own."""
    asked = (kind for kind in venues.VENUES if kind not in KEYED)
    return iter(sorted(asked, key=lambda kind: kind is VenueKind.UNISWAP_V2))


def none_found(reading: Reading[T]) -> Reading[T | None]:
    """The reading's value, or None where there is no such pool."""
    try:
        return (yield from reading)
    except PoolNotFoundError:
        return None


async def _maker(at: At, identity: PoolIdentity, kind: VenueKind) -> Dex | None:
    """The exchange whose factory says that the pool is its own; the pool's own word is not enough."""
    for entry in at.chain.dexes.values():
        if entry.dex.kind is kind and entry.dex.factory == identity.factory:
            return entry.dex if await read(at.rpc, venues.belongs(entry.dex, identity), at.head) else None
    return None


def _require_known_vault(chain: ChainData, field: str, found: Found) -> None:
    """A Balancer pool counts only in the Vault that the router trades with."""
    details = found.identity.details
    lenders = {BalancerV2Details: Funding.BALANCER_V2, BalancerV3Details: Funding.BALANCER_V3}
    if not isinstance(details, BalancerV2Details | BalancerV3Details):
        return
    known = chain.lenders.get(lenders[type(details)])
    if known is not None and details.vault != known.known.address:
        raise OpportunityError(
            f"{field}.pool",
            f"{found.identity.address} names {details.vault} as its Vault, not {known.known.address}",
            fix="name a pool of Balancer's own Vault",
        )


def _require_pair(
    identity: PoolIdentity, field: str, following: str, token_in: Token, token_out: Token
) -> None:
    """The pool must take the leg's token and give the next one's."""
    held = ", ".join(identity.held)
    if token_in.address not in identity.held:
        raise OpportunityError(
            f"{field}.token_in",
            f"the pool {identity.address} holds {held}, not {token_in.address}",
            fix="name a token that the pool holds",
        )
    if token_out.address not in identity.held:
        raise OpportunityError(
            f"{following}.token_in",
            f"the pool {identity.address} before it holds {held}, not {token_out.address}",
            fix="let each leg take what the one before gives, and the first what the last gives",
        )


def _pool(field: str, leg: LegRequest, found: Found, token_in: Token, token_out: Token) -> Pool:
    identity, dex = found.identity, found.dex
    token0, token1 = _in_order(token_in, token_out)
    return Pool(
        dex=dex.name if dex else UNNAMED_DEX,
        kind=found.kind,
        address=identity.address,
        token0=token0,
        token1=token1,
        fee=_fee(field, leg, found),
        tick_spacing=identity.tick_spacing or 0,
        callback=dex.callback if dex else identity.callback or V3Callback.UNISWAP,
        details=identity.details,
    )


def _fee(field: str, leg: LegRequest, found: Found) -> int:
    """Millionths: what the pool says, else its exchange, else the leg, else Uniswap's; 0 where the pool's
    state tells it.
    """
    if found.kind not in (VenueKind.UNISWAP_V2, VenueKind.UNISWAP_V3):
        return found.identity.fee or 0
    known = found.identity.fee if found.identity.fee is not None else (found.dex.fee if found.dex else None)
    if known is None:
        return UNNAMED_V2_FEE if leg.fee is None else _checked_fee(field, leg.fee)
    if leg.fee not in (None, known):
        raise OpportunityError(
            f"{field}.fee", f"the pool's fee is {known} millionths", fix="leave it out, or correct it"
        )
    return known


def _checked_fee(field: str, fee: int) -> int:
    if fee >= FEE_UNIT:
        raise OpportunityError(
            f"{field}.fee", f"{fee} millionths is no fee of a pair", fix="give less than 1000000"
        )
    return fee


def _in_order(token_a: Token, token_b: Token) -> tuple[Token, Token]:
    first, second = sorted((token_a, token_b), key=lambda token: int(token.address, 16))
    return first, second


def _wrapper(chain: ChainData, field: str, address: Address, token_in: Token, token_out: Token) -> Pool:
    """What turns the native coin into its wrapped token, one to one."""
    token0, token1 = _in_order(token_in, token_out)
    wrapped = chain.wrapped_native
    if address != wrapped.address or {token0.address, token1.address} != {ZERO_ADDRESS, wrapped.address}:
        raise OpportunityError(
            f"{field}.pool",
            f"only {wrapped.address} wraps, from {chain.native_symbol} to {wrapped.symbol} and back",
            fix=f"name it, and let the legs around it take {chain.native_symbol} and {wrapped.symbol}",
        )
    return Pool(UNNAMED_DEX, VenueKind.WRAPPED_NATIVE, address, token0, token1, 0)


def _pool_manager(chain: ChainData) -> Address | None:
    lender = chain.lenders.get(Funding.UNISWAP_V4)
    return lender.known.address if lender else None


def _names_v4(chain: ChainData, leg: LegRequest) -> bool:
    manager = _pool_manager(chain)
    return len(leg.pool) == ID_LENGTH or (manager is not None and leg.pool.lower() == manager.lower())


def _v4_pool(
    chain: ChainData, field: str, leg: LegRequest, named: Dex | None, token_in: Token, token_out: Token
) -> Pool:
    """The V4 pool that fee, tick spacing and hooks of the leg name; its id must be the one that was given."""
    manager = _pool_manager(chain)
    if manager is None:
        raise OpportunityError(
            f"{field}.pool", f"no V4 PoolManager is known on {chain.name}", fix="use a pool of another kind"
        )
    token0, token1 = _in_order(token_in, token_out)
    candidates = list(_v4_details(field, leg))
    if len(leg.pool) == ID_LENGTH:
        wanted = leg.pool.lower()
        candidates = [each for each in candidates if each.pool_id(token0.address, token1.address) == wanted]
    elif pool_address(leg.pool, f"{field}.pool") != manager:
        raise OpportunityError(
            f"{field}.pool",
            f"{leg.pool} is neither a V4 pool's id nor the PoolManager {manager}",
            fix="give the pool's id, 0x followed by 64 hexadecimal digits",
        )
    if len(candidates) != 1:
        pair = f"{token_in.symbol} and {token_out.symbol}"
        raise OpportunityError(
            f"{field}.pool",
            f"no V4 pool of {pair} has this id" if not candidates else f"V4 has several pools of {pair}",
            fix="give the pool's fee, tick_spacing and hooks, and correct tokens",
        )
    (details,) = candidates
    fee = details.key_fee if details.key_fee < FEE_UNIT else 0
    return Pool(
        named.name if named else UNNAMED_DEX,
        VenueKind.UNISWAP_V4,
        manager,
        token0,
        token1,
        fee,
        details.tick_spacing,
        details=details,
    )


def _v4_details(field: str, leg: LegRequest) -> Iterator[V4Details]:
    """What the leg's words may mean: every usual tier where it leaves fee or tick spacing out, and, where a
    hook may set the fee, the mark of such a one.
    """
    hooks = ZERO_ADDRESS if leg.hooks is None else pool_address(leg.hooks, f"{field}.hooks")
    if leg.fee is not None and leg.tick_spacing is not None:
        yield V4Details(leg.fee, leg.tick_spacing, hooks)
        return
    for fee, spacing in V4_TIERS.items():
        if leg.fee in (None, fee) and leg.tick_spacing in (None, spacing):
            yield V4Details(fee, spacing, hooks)
    if leg.fee is None and hooks != ZERO_ADDRESS:
        for spacing in V4_TIERS.values() if leg.tick_spacing is None else (leg.tick_spacing,):
            yield V4Details(V4_DYNAMIC_FEE, spacing, hooks)
