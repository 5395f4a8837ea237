"""Curve's crypto pools of three coins against mainnet's own bytecode, to the wei: bytecode-checked.

Recorded are tricrypto2 and its mathematics contract (solves by Newton's method), and TricryptoUSDC and its
own (solves a cubic). Their states here are the recorded one, those that trades make of it, and arbitrary
ones written into their storage.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from eth_utils.crypto import keccak
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from devnet import ETHER, Node, abi
from devnet.errors import RpcError
from devnet.roles import account
from executor.domain.address import to_address
from executor.domain.pool import Pool, VenueKind
from executor.domain.pool_details import CurveDetails, CurveShape
from executor.domain.token import Token
from executor.venues import curve_crypto, curve_pools
from executor.venues.curve_pools import CryptoState
from tests.support.answers import read_from
from tests.support.curve_states import pool_of
from tests.support.recorded import read_recording, recorded_folder, recorded_node

pytestmark = pytest.mark.recorded

TRADER = account("trader")
WBTC = "0x2260fac5e5542a773aa44fbcfedf7c193bc2c599"
DECIMALS = (6, 8, 18)
MATHS = {
    CurveShape.CRYPTO_THREE: "0x8f68f4810cce3194b6cb6f3d50fa58c2c9bdd1d5",
    CurveShape.CRYPTO_THREE_NG: "0xcbff3004a20dbfe2731543aa38599a526e0fd6ee",
}
SOLVE = {
    CurveShape.CRYPTO_THREE: "newton_y(uint256,uint256,uint256[3],uint256,uint256)",
    CurveShape.CRYPTO_THREE_NG: "get_y(uint256,uint256,uint256[3],uint256,uint256)",
}
MANY = settings(max_examples=500)
SOME = settings(max_examples=60)
PLENTY = 2**100
FEW_SHARES = 10**6


@dataclass(frozen=True)
class Market:
    """A pool of the recording, and where its storage holds what: first balance, D, price scale, virtual
    price.
    """

    shape: CurveShape
    address: str
    balances: int
    d: int
    price_scale: int
    virtual_price: int
    share: str
    supply: int

    def set(self, node: Node, state: CryptoState) -> None:
        """Write a state into the pool, whose shares were worth little: so that no trade is a loss."""
        first, second = state.price_scale
        for slot, value in (
            *((self.balances + k, balance) for k, balance in enumerate(state.balances)),
            (self.d, state.d),
            (self.price_scale, first | second << 128),
            (self.virtual_price, 1),
        ):
            node.rpc("anvil_setStorageAt", self.address, f"0x{slot:064x}", f"0x{value:064x}")
        node.rpc("anvil_setStorageAt", self.share, f"0x{self.supply:064x}", f"0x{FEW_SHARES:064x}")


TRICRYPTO2 = Market(
    CurveShape.CRYPTO_THREE,
    "0xd51a44d3fae010294c616388b506acda1bfaae46",
    balances=int.from_bytes(keccak((0x16).to_bytes(32, "big")), "big"),
    d=0x17,
    price_scale=0x00,
    virtual_price=0x1C,
    share="0xc4ad29ba4b3c580e6d59105fff484999997675ff",
    supply=0x04,
)
TRICRYPTO_USDC = Market(
    CurveShape.CRYPTO_THREE_NG,
    "0x7f86bf177dd4f3494b841a37e810a34dd56c829b",
    balances=0x0B,
    d=0x0E,
    price_scale=0x03,
    virtual_price=0x11,
    share="0x7f86bf177dd4f3494b841a37e810a34dd56c829b",
    supply=0x19,
)
MARKETS = (TRICRYPTO2, TRICRYPTO_USDC)


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    """The recorded chain, with a trader who holds and allows much of each coin, and pools that hold much."""
    recording = read_recording(recorded_folder() / "snapshots" / "mainnet-18884863.json")
    with recorded_node(recording) as node:
        for market in MARKETS:
            for k in range(3):
                coin = coin_of(node, market, k)
                for holder in (TRADER, market.address):
                    give(node, coin, holder)
                approve = abi.encode_call("approve(address,uint256)", market.address, 2**255)
                node.send(TRADER, coin, approve)
        yield node


def give(node: Node, coin: str, holder: str) -> None:
    """Plenty of a coin; bitcoin's balances stand in its first slot, and its supply was not recorded."""
    if coin.lower() != WBTC:
        return node.set_erc20_balance(coin, holder, PLENTY)
    key = keccak(bytes(12) + bytes.fromhex(holder[2:]) + bytes(32))
    node.rpc("anvil_setStorageAt", coin, "0x" + key.hex(), f"0x{PLENTY:064x}")
    return None


