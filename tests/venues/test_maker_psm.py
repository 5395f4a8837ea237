"""Maker's peg stability modules: the maths say what a module of the published rules gives, to the wei."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devnet import ETHEREUM_FULL, Node, abi
from devnet.place import Placer
from executor.domain.address import to_address
from executor.domain.call import EthCall, drive
from executor.domain.dex import Dex
from executor.domain.errors import MathsError, PoolNotFoundError
from executor.domain.log import Log
from executor.domain.pool import VenueKind
from executor.domain.pool_details import MakerPSMDetails
from executor.venues import VENUES, maker_psm
from executor.venues.maker_psm import MakerPSMState
from executor.venues.maker_psm_state import HALTED, WAD
from tests.support import peg_modules
from tests.support.answers import read_from
from tests.support.peg_modules import Module

several = settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
amounts = st.integers(1, 110).flatmap(lambda bits: st.integers(2 ** (bits - 1), 2**bits - 1))
holdings = st.tuples(amounts, amounts)
fees = st.one_of(st.just(0), st.integers(1, WAD // 50), st.integers(1, WAD), st.sampled_from([WAD, HALTED]))
DECIMALS = [6, 18]
SELL, BUY = "sellGem(address,uint256)", "buyGem(address,uint256)"


@pytest.fixture(params=DECIMALS, ids=lambda decimals: f"gem of {decimals} decimals")
def lite(request: pytest.FixtureRequest, ethereum_full: Node) -> Iterator[Module]:
    """A LitePSM whose user has plenty."""
    coins = [peg_modules.dollar(ethereum_full, decimals) for decimals in (18, request.param)]
    module = peg_modules.place(ethereum_full, *coins)
    peg_modules.open_accounts(ethereum_full, module)
    yield module


@pytest.fixture
def wrapper(ethereum_full: Node, lite: Module) -> Iterator[Module]:
    """The wrapper of one, for another dollar than DAI."""
    module = peg_modules.wrap(ethereum_full, lite)
    peg_modules.open_accounts(ethereum_full, module)
    peg_modules.hold(ethereum_full, module.cash, module.address, peg_modules.PLENTY)
    yield module


@pytest.fixture(params=["LitePSM", "wrapper"])
def module(request: pytest.FixtureRequest, lite: Module) -> Module:
    """A module of either kind."""
    if request.param == "LitePSM":
        return lite
    found: Module = request.getfixturevalue("wrapper")
    return found


def read(node: Node, module: Module, cash: int, gems: int, tin: int = 0, tout: int = 0) -> MakerPSMState:
    """The module's state when it holds so much and charges so much."""
    peg_modules.stand(node, module, cash, gems)
    peg_modules.charge(node, module, tin, tout)
    return read_from(node, maker_psm.read(module.pool))


def quoted(state: MakerPSMState, zero_for_one: bool, amount: int) -> int | None:
    """What the maths say that comes out, None where they refuse."""
    try:
        return maker_psm.amount_out(state, zero_for_one, amount)
    except MathsError:
        return None


@several
@given(held=holdings, tin=fees, sizes=st.lists(amounts, min_size=4, max_size=4))
def test_gem_is_sold_for_what_the_maths_say(
    ethereum_full: Node, module: Module, held: tuple[int, int], tin: int, sizes: list[int]
) -> None:
    state = read(ethereum_full, module, *held, tin=tin)
    assert (state.cash, state.gems, state.tin) == (*held, tin)
    most = state.cash // state.details.unit
    for size in (*sizes, most, most + 1):
        expected = quoted(state, not module.buying, size)
        if tin == WAD:
            # Nobody sells for nothing; the module would let them.
            assert expected is None
        elif size:
            assert peg_modules.sold(ethereum_full, module, size) == expected


