"""The public Python API: `async with Executor(config) as executor: execution = await
executor.execute(opportunity)`."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, Self

from executor.config.settings import Settings, load_settings
from executor.domain.errors import ExecutorError, OpportunityError
from executor.domain.execution import Execution, Status
from executor.domain.opportunity import Opportunity
from executor.engine import intake
from executor.engine.durable.port import FencedError, Json, Steps, taken_over
from executor.engine.fates import ended_by, fault, reason_of
from executor.engine.house import House
from executor.engine.same_chain import Note, SameChainRun
from executor.engine.session import Prompt, Session, open_session
from executor.engine.watching import watching
from executor.engine.works import Works
from executor.journal.codec import differing_fields
from executor.journal.record import StoredExecution
from executor.submission.clock import Clock, SystemClock
from executor.submission.log import get_logger

_LOG = get_logger("executor.engine")

PAUSE_SECONDS = 5.0
"""Before a work whose chain cannot be opened tries again."""

Config = Settings | Mapping[str, Any] | Path | str
"""Settings, or what they are made of: a mapping of the settings file's shape, or the file's path."""


class Executor:
    """Executes opportunities on the configured chains.

    An async context manager. A chain is opened when its first opportunity comes, and stays open. `dry_run`
    stops before signing: no key is opened, no journal read or written. `prompt` asks a person for a
    keystore's passphrase. `on_stage` is told the opportunity's id and each stage as it begins.

    Raises ConfigError at construction when the configuration is not acceptable.
    """

    def __init__(
        self,
        config: Config,
        *,
        dry_run: bool = False,
        prompt: Prompt | None = None,
        clock: Clock | None = None,
        on_stage: Callable[[str, str], None] | None = None,
    ) -> None:
        self.settings = settings_of(config)
        self.dry_run = dry_run
        self._prompt = prompt
        self._clock = clock or SystemClock()
        self._on_stage = on_stage or (lambda opportunity_id, stage: None)
        self._stack = AsyncExitStack()
        self._chains: dict[str, Session | Works] = {}
        self._opening: dict[str, asyncio.Lock] = {}
        self._house = House(self.settings, self._work, self._go_on)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close connections and the record. What is not mined yet stays recorded as pending."""
        await self._house.rest()
        chains, self._chains = self._chains, {}
        for chain in chains.values():
            if isinstance(chain, Works):
                await chain.close()
        await self._stack.aclose()
        await self._house.close()

    async def execute(self, opportunity: Opportunity | Mapping[str, Any]) -> Execution:
        """Carry one opportunity to its end and tell its fate; never raises for bad input, a bad market or a
        bad node.

        A mapping has the shape of the published JSON Schema. The same `opportunity_id` again returns the
        stored execution, or goes on with one that has not ended. Many may run at a time: those that need the
        same pool, balance or lender wait for each other.
        """
        started = self._clock.now()
        execution = await self._execute(opportunity)
        if execution.execution_time_seconds is None:
            return _timed(execution, self._clock.now() - started)
        return execution

    async def _execute(self, given: Opportunity | Mapping[str, Any]) -> Execution:
        document = intake.document_of(given) if isinstance(given, Opportunity) else given
        found = intake.problems(document)
        if found:
            return rejected(document, *found)
        given = intake.parse(document)
        draft = Execution(given.opportunity_id, given.chain, Status.FAILED)
        try:
            chain = await self._chain(given.chain)
            if isinstance(chain, Session):
                return await self._rehearsed(chain, given)
            execution, stored = await chain.execute(given)
            return execution if stored is None else _repeated(execution, stored, given)
        except ExecutorError as error:
            return ended_by(draft, error)
        except Exception as error:
            _LOG.error("internal_error", opportunity_id=given.opportunity_id, exc_info=True)
            return self._after_a_bug(draft, error)

    async def _rehearsed(self, session: Session, opportunity: Opportunity) -> Execution:
        started = self._clock.now()
        note = self._noted_for(opportunity.opportunity_id)
        execution = await SameChainRun(session, opportunity, note).run()
        return _timed(execution, self._clock.now() - started)

    def _noted_for(self, opportunity_id: str) -> Note:
        def note(stage: str) -> None:
            _LOG.info("stage", opportunity_id=opportunity_id, stage=stage)
            self._on_stage(opportunity_id, stage)

        return note

    async def _work(self, steps: Steps, work_id: str, order: Json) -> Json:
        """The durable work of an opportunity, on whichever chain its order names."""
        assert isinstance(order, dict)
        while True:
            try:
                chain = await self._chain(str(order["chain"]))
                assert isinstance(chain, Works)
                return await chain.carry(steps, str(order["opportunity"]))
            except Exception as error:
                # Something may be out: it is never given up, whatever happens to the engine's own database.
                _LOG.error("work_waits", work_id=work_id, error=repr(error))
                await self._clock.sleep(PAUSE_SECONDS)

    async def until_fenced(self) -> FencedError:
        """Wait until another process has taken this one for dead, and its work over: a process of a shared
        database that was halted for too long. It carries out nothing more, and should be started again.
        """
        await self._house.until_fenced()
        return taken_over(self.settings.executor_id)

    async def wake(self) -> None:
        """Go on with what earlier runs have left on any configured chain, without waiting for an opportunity.
        Not in a dry run.
        """
        if not self.dry_run:
            await self._house.wake()

    async def look_after(self, name: str) -> None:
        """Open the chain `name` and go on with what is recorded of it. Raises ExecutorError."""
        await self._go_on(name)

    async def _go_on(self, name: str) -> None:
        chain = await self._chain(name)
        assert isinstance(chain, Works)
        await chain.recover()

    async def _chain(self, name: str) -> Session | Works:
        if name not in self.settings.chains:
            known = ", ".join(sorted(self.settings.chains)) or "none"
            raise OpportunityError("chain", f"{name!r} is not configured", fix=f"use one of: {known}")
        async with self._opening.setdefault(name, asyncio.Lock()):
            if name not in self._chains:
                self._chains[name] = await self._opened(name)
        return self._chains[name]

    async def _opened(self, name: str) -> Session | Works:
        async with AsyncExitStack() as stack:
            means = None if self.dry_run else await self._house.means(name, self._prompt)
            session = await open_session(stack, self.settings, name, means=means, clock=self._clock)
            if session.desk is None:
                self._stack.push_async_exit(stack.pop_all())
                return session
            house = self._house
            works = Works(
                session,
                session.desk,
                house.entrust,
                self._clock,
                self._noted_for,
                house.require_owner,
                house.check_owner,
            )
            await stack.enter_async_context(watching(works, self.settings))
            self._stack.push_async_exit(stack.pop_all())
        return works

    def _after_a_bug(self, draft: Execution, error: Exception) -> Execution:
        """An error nobody foresaw: the record says whether something may be out."""
        reason = fault(error)
        chain = self._chains.get(draft.chain)
        if not isinstance(chain, Works):
            return replace(draft, reasons=(reason,))
        try:
            return replace(chain.after_a_bug(draft), reasons=(reason,))
        except ExecutorError as unreadable:
            # Whether something is out cannot be told any more, and that is what is reported.
            return replace(draft, status=Status.PENDING, reasons=(reason, reason_of(unreadable)))


def rejected(given: object, *errors: ExecutorError) -> Execution:
    """What could not be understood, labelled as far as it labels itself."""
    reasons = tuple(reason_of(error) for error in errors)
    return Execution(intake.opportunity_id(given), intake.chain_name(given), Status.REJECTED, reasons)


def settings_of(config: Config) -> Settings:
    """Settings from any form of `config`.

    A path is read with the environment's variables over it. Raises ConfigError.
    """
    if isinstance(config, Settings):
        return config
    return load_settings(Path(config)) if isinstance(config, str | Path) else Settings.from_mapping(config)


def _repeated(execution: Execution, stored: StoredExecution, given: Opportunity) -> Execution:
    differing = differing_fields(stored.opportunity, given)
    if not differing:
        return execution
    return replace(execution, details={**execution.details, "differs_from_stored": list(differing)})


def _timed(execution: Execution, seconds: float) -> Execution:
    return replace(execution, execution_time_seconds=Decimal(str(round(seconds, 3))))
