"""Tries of one opportunity, until something is signed or there is nothing more to try."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

from executor.chain.quantities import quantity
from executor.domain.address import Address
from executor.domain.errors import ExecutorError, NodeError
from executor.domain.execution import Execution, Status
from executor.domain.intent import OPEN, Purpose
from executor.domain.opportunity import Opportunity
from executor.domain.route import POOL_LOANS
from executor.engine.breakers import Breakers, breaker_keys
from executor.engine.draft import Draft, Ready
from executor.engine.failing import TRIED_ANEW, Trial, failure_of_error, failure_of_reason, what_next
from executor.engine.fates import ended_by
from executor.engine.same_chain import Note, SameChainRun
from executor.engine.session import Desk, Session
from executor.engine.turnstile import Turnstile
from executor.policy.failures import Action, Bounds, Failure, Spent
from executor.submission.clock import Clock
from executor.submission.errors import StoppedError
from executor.submission.lanes import Lane, Order
from executor.submission.log import get_logger
from executor.submission.room import Place

_LOG = get_logger("executor.engine")

PAUSE_SECONDS = 1.0
"""Before a node whose pool is full is asked again."""


@dataclass(frozen=True, slots=True)
class Before:
    """What earlier tries of the opportunity have come to: `gas_money` in wei, `began` in Unix seconds, the
    hash of each that was mined for it and failed for good.
    """

    began: int
    gas_money: int = 0
    transactions: tuple[str, ...] = ()


class Tries:
    """Makes tries on one chain. Nothing is out while a try is made: what was sent ends it."""

    def __init__(
        self,
        session: Session,
        desk: Desk,
        turnstile: Turnstile,
        clock: Clock,
        noted_for: Callable[[str], Note],
    ) -> None:
        self._session = session
        self._desk = desk
        self._turnstile = turnstile
        self._clock = clock
        self._noted_for = noted_for
        self._breakers = Breakers(desk.record, session.settings.breaker)
        retries = session.settings.retries
        self._bounds = Bounds(
            retries.tries, session.settings.max_execution_time_seconds, retries.gas_money_wei
        )
        self._preparing: Counter[Address] = Counter()

    async def until_sent(self, opportunity: Opportunity, before: Before, trial: Trial) -> Execution:
        """PENDING once something is recorded and on its way, else how it ended. Raises JournalError."""
        while True:
            lane = self._next_lane()
            place = lane.place(float(self._session.settings.max_execution_time_seconds))
            run = self._run(lane, place, opportunity, trial)
            self._preparing[lane.sender] += 1
            try:
                ready = await run.prepare()
                if ready is not None:
                    return await self._send(lane, place, run.draft, ready, opportunity, before)
                ended = run.draft.execution
                failure = _simulated_failure(ended)
            except ExecutorError as error:
                out = self.out(opportunity.opportunity_id)
                if out is not None:
                    return out
                ended, failure = ended_by(run.draft.execution, error), failure_of_error(error)
            finally:
                self._preparing[lane.sender] -= 1
                place.give_back()
            if failure is None:
                return ended
            action = self._next(failure, before, trial)
            asked_for = opportunity.funding is not None and opportunity.funding not in POOL_LOANS
            if action not in TRIED_ANEW or (action is Action.OTHER_FUNDING and asked_for):
                return ended
            if not await self._worth_another(action, ended):
                return ended
            _LOG.info("tried_again", opportunity_id=opportunity.opportunity_id, action=action.value)
            trial = trial.after(action, ended, self._session.chain)

    def after_loss(self, failure: Failure, before: Before, tries: int) -> Action:
        """What to do after a try that was mined and failed."""
        return self._next(failure, before, Trial(number=tries))

    def judged(self, execution: Execution, keys: tuple[str, ...], failure: Failure | None) -> bool:
        """Tell the breakers what came of a trade. True if it counts against them: then they must not be told
        again.
        """
        if failure in (Failure.UNKNOWN, Failure.ATTACK):
            self._breakers.open_at_once(keys, int(time.time()))
            return True
        if execution.status is Status.REALISED and (execution.realised_net_profit or 0) >= 0:
            self._breakers.succeeded(keys)
        elif execution.gas_cost_wei and not _by_the_user(execution):
            self._breakers.lost(keys, int(time.time()))
            return True
        return False

    def _next_lane(self) -> Lane:
        """The one with most room once all that is being prepared is sent; one that cannot send now comes
        last. Raises JournalError.
        """
        return max(
            self._desk.lanes,
            key=lambda lane: (not lane.held, lane.unrecorded_room - self._preparing[lane.sender]),
        )

    def _run(self, lane: Lane, place: Place, opportunity: Opportunity, trial: Trial) -> SameChainRun:
        name = opportunity.opportunity_id

        async def claim(keys: frozenset[str]) -> bool:
            """With a place in the lane: what had to wait for either looks at the market again."""
            at_once = await self._turnstile.claim(name, keys, place.give_back)
            return not await place.take() and at_once

        return SameChainRun(
            self._session.by(lane.sender),
            opportunity,
            self._noted_for(name),
            trial=trial,
            claim=claim,
        )

    async def _send(
        self,
        lane: Lane,
        place: Place,
        draft: Draft,
        ready: Ready,
        opportunity: Opportunity,
        before: Before,
    ) -> Execution:
        keys = breaker_keys(self._session.name, lane.sender, ready.plan.sized.route)
        self._breakers.require_closed(keys, int(time.time()))
        self._noted_for(opportunity.opportunity_id)("sending")
        pending = replace(draft.with_offer(ready), status=Status.PENDING)
        known: dict[str, object] = {"breakers": list(keys), "earlier_gas_wei": before.gas_money}
        if before.transactions:
            known["earlier_transactions"] = list(before.transactions)
        pending = replace(pending, details={**pending.details, **known})
        order = Order(
            to=ready.plan.router,
            data=ready.plan.calldata,
            value=0,
            gas_limit=ready.simulation.gas_limit,
            fees=ready.fees,
            purpose=Purpose.TRADE,
            opportunity_id=opportunity.opportunity_id,
            deadline=ready.plan.deadline,
            lost=len(before.transactions),
        )
        await lane.send(order, pending, place)
        self._noted_for(opportunity.opportunity_id)("waiting for the receipt")
        return pending

    def out(self, opportunity_id: str) -> Execution | None:
        """The PENDING record of an opportunity of which something may be out after all."""
        if not any(intent.state in OPEN for intent in self._desk.record.intents_of(opportunity_id)):
            return None
        stored = self._desk.record.stored(opportunity_id)
        return stored.execution if stored else None

    def _next(self, failure: Failure, before: Before, trial: Trial) -> Action:
        spent = Spent(trial.number, int(time.time()) - before.began, before.gas_money)
        return what_next(failure, spent, self._bounds).action

    async def _worth_another(self, action: Action, ended: Execution) -> bool:
        """Whether another try can see anything else than this one did."""
        if action is Action.WAIT:
            await self._clock.sleep(PAUSE_SECONDS)
            return True
        if action is not Action.RESIZE:
            return True
        try:
            newest = quantity(await self._session.rpc.call("eth_blockNumber"), "eth_blockNumber")
        except NodeError as error:
            _LOG.warning("no_other_try", opportunity_id=ended.opportunity_id, error=error.message)
            return False
        return ended.block_number is not None and newest > ended.block_number


def _by_the_user(execution: Execution) -> bool:
    """True for what a stop has cancelled: that says nothing against the trade."""
    because = (str(reason.facts.get("because")) for reason in execution.reasons)
    return any(each.startswith(f"{StoppedError.code}: ") for each in because)


def _simulated_failure(ended: Execution) -> Failure | None:
    """Which failure the simulation told of; None where the market or a limit said no."""
    reverted = [reason for reason in ended.reasons if reason.code == "simulation_reverted"]
    return failure_of_reason(reverted[-1]) if reverted else None
