"""What a trade is forecast to earn and to cost, against what it then earns and costs.

`python -m benchmarks.forecast` carries out random routes over every venue, paid by every lender, and trades
that are divided over pools side by side or made of several routes, on the local chains: sized by the venues'
own maths, simulated, sent, and looked up in the receipt. Tables, and last one JSON object. `--routes N` for
another number than 1,000, `--seed N` for other routes, `--rows FILE` to keep the figures of each route.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random

from benchmarks.forecast_routes import Forecast, Roads, next_forecast
from benchmarks.forecast_scene import MODELLED, Scene, opened
from benchmarks.forecast_several import next_several
from benchmarks.forecast_splits import next_divided
from benchmarks.tables import print_table
from executor.chain.receipts import TRANSFER_TOPIC, receipt, settlement_delta
from executor.chain.simulation import simulate
from executor.domain.address import to_address
from executor.domain.attempt import Receipt
from executor.domain.pool import Pool, VenueKind
from executor.domain.several import SizedSeveral
from executor.domain.split import Sized, SizedSplit
from executor.engine.quoted_hops import hops_of
from executor.engine.reverts import revert_names
from executor.routing.plan_gas import trade_gas
from tests.support.routers import OPERATOR

ROUTES = 1_000
BASE_SHARE = 5
"""One in so many routes is on Base, where the venues are that Ethereum does not have."""
DIVIDED_SHARE = 8
"""One in so many is divided over pools side by side."""
SEVERAL_SHARE = 16
"""One in so many is made of several routes in one plan."""
EPISODE = 25
"""After so many routes others trade."""
TRADES = 12
MULTIPLIER_BPS = 12_000
ENOUGH_GAS = 6_000_000


@dataclass(frozen=True)
class Row:
    """One route, forecast and carried out. Profits in the settlement token's smallest unit, gas in gas."""

    chain: str
    venues: tuple[str, ...]
    pools: tuple[str, ...]
    kinds: tuple[str, ...]
    tokens: tuple[str, ...]
    gas_of_legs: tuple[int, ...]
    transfers: dict[str, int]
    funding: str
    second: str
    taxed: bool
    parts: tuple[int, ...]
    routes: int
    forecast: int
    simulated: int
    realised: int
    gas_simulated: int
    gas_static: int
    gas_used: int

    @property
    def error(self) -> int:
        """How far forecast, simulation and result are apart."""
        return max(abs(self.forecast - self.realised), abs(self.simulated - self.realised))

    @property
    def simulated_gas_error(self) -> float:
        """In percent of what was used."""
        return 100 * abs(self.gas_simulated - self.gas_used) / self.gas_used

    @property
    def static_gas_error(self) -> float:
        """In percent of what was used."""
        return 100 * abs(self.gas_static - self.gas_used) / self.gas_used


async def run(routes: int, seed: int) -> list[Row]:
    """Carry out `routes` random routes, those on Base last."""
    on_base = routes // BASE_SHARE
    rows: list[Row] = []
    for chain, wanted in (("ethereum", routes - on_base), ("base", on_base)):
        async with opened(chain) as scene:
            for name, why in scene.left_out.items():
                print(f"{chain}, left out: {name}: {why}")
            rows.extend(await _rows(scene, chain, wanted, Random(seed)))
    return rows


async def _rows(scene: Scene, chain: str, wanted: int, random: Random) -> list[Row]:
    roads = Roads(scene.pools)
    rows: list[Row] = []
    while len(rows) < wanted:
        if len(rows) % EPISODE == 0:
            await _let_others_trade(scene, random)
        forecast = await _looked_for(len(rows))(scene, roads, random)
        if forecast is None:
            await _let_others_trade(scene, random)
            continue
        rows.append(await carried_out(scene, chain, forecast))
        await scene.refresh(touched(forecast.sized, scene.pools.values()))
        if sys.stderr.isatty():
            print(f"\r{chain}: {len(rows)} of {wanted}", end="", file=sys.stderr)
    return rows


def _looked_for(place: int) -> Callable[[Scene, Roads, Random], Awaitable[Forecast | None]]:
    """What kind of trade comes at this place."""
    if place % DIVIDED_SHARE == DIVIDED_SHARE - 1:
        return next_divided
    return next_several if place % SEVERAL_SHARE == SEVERAL_SHARE // 2 else next_forecast


def touched(sized: Sized, pools: Iterable[Pool]) -> set[str]:
    """The pools that a trade changes: a pool that lends keeps its fee, and a pool of a vault's shares asks
    the vault for their rate.
    """
    vaults = {leg.pool.address for leg in sized.route.legs if leg.pool.kind is VenueKind.ERC4626}
    rated = {pool.identity for pool in pools if vaults & {pool.token0.address, pool.token1.address}}
    lending = {payer.pool.identity for payer in sized.payers if payer.pool is not None}
    return {leg.pool.identity for leg in sized.route.legs} | lending | rated


async def _let_others_trade(scene: Scene, random: Random) -> None:
    for _ in range(TRADES):
        scene.trade_of_others(random)
    await scene.refresh()


