"""Looks into a plan on its chain as it is now: what each step would give and take. Sends nothing."""

from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

from rich.markup import escape
from rich.table import Table

from executor.chain.head import head
from executor.chain.simulation import rehearse
from executor.config.settings import Settings
from executor.domain.errors import ConfigError, RevertError
from executor.engine.reverts import revert_names, revert_reason
from executor.engine.session import open_session
from executor.plan import decode
from executor.plan.steps import Step
from executor.submission.clock import SystemClock


@dataclass(frozen=True, slots=True)
class RehearsedStep:
    """One step, `depth` levels inside others: what it does in `words`, its `output` in the smallest unit of
    that token, and its own gas.
    """

    depth: int
    words: str
    output: int
    gas_used: int


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What a plan gives on top of a block: `profit` after the tip in the settlement token's smallest unit,
    `tip` in wei.
    """

    chain: str
    block_number: int
    profit: int
    tip: int
    steps: tuple[RehearsedStep, ...]

    def as_dict(self) -> dict[str, object]:
        """As `executor rehearse --json` prints it: amounts as decimal strings."""
        steps = [
            {"depth": step.depth, "step": step.words, "output": str(step.output), "gas_used": step.gas_used}
            for step in self.steps
        ]
        return {
            "ok": True,
            "chain": self.chain,
            "block_number": self.block_number,
            "profit": str(self.profit),
            "tip": str(self.tip),
            "steps": steps,
        }

    def table(self) -> Table:
        """One row a step."""
        table = Table(
            title=f"{self.chain}, block {self.block_number}: profit {self.profit}, tip {self.tip} wei"
        )
        for column in ("step", "output", "gas"):
            table.add_column(column, overflow="fold")
        for step in self.steps:
            table.add_row("  " * step.depth + escape(step.words), str(step.output), str(step.gas_used))
        return table


async def rehearse_plan(settings: Settings, calldata: bytes, *, chain: str | None = None) -> Rehearsal:
    """Let the router of `chain` (the only one that is configured, if not named) simulate the plan.

    Raises RevertError saying at which step and why the plan would fail; PlanError, ConfigError, NodeError,
    RouterMismatchError.
    """
    steps = tuple(_with_depth(decode(calldata).steps, 0))
    name = chain or _only_chain(settings)
    async with AsyncExitStack() as stack:
        session = await open_session(stack, settings, name, means=None, clock=SystemClock())
        newest = await head(session.rpc)
        try:
            result = await rehearse(
                session.rpc,
                sender=session.sender,
                to=session.router,
                calldata=calldata,
                block=newest,
                decode=revert_names,
            )
        except RevertError as error:
            reason = revert_reason(error.code, error, calldata)
            raise RevertError(reason.message, fix=error.fix, **reason.facts) from None
    rehearsed = tuple(
        RehearsedStep(depth, step.in_words(), hop.output, hop.gas_used)
        for (depth, step), hop in zip(steps, result.hops, strict=True)
    )
    return Rehearsal(name, newest.number, result.profit, result.tip, rehearsed)


def _with_depth(steps: tuple[Step, ...], depth: int) -> Iterator[tuple[int, Step]]:
    """The steps and those inside them, in the order in which the router tells of them."""
    for step in steps:
        yield depth, step
        yield from _with_depth(step.inside, depth + 1)


def _only_chain(settings: Settings) -> str:
    names = list(settings.chains)
    if len(names) != 1:
        raise ConfigError(
            "--chain", "more than one chain is configured", fix=f"name one of {', '.join(names)}"
        )
    return names[0]
