"""Curve's pools of the local chain: what is worked out of them, against what they then do, to the wei."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from devnet import ETHEREUM_FULL, Node
from devnet.book import NATIVE, PoolRecord
from devnet.market import trade_curve
from executor.domain.address import to_address
from executor.domain.errors import MathsError, PoolNotFoundError
from executor.domain.log import Log
from executor.domain.pool import Pool, VenueKind
from executor.domain.pool_details import CurveDetails, CurveRates, CurveShape
from executor.domain.token import Token
from executor.venues import curve_pools
from executor.venues.curve_pools import CryptoState, State
from tests.support.answers import read_from
from tests.support.lens import ask_lens

RECORDS = [pool for pool in ETHEREUM_FULL.pools if pool.venue.startswith("curve_")]
SHAPES = {
    "curve_stable": CurveShape.STABLE_CLASSIC,
    "curve_stable_ng": CurveShape.STABLE_ONCE,
    "curve_stable_ether": CurveShape.STABLE,
    "curve_stable_uint": CurveShape.STABLE,
    "curve_two_crypto": CurveShape.CRYPTO_TWO,
    "curve_tri_crypto": CurveShape.CRYPTO_THREE,
}
PARTS = (3, 97, 1_000_003)
LOST = 2
"""Wei that a transfer of staked ether may lose."""


@dataclass(frozen=True)
class Trade:
    """One direction of one pair of a pool of the book."""

    record: PoolRecord
    i: int
    j: int

    def __str__(self) -> str:
        return f"{self.record.name} {self.i} to {self.j}"

    @property
    def loses(self) -> int:
        """How much the coins' transfers may lose."""
        return LOST if self.record.venue == "curve_stable_ether" else 0


TRADES = [
    Trade(record, i, j)
    for record in RECORDS
    for i in range(len(record.tokens))
    for j in range(len(record.tokens))
    if i != j
]


def pool_of(node: Node, trade: Trade) -> tuple[Pool, bool]:
    """The pool as one of the pair, and the direction."""
    address = to_address(trade.record.address)
    identity = read_from(node, curve_pools.identify(address))
    details = identity.details
    assert isinstance(details, CurveDetails)
    sold, bought = (Token(1, details.coins[k], f"COIN{k}", details.decimals[k]) for k in (trade.i, trade.j))
    first, second = sorted((sold, bought), key=lambda token: int(token.address, 16))
    pool = Pool("curve", VenueKind.CURVE, address, first, second, trade.record.fee, details=details)
    return pool, pool.zero_for_one(sold)


def state_of(node: Node, trade: Trade) -> tuple[State, bool]:
    """What is read of the pool, and the direction."""
    pool, zero_for_one = pool_of(node, trade)
    return read_from(node, curve_pools.read(pool)), zero_for_one


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)
def test_a_pools_maths_are_known_by_its_quotes(ethereum_full_node: Node, record: PoolRecord) -> None:
    identity = read_from(ethereum_full_node, curve_pools.identify(to_address(record.address)))

    assert isinstance(identity.details, CurveDetails)
    assert identity.details.shape is SHAPES[record.venue]
    assert identity.tokens == identity.details.coins == tuple(to_address(token) for token in record.tokens)
    stored = record.venue == "curve_stable_ng"
    assert identity.details.rates is (CurveRates.STORED if stored else CurveRates.DECIMALS)


@pytest.mark.parametrize("trade", TRADES, ids=str)
def test_what_comes_out_and_what_the_pool_then_is_were_worked_out(ethereum_full: Node, trade: Trade) -> None:
    state, zero_for_one = state_of(ethereum_full, trade)
    sold, bought = (trade.record.tokens[k] for k in (trade.i, trade.j))
    for part in PARTS:
        amount = state.balances[trade.i] // part
        expected = curve_pools.amount_out(state, zero_for_one, amount)
        following = curve_pools.after(state, zero_for_one, amount)

        given = trade_curve(ethereum_full, trade.record, sold, amount, bought)

        assert 0 <= expected - given <= trade.loses
        state, _ = state_of(ethereum_full, trade)
        if not trade.loses:
            assert following == state
        for worked_out, told in zip(following.balances, state.balances, strict=True):
            assert abs(worked_out - told) <= trade.loses


