"""A sized trade as an execution records it."""

from decimal import Decimal

from executor.domain.route import Leg
from executor.domain.several import SizedSeveral
from executor.domain.split import Sized, SizedSplit


def shape_of(sized: Sized) -> dict[str, object]:
    """What the details of a trade say of one that is divided, or of several routes; nothing of others."""
    if isinstance(sized, SizedSplit):
        return {"parts": parts_of(sized)}
    return routes_of(sized) if isinstance(sized, SizedSeveral) else {}


def parts_of(sized: SizedSplit) -> list[list[int]]:
    """What goes into each pool of a divided trade and comes out of it, in the order of its route."""
    return [[part.amount_in, part.amount_out] for stage in sized.route.stages for part in stage]


def routes_of(sized: SizedSeveral) -> dict[str, object]:
    """How each of several routes is traded, and why others are left out, by place in the opportunity."""
    traded = [
        {
            "route": place,
            "amounts": list(part.amounts),
            "funding": [payer.funding.value for payer in part.payers],
            "gross_profit": part.gross_profit,
        }
        for place, part in zip(sized.places, sized.parts, strict=True)
    ]
    return {"routes": traded, "left_out": [{"route": left.place, "why": left.why} for left in sized.left_out]}


def describe(leg: Leg) -> str:
    """One leg in words; without a fee where the pool's state tells it."""
    words = f"{leg.token_in.symbol} -> {leg.token_out.symbol} at {leg.pool.dex} {leg.pool.identity}"
    return f"{words} ({Decimal(leg.pool.fee).scaleb(-4).normalize():f} %)" if leg.pool.fee else words
