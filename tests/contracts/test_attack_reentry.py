"""Whoever gets a turn in the middle of a plan gets nothing by it: pools, hooked tokens, nested plans."""

from __future__ import annotations

import pytest

from devnet import abi
from devnet.errors import TransactionError
from devnet.node import ETHER
from executor.domain.address import Address, to_address
from executor.plan.format import Payer, Recipient, V2Output
from executor.plan.steps import Step, Track, V2Swap
from tests.contracts.schemes import MAX, Deed, place, plan_of, scheme, v2_through, v3_through
from tests.support.routers import OPERATOR, OWNER, STRANGER, Desk, Reverted

THIEF = "0x" + "66" * 20
V3 = "uniswapV3SwapCallback(int256,int256,bytes)"


@pytest.fixture
def schemer(desk: Desk) -> Address:
    """A thief's pool that is an operator too, as a stolen account with code of its own would be."""
    pool = place(desk, "Schemer")
    desk.send(OWNER, "allowOperator(address,bool)", pool, True)
    desk.node.set_erc20_balance(desk.book.tokens["USDC"], desk.router, 10**11)
    return pool


def run_by(desk: Desk, schemer: Address, plan: bytes) -> None:
    """The schemer itself calls `execute`; raises Reverted."""
    desk.call(abi.encode_call("act(address,bytes)", desk.router, plan), sender=STRANGER, to=schemer)


def committed_data(desk: Desk) -> bytes:
    """What the router itself would have registered for a payment in WETH of at most one."""
    return bytes([Payer.SETTLEMENT]) + bytes.fromhex(desk.book.tokens["WETH"][2:]) + ETHER.to_bytes(16, "big")


@pytest.fixture
def keeper(desk: Desk) -> Address:
    """A second pool of the thief's, which keeps what it is sent."""
    return place(desk, "Schemer")


@pytest.mark.parametrize("shape", ["v2", "v3"])
@pytest.mark.parametrize("inner_settlement", [0, 1])
def test_no_plan_runs_inside_a_plan(
    desk: Desk, schemer: Address, keeper: Address, inner_settlement: int, shape: str
) -> None:
    """A V2 pool is called without a registration; a V3 pool gets its turn again after its callback."""
    deeds = [Deed(desk.router, plan_of(v2_through(keeper, 10**10), settlement=inner_settlement))]
    if shape == "v2":
        scheme(desk, schemer, before=deeds)
    else:
        scheme(desk, schemer, after=deeds)
    hop: Step = v2_through(schemer, 0) if shape == "v2" else v3_through(schemer, 0)
    with pytest.raises(Reverted, match="AlreadyRunning"):
        run_by(desk, schemer, plan_of(hop))


def test_a_plan_that_reverts_inside_another_transaction_leaves_the_router_free(
    desk: Desk, schemer: Address
) -> None:
    """The lock goes with the call that took it: a caller who swallows the revert can run the next plan."""
    scheme(desk, schemer, before=[Deed(desk.router, plan_of(minimum=1), False), Deed(desk.router, plan_of())])
    desk.call(
        abi.encode_call("swap(uint256,uint256,address,bytes)", 0, 0, schemer, b""),
        sender=STRANGER,
        to=schemer,
    )


def test_a_payment_whose_scope_closed_in_its_own_continuation_is_refused(
    desk: Desk, schemer: Address
) -> None:
    usdc = desk.token("USDC").address
    scheme(desk, schemer, asked=(10**10, 0))
    with pytest.raises(Reverted, match="TokenNotTracked"):
        desk.simulate(plan_of(v3_through(schemer, 10**10, Track(usdc, ()), token=usdc)))


def test_a_pool_in_its_callback_cannot_use_the_callback_of_a_hop_inside_it(
    desk: Desk, schemer: Address, keeper: Address
) -> None:
    """While the inner pool is due to call back, the outer one is nobody."""
    outer_data = committed_data(desk)
    intrusion = abi.encode_call("act(address,bytes)", desk.router, abi.encode_call(V3, ETHER, 0, outer_data))
    scheme(desk, keeper, before=[Deed(schemer, intrusion)])
    with pytest.raises(Reverted, match="CallbackNotRegistered"):
        desk.simulate(plan_of(v3_through(schemer, ETHER, v3_through(keeper, ETHER))))


def owner_powers(desk: Desk) -> list[bytes]:
    weth = desk.book.tokens["WETH"]
    return [
        abi.encode_call("withdraw(address,address,uint256)", weth, THIEF, MAX),
        abi.encode_call("withdrawNative(address,uint256)", THIEF, MAX),
        abi.encode_call("setPrimaryOperator(address)", THIEF),
        abi.encode_call("allowOperator(address,bool)", THIEF, True),
        abi.encode_call("setSettlementToken(address)", THIEF),
        abi.encode_call("acceptOwnership()"),
        abi.encode_call("unpause()"),
        abi.encode_call("pause()"),
    ]


def callbacks(desk: Desk) -> list[bytes]:
    weth, data = desk.book.tokens["WETH"], committed_data(desk)
    return [
        abi.encode_call(V3, ETHER, -ETHER, data),
        abi.encode_call("pancakeV3SwapCallback(int256,int256,bytes)", ETHER, -ETHER, data),
        abi.encode_call("uniswapV2Call(address,uint256,uint256,bytes)", desk.router, ETHER, 0, data),
        abi.encode_call(
            "executeOperation(address,uint256,uint256,address,bytes)", weth, ETHER, 0, desk.router, data
        ),
        abi.encode_call("receiveFlashLoan(address[],uint256[],uint256[],bytes)", [weth], [ETHER], [0], data),
    ]


