"""Plan steps as values: what the bytes say, field by field.

`STEPS` is the one table: a new venue or lender is one module with its step and its layout, and one line here.
"""

from collections.abc import Mapping

from executor.plan.format import Opcode
from executor.plan.header import DecodedPlan, Header
from executor.plan.layout import Layout
from executor.plan.steps.balancer_v2 import BalancerV2Swap
from executor.plan.steps.balancer_v3 import BalancerV3Send, BalancerV3Settle, BalancerV3Swap, BalancerV3Unlock
from executor.plan.steps.curve import CurveExchange
from executor.plan.steps.dodo_v2 import DodoV2Swap
from executor.plan.steps.erc4626 import ERC4626Deposit, ERC4626Redeem
from executor.plan.steps.lenders import Loan
from executor.plan.steps.maker_psm import MakerPSMSwap
from executor.plan.steps.native import UnwrapNative, WrapNative
from executor.plan.steps.pool_loans import PoolLoan
from executor.plan.steps.solidly import SolidlyQuote, SolidlySwap
from executor.plan.steps.step import Step
from executor.plan.steps.tracking import Measure, Track
from executor.plan.steps.uniswap_v2 import V2FlashSwap, V2Quote, V2Swap
from executor.plan.steps.uniswap_v3 import V3Swap
from executor.plan.steps.uniswap_v4 import V4Settle, V4Swap, V4Take, V4Unlock

__all__ = [
    "LAYOUTS",
    "STEPS",
    "BalancerV2Swap",
    "BalancerV3Send",
    "BalancerV3Settle",
    "BalancerV3Swap",
    "BalancerV3Unlock",
    "CurveExchange",
    "DecodedPlan",
    "DodoV2Swap",
    "ERC4626Deposit",
    "ERC4626Redeem",
    "Header",
    "Loan",
    "MakerPSMSwap",
    "Measure",
    "PoolLoan",
    "SolidlyQuote",
    "SolidlySwap",
    "Step",
    "Track",
    "UnwrapNative",
    "V2FlashSwap",
    "V2Quote",
    "V2Swap",
    "V3Swap",
    "V4Settle",
    "V4Swap",
    "V4Take",
    "V4Unlock",
    "WrapNative",
]

STEPS: Mapping[Opcode, type[Step]] = {
    Opcode.UNISWAP_V2_SWAP: V2Swap,
    Opcode.UNISWAP_V2_FLASH_SWAP: V2FlashSwap,
    Opcode.UNISWAP_V2_QUOTE: V2Quote,
    Opcode.UNISWAP_V3_SWAP: V3Swap,
    Opcode.SOLIDLY_SWAP: SolidlySwap,
    Opcode.SOLIDLY_QUOTE: SolidlyQuote,
    Opcode.TRACK: Track,
    Opcode.MEASURE: Measure,
    Opcode.WRAP_NATIVE: WrapNative,
    Opcode.UNWRAP_NATIVE: UnwrapNative,
    Opcode.ERC4626_DEPOSIT: ERC4626Deposit,
    Opcode.ERC4626_REDEEM: ERC4626Redeem,
    Opcode.CURVE_EXCHANGE: CurveExchange,
    Opcode.BALANCER_V2_SWAP: BalancerV2Swap,
    Opcode.MAKER_PSM_SWAP: MakerPSMSwap,
    Opcode.DODO_V2_SWAP: DodoV2Swap,
    Opcode.AAVE_V3_LOAN: Loan,
    Opcode.BALANCER_V2_LOAN: Loan,
    Opcode.MORPHO_BLUE_LOAN: Loan,
    Opcode.ERC3156_LOAN: Loan,
    Opcode.UNISWAP_V4_LOAN: Loan,
    Opcode.BALANCER_V3_LOAN: Loan,
    Opcode.UNISWAP_V3_LOAN: PoolLoan,
    Opcode.UNISWAP_V2_LOAN: PoolLoan,
    Opcode.UNISWAP_V4_UNLOCK: V4Unlock,
    Opcode.UNISWAP_V4_SWAP: V4Swap,
    Opcode.UNISWAP_V4_TAKE: V4Take,
    Opcode.UNISWAP_V4_SETTLE: V4Settle,
    Opcode.BALANCER_V3_UNLOCK: BalancerV3Unlock,
    Opcode.BALANCER_V3_SWAP: BalancerV3Swap,
    Opcode.BALANCER_V3_SEND: BalancerV3Send,
    Opcode.BALANCER_V3_SETTLE: BalancerV3Settle,
}
LAYOUTS: Mapping[int, Layout] = {opcode: step.layout_of(opcode) for opcode, step in STEPS.items()}
