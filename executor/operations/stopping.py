"""`executor stop` and `executor resume`: the durable flag that forbids to sign and to send."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from getpass import getpass

from executor.config.settings import Settings
from executor.domain.errors import ConfigError, ExecutorError
from executor.domain.intent import Intent
from executor.journal.flags import lift_stop, set_stop, stop_flags
from executor.journal.record import FILE_NAME, Database, Record, StopFlag

LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Stopped:
    """The flags that stand, and what is still out, by chain, with why this process could not cancel it."""

    flags: tuple[StopFlag, ...]
    out: Mapping[str, tuple[Intent, ...]]
    problems: Mapping[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """For JSON output."""
        return {
            "stopped": [
                {"chain": flag.chain, "because": flag.because, "since": flag.set_at} for flag in self.flags
            ],
            "out": {
                chain: [
                    {
                        "sender": intent.sender,
                        "nonce": intent.nonce,
                        "opportunity_id": intent.opportunity_id,
                        "transaction_hashes": [stored.attempt.hash for stored in intent.attempts],
                    }
                    for intent in intents
                ]
                for chain, intents in self.out.items()
            },
            "problems": dict(self.problems),
        }

    def lines(self) -> list[str]:
        """For people."""
        told = [f"{flag.chain or 'all chains'}: stopped ({flag.because})" for flag in self.flags]
        for chain, intents in self.out.items():
            told += [f"{chain}: nonce {each.nonce} of {each.sender} is still out" for each in intents]
        told += [f"{chain}: not cancelled by this process: {why}" for chain, why in self.problems.items()]
        return told or ["nothing is stopped"]


async def stop(settings: Settings, chain: str | None, because: str, *, seconds: int) -> Stopped:
    """Set the flag; then see what is out cancelled, for at most `seconds`: by the executor that runs, or,
    where none does, by this process. Raises ConfigError, JournalError.
    """
    _known(settings, chain)
    database = Database.open_beside(settings.database_url or settings.journal / FILE_NAME)
    try:
        set_stop(database, chain, because)
        chains, problems = [chain] if chain else list(settings.chains), dict[str, str]()
        if seconds and any(_out(settings, database, chains).values()):
            problems = await _cancelled(settings, database, chains, seconds)
        out = _out(settings, database, chains)
        left = {name: why for name, why in problems.items() if out[name]}
        return Stopped(stop_flags(database), out, left)
    finally:
        database.close()


def resume(settings: Settings, chain: str | None) -> Stopped:
    """Lift the flag of `chain`, or the one for all. Raises ConfigError, JournalError."""
    _known(settings, chain)
    database = Database.open_beside(settings.database_url or settings.journal / FILE_NAME)
    try:
        lift_stop(database, chain)
        return Stopped(stop_flags(database), {})
    finally:
        database.close()


async def _cancelled(
    settings: Settings, database: Database, chains: list[str], seconds: int
) -> dict[str, str]:
    """Wait until nothing is out, doing it ourselves where nobody else does: an executor that runs has the
    record locked, and heeds the flag itself. Why we could not, by chain.
    """
    # After the flag is set and not before it: this import takes seconds.
    from executor.engine.executor import Executor

    until, problems = time.monotonic() + seconds, dict[str, str]()
    async with Executor(settings, prompt=getpass) as own:
        for name in chains:
            if not _out(settings, database, [name])[name]:
                continue
            try:
                await own.look_after(name)
            except ExecutorError as error:
                problems[name] = error.message
        while time.monotonic() < until:
            if not any(_out(settings, database, chains).values()):
                break
            await asyncio.sleep(LOOK_SECONDS)
    return problems


def _out(settings: Settings, database: Database, chains: list[str]) -> dict[str, tuple[Intent, ...]]:
    """The intents whose fate is open."""
    records = {name: Record(database, name, settings.executor_id) for name in chains}
    return {
        name: tuple(intent for intent in record.open_intents() if intent.winner is None)
        for name, record in records.items()
    }


def _known(settings: Settings, chain: str | None) -> None:
    if chain is not None and chain not in settings.chains:
        known = ", ".join(sorted(settings.chains))
        raise ConfigError("--chain", f"{chain!r} is not configured", fix=f"use one of: {known}")
