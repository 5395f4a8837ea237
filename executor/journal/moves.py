"""How an intent may move from state to state."""

from executor.domain.errors import JournalError
from executor.domain.intent import AttemptState, Block, Intent, IntentState

ALLOWED = frozenset(
    {
        (IntentState.LIVE, IntentState.MINED),
        (IntentState.MINED, IntentState.LIVE),
        (IntentState.MINED, IntentState.MINED),
        (IntentState.MINED, IntentState.FINAL),
        (IntentState.LIVE, IntentState.DROPPED),
        (IntentState.LIVE, IntentState.SUPERSEDED),
        (IntentState.DROPPED, IntentState.MINED),
        (IntentState.SUPERSEDED, IntentState.MINED),
    }
)
"""From which state an intent may come to which other; to its own always, where that changes nothing."""

IN_A_BLOCK = frozenset({IntentState.MINED, IntentState.FINAL})
"""The states that have a winner and a block."""


def require_move(intent: Intent, state: IntentState, winner: str | None, block: Block | None) -> None:
    """Raises JournalError, saying why, unless the intent may be marked as `state` so."""
    problem = None
    if intent.state is not state and (intent.state, state) not in ALLOWED:
        problem = "cannot become that"
    elif state is IntentState.MINED and (winner is None or block is None):
        problem = "needs the hash of the attempt that won, and its block"
    elif winner is not None and all(one.attempt.hash != winner for one in intent.attempts):
        problem = f"{winner} is none of its attempts"
    elif state is IntentState.FINAL and not (
        winner in (None, intent.winner) and block in (None, intent.block)
    ):
        problem = "is recorded in another block; mark that first"
    elif state not in IN_A_BLOCK and not (winner is None and block is None):
        problem = "has no winner and no block in that state"
    elif state is IntentState.DROPPED and any(one.state is AttemptState.SENT for one in intent.attempts):
        problem = "has an attempt that is out: its nonce is not free"
    if problem is not None:
        raise JournalError(
            f"intent {intent.intent_id} ({intent.state.value}) as {state.value}: {problem}.",
            fix="read the intent again and decide anew",
            intent_id=intent.intent_id,
            state=intent.state.value,
        )