async def carried_out(scene: Scene, chain: str, forecast: Forecast) -> Row:
    """Simulate the call and send it, in the block after the one that was read and one second later.

    Raises RevertError when what was forecast to earn reverts.
    """
    sized, to = forecast.sized, scene.desk.router
    sender = to_address(OPERATOR)
    simulation = await simulate(
        scene.rpc,
        sender=sender,
        to=to,
        calldata=forecast.calldata,
        block=scene.newest,
        gas_limit_multiplier_bps=MULTIPLIER_BPS,
        decode=revert_names,
    )
    scene.node.rpc("evm_setNextBlockTimestamp", scene.newest.timestamp + 1)
    sent = scene.node.send(sender, to, forecast.calldata, gas=ENOUGH_GAS)
    mined = await receipt(scene.rpc, sent["transactionHash"])
    assert mined is not None
    legs = sized.route.legs
    return Row(
        chain,
        tuple(leg.pool.dex for leg in legs),
        tuple(scene.name(leg.pool) for leg in legs),
        tuple(leg.pool.kind.value for leg in legs),
        tuple(leg.token_in.symbol for leg in legs),
        legs_gas(scene, sized),
        transfers(scene, mined),
        sized.funding.value,
        "" if isinstance(sized, SizedSeveral) else "".join(payer.funding.value for payer in sized.payers[1:]),
        any(leg.taxed for leg in legs),
        tuple(len(stage) for stage in sized.route.stages) if isinstance(sized, SizedSplit) else (),
        len(sized.parts) if isinstance(sized, SizedSeveral) else 1,
        forecast.profit,
        simulation.profit,
        settlement_delta(
            mined, sized.route.settlement.address, to, wrapped_native=scene.chain.wrapped_native.address
        ),
        simulation.gas_used,
        trade_gas(sized, scene.states),
        mined.gas_used,
    )


def transfers(scene: Scene, mined: Receipt) -> dict[str, int]:
    """How often each token changed hands, by symbol."""
    symbols = {address.lower(): symbol for symbol, address in scene.book.tokens.items()}
    logs = (log for log in mined.logs if TRANSFER_TOPIC in str(log.get("topics")))
    return dict(Counter(symbols.get(str(log["address"]).lower(), "other") for log in logs))


def legs_gas(scene: Scene, sized: Sized) -> tuple[int, ...]:
    """What each venue takes its leg to need."""
    return tuple(hop.gas for hop in hops_of(sized, scene.states))


def percentile(values: Iterable[float], share: float) -> float:
    """The value that `share` of all do not exceed."""
    found = sorted(values)
    return found[min(len(found) - 1, int(share * len(found)))]


def judged(rows: Iterable[Row]) -> list[Row]:
    """The rows that the static model of gas is judged by: those through no model of a pool, which uses other
    gas than the pool.
    """
    return [row for row in rows if MODELLED.isdisjoint(row.kinds)]


def show(rows: Sequence[Row]) -> None:
    """The tables."""
    kinds = Counter(kind for row in rows for kind in row.kinds)
    print_table(
        "Legs by venue",
        ("venue", "legs", "routes' static gas error, mean %"),
        [(kind, count, _bias(row for row in rows if kind in row.kinds)) for kind, count in kinds.items()],
    )
    print_table(
        "Routes by means",
        ("means", "routes", "static gas error, mean %"),
        [(name, len(found), _bias(found)) for name, found in _by_means(rows).items()],
    )
    static = judged(rows)
    for name, errors in (
        ("simulation", [row.simulated_gas_error for row in rows]),
        ("static model", [row.static_gas_error for row in static]),
        ("static model, of divided trades", [row.static_gas_error for row in static if row.parts]),
        ("static model, of several routes", [row.static_gas_error for row in static if row.routes > 1]),
    ):
        if not errors:
            continue
        print_table(
            f"Gas by {name}, error in % of the gas used",
            ("median", "p95", "worst"),
            [tuple(round(percentile(errors, share), 3) for share in (0.5, 0.95, 1.0))],
        )


def _by_means(rows: Iterable[Row]) -> dict[str, list[Row]]:
    """The routes by what is special about their money."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        means = "own money, divided over pools" if row.parts else row.funding
        means = "two lenders" if row.second else means
        found.setdefault("several routes" if row.routes > 1 else means, []).append(row)
        if row.taxed:
            found.setdefault("any, with a transfer fee", []).append(row)
    return found


def _bias(rows: Iterable[Row]) -> float | str:
    """How much too high (or, negative, too low) the static model is on average, in percent; of models of
    pools nothing is said.
    """
    errors = [100 * (row.gas_static - row.gas_used) / row.gas_used for row in judged(rows)]
    return round(sum(errors) / len(errors), 2) if errors else "not judged"


def summary(rows: Sequence[Row]) -> dict[str, object]:
    """The last line."""
    return {
        "routes": len(rows),
        "worst_error_wei": max(row.error for row in rows),
        "worst_gas_error_pct": round(max(row.simulated_gas_error for row in rows), 3),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="benchmarks.forecast")
    parser.add_argument("--routes", type=int, default=ROUTES)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rows", type=Path)
    arguments = parser.parse_args()
    rows = asyncio.run(run(arguments.routes, arguments.seed))
    if arguments.rows:
        arguments.rows.write_text("\n".join(json.dumps(asdict(row)) for row in rows) + "\n")
    show(rows)
    print(json.dumps(summary(rows)))


if __name__ == "__main__":
    main()
