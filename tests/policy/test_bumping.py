"""A replacement is taken by every client's pool, and never costs more than was allowed."""

from hypothesis import given
from hypothesis import strategies as st

from executor.policy.bumping import Rung, bumped, fee_ceiling
from executor.policy.fees import RPC_FEE_CAP, Fees

GWEI = 10**9
UNBOUNDED = 10**30
wei = st.integers(0, 10**13)


@st.composite
def offers(draw: st.DrawFn) -> Fees:
    priority, base_fee = draw(wei), draw(wei)
    return Fees(priority + draw(wei), priority, base_fee)


@given(offers(), offers(), st.sampled_from(Rung))
def test_every_client_that_compares_both_fees_takes_a_replacement(
    last: Fees, market: Fees, rung: Rung
) -> None:
    new = bumped(last, market, ceiling=UNBOUNDED, rung=rung)

    assert new is not None
    for old_fee, new_fee in (
        (last.max_fee_per_gas, new.max_fee_per_gas),
        (last.max_priority_fee_per_gas, new.max_priority_fee_per_gas),
    ):
        assert new_fee > old_fee
        assert 8 * new_fee >= 9 * old_fee
    assert new.max_fee_per_gas >= new.max_priority_fee_per_gas


@given(offers(), offers())
def test_besu_takes_the_second_rung(last: Fees, market: Fees) -> None:
    new = bumped(last, market, ceiling=UNBOUNDED, rung=Rung.EFFECTIVE_PRICE)

    assert new is not None
    old_price = min(last.max_fee_per_gas, market.base_fee + last.max_priority_fee_per_gas)
    new_price = min(new.max_fee_per_gas, market.base_fee + new.max_priority_fee_per_gas)
    assert 10 * new_price >= 11 * old_price
    assert new.max_priority_fee_per_gas >= last.max_priority_fee_per_gas


@given(offers(), offers(), st.sampled_from(Rung), wei)
def test_no_replacement_passes_the_ceiling(last: Fees, market: Fees, rung: Rung, ceiling: int) -> None:
    new = bumped(last, market, ceiling=ceiling, rung=rung)

    assert new is None or new.max_fee_per_gas <= ceiling


def least_above(fee: int) -> int:
    """An eighth more, rounded up, and more in any case."""
    return max(-(-9 * fee // 8), fee + 1)


@given(offers(), offers(), st.sampled_from(Rung), wei)
def test_where_the_market_asks_more_than_the_ceiling_the_ceiling_is_offered(
    last: Fees, market: Fees, rung: Rung, room: int
) -> None:
    unbounded = bumped(last, market, ceiling=UNBOUNDED, rung=rung)
    assert unbounded is not None
    ceiling = unbounded.max_fee_per_gas - room
    new = bumped(last, market, ceiling=ceiling, rung=rung)

    least = max(least_above(last.max_fee_per_gas), least_above(last.max_priority_fee_per_gas))
    if new is None:
        assert ceiling < least or rung is Rung.EFFECTIVE_PRICE
        return
    assert ceiling >= least
    assert new.max_fee_per_gas == ceiling
    assert 8 * new.max_fee_per_gas >= 9 * last.max_fee_per_gas
    assert 8 * new.max_priority_fee_per_gas >= 9 * last.max_priority_fee_per_gas
    assert new.max_priority_fee_per_gas <= new.max_fee_per_gas


def test_a_bump_that_pools_would_take_is_not_given_up_for_the_markets_headroom() -> None:
    last, market = Fees(30 * GWEI, GWEI, 20 * GWEI), Fees(90 * GWEI, 2 * GWEI, 40 * GWEI)

    assert bumped(last, market, ceiling=60 * GWEI) == Fees(60 * GWEI, 2 * GWEI, 40 * GWEI)
    assert bumped(last, market, ceiling=30 * GWEI * 9 // 8) == Fees(33_750_000_000, 2 * GWEI, 40 * GWEI)
    assert bumped(last, market, ceiling=30 * GWEI * 9 // 8 - 1) is None


@given(offers(), offers())
def test_a_replacement_offers_what_the_market_asks(last: Fees, market: Fees) -> None:
    new = bumped(last, market, ceiling=UNBOUNDED)

    assert new is not None
    assert new.max_fee_per_gas >= market.max_fee_per_gas
    assert new.max_priority_fee_per_gas >= market.max_priority_fee_per_gas


@given(st.none() | wei, st.integers(21_000, 2**24), st.integers(-(10**18), 10**20))
def test_the_ceiling_is_the_least_of_cap_means_and_the_nodes_own_cap(
    cap: int | None, gas_limit: int, bearable: int
) -> None:
    ceiling = fee_ceiling(cap=cap, gas_limit=gas_limit, bearable=bearable)

    assert 0 <= ceiling * gas_limit <= max(min(bearable, RPC_FEE_CAP), 0)
    assert cap is None or ceiling <= cap
    one_more = ceiling + 1
    assert one_more * gas_limit > min(bearable, RPC_FEE_CAP) or (cap is not None and one_more > cap)


def test_a_trade_that_earns_nothing_more_is_not_bumped() -> None:
    last, market = Fees(30 * GWEI, GWEI, 20 * GWEI), Fees(50 * GWEI, 2 * GWEI, 20 * GWEI)

    assert bumped(last, market, ceiling=fee_ceiling(cap=None, gas_limit=200_000, bearable=0)) is None
