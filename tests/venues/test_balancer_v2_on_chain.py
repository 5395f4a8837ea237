"""Balancer V2's pools in its Vault: what trades give and leave, what the logs tell, what the lens reads."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import pytest
from eth_hash.auto import keccak

from devnet import ETHEREUM, Node, abi, deal
from devnet.roles import account
from executor.domain.address import Address
from executor.domain.dex import Dex
from executor.domain.errors import MathsError, PoolNotFoundError
from executor.domain.log import Log
from executor.domain.pool import Pool, VenueKind
from executor.domain.pool_details import BalancerV2Details
from executor.venues import balancer_v2
from executor.venues.balancer_v2_state import BalancerV2State
from tests.support.answers import read_from
from tests.support.balancer_v2_pools import GENERATIONS, RATE_SECONDS, STABLE, WEIGHTED, WITH_RATES, Workshop
from tests.support.lens import ask_lens
from tests.support.logs import logs_since

TRADER = account("trader at balancer")
SWAP = "swap((bytes32,uint8,address,address,uint256,bytes),(address,bool,address,bool),uint256,uint256)"
FEE = 4 * 10**15
PERCENT = 10**16
RATE = 1_098765432109876543
NEVER = 2**63
SYMBOLS = ("DAI", "USDC", "USDT")
GIVEN_IN, GIVEN_OUT = 0, 1


class Opened(NamedTuple):
    """A pool with liquidity and its pair, and where it was made."""

    generation: str
    workshop: Workshop
    pool: Pool

    @property
    def details(self) -> BalancerV2Details:
        """The pool's details."""
        assert isinstance(self.pool.details, BalancerV2Details)
        return self.pool.details

    def state(self) -> BalancerV2State:
        """What the chain tells now."""
        return read_from(self.workshop.node, balancer_v2.read(self.pool))

    def trade(self, zero_for_one: bool, amount: int, kind: int = GIVEN_IN) -> int:
        """Somebody trades with the Vault; what they got, or for GIVEN_OUT what they paid."""
        node, vault = self.workshop.node, self.details.vault
        sold, bought = self.pool.token0, self.pool.token1
        if not zero_for_one:
            sold, bought = bought, sold
        most = amount if kind == GIVEN_IN else 10**6 * 10**sold.decimals
        deal.ensure_balance(node, sold.address, TRADER, most)
        for allowed in (0, most):
            node.send(TRADER, sold.address, abi.encode_call("approve(address,uint256)", vault, allowed))
        pool_id = bytes.fromhex(self.details.pool_id[2:])
        swap = (pool_id, kind, sold.address, bought.address, amount, b"")
        token = bought if kind == GIVEN_IN else sold
        before = node.erc20_balance(token.address, TRADER)
        limit = 0 if kind == GIVEN_IN else most
        funds = (TRADER, False, TRADER, False)
        node.send(TRADER, vault, abi.encode_call(SWAP, swap, funds, limit, NEVER))
        return abs(node.erc20_balance(token.address, TRADER) - before)


@pytest.fixture(scope="module")
def workshop(ethereum_node: Node) -> Iterator[Workshop]:
    """Factories of all generations beside the Vault; gone after these tests."""
    with ethereum_node.isolated():
        yield Workshop(ethereum_node)


@pytest.fixture(scope="module", params=list(GENERATIONS))
def made(workshop: Workshop, request: pytest.FixtureRequest) -> Opened:
    """A pool of two or three dollars with liquidity, one at a rate where the generation takes rates."""
    generation = request.param
    symbols = SYMBOLS[:2] if generation == "meta stable" else SYMBOLS
    shape: object = [30 * PERCENT, 50 * PERCENT, 20 * PERCENT] if generation in WEIGHTED else 321
    rates = (RATE, *[0] * (len(symbols) - 1)) if generation in WITH_RATES else ()
    address = workshop.make(generation, symbols, shape, FEE, rates)
    pool = workshop.pool(address, "DAI", "USDC")
    held = [900_000 * 10**18, 1_100_000 * 10**6, 800_000 * 10**6]
    workshop.join(address, held[: len(symbols)], first=True)
    return Opened(generation, workshop, pool)


@pytest.fixture
def opened(made: Opened) -> Iterator[Opened]:
    """The pool as it was made; what a test does to it is undone."""
    with made.workshop.node.isolated():
        yield made


def test_a_trade_gives_and_leaves_what_was_worked_out(opened: Opened) -> None:
    chance = random.Random(5)
    for number in range(6):
        zero_for_one = number % 2 == 0
        state = opened.state()
        token = opened.pool.token0 if zero_for_one else opened.pool.token1
        amount = chance.randrange(1, 10 ** (token.decimals + 5))
        expected = balancer_v2.amount_out(state, zero_for_one, amount)

        assert opened.trade(zero_for_one, amount) == expected
        assert opened.state() == balancer_v2.after(state, zero_for_one, amount)


def test_a_trade_for_an_exact_output_costs_what_was_worked_out(opened: Opened) -> None:
    state, wanted = opened.state(), 12_345_678_901
    expected = balancer_v2.exact_out(state, True, wanted)

    assert opened.trade(True, wanted, GIVEN_OUT) == expected
    assert balancer_v2.amount_out(state, True, balancer_v2.amount_in(state, True, wanted)) >= wanted