@pytest.mark.parametrize("trade", TRADES, ids=str)
def test_no_less_would_have_done(ethereum_full_node: Node, trade: Trade) -> None:
    state, zero_for_one = state_of(ethereum_full_node, trade)
    for part in PARTS:
        wanted = state.balances[trade.j] // part
        try:
            needed = curve_pools.amount_in(state, zero_for_one, wanted)
        except MathsError:
            # A crypto pool does not sell a third of what it holds.
            assert isinstance(state, CryptoState)
            assert part == PARTS[0]
            continue

        assert curve_pools.amount_out(state, zero_for_one, needed) >= wanted
        assert curve_pools.amount_out(state, zero_for_one, needed - 1) < wanted


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.name)
def test_the_balances_are_what_the_pool_holds(ethereum_full_node: Node, record: PoolRecord) -> None:
    state, _ = state_of(ethereum_full_node, Trade(record, 0, 1))

    for token, balance in zip(record.tokens, state.balances, strict=True):
        held = (
            ethereum_full_node.balance(record.address)
            if token == NATIVE
            else ethereum_full_node.erc20_balance(token, record.address)
        )
        assert balance == held


def test_a_pool_that_was_not_identified_is_not_read(ethereum_full_node: Node) -> None:
    pool, _ = pool_of(ethereum_full_node, TRADES[0])
    unknown = Pool(pool.dex, pool.kind, pool.address, pool.token0, pool.token1, pool.fee)

    with pytest.raises(PoolNotFoundError, match="not asked for its coins"):
        read_from(ethereum_full_node, curve_pools.read(unknown))


@pytest.mark.parametrize("trade", TRADES, ids=str)
def test_the_lens_brings_the_state_in_one_call(ethereum_full_node: Node, trade: Trade) -> None:
    pool, _ = pool_of(ethereum_full_node, trade)
    (answer,) = ask_lens(ethereum_full_node, ("curve", curve_pools.lens_request(pool, (0, 0))))
    assert answer is not None

    assert curve_pools.lens_state(pool, answer) == read_from(ethereum_full_node, curve_pools.read(pool))
    with pytest.raises(PoolNotFoundError):
        curve_pools.lens_state(pool, answer[:-1])


FOLLOWED = [record for record in RECORDS if record.venue in ("curve_stable", "curve_stable_uint")]


@pytest.mark.parametrize("record", FOLLOWED, ids=lambda record: record.name)
def test_a_state_that_followed_the_log_is_the_one_that_is_read(
    ethereum_full: Node, record: PoolRecord
) -> None:
    state, _ = state_of(ethereum_full, Trade(record, 0, 1))
    assert curve_pools.followable(state)
    for trade in [trade for trade in TRADES if trade.record is record] * 2:
        amount = state.balances[trade.i] // 1_003
        first = ethereum_full.block_number + 1
        trade_curve(ethereum_full, record, record.tokens[trade.i], amount, record.tokens[trade.j])
        for log in logs_since(ethereum_full, first):
            followed = curve_pools.follow(state, log)
            assert followed is not None
            state = followed

    found, _ = state_of(ethereum_full, Trade(record, 0, 1))
    assert state == found


@pytest.mark.parametrize(
    "record", [record for record in RECORDS if record not in FOLLOWED], ids=lambda record: record.name
)
def test_a_pool_that_moves_by_itself_is_read_again_after_a_trade(
    ethereum_full: Node, record: PoolRecord
) -> None:
    state, _ = state_of(ethereum_full, Trade(record, 0, 1))
    assert not curve_pools.followable(state)
    first = ethereum_full.block_number + 1
    trade_curve(ethereum_full, record, record.tokens[0], state.balances[0] // 1_003, record.tokens[1])
    followed = [curve_pools.follow(state, log) for log in logs_since(ethereum_full, first)]

    assert followed.count(None) == 1
    assert all(each is state for each in followed if each is not None)


def logs_since(node: Node, first: int) -> list[Log]:
    """Everything that was logged from a block on."""
    found = node.rpc("eth_getLogs", {"fromBlock": hex(first), "toBlock": "latest"})
    return [
        Log(
            to_address(each["address"]),
            tuple(bytes.fromhex(topic[2:]) for topic in each["topics"]),
            bytes.fromhex(each["data"][2:]),
            int(each["blockNumber"], 16),
            each["blockHash"],
            int(each["logIndex"], 16),
        )
        for each in found
    ]
