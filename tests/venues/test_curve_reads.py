"""How Curve's pools are recognised and read: pools that answer as the generations do, made up of their
maths.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from executor.domain.abi import CODEC, selector
from executor.domain.address import ZERO_ADDRESS, Address, to_address
from executor.domain.call import EthCall, drive
from executor.domain.errors import MathsError, PoolNotFoundError
from executor.domain.pool import Pool
from executor.domain.pool_details import CurveDetails, CurveRates, CurveShape
from executor.venues import curve_crypto, curve_pools, curve_stable
from executor.venues.curve_pools import CryptoState, StableState, State
from executor.venues.curve_stable import KeptRate, Ramp
from tests.support.curve_states import POOL, pool_of

WAD = 10**18
NATIVE = to_address("0x" + "ee" * 20)
CLOCK = to_address("0xca11bde05977b3631167028862be2a173976ca11")
BASE = to_address(f"0x{0xBA5E:040x}")
NOW = 1_700_000_000


@dataclass
class FakeChain:
    """Answers calls: a pool of one state, whose quotes are that state's, and whatever else is told."""

    state: State
    told: dict[tuple[Address, str], bytes] = field(default_factory=dict)
    quotes: Callable[[int, int, int], int] | None = None

    def tell(self, name: str, *numbers: int, at: Address = POOL) -> FakeChain:
        """Let a contract answer a function without arguments, or with one that does not matter."""
        self.told[at, name] = b"".join(number.to_bytes(32, "big") for number in numbers)
        return self

    def answer(self, call: EthCall) -> bytes | None:
        names = {selector(name): name for _, name in self.told}
        told = self.told.get((call.to, names.get(call.data[:4], "")))
        if told is not None:
            return told
        details = self.state.pool.details
        assert isinstance(details, CurveDetails)
        if call.to in details.coins:
            decimals = details.decimals[details.coins.index(call.to)]
            return word(decimals) if call.data[:4] == selector("decimals()") else None
        return self._of_pool(call, details) if call.to == POOL else None

    def _of_pool(self, call: EthCall, details: CurveDetails) -> bytes | None:
        kind = "uint256" if details.uint256_indexes else "int128"
        arguments = [int.from_bytes(call.data[k : k + 32], "big") for k in range(4, len(call.data), 32)]
        if call.data[:4] == selector("coins(uint256)") and arguments[0] < len(details.coins):
            return bytes(12) + bytes.fromhex(details.coins[arguments[0]][2:])
        if call.data[:4] == selector("balances(uint256)") and arguments[0] < len(details.coins):
            return word(self.state.balances[arguments[0]])
        if call.data[:4] != selector(f"get_dy({kind},{kind},uint256)"):
            return None
        if self.quotes is not None:
            return word(self.quotes(*arguments))
        if isinstance(self.state, CryptoState):
            return word(curve_crypto.viewed(self.state, *arguments))
        return word(curve_stable.viewed(self.state, *arguments))


def word(number: int) -> bytes:
    return number.to_bytes(32, "big")


def stable(
    shape: CurveShape, balances: tuple[int, ...] = (3 * 10**24, 10**24), rates: tuple[int, ...] = (WAD, WAD)
) -> StableState:
    """A pool of coins of 18 decimals, A = 200, whose admin takes half of the fee."""
    return StableState(pool_of((18,) * len(balances)), shape, balances, rates, 20_000, 4 * 10**6, 5 * 10**9)