def test_the_followed_state_is_the_one_that_is_read(opened: Opened) -> None:
    node, workshop = opened.workshop.node, opened.workshop
    chance, state = random.Random(9), opened.state()
    emitters = balancer_v2.emitters(opened.pool)
    for number in range(5):
        block = node.block_number
        zero_for_one = chance.random() < 0.5
        token = opened.pool.token0 if zero_for_one else opened.pool.token1
        opened.trade(zero_for_one, chance.randrange(1, 10 ** (token.decimals + 5)))
        if number == 2:
            change_fee(opened, 2 * FEE)
        # Phantom pools are joined by trading their own token only.
        if number == 3 and opened.generation != "phantom stable":
            with_protocol_fees(opened)
            workshop.join(opened.pool.address, [10**21, 10**9, 2 * 10**9][: len(state.balances)])
        expected = opened.state()
        followed: BalancerV2State | None = state
        for log in logs_since(node, block, emitters):
            if log.topics[0] in balancer_v2.TOPICS and followed is not None:
                followed = balancer_v2.follow(followed, log)
        if balancer_v2.followable(state):
            assert followed == expected
        else:
            assert followed is None
        state = expected


def change_fee(opened: Opened, fee: int) -> None:
    """The pool's owner sets its fee."""
    call = abi.encode_call("setSwapFeePercentage(uint256)", fee)
    opened.workshop.node.send(opened.workshop.owner, opened.pool.address, call)


def with_protocol_fees(opened: Opened) -> None:
    """The protocol takes a part of the fees from now on, where it did not."""
    node = opened.workshop.node
    collector = ETHEREUM.contracts["balancer_v2_protocol_fees_collector"]
    authorizer = ETHEREUM.contracts.get("balancer_v2_authorizer", account("balancer authorizer"))
    call = abi.encode_call("setSwapFeePercentage(uint256)", 50 * PERCENT)
    action = node.call(collector, abi.encode_call("getActionId(bytes4)", call[:4]))
    admin = account("balancer admin")
    grant = abi.encode_call("grantRole(bytes32,address)", action, admin)
    node.send(admin, authorizer, grant)
    node.send(admin, collector, call)


def log_of(emitter: Address, event: bytes, flag: bool) -> Log:
    """An event with one flag."""
    return Log(emitter, (keccak(event),), int(flag).to_bytes(32), 1, "0x", 0)


def test_the_lens_reads_what_a_reading_reads(opened: Opened) -> None:
    node = opened.workshop.node
    request = balancer_v2.lens_request(opened.pool, (0, 0))
    for seconds in (0, 2 * RATE_SECONDS):
        node.increase_time(seconds + 1)
        (answer,) = ask_lens(node, ("balancer_v2", request))
        assert answer is not None
        assert balancer_v2.lens_state(opened.pool, answer) == opened.state()


@pytest.mark.parametrize("made", WITH_RATES, indirect=True)
def test_a_rate_whose_time_is_over_is_asked_for_anew(opened: Opened) -> None:
    node, before = opened.workshop.node, opened.state()
    assert not balancer_v2.followable(before)
    opened.workshop.set_rate(opened.pool.token0.address, RATE * 11 // 10)
    assert opened.state() == before

    node.increase_time(2 * RATE_SECONDS)
    state, amount = opened.state(), 3_000 * 10**18
    assert (state.later_scaling or state.scaling)[0] == RATE * 11 // 10

    assert opened.trade(True, amount) == balancer_v2.amount_out(state, True, amount)
    assert opened.state() == balancer_v2.after(state, True, amount)


@pytest.mark.parametrize("made", [WEIGHTED[-1], STABLE[0]], indirect=True)
def test_a_paused_pool_is_refused(opened: Opened) -> None:
    state, pool = opened.state(), opened.pool
    paused = balancer_v2.follow(state, log_of(pool.address, b"PausedStateChanged(bool)", True))
    assert paused is not None
    with pytest.raises(MathsError, match="paused"):
        balancer_v2.amount_out(paused, True, 10**18)
    assert balancer_v2.follow(paused, log_of(pool.address, b"PausedStateChanged(bool)", False)) is None


@pytest.mark.parametrize("made", [STABLE[0]], indirect=True)
def test_a_pool_whose_amplification_moves_cannot_be_followed(opened: Opened) -> None:
    node = opened.workshop.node
    end = int(node.block()["timestamp"], 16) + 3 * 86_400
    call = abi.encode_call("startAmplificationParameterUpdate(uint256,uint256)", 400, end)
    before, block = opened.state(), node.block_number
    node.send(opened.workshop.owner, opened.pool.address, call)

    assert not balancer_v2.followable(opened.state())
    logs = logs_since(node, block, balancer_v2.emitters(opened.pool))
    assert any(balancer_v2.follow(before, log) is None for log in logs)


@pytest.mark.parametrize("made", [WEIGHTED[-1]], indirect=True)
def test_the_vault_says_whether_a_pool_is_its_own(opened: Opened) -> None:
    node, vault = opened.workshop.node, opened.details.vault
    identity = read_from(node, balancer_v2.identify(opened.pool.address))
    assert identity.factory == vault
    assert {identity.token0, identity.token1} <= set(opened.details.tokens)
    dex = Dex("balancer_v2", VenueKind.BALANCER_V2, vault)
    assert read_from(node, balancer_v2.belongs(dex, identity)) is True
    stranger = replace(identity, address=opened.pool.token0.address)
    assert read_from(node, balancer_v2.belongs(dex, stranger)) is False
    with pytest.raises(PoolNotFoundError, match="DAI and USDC"):
        read_from(node, balancer_v2.find(dex, opened.pool.token0, opened.pool.token1))