def test_a_token_with_hooks_gives_the_receiver_of_a_payment_no_way_in(desk: Desk) -> None:
    """The owner-set settlement token is of the ERC-777 kind, and the false pool listens to it."""
    token, pool = place(desk, "HookedToken"), place(desk, "Schemer")
    desk.node.send(STRANGER, token, abi.encode_call("give(address,uint256)", desk.router, 10**21))
    desk.node.send(STRANGER, pool, abi.encode_call("act(address,bytes)", token, abi.encode_call("listen()")))
    desk.send(OWNER, "setSettlementToken(address)", token)
    tried = [Deed(desk.router, call, False) for call in (*owner_powers(desk), *callbacks(desk))]
    back = Deed(token, abi.encode_call("transfer(address,uint256)", desk.router, 10**20))
    before, done = desk.balance("WETH"), desk.node.call(pool, abi.encode_call("done()"))
    pays = V2Swap(
        pool,
        True,
        Payer.SETTLEMENT,
        Recipient.ROUTER,
        V2Output.LITERAL,
        amount_in=10**20,
        amount_out=1,
    )
    # The pool's own turn comes after the hook's, by then with nothing left to send back: so it keeps nothing.
    scheme(desk, pool, before=[*tried, Deed(back.target, back.data, False)])
    desk.execute(plan_of(pays, settlement=4))
    assert desk.balance("WETH") == before
    assert desk.node.erc20_balance(token, desk.router) == 10**21
    came_through = desk.node.call(pool, abi.encode_call("done()"))
    assert int.from_bytes(came_through, "big") - int.from_bytes(done, "big") == 1
    assert desk.view("owner()", "(address)") == OWNER.lower()


def test_a_token_with_hooks_cannot_make_the_owner_withdraw_twice(desk: Desk) -> None:
    token, receiver = place(desk, "HookedToken"), place(desk, "Schemer")
    desk.node.send(STRANGER, token, abi.encode_call("give(address,uint256)", desk.router, 100))
    listen = abi.encode_call("act(address,bytes)", token, abi.encode_call("listen()"))
    desk.node.send(STRANGER, receiver, listen)
    again = abi.encode_call("withdraw(address,address,uint256)", token, receiver, 40)
    scheme(desk, receiver, before=[Deed(desk.router, again, False)])
    desk.send(OWNER, "withdraw(address,address,uint256)", token, receiver, 40)
    assert desk.node.erc20_balance(token, desk.router) == 60


def test_a_token_that_answers_with_a_flood_is_still_taken_home_at_a_bounded_price(desk: Desk) -> None:
    token = place(desk, "OddlyAnsweringToken", "(uint256)", 100_000)
    desk.node.send(STRANGER, token, abi.encode_call("give(address,uint256)", desk.router, 10))
    desk.send(OWNER, "withdraw(address,address,uint256)", token, THIEF, MAX)
    assert desk.node.erc20_balance(token, THIEF) == 10


def test_a_pool_that_reverts_with_a_flood_costs_gas_and_nothing_else(desk: Desk) -> None:
    pool = place(desk, "FloodingPool")
    with pytest.raises(Reverted) as refused:
        desk.simulate(plan_of(v3_through(pool, ETHER)))
    assert refused.value.reason.name == "Unknown"


def test_the_router_vouches_for_nothing_and_has_no_door_but_its_functions(desk: Desk) -> None:
    """It signs nothing, answers no token hook, and takes no unknown selector and no ETH."""
    calls = [
        abi.encode_call("isValidSignature(bytes32,bytes)", bytes(32), bytes(65)),
        abi.encode_call(
            "tokensReceived(address,address,address,uint256,bytes,bytes)", *[THIEF] * 3, 1, b"", b""
        ),
        abi.encode_call("onERC721Received(address,address,uint256,bytes)", THIEF, THIEF, 1, b""),
        abi.encode_call("onFlashLoan(address,address,uint256,uint256,bytes)", THIEF, THIEF, 1, 0, b""),
        abi.encode_call("uniswapV3FlashCallback(uint256,uint256,bytes)", 1, 0, b""),
        b"\x00" * 4,
        b"\x01",
        b"",
    ]
    for call in calls:
        with pytest.raises(Reverted):
            desk.call(call, sender=STRANGER)
    for with_eth in (b"", plan_of()):
        with pytest.raises(TransactionError):
            desk.node.send(OPERATOR, desk.router, with_eth, value=1, gas=200_000)
    assert desk.node.balance(desk.router) == 0


def test_a_pool_that_is_a_token_the_router_or_a_lender_moves_nothing(desk: Desk) -> None:
    """The calls that a plan can make are few, and none of them means anything to these."""
    names = ("aave_v3_pool", "balancer_v2_vault", "permit2", "multicall3")
    contracts = [desk.book.contracts[name] for name in names if name in desk.book.contracts]
    targets = [*desk.book.tokens.values(), desk.router, *contracts]
    before = {symbol: desk.balance(symbol) for symbol in desk.book.tokens}
    for target in targets:
        for hop in (v3_through(to_address(target), 0), v2_through(to_address(target), 0)):
            with desk.node.isolated():
                try:
                    desk.simulate(plan_of(hop))
                except Reverted:
                    continue
                # WETH takes any call for a deposit of nothing.
                desk.execute(plan_of(hop))
                assert {symbol: desk.balance(symbol) for symbol in desk.book.tokens} == before
