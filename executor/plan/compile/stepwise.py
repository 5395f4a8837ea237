"""Routes over any venues, one leg after the other: what a venue cannot take straight from the leg before goes
through the router, which tracks it meanwhile.

A venue that keeps accounts gives before it is paid: the rest of the route runs within its lock, and when it
is the first leg, the route's own output pays it in the end.
"""

from __future__ import annotations

from dataclasses import dataclass

from executor.domain.address import Address
from executor.domain.errors import PlanError
from executor.domain.pool import VenueKind
from executor.domain.route import Leg, SizedRoute
from executor.plan.compile.accounts import ACCOUNTS, AccountVenue, Steps
from executor.plan.compile.hops import CALLBACK_KINDS, How, hop, pair_callback
from executor.plan.format import Measure as MeasureKind
from executor.plan.format import Payer, Recipient, V2Output, V3Amount
from executor.plan.steps import Measure, Step, Track, V2FlashSwap, V3Swap

PAIRS = frozenset({VenueKind.UNISWAP_V2, VenueKind.SOLIDLY})
"""Venues whose pools are told what to give, and may give it before they are paid."""
PAID_BEFORE = PAIRS | {VenueKind.DODO_V2}
"""Venues whose pools find their input at themselves, whoever sent it."""
KEEPS_OUTPUT = frozenset({VenueKind.WRAPPED_NATIVE})
"""Venues whose output can only go to the router."""
EXACT_PAYMENT = frozenset({VenueKind.UNISWAP_V3, VenueKind.UNISWAP_V4, VenueKind.BALANCER_V3})
"""Venues that take exactly what they ask for: a token with a tax on transfers cannot be paid to them."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Where the route's output goes."""

    recipient: Recipient = Recipient.ROUTER
    to: Address | None = None


