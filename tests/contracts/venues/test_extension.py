"""The extension: only the router's plans reach it, and it refuses what is not a whole step that it knows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devnet import abi
from devnet.errors import RpcError
from devnet.node import ETHER
from devnet.place import Placer
from executor.domain.address import Address, to_address
from executor.plan import DecodedError
from executor.plan.format import (
    CURVE_NATIVE_IN,
    HEADER_BYTES,
    PAYER_MASK,
    PAYER_SHIFT,
    Opcode,
    Payer,
    Recipient,
)
from executor.plan.format import Measure as MeasureKind
from executor.plan.layout import Flags
from executor.plan.steps import (
    BalancerV2Swap,
    BalancerV3Send,
    BalancerV3Settle,
    BalancerV3Swap,
    CurveExchange,
    DodoV2Swap,
    ERC4626Deposit,
    ERC4626Redeem,
    MakerPSMSwap,
    Measure,
    SolidlyQuote,
    SolidlySwap,
    Step,
    UnwrapNative,
    V4Settle,
    V4Swap,
    V4Take,
    WrapNative,
)
from tests.contracts.venues.hops import NATIVE, RECEIVER, plan, token
from tests.support.routers import (
    CONSTANTS,
    OPERATOR,
    OWNER,
    STRANGER,
    ZERO,
    Desk,
    Reverted,
    constants,
    deploy_router,
    router_artifacts,
)

SIZE_LIMIT = 24_576
POOL = to_address("0x" + "c0" * 20)
TOKEN = to_address("0x" + "c1" * 20)
STEPS: list[Step] = [
    SolidlySwap(POOL, True, TOKEN, Payer.TRACKED, Recipient.EXPLICIT, 5, RECEIVER),
    SolidlyQuote(POOL, TOKEN, 5),
    Measure(MeasureKind.BALANCE, TOKEN),
    WrapNative(5),
    UnwrapNative(5),
    ERC4626Deposit(POOL, Payer.TRACKED, Recipient.EXPLICIT, 5, TOKEN, RECEIVER),
    ERC4626Redeem(POOL, TOKEN, Recipient.EXPLICIT, 5, RECEIVER),
    CurveExchange(POOL, 0, 1, TOKEN, Payer.TRACKED, Recipient.EXPLICIT, 5, TOKEN, RECEIVER),
    DodoV2Swap(POOL, True, TOKEN, Payer.TRACKED, Recipient.EXPLICIT, 5, TOKEN, RECEIVER),
    BalancerV2Swap(POOL, "0x" + "00" * 12, TOKEN, Payer.TRACKED, Recipient.EXPLICIT, 5, TOKEN, RECEIVER),
    V4Swap(POOL, TOKEN, 500, 10, NATIVE, True, 5),
    V4Take(TOKEN, Recipient.EXPLICIT, 5, RECEIVER),
    V4Settle(Payer.SETTLEMENT, 5),
    BalancerV3Swap(POOL, TOKEN, RECEIVER, 5),
    BalancerV3Send(TOKEN, Recipient.EXPLICIT, 5, RECEIVER),
    BalancerV3Settle(Payer.SETTLEMENT, 5),
    MakerPSMSwap(POOL, 12, TOKEN, Payer.TRACKED, Recipient.EXPLICIT, 5, TOKEN, RECEIVER),
]
NAMES = [type(step).__name__ for step in STEPS]


def with_bytes(step: bytes) -> bytes:
    """A plan of these bytes."""
    return plan()[: 4 + HEADER_BYTES] + step


def reason(desk: Desk, step: bytes) -> DecodedError:
    """Why the router refuses a plan of these bytes."""
    with pytest.raises(Reverted) as refused:
        desk.call(with_bytes(step), sender=OPERATOR)
    return refused.value.reason


def refusal(desk: Desk, step: bytes) -> str:
    """The name of the reason."""
    return reason(desk, step).name


@pytest.fixture
def extension(desk: Desk) -> Address:
    """An extension of its own, as the router has one."""
    fixed = constants(desk.book)
    return to_address(
        Placer(desk.node).deploy(router_artifacts()["RouterExtension"], f"({CONSTANTS})", fixed)
    )


@pytest.mark.parametrize("step", STEPS, ids=NAMES)
@pytest.mark.parametrize("sender", [STRANGER, OPERATOR, OWNER], ids=["stranger", "operator", "owner"])
def test_a_direct_call_is_refused(desk: Desk, extension: Address, step: Step, sender: str) -> None:
    words = abi.encode("(address,uint256,uint256)", token(desk, "WETH"), ETHER, ETHER)
    with pytest.raises(Reverted) as refused:
        desk.call(words + step.encode(), sender=sender, to=extension)
    assert refused.value.reason.name == "OnlyByDelegatecall"


def test_a_direct_call_is_refused_with_money_and_without_data(desk: Desk, extension: Address) -> None:
    with pytest.raises(Reverted) as refused:
        desk.call(b"", sender=STRANGER, to=extension)
    assert refused.value.reason.name == "OnlyByDelegatecall"
    desk.node.set_balance(STRANGER, 2 * ETHER)
    with pytest.raises(RpcError):
        desk.node.call(extension, b"", from_=STRANGER, value=ETHER)


def test_the_extension_fits_into_a_contract() -> None:
    assert len(router_artifacts()["RouterExtension"].deployed_bytecode) < SIZE_LIMIT


@pytest.mark.parametrize("step", STEPS, ids=NAMES)
def test_a_step_that_is_cut_off_anywhere_is_refused(desk: Desk, step: Step) -> None:
    whole = step.encode()
    # Of one byte the missing flags read as zeros, which name no payer.
    assert refusal(desk, whole[:1]) in ("PlanTruncated", "UnknownStep")
    for length in (2, len(whole) // 2, len(whole) - 1):
        assert refusal(desk, whole[:length]) == "PlanTruncated"


@pytest.mark.parametrize("step", STEPS, ids=NAMES)
def test_flags_without_a_meaning_are_refused(desk: Desk, step: Step) -> None:
    whole, known = step.encode(), flags_of(step)
    for bit in range(8):
        if not known & (1 << bit):
            flags = whole[1] | 1 << bit
            found = reason(desk, bytes([whole[0], flags]) + whole[2:])
            assert (found.name, found.args) == ("UnknownStep", {"opcode": whole[0], "flags": flags})


def flags_of(step: Step) -> int:
    """The bits of the byte behind the opcode that mean something; what is measured is a number."""
    flags = step.layout.parts[0]
    assert isinstance(flags, Flags)
    return 1 if isinstance(step, Measure) else flags.known


OF_NO_POOL = (Measure, WrapNative, UnwrapNative, V4Swap, V4Take, V4Settle, BalancerV3Send, BalancerV3Settle)
POOL_STEPS = [step for step in STEPS if not isinstance(step, OF_NO_POOL)]


@pytest.mark.parametrize("step", POOL_STEPS, ids=[type(step).__name__ for step in POOL_STEPS])
def test_bits_of_the_extra_byte_without_a_meaning_are_refused(desk: Desk, step: Step) -> None:
    whole = step.encode()
    known = step.layout.parts[1]
    assert isinstance(known, Flags)
    for bit in range(known.known.bit_length(), 8):
        assert refusal(desk, whole[:2] + bytes([1 << bit]) + whole[3:]) == "UnknownStep"


DIRECTED = [step for step in STEPS if step.layout.directed]
OTHERS = [step for step in STEPS if not step.layout.directed]


@pytest.mark.parametrize("step", OTHERS, ids=[type(step).__name__ for step in OTHERS])
def test_only_pools_of_two_tokens_have_a_direction(desk: Desk, step: Step) -> None:
    whole = step.encode()
    assert refusal(desk, bytes([whole[0] | 1]) + whole[1:]) == "UnknownStep"


PULLED = [
    step for step in STEPS if isinstance(step, (CurveExchange, BalancerV2Swap, ERC4626Deposit, MakerPSMSwap))
]


@pytest.mark.parametrize("payer", [0, 3])
@pytest.mark.parametrize("step", PULLED, ids=[type(step).__name__ for step in PULLED])
def test_a_venue_that_pulls_needs_a_payer(desk: Desk, step: Step, payer: int) -> None:
    whole = step.encode()
    flags = whole[1] & ~PAYER_MASK | payer << PAYER_SHIFT
    assert refusal(desk, bytes([whole[0], flags]) + whole[2:]) == "UnknownStep"


@pytest.mark.parametrize("step", DIRECTED, ids=[type(step).__name__ for step in DIRECTED])
def test_a_pool_of_two_tokens_is_paid_by_one_of_the_payers_there_are(desk: Desk, step: Step) -> None:
    whole = step.encode()
    assert refusal(desk, bytes([whole[0], whole[1] | PAYER_MASK]) + whole[2:]) == "UnknownStep"


@pytest.mark.parametrize("payer", [0, 3])
@pytest.mark.parametrize("opcode", [Opcode.UNISWAP_V4_SETTLE, Opcode.BALANCER_V3_SETTLE])
def test_what_is_owed_on_an_account_is_paid_by_one_of_the_payers_there_are(
    desk: Desk, opcode: Opcode, payer: int
) -> None:
    flags = payer << PAYER_SHIFT
    found = reason(desk, bytes([opcode, flags]) + bytes.fromhex(TOKEN[2:]) + (5).to_bytes(16, "big"))
    assert (found.name, found.args) == ("UnknownStep", {"opcode": opcode, "flags": flags})


def test_flag_and_token_must_agree_that_the_chains_own_coin_goes_in(desk: Desk) -> None:
    out = token(desk, "WETH")
    native = CurveExchange(
        POOL, 0, 1, out, Payer.TRACKED, Recipient.ROUTER, 5, NATIVE, native_in=True
    ).encode()
    assert refusal(desk, native) == "TokenNotTracked"
    assert refusal(desk, native[:2] + bytes([0]) + native[3:]) == "UnknownStep"
    settled = CurveExchange(POOL, 0, 1, TOKEN, Payer.SETTLEMENT, Recipient.ROUTER, 5).encode()
    assert refusal(desk, settled[:2] + bytes([CURVE_NATIVE_IN]) + settled[3:]) == "UnknownStep"


@pytest.mark.parametrize("kind", [2, 255])
def test_only_a_balance_and_a_surplus_can_be_measured(desk: Desk, kind: int) -> None:
    assert refusal(desk, bytes([Opcode.MEASURE, kind]) + bytes.fromhex(TOKEN[2:])) == "UnknownStep"


@pytest.mark.parametrize("opcode", [0x00, 0x34, 0x44, 0x4C, 0x78, 0x88, 0xFF])
def test_an_opcode_that_names_nothing_is_refused(desk: Desk, opcode: int) -> None:
    assert refusal(desk, bytes([opcode]) + bytes(200)) == "UnknownStep"


def test_a_chain_without_a_venue_says_so(desk: Desk) -> None:
    fixed = ([token(desk, "WETH"), ZERO, ZERO, ZERO], *[ZERO] * 8)
    bare = replace(desk, router=deploy_router(Placer(desk.node), OWNER, fixed, router_artifacts()))
    bare.send(OWNER, "setPrimaryOperator(address)", OPERATOR)
    swap = BalancerV2Swap(POOL, "0x" + "00" * 12, TOKEN, Payer.SETTLEMENT, Recipient.ROUTER, 5)
    for step in (swap, WrapNative(5), UnwrapNative(5)):
        assert refusal(bare, step.encode()) == "VenueUnavailable"