def coin_of(node: Node, market: Market, k: int) -> str:
    answer = node.call(market.address, abi.encode_call("coins(uint256)", k))
    return "0x" + answer[-20:].hex()


def read(node: Node, market: Market) -> CryptoState:
    """What is read of the pool, its coins known: its own quotes come from a contract not recorded."""
    coins = tuple(to_address(coin_of(node, market, k)) for k in range(3))
    details = CurveDetails(coins, True, market.shape, DECIMALS)
    first, second = (Token(1, coins[k], f"COIN{k}", DECIMALS[k]) for k in range(2))
    pool = Pool("curve", VenueKind.CURVE, to_address(market.address), first, second, 0, details=details)
    state = read_from(node, curve_pools.read(pool))
    assert isinstance(state, CryptoState)
    return state


def traded(node: Node, market: Market, i: int, j: int, dx: int) -> int | None:
    """What the pool's own `exchange` gives, None where it reverts."""
    coin = coin_of(node, market, j)
    before = node.erc20_balance(coin, TRADER)
    call = abi.encode_call("exchange(uint256,uint256,uint256,uint256)", i, j, dx, 0)
    try:
        node.send(TRADER, market.address, call)
    except RpcError:
        return None
    return node.erc20_balance(coin, TRADER) - before


def worked_out(state: CryptoState, i: int, j: int, dx: int) -> int | None:
    try:
        return curve_crypto.exchanged(state, i, j, dx)
    except ArithmeticError:
        return None


