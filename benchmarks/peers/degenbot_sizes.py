"""degenbot 0.3.0, measured in an environment of its own: JSON on standard input, JSON on standard output.

Runs as a script there and imports nothing of ours. Its pools ask a node for their state when they are made;
here they are made without one, and hold what the input says. All caches of degenbot are warm and stay as it
keeps them: each measurement repeats one call.
"""

from __future__ import annotations

import json
import logging
import sys
from fractions import Fraction
from threading import Lock
from timeit import Timer
from typing import Any

from degenbot.arbitrage.uniswap_lp_cycle import UniswapLpCycle
from degenbot.erc20_token import Erc20Token
from degenbot.uniswap.types import (
    UniswapV2PoolState,
    UniswapV3BitmapAtWord,
    UniswapV3LiquidityAtTick,
    UniswapV3PoolState,
)
from degenbot.uniswap.v2_liquidity_pool import UniswapV2Pool
from degenbot.uniswap.v3_functions import get_tick_word_and_bit_position
from degenbot.uniswap.v3_libraries.tick_bitmap import flip_tick
from degenbot.uniswap.v3_libraries.tick_math import MAX_TICK, MIN_TICK
from degenbot.uniswap.v3_liquidity_pool import UniswapV3Pool
from eth_utils.address import to_checksum_address

FEE_UNIT = 1_000_000


def token(number: int, symbol: str, decimals: int) -> Any:
    """A token without a node behind it."""
    made = object.__new__(Erc20Token)
    made.address = to_checksum_address(f"0x{number:040x}")
    made.symbol = made.name = symbol
    made.decimals = decimals
    return made


def pair(entry: dict[str, Any], tokens: tuple[Any, Any]) -> Any:
    """A V2 pool with the given reserves."""
    made = object.__new__(UniswapV2Pool)
    _common(made, entry, tokens)
    made.fee_token0 = made.fee_token1 = Fraction(entry["fee"], FEE_UNIT)
    made._state = UniswapV2PoolState(
        pool=made.address, reserves_token0=int(entry["reserve0"]), reserves_token1=int(entry["reserve1"])
    )
    return made


def pool(entry: dict[str, Any], tokens: tuple[Any, Any]) -> Any:
    """A V3 pool with the given price, liquidity and ticks, all of its bitmap known."""
    made = object.__new__(UniswapV3Pool)
    _common(made, entry, tokens)
    spacing = entry["tick_spacing"]
    made.fee, made.tick_spacing, made.sparse_liquidity_map = entry["fee"], spacing, False
    low, _ = get_tick_word_and_bit_position(MIN_TICK, spacing)
    high, _ = get_tick_word_and_bit_position(MAX_TICK, spacing)
    bitmap = {word: UniswapV3BitmapAtWord() for word in range(low, high + 1)}
    data = {}
    for tick, net in entry["ticks"].items():
        flip_tick(bitmap, int(tick), spacing)
        data[int(tick)] = UniswapV3LiquidityAtTick(liquidity_net=int(net), liquidity_gross=abs(int(net)))
    made._state = UniswapV3PoolState(
        pool=made.address,
        liquidity=int(entry["liquidity"]),
        sqrt_price_x96=int(entry["sqrt_price_x96"]),
        tick=entry["tick"],
        tick_bitmap=bitmap,
        tick_data=data,
    )
    return made


def _common(made: Any, entry: dict[str, Any], tokens: tuple[Any, Any]) -> None:
    made.address = to_checksum_address(entry["address"])
    made.name = entry["address"]
    made._chain_id = 1
    made.token0, made.token1 = tokens
    made._subscribers = set()
    made._state_lock = Lock()


def measured(statement: str, names: dict[str, Any], seconds: float, rounds: int) -> list[float]:
    """Microseconds of the statement, for each round."""
    timer = Timer(statement, globals=names)
    timer.timeit(20)
    count = max(20, int(seconds / max(timer.timeit(20) / 20, 1e-7)))
    return [timer.timeit(count) / count * 1e6 for _ in range(rounds)]


def main() -> None:
    """Measure what the input asks for."""
    logging.disable(logging.CRITICAL)
    asked = json.load(sys.stdin)
    tokens = tuple(token(*entry) for entry in asked["tokens"])
    makers = {"uniswap_v2": pair, "uniswap_v3": pool}
    pools = {name: makers[entry["kind"]](entry, tokens) for name, entry in asked["pools"].items()}
    results: dict[str, Any] = {}
    for name, case in asked["cases"].items():
        names: dict[str, Any]
        if "pool" in case:
            names = {"quote": pools[case["pool"]].calculate_tokens_out_from_tokens_in}
            names |= {"token": tokens[0], "amount": int(case["amount"])}
            statement = "quote(token, amount)"
            answer = [str(names["quote"](names["token"], names["amount"]))]
        else:
            legs = [pools[each] for each in case["cycle"]]
            cycle = UniswapLpCycle(tokens[0], legs, id=name, max_input=int(case["cap"]))
            names, statement = {"calculate": cycle.calculate}, "calculate()"
            found = cycle.calculate()
            answer = [str(found.input_amount), str(found.profit_amount)]
        us = measured(statement, names, asked["seconds"], asked["rounds"])
        results[name] = {"us": us, "answer": answer}
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