@several
@given(held=holdings, tout=fees, sizes=st.lists(amounts, min_size=4, max_size=4))
def test_gem_is_bought_for_what_the_maths_say(
    ethereum_full: Node, module: Module, held: tuple[int, int], tout: int, sizes: list[int]
) -> None:
    """As much comes out as the amount pays for, and not one unit more would be paid for."""
    state = read(ethereum_full, module, *held, tout=tout)
    assert (state.cash, state.gems, state.tout) == (*held, tout)
    for size in (*sizes, state.gems * state.details.unit):
        gems = quoted(state, module.buying, size)
        if gems is None:
            # It is halted, or there is too little gem: the least that is too much is refused by the module.
            assert peg_modules.bought(ethereum_full, module, state.gems + 1) is None
            assert tout == HALTED or size > state.gems * state.details.unit
            continue
        cost, more = (peg_modules.bought(ethereum_full, module, each) for each in (gems, gems + 1))
        assert cost is not None and cost <= size
        assert gems == state.gems or more is None or more > size
        if gems:
            assert maker_psm.amount_in(state, module.buying, gems) == cost
            assert quoted(state, module.buying, cost) == gems
            assert quoted(state, module.buying, cost - 1) == gems - 1 or cost == 1


@pytest.mark.parametrize("amount", [10**3 + 1, 10**20 + 10**9 + 7])
def test_a_module_then_stands_as_the_maths_say(ethereum_full: Node, module: Module, amount: int) -> None:
    state = read(ethereum_full, module, 10**32, 10**31, tin=3 * 10**15 + 1, tout=10**16 + 3)

    peg_modules.trade(ethereum_full, module, SELL, amount)

    sold = maker_psm.after(state, not module.buying, amount)
    assert read_from(ethereum_full, maker_psm.read(module.pool)) == sold
    assert state.cash - sold.cash == maker_psm.amount_out(state, not module.buying, amount)

    peg_modules.trade(ethereum_full, module, BUY, amount)

    cost = maker_psm.amount_in(sold, module.buying, amount)
    bought = maker_psm.after(sold, module.buying, cost)
    assert read_from(ethereum_full, maker_psm.read(module.pool)) == bought
    assert (bought.gems, bought.cash) == (sold.gems - amount, sold.cash + cost)
    # What pays for no whole unit of the gem is not spent.
    rest = maker_psm.amount_in(sold, module.buying, amount + 1) - cost - 1
    assert maker_psm.after(sold, module.buying, cost + rest) == bought


def state_of(
    tin: int, tout: int, cash: int, gems: int, *, allowed: int = HALTED, coarser: int = 12
) -> MakerPSMState:
    """A module that is on no chain."""
    own, dai, gem, pocket = (to_address("0x" + byte * 20) for byte in ("11", "22", "33", "44"))
    return MakerPSMState(
        Module(own, dai, gem, coarser, pocket, own, dai).pool, tin, tout, cash, gems, allowed
    )


@given(
    tin=st.integers(0, WAD - 1),
    tout=st.integers(0, WAD),
    wanted=amounts,
    coarser=st.integers(0, 18),
    zero_for_one=st.booleans(),
)
def test_no_smaller_amount_gives_as_much(
    tin: int, tout: int, wanted: int, coarser: int, zero_for_one: bool
) -> None:
    state = state_of(tin, tout, 2**127, 2**127, coarser=coarser)

    needed = maker_psm.amount_in(state, zero_for_one, wanted)

    given_out = maker_psm.amount_out(state, zero_for_one, needed)
    assert given_out >= wanted
    assert needed == 1 or maker_psm.amount_out(state, zero_for_one, needed - 1) < wanted
    assert not state.buys(zero_for_one) or given_out == wanted
    num, den = maker_psm.marginal(state, zero_for_one)
    piece, curve = (
        maker_psm.stretch(state, zero_for_one, 0),
        maker_psm.local_curve(state, zero_for_one),
    )
    assert (piece.a, piece.b, piece.c, piece.d) == (num, 0, 0, den) == (curve.k, 0, curve.n, curve.m)
    # One rounding, and never more than a unit off the straight line.
    assert abs(given_out * den - needed * num) < den


@given(
    tin=st.integers(0, WAD - 1),
    tout=st.integers(0, WAD),
    held=amounts,
    coarser=st.integers(0, 18),
    zero_for_one=st.booleans(),
)
def test_the_line_ends_where_no_more_can_come_out(
    tin: int, tout: int, held: int, coarser: int, zero_for_one: bool
) -> None:
    state = state_of(tin, tout, held, held, coarser=coarser)
    most = maker_psm.stretch(state, zero_for_one, 0).end
    assert most is not None
    if most:
        assert maker_psm.amount_out(state, zero_for_one, most) <= held
    with pytest.raises(MathsError, match=f"can pay {held} now"):
        maker_psm.amount_out(state, zero_for_one, most + 1)
    # With one unit more in the till or the pocket that much would do, unless it pays for several.
    roomy = replace(state, cash=2**127, gems=2**127)
    assert maker_psm.amount_out(roomy, zero_for_one, most + 1) > held


