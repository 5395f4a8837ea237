"""Random plans: every step, every flag, every width, nested to depth three."""

from hypothesis import strategies as st

from executor.domain.address import Address, to_address
from executor.plan.format import Opcode, Payer, Recipient, V2Output, V3Amount, V3CallbackKind
from executor.plan.steps import DecodedPlan, Header, Loan, Step, Track, V2FlashSwap, V2Quote, V2Swap, V3Swap


def uints(width: int) -> st.SearchStrategy[int]:
    return st.integers(min_value=0, max_value=(1 << (8 * width)) - 1)


addresses: st.SearchStrategy[Address] = st.binary(min_size=20, max_size=20).map(
    lambda raw: to_address("0x" + raw.hex())
)
headers = st.builds(
    Header,
    settlement_index=st.integers(0, 4),
    deadline=uints(4),
    minimum_profit=uints(12),
    max_block=st.none() | uints(4),
)


@st.composite
def v2_swaps(draw: st.DrawFn) -> V2Swap:
    payer, output = draw(st.sampled_from(Payer)), draw(st.sampled_from(V2Output))
    recipient, measured = draw(st.sampled_from(Recipient)), draw(st.booleans())
    names_token = payer is Payer.TRACKED or (measured and payer is Payer.NONE)
    return V2Swap(
        draw(addresses),
        draw(st.booleans()),
        payer,
        recipient,
        output,
        fee_bps=draw(uints(1)),
        amount_in=draw(st.none() | uints(16)),
        amount_out=draw(uints(14)) if output is V2Output.LITERAL else None,
        token=draw(addresses) if names_token else None,
        to=draw(addresses) if recipient is Recipient.EXPLICIT else None,
        measured=measured,
    )


@st.composite
def v3_swaps(draw: st.DrawFn, inside: st.SearchStrategy[tuple[Step, ...]]) -> V3Swap:
    payer, kind = draw(st.sampled_from(Payer)), draw(st.sampled_from(V3Amount))
    recipient = draw(st.sampled_from(Recipient))
    literal = kind in (V3Amount.EXACT_IN, V3Amount.EXACT_OUT)
    capped = kind in (V3Amount.EXACT_OUT, V3Amount.EXACT_OUT_OWED) and payer is not Payer.NONE
    return V3Swap(
        draw(addresses),
        draw(st.booleans()),
        draw(st.sampled_from(V3CallbackKind)),
        kind,
        payer,
        recipient,
        amount=draw(uints(16)) if literal else None,
        cap=draw(uints(16)) if capped else None,
        token=draw(addresses) if payer is Payer.TRACKED else None,
        to=draw(addresses) if recipient is Recipient.EXPLICIT else None,
        price_limit=draw(st.none() | uints(20)),
        continuation=draw(inside),
    )


@st.composite
def v2_flash_swaps(draw: st.DrawFn, inside: st.SearchStrategy[tuple[Step, ...]]) -> V2FlashSwap:
    output = draw(st.sampled_from(V2Output))
    return V2FlashSwap(
        draw(addresses),
        draw(st.booleans()),
        output,
        draw(inside),
        fee_bps=draw(uints(1)),
        amount_in=draw(st.none() | uints(16)),
        amount_out=draw(uints(14)) if output is V2Output.LITERAL else None,
    )


quotes = st.builds(
    V2Quote, pool=addresses, zero_for_one=st.booleans(), fee_bps=uints(1), amount_in=st.none() | uints(16)
)


def steps(depth: int = 3) -> st.SearchStrategy[tuple[Step, ...]]:
    """Any steps, the last one a pool step, so that a hop that sends to the next pool always has one."""
    flat: st.SearchStrategy[Step] = v2_swaps() | quotes
    if depth == 0:
        return _ended(st.lists(flat, max_size=1))
    inside = steps(depth - 1)
    loans = st.builds(
        Loan,
        opcode=st.sampled_from([Opcode.AAVE_V3_LOAN, Opcode.BALANCER_V2_LOAN]),
        amount=uints(16),
        cap=uints(16),
        continuation=inside,
    )
    tracks = st.builds(Track, token=addresses, continuation=inside)
    nested: st.SearchStrategy[Step] = v3_swaps(inside) | v2_flash_swaps(inside) | loans | tracks
    return _ended(st.lists(flat | nested, max_size=2))


def _ended(lists: st.SearchStrategy[list[Step]]) -> st.SearchStrategy[tuple[Step, ...]]:
    return st.just(()) | st.tuples(lists, quotes).map(lambda parts: (*parts[0], parts[1]))


plans: st.SearchStrategy[DecodedPlan] = st.builds(DecodedPlan, header=headers, steps=steps())