def chain_of(state: StableState) -> FakeChain:
    """A pool that tells what all generations do."""
    chain = FakeChain(state).tell("A()", state.amplification // 100).tell("fee()", state.fee)
    return chain.tell("admin_fee()", state.admin_fee or 0)


def read(chain: FakeChain) -> tuple[CurveDetails, State]:
    """What is found out of the pool, then its state."""
    found = drive(curve_pools.identify(POOL), chain.answer).details
    assert isinstance(found, CurveDetails)
    pool = replace(chain.state.pool, details=found)
    return found, drive(curve_pools.read(pool), chain.answer)


def at_home(state: State, pool: Pool) -> State:
    """The state under a pool as it was found."""
    return replace(state, pool=pool)


# Here the roundings of the generations give a D that differs by one.
TELLING = (8_667_195_584_573_419_014_148_473, 703_981_007_837_954_343_226_404)


@pytest.mark.parametrize("shape", [CurveShape.STABLE, CurveShape.STABLE_ONCE])
def test_generations_are_told_apart_by_their_quotes(shape: CurveShape) -> None:
    state = stable(shape, TELLING)
    found, told = read(chain_of(state))

    assert found.shape is shape
    assert told == at_home(state, told.pool)


@pytest.mark.parametrize("shape", [CurveShape.STABLE, CurveShape.STABLE_ONCE])
def test_a_generation_that_was_not_told_apart_shows_in_a_later_state(shape: CurveShape) -> None:
    details, _ = read(chain_of(stable(shape, (10**24, 10**24))))
    state = stable(shape, TELLING)
    pool = replace(state.pool, details=details)
    told = drive(curve_pools.read(pool), chain_of(state).answer)

    assert told == at_home(state, pool)


def test_a_classic_pool_that_was_not_told_apart_shows_when_its_quote_is_finer_than_its_trade() -> None:
    six = (10**30, 10**30)
    finer = None
    for balance in range(10**12, 2 * 10**12, 10**10):
        state = stable(CurveShape.STABLE_CLASSIC, (3 * 10**12, balance), six)
        state = replace(state, pool=pool_of((6, 6)))
        quoted = curve_stable.viewed(state, 1, 0, 10**6)
        if quoted != curve_stable.exchanged(state, 1, 0, 10**6):
            finer = state
            break
    assert finer is not None
    details = finer.pool.details
    assert isinstance(details, CurveDetails)
    pool = replace(finer.pool, details=replace(details, shape=CurveShape.STABLE))

    told = drive(curve_pools.read(pool), chain_of(finer).answer)

    assert told == at_home(finer, pool)


def test_the_classic_generation_takes_its_fee_in_finer_units_when_it_quotes() -> None:
    state = stable(CurveShape.STABLE_CLASSIC, (3 * 10**12 + 7, 10**12 + 3), (10**30, 10**30))
    state = replace(state, pool=pool_of((6, 6)))
    found, told = read(chain_of(state))

    assert found.shape is CurveShape.STABLE_CLASSIC
    assert told == at_home(state, told.pool)


def test_a_state_whose_quote_no_longer_is_what_is_worked_out_is_not_traded_with() -> None:
    state = stable(CurveShape.STABLE)
    chain = chain_of(state)
    details, _ = read(chain)
    chain.quotes = lambda i, j, dx: dx - 1
    told = drive(curve_pools.read(replace(state.pool, details=details)), chain.answer)

    with pytest.raises(MathsError, match="only the chain knows"):
        curve_pools.amount_out(told, True, 10**20)


def test_the_first_generation_and_pools_of_lent_coins_keep_no_unit() -> None:
    balances = (3_141_592_653_589_793_238_462_643, 2_718_281_828_459_045_235_360_287)
    first, _ = read(chain_of(stable(CurveShape.STABLE_FIRST, balances)))
    lent = replace(stable(CurveShape.STABLE_LENT, balances), offpeg=2 * 10**10)
    chain = chain_of(lent).tell("A_precise()", 20_000).tell("offpeg_fee_multiplier()", lent.offpeg)
    found, told = read(chain)

    assert first.shape is CurveShape.STABLE_FIRST
    assert found.shape is CurveShape.STABLE_LENT
    assert told == at_home(lent, told.pool)


@pytest.mark.parametrize("listed", [True, False])
def test_rates_that_the_pool_stores_are_taken_and_the_pool_is_not_followed(listed: bool) -> None:
    shape = CurveShape.STABLE_ONCE if listed else CurveShape.STABLE
    state = replace(stable(shape, rates=(WAD, 1_155_000_000_000_000_007)), offpeg=2 * 10**10 if listed else 0)
    chain = chain_of(state).tell("A_precise()", 20_000)
    if listed:
        chain.tell("offpeg_fee_multiplier()", state.offpeg)
    chain.told[POOL, "stored_rates()"] = (
        CODEC.encode(("uint256[]",), (state.rates,))
        if listed
        else CODEC.encode(("uint256", "uint256"), state.rates)
    )
    found, told = read(chain)

    assert found.rates is CurveRates.STORED
    assert told == at_home(state, told.pool)
    assert not curve_pools.followable(told)


def test_a_metapool_goes_by_the_virtual_price_of_the_pool_whose_share_it_holds() -> None:
    state = stable(CurveShape.STABLE, rates=(WAD, 1_034_567_890_123_456_789))
    share = state.pool.token1.address
    chain = chain_of(state).tell("A_precise()", 20_000)
    chain.tell("minter()", int(BASE, 16), at=share).tell("get_virtual_price()", state.rates[1], at=BASE)
    found, told = read(chain)

    assert (found.rates, found.base) == (CurveRates.BASE, BASE)
    assert told == at_home(state, told.pool)
    assert not curve_pools.followable(told)


def test_an_older_metapool_goes_by_the_virtual_price_that_it_kept_until_that_is_ten_minutes_old() -> None:
    kept, fresh = 1_034_567_890_123_456_789, 1_034_600_000_000_000_000
    for age, rate in ((599, kept), (601, fresh)):
        state = stable(CurveShape.STABLE, rates=(WAD, rate))
        chain = chain_of(state).tell("A_precise()", 20_000).tell("base_pool()", int(BASE, 16))
        chain.tell("get_virtual_price()", fresh, at=BASE).tell("base_virtual_price()", kept)
        chain.tell("base_cache_updated()", NOW - age).tell("getCurrentBlockTimestamp()", NOW, at=CLOCK)
        found, told = read(chain)

        assert found.rates is CurveRates.BASE_KEPT
        assert told == at_home(replace(state, kept_rate=KeptRate(kept, fresh, NOW - age)), told.pool)


@pytest.mark.parametrize("hundredths", [True, False])
def test_a_ramp_is_read_and_the_pool_is_not_followed(hundredths: bool) -> None:
    state, unit = stable(CurveShape.STABLE), 100 if hundredths else 1
    terms = (100 * unit, 500 * unit, NOW - 1_000, NOW + 3_000)
    chain = chain_of(state)
    if hundredths:
        chain.tell("A_precise()", state.amplification)
    for name, value in zip(
        ("initial_A()", "future_A()", "initial_A_time()", "future_A_time()"), terms, strict=True
    ):
        chain.tell(name, value)
    _, told = read(chain)

    assert isinstance(told, StableState)
    assert told.ramp == Ramp(*terms, unit)
    assert told.amplification == told.ramp.amplification(NOW) == state.amplification
    assert not curve_pools.followable(told)


def test_a_ramp_that_is_over_is_none() -> None:
    chain = chain_of(stable(CurveShape.STABLE)).tell("A_precise()", 20_000)
    for name, value in (
        ("initial_A()", 1),
        ("future_A()", 20_000),
        ("initial_A_time()", 2),
        ("future_A_time()", 3),
    ):
        chain.tell(name, value)
    _, told = read(chain)

    assert isinstance(told, StableState)
    assert told.ramp is None
    assert curve_pools.followable(told)


def test_a_pool_whose_quotes_no_maths_give_is_not_worked_out() -> None:
    state = stable(CurveShape.STABLE)
    chain = chain_of(state)
    chain.quotes = lambda i, j, dx: dx - 1
    found = drive(curve_pools.identify(POOL), chain.answer).details
    assert isinstance(found, CurveDetails)
    pool = replace(state.pool, details=found)

    assert found.shape is CurveShape.UNKNOWN
    for asked in (
        lambda: drive(curve_pools.read(pool), chain.answer),
        lambda: curve_pools.lens_request(pool, (0, 0)),
    ):
        with pytest.raises(MathsError, match="not known here") as refused:
            asked()
        assert "simulate" in refused.value.fix
    quote = curve_pools.quote(POOL, found, found.coins[0], found.coins[1], 1_000)
    assert drive(quote, chain.answer) == 999


def test_a_coin_whose_balance_moves_by_itself_keeps_the_pool_from_being_followed() -> None:
    state = stable(CurveShape.STABLE)
    chain = chain_of(state).tell("getTotalShares()", 1, at=state.pool.token1.address)
    found, told = read(chain)

    assert found.holds
    assert not curve_pools.followable(told)


def test_the_chains_own_coin_is_known_by_its_mark() -> None:
    state = stable(CurveShape.STABLE)
    details = state.pool.details
    assert isinstance(details, CurveDetails)
    marked = replace(details, coins=(NATIVE, details.coins[1]))
    chain = chain_of(replace(state, pool=replace(state.pool, details=marked)))
    found = drive(curve_pools.identify(POOL), chain.answer)

    assert found.tokens == (ZERO_ADDRESS, details.coins[1])
    assert isinstance(found.details, CurveDetails)
    assert found.details.shape is CurveShape.STABLE


def crypto(shape: CurveShape = CurveShape.CRYPTO_TWO) -> CryptoState:
    state = CryptoState(
        pool_of((18, 18), shape),
        shape,
        (10**24, 10**24),
        (1, 1),
        (WAD,),
        0,
        400_000,
        145 * 10**12,
        26 * 10**6,
        45 * 10**6,
        23 * 10**13,
    )
    return replace(state, d=curve_crypto.invariant(state.amplification, state.gamma, state.balances))


def crypto_chain(state: CryptoState, told_d: int | None = None) -> FakeChain:
    chain = FakeChain(state).tell("price_scale()", *state.price_scale).tell("virtual_price()", WAD)
    for name, value in (
        ("A()", state.amplification),
        ("gamma()", state.gamma),
        ("D()", state.d if told_d is None else told_d),
        ("mid_fee()", state.mid_fee),
        ("out_fee()", state.out_fee),
        ("fee_gamma()", state.fee_gamma),
    ):
        chain.tell(name, value)
    if state.shape is CurveShape.CRYPTO_TWO_NG:
        chain.tell("MATH()", 1)
    return chain


@pytest.mark.parametrize("shape", [CurveShape.CRYPTO_TWO, CurveShape.CRYPTO_TWO_NG])
def test_crypto_pools_of_either_generation_are_read(shape: CurveShape) -> None:
    state = crypto(shape)
    found, told = read(crypto_chain(state))

    assert found.shape is shape
    assert told == at_home(state, told.pool)


def test_while_a_and_gamma_change_a_crypto_pool_is_not_worked_out() -> None:
    state = crypto()
    chain = crypto_chain(state).tell("future_A_gamma_time()", NOW).tell("future_A_gamma()", 1 << 128 | 1)
    _, told = read(chain)

    with pytest.raises(MathsError, match="only the chain knows"):
        curve_pools.amount_out(told, True, 10**20)


def test_an_older_crypto_pool_takes_d_anew_at_the_first_trade_after_such_a_change() -> None:
    state = crypto()
    future = state.amplification << 128 | state.gamma
    chain = crypto_chain(state, told_d=state.d - 10**18)
    chain.tell("future_A_gamma_time()", NOW).tell("future_A_gamma()", future)
    _, told = read(chain)

    assert told == at_home(state, told.pool)


def test_what_does_not_answer_as_a_curve_pool_is_none() -> None:
    for missing in ("coins(uint256)", "get_dy(int128,int128,uint256)"):
        chain = chain_of(stable(CurveShape.STABLE))

        def answer(call: EthCall, chain: FakeChain = chain, missing: str = missing) -> bytes | None:
            return None if call.data[:4] == selector(missing) else chain.answer(call)

        with pytest.raises(PoolNotFoundError, match="does not answer as a Curve pool"):
            drive(curve_pools.identify(POOL), answer)


POOLS = [stable(CurveShape.STABLE).pool, crypto().pool, crypto(CurveShape.CRYPTO_TWO_NG).pool]


@settings(max_examples=100)
@given(st.sampled_from(POOLS), st.data())
def test_whatever_an_address_answers_is_an_amount_or_a_clear_refusal(pool: Pool, data: st.DataObject) -> None:
    numbers = st.one_of(st.integers(0, 40), st.integers(0, 2**256 - 1), st.integers(10**17, 10**26))
    words = st.lists(numbers, min_size=1, max_size=4).map(lambda found: b"".join(map(word, found)))
    answers = st.one_of(st.none(), words, words, st.binary(max_size=70))
    said: dict[EthCall, bytes | None] = {}

    def answer(call: EthCall) -> bytes | None:
        return said.setdefault(call, data.draw(answers))

    with suppress(PoolNotFoundError):
        drive(curve_pools.identify(POOL), answer)
    with suppress(PoolNotFoundError, MathsError):
        told = drive(curve_pools.read(pool), answer)
        assert curve_pools.amount_out(told, True, data.draw(st.integers(1, 10**24))) >= 0
