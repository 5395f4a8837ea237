"""Asks a node whether the addresses of the chain data are what they are said to be."""

from collections.abc import Sequence
from dataclasses import dataclass

from executor.chain.blocks import Block
from executor.chain.calls import call_many
from executor.chain.rpc import Rpc
from executor.domain.call import EthCall
from executor.domain.chain import KnownAddress
from executor.domain.errors import SafetyError


@dataclass(frozen=True, slots=True)
class CheckResult:
    """`ok` is true only if there was a check and every answer was the expected one; `message` says which was
    not.
    """

    known: KnownAddress
    ok: bool
    message: str


async def run_checks(rpc: Rpc, known: Sequence[KnownAddress], block: Block = "latest") -> list[CheckResult]:
    """Run every check of `known`, in order. Raises NodeError."""
    calls = [EthCall(check.to, check.data) for entry in known for check in entry.checks]
    answers = iter(await call_many(rpc, calls, block))
    return [_judged(entry, [next(answers) for _ in entry.checks]) for entry in known]


async def require_checked(
    rpc: Rpc, known: Sequence[KnownAddress], *, is_local: bool, block: Block = "latest"
) -> None:
    """Raise SafetyError unless every address has a check and passes it. On a local node nothing is at stake
    and nothing is asked.
    """
    if is_local:
        return
    failed = [result for result in await run_checks(rpc, known, block) if not result.ok]
    if failed:
        told = "; ".join(f"{result.known.name} {result.known.address}: {result.message}" for result in failed)
        raise SafetyError(
            f"An address of the chain data is not what it should be: {told}.",
            fix="check rpc_url and the chain data; nothing is sent until the check passes",
            addresses=[result.known.address for result in failed],
        )


def _judged(known: KnownAddress, answers: Sequence[bytes | None]) -> CheckResult:
    if not known.checks:
        return CheckResult(known, False, "there is no check for it")
    for check, answer in zip(known.checks, answers, strict=True):
        if answer != check.expected:
            told = "no answer" if answer is None else f"0x{answer.hex()}"
            return CheckResult(known, False, f"expected {check.description}, the chain says {told}")
    return CheckResult(known, True, f"{len(known.checks)} checked")