@st.composite
def scaled_balances(draw: st.DrawFn) -> tuple[int, int, int]:
    """From a dollar to billions, up to a hundred to one apart."""
    worth = 10 ** draw(st.integers(18, 28)) * draw(st.integers(1, 1000)) // 10
    shares = draw(st.tuples(*(st.integers(10, 1000),) * 3))
    return tuple(worth * share // 1000 for share in shares)


amplifications = st.integers(27 * 10_000 // 100, 27 * 10_000 * 1000)
gammas = st.one_of(st.integers(10**10, 5 * 10**16), st.integers(10**12, 10**14))
directions = st.permutations(range(3)).map(lambda order: (order[0], order[1]))
parts = st.one_of(st.integers(1, 10**5), st.integers(10**5, 10**9), st.integers(10**9, 10**10))


def bare_state(shape: CurveShape, amplification: int, gamma: int, d: int) -> CryptoState:
    """A state for its shape, A, gamma and D alone."""
    pool = pool_of(DECIMALS, shape)
    return CryptoState(
        pool, shape, (1, 1, 1), (1, 1, 1), (ETHER, ETHER), d, amplification, gamma, 0, 0, 10**15
    )


@pytest.mark.parametrize("shape", MATHS, ids=str)
def test_the_mathematics_contract_finds_the_same_balance_or_refuses_it_too(
    node: Node, shape: CurveShape
) -> None:
    compared = 0

    @MANY
    @given(scaled_balances(), amplifications, gammas, st.integers(0, 2), st.integers(-(10**8), 10**8))
    def agrees(x: tuple[int, int, int], ann: int, gamma: int, j: int, off: int) -> None:
        nonlocal compared
        try:
            d = curve_crypto.invariant(ann, gamma, x)
        except ArithmeticError:
            assume(False)
        d += d * off // 10**9
        call = abi.encode_call(SOLVE[shape], ann, gamma, list(x), d, j)
        try:
            told = int.from_bytes(node.call(MATHS[shape], call)[:32], "big")
        except RpcError:
            told = None
        try:
            found = curve_crypto.balance_for(bare_state(shape, ann, gamma, d), x, j)
        except ArithmeticError:
            found = None
        assert found == told
        compared += found is not None

    agrees()
    assert compared > 300


@pytest.mark.parametrize("shape", MATHS, ids=str)
def test_the_mathematics_contract_finds_the_same_part_of_the_fee(node: Node, shape: CurveShape) -> None:
    @SOME
    @given(scaled_balances(), st.integers(1, 10**18))
    def agrees(x: tuple[int, int, int], fee_gamma: int) -> None:
        call = abi.encode_call("reduction_coefficient(uint256[3],uint256)", list(x), fee_gamma)
        share = int.from_bytes(node.call(MATHS[shape], call), "big")
        state = replace(bare_state(shape, 1, 1, 1), mid_fee=0, out_fee=10**10, fee_gamma=fee_gamma)

        assert curve_crypto.fee_at(state, x) == 10**10 * (ETHER - share) // ETHER

    agrees()


@MANY
@given(scaled_balances(), amplifications, gammas)
def test_the_older_mathematics_contract_finds_the_same_d(
    node: Node, x: tuple[int, int, int], ann: int, gamma: int
) -> None:
    signature = "newton_D(uint256,uint256,uint256[3])"
    call = abi.encode_call(signature, ann, gamma, list(x))
    try:
        told = int.from_bytes(node.call(MATHS[CurveShape.CRYPTO_THREE], call), "big")
    except RpcError:
        told = None
    try:
        found = curve_crypto.invariant(ann, gamma, x)
    except ArithmeticError:
        found = None

    assert found == told


@pytest.mark.parametrize("market", MARKETS, ids=lambda market: market.shape)
def test_trades_in_a_row_give_what_was_worked_out(node: Node, market: Market) -> None:
    with node.isolated():
        for part in (10**10 // 3, 10**8, 10**5, 10):
            for i, j in ((0, 1), (1, 2), (2, 0), (1, 0), (2, 1), (0, 2)):
                state = read(node, market)
                dx = state.balances[i] * part // 10**10
                given_out = traded(node, market, i, j, dx)

                assert given_out == worked_out(state, i, j, dx)
                assert given_out is not None
                following = curve_crypto.traded(state, i, j, dx)
                found = read(node, market)
                assert found.balances == following.balances
                if market.shape is CurveShape.CRYPTO_THREE and found.price_scale == state.price_scale:
                    assert found.d == following.d


@pytest.mark.parametrize("market", MARKETS, ids=lambda market: market.shape)
def test_a_trade_gives_what_was_worked_out_in_any_state(node: Node, market: Market) -> None:
    recorded = read(node, market)
    gave = 0

    @SOME
    @given(
        scaled_balances(),
        st.tuples(st.integers(10**15, 10**23), st.integers(10**15, 10**23)),
        directions,
        parts,
    )
    def agrees(
        x: tuple[int, int, int], prices: tuple[int, int], direction: tuple[int, int], part: int
    ) -> None:
        nonlocal gave
        i, j = direction
        worth = (ETHER, *prices)
        held = tuple(
            max(1, value * ETHER // price // 10 ** (18 - places))
            for value, price, places in zip(x, worth, DECIMALS, strict=True)
        )
        assume(max(held) < PLENTY // 4)
        state = replace(recorded, balances=held, price_scale=prices)
        try:
            d = curve_crypto.invariant(state.amplification, state.gamma, curve_crypto.scaled(state, held))
        except ArithmeticError:
            assume(False)
        state = replace(state, d=d)
        dx = max(1, held[i] * part // 10**10)
        expected = worked_out(state, i, j, dx)
        with node.isolated():
            market.set(node, state)
            assert read(node, market) == state
            found = traded(node, market, i, j, dx)
        # Beyond what it gives, the pool also refuses to trade where its price moves out of its bounds.
        assert found in (expected, None)
        gave += found is not None

    agrees()
    assert gave > 30