def test_a_pocket_gives_no_more_than_it_allows() -> None:
    state = state_of(0, 0, 10**30, 10**15, allowed=10**9)
    buying = state.buys(True)
    assert maker_psm.amount_out(state, buying, 10**21) == 10**9
    with pytest.raises(MathsError, match="can pay 1000000000 now"):
        maker_psm.amount_out(state, buying, 10**21 + 10**12)
    assert maker_psm.after(state, buying, 10**20).allowed == 9 * 10**8


@pytest.mark.parametrize("buys", [True, False])
def test_a_direction_that_is_halted_has_no_price(buys: bool) -> None:
    state = state_of(HALTED, 0, 10**30, 10**30) if not buys else state_of(0, HALTED, 10**30, 10**30)
    halted = state.buys(True) is buys
    for ask in (maker_psm.amount_out, maker_psm.amount_in):
        with pytest.raises(MathsError, match="no gem now: it is halted"):
            ask(state, halted, 10**15)
        assert ask(state, not halted, 10**15) > 0
    for ask_price in (maker_psm.marginal, maker_psm.local_curve):
        with pytest.raises(MathsError, match="halted"):
            ask_price(state, halted)
    with pytest.raises(MathsError, match="halted"):
        maker_psm.stretch(state, halted, 0)


@pytest.mark.parametrize("amount", [0, -1])
def test_an_amount_that_is_not_positive_is_refused(amount: int) -> None:
    state = state_of(0, 0, 10**30, 10**30)
    for zero_for_one in (True, False):
        for ask in (maker_psm.amount_out, maker_psm.amount_in):
            with pytest.raises(MathsError, match="positive"):
                ask(state, zero_for_one, amount)
        with pytest.raises(MathsError, match="one stretch"):
            maker_psm.stretch(state, zero_for_one, 1)


def test_a_fee_of_all_that_is_sold_leaves_no_price() -> None:
    state = state_of(WAD, WAD, 10**30, 10**30)
    with pytest.raises(MathsError, match="as its fee"):
        maker_psm.amount_out(state, not state.buys(True), 1)
    assert maker_psm.amount_out(state, state.buys(True), 2 * 10**12) == 1


def test_a_module_says_of_itself_what_it_is(ethereum_full: Node, module: Module) -> None:
    identity = read_from(ethereum_full, VENUES[VenueKind.MAKER_PSM].identify(module.address))
    assert identity.details == module.details
    assert identity.details.wrapped is (module.till != module.address)
    assert (identity.token0, identity.token1) == (module.pool.token0.address, module.pool.token1.address)


def test_an_exchange_that_is_a_module_has_that_one_pool(ethereum_full: Node, module: Module) -> None:
    dex, other = (Dex("sky", VenueKind.MAKER_PSM, each) for each in (module.address, module.gem))
    identity = read_from(ethereum_full, maker_psm.identify(module.address))
    token0, token1 = module.pool.token0, module.pool.token1
    assert read_from(ethereum_full, maker_psm.find(dex, token1, token0)) == (replace(module.pool, dex="sky"),)
    assert read_from(ethereum_full, maker_psm.belongs(dex, identity))
    assert not read_from(ethereum_full, maker_psm.belongs(other, identity))
    stranger = replace(token0, address=to_address("0x" + "55" * 20))
    with pytest.raises(PoolNotFoundError, match="does not trade"):
        read_from(ethereum_full, maker_psm.find(dex, token1, stranger))
    with pytest.raises(PoolNotFoundError, match="peg stability module"):
        read_from(ethereum_full, maker_psm.find(other, token1, token0))


FALSE = {
    "no dai": ("dai()", None),
    "no gem": ("gem()", None),
    "no pocket": ("pocket()", None),
    "another factor": ("to18ConversionFactor()", 10**11),
    "another mark of halting": ("HALTED()", 0),
    "a gem of more decimals": ("decimals()", 19),
    "a dollar of fewer decimals": ("decimals()", 6),
}


