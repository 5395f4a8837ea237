"""What is known of one try of an opportunity, as it is recorded: no I/O."""

from dataclasses import dataclass, replace

from executor.domain.address import Address
from executor.domain.decision import Decision, Reason, Simulation
from executor.domain.execution import Execution, Status
from executor.domain.opportunity import Opportunity
from executor.domain.plan import Plan
from executor.domain.split import Sized
from executor.domain.token import Token
from executor.engine.described import describe, shape_of
from executor.engine.market import Market
from executor.engine.outcome import price_details
from executor.engine.pricing import Prices
from executor.policy.fees import Fees, within_fee_cap


@dataclass(frozen=True, slots=True)
class Ready:
    """An opportunity that may be sent: the final plan, and the simulation of these very bytes."""

    market: Market
    plan: Plan
    simulation: Simulation

    @property
    def fees(self) -> Fees:
        """What is offered for gas, lowered so far that nodes take it: they cap what one transaction may
        cost."""
        return within_fee_cap(self.market.fees, self.simulation.gas_limit) or self.market.fees


class Draft:
    """All that is known of a try so far. A try may size, plan and decide more than once: each of these has
    one writer, which replaces what it wrote before, so that nothing is left of a trade that was given up.
    """

    def __init__(self, opportunity: Opportunity) -> None:
        self._known = Execution(opportunity.opportunity_id, opportunity.chain, Status.FAILED)
        self._details: dict[str, dict[str, object]] = {}

    @property
    def execution(self) -> Execution:
        """The record; FAILED until it is declined."""
        told = {name: value for part in self._details.values() for name, value in part.items()}
        return replace(self._known, details=told)

    def looked_at(self, block_number: int) -> None:
        """The block that all else is found out at."""
        self._known = replace(self._known, block_number=block_number)

    def settles_in(self, settlement: Token, *, router: Address, sender: Address) -> None:
        """What the profit is measured in, and who would trade."""
        self._known = replace(
            self._known,
            settlement_token=settlement.address,
            settlement_symbol=settlement.symbol,
            settlement_decimals=settlement.decimals,
        )
        self._details["traders"] = {"router": router, "sender": sender}

    def priced(self, prices: Prices, skipped: tuple[str, ...]) -> None:
        """The prices, and the limits that are not judged for the want of one."""
        told = {"skipped_limits": list(skipped)} if skipped else {}
        self._details["prices"] = {**price_details(prices), **told}

    def sized(self, sized: Sized) -> None:
        """The trade; nothing is planned or decided of it."""
        self._known = replace(
            self._known,
            route=tuple(describe(leg) for leg in sized.route.legs),
            funding=sized.funding.value,
            amount_in=sized.amount_in,
            plan=None,
            minimum_profit=None,
            expected_profit=None,
            expected_net_profit=None,
            gas_used=None,
            gas_cost_wei=None,
            profit_usd=None,
        )
        self._details["size"] = {
            "amounts": list(sized.amounts),
            "premium": sized.premiums,
            **shape_of(sized),
        }
        self._details["tip"] = {}

    def planned(self, plan: Plan) -> None:
        """What would be sent."""
        self._known = replace(
            self._known, plan="0x" + plan.calldata.hex(), minimum_profit=plan.minimum_profit
        )
        self._details["tip"] = {"rebate": plan.rebate} if plan.rebate else {}

    def decided(self, decision: Decision, simulation: Simulation, minimum_profit: int) -> None:
        """What it is expected to earn and to cost; `minimum_profit` in the settlement token's smallest unit
        is what the call insists on.
        """
        self._known = replace(
            self._known,
            expected_profit=decision.expected_profit,
            expected_net_profit=decision.expected_net_profit,
            minimum_profit=minimum_profit,
            gas_used=simulation.gas_used,
            gas_cost_wei=decision.gas_cost,
            profit_usd=decision.expected_net_profit_usd,
        )

    def declined(self, *reasons: Reason) -> None:
        """It ends here, for these reasons."""
        self._known = replace(self._known, status=Status.DECLINED, reasons=reasons)

    def taken_up_again(self) -> None:
        """It goes on after all, in another shape."""
        self._known = replace(self._known, status=Status.FAILED, reasons=())

    def with_offer(self, ready: Ready) -> Execution:
        """The record with what would be signed."""
        fees, known = ready.fees, self.execution
        offer = {
            "gas_limit": ready.simulation.gas_limit,
            "max_fee_per_gas": fees.max_fee_per_gas,
            "max_priority_fee_per_gas": fees.max_priority_fee_per_gas,
            "deadline": ready.plan.deadline,
            "expected_gas_used": ready.simulation.gas_used,
            "expected_gas_price": fees.effective_price,
            "expected_gas_cost": known.gas_cost_wei,
        }
        return replace(known, details={**known.details, **offer})
