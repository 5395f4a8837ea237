"""Routes over pools that pay each other: who pays whom, and in which order.

Pools of the V3 shape send first and ask later, so a later V3 hop is opened before the earlier hops, which run
inside its callback and send their output straight to it. Hops over V2 pairs behind the last V3 hop are paid
by it directly. The token that the router gets from the outermost hop pays the first one: such a route needs
no money of its own. A route over V2 pairs alone needs either inventory or a flash swap on its last pair.
"""

from __future__ import annotations

from dataclasses import dataclass

from executor.domain.pool import Pool, VenueKind
from executor.domain.route import SizedRoute
from executor.plan.compile.hops import CALLBACK_KINDS, How, fee_bps, hop, pair_callback
from executor.plan.format import Payer, Recipient, V2Output, V3Amount
from executor.plan.steps import SolidlyQuote, Step, V2FlashSwap, V2Quote, V2Swap, V3Swap

DIRECT = frozenset({VenueKind.UNISWAP_V2, VenueKind.SOLIDLY, VenueKind.UNISWAP_V3})
"""Venues whose pools can pay each other."""


@dataclass(frozen=True, slots=True)
class Direct:
    """Compiles one sized route over such pools. `literal`: outputs of pairs as sized; `cap`: the most that a
    first V3 hop may ask for, in the settlement token's smallest unit.
    """

    sized: SizedRoute
    literal: bool
    cap: int

    def pool(self, index: int) -> Pool:
        """The pool of a leg."""
        return self.sized.route.legs[index].pool

    def is_v3(self, index: int) -> bool:
        """Whether a leg's pool sends first and asks later."""
        return self.pool(index).kind is VenueKind.UNISWAP_V3

    def zero_for_one(self, index: int) -> bool:
        """Whether token0 goes into a leg's pool."""
        return self.sized.route.legs[index].zero_for_one

    def last_v3(self, end: int) -> int | None:
        """The last V3 hop before `end`."""
        return next((index for index in reversed(range(end)) if self.is_v3(index)), None)

    def v2(self, index: int, *, payer: Payer, recipient: Recipient, owed: bool = False) -> Step:
        """One hop over a pair; `owed` asks for just what the frame's caller is owed."""
        amount_in = self.sized.amounts[0] if payer is Payer.SETTLEMENT else None
        if owed:
            pool = self.pool(index).address
            return V2Swap(
                pool, self.zero_for_one(index), payer, recipient, V2Output.OWED, amount_in=amount_in
            )
        amount_out = self.sized.amounts[index + 1] if self.literal else None
        return hop(self.sized.route.legs[index], How(payer, None, amount_in, recipient, None, amount_out))

    def v2_chain(self, start: int, end: int, recipient: Recipient, *, owed: bool = False) -> tuple[Step, ...]:
        """Pairs start..end-1, each sending to the next; the first is paid by the router if it is the route's
        first, else paid already.
        """
        return tuple(
            self.v2(
                index,
                payer=Payer.SETTLEMENT if index == 0 else Payer.NONE,
                recipient=recipient if index == end - 1 else Recipient.NEXT_POOL,
                owed=owed and index == end - 1,
            )
            for index in range(start, end)
        )

    def quotes(self, end: int) -> tuple[Step, ...]:
        """What the pairs before `end` would give: the hop at `end` is asked for before they are paid."""
        return tuple(self.quote(index) for index in range(end))

    def quote(self, index: int) -> Step:
        """What the pair of a leg would give: for its literal input if it is the route's first."""
        pool, amount_in = self.pool(index), self.sized.amounts[0] if index == 0 else None
        if pool.kind is VenueKind.SOLIDLY:
            return SolidlyQuote(pool.address, self.sized.route.legs[index].token_in.address, amount_in)
        return V2Quote(pool.address, self.zero_for_one(index), fee_bps(pool), amount_in)

    def v3(
        self, index: int, *, recipient: Recipient, owed: bool, inside: tuple[Step, ...]
    ) -> tuple[Step, ...]:
        """One V3 hop, behind the quotes it needs; `owed` asks for just what the frame's caller is owed. With
        literal outputs that is known, and the exact input that gives it costs less than asking for it.
        """
        first = index == 0
        quotes: tuple[Step, ...] = ()
        amount = cap = None
        if owed and not self.literal:
            kind, cap = V3Amount.EXACT_OUT_OWED, self.cap if first else None
        elif not first and not self.literal and self.last_v3(index) is None:
            kind, quotes = V3Amount.EXACT_IN_LAST, self.quotes(index)
        else:
            kind, amount = V3Amount.EXACT_IN, self.sized.amounts[index]
        swap = V3Swap(
            self.pool(index).address,
            self.zero_for_one(index),
            CALLBACK_KINDS[self.pool(index).callback],
            kind,
            Payer.SETTLEMENT if first else Payer.NONE,
            recipient,
            amount=amount,
            cap=cap,
            to=self.pool(index + 1).address if recipient is Recipient.EXPLICIT else None,
            continuation=inside,
        )
        return (*quotes, swap)

    def to_caller(self, end: int) -> tuple[Step, ...]:
        """Legs 0..end-1, delivering to the pool whose callback this runs in just what it is owed."""
        if end == 0:
            return ()
        v3 = self.last_v3(end)
        if v3 is None:
            return self.v2_chain(0, end, Recipient.CALLER, owed=True)
        tail = self.v2_chain(v3 + 1, end, Recipient.CALLER, owed=True)
        head = self.to_caller(v3)
        recipient = Recipient.CALLER
        if tail:
            # Behind a continuation the next step in the bytes is not the next pool, so that one is named.
            recipient = Recipient.EXPLICIT if head else Recipient.NEXT_POOL
        return (*self.v3(v3, recipient=recipient, owed=not tail, inside=head), *tail)

    def to_router(self, *, chained: bool) -> tuple[Step, ...]:
        """All legs, ending at the router.

        With a V3 hop the hops behind the last one run first inside its callback, so that the first payment
        comes out of the route's own output; `chained` asks for the same of a route over pairs alone.
        """
        legs = len(self.sized.route.legs)
        v3 = self.last_v3(legs)
        if v3 is None:
            return self.flash_on_last_pair(legs) if chained else self.v2_chain(0, legs, Recipient.ROUTER)
        tail = self.v2_chain(v3 + 1, legs, Recipient.ROUTER)
        recipient = Recipient.NEXT_POOL if tail else Recipient.ROUTER
        return self.v3(v3, recipient=recipient, owed=False, inside=(*tail, *self.to_caller(v3)))

    def flash_on_last_pair(self, legs: int) -> tuple[Step, ...]:
        """The last pair gives first; the hops before it pay it. Only a V2 pair's output can be computed then:
        a Solidly pair gives what was sized.
        """
        last, pool = legs - 1, self.pool(legs - 1)
        computed = not self.literal and pool.kind is VenueKind.UNISWAP_V2
        flash = V2FlashSwap(
            pool.address,
            self.zero_for_one(last),
            V2Output.COMPUTED if computed else V2Output.LITERAL,
            self.v2_chain(0, last, Recipient.CALLER),
            fee_bps=fee_bps(pool) if computed else 0,
            amount_out=None if computed else self.sized.amounts[-1],
            callback=pair_callback(pool),
        )
        return (*(self.quotes(last) if computed else ()), flash)
