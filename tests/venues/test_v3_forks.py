"""What forks of Uniswap V3 whose bytecode is in no package answer, encoded as their interfaces say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from executor.domain.abi import CODEC, selector
from executor.domain.address import to_address
from executor.domain.call import EthCall, drive
from executor.domain.errors import PoolNotFoundError
from executor.domain.market import V3State
from executor.domain.pool import Pool, V3Callback
from executor.venues import uniswap_v3
from tests.support.market import v3_pool

FACTORY = to_address("0x00000000000000000000000000000000000fac70")
PRICE, TICK, LIQUIDITY = 2**96 + 5, 0, 10**18
ALGEBRA_1_0 = ("uint160", "int24", "uint16", "uint16", "uint8", "uint8", "bool")
ALGEBRA_1_9 = ("uint160", "int24", "uint16", "uint16", "uint16", "uint8", "uint8", "bool")
SOLIDLY_V3 = ("uint160", "int24", "uint24", "bool")


def read(pool: Pool, answers: dict[str, bytes]) -> V3State:
    """The pool read from these answers, by function; bitmaps are empty, all else reverts."""
    known = {selector(f"{name}()"): answer for name, answer in answers.items()}
    known[selector("liquidity()")] = CODEC.encode(("uint128",), (LIQUIDITY,))
    known[selector("factory()")] = CODEC.encode(("address",), (FACTORY,))
    for bitmap in ("tickBitmap(int16)", "tickTable(int16)"):
        known[selector(bitmap)] = bytes(32)

    def answer(call: EthCall) -> bytes | None:
        return known.get(call.data[:4])

    return drive(uniswap_v3.read(pool), answer)


def algebra_pool() -> Pool:
    return replace(v3_pool(), fee=0, callback=V3Callback.ALGEBRA)


def test_the_first_algebra_pools_tell_one_fee_that_the_next_block_may_change() -> None:
    state = read(
        algebra_pool(), {"globalState": CODEC.encode(ALGEBRA_1_0, (PRICE, TICK, 2_750, 3, 10, 10, True))}
    )

    assert (state.sqrt_price_x96, state.tick, state.liquidity) == (PRICE, TICK, LIQUIDITY)
    assert state.fee(True) == state.fee(False) == 2_750
    assert state.word_ends
    assert not uniswap_v3.followable(state)


def test_algebra_pools_with_a_fee_for_each_direction_take_each() -> None:
    told = (PRICE, TICK, 900, 1_100, 3, 10, 10, True)
    state = read(algebra_pool(), {"globalState": CODEC.encode(ALGEBRA_1_9, told)})

    assert (state.fee(True), state.fee(False)) == (900, 1_100)
    assert not uniswap_v3.followable(state)
    assert uniswap_v3.amount_out(state, True, 10**9) > uniswap_v3.amount_out(state, False, 10**9)


def test_a_solidly_pool_tells_its_fee_with_its_price() -> None:
    pool = replace(v3_pool(fee=500), callback=V3Callback.SOLIDLY)
    state = read(pool, {"slot0": CODEC.encode(SOLIDLY_V3, (PRICE, TICK, 321, True))})

    assert state.fee(True) == state.fee(False) == 321
    assert uniswap_v3.followable(state)


@pytest.mark.parametrize("words", [0, 1, 5])
def test_an_answer_of_another_shape_is_no_pool(words: int) -> None:
    for name, pool in (("globalState", algebra_pool()), ("slot0", v3_pool())):
        if words == 5 and name == "slot0":
            continue
        with pytest.raises(PoolNotFoundError):
            read(pool, {name: bytes(32 * words)})
