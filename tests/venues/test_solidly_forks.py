"""Older pools of the Solidly shape: known where they quote the same, left to simulation where not."""

from __future__ import annotations

from functools import cache
from random import Random

import pytest

from devnet import Node, abi
from devnet.artifacts import Artifact
from devnet.compiler import compile_files
from devnet.place import Placer
from executor.domain.address import Address, to_address
from executor.domain.dex import Dex
from executor.domain.errors import MathsError
from executor.domain.pool import Pool, VenueKind
from executor.venues import solidly
from tests.support.answers import read_from
from tests.support.lens import ask_lens
from tests.support.market import DAI, WETH

RESERVES = (123_456_789 * 10**18 + 17, 98_765_432 * 10**18 + 5)


@cache
def code() -> dict[str, Artifact]:
    """The models, by name."""
    return compile_files(["tests/venues/solidity/OldSolidly.sol"])


def open_pool(node: Node, *, stable: bool, reserves: tuple[int, int] = RESERVES) -> tuple[Dex, Pool]:
    """A factory with one pool, as the executor finds it."""
    placer = Placer(node)
    factory: Address = to_address(placer.deploy(code()["OldFactoryModel"]))
    create = "createPair(address,address,bool,uint256,uint256)"
    placer.call(placer.deployer, factory, create, WETH.address, DAI.address, stable, *reserves)
    dex = Dex("old", VenueKind.SOLIDLY, factory)
    (pool,) = read_from(node, solidly.find(dex, WETH, DAI))
    return dex, pool


def told(node: Node, pool: Pool, zero_for_one: bool, amount: int) -> int:
    """What the pool itself quotes."""
    token_in = WETH if zero_for_one else DAI
    call = abi.encode_call("getAmountOut(uint256,address)", amount, token_in.address)
    return int.from_bytes(node.call(pool.address, call), "big")


@pytest.mark.parametrize(("stable", "fee_bps"), [(False, 20), (True, 2)])
def test_a_pool_whose_factory_tells_one_fee_for_its_kind_is_exact(
    ethereum: Node, stable: bool, fee_bps: int
) -> None:
    """The older search for the stable curve ends at the same integer in pools of more than dust."""
    dex, pool = open_pool(ethereum, stable=stable)
    assert pool.fee == 100 * fee_bps

    state = read_from(ethereum, solidly.read(pool))

    assert (state.exact, state.fee_bps, state.paused) == (True, fee_bps, False)
    assert read_from(ethereum, solidly.belongs(dex, read_from(ethereum, solidly.identify(pool.address))))
    random = Random(7)
    for zero_for_one in (True, False):
        for _ in range(150):
            amount = random.getrandbits(random.randint(1, 90)) + 1
            assert solidly.amount_out(state, zero_for_one, amount) == told(
                ethereum, pool, zero_for_one, amount
            )
    (answer,) = ask_lens(ethereum, ("solidly", solidly.lens_request(pool, (0, 0))))
    assert answer is not None and solidly.lens_state(pool, answer) == state


def test_an_older_stable_pool_that_rounds_otherwise_is_left_to_simulation(ethereum: Node) -> None:
    _, pool = open_pool(ethereum, stable=True, reserves=(10**14 + 17, 2 * 10**14 + 5))
    state = read_from(ethereum, solidly.read(pool))
    assert not state.exact
    with pytest.raises(MathsError) as refused:
        solidly.amount_out(state, True, 10**13)
    assert "simulate" in refused.value.fix
    (answer,) = ask_lens(ethereum, ("solidly", solidly.lens_request(pool, (0, 0))))
    assert answer is not None and solidly.lens_state(pool, answer) == state
