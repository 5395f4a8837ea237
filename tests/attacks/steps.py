"""One genuine step of every venue and lender, at the real bytecode: what attackers bend."""

from __future__ import annotations

from executor.domain.address import Address, to_address
from executor.plan.format import Payer, Recipient, V2Output, V3Amount, V3CallbackKind
from executor.plan.steps import (
    BalancerV2Swap,
    BalancerV3Send,
    BalancerV3Settle,
    BalancerV3Swap,
    BalancerV3Unlock,
    CurveExchange,
    DodoV2Swap,
    ERC4626Deposit,
    ERC4626Redeem,
    MakerPSMSwap,
    Step,
    Track,
    UnwrapNative,
    V2Swap,
    V3Swap,
    V4Settle,
    V4Swap,
    V4Take,
    V4Unlock,
    WrapNative,
)
from tests.contracts.lenders.loans import SOURCES
from tests.contracts.venues.hops import NATIVE, hand, token
from tests.support import dodo_pools, peg_modules
from tests.support.routers import Desk

V2_POOL, V3_POOL, V4_POOL = "uniswap_v2 USDC/WETH", "uniswap_v3 USDC/WETH 3000", "uniswap_v4 USDC/WETH 3000"
CURVE_POOL, BALANCER_V2_POOL = "curve_two_crypto USDC/WETH", "balancer_v2 USDC/WETH"
BALANCER_V3_POOL = "balancer_v3 USDC/WETH"


def pool(desk: Desk, name: str) -> Address:
    """The address of a pool of the book."""
    return to_address(desk.record(name).address)


def turn_of(contract: Address, last: int = 0) -> V2Swap:
    """Pays nothing, gives a contract a turn, and leaves `last` to the next step."""
    output = V2Output.LITERAL
    return V2Swap(contract, True, Payer.NONE, Recipient.ROUTER, output, amount_in=0, amount_out=last)


def v2_swap(desk: Desk, amount: int, recipient: Recipient = Recipient.ROUTER) -> V2Swap:
    """Sells WETH for USDC at a pair."""
    output = V2Output.COMPUTED
    return V2Swap(pool(desk, V2_POOL), False, Payer.SETTLEMENT, recipient, output, 30, amount)


def v3_swap(
    desk: Desk, amount: int, *inside: Step, kind: V3Amount = V3Amount.EXACT_IN, cap: int | None = None
) -> V3Swap:
    """Sells WETH for USDC at a pool of the V3 shape."""
    return V3Swap(
        pool(desk, V3_POOL),
        False,
        V3CallbackKind.UNISWAP,
        kind,
        Payer.SETTLEMENT,
        Recipient.ROUTER,
        amount=amount,
        cap=cap,
        continuation=inside,
    )


def v4_swap(desk: Desk, amount: int) -> V4Swap:
    """Sells WETH for USDC on account, within an unlock."""
    record = desk.record(V4_POOL)
    first, second = (to_address(currency) for currency in record.tokens)
    hooks = to_address(record.hooks)
    return V4Swap(
        first, second, record.fee, record.tick_spacing, hooks, second != token(desk, "WETH"), amount
    )


def v4_unlock(desk: Desk, amount: int) -> V4Unlock:
    """The same, paid and taken."""
    take = V4Take(token(desk, "USDC"), Recipient.ROUTER)
    return V4Unlock((v4_swap(desk, amount), take, V4Settle(Payer.SETTLEMENT, amount)))


def balancer_v3_unlock(desk: Desk, amount: int) -> BalancerV3Unlock:
    """Sells WETH for USDC on account, paid and taken."""
    weth, usdc = token(desk, "WETH"), token(desk, "USDC")
    swap = BalancerV3Swap(pool(desk, BALANCER_V3_POOL), weth, usdc, amount)
    send = BalancerV3Send(usdc, Recipient.ROUTER)
    return BalancerV3Unlock((swap, send, BalancerV3Settle(Payer.SETTLEMENT, amount)))


