"""A12: an allowance that a trade leaves behind, to be used later. False pools, vaults and lenders that looked
profitable have collected such allowances over months before they were swept.

Whatever the router approves in a transaction, also in parts of it that fail, is read from its trace.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from devnet import abi
from devnet.node import ETHER
from executor.domain.address import Address
from executor.plan.batch import BatchEntry, encode_batch
from executor.plan.format import AaveV3Market, Opcode, Payer, Recipient
from executor.plan.steps import (
    BalancerV2Swap,
    CurveExchange,
    ERC4626Deposit,
    Loan,
    MakerPSMSwap,
    Step,
    Track,
)
from tests.attacks.outgoing import outgoing
from tests.attacks.scene import MAX, THIEF, allowances, nothing_lost, place, refused, sent
from tests.attacks.steps import pool
from tests.attacks.thieves import Act, accomplice, act_through, plot, pretend
from tests.contracts.lenders.loans import desk_of, play
from tests.contracts.lenders.loans import place as place_lender
from tests.contracts.schemes import place as place_lazy
from tests.contracts.venues.hops import gift, hand, plan, token
from tests.support import peg_modules
from tests.support.routers import OPERATOR, Desk

APPROVE = abi.selector("approve(address,uint256)")
DOLLARS = 1_000 * 10**6
CURVE_POOLS = {
    "curve_stable DAI/USDC/USDT": (1, 0, "DAI"),
    "curve_stable_ng USDC/USDT": (0, 1, "USDT"),
    "curve_stable_uint DAI/USDC": (1, 0, "DAI"),
    "curve_two_crypto USDC/WETH": (0, 1, "WETH"),
}


def approved(desk: Desk, calldata: bytes) -> set[tuple[str, str]]:
    """Every token and spender of an approval that the operator's transaction makes on its way."""
    return {
        (call.target, abi.decode("(address,uint256)", call.data[4:])[0])
        for call in outgoing(desk, OPERATOR, calldata)
        if call.selector == APPROVE
    }


def standing(desk: Desk, pairs: Sequence[tuple[str, str]] | set[tuple[str, str]]) -> list[int]:
    """What is left of these allowances."""
    signature = "allowance(address,address)"
    return [
        int.from_bytes(desk.node.call(asset, abi.encode_call(signature, desk.router, spender)), "big")
        for asset, spender in pairs
    ]


def pulling_venues(desk: Desk) -> list[Step]:
    """A hop at each pool and vault that pulls its dollars."""
    hops: list[Step] = []
    for name, (sold, bought, symbol) in CURVE_POOLS.items():
        hop = CurveExchange(
            pool(desk, name),
            sold,
            bought,
            token(desk, symbol),
            Payer.SETTLEMENT,
            Recipient.ROUTER,
            DOLLARS,
            uint256_indexes="uint" in name or "crypto" in name,
        )
        hops.append(hop)
    tail = "0x" + str(desk.record("balancer_v2 USDC/WETH").pool_id)[-24:]
    address, weth = pool(desk, "balancer_v2 USDC/WETH"), token(desk, "WETH")
    hops.append(BalancerV2Swap(address, tail, weth, Payer.SETTLEMENT, Recipient.ROUTER, DOLLARS))
    hops.append(ERC4626Deposit(token(desk, "steakUSDC"), Payer.SETTLEMENT, Recipient.ROUTER, DOLLARS))
    module = peg_modules.place(desk.node, token(desk, "DAI"), token(desk, "USDC"))
    hand(desk, module.dai, module.till, 10**12 * DOLLARS)
    hops.append(MakerPSMSwap(module.address, 12, module.dai, Payer.SETTLEMENT, Recipient.ROUTER, DOLLARS))
    return hops


def pulling_loans(*inside: Step) -> list[Step]:
    """A loan of dollars of each lender that pulls them back; the first has the steps inside."""
    most = 2 * DOLLARS
    return [
        Loan(Opcode.AAVE_V3_LOAN, DOLLARS, most, inside),
        Loan(Opcode.AAVE_V3_LOAN, DOLLARS, most, (), variant=AaveV3Market.SPARK),
        Loan(Opcode.MORPHO_BLUE_LOAN, DOLLARS, most, ()),
    ]


