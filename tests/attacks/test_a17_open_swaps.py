"""A17: an open swap function spends what the contract holds, to a receiver or through a pool that the caller
chose: there have been many, one of which gave away 116.7 ETH through a pool made for the purpose.
"""

from __future__ import annotations

import pytest

from devnet import abi
from devnet.node import ETHER
from executor.domain.address import Address, to_address
from executor.domain.deployment import Part
from executor.plan import Tip
from executor.plan.batch import BatchEntry, encode_batch
from executor.plan.encoding import encode_plan
from executor.plan.format import Payer, Recipient, V2Output
from executor.plan.simulated import simulation_of
from executor.plan.steps import DecodedPlan, Header, Step, V2Swap
from tests.attacks.scene import THIEF, nothing_lost, refused, sent
from tests.attacks.steps import loans, venues
from tests.attacks.thieves import Act, accomplice, hook_token, pair_of, plot, try_all, turns
from tests.contracts.schemes import place, plan_of, scheme, v2_through, v3_through
from tests.contracts.venues.hops import token
from tests.support.routers import FOREVER, OPERATOR, PAUSER, Desk

STOLEN = 40 * ETHER


def entries(plan: bytes) -> dict[str, bytes]:
    """The ways in for a plan."""
    return {
        "execute": plan,
        "batch": encode_batch([BatchEntry(plan, 1_000_000)]),
        "simulate": simulation_of(plan),
    }


@pytest.fixture
def fresh_pair(desk: Desk) -> Address:
    """A real pair of WETH and a token of the thief's, in which everything belongs to the thief."""
    worthless = hook_token(desk)
    return pair_of(desk, worthless, "WETH", 10**30, ETHER)


def thefts(desk: Desk, pair: Address) -> list[Step]:
    """Steps that would empty the router, if anybody could run them."""
    own = place(desk, "Schemer")
    scheme(desk, own, asked=(STOLEN, 0))
    away = V2Swap(
        to_address(desk.record("uniswap_v2 USDC/WETH").address),
        False,
        Payer.SETTLEMENT,
        Recipient.EXPLICIT,
        V2Output.COMPUTED,
        30,
        STOLEN,
        to=to_address(THIEF),
    )
    into_the_pair = V2Swap(
        pair, True, Payer.SETTLEMENT, Recipient.ROUTER, V2Output.LITERAL, 30, STOLEN, amount_out=1
    )
    return [away, into_the_pair, v2_through(own, STOLEN), v3_through(own, STOLEN)]


def test_nobody_but_an_operator_swaps_with_the_routers_money(desk: Desk, fresh_pair: Address) -> None:
    """Through no step and no way in."""
    thief, stolen = accomplice(desk), thefts(desk, fresh_pair)
    steps = [*stolen, *venues(desk, ETHER).values(), *loans(desk, ETHER).values()]
    tried = [call for step in steps for call in entries(plan_of(step)).values()]
    with nothing_lost(desk, thief, fresh_pair):
        assert try_all(desk, thief, desk.router, tried) == 0
        for step in stolen:
            for number, (way, call) in enumerate(entries(plan_of(step)).items()):
                sender = (THIEF, PAUSER)[number % 2]
                assert refused(desk, sender, call).name == "NotOperator", (way, step)


def test_the_parts_swap_with_nobodys_money(desk: Desk, fresh_pair: Address) -> None:
    """What the extension takes as a step it takes from the router alone."""
    weth, thief = desk.book.tokens["WETH"], accomplice(desk)
    with nothing_lost(desk, thief, fresh_pair):
        for step in thefts(desk, fresh_pair):
            raw = abi.encode("(address,uint256,uint256)", weth, 0, 0) + step.encode()
            for part in (Part.EXTENSION, Part.CONTROL, Part.SIMULATOR):
                tried = (raw, *entries(plan_of(step)).values())
                assert try_all(desk, thief, desk.parts[part], tried) == 0
            # The router takes no step on its own.
            assert refused(desk, THIEF, raw).name == "UnknownFunction"


def test_a_contract_that_the_operator_calls_is_not_the_operator(desk: Desk, fresh_pair: Address) -> None:
    """He is lured into calling a thief's contract, which calls on the router: by its own address."""
    lure = accomplice(desk)
    acts = [
        Act(desk.router, call)
        for step in thefts(desk, fresh_pair)
        for call in entries(plan_of(step)).values()
    ]
    plot(desk, lure, *acts)
    with nothing_lost(desk, lure, fresh_pair):
        sent(desk, OPERATOR, b"\x01", to=lure, gas=12_000_000)
        assert turns(desk, lure) == (1, 0)


def test_not_even_an_operator_swaps_the_routers_money_away(desk: Desk, fresh_pair: Address) -> None:
    """A thief with his key asks for no profit, and for all as a tip."""
    tip = Tip(10_000, 2**96 - 1, to_address(THIEF))
    with nothing_lost(desk, fresh_pair):
        for step in thefts(desk, fresh_pair):
            tipped = encode_plan(DecodedPlan(Header(0, FOREVER, 0, tip=tip), (step,)))
            for plan in (plan_of(step), tipped):
                assert refused(desk, OPERATOR, plan).name == "ProfitBelowMinimum", step
        assert desk.node.erc20_balance(token(desk, "USDC"), THIEF) == 0
