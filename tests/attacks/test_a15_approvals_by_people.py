"""A15: the operator, the owner or a firm has approved the router, for all that they hold. No path of the code
may spend that, for a stranger or for a thief who has the operator's key.
"""

from __future__ import annotations

from random import Random

from devnet import abi
from devnet.node import ETHER
from executor.domain.address import to_address
from executor.plan.batch import BatchEntry, encode_batch
from executor.plan.encoding import encode_steps
from executor.plan.format import Payer, Recipient, V2Output
from executor.plan.steps import Step, Track, V2Swap
from tests.attacks.callbacks import calls
from tests.attacks.outgoing import outgoing
from tests.attacks.scene import MAX, PATRON, STOCK, THIEF, nothing_lost, refused, sent
from tests.attacks.test_a13_tokens_as_pools import DANGEROUS, steps_at
from tests.attacks.thieves import accomplice, try_all
from tests.contracts.schemes import plan_of, v3_through
from tests.contracts.venues.hops import token
from tests.support.routers import OPERATOR, OWNER, Desk

FAR = 2**48 - 1
PERMIT2_APPROVE = "approve(address,address,uint160,uint48)"


def approve_through_permit2(desk: Desk) -> None:
    """The patron has approved Permit2, and there the router."""
    permit2 = desk.book.contracts["permit2"]
    for symbol in ("WETH", "USDC", "DAI"):
        asset = desk.book.tokens[symbol]
        desk.node.send(PATRON, asset, abi.encode_call("approve(address,uint256)", permit2, MAX))
        allow = abi.encode_call(PERMIT2_APPROVE, asset, desk.router, 2**160 - 1, FAR)
        desk.node.send(PATRON, permit2, allow)


def test_the_people_have_approved_the_router(desk: Desk) -> None:
    """Else what follows would prove nothing."""
    for symbol in STOCK:
        for person in (OPERATOR, OWNER, PATRON):
            data = abi.encode_call("allowance(address,address)", person, desk.router)
            assert int.from_bytes(desk.node.call(desk.book.tokens[symbol], data), "big") > 10**30
            assert desk.node.erc20_balance(desk.book.tokens[symbol], person) > 0


def test_a_stranger_can_use_no_approval_of_theirs(desk: Desk) -> None:
    """Not by naming them in a callback, in a step or in a call of a token."""
    approve_through_permit2(desk)
    weth = desk.book.tokens["WETH"]
    tried = [
        abi.encode_call("transferFrom(address,address,uint256)", PATRON, THIEF, 1),
        abi.encode_call("pull(address,address,uint256)", weth, PATRON, 1),
        *(call for person in (PATRON, OWNER, OPERATOR) for call in calls(desk, ETHER, person).values()),
    ]
    thief = accomplice(desk)
    with nothing_lost(desk, thief):
        assert try_all(desk, thief, desk.router, tried) == 0
        assert not any(outgoing(desk, THIEF, call) for call in tried)


def thefts(desk: Desk) -> list[bytes]:
    """Plans of a thief who has the operator's key, in which the people stand in every place that a step has
    for an address.
    """
    people = [to_address(person) for person in (PATRON, OWNER, OPERATOR)]
    assets = [token(desk, symbol) for symbol in ("WETH", "USDC", "DAI")]
    plans = [plan_of(step) for person in people for step in steps_at(person, ETHER, desk)]
    random = Random(15)
    pools = [to_address(desk.record(name).address) for name in ("uniswap_v2 USDC/WETH", "sushi_v2 USDC/WETH")]
    for _ in range(120):
        asset = random.choice(assets)
        swap: Step = V2Swap(
            random.choice([*pools, *people, *assets]),
            random.random() < 0.5,
            random.choice(list(Payer)),
            random.choice(list(Recipient)),
            random.choice(list(V2Output)),
            30,
            random.choice([None, 0, 1, ETHER]),
            amount_out=random.choice([0, 1, ETHER]),
            token=asset,
            to=random.choice(people),
        )
        inside = (swap,) if random.random() < 0.5 else (v3_through(random.choice(people), 1), swap)
        # Without the encoder's scruples about a next pool that is none.
        plans.append(plan_of(settlement=random.randrange(4)) + encode_steps((Track(asset, inside),)))
    return plans


def test_a_thief_with_the_operators_key_can_use_no_approval_of_theirs(desk: Desk) -> None:
    """He may do what an operator may; the people and the router keep what they have."""
    approve_through_permit2(desk)
    plans = thefts(desk)
    with nothing_lost(desk):
        for at in range(0, len(plans), 24):
            batch = encode_batch([BatchEntry(plan, 600_000) for plan in plans[at : at + 24]])
            sent(desk, OPERATOR, batch, gas=16_000_000)
            said = {call.selector for call in outgoing(desk, OPERATOR, batch)}
            assert said.isdisjoint(DANGEROUS)


def test_a_pool_that_names_a_person_as_payer_is_paid_by_the_router_or_not_at_all(desk: Desk) -> None:
    """There are three kinds of payer, none of which is a person: other numbers are no step."""
    with nothing_lost(desk):
        hop = v3_through(to_address(PATRON), ETHER)
        head = bytearray(plan_of(hop))
        flags = len(plan_of()) + 1
        head[flags] |= 0x0C
        reason = refused(desk, OPERATOR, bytes(head))
        assert reason.name == "UnknownStep"