@pytest.fixture
def trades(desk: Desk) -> tuple[Step, ...]:
    """All of these in one plan, and what they cost as a present."""
    hops = pulling_venues(desk)
    present = gift(desk, token(desk, "USDC"), (len(hops) + 1) * DOLLARS)
    return (*pulling_loans(*hops), present)


def test_no_allowance_outlives_a_plan_that_came_through(desk: Desk, trades: tuple[Step, ...]) -> None:
    """At every venue and lender that pulls."""
    calldata = plan(*trades, settlement="USDC")
    pairs = approved(desk, calldata)
    assert len(pairs) == len(CURVE_POOLS) + 6
    with nothing_lost(desk):
        sent(desk, OPERATOR, calldata, gas=9_000_000)
        assert not any(standing(desk, pairs))


def test_no_allowance_outlives_a_plan_that_failed(desk: Desk, trades: tuple[Step, ...]) -> None:
    calldata = plan(*trades, settlement="USDC", minimum=10**12)
    pairs = approved(desk, calldata)
    assert len(pairs) == len(CURVE_POOLS) + 6
    with nothing_lost(desk):
        assert refused(desk, OPERATOR, calldata, gas=9_000_000).name == "ProfitBelowMinimum"
        assert not any(standing(desk, pairs))


def test_no_allowance_outlives_a_batch_of_which_a_part_failed(desk: Desk, trades: tuple[Step, ...]) -> None:
    """The plan that fails does so with its approvals made; those before and behind it come through."""
    works, fails = plan(*trades, settlement="USDC"), plan(*trades[:-1], settlement="USDC")
    batch = encode_batch(
        [BatchEntry(works, 4_000_000), BatchEntry(fails, 4_000_000), BatchEntry(plan(), 10**5)]
    )
    pairs = approved(desk, batch)
    assert len(pairs) == len(CURVE_POOLS) + 6
    with nothing_lost(desk):
        receipt = sent(desk, OPERATOR, batch, gas=12_000_000)
        assert len([log for log in receipt["logs"] if log["address"].lower() == desk.router.lower()]) == 3
        assert not any(standing(desk, pairs))


def test_no_allowance_outlives_a_rehearsal(desk: Desk, trades: tuple[Step, ...]) -> None:
    calldata = plan(*trades, settlement="USDC")
    with nothing_lost(desk):
        rehearsal = abi.selector("simulate()") + calldata[4:]
        assert refused(desk, OPERATOR, rehearsal, gas=12_000_000).name == "Simulated"
        assert not any(standing(desk, approved(desk, rehearsal)))


def hop_at(shape: str, venue: Address, payer: Payer, paid: Address, bought: Address) -> Step:
    """A hop at a venue that pulls, of a named shape."""
    asset = paid if payer is Payer.TRACKED else None
    if shape == "a peg module":
        return MakerPSMSwap(venue, 0, bought, payer, Recipient.ROUTER, ETHER, asset)
    if shape == "a vault":
        return ERC4626Deposit(venue, payer, Recipient.ROUTER, ETHER, asset)
    return CurveExchange(
        venue,
        0,
        1,
        bought,
        payer,
        Recipient.ROUTER,
        ETHER,
        token_in=asset,
        uint256_indexes=shape == "a pool with wide indexes",
    )


