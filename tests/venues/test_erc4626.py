"""Vaults of ERC-4626 of every rule: the maths say what the vault's own bytecode gives, to the wei."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from devnet import ETHEREUM_FULL, Node
from executor.domain.address import to_address
from executor.domain.dex import Dex
from executor.domain.errors import MathsError, PoolNotFoundError
from executor.domain.log import Log
from executor.domain.pool import Pool, VenueKind
from executor.domain.pool_details import ERC4626Details
from executor.venues import VENUES, erc4626
from executor.venues.erc4626 import ERC4626State
from tests.support import vaults
from tests.support.answers import read_from
from tests.support.lens import ask_lens
from tests.support.market import USDC, WETH
from tests.support.vaults import NEVER_FULL, Vault

LIMIT = 10**24
RATE = 1_098_765_432_109_876_543_210_987_654
KINDS = {
    "OpenZeppelin": ("OffsetVault", 0),
    "OpenZeppelin, finer shares": ("OffsetVault", 12),
    "Solmate": ("SolmateVault", LIMIT),
    "rate": ("RateVault", RATE),
}
several = settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
amounts = st.integers(1, 90).flatmap(lambda bits: st.integers(2 ** (bits - 1), 2**bits - 1))
# What a vault holds, and what one share is worth of it in thousandths.
holdings = st.tuples(st.integers(10**3, 10**27), st.integers(700, 3_000))


@pytest.fixture(params=KINDS)
def vault(request: pytest.FixtureRequest, ethereum_full: Node) -> Iterator[Vault]:
    """A vault of each kind."""
    yield vaults.place(ethereum_full, *KINDS[request.param])


def read(node: Node, vault: Vault, assets: int, worth: int) -> ERC4626State:
    """The vault's state when it holds `assets`, a share being worth `worth` thousandths."""
    vaults.stand(node, vault, assets, assets * 1_000 * vault.finer // worth)
    return read_from(node, erc4626.read(vault.pool))


@several
@given(held=holdings, trades=st.lists(st.tuples(amounts, st.booleans()), min_size=8, max_size=8))
def test_a_vault_gives_what_the_maths_say(
    ethereum_full: Node, vault: Vault, held: tuple[int, int], trades: list[tuple[int, bool]]
) -> None:
    state = read(ethereum_full, vault, *held)
    assert state.exact
    for size, deposit in trades:
        amount = size if deposit else min(size, state.supply)
        given_out = vaults.gives(ethereum_full, vault, amount, deposit=deposit)
        try:
            expected = erc4626.amount_out(state, vault.deposits is deposit, amount)
        except MathsError:
            assert amount > LIMIT == state.most_deposited
            continue
        # Solmate's vault refuses to give nothing; one by a rate may owe more than it holds.
        if given_out is None:
            assert expected == 0 or (not deposit and expected > held[0])
        else:
            assert given_out == expected


@pytest.mark.parametrize("amount", [10**15 + 1, 10**21 + 10**9 + 7])
@pytest.mark.parametrize("deposit", [True, False])
def test_a_vault_then_stands_as_the_maths_say(
    ethereum_full: Node, vault: Vault, amount: int, deposit: bool
) -> None:
    state = read(ethereum_full, vault, 7 * 10**24 + 12_345, 1_234)
    zero_for_one = vault.deposits is deposit

    assert vaults.trade(ethereum_full, vault, amount, deposit=deposit) == erc4626.amount_out(
        state, zero_for_one, amount
    )

    found = read_from(ethereum_full, erc4626.read(vault.pool))
    # The limit of Solmate's vault stays where it is told to be.
    assert found == replace(erc4626.after(state, zero_for_one, amount), most_deposited=state.most_deposited)


@given(shares=amounts, assets=amounts, wanted=amounts, zero_for_one=st.booleans())
def test_no_smaller_amount_gives_as_much(shares: int, assets: int, wanted: int, zero_for_one: bool) -> None:
    pool = Vault(to_address("0x" + "22" * 20), to_address("0x" + "11" * 20), 0).pool
    state = ERC4626State(pool, shares, assets, True, NEVER_FULL, NEVER_FULL)

    needed = erc4626.amount_in(state, zero_for_one, wanted)

    assert erc4626.amount_out(state, zero_for_one, needed) >= wanted
    assert needed == 1 or erc4626.amount_out(state, zero_for_one, needed - 1) < wanted
    given_out, paid = erc4626.marginal(state, zero_for_one)
    piece = erc4626.stretch(state, zero_for_one, 0)
    assert (piece.a, piece.b, piece.c, piece.d) == (given_out, 0, 0, paid)
    assert erc4626.amount_out(state, zero_for_one, wanted) == wanted * given_out // paid
    deposited = erc4626.after(replace(state, most_deposited=NEVER_FULL - 1), True, wanted)
    assert deposited.most_deposited == NEVER_FULL - 1 - wanted


def test_a_lens_reads_the_same(ethereum_full: Node, vault: Vault) -> None:
    state = read(ethereum_full, vault, 10**24 + 7, 1_234)
    (answer,) = ask_lens(ethereum_full, ("erc4626", erc4626.lens_request(vault.pool, (0, 0))))
    assert answer is not None
    assert erc4626.lens_state(vault.pool, answer) == state
    for malformed in (b"", answer[:-1]):
        with pytest.raises(PoolNotFoundError):
            erc4626.lens_state(vault.pool, malformed)


@pytest.mark.parametrize("share", ["sDAI", "steakUSDC"])
def test_vaults_that_have_earned_are_known(ethereum_full_node: Node, share: str) -> None:
    address = to_address(ETHEREUM_FULL.tokens[share])
    identity = read_from(ethereum_full_node, VENUES[VenueKind.ERC4626].identify(address))
    assert isinstance(identity.details, ERC4626Details)
    pool = Vault(address, identity.details.asset, 0).pool
    assert {identity.token0, identity.token1} == {pool.token0.address, pool.token1.address}

    state = read_from(ethereum_full_node, VENUES[VenueKind.ERC4626].read(pool))

    assert state.exact and state.pooled
    (answer,) = ask_lens(ethereum_full_node, ("erc4626", erc4626.lens_request(pool, (0, 0))))
    assert answer is not None and erc4626.lens_state(pool, answer) == state


def test_a_vault_that_takes_a_fee_is_to_be_simulated(ethereum_full: Node) -> None:
    vault = vaults.place(ethereum_full, "FeeVault")
    state = read(ethereum_full, vault, 10**24, 1_500)
    assert not state.exact
    for ask in (erc4626.amount_out, erc4626.amount_in):
        with pytest.raises(MathsError) as refused:
            ask(state, vault.deposits, 10**18)
        assert "simulate" in refused.value.fix
        assert refused.value.facts["vault"] == vault.address


def test_a_vault_takes_no_more_than_it_says(ethereum_full: Node) -> None:
    vault = vaults.place(ethereum_full, "SolmateVault", LIMIT)
    state = read(ethereum_full, vault, 10**24, 1_000)
    assert erc4626.amount_out(state, vault.deposits, LIMIT) == LIMIT
    for zero_for_one, most in ((vault.deposits, LIMIT), (not vault.deposits, state.supply)):
        with pytest.raises(MathsError, match="no more than"):
            erc4626.amount_out(state, zero_for_one, most + 1)
        piece = erc4626.stretch(state, zero_for_one, 0)
        assert piece.end == most


@pytest.mark.parametrize("amount", [0, -1])
def test_an_amount_that_is_not_positive_is_refused(ethereum_full: Node, amount: int) -> None:
    vault = vaults.place(ethereum_full, "OffsetVault", 0)
    state = read(ethereum_full, vault, 10**24, 1_000)
    for ask in (erc4626.amount_out, erc4626.amount_in):
        with pytest.raises(MathsError, match="positive"):
            ask(state, True, amount)
    with pytest.raises(MathsError, match="one stretch"):
        erc4626.stretch(state, True, 1)


def test_what_is_no_vault_is_told_to_be_none(ethereum_full_node: Node) -> None:
    weth = to_address(ETHEREUM_FULL.tokens["WETH"])
    pool = Vault(weth, to_address(ETHEREUM_FULL.tokens["DAI"]), 0).pool
    for reading in (erc4626.identify(weth), erc4626.read(pool)):
        with pytest.raises(PoolNotFoundError):
            read_from(ethereum_full_node, reading)
    assert ask_lens(ethereum_full_node, ("erc4626", erc4626.lens_request(pool, (0, 0)))) == [None]


def test_no_exchange_finds_vaults_or_calls_them_its_own(ethereum_full_node: Node) -> None:
    vault = Vault(to_address(ETHEREUM_FULL.tokens["sDAI"]), to_address(ETHEREUM_FULL.tokens["DAI"]), 0)
    dex = Dex("any", VenueKind.ERC4626, vault.address)
    identity = read_from(ethereum_full_node, erc4626.identify(vault.address))
    assert not read_from(ethereum_full_node, erc4626.belongs(dex, identity))
    with pytest.raises(PoolNotFoundError, match="keeps no list"):
        read_from(ethereum_full_node, erc4626.find(dex, vault.pool.token0, vault.pool.token1))


def test_a_vault_is_not_followed_but_read_again(ethereum_full_node: Node) -> None:
    vault = Vault(to_address(ETHEREUM_FULL.tokens["sDAI"]), to_address(ETHEREUM_FULL.tokens["DAI"]), 0)
    state = read_from(ethereum_full_node, erc4626.read(vault.pool))
    assert not erc4626.FOLLOWABLE
    assert erc4626.emitters(vault.pool) == ()
    assert erc4626.follow(state, Log(vault.address, (), b"", 1, "0x", 0)) is None
    assert erc4626.follow(state, Log(vault.asset, (), b"", 1, "0x", 0)) is state


def test_a_vault_that_was_emptied_has_no_price_until_it_is_read_again() -> None:
    state = ERC4626State(vault_pool(), 100, 100, pooled=True, most_deposited=NEVER_FULL, supply=100)
    emptied = erc4626.after(state, not state.deposits(True), 100)
    for zero_for_one in (True, False):
        with pytest.raises(MathsError):
            erc4626.amount_in(emptied, zero_for_one, 1)
        with pytest.raises(MathsError):
            erc4626.amount_out(emptied, zero_for_one, 1)


def test_an_address_that_says_to_hold_more_than_can_be_asked_about_is_no_vault() -> None:
    reading = erc4626.read(vault_pool())
    next(reading)
    with pytest.raises(PoolNotFoundError, match="vault"):
        reading.send(((2**256 - 1).to_bytes(32, "big"),) * 2)


def vault_pool() -> Pool:
    """A vault of some token that is on no chain."""
    details = ERC4626Details(USDC.address)
    return Pool("unnamed", VenueKind.ERC4626, WETH.address, WETH, USDC, 0, details=details)
