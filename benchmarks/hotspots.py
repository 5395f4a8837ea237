"""Where the router's own gas goes: `python -m benchmarks.hotspots v2_v3` prints its dearest source lines, and
with the name of a lender behind it those of the same loop paid by that lender.

Gas of the instructions that run in the router's own frames, without what its calls use inside, by the line
that the compiler's source map names. The base price and calldata of the transaction are not part of it.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks.building import lender_market, loop_market
from benchmarks.code_size import SourceMap, source_maps
from benchmarks.funding import LENDERS, borrowing
from benchmarks.loops import LOOPS
from benchmarks.market import OPERATOR, Market
from benchmarks.overhead import plan
from benchmarks.tables import print_table
from devnet.compiler import PROJECT

CALLS = ("CALL", "STATICCALL", "DELEGATECALL", "CALLCODE")
SHOWN = 45

Step = dict[str, Any]


Spot = tuple[str, int, str]
"""Source file, line, instruction."""


def hotspots(market: Market, calldata: bytes) -> Counter[Spot]:
    """Gas of the router's own instructions by where they come from."""
    code_map = source_maps()["ArbRouter"]
    found: Counter[Spot] = Counter()
    for step, cost in own_steps(market.trace(OPERATOR, market.router, calldata), market.router):
        found[*line_of(code_map, step["pc"]), step["op"]] += cost
    return found


def own_steps(steps: Sequence[Step], router: str) -> Iterator[tuple[Step, int]]:
    """The steps of code that stands at `router`, each with its cost without what a call used inside."""
    frames = [router.lower()]
    for index, step in enumerate(steps):
        del frames[step["depth"] :]
        if frames[-1] == router.lower():
            yield step, step["gasCost"] if step["op"] not in CALLS else _call_cost(steps, index)
        if step["op"] in CALLS:
            frames.append(f"0x{int(step['stack'][-2], 16):040x}")


def line_of(code_map: SourceMap, counter: int) -> tuple[str, int]:
    """Source file and line of the instruction at a program counter; line 0 where there is none."""
    file, start = code_map.sources.get(counter, ("", 0))
    if not file:
        return "", 0
    return file, (PROJECT / file).read_bytes()[:start].count(b"\n") + 1


def _call_cost(steps: Sequence[Step], index: int) -> int:
    """What the call itself costs: access, value, memory. Gas that the callee used is not the caller's."""
    depth = steps[index]["depth"]
    after = next(place for place in range(index + 1, len(steps)) if steps[place]["depth"] <= depth)
    whole = steps[index]["gas"] - steps[after]["gas"]
    inside = steps[index + 1 : after]
    return int(whole - (inside[0]["gas"] - inside[-1]["gas"] + inside[-1]["gasCost"]) if inside else whole)


def main() -> None:
    """Print the dearest lines of one loop, and all gas by source file and by instruction."""
    parser = ArgumentParser(prog="python -m benchmarks.hotspots", description=__doc__)
    parser.add_argument("loop", choices=[loop.name for loop in LOOPS])
    parser.add_argument("lender", nargs="?", choices=[lender.name for lender in LENDERS])
    chosen = parser.parse_args()
    loop = next(loop for loop in LOOPS if loop.name == chosen.loop)
    if chosen.lender is None:
        with loop_market(traced=True) as market:
            found = hotspots(market, plan(market.sized(loop)))
    else:
        lender = next(lender for lender in LENDERS if lender.name == chosen.lender)
        with lender_market(traced=True) as market:
            found = hotspots(market, borrowing(market, loop, lender)[0])
    name = " paid by ".join(filter(None, (chosen.loop, chosen.lender)))
    print_table(f"Own gas of the router on {name}, by source file", ("source", "gas"), _by(found, 0))
    print_table("By instruction", ("instruction", "gas"), _by(found, 2)[:SHOWN])
    print_table(
        "The dearest lines",
        ("line", "instruction", "gas", "text"),
        (
            (f"{file}:{line}", instruction, gas, _text(file, line))
            for (file, line, instruction), gas in found.most_common(SHOWN)
        ),
    )


def _by(found: Counter[Spot], part: int) -> list[tuple[object, int]]:
    sums: Counter[object] = Counter()
    for spot, gas in found.items():
        sums[spot[part]] += gas
    return [*sums.most_common(), ("all", sum(sums.values()))]


def _text(file: str, line: int) -> str:
    return (PROJECT / file).read_text().splitlines()[line - 1].strip()[:90] if line else ""


if __name__ == "__main__":
    main()
