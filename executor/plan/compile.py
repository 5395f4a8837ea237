"""A sized route to plan steps: who pays whom, and in which order.

Pools of the V3 shape send first and ask later, so a later V3 hop is opened before the earlier hops, which run
inside its callback and send their output straight to it. Hops over V2 pairs behind the last V3 hop are paid
by it directly. The token that the router gets from the outermost hop pays the first one: such a route needs
no money of its own. A route over V2 pairs alone needs either inventory or a flash swap on its last pair.
"""

from dataclasses import dataclass
from typing import Literal

from executor.domain.errors import PlanError
from executor.domain.pool import Pool, V3Callback, VenueKind
from executor.domain.route import Funding, SizedRoute
from executor.plan.format import Opcode, Payer, Recipient, V2Output, V3Amount, V3CallbackKind
from executor.plan.steps import Loan, Step, Track, V2FlashSwap, V2Quote, V2Swap, V3Swap

Outputs = Literal["computed", "literal"]
Custody = Literal["pool_to_pool", "through_router"]

LOAN_OPCODES = {Funding.AAVE_V3: Opcode.AAVE_V3_LOAN, Funding.BALANCER_V2: Opcode.BALANCER_V2_LOAN}
CALLBACK_KINDS = {V3Callback.UNISWAP: V3CallbackKind.UNISWAP, V3Callback.PANCAKE: V3CallbackKind.PANCAKE}


@dataclass(frozen=True, slots=True)
class _Compiler:
    sized: SizedRoute
    outputs: Outputs
    cap: int

    def pool(self, index: int) -> Pool:
        return self.sized.route.legs[index].pool

    def is_v3(self, index: int) -> bool:
        return self.pool(index).kind is VenueKind.UNISWAP_V3

    def zero_for_one(self, index: int) -> bool:
        return self.sized.route.legs[index].zero_for_one

    def last_v3(self, end: int) -> int | None:
        return next((index for index in reversed(range(end)) if self.is_v3(index)), None)

    def v2(self, index: int, *, payer: Payer, recipient: Recipient, output: V2Output | None = None) -> V2Swap:
        """One V2 hop; an output that is not OWED follows the choice of literal or computed."""
        chosen = (
            output
            if output is not None
            else V2Output.COMPUTED
            if self.outputs == "computed"
            else V2Output.LITERAL
        )
        return V2Swap(
            self.pool(index).address,
            self.zero_for_one(index),
            payer,
            recipient,
            chosen,
            fee_bps=fee_bps(self.pool(index)) if chosen is V2Output.COMPUTED else 0,
            amount_in=self.sized.amounts[0] if payer is Payer.SETTLEMENT else None,
            amount_out=self.sized.amounts[index + 1] if chosen is V2Output.LITERAL else None,
        )

    def v2_chain(
        self, start: int, end: int, recipient: Recipient, last_output: V2Output | None = None
    ) -> tuple[Step, ...]:
        """Pairs start..end-1, each sending to the next; the first is paid by the router if it is the route's
        first, else paid already.
        """
        return tuple(
            self.v2(
                index,
                payer=Payer.SETTLEMENT if index == 0 else Payer.NONE,
                recipient=recipient if index == end - 1 else Recipient.NEXT_POOL,
                output=last_output if index == end - 1 else None,
            )
            for index in range(start, end)
        )

    def quotes(self, end: int) -> tuple[Step, ...]:
        """What the pairs before `end` would give: the hop at `end` is asked for before they are paid."""
        return tuple(
            V2Quote(
                self.pool(index).address,
                self.zero_for_one(index),
                fee_bps(self.pool(index)),
                self.sized.amounts[0] if index == 0 else None,
            )
            for index in range(end)
        )

    def v3(
        self, index: int, *, recipient: Recipient, owed: bool, inside: tuple[Step, ...]
    ) -> tuple[Step, ...]:
        """One V3 hop, behind the quotes it needs; `owed` asks for just what the frame's caller is owed."""
        first = index == 0
        quotes: tuple[Step, ...] = ()
        amount = cap = None
        if owed:
            kind, cap = V3Amount.EXACT_OUT_OWED, self.cap if first else None
        elif not first and self.outputs == "computed" and self.last_v3(index) is None:
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
            return self.v2_chain(0, end, Recipient.CALLER, V2Output.OWED)
        tail = self.v2_chain(v3 + 1, end, Recipient.CALLER, V2Output.OWED)
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
        last = legs - 1
        computed = self.outputs == "computed"
        flash = V2FlashSwap(
            self.pool(last).address,
            self.zero_for_one(last),
            V2Output.COMPUTED if computed else V2Output.LITERAL,
            self.v2_chain(0, last, Recipient.CALLER),
            fee_bps=fee_bps(self.pool(last)) if computed else 0,
            amount_out=None if computed else self.sized.amounts[-1],
        )
        return (*(self.quotes(last) if computed else ()), flash)

    def through_router(self) -> tuple[Step, ...]:
        """Every hop from and to the router; the tokens in between are tracked."""
        steps: tuple[Step, ...] = tuple(
            self._custody_hop(index) for index in range(len(self.sized.route.legs))
        )
        for leg in reversed(self.sized.route.legs[1:]):
            steps = (Track(leg.token_in.address, steps),)
        return steps

    def _custody_hop(self, index: int) -> Step:
        payer = Payer.SETTLEMENT if index == 0 else Payer.TRACKED
        token = None if index == 0 else self.sized.route.legs[index].token_in.address
        if not self.is_v3(index):
            hop = self.v2(index, payer=payer, recipient=Recipient.ROUTER)
            return V2Swap(
                hop.pool,
                hop.zero_for_one,
                payer,
                hop.recipient,
                hop.output,
                hop.fee_bps,
                hop.amount_in,
                hop.amount_out,
                token,
            )
        kind = V3Amount.EXACT_IN if index == 0 else V3Amount.EXACT_IN_LAST
        return V3Swap(
            self.pool(index).address,
            self.zero_for_one(index),
            CALLBACK_KINDS[self.pool(index).callback],
            kind,
            payer,
            Recipient.ROUTER,
            amount=self.sized.amounts[0] if index == 0 else None,
            token=token,
        )