@dataclass(frozen=True, slots=True)
class Stepwise:
    """Compiles one sized route. `direct`: pools may pay each other; `literal`: outputs of pairs as sized."""

    sized: SizedRoute
    direct: bool
    literal: bool

    @property
    def legs(self) -> tuple[Leg, ...]:
        """The route's legs."""
        return self.sized.route.legs

    def all(self, unlocked: frozenset[VenueKind]) -> Steps:
        """Every leg in order, from and to the router."""
        return self._tracking(self._from(0, len(self.legs), Ending(), unlocked))

    def chained(self, unlocked: frozenset[VenueKind]) -> Steps:
        """Every leg, paid out of the route's own output. Raises PlanError where no leg gives before it is
        paid.
        """
        last = len(self.legs) - 1
        kind = self.legs[last].pool.kind
        if self.legs[0].pool.kind in ACCOUNTS:
            return self.all(unlocked)
        if last and kind is VenueKind.UNISWAP_V3:
            return self._tracking(self._v3_first(last, unlocked))
        if last and kind in PAIRS:
            return self._tracking(self._pair_first(last, unlocked))
        raise PlanError(
            "No leg of this route gives before it is paid.",
            fix="fund it from the inventory or with a loan",
            field="funding",
        )

    def _from(self, index: int, end: int, ending: Ending, unlocked: frozenset[VenueKind]) -> Steps:
        """Legs `index` to `end`, the first of which finds its input where `_prepaid` says."""
        if index == end:
            return ()
        leg = self.legs[index]
        self._require_payable(leg)
        account = ACCOUNTS.get(leg.pool.kind)
        if account is not None:
            return self._on_account(account, index, end, ending, unlocked)
        target = self._ending(index, end, ending)
        how = self._how(index, target)
        return (*self._measured(index), hop(leg, how), *self._from(index + 1, end, ending, unlocked))

    def _on_account(
        self, account: AccountVenue, index: int, end: int, ending: Ending, unlocked: frozenset[VenueKind]
    ) -> Steps:
        """The legs of one venue that stand together, and within its lock all that follow."""
        kind, leg = self.legs[index].pool.kind, self.legs[index]
        behind = index + 1
        while behind < end and self.legs[behind].pool.kind is kind:
            behind += 1
        opens, settlement = kind not in unlocked, self._is_settlement(leg)
        payer, token = self._payer(index)
        amount = self.sized.amounts[index] if index == 0 or settlement else None
        pays = account.settle(payer, token, amount)
        # A lock begins without a last amount: what came before is measured.
        measures: Steps = (self._surplus(leg),) if opens and amount is None else ()
        swaps = (
            account.swap(leg, amount),
            *(account.swap(self.legs[at], None) for at in range(index + 1, behind)),
        )
        target = self._ending(behind - 1, end, ending)
        takes = account.take(self.legs[behind - 1].token_out.address, None, target.recipient, target.to)
        rest = self._from(behind, end, ending, unlocked | {kind})
        first: Steps = (*swaps, takes, *rest, pays) if index == 0 else (*measures, pays, *swaps, takes, *rest)
        return (account.unlock(first),) if opens else first

    def _v3_first(self, last: int, unlocked: frozenset[VenueKind]) -> Steps:
        leg = self.legs[last]
        self._require_payable(leg)
        payer, token = self._payer(last)
        swap = V3Swap(
            leg.pool.address,
            leg.zero_for_one,
            CALLBACK_KINDS[leg.pool.callback],
            V3Amount.EXACT_IN,
            payer,
            Recipient.ROUTER,
            amount=self.sized.amounts[last],
            token=token,
            continuation=self._from(0, last, Ending(), unlocked),
        )
        return (swap,)

    def _pair_first(self, last: int, unlocked: frozenset[VenueKind]) -> Steps:
        leg = self.legs[last]
        straight = self.direct and self._can_send(last - 1)
        ending = Ending(Recipient.EXPLICIT, leg.pool.address) if straight else Ending()
        if not straight:
            raise PlanError(
                f"The leg before the pair {leg.pool.address} cannot pay it straight.",
                fix="fund the route from the inventory or with a loan",
                field="funding",
            )
        flash = V2FlashSwap(
            leg.pool.address,
            leg.zero_for_one,
            V2Output.LITERAL,
            self._from(0, last, ending, unlocked),
            amount_out=self.sized.amounts[-1],
            callback=pair_callback(leg.pool),
        )
        return (flash,)

    def _how(self, index: int, target: Ending) -> How:
        leg = self.legs[index]
        payer, token = (Payer.NONE, None) if self._prepaid(index) else self._payer(index)
        pair = leg.pool.kind in PAIRS
        return How(
            payer,
            token,
            self.sized.amounts[0] if index == 0 else None,
            target.recipient,
            target.to,
            amount_out=self.sized.amounts[index + 1] if pair and self.literal and not leg.taxed else None,
        )

    def _measured(self, index: int) -> Steps:
        """A taxed token that waits at the router is measured; a pair measures what arrived at itself."""
        leg = self.legs[index]
        if not leg.taxed or index == 0 or self._prepaid(index):
            return ()
        return (self._surplus(leg),)

    def _surplus(self, leg: Leg) -> Step:
        return Measure(MeasureKind.SURPLUS, leg.token_in.address)

    def _ending(self, index: int, end: int, ending: Ending) -> Ending:
        if index == end - 1:
            return ending
        return Ending(Recipient.NEXT_POOL) if self._prepaid(index + 1) else Ending()

    def _prepaid(self, index: int) -> bool:
        """Whether the leg before pays this one's pool straight."""
        return (
            self.direct
            and index > 0
            and self.legs[index].pool.kind in PAID_BEFORE
            and self._can_send(index - 1)
        )

    def _can_send(self, index: int) -> bool:
        """Whether a leg's output may go straight to another pool: not what is native or stays here."""
        leg = self.legs[index]
        return leg.pool.kind not in KEEPS_OUTPUT and bool(int(leg.token_out.address, 16))

    def _payer(self, index: int) -> tuple[Payer, Address | None]:
        leg = self.legs[index]
        if self._is_settlement(leg):
            return Payer.SETTLEMENT, None
        return Payer.TRACKED, leg.token_in.address

    def _is_settlement(self, leg: Leg) -> bool:
        return leg.token_in.address == self.sized.route.settlement.address

    def _tracking(self, steps: Steps) -> Steps:
        """The steps, within a scope for every token that the router pays beside the settlement token."""
        tokens = [
            leg.token_in.address
            for index, leg in enumerate(self.legs)
            if not self._is_settlement(leg) and not self._prepaid(index)
        ]
        for token in reversed(dict.fromkeys(tokens)):
            steps = (Track(token, steps),)
        return steps

    def _require_payable(self, leg: Leg) -> None:
        if leg.taxed and leg.pool.kind in EXACT_PAYMENT:
            raise PlanError(
                f"{leg.token_in.symbol} keeps a part of each transfer, and {leg.pool.kind} pool "
                f"{leg.pool.address} takes no less than it asks for.",
                fix="leave the pool out of routes of this token",
                field="taxed",
            )
