"""One opportunity on one chain, from its words to its fate.

Opportunity -> Route (sized) -> Plan -> Simulation -> Decision -> Attempt -> Receipt -> Execution. Each arrow
is one call; what is known so far stands in `draft`, so that an opportunity which ends early still tells how
far it came.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

from executor.chain.reading import read
from executor.chain.simulation import simulate
from executor.domain.decision import Decision, Reason, Simulation, Verdict
from executor.domain.errors import ExecutorError, OpportunityError, RevertError
from executor.domain.execution import Execution, Status
from executor.domain.market import BlockHead
from executor.domain.opportunity import Opportunity
from executor.domain.plan import Plan
from executor.domain.route import SizedRoute
from executor.domain.split import Sized
from executor.engine.costs import call_data_cost
from executor.engine.draft import Draft, Ready
from executor.engine.dropping import with_place, without_failed
from executor.engine.failing import Trial
from executor.engine.fates import ended_by
from executor.engine.limits import limits_of, skipped_limits
from executor.engine.market import Market, newest, read_again, read_market
from executor.engine.payers import nobody_left
from executor.engine.resolution import resolve
from executor.engine.revalidation import judge_again, unmoved
from executor.engine.reverts import revert_names, revert_reason
from executor.engine.router import check_ready, read_router
from executor.engine.session import Session
from executor.engine.sizing import best_trade, calldata_of, why_nothing
from executor.engine.tipping import own_tip, with_rebate
from executor.engine.trust import require_trusted
from executor.engine.turnstile import needs
from executor.plan import Tip, decode
from executor.policy.decide import DecisionFacts, decide
from executor.policy.profit import profit_of
from executor.policy.revalidate import Course

MOST_ROUNDS = 3
"""Times that a route is sized anew because a block has come while it was looked at."""

MOST_PROMISES = 6
"""Times that what a plan must earn is written: each writing may take a few more bytes, which cost gas."""

Note = Callable[[str], None]
"""Told each stage as it begins, for people who watch."""

Claim = Callable[[frozenset[str]], Awaitable[bool]]

FIRST = Trial()


class SameChainRun:
    """Carries one try of an opportunity up to the plan that may be sent. Use once.

    `claim` is given what the trade needs for itself, and answers False when it had to wait for it. `draft` is
    what is known so far.
    """

    def __init__(
        self,
        session: Session,
        opportunity: Opportunity,
        note: Note,
        *,
        trial: Trial = FIRST,
        claim: Claim | None = None,
    ) -> None:
        self._session = session
        self._opportunity = trial.of(opportunity)
        self._note = note
        self._trial = trial
        self._claim = claim
        self.draft = Draft(opportunity)

    async def run(self) -> Execution:
        """What would be sent, or why nothing; raises no ExecutorError."""
        try:
            ready = await self.prepare()
        except ExecutorError as error:
            return ended_by(self.draft.execution, error)
        if ready is None:
            return self.draft.execution
        return replace(self.draft.with_offer(ready), status=Status.DRY_RUN)

    async def prepare(self) -> Ready | None:
        """Everything up to the decision. None: it ended, and the draft says why. Raises ExecutorError."""
        market, settlement_index = await self._read_market()
        if self._is_late(market.head):
            return None
        for round_number in range(MOST_ROUNDS):
            ready = await self._made_ready(market, settlement_index)
            newer = await self._read_again(ready.market) if ready else None
            if ready is None or newer is None:
                return ready
            course = await self._judged_again(ready, newer, last=round_number == MOST_ROUNDS - 1)
            if course is not Course.RESIZE:
                return await self._confirm(ready.plan, newer) if course is Course.PROCEED else None
            market = newer
        raise AssertionError("the last round always ends in a decision")

    async def _judged_again(self, ready: Ready, newer: Market, *, last: bool) -> Course:
        """What to do now that a block has come: the last round resizes no more."""
        self._note("looking again")
        plan, simulation, market = ready.plan, ready.simulation, ready.market
        if not isinstance(plan.sized, SizedRoute):
            moved = not unmoved(plan.sized, market.states, newer.states)
            return Course.RESIZE if moved and not last else Course.PROCEED
        l1_fee = (await call_data_cost(self._session, plan.calldata, simulation, newer)).charged
        before = profit_of(
            plan.sized, gas=simulation.gas_used, fees=market.fees, rate=market.prices.rate, l1_fee=l1_fee
        )
        found = await judge_again(
            self._session,
            self._opportunity,
            plan.sized,
            before,
            (market, newer),
            minimum_profit=plan.minimum_profit,
            l1_fee=l1_fee,
        )
        if found.course is Course.RESIZE and not last:
            return Course.RESIZE
        only_better = all(reason.code == "better_size" for reason in found.reasons)
        if not only_better or found.as_sized is None:
            self.draft.declined(*found.reasons)
            return Course.DECLINE
        return Course.PROCEED

    async def _made_ready(self, market: Market, settlement_index: int) -> Ready | None:
        """Sized, simulated and decided on this market. None: it ended, and the draft says why."""
        found = await self._sized(market)
        if found is None:
            return None
        sized, market = found
        await require_trusted(self._session, sized)
        self._note("simulating")
        tried = await self._tried(sized, market, settlement_index)
        if tried is None:
            return None
        trial, simulation = tried
        sized = trial.sized
        if simulation.profit != sized.gross_profit:
            self._doubt(sized)
        self._note("deciding")
        decision = await self._decide(trial, simulation, market)
        self.draft.decided(decision, simulation, decision.minimum_profit)
        if decision.verdict is not Verdict.PROCEED:
            self.draft.declined(*decision.reasons)
            return None
        tip = await own_tip(self._session, simulation, decision, market)
        plan = self._encode(sized, market, settlement_index, minimum=decision.minimum_profit, tip=tip)
        return await self._confirm(plan, market)

    async def _tried(self, sized: Sized, market: Market, index: int) -> tuple[Plan, Simulation] | None:
        """The trade as it is simulated with nothing promised: of several routes without those that fail.
        None: it fails as a whole.
        """
        last = self._trial.number >= self._session.settings.retries.tries
        while True:
            self.draft.sized(sized)
            trial = self._encode(sized, market, index, minimum=1)
            simulation = await self._simulate(trial, market)
            if simulation is not None:
                self.draft.taken_up_again()
                return trial, simulation
            reason, requested = self.draft.execution.reasons[-1], self._opportunity.funding
            rest = without_failed(sized, reason, requested, halved=market.caps, last=last)
            if rest is None:
                return None
            sized = rest

    async def _sized(self, market: Market) -> tuple[Sized, Market] | None:
        """The trade, with what it needs for itself taken, and the market that it was sized on."""
        while True:
            self._note("sizing")
            market = replace(market, refused=self._trial.refused, caps=self._trial.most_of)
            try:
                sized = await best_trade(self._session.rpc, self._session.settings, self._opportunity, market)
            except OpportunityError as error:
                if not self._trial.refused:
                    raise
                self.draft.declined(nobody_left(error, self._trial.refused))
                return None
            self._session.followed.keep(market.states.values(), market.head)
            if sized is None:
                self.draft.declined(why_nothing(self._opportunity, market))
                return None
            if self._claim is None or await self._claim(needs(self._session.chain, sized)):
                return sized, market
            self._note("looking again")
            market = await self._read_again(market) or market

    async def _confirm(self, plan: Plan, market: Market) -> Ready | None:
        """The decision once more, on the very bytes that would go out and the block that they would follow.

        What they must earn is written longer than in the trial, and costs a little more gas; by the gas of a
        newer block it may be more than they promise, too. Then they are written anew, and looked at again.
        """
        for _ in range(MOST_PROMISES):
            simulation = await self._simulate(plan, market)
            if simulation is None:
                return None
            decision = await self._decide(plan, simulation, market)
            self.draft.decided(decision, simulation, plan.minimum_profit)
            if decision.verdict is not Verdict.PROCEED:
                self.draft.declined(*decision.reasons)
                return None
            if decision.minimum_profit <= plan.minimum_profit:
                return Ready(market, plan, simulation)
            header = decode(plan.calldata).header
            plan = self._encode(
                plan.sized,
                market,
                header.settlement_index,
                minimum=decision.minimum_profit,
                tip=header.tip,
            )
        facts: dict[str, object] = {"minimum_profit": plan.minimum_profit}
        self.draft.declined(
            Reason("minimum_moves", "What the trade must earn rises with each simulation.", facts)
        )
        return None

    async def _read_market(self) -> tuple[Market, int]:
        self._note("reading the market")
        session, rpc = self._session, self._session.rpc
        now = await newest(session)
        state = await read(rpc, read_router(session.router, session.sender), now)
        check_ready(state, session.sender)
        resolved = await resolve(rpc, session.chain, self._opportunity, now)
        if self._trial.number > 1:
            session.followed.forget(leg.pool.key for route in resolved.routes for leg in route.legs)
        settlement = resolved.settlement
        index = state.settlement_index(settlement, resolved.settlement_field)
        self.draft.looked_at(now.number)
        self.draft.settles_in(settlement, router=session.router, sender=session.sender)
        market = await read_market(session, now, resolved)
        self.draft.priced(market.prices, skipped_limits(session.settings, market.prices))
        return market, index

    async def _read_again(self, market: Market) -> Market | None:
        """The market at the newest block; None where no block has come since."""
        newer = await read_again(self._session, market)
        if newer is not None:
            self.draft.looked_at(newer.head.number)
        return newer

    def _is_late(self, block: BlockHead) -> bool:
        deadline, now = self._opportunity.deadline, self._now(block)
        if deadline is None or now < deadline:
            return False
        facts: dict[str, object] = {"deadline": deadline, "now": now}
        self.draft.declined(Reason("deadline_passed", "The opportunity's deadline has passed.", facts))
        return True

    def _encode(
        self,
        sized: Sized,
        market: Market,
        settlement_index: int,
        *,
        minimum: int,
        tip: Tip | None = None,
    ) -> Plan:
        latest = max(market.head.timestamp, int(time.time()))
        deadline = latest + self._session.settings.max_execution_time_seconds
        if self._opportunity.deadline is not None:
            deadline = min(deadline, self._opportunity.deadline)
        calldata = calldata_of(
            sized,
            settlement_index=settlement_index,
            minimum_profit=minimum,
            deadline=deadline,
            tip=tip,
            wrapped_native=self._session.chain.wrapped_native.address,
        )
        session, rebate = self._session, tip.fixed if tip else 0
        plan = Plan(session.chain.chain_id, session.router, sized, calldata, minimum, deadline, rebate)
        self.draft.planned(plan)
        return plan

    def _now(self, block: BlockHead) -> int:
        """Unix seconds as the router will see them: a local chain lives in a time of its own."""
        return block.timestamp if self._session.network.is_local else max(block.timestamp, int(time.time()))

    async def _simulate(self, plan: Plan, market: Market) -> Simulation | None:
        try:
            return await simulate(
                self._session.rpc,
                sender=self._session.sender,
                to=plan.router,
                calldata=plan.calldata,
                block=market.head,
                gas_limit_multiplier_bps=self._session.settings.gas_limit_multiplier_bps,
                rules=self._session.chain.fees.gas,
                data_fee=self._session.chain.fees.data,
                decode=revert_names,
            )
        except RevertError as error:
            self._doubt(plan.sized)
            reason = revert_reason("simulation_reverted", error, plan.calldata)
            self.draft.declined(with_place(reason, plan.sized))
            return None

    def _doubt(self, sized: Sized) -> None:
        """What is known of the pools without reading them may be what is wrong."""
        self._session.followed.forget(leg.pool.key for leg in sized.route.legs)

    async def _decide(self, plan: Plan, simulation: Simulation, market: Market) -> Decision:
        session, prices = self._session, market.prices
        data = await call_data_cost(session, plan.calldata, simulation, market)
        facts = DecisionFacts(
            simulated_profit=with_rebate(plan, simulation).profit,
            amount_in=plan.sized.amount_in,
            gas_used=simulation.gas_used,
            gas_limit=simulation.gas_limit,
            fees=market.fees,
            l1_fee=data.charged,
            l1_fee_held=data.held,
            settlement=prices.settlement,
            settlement_is_native=prices.is_native,
            settlement_usd=prices.settlement_usd,
            native_usd=prices.native_usd,
            gas_money=market.purse.gas_money,
            now=self._now(market.head),
            deadline=self._opportunity.deadline,
            limits=limits_of(session.settings, session.chain, skipped_limits(session.settings, prices)),
            gas_judgement=session.judge_gas(market.fees.effective_price, market.head.number),
        )
        return replace(decide(facts), expected_profit=simulation.profit)
