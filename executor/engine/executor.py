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
from executor.domain.decision import Reason
from executor.domain.errors import ExecutorError, OpportunityError
from executor.domain.execution import Execution, Status
from executor.domain.opportunity import Opportunity
from executor.engine import intake
from executor.engine.fates import ended_by, reason_of
from executor.engine.following import recover, resume
from executor.engine.same_chain import SameChainRun
from executor.engine.session import Desk, Prompt, Session, open_session
from executor.journal.codec import differing_fields
from executor.journal.journal import LIVE
from executor.submission.clock import Clock, SystemClock
from executor.submission.log import get_logger

_LOG = get_logger("executor.engine")

Config = Settings | Mapping[str, Any] | Path | str
"""Settings, or what they are made of: a mapping of the settings file's shape, or the file's path."""

_UNDECIDED = (Status.REJECTED, Status.DRY_RUN)
"""Nothing was decided about the opportunity itself: it is not recorded, and its id may be used again."""


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
        self._sessions: dict[str, Session] = {}
        self._opening: dict[str, asyncio.Lock] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close connections and journals. What is not mined yet stays recorded as pending."""
        self._sessions.clear()
        await self._stack.aclose()

    async def execute(self, opportunity: Opportunity | Mapping[str, Any]) -> Execution:
        """Carry one opportunity to its end and tell its fate; never raises for bad input, a bad market or a
        bad node.

        A mapping has the shape of the published JSON Schema. The same `opportunity_id` again returns the
        stored execution, or goes on with a pending one. Opportunities of one chain run one after the other.
        """
        started = self._clock.now()
        execution = await self._execute(opportunity)
        if execution.execution_time_seconds is None:
            seconds = Decimal(str(round(self._clock.now() - started, 3)))
            execution = replace(execution, execution_time_seconds=seconds)
        return execution

    async def _execute(self, given: Opportunity | Mapping[str, Any]) -> Execution:
        document = intake.document_of(given) if isinstance(given, Opportunity) else given
        found = intake.problems(document)
        if found:
            return rejected(document, *found)
        given = intake.parse(document)
        draft = Execution(given.opportunity_id, given.chain, Status.FAILED)
        try:
            session = await self._session(given.chain)
            async with session.turn:
                return await self._in_turn(session, given)
        except ExecutorError as error:
            return ended_by(draft, error)
        except Exception as error:
            _LOG.error("internal_error", opportunity_id=given.opportunity_id, exc_info=True)
            return self._after_a_bug(draft, error)

    async def _in_turn(self, session: Session, opportunity: Opportunity) -> Execution:
        desk = session.desk
        if desk is None:
            return await self._run(session, opportunity)
        stored = desk.journal.stored(opportunity.opportunity_id)
        if stored is None:
            execution = await self._run(session, opportunity)
        elif stored.execution.status is Status.PENDING:
            execution = await resume(session, desk, stored.execution)
        else:
            return _repeated(stored.execution, differing_fields(stored.opportunity, opportunity))
        return self._kept(desk, opportunity, execution)

    async def _run(self, session: Session, opportunity: Opportunity) -> Execution:
        started = self._clock.now()

        def note(stage: str) -> None:
            _LOG.info("stage", opportunity_id=opportunity.opportunity_id, stage=stage)
            self._on_stage(opportunity.opportunity_id, stage)

        execution = await SameChainRun(session, opportunity, note).run()
        seconds = Decimal(str(round(self._clock.now() - started, 3)))
        return replace(execution, execution_time_seconds=seconds)

    def _kept(self, desk: Desk, opportunity: Opportunity, execution: Execution) -> Execution:
        """Record what was decided. A record that fails does not hide what has happened, and a failure does
        not hide what may be out."""
        if execution.status in _UNDECIDED:
            return execution
        try:
            if execution.status is Status.FAILED:
                states = {stored.state for stored in desk.journal.attempts(opportunity.opportunity_id)}
                if not states:
                    return execution
                if states & LIVE:
                    execution = replace(execution, status=Status.PENDING)
            desk.journal.finish(opportunity, execution)
        except ExecutorError as error:
            return replace(execution, reasons=(*execution.reasons, reason_of(error)))
        return execution

    async def _session(self, name: str) -> Session:
        if name not in self.settings.chains:
            known = ", ".join(sorted(self.settings.chains)) or "none"
            raise OpportunityError("chain", f"{name!r} is not configured", fix=f"use one of: {known}")
        async with self._opening.setdefault(name, asyncio.Lock()):
            if name not in self._sessions:
                self._sessions[name] = await self._opened(name)
        return self._sessions[name]

    async def _opened(self, name: str) -> Session:
        async with AsyncExitStack() as stack:
            session = await open_session(
                stack, self.settings, name, may_send=not self.dry_run, clock=self._clock, prompt=self._prompt
            )
            await recover(session)
            self._stack.push_async_exit(stack.pop_all())
            return session

    def _after_a_bug(self, draft: Execution, error: Exception) -> Execution:
        """An error nobody foresaw: the journal says whether something may be out."""
        reason = Reason(
            "internal_error",
            f"{type(error).__name__}: {error}. Fix: this is a fault of the executor; report it with "
            "--debug output.",
            {},
        )
        session = self._sessions.get(draft.chain)
        try:
            stored = session.desk.journal.stored(draft.opportunity_id) if session and session.desk else None
        except ExecutorError as unreadable:
            # Whether something is out cannot be told any more, and that is what is reported.
            return replace(draft, status=Status.PENDING, reasons=(reason, reason_of(unreadable)))
        return replace(stored.execution if stored else draft, reasons=(reason,))


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


def _repeated(stored: Execution, differing: tuple[str, ...]) -> Execution:
    if not differing:
        return stored
    return replace(stored, details={**stored.details, "differs_from_stored": list(differing)})
