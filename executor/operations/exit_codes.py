"""The exit codes of the commands, for scripts."""

from collections.abc import Iterable
from enum import IntEnum

from executor.domain.execution import Status


class ExitCode(IntEnum):
    """Where several apply, the greatest is given: an unknown outcome is the most pressing."""

    OK = 0
    CHECK_FAILED = 1
    USAGE = 2
    REJECTED = 3
    FAILED = 4
    PENDING = 5
    TAKEN_OVER = 6
    INTERRUPTED = 130


MEANINGS = {
    ExitCode.OK: "every opportunity was realised, declined or (with --dry-run) tried",
    ExitCode.CHECK_FAILED: "`executor check` found something wrong, `executor rehearse` a plan that fails, "
    "or `executor quote` nothing to earn",
    ExitCode.USAGE: "the command line or the configuration is wrong; nothing was done",
    ExitCode.REJECTED: "some input was rejected; the others were carried out",
    ExitCode.FAILED: "some transaction reverted, or an opportunity failed before anything was sent",
    ExitCode.PENDING: "some transaction's outcome is not known yet; run the same opportunity again",
    ExitCode.TAKEN_OVER: "another process took this one for dead, and goes on with its work; start it again",
    ExitCode.INTERRUPTED: "stopped from outside; what was sent is recorded",
}

_OF_STATUS = {
    Status.REALISED: ExitCode.OK,
    Status.DECLINED: ExitCode.OK,
    Status.DRY_RUN: ExitCode.OK,
    Status.REJECTED: ExitCode.REJECTED,
    Status.REVERTED: ExitCode.FAILED,
    Status.FAILED: ExitCode.FAILED,
    Status.CANCELLED: ExitCode.FAILED,
    Status.PENDING: ExitCode.PENDING,
    Status.ACCEPTED: ExitCode.PENDING,
}


def exit_code(statuses: Iterable[Status]) -> ExitCode:
    """The code for a run whose opportunities ended so."""
    return max((_OF_STATUS[status] for status in statuses), default=ExitCode.OK)


def explained() -> str:
    """The codes and their meanings, one a line, for --help."""
    return "\n\n".join(f"{code.value}  {meaning}" for code, meaning in MEANINGS.items())
