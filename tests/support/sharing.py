"""How the workers of a run share it: who begins with what, and who makes what all of them need.

`python -m tests.support.sharing` makes everything beforehand, side by side.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Protocol, TypeVar

from devnet import dumps
from devnet.chains import CHAINS

Maker = Callable[[], object]
AT_ONCE = 2


class Marked(Protocol):
    """A collected test, as far as its place in the run goes."""

    def get_closest_marker(self, name: str) -> object | None:
        """Its mark of that name."""


Test = TypeVar("Test", bound=Marked)


def workers() -> int:
    """How many processes run the tests."""
    return int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))


def worker() -> int:
    """The number of this one, from 0."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


def longest_first(tests: Sequence[Test], count: int) -> list[Test]:
    """The tests in an order in which each of `count` workers begins with slow ones, and none ends with them.

    Workers are given stretches of equal length. Tests that kill processes wait more than they compute: all of
    them go to the first worker, so that those that compute have the processors.
    """
    killing = [test for test in tests if test.get_closest_marker("chaos")]
    slow = [test for test in tests if test.get_closest_marker("slow") and test not in killing]
    others = max(1, count - 1)
    heads = [killing, *(slow[index::others] for index in range(others))]
    chosen = {id(test) for head in heads for test in head}
    rest = [test for test in tests if id(test) not in chosen]
    ordered: list[Test] = []
    for index, head in enumerate(heads):
        length = (len(tests) - len(ordered)) // (len(heads) - index)
        filling = max(0, length - len(head))
        ordered += [*head, *rest[:filling]]
        rest = rest[filling:]
    return ordered + rest


def makers(fixtures: Iterable[str], *, router: bool) -> list[Maker]:
    """What makes the chains that fixtures of these names need, and the compiled router.

    The first time each takes longer than a test may. Two that compile the same do not follow each other.
    """
    names = set(fixtures)
    full = [
        partial(dumps.path, spec, "full")
        for spec in CHAINS.values()
        if any(name.startswith(f"{spec.name}_full") for name in names)
    ]
    return [*full[:1], *([_compile_router] if router else []), *full[1:]]


def _compile_router() -> object:
    # Imported here: many a run of few tests needs none of it.
    from tests.support.routers import router_artifacts

    return router_artifacts()


def make_in_turn(wanted: Sequence[Maker], first: int) -> None:
    """Make all, beginning with number `first`: what another process is making is waited for at the end."""
    for index in range(len(wanted)):
        wanted[(first + index) % len(wanted)]()


def main() -> None:
    """Make all that the whole suite shares."""
    wanted = makers((f"{spec.name}_full" for spec in CHAINS.values()), router=True)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for made in [pool.submit(make) for make in wanted]:
            made.result()


if __name__ == "__main__":
    main()
