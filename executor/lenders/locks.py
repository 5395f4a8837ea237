"""Which lenders and venues lock what, and which of them therefore cannot be had at once.

A lender holds its lock while the steps that use its money run. Facts (run against the original bytecode): the
Balancer V2 Vault guards loans and swaps with one lock; the V4 PoolManager can be unlocked once at a time, but
swaps within an unlock that is open; the Balancer V3 Vault may be unlocked again and again; Aave, Spark and
Morpho Blue lock nothing; a V3 pool and a V2 pair are locked as a whole while they lend. Maker's flash module
refuses to be entered twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from executor.domain.errors import PlanError
from executor.domain.pool import Pool, VenueKind
from executor.domain.route import POOL_LOANS, Funding, Leg, SizedRoute


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds or takes a lock: `name` in words. `lock` names what is locked; empty where nothing is."""

    name: str
    lock: str


LENDER_LOCKS: dict[Funding, str] = {
    Funding.AAVE_V3: "",
    Funding.SPARK: "",
    Funding.MORPHO_BLUE: "",
    Funding.BALANCER_V3: "",
    Funding.BALANCER_V2: "the Balancer V2 Vault",
    Funding.UNISWAP_V4: "the V4 PoolManager",
    Funding.ERC3156: "the ERC-3156 lender",
}
VENUE_LOCKS: dict[VenueKind, str] = {VenueKind.BALANCER_V2: "the Balancer V2 Vault"}
"""Locks of venues that all their pools share. Hops on V4 are none of these: the encoder runs them within the
unlock that a V4 loan has opened.
"""
POOL_VENUES = frozenset(
    {
        VenueKind.UNISWAP_V2,
        VenueKind.UNISWAP_V3,
        VenueKind.SOLIDLY,
        VenueKind.CURVE,
        VenueKind.DODO_V2,
    }
)
"""Venues whose pools have a lock each."""


def lender_lock(funding: Funding, pool: Pool | None = None) -> Holder:
    """What a lender locks while its money is used; `pool` is the lender where pools lend."""
    if funding in POOL_LOANS and pool is not None:
        return Holder(f"the {funding} loan of pool {pool.address}", f"pool {pool.address}")
    return Holder(f"the {funding} loan", LENDER_LOCKS.get(funding, ""))


def leg_lock(index: int, leg: Leg) -> Holder:
    """What a leg's swap locks while it runs."""
    name = f"leg {index} on {leg.pool.kind} pool {leg.pool.address}"
    if leg.pool.kind in POOL_VENUES:
        return Holder(name, f"pool {leg.pool.address}")
    return Holder(name, VENUE_LOCKS.get(leg.pool.kind, ""))


def clash(first: Holder, second: Holder) -> bool:
    """Whether the second cannot run while the first holds its lock."""
    return bool(first.lock) and first.lock == second.lock


def loans(sized: SizedRoute) -> tuple[Holder, ...]:
    """The lenders of a route, the outer one first."""
    found = []
    if sized.funding in LENDER_LOCKS or sized.funding in POOL_LOANS:
        found.append(lender_lock(sized.funding, sized.lender_pool))
    if sized.second is not None:
        found.append(lender_lock(sized.second.funding, sized.second.pool))
    return tuple(found)


def clashes(sized: SizedRoute) -> Iterator[tuple[Holder, Holder]]:
    """The pairs of a route that cannot be had at once: two lenders, or a lender and a leg."""
    lenders = loans(sized)
    if len(lenders) == 2 and clash(*lenders):
        yield lenders[0], lenders[1]
    for lender in lenders:
        for index, leg in enumerate(sized.route.legs):
            taken = leg_lock(index, leg)
            if clash(lender, taken):
                yield lender, taken


def require_no_clash(sized: SizedRoute) -> None:
    """Raises PlanError naming both sides of the first clash of a route."""
    for lender, other in clashes(sized):
        raise PlanError(
            f"{lender.name[0].upper()}{lender.name[1:]} and {other.name} need the same lock, {lender.lock}.",
            fix="choose another lender, or a route that leaves it alone",
            field="funding",
            lender=lender.name,
            other=other.name,
            lock=lender.lock,
        )


def is_free(funding: Funding, legs: tuple[Leg, ...], pool: Pool | None = None) -> bool:
    """Whether a lender may fund these legs: for choosing one before a route is sized."""
    lender = lender_lock(funding, pool)
    return not any(clash(lender, leg_lock(index, leg)) for index, leg in enumerate(legs))
