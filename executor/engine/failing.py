"""What kind of failure it was, and what is tried next."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from executor.chain.absent_blocks import lacks_block
from executor.domain.chain import ChainData
from executor.domain.decision import Reason
from executor.domain.errors import ExecutorError, GasLimitError, MathsError, NodeError
from executor.domain.execution import Execution
from executor.domain.opportunity import Opportunity
from executor.domain.route import PayerName
from executor.engine.payers import failed_payer, sizes_in, suspects_in
from executor.plan.reverts.kinds import Meaning
from executor.policy.failures import Action, Answer, Bounds, Failure, Spent, next_action
from executor.submission.errors import SupersededError, TransactionRefusedError, UnexplainedCountError

_OF_MEANING: Mapping[str, Failure] = {
    Meaning.STALE: Failure.STALE,
    Meaning.MOVED_PRICE: Failure.SLIPPAGE,
    Meaning.OUTCOME: Failure.SLIPPAGE,
    Meaning.NO_LIQUIDITY: Failure.NO_LIQUIDITY,
    Meaning.TOKEN_TAX: Failure.TOKEN_REFUSED,
    Meaning.TOKEN_REFUSED: Failure.TOKEN_REFUSED,
    Meaning.LENDER_DRY: Failure.LENDER_DRY,
    Meaning.LOCK_CLASH: Failure.LENDER_DRY,
    Meaning.PAUSED: Failure.PAUSED,
    Meaning.CONFIGURATION: Failure.CONFIGURATION,
    Meaning.ATTACK: Failure.ATTACK,
}

TRIED_ANEW = frozenset(
    {Action.RESIZE, Action.SHRINK, Action.OTHER_FUNDING, Action.REPRICE, Action.FIX_GAS, Action.WAIT}
)
"""Actions that make a new plan of the same opportunity."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One try of an opportunity: its number from 1, the most that may go in (settlement token's smallest
    unit; None: no bound beyond the opportunity's), of several routes the most for each by place, who has
    failed to pay it, and who may have been it when that could not be told.
    """

    number: int = 1
    most: int | None = None
    most_of: Mapping[int, int] = field(default_factory=dict)
    refused: frozenset[PayerName] = frozenset()
    suspects: frozenset[PayerName] = frozenset()

    def of(self, opportunity: Opportunity) -> Opportunity:
        """The opportunity as this try sees it."""
        if self.most is None or (opportunity.amount is not None and opportunity.amount <= self.most):
            return opportunity
        return replace(opportunity, amount=self.most)

    def after(self, action: Action, ended: Execution, chain: ChainData) -> "Trial":
        """The next try, when this one ended so and led to `action`."""
        following = replace(self, number=self.number + 1)
        if action is Action.SHRINK:
            return following._smaller(ended)
        return following._paid_otherwise(ended, chain) if action is Action.OTHER_FUNDING else following

    def _smaller(self, ended: Execution) -> "Trial":
        """Half of what went in; of several routes half of what went into the one that failed, or into each
        where that is not told.
        """
        sizes = sizes_in(ended)
        failed = failed_place(ended.reasons[-1]) if ended.reasons else None
        if sizes:
            smaller = sizes if failed not in sizes else {failed: sizes[failed]}
            halves = {place: max(amount // 2, 1) for place, amount in smaller.items()}
            return replace(self, most_of={**self.most_of, **halves})
        most = ended.amount_in or 0
        return replace(self, most=most // 2) if most > 1 else self

    def _paid_otherwise(self, ended: Execution, chain: ChainData) -> "Trial":
        """Without who failed to pay. Where that is not told, one after the other is left out, first those who
        were there the last time, too.
        """
        failed, suspects = failed_payer(ended, chain), suspects_in(ended)
        if failed is None and suspects:
            failed = next((payer for payer in suspects if payer in self.suspects), suspects[0])
            return replace(self, refused=self.refused | {failed}, suspects=frozenset(suspects) - {failed})
        return self if failed is None else replace(self, refused=self.refused | {failed})


def failed_place(reason: Reason) -> int | None:
    """The place of the route that a simulated call failed in; None where it is none of several, and where
    that is not known.
    """
    place = reason.facts.get("route")
    return place if isinstance(place, int) else None


def failure_of_reason(reason: Reason) -> Failure:
    """Which failure a reverted call, simulated or mined, tells of."""
    if reason.code == "out_of_gas":
        return Failure.INTRINSIC_GAS
    return _OF_MEANING.get(str(reason.facts.get("meaning")), Failure.UNKNOWN)


def failure_of_error(error: ExecutorError) -> Failure | None:
    """Which failure an error tells of; None for errors that say that nothing can be tried."""
    if isinstance(error, TransactionRefusedError):
        return error.failure
    if isinstance(error, SupersededError):
        return Failure.NONCE_USED
    if isinstance(error, UnexplainedCountError):
        return Failure.COUNT_DOUBTED
    if isinstance(error, GasLimitError):
        return Failure.GAS_LIMIT_TOO_HIGH
    if isinstance(error, MathsError):
        return Failure.NO_LIQUIDITY
    if lacks_block(error):
        return Failure.BLOCK_GONE
    return Failure.NODE_SILENT if isinstance(error, NodeError) else None


def what_next(failure: Failure, spent: Spent, bounds: Bounds) -> Answer:
    """The action for an opportunity of which nothing is out: one that follows what is out abandons it. STOP
    ends the opportunity; breakers open for it only where something was paid, or whoever hands in nonsense
    could close a chain.
    """
    answer = next_action(failure, spent, bounds)
    return answer if answer.action in {*TRIED_ANEW, Action.STOP} else Answer(Action.ABANDON, answer.ended_by)
