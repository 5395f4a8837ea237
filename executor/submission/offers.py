"""What is offered next for a nonce: the same bytes again, more for the same call, or a transfer to oneself.

Never more than the user's cap, nor than the trade can bear; and never less than what replaces the last.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from executor.domain.intent import AttemptKind, AttemptState, Intent, Purpose, StoredAttempt
from executor.journal.record import Record
from executor.policy.bumping import Rung, bumped, fee_ceiling, is_near, replaces
from executor.policy.failures import Failure
from executor.policy.fees import RPC_FEE_CAP, Fees
from executor.submission.errors import TransactionRefusedError
from executor.submission.lanes import TRANSFER_GAS, Lane
from executor.submission.log import get_logger

_LOG = get_logger("executor.submission")

MARKET_TIMES = 4
"""A transfer to oneself earns nothing: it offers at most this many times what the market asks, or what it
takes to replace the call that it stands against."""

MOST_CLIMBS = 3


@dataclass(frozen=True, slots=True)
class Worth:
    """What an intent is worth now. `pays`: None if unknown, which never cancels; False only on proof.

    `bearable_wei`: the most that its gas may cost. `fees`: what the market asks now, None if unknown. Of what
    is not wanted any more only `fees` count.
    """

    pays: bool | None
    bearable_wei: int
    fees: Fees | None


UNKNOWN_WORTH = Worth(None, 0, None)
Reprice = Callable[[Intent], Awaitable[Worth]]


def dearest(intent: Intent) -> StoredAttempt:
    """The last attempt that a node took or may have taken; the first of all where every one was refused."""
    taken = [one for one in intent.attempts if one.state is not AttemptState.REFUSED]
    return taken[-1] if taken else intent.attempts[0]


def is_cancelling(intent: Intent) -> bool:
    """True once its dearest attempt is the transfer to oneself."""
    return dearest(intent).kind is AttemptKind.CANCEL


class Offers:
    """Makes the offers of one chain. `cap` is the user's bound in wei per gas, None for none. `still_free`
    says whether the nonce of an intent is surely not used up at this moment.
    """

    def __init__(
        self,
        record: Record,
        reprice: Reprice,
        cap: int | None,
        still_free: Callable[[Intent], Awaitable[bool]],
    ) -> None:
        self._record = record
        self._reprice = reprice
        self._cap = cap
        self._still_free = still_free

    async def price_anew(self, lane: Lane, intent: Intent) -> None:
        """Bump it if it still pays and more can be offered, cancel it if it surely does not pay; else send
        the same bytes again.

        Raises what `Lane.replace` and `Lane.send_again` raise.
        """
        worth = await self._worth(intent)
        cancelling = is_cancelling(intent)
        if worth.pays is False and not cancelling and intent.purpose is Purpose.TRADE:
            # A simulation fails on top of our own trade too, once that is mined.
            if not await self._still_free(intent):
                return
            self._record.unwant(intent.intent_id, "it does not pay any more")
            await self._offer(lane, intent, AttemptKind.CANCEL, worth)
        elif worth.fees is None or (worth.pays is None and not _earns_nothing(intent, cancelling)):
            await lane.send_again(dearest(intent))
        else:
            await self._offer(lane, intent, AttemptKind.CANCEL if cancelling else AttemptKind.CALL, worth)

    async def cancel(self, lane: Lane, intent: Intent, because: str) -> None:
        """Put a transfer to oneself in its place. Raises what `Lane.replace` and `Lane.send_again` raise."""
        self._record.unwant(intent.intent_id, because)
        await self._offer(lane, intent, AttemptKind.CANCEL, await self._worth(intent))

    async def _worth(self, intent: Intent) -> Worth:
        """Unknown where the pricing itself fails, whatever the reason: one intent that cannot be priced must
        not end the watch over all.
        """
        try:
            return await self._reprice(intent)
        except Exception as error:
            _LOG.warning("not_priced", intent=intent.intent_id, error=repr(error))
            return UNKNOWN_WORTH

    async def _offer(self, lane: Lane, intent: Intent, kind: AttemptKind, worth: Worth) -> None:
        """One more attempt, or the same bytes where the bounds leave no room for one.

        A pool that wants a greater step gets it; a refusal for another reason is raised. What was refused
        before at nearly the same fees is offered again instead of something new: refused at each block, it
        stays one attempt.
        """
        last, rung = fees_of(dearest(intent)), Rung.COMMON
        market = worth.fees or last
        ceiling = self._ceiling(intent, kind, last, market, worth)
        for _ in range(MOST_CLIMBS):
            fees = bumped(last, market, ceiling=ceiling, rung=rung)
            if fees is None:
                _LOG.info("at_the_ceiling", intent=intent.intent_id, ceiling=ceiling)
                return await lane.send_again(dearest(intent))
            known = _refused_before(intent, kind, fees, last, ceiling)
            try:
                if known is None or not await lane.has_gas_enough(known):
                    await lane.replace(intent, fees, kind)
                else:
                    fees = fees_of(known)
                    await lane.offer_again(intent, known)
                return None
            except TransactionRefusedError as error:
                if error.failure is not Failure.UNDERPRICED_REPLACEMENT:
                    raise
            last, rung = fees, Rung.EFFECTIVE_PRICE
        _LOG.warning("still_underpriced", intent=intent.intent_id, max_fee_per_gas=last.max_fee_per_gas)
        return None

    def _ceiling(self, intent: Intent, kind: AttemptKind, last: Fees, market: Fees, worth: Worth) -> int:
        """Wei per gas."""
        gas = TRANSFER_GAS if kind is AttemptKind.CANCEL else dearest(intent).attempt.gas_limit
        if not _earns_nothing(intent, kind is AttemptKind.CANCEL):
            return fee_ceiling(cap=self._cap, gas_limit=gas, bearable=worth.bearable_wei)
        replaces_call = kind is AttemptKind.CANCEL and not is_cancelling(intent)
        least = last.max_fee_per_gas * 2 if replaces_call else 0
        sensible = max(MARKET_TIMES * market.max_fee_per_gas, least)
        bounds = [sensible, RPC_FEE_CAP // gas]
        return min(bounds if self._cap is None else [*bounds, self._cap])


def fees_of(stored: StoredAttempt) -> Fees:
    """The fees that are signed; their base fee is not known any more and stands as 0."""
    attempt = stored.attempt
    return Fees(attempt.max_fee_per_gas, attempt.max_priority_fee_per_gas, 0)


def _refused_before(
    intent: Intent, kind: AttemptKind, fees: Fees, last: Fees, ceiling: int
) -> StoredAttempt | None:
    """The newest such attempt near `fees` and within the `ceiling` that was refused since the dearest one was
    taken, and would replace `last`.
    """
    since = intent.attempts.index(dearest(intent)) + 1
    for stored in reversed(intent.attempts[since:]):
        its = fees_of(stored)
        fits = is_near(its, fees) and replaces(its, last) and its.max_fee_per_gas <= ceiling
        if stored.kind is kind and fits:
            return stored
    return None


def _earns_nothing(intent: Intent, cancelling: bool) -> bool:
    return cancelling or intent.purpose is Purpose.FILL
