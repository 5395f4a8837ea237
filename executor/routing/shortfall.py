"""How much less than the true optimum a size may earn."""

from collections.abc import Sequence

from executor.routing.trying import Amounts


def shortfall(amounts: Amounts, pieces: Sequence[int] = ()) -> int:
    """A bound on what the best of all inputs earns more than the one that was found, in the settlement
    token's smallest unit: about one unit of each hop's token, at what it is worth on this route.

    `amounts` are those of `best_size`; `pieces[i]` is how many pieces of its curve leg i walks (1 for a
    pair, for a V3 pool one more than the stops it passes). It holds for routes over constant-product pairs
    and over V3 ranges of liquidity below 2**96.

    Derivation. Let f be the real curve of the route, concave and through zero, and r what must come back for
    a unit. No input earns more than the maximum R of f(x) - r x, but for half a unit of a premium that is
    rounded half up.

    1. The size starts from that maximum, rounded down, and so does each amount that follows: within one unit
       of the real one at each place, where two units below the optimum lose 4 r N / u (see
       `constant_product`), which is less than one wherever not all inputs are tried.
    2. A pair that gives less than one unit too little takes from the end of the route what that unit would
       have become. The rest of the route is concave through zero, so that a unit more gives no more than the
       average: z / a, where a is the amount there and z what comes out in the end. A piece of a V3 pool
       rounds the output down once; it rounds what goes in up twice, as the amount and as the fee.
    3. The least input for the scarcest amount is not above the input that it came from. Its neighbour is
       taken only where that earns more.

    The sum of 1 to 3, each term rounded up, is the bound. It is 0 where all amounts that could be better were
    tried, as in pools of few units.
    """
    walked = pieces or (1,) * (len(amounts) - 1)
    lost = [0] * len(amounts)
    for place, count in enumerate(walked):
        lost[place + 1] += count
        lost[place] += 2 * count if pieces else 0
    end = amounts[-1]
    return 2 + sum(-(-units * end // amount) for units, amount in zip(lost, amounts, strict=True))
