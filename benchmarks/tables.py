"""The figures as people read them. Gas throughout, but for bytes where a heading says so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from benchmarks.code_size import SIZE_LIMIT, CodeSize
from benchmarks.funding import FundingFigure
from benchmarks.options import OptionFigure
from benchmarks.overhead import Overhead
from benchmarks.stale import StaleFigure
from benchmarks.universal_router import PeerFigure


def print_table(title: str, heads: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> None:
    """A title and columns: texts to the left, numbers to the right."""
    cells = [[_text(value) for value in row] for row in rows]
    numeric = [all(_is_number(row[column]) for row in cells) for column in range(len(heads))]
    widths = [max(len(row[column]) for row in [list(heads), *cells]) for column in range(len(heads))]
    print(f"\n{title}")
    for row in [list(heads), *cells]:
        columns = zip(row, widths, numeric, strict=True)
        line = "  ".join(text.rjust(width) if right else text.ljust(width) for text, width, right in columns)
        print(f"  {line.rstrip()}")


def print_loops(loops: Iterable[Overhead], extra_hop: Mapping[str, int]) -> None:
    """The router over the floor."""
    print_table(
        "Router over a contract without checks (everything on; literal and computed V2 outputs)",
        ("loop", "custody", "bare", "router", "over", "computed over", "calldata bytes"),
        (
            (row.loop, row.custody, row.bare, row.router, row.over, row.computed_over, row.calldata_bytes)
            for row in loops
        ),
    )
    print_table(
        "A further hop: what the router pays for it beyond what the contract without checks pays",
        ("hop", "over"),
        extra_hop.items(),
    )


def print_peers(peers: Iterable[PeerFigure], loops: Iterable[Overhead]) -> None:
    """The Universal Router on the same pools."""
    ours = {row.loop: row.router_computed for row in loops if row.custody == "pool_to_pool"}
    print_table(
        "Uniswap's Universal Router 2.1.0, which computes outputs (v2_v2 takes two, one for each factory)",
        ("loop", "tokens", "gas", "our router, computed", "difference", "calldata bytes"),
        (
            (row.loop, row.payment, row.gas, ours[row.loop], row.gas - ours[row.loop], row.calldata_bytes)
            for row in peers
        ),
    )


def print_funding(funding: Iterable[FundingFigure]) -> None:
    """What other people's money costs in gas."""
    print_table(
        "The same route paid from each source (on the local mainnet, where the lenders stand)",
        ("loop", "paid from", "gas", "over inventory"),
        ((row.loop, row.funding, row.gas, row.over) for row in funding),
    )


def print_stale(stale: Iterable[StaleFigure]) -> None:
    """What a plan costs that comes too late."""
    print_table(
        "A plan of V2 and V3 that a guard reverts (pools: both guarded, one of them moved)",
        ("guard", "gas", "calldata bytes"),
        ((row.guard, row.gas, row.calldata_bytes) for row in stale),
    )


def print_options(options: Iterable[OptionFigure]) -> None:
    """What a plan pays for each of its options."""
    print_table(
        "What an option adds to a plan of V2 and V3 that goes through",
        ("option", "gas"),
        ((row.option, row.gas) for row in options),
    )


def print_limits(figures: Mapping[str, tuple[int, int]]) -> None:
    """What is bounded, and whether it keeps its bound."""
    print_table(
        "Limits",
        ("figure", "measured", "at most", "kept"),
        ((name, value, limit, "yes" if value <= limit else "NO") for name, (value, limit) in figures.items()),
    )


def print_code(code: Mapping[str, CodeSize]) -> None:
    """Deployed bytes, and which source files they come from."""
    rooms = sorted({room for size in code.values() for room in size.rooms})
    rows = [(room, *(size.rooms.get(room, "") for size in code.values())) for room in rooms]
    whole = ("all", *(size.deployed for size in code.values()))
    title = f"Deployed bytes by source file; at most {SIZE_LIMIT:,} a contract"
    print_table(title, ("source", *code), [*rows, whole])


def _text(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def _is_number(text: str) -> bool:
    return not text or text.replace(",", "").removeprefix("-").isdigit()