def curve_exchange(desk: Desk, amount: int) -> CurveExchange:
    """Sells WETH for USDC, pulled by the pool."""
    tokens = [to_address(each) for each in desk.record(CURVE_POOL).tokens]
    weth, usdc = token(desk, "WETH"), token(desk, "USDC")
    return CurveExchange(
        pool(desk, CURVE_POOL),
        tokens.index(weth),
        tokens.index(usdc),
        usdc,
        Payer.SETTLEMENT,
        Recipient.ROUTER,
        amount,
        uint256_indexes=True,
    )


def balancer_v2_swap(desk: Desk, amount: int) -> BalancerV2Swap:
    """Sells WETH for USDC, pulled by the Vault."""
    tail = "0x" + str(desk.record(BALANCER_V2_POOL).pool_id)[-24:]
    address = pool(desk, BALANCER_V2_POOL)
    return BalancerV2Swap(address, tail, token(desk, "USDC"), Payer.SETTLEMENT, Recipient.ROUTER, amount)


def dodo_v2_swap(desk: Desk, amount: int) -> DodoV2Swap:
    """Sells WETH for USDC to a model of a pool."""
    return dodo_pools.swap(dodo_pools.ether_dollars(desk.node, desk.book), amount, base_in=True)


def peg_module(desk: Desk) -> peg_modules.Module:
    """A model of a LitePSM of DAI and USDC, with money on both sides."""
    module = peg_modules.place(desk.node, token(desk, "DAI"), token(desk, "USDC"))
    hand(desk, module.dai, module.till, 10**22)
    hand(desk, module.gem, module.pocket, 10**10)
    return module


def peg_module_swap(module: peg_modules.Module, amount: int | None, *, buy: bool) -> MakerPSMSwap:
    """Buys USDC of the module, or sells it; the input is a tracked token."""
    paid, bought = (module.dai, module.gem) if buy else (module.gem, module.dai)
    payer, to = Payer.TRACKED, Recipient.ROUTER
    return MakerPSMSwap(module.address, module.coarser, bought, payer, to, amount, paid, buy=buy)


def venues(desk: Desk, amount: int) -> dict[str, Step]:
    """A step of every venue that puts `amount` in; WETH where the venue has it."""
    dai, vault = token(desk, "DAI"), token(desk, "sDAI")
    deposit = ERC4626Deposit(vault, Payer.TRACKED, Recipient.ROUTER, amount, dai)
    module = peg_module(desk)
    return {
        "uniswap_v2": v2_swap(desk, amount),
        "uniswap_v3": v3_swap(desk, amount),
        "uniswap_v3 exact output": v3_swap(desk, amount, kind=V3Amount.EXACT_OUT, cap=amount),
        "uniswap_v4": v4_unlock(desk, amount),
        "balancer_v2": balancer_v2_swap(desk, amount),
        "balancer_v3": balancer_v3_unlock(desk, amount),
        "curve": curve_exchange(desk, amount),
        "dodo_v2": dodo_v2_swap(desk, amount),
        "erc4626 deposit": Track(dai, (deposit,)),
        "erc4626 redeem": Track(vault, (ERC4626Redeem(vault, dai, Recipient.ROUTER, amount),)),
        "maker_psm sale": Track(module.gem, (peg_module_swap(module, amount, buy=False),)),
        "maker_psm purchase": Track(dai, (peg_module_swap(module, amount, buy=True),)),
        "wrap": Track(NATIVE, (WrapNative(amount),)),
        "unwrap": UnwrapNative(amount),
    }


def loans(desk: Desk, amount: int, *inside: Step) -> dict[str, Step]:
    """A loan of WETH of every lender, of which not more than a hundredth is asked on top."""
    cap = min(amount + amount // 100 + 1, 2**128 - 1)
    return {
        name: source.loan(desk, "WETH", amount, *inside, cap=cap)
        for name, source in SOURCES.items()
        if name != "erc3156"
    }
