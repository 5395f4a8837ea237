"""A process of its own that carries out works; tests kill it. Usage: worker URL EXECUTOR_ID FOLDER [WORK_ID
...]

Each work notes the beginning and the end of its two effects in FOLDER/<id>, a line each, sleeps between them,
and ends. LEASE_SECONDS in the environment is how long a halted executor is waited for. The process prints
`ready` when it is open, `done <id>` as works end, and goes on until it is killed.
"""

import asyncio
import os
import sys
from pathlib import Path

from executor.engine.durable import beats
from executor.engine.durable.dbos_engine import DbosEngine
from executor.engine.durable.port import Json, Steps

SLOW_SECONDS = 0.5


def note(folder: Path, work_id: str, line: str) -> None:
    """On the disk when it returns, as an effect on the world would be."""
    descriptor = os.open(folder / work_id, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(descriptor, f"{line}\n".encode())
    os.fsync(descriptor)
    os.close(descriptor)


class NothingElse:
    """The works are all that a dead worker leaves."""

    def left_by(self, executor_id: str, *, rests: bool) -> bool:
        return False

    def take(self, executor_id: str, epoch: int, *, rests: bool) -> None:
        pass


async def main(url: str, executor_id: str, folder: Path, ids: list[str]) -> None:
    async def two_effects(steps: Steps, work_id: str, order: Json) -> Json:
        async def effect(name: str) -> Json:
            note(folder, work_id, f"{name} begins")
            await asyncio.sleep(SLOW_SECONDS)
            note(folder, work_id, f"{name} ends")
            return name

        first = await steps.do("first", lambda: effect("first"))
        await steps.sleep(SLOW_SECONDS)
        second = await steps.do("second", lambda: effect("second"))
        return [first, second, order]

    engine = await DbosEngine.open(url, executor_id, {"two_effects": two_effects})
    print("ready", flush=True)
    for work_id in ids:
        await engine.start("two_effects", work_id, {"amount": str(2**255 + 1)})
        print(f"started {work_id}", flush=True)
    while True:
        taken = await engine.take_over(NothingElse())
        if taken:
            print(f"taken {taken}", flush=True)
        await asyncio.sleep(0.2)


if __name__ == "__main__":
    beats.LEASE_SECONDS = float(os.environ.get("LEASE_SECONDS", beats.LEASE_SECONDS))
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), sys.argv[4:]))
