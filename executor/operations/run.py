"""`executor run`: opportunities in, one JSON object each out."""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import TextIO

from rich.console import Console

from executor.config.settings import Settings
from executor.domain.execution import Execution, Status
from executor.engine.executor import Executor, rejected
from executor.operations.exit_codes import ExitCode, exit_code
from executor.operations.progress import Progress
from executor.operations.sources import Item, items_of


async def run(
    settings: Settings, source: str, *, dry_run: bool, console: Console, output: TextIO | None = None
) -> ExitCode:
    """Go on with what earlier runs have left, and execute the opportunities of `source`, as many at a time as
    the chains allow, writing each result as a line of JSON as soon as it is known.

    Raises ConfigError when the source cannot be read; FencedError once another process has taken this one's
    work over: then nothing more is read, and what was begun is told as it stands.
    """
    output = output or sys.stdout
    progress = Progress(console)
    statuses: set[Status] = set()
    async with AsyncExitStack() as stack:
        stack.callback(progress.close)
        executor = await stack.enter_async_context(
            Executor(settings, dry_run=dry_run, prompt=progress.ask, on_stage=progress.stage)
        )
        await executor.wake()
        items = items_of(source)
        stack.push_async_callback(_closed, items)
        gate = asyncio.Semaphore(sum(own.max_concurrent_executions for own in settings.chains.values()))

        async def carry(item: Item) -> None:
            try:
                execution = await execute_item(executor, item)
            finally:
                gate.release()
            statuses.add(execution.status)
            progress.done(execution)
            print(json.dumps(execution.as_dict()), file=output, flush=True)

        async def read(group: asyncio.TaskGroup) -> None:
            async for item in items:
                await gate.acquire()
                group.create_task(carry(item))

        fenced = asyncio.create_task(executor.until_fenced())
        try:
            async with asyncio.TaskGroup() as group:
                reading = group.create_task(read(group))
                fenced.add_done_callback(lambda _: reading.cancel())
        except BaseExceptionGroup as several:
            raise several.exceptions[0] from None
        finally:
            fenced.cancel()
        if fenced.done():
            raise fenced.result()
    return exit_code(statuses)


async def execute_item(executor: Executor, item: Item) -> Execution:
    """The fate of one item; a rejected one tells where it stood."""
    if item.error is not None:
        execution = rejected(None, item.error)
    else:
        execution = await executor.execute(item.value)  # type: ignore[arg-type]
    if execution.status is Status.REJECTED:
        return replace(execution, details={**execution.details, "place": item.place})
    return execution


async def until_stopped(work: "asyncio.Task[ExitCode]") -> ExitCode:
    """Wait for `work`; an interrupt or a termination signal ends it in order, with journals closed."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, work.cancel)
    try:
        return await work
    except asyncio.CancelledError:
        return ExitCode.INTERRUPTED
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)


async def _closed(items: AsyncIterator[Item]) -> None:
    close = getattr(items, "aclose", None)
    if close is not None:
        await close()