@pytest.mark.parametrize(("name", "answer"), FALSE.values(), ids=FALSE)
def test_what_does_not_fit_together_is_no_module(
    ethereum_full: Node, lite: Module, name: str, answer: int | None
) -> None:
    data = abi.encode_call(name)

    def told(call: EthCall) -> bytes | None:
        if call.data == data:
            return None if answer is None else answer.to_bytes(32, "big")
        return ethereum_full.call(call.to, call.data) if call.data[:4] not in ABSENT else None

    with pytest.raises(PoolNotFoundError, match="does not answer as a peg stability module"):
        drive(maker_psm.identify(lite.address), told)


ABSENT = (abi.selector("psm()"), abi.selector("gemJoin()"))


@pytest.mark.parametrize("name", ["gem()", "pocket()", "dai()"])
def test_a_wrapper_must_agree_with_what_is_behind_it(ethereum_full: Node, wrapper: Module, name: str) -> None:
    def told(call: EthCall) -> bytes | None:
        if (call.to, call.data) == (wrapper.till, abi.encode_call(name)):
            return bytes(31) + b"\x01" if name != "dai()" else bytes(32)
        return ethereum_full.call(call.to, call.data)

    with pytest.raises(PoolNotFoundError, match="does not answer as a peg stability module"):
        drive(maker_psm.identify(wrapper.address), told)


def test_a_module_of_the_older_kind_is_known_and_refused_when_it_is_read(ethereum_full: Node) -> None:
    dai, gem = (peg_modules.dollar(ethereum_full, decimals) for decimals in (18, 6))
    older = to_address(
        Placer(ethereum_full).deploy(peg_modules.code()["OlderModule"], "(address,address)", dai, gem)
    )
    identity = read_from(ethereum_full, maker_psm.identify(older))
    assert isinstance(identity.details, MakerPSMDetails) and identity.details.minted
    pool = replace(Module(older, dai, gem, 12, older, older, dai).pool, details=identity.details)
    with pytest.raises(PoolNotFoundError, match="older kind") as refused:
        read_from(ethereum_full, maker_psm.read(pool))
    assert "LitePSM" in refused.value.fix


def test_an_older_module_whose_adapter_holds_nothing_is_none(ethereum_full: Node) -> None:
    dai = peg_modules.dollar(ethereum_full, 18)
    odd = peg_modules.dollar(ethereum_full, 19)
    older = Placer(ethereum_full).deploy(peg_modules.code()["OlderModule"], "(address,address)", dai, odd)
    with pytest.raises(PoolNotFoundError, match="does not answer"):
        read_from(ethereum_full, maker_psm.identify(to_address(older)))


def test_what_is_no_module_is_told_to_be_none(
    ethereum_full_node: Node, ethereum_full: Node, lite: Module
) -> None:
    for symbol in ("WETH", "DAI", "sDAI"):
        with pytest.raises(PoolNotFoundError):
            read_from(ethereum_full_node, maker_psm.identify(to_address(ETHEREUM_FULL.tokens[symbol])))
    nowhere = replace(lite.pool, address=lite.gem)
    with pytest.raises(PoolNotFoundError):
        read_from(ethereum_full, maker_psm.read(nowhere))
    peg_modules.charge(ethereum_full, lite, WAD + 1, 0)
    with pytest.raises(PoolNotFoundError):
        read_from(ethereum_full, maker_psm.read(lite.pool))


def test_a_module_is_not_followed_but_read_again() -> None:
    state = state_of(0, 0, 1, 1)
    assert not maker_psm.FOLLOWABLE
    assert maker_psm.emitters(state.pool) == ()
    assert maker_psm.follow(state, Log(state.pool.address, (), b"", 1, "0x", 0)) is None
    assert maker_psm.follow(state, Log(state.details.gem, (), b"", 1, "0x", 0)) is state
    assert read_from_nowhere(state) is state


def read_from_nowhere(state: MakerPSMState) -> MakerPSMState:
    """There is nothing more to read of it, and no lens knows it."""
    assert maker_psm.lens_request(state.pool, (0, 0)) == b""
    with pytest.raises(PoolNotFoundError):
        maker_psm.lens_state(state.pool, b"")
    return drive(maker_psm.extend(state, True), lambda call: None)


@pytest.mark.parametrize("buys", [True, False])
def test_a_wrapper_costs_more_gas(buys: bool) -> None:
    state = state_of(0, 0, 1, 1)
    details = state.details
    wrapped = replace(state, pool=replace(state.pool, details=replace(details, cash=details.pocket)))
    assert maker_psm.gas(wrapped, buys, 1) > maker_psm.gas(state, buys, 1) > 0
