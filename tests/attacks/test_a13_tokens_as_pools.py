"""A13: the "pool" of a signed route is a token, Permit2, a lender, the router itself or one of its parts, so
that a call that means a swap means a transfer, an approval or a permit there.
"""

from __future__ import annotations

import pytest

from devnet import abi
from devnet.node import ETHER
from executor.domain.address import Address, to_address
from executor.plan.batch import BatchEntry, encode_batch
from executor.plan.format import Opcode, Payer, Recipient, V2CallbackKind, V2Output, V3CallbackKind
from executor.plan.steps import (
    CurveExchange,
    DodoV2Swap,
    ERC4626Deposit,
    ERC4626Redeem,
    MakerPSMSwap,
    PoolLoan,
    SolidlyQuote,
    SolidlySwap,
    Step,
    Track,
    V2FlashSwap,
    V2Quote,
)
from tests.attacks.outgoing import outgoing
from tests.attacks.scene import PATRON, STOCK, THIEF, nothing_lost, sent
from tests.contracts.schemes import plan_of, v2_through, v3_through
from tests.contracts.venues.hops import token
from tests.support.routers import OPERATOR, OWNER, Desk, router_artifacts

ENTRY_GAS = 600_000
ENTRIES = 24
DANGEROUS = tuple(
    abi.selector(name)
    for name in (
        "transferFrom(address,address,uint256)",
        "safeTransferFrom(address,address,uint256)",
        "safeTransferFrom(address,address,uint256,bytes)",
        "setApprovalForAll(address,bool)",
        "increaseAllowance(address,uint256)",
        "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)",
        "permit(address,address,uint256,uint256,bool,uint8,bytes32,bytes32)",
        "permit(address,((address,uint160,uint48,uint48),address,uint256),bytes)",
        "approve(address,address,uint160,uint48)",
        "transferFrom(address,address,uint160,address)",
        "transferFrom((address,address,uint160,address)[])",
        "permitTransferFrom(((address,uint256),uint256,uint256),(address,uint256),address,bytes)",
        "transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,uint8,bytes32,bytes32)",
        "setOperator(address,bool)",
        "setAuthorization(address,bool)",
        "setRelayerApproval(address,address,bool)",
        "manageUserBalance((uint8,address,uint256,address,address)[])",
        "approveDelegation(address,uint256)",
    )
)
"""What moves or endangers the tokens of whoever calls it, or of those who approved him."""


def steps_at(pool: Address, amount: int, desk: Desk) -> list[Step]:
    """Every kind of step that names its pool, with this address in the pool's place."""
    weth, usdc = token(desk, "WETH"), token(desk, "USDC")
    to = to_address(THIEF)
    curve = CurveExchange(pool, 0, 1, usdc, Payer.SETTLEMENT, Recipient.EXPLICIT, amount, to=to)
    wide = CurveExchange(pool, 0, 1, usdc, Payer.SETTLEMENT, Recipient.ROUTER, amount, uint256_indexes=True)
    return [
        v2_through(pool, amount),
        v3_through(pool, amount),
        V2FlashSwap(pool, True, V2Output.LITERAL, (), amount_out=amount),
        V2Quote(pool, True, 30, amount),
        SolidlyQuote(pool, weth, amount),
        SolidlySwap(pool, True, weth, Payer.SETTLEMENT, Recipient.EXPLICIT, amount, to=to),
        curve,
        wide,
        DodoV2Swap(pool, True, usdc, Payer.SETTLEMENT, Recipient.EXPLICIT, amount, to=to),
        DodoV2Swap(pool, False, usdc, Payer.NONE, Recipient.EXPLICIT, to=to),
        ERC4626Deposit(pool, Payer.SETTLEMENT, Recipient.EXPLICIT, amount, to=to),
        MakerPSMSwap(pool, 12, usdc, Payer.SETTLEMENT, Recipient.EXPLICIT, amount, to=to),
        MakerPSMSwap(pool, 0, usdc, Payer.SETTLEMENT, Recipient.EXPLICIT, amount, to=to, buy=True),
        Track(pool, (ERC4626Redeem(pool, usdc, Recipient.EXPLICIT, amount, to),)),
        ERC4626Redeem(pool, usdc, Recipient.EXPLICIT, amount, to),
        PoolLoan(Opcode.UNISWAP_V3_LOAN, pool, amount, amount, (), False, V3CallbackKind.UNISWAP),
        PoolLoan(Opcode.UNISWAP_V2_LOAN, pool, amount, amount, (), False, V2CallbackKind.UNISWAP),
    ]


def targets(desk: Desk) -> list[Address]:
    """Tokens, Permit2, lenders, locks, routers of others, this router and its parts, people."""
    names = (
        "permit2",
        "multicall3",
        "aave_v3_pool",
        "balancer_v2_vault",
        "balancer_v3_vault",
        "morpho_blue",
        "maker_dss_flash",
        "uniswap_v4_pool_manager",
        "uniswap_v2_router",
        "uniswap_v3_router",
    )
    found = [
        *(desk.book.tokens[symbol] for symbol in STOCK),
        *(desk.book.contracts[name] for name in names),
        *desk.parts.values(),
        PATRON,
        OWNER,
        to_address("0x" + "00" * 19 + "04"),
    ]
    return [to_address(each) for each in found]


def batches(desk: Desk, amount: int) -> list[bytes]:
    """All of these, each a plan of its own, as many in a transaction as fit."""
    plans = [plan_of(step) for target in targets(desk) for step in steps_at(target, amount, desk)]
    entries = [BatchEntry(plan, ENTRY_GAS) for plan in plans]
    return [encode_batch(entries[at : at + ENTRIES]) for at in range(0, len(entries), ENTRIES)]


@pytest.mark.parametrize("amount", [0, ETHER])
def test_a_pool_that_is_something_else_moves_nothing(desk: Desk, amount: int) -> None:
    """Plans that such a target undoes are undone; the few that come through have moved nothing."""
    with nothing_lost(desk):
        for batch in batches(desk, amount):
            sent(desk, OPERATOR, batch, gas=16_000_000)
        for symbol in STOCK:
            assert desk.node.erc20_balance(desk.book.tokens[symbol], THIEF) == 0


def test_the_router_says_nothing_to_them_that_could_mean_a_transfer_of_theirs(desk: Desk) -> None:
    """Its own payments and approvals apart, which it makes of the settlement and of tracked tokens only."""
    said = {call.selector for batch in batches(desk, ETHER)[::3] for call in outgoing(desk, OPERATOR, batch)}
    assert abi.selector("exchange(int128,int128,uint256,uint256)") in said
    assert said.isdisjoint(DANGEROUS)


def test_no_code_of_the_router_knows_how_to_say_it() -> None:
    for part in router_artifacts().values():
        assert not [selector.hex() for selector in DANGEROUS if selector in part.deployed_bytecode]
