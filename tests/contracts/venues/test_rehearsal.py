"""A rehearsed plan of rare steps tells of each step what it gives when it is carried out."""

from __future__ import annotations

from devnet.node import ETHER
from executor.domain.address import to_address
from executor.plan.format import Measure as MeasureKind
from executor.plan.format import Opcode, Payer, Recipient
from executor.plan.steps import (
    BalancerV2Swap,
    CurveExchange,
    ERC4626Deposit,
    ERC4626Redeem,
    MakerPSMSwap,
    Measure,
    UnwrapNative,
    WrapNative,
)
from tests.contracts.venues.hops import NATIVE, ask, execute, gift, hand, held, plan, token, tracking
from tests.support import dodo_pools, peg_modules
from tests.support.routers import Desk


def test_every_step_of_a_long_route_is_told_with_its_output(desk: Desk) -> None:
    weth, usdc, dai, vault = (token(desk, symbol) for symbol in ("WETH", "USDC", "DAI", "sDAI"))
    pool_id = str(desk.record("balancer_v2 USDC/WETH").pool_id)
    three, amount = to_address(desk.record("curve_stable DAI/USDC/USDT").address), 3 * ETHER
    to_dollars = BalancerV2Swap(
        to_address(pool_id[:42]), "0x" + pool_id[42:], usdc, Payer.SETTLEMENT, Recipient.ROUTER
    )
    to_dai = CurveExchange(three, 1, 0, dai, Payer.TRACKED, Recipient.ROUTER, token_in=usdc)
    through_vault = (
        ERC4626Deposit(vault, Payer.TRACKED, Recipient.ROUTER, asset=dai),
        ERC4626Redeem(vault, dai, Recipient.ROUTER),
    )
    maker = dodo_pools.ether_dollars(desk.node, desk.book)
    back = dodo_pools.swap(maker, None, base_in=False, payer=Payer.TRACKED)
    module, pays, to = peg_modules.place(desk.node, dai, usdc), Payer.TRACKED, Recipient.ROUTER
    hand(desk, usdc, module.pocket, 10**12)
    through_module = (
        MakerPSMSwap(module.address, module.coarser, usdc, pays, to, token_in=dai, buy=True),
        MakerPSMSwap(module.address, module.coarser, dai, pays, to, token_in=usdc),
    )
    through_both = (tracking(vault, *through_vault), tracking(usdc, *through_module))
    steps = (
        tracking(usdc, dodo_pools.swap(maker, amount, base_in=True), back),
        tracking(NATIVE, UnwrapNative(amount), WrapNative()),
        tracking(usdc, to_dollars, to_dai),
        tracking(dai, gift(desk, dai, 1), Measure(MeasureKind.BALANCE, dai), *through_both),
        gift(desk, weth, 2 * amount),
    )
    before = held(desk, weth)
    told = desk.rehearse(plan(*steps))
    # The measured balance was there before its scope: what is paid of it must come back.
    outputs = {Opcode(hop.opcode): hop.output for hop in told.hops if hop.opcode in set(Opcode)}
    assert outputs[Opcode.WRAP_NATIVE] == outputs[Opcode.UNWRAP_NATIVE] == amount
    assert outputs[Opcode.ERC4626_DEPOSIT] == ask(
        desk, vault, "previewDeposit(uint256)", outputs[Opcode.MEASURE]
    )
    assert outputs[Opcode.MEASURE] == outputs[Opcode.CURVE_EXCHANGE] + 1
    # A whole number of the gem's units was bought and sold again.
    assert outputs[Opcode.MAKER_PSM_SWAP] == outputs[Opcode.ERC4626_REDEEM] // module.details.unit * 10**12
    assert 0.999 < outputs[Opcode.DODO_V2_SWAP] / amount < 1
    assert all(hop.gas_used > 0 for hop in told.hops)

    execute(desk, *steps)
    assert held(desk, dai) == outputs[Opcode.ERC4626_REDEEM]
    assert held(desk, weth) - before == told.profit