def fee_bps(pool: Pool) -> int:
    """The pair's fee as the router's computed output takes it. Raises PlanError where it is no whole number
    of basis points up to 255.
    """
    bps, rest = divmod(pool.fee, 100)
    if rest or bps > 255:
        raise PlanError(
            f"The fee of pool {pool.address}, {pool.fee} millionths, cannot be computed with on chain.",
            fix='encode with literal outputs (outputs="literal")',
            field="fee",
            fee=pool.fee,
        )
    return bps


def compile_route(
    sized: SizedRoute,
    *,
    outputs: Outputs = "computed",
    custody: Custody = "pool_to_pool",
    maximum_input: int | None = None,
) -> tuple[Step, ...]:
    """The steps that carry out `sized`.

    `outputs` says whether V2 outputs are computed on chain or taken as they stand in `sized`. `maximum_input`
    (settlement token's smallest unit, default `amount_in`) caps what a first V3 hop may ask for when a later
    hop fixes its output. Raises PlanError.
    """
    compiler = _Compiler(sized, outputs, sized.amount_in if maximum_input is None else maximum_input)
    chained = sized.funding is Funding.CALLBACK_CHAIN
    if custody == "through_router":
        if chained:
            raise PlanError(
                "Callback chaining goes pool to pool.", fix='use custody="pool_to_pool"', field="custody"
            )
        steps = compiler.through_router()
    else:
        steps = compiler.to_router(chained=chained)
    opcode = LOAN_OPCODES.get(sized.funding)
    if opcode is None:
        return steps
    return (Loan(opcode, sized.amount_in, sized.amount_in + sized.premium, steps),)
