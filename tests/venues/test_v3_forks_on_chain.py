"""Every fork of Uniswap V3 that the local chains have: what its own bytecode gives is what was quoted, and a
followed pool is the one that is read again.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from devnet import BASE_FULL, ETHEREUM_FULL, Node, abi
from devnet.book import AddressBook, PoolRecord
from devnet.errors import RpcError, TransactionError
from devnet.market import HIGHEST_PRICE, LOWEST_PRICE
from devnet.protocols import algebra
from devnet.protocols.tokens import TREASURY
from executor.domain.address import to_address
from executor.domain.errors import MathsError, TicksUnknownError
from executor.domain.market import V3State
from executor.domain.pool import Pool, V3Callback, VenueKind
from executor.domain.token import Token
from executor.venues import uniswap_v3
from executor.venues.uniswap_v3_maths import MAX_TICK
from tests.support.answers import read_from
from tests.support.lens import ask_lens
from tests.support.logs import logs_since

NOBODY = "0x000000000000000000000000000000000000dEaD"
CALLBACKS = {
    "pancake_v3": V3Callback.PANCAKE,
    "algebra": V3Callback.ALGEBRA,
    "solidly_v3": V3Callback.SOLIDLY,
}
FORKS = ["uniswap_v3 USDC/WETH 500", "pancake_v3 USDC/WETH 500", "solidly_v3", "slipstream", "algebra"]
amounts = st.integers(1, 1_000) | st.integers(1, 10**12) | st.integers(1, 10**18)
shapes = st.tuples(st.integers(-80, 80), st.integers(1, 200), st.integers(10**3, 10**17))
on_a_node = settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)


class Fork:
    """One pool of a fork on its node."""

    def __init__(self, node: Node, book: AddressBook, record: PoolRecord) -> None:
        self.node = node
        token0, token1 = (
            Token(book.chain_id, to_address(token), book.symbol(token), 18) for token in record.tokens
        )
        self.pool = Pool(
            record.venue,
            VenueKind.UNISWAP_V3,
            to_address(record.address),
            token0,
            token1,
            record.fee,
            record.tick_spacing,
            CALLBACKS.get(record.venue, V3Callback.UNISWAP),
        )

    @property
    def algebra(self) -> bool:
        return self.pool.callback is V3Callback.ALGEBRA

    def state(self) -> V3State:
        """The pool with its ticks far to both sides, by the lens."""
        request = uniswap_v3.lens_request(self.pool, (10**34, 10**34))
        (answer,) = ask_lens(self.node, ("uniswap_v3", request))
        assert answer is not None
        return uniswap_v3.lens_state(self.pool, answer)

    def provide(self, shape: tuple[int, int, int], tick: int) -> None:
        spacing = self.pool.tick_spacing
        outermost = MAX_TICK // spacing
        lower = max(-outermost, min(outermost - shape[1], tick // spacing + shape[0]))
        position = (lower * spacing, (lower + shape[1]) * spacing, shape[2])
        if self.algebra:
            call = abi.encode_call(
                "mint(address,address,int24,int24,uint128)", self.pool.address, TREASURY, *position
            )
            self.node.send(TREASURY, algebra.TRADER_CONTRACT, call, gas=3_000_000)
            return
        call = abi.encode_call("mint(address,int24,int24,uint128)", self.pool.address, *position)
        self.node.send(TREASURY, TREASURY, call, gas=3_000_000)

    def swap(self, zero_for_one: bool, amount: int) -> None:
        """Sell so much of it as the pool takes."""
        to, call = self._swap(zero_for_one, amount)
        self.node.send(TREASURY, to, call, gas=12_000_000)

    def quoted(self, zero_for_one: bool, amount: int) -> tuple[int, int]:
        """What a swap by somebody else takes and gives: positive exactly in, negative exactly out."""
        to, call = self._swap(zero_for_one, amount)
        amount0, amount1 = abi.decode("(int256,int256)", self.node.call(to, call, from_=TREASURY))
        return (amount0, -amount1) if zero_for_one else (amount1, -amount0)

    def _swap(self, zero_for_one: bool, amount: int) -> tuple[str, bytes]:
        if self.algebra:
            name = "swapExact0For1" if zero_for_one else "swapExact1For0"
            limit = LOWEST_PRICE if zero_for_one else HIGHEST_PRICE
            of = (self.pool.address, amount, NOBODY, limit)
            return algebra.TRADER_CONTRACT, abi.encode_call(f"{name}(address,uint256,address,uint160)", *of)
        arguments = (self.pool.address, NOBODY, zero_for_one, amount)
        return TREASURY, abi.encode_call("swap(address,address,bool,int256)", *arguments)


@pytest.fixture(params=FORKS)
def fork(request: pytest.FixtureRequest) -> Fork:
    name = str(request.param)
    book = BASE_FULL if name == "slipstream" else ETHEREUM_FULL
    node: Node = request.getfixturevalue("base_full" if book is BASE_FULL else "ethereum_full")
    return Fork(node, book, next(record for record in book.pools if record.name.startswith(name)))


def moves() -> Any:
    return st.lists(st.tuples(st.booleans(), amounts, st.none() | shapes), min_size=2, max_size=5)


@on_a_node
@given(
    shape=shapes,
    asked=st.lists(st.tuples(st.booleans(), amounts, st.booleans()), min_size=30, max_size=50),
)
def test_the_bytecode_gives_what_was_quoted(
    fork: Fork, shape: tuple[int, int, int], asked: list[tuple[bool, int, bool]]
) -> None:
    if fork.algebra:
        pytest.skip("its test router returns no amounts; the next test swaps in earnest")
    state = fork.state()
    fork.provide(shape, state.tick)
    state = fork.state()
    for zero_for_one, amount, exact_out in asked:
        specified = -amount if exact_out else amount
        try:
            paid, given_out = fork.quoted(zero_for_one, specified)
        except RpcError:
            # Nothing comes out of a pool that would have to pay more than it has.
            with pytest.raises((MathsError, TicksUnknownError)):
                uniswap_v3.amount_out(state, zero_for_one, amount)
            continue
        try:
            done = uniswap_v3.quote(state, zero_for_one, specified)
        except TicksUnknownError:
            assert paid > 10**12
            continue
        assert (done.amount_in, done.amount_out) == (paid, given_out)
        if not exact_out and paid == amount:
            assert uniswap_v3.amount_out(state, zero_for_one, amount) == given_out


@on_a_node
@given(moves=moves())
def test_a_followed_pool_is_the_one_that_is_read_again(
    fork: Fork, moves: list[tuple[bool, int, tuple[int, int, int] | None]]
) -> None:
    followed, seen = fork.state(), fork.node.block_number
    for zero_for_one, amount, shape in moves:
        try:
            foretold = uniswap_v3.quote(followed, zero_for_one, amount)
        except (MathsError, TicksUnknownError):
            # Drained earlier, or by this much.
            continue
        fork.swap(zero_for_one, amount)
        if shape is not None:
            # At a far price the treasury may have too little for it: then nothing has changed.
            with suppress(TransactionError):
                fork.provide(shape, foretold.tick)
        for log in logs_since(fork.node, seen, uniswap_v3.emitters(fork.pool)):
            after = uniswap_v3.follow(followed, log)
            assert after is not None
            if (after.sqrt_price_x96, after.tick) != (followed.sqrt_price_x96, followed.tick):
                assert (after.sqrt_price_x96, after.tick, after.liquidity) == (
                    foretold.sqrt_price_x96,
                    foretold.tick,
                    foretold.liquidity,
                )
                amount0, amount1 = abi.decode("(int256,int256)", log.data[:64])
                assert (amount0, amount1) == (
                    (foretold.amount_in, -foretold.amount_out)
                    if zero_for_one
                    else (-foretold.amount_out, foretold.amount_in)
                )
            followed = after
        seen = fork.node.block_number
        again = fork.state()
        common = max(again.known_low, followed.known_low), min(again.known_high, followed.known_high)
        assert within(followed, common) == within(again, common)


def within(state: V3State, known: tuple[int, int]) -> V3State:
    """The state as if only these ticks were known."""
    ticks = {tick: net for tick, net in state.ticks.items() if known[0] <= tick <= known[1]}
    return replace(state, ticks=ticks, known_low=known[0], known_high=known[1])


def test_reading_call_by_call_tells_what_the_lens_tells(fork: Fork) -> None:
    state, seen = read_from(fork.node, uniswap_v3.read(fork.pool)), fork.state()
    known = max(state.known_low, seen.known_low), min(state.known_high, seen.known_high)

    assert within(state, known) == within(seen, known)
    wider = read_from(fork.node, uniswap_v3.extend(state, True))
    assert wider.known_low < state.known_low
    known = max(wider.known_low, seen.known_low), min(wider.known_high, seen.known_high)
    assert within(wider, known) == within(seen, known)


def test_a_fork_is_known_by_what_it_says_of_itself(fork: Fork) -> None:
    identity = read_from(fork.node, uniswap_v3.identify(fork.pool.address))

    assert (identity.token0, identity.token1) == (fork.pool.token0.address, fork.pool.token1.address)
    assert identity.tick_spacing == fork.pool.tick_spacing
    assert identity.callback is (V3Callback.ALGEBRA if fork.algebra else None)


def test_a_fee_that_algebras_owner_sets_is_followed(ethereum_full: Node) -> None:
    record = next(each for each in ETHEREUM_FULL.pools if each.venue == "algebra")
    fork = Fork(ethereum_full, ETHEREUM_FULL, record)
    before, seen = fork.state(), ethereum_full.block_number
    ethereum_full.send(algebra.OWNER, fork.pool.address, abi.encode_call("setFee(uint16)", 4_321))
    followed = before
    for log in logs_since(ethereum_full, seen, (fork.pool.address,)):
        after = uniswap_v3.follow(followed, log)
        assert after is not None
        followed = after

    assert followed == fork.state()
    assert followed.fee(True) == followed.fee(False) == 4_321
    assert uniswap_v3.followable(followed)
    received = ethereum_full.erc20_balance(fork.pool.token1.address, NOBODY)
    fork.swap(True, 10**9)
    received = ethereum_full.erc20_balance(fork.pool.token1.address, NOBODY) - received
    assert received == uniswap_v3.amount_out(followed, True, 10**9)


def test_a_plugin_that_may_change_the_fee_makes_an_algebra_pool_one_to_read_again(
    ethereum_full: Node,
) -> None:
    record = next(each for each in ETHEREUM_FULL.pools if each.venue == "algebra")
    fork = Fork(ethereum_full, ETHEREUM_FULL, record)
    before, seen = fork.state(), ethereum_full.block_number
    plugin = abi.encode_call("setPlugin(address)", TREASURY)
    config = abi.encode_call("setPluginConfig(uint8)", 1)
    for call in (plugin, config):
        ethereum_full.send(algebra.OWNER, fork.pool.address, call)

    logs = logs_since(ethereum_full, seen, (fork.pool.address,))
    assert {uniswap_v3.follow(before, log) for log in logs} == {None}
    assert not uniswap_v3.followable(fork.state())
    assert not uniswap_v3.followable(read_from(ethereum_full, uniswap_v3.read(fork.pool)))


def test_a_fee_module_makes_a_slipstream_pool_one_to_read_again(base_full: Node) -> None:
    record = next(each for each in BASE_FULL.pools if each.venue == "slipstream")
    fork = Fork(base_full, BASE_FULL, record)
    assert uniswap_v3.followable(fork.state())
    factory = BASE_FULL.contracts["slipstream_factory"]
    manager = base_full.call(factory, abi.encode_call("swapFeeManager()"))[-20:].hex()
    # return(0, 32) over a memory whose first word is 1,234.
    module, answers = "0x00000000000000000000000000000000000fee00", bytes.fromhex("6104d260005260206000f3")
    base_full.set_code(module, answers)
    base_full.set_balance(f"0x{manager}", 10**18)
    set_module = abi.encode_call("setSwapFeeModule(address)", module)
    base_full.send(f"0x{manager}", factory, set_module, gas=200_000)

    for state in (fork.state(), read_from(base_full, uniswap_v3.read(fork.pool))):
        assert state.fee(True) == state.fee(False) == 1_234
        assert not uniswap_v3.followable(state)
        paid, given_out = fork.quoted(True, 10**9)
        assert uniswap_v3.amount_out(state, True, paid) == given_out
