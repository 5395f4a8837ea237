"""Uniswap's TickLens: the initialised ticks of a word of a pool's bitmap with what each of them holds, in one
call where the pool itself takes two.

Source: v3-periphery 1.4.4 `TickLens.sol`; its addresses stand in Uniswap's deployment lists. It serves every
pool with Uniswap's functions, forks included, and reverts for others.
"""

from collections.abc import Mapping, Sequence

from executor.domain.abi import decoded, eth_call
from executor.domain.address import Address, to_address
from executor.domain.call import Reading
from executor.domain.pool import Pool

_MOST_CHAINS = to_address("0xbfd8137f7d1516D3ea5cA83523914859ec47F573")
TICK_LENSES: Mapping[int, Address] = {
    1: _MOST_CHAINS,
    10: _MOST_CHAINS,
    56: to_address("0xD9270014D396281579760619CCf4c3af0501A47C"),
    137: _MOST_CHAINS,
    8453: to_address("0x0CdeE061c75D43c82520eD998C23ac2991c9ac6d"),
    42161: _MOST_CHAINS,
}
"""Its address by chain id. Where it does not stand there, or does not answer, the pool is asked itself."""


def populated(pool: Pool, words: Sequence[int]) -> Reading[dict[int, int] | None]:
    """liquidityNet of every initialised tick of the words, by tick; None where no TickLens answers for it."""
    lens = TICK_LENSES.get(pool.token0.chain_id)
    if lens is None:
        return None
    answers = yield tuple(
        eth_call(lens, "getPopulatedTicksInWord(address,int16)", pool.address, word) for word in words
    )
    ticks: dict[int, int] = {}
    for answer in answers:
        listed = decoded(answer, "(int24,int128,uint128)[]")
        if listed is None or not isinstance(listed[0], tuple):
            return None
        ticks.update((tick, net) for tick, net, _ in listed[0])
    return dict(sorted(ticks.items()))