@pytest.mark.parametrize("pulled", [0, 1, ETHER - 1])
@pytest.mark.parametrize("shape", ["a pool", "a pool with wide indexes", "a vault", "a peg module"])
def test_a_venue_that_saves_its_allowance_for_later_undoes_the_plan(
    desk: Desk, shape: str, pulled: int
) -> None:
    """It gives the router a handsome profit in the settlement token, and leaves its input for another day."""
    weth, dai = token(desk, "WETH"), token(desk, "DAI")
    thief = accomplice(desk, answer=abi.encode("(uint256)", 1))
    desk.node.set_erc20_balance(weth, thief, 9 * ETHER)
    pretend(desk, thief, "balanceOf(address)", "(uint256)", 0)
    pull = abi.encode_call("transferFrom(address,address,uint256)", desk.router, thief, pulled)
    profit = abi.encode_call("transfer(address,uint256)", desk.router, 9 * ETHER)
    plot(desk, thief, Act(weth, pull, must=True), Act(weth, profit, must=True))
    with nothing_lost(desk, thief):
        reason = refused(desk, OPERATOR, plan(hop_at(shape, thief, Payer.SETTLEMENT, weth, dai), minimum=1))
        assert (reason.name, reason.args["amount"]) == ("AllowanceLeft", ETHER - pulled)
        later = act_through(
            thief,
            weth,
            abi.encode_call("transferFrom(address,address,uint256)", desk.router, thief, 1),
        )
        refused(desk, THIEF, later[1], to=later[0])


def test_a_token_that_hides_its_allowance_risks_itself_alone(desk: Desk) -> None:
    """It says that nothing is left and later lets the thief take: what is in it, and no other token."""
    weth = token(desk, "WETH")
    fake = place(desk, "Thieves.HidingToken")
    sent(desk, THIEF, abi.encode_call("give(address,uint256)", desk.router, 10 * ETHER), to=fake)
    venue = accomplice(desk)
    hop = hop_at("a pool", venue, Payer.TRACKED, fake, weth)
    with nothing_lost(desk, venue):
        sent(desk, OPERATOR, plan(Track(fake, (hop,))))
        sweep = abi.encode_call("transferFrom(address,address,uint256)", desk.router, venue, ETHER)
        to, call = act_through(venue, fake, sweep)
        sent(desk, THIEF, call, to=to)
        # The counterfeit is gone, for which it was never worth anything to be there.
        assert desk.node.erc20_balance(fake, desk.router) == 9 * ETHER


def test_lenders_that_leave_their_repayment_for_later_undo_the_plan(desk: Desk) -> None:
    """Whoever stands behind the lender's address."""
    weth = desk.book.tokens["WETH"]
    lazy = place_lazy(desk, "LazyLender")
    odd = place_lender(desk, "OddLender")
    play(desk, odd, "NeverPull")
    desk.node.set_erc20_balance(weth, odd, 60 * ETHER)
    for opcode, contract, lender in (
        (Opcode.AAVE_V3_LOAN, "aave_v3_pool", lazy),
        (Opcode.AAVE_V3_LOAN, "aave_v3_pool", odd),
        (Opcode.MORPHO_BLUE_LOAN, "morpho_blue", odd),
        (Opcode.ERC3156_LOAN, "maker_dss_flash", odd),
    ):
        other = desk_of(desk, **{contract: lender})
        desk.node.set_erc20_balance(weth, other.router, 50 * ETHER)
        with nothing_lost(other, lender):
            assert refused(other, OPERATOR, plan(Loan(opcode, ETHER, ETHER, ()))).name == "AllowanceLeft"


def test_only_exact_amounts_are_approved(desk: Desk, trades: tuple[Step, ...]) -> None:
    """Never more than the hop's input, or the loan and its fee."""
    amounts = [
        abi.decode("(address,uint256)", call.data[4:])[1]
        for call in outgoing(desk, OPERATOR, plan(*trades, settlement="USDC"))
        if call.selector == APPROVE
    ]
    assert amounts.count(DOLLARS) == len(amounts) - 2
    # Aave and Spark, with five basis points.
    assert amounts.count(DOLLARS + DOLLARS * 5 // 10_000) == 2
    assert MAX not in amounts


def test_an_allowance_of_the_routers_would_be_seen(desk: Desk) -> None:
    """Else all that these modules say of allowances would prove nothing: as if the router had left some."""
    usdc, permit2 = desk.book.tokens["USDC"], desk.book.contracts["permit2"]
    through = abi.encode_call("approve(address,address,uint160,uint48)", usdc, THIEF, 7, 2**48 - 1)
    desk.node.send(desk.router, usdc, abi.encode_call("approve(address,uint256)", THIEF, 5), gas=200_000)
    desk.node.send(desk.router, permit2, through, gas=200_000)
    assert sorted(allowances(desk, []).values()) == [5, 7]
