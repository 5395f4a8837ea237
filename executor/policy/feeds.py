"""Whether the answer of a price feed may be used.

Sources: Chainlink, "Using Data Feeds" (freshness, `minAnswer` and `maxAnswer` of the aggregator) and "L2
Sequencer Uptime Feeds" (an answer on an L2 says little while its sequencer is down, and for a while after).
"""

from dataclasses import dataclass
from fractions import Fraction

SEQUENCER_UP = 0


@dataclass(frozen=True, slots=True)
class FeedAnswer:
    """The latest round of a feed: `answer` / 10**`decimals` USD per whole token, as of `updated_at` (Unix
    time).

    `answered_in_round` is below `round_id` where the answer was carried over from an earlier round. `least`
    and `most` are the answers at which the aggregator stops following the market, None where it has no such
    bounds.
    """

    answer: int
    decimals: int
    updated_at: int
    round_id: int = 0
    answered_in_round: int = 0
    least: int | None = None
    most: int | None = None

    @property
    def usd_per_token(self) -> Fraction:
        """The price, exact."""
        return Fraction(self.answer, 10**self.decimals)


@dataclass(frozen=True, slots=True)
class SequencerStatus:
    """What the uptime feed says: `answer` 0 while the sequencer is up, since `started_at` (Unix time)."""

    answer: int
    started_at: int


def answer_problem(found: FeedAnswer, *, now: int, max_age_seconds: int) -> str | None:
    """Why the answer is no price at the time `now` (Unix seconds), completing "its feed ..."; None where it
    is one.
    """
    if found.answer <= 0:
        return f"answers {found.answer}"
    if found.updated_at == 0 or found.answered_in_round < found.round_id:
        return f"has not finished round {found.round_id}"
    age = now - found.updated_at
    if abs(age) > max_age_seconds:
        return f"has an answer that is {age} seconds old, {max_age_seconds} are allowed"
    if found.least is not None and found.answer <= found.least:
        return f"answers {found.answer}, at or below the least it can say ({found.least})"
    if found.most is not None and found.answer >= found.most:
        return f"answers {found.answer}, at or above the most it can say ({found.most})"
    return None


def sequencer_problem(status: SequencerStatus, *, now: int, grace_period_seconds: int) -> str | None:
    """Why no feed of the chain may be used at `now`, as a clause; None where they may.

    A status whose time is 0 was never set.
    """
    if status.started_at == 0:
        return "the chain's sequencer feed has no answer yet"
    if status.answer != SEQUENCER_UP:
        return "the chain's sequencer is down"
    up_for = now - status.started_at
    if up_for <= grace_period_seconds:
        return f"the chain's sequencer is up for {up_for} seconds only, {grace_period_seconds} must pass"
    return None
