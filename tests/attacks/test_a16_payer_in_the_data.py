"""A16: payer, token or recipient are read from the data of a callback, which the caller wrote: the payment is
pulled from whoever approved the router.
"""

from __future__ import annotations

from devnet import abi
from devnet.node import ETHER
from executor.plan.format import Payer
from executor.plan.steps import Track
from tests.attacks.callbacks import PAIRS, SWAPS, calls, swap_data
from tests.attacks.scene import PATRON, THIEF, nothing_lost, refused, sent
from tests.attacks.thieves import Act, accomplice, plot, turns
from tests.contracts.schemes import plan_of, v3_through
from tests.contracts.venues.hops import token
from tests.support.routers import OPERATOR, OWNER, Desk

AMOUNT = 2 * ETHER


def forms(desk: Desk, payer: str) -> list[bytes]:
    """How routers that were robbed wrote the payer into the data."""
    weth, usdc = desk.book.tokens["WETH"], desk.book.tokens["USDC"]
    path = bytes.fromhex(weth[2:]) + (3000).to_bytes(3, "big") + bytes.fromhex(usdc[2:])
    who = bytes.fromhex(payer[2:])
    own = swap_data(desk, AMOUNT)
    return [
        # Uniswap's and PancakeSwap's SwapCallbackData: path and payer.
        abi.encode("((bytes,address))", (path, payer)),
        abi.encode("(address,address,uint24,address)", weth, usdc, 3000, payer),
        # RouteProcessor2's: token and payer.
        abi.encode("(address,address)", weth, payer),
        abi.encode("(address,address,address,uint256)", payer, THIEF, weth, AMOUNT),
        # This router's own, with the payer where the payer's kind, the token or the cap stands.
        bytes([Payer.TRACKED]) + who + own[21:] + who,
        bytes([Payer.TRACKED]) + own[1:] + who,
        bytes([3]) + own[1:] + who,
        bytes([255]) + own[1:],
        own[:21] + who[-16:],
    ]


def test_a_stranger_who_names_a_payer_in_his_data_is_refused(desk: Desk) -> None:
    thief = accomplice(desk)
    acts = [
        Act(desk.router, call)
        for person in (PATRON, OWNER)
        for data in forms(desk, person)
        for name, call in calls(desk, AMOUNT, thief, swap=data, loan=data).items()
        if name in (*SWAPS[:2], *PAIRS[:1])
    ]
    with nothing_lost(desk, thief):
        for at in range(0, len(acts), 27):
            plot(desk, thief, *acts[at : at + 27])
            sent(desk, THIEF, b"\x01", to=thief, gas=16_000_000)
        assert turns(desk, thief)[1] == 0
        # And straight, without a contract in between.
        for data in forms(desk, OPERATOR):
            call = abi.encode_call(SWAPS[0], AMOUNT, 0, data)
            assert refused(desk, THIEF, call).name == "CallbackNotRegistered"


def test_a_pool_that_may_call_back_cannot_name_another_payer_or_token(desk: Desk) -> None:
    """It is registered, and tries its own data before those that it was given."""
    pool = accomplice(desk)
    usdc = token(desk, "USDC")
    wrong = [
        Act(desk.router, abi.encode_call(SWAPS[0], 10**9, 0, data))
        for data in (
            *forms(desk, PATRON),
            swap_data(desk, 10**9, "USDC"),
            swap_data(desk, 10**9, "DAI", Payer.TRACKED) + bytes.fromhex(usdc[2:]),
        )
    ]
    promise = Act(desk.router, abi.encode_call(SWAPS[0], 0, 0, swap_data(desk, 0)), must=True)
    plot(desk, pool, *wrong, promise, answer=bytes(64))
    hop = v3_through(pool, 0)
    with nothing_lost(desk, pool):
        for plan in (plan_of(hop), plan_of(Track(usdc, (hop,)))):
            sent(desk, OPERATOR, plan, gas=9_000_000)
        assert turns(desk, pool) == (2, 2)


def test_the_token_that_is_paid_is_the_one_that_the_plan_named(desk: Desk) -> None:
    """The pool is owed a tracked token; that it holds the other one of the pair changes nothing."""
    pool, usdc = accomplice(desk), token(desk, "USDC")
    data = swap_data(desk, 10**9, payer=Payer.TRACKED) + bytes.fromhex(usdc[2:])
    asked = abi.encode_call(SWAPS[0], 0, 10**9, data)
    plot(desk, pool, Act(desk.router, asked, must=True), answer=bytes(64))
    with nothing_lost(desk, pool):
        plan = plan_of(Track(usdc, (v3_through(pool, 10**9, token=usdc),)))
        reason = refused(desk, OPERATOR, plan)
        assert (reason.name, reason.args["token"]) == ("TrackedTokenFell", usdc.lower())
