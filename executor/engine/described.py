"""A sized trade as an execution records it."""

from decimal import Decimal

from executor.domain.route import Leg, SizedRoute
from executor.domain.several import SizedSeveral
from executor.domain.split import Sized, SizedSplit


def shape_of(sized: Sized) -> dict[str, object]:
    """What the details of a trade say of who pays, of what is divided, and of several routes."""
    if isinstance(sized, SizedSplit):
        return {"parts": parts_of(sized), "payers": payers_of(sized)}
    return routes_of(sized) if isinstance(sized, SizedSeveral) else {"payers": payers_of(sized)}


def parts_of(sized: SizedSplit) -> list[list[int]]:
    """What goes into each pool of a divided trade and comes out of it, in the order of its route."""
    return [[part.amount_in, part.amount_out] for stage in sized.route.stages for part in stage]


def payers_of(sized: SizedRoute | SizedSplit) -> list[dict[str, object]]:
    """Who pays, from the first on, how much, and for which premium; `pool` is the lender's address where a
    pool lends. Amounts as text, in the settlement token's smallest unit.
    """
    shares = [(sized.amount_in, sized.premiums)]
    if isinstance(sized, SizedRoute) and sized.second is not None:
        shares = [(sized.first_loan, sized.premium), (sized.second.amount, sized.second.premium)]
    return [
        {
            "funding": payer.funding.value,
            "pool": payer.name.pool,
            "amount": str(amount),
            "premium": str(premium),
        }
        for payer, (amount, premium) in zip(sized.payers, shares, strict=True)
    ]


def routes_of(sized: SizedSeveral) -> dict[str, object]:
    """How each of several routes is traded, by place in the opportunity, what goes in and comes out of all
    together, and why others are left out. Amounts as text.
    """
    traded = [
        {
            "route": place,
            "amounts": [str(amount) for amount in part.amounts],
            "funding": [payer.funding.value for payer in part.payers],
            "payers": payers_of(part),
            "gross_profit": str(part.gross_profit),
        }
        for place, part in zip(sized.places, sized.parts, strict=True)
    ]
    total_in, total_out = sized.amounts
    return {
        "routes": traded,
        "left_out": [{"route": left.place, "why": left.why} for left in sized.left_out],
        "total_in": str(total_in),
        "total_out": str(total_out),
    }


def describe(leg: Leg) -> str:
    """One leg in words; without a fee where the pool's state tells it."""
    words = f"{leg.token_in.symbol} -> {leg.token_out.symbol} at {leg.pool.dex} {leg.pool.identity}"
    return f"{words} ({Decimal(leg.pool.fee).scaleb(-4).normalize():f} %)" if leg.pool.fee else words
