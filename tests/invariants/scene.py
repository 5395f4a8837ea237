"""What the handlers of the invariant tests act on: a router on a local mainnet, plans, people, money.

Forge is told by environment variables. Plans are encoded here, by the one encoder there is; the handlers
write their own numbers into the places that the encoded numbers mark.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from devnet.artifacts import Artifact
from devnet.books import book_of
from devnet.node import ETHER, Node
from devnet.place import Placer, account
from executor.domain.address import Address, to_address
from executor.domain.deployment import Part
from executor.domain.route import Funding, Route, SizedRoute
from executor.plan import Tip
from executor.plan.compile import Custody, compile_route
from executor.plan.encoding import encode_plan
from executor.plan.format import Opcode, Payer, Recipient, V2Output
from executor.plan.steps import DecodedPlan, Header, Loan, Step, Track, V2Swap
from tests.attacks.callbacks import calls
from tests.support.routers import (
    FOREVER,
    LENDERS,
    OPERATOR,
    OWNER,
    PAUSER,
    STRANGER,
    Desk,
    deploy_parts,
    router_artifacts,
)

BUILDER, TRADER = account("builder"), account("invariant trader")
# Numbers that stand nowhere else in a plan, in the width of their fields.
AMOUNT, MINIMUM, FIXED_TIP, SHARE = 0xA1B2C3D4E5F60718, 0xB1B2C3D4E5F6, 0xC1C2C3C4C5C6, 0x1AB9
AMOUNT_BYTES, MINIMUM_BYTES, SHARE_BYTES = 16, 12, 2
MOST = 10**27
# Maker lends DAI alone.
LENDS_WETH = {"maker_dss_flash": "erc3156_lender_with_fee"}

UNISWAP_V2, SUSHI_V2 = "uniswap_v2 USDC/WETH", "sushi_v2 USDC/WETH"
UNISWAP_V3, PANCAKE_V3 = "uniswap_v3 USDC/WETH 500", "pancake_v3 USDC/WETH 500"
POOLS = (UNISWAP_V2, SUSHI_V2, UNISWAP_V3, PANCAKE_V3)
TOKENS = ("WETH", "USDC", "DAI", "USDT")
LOANS = {
    "aave_v3_pool": Opcode.AAVE_V3_LOAN,
    "balancer_v2_vault": Opcode.BALANCER_V2_LOAN,
    "morpho_blue": Opcode.MORPHO_BLUE_LOAN,
    "erc3156_lender_with_fee": Opcode.ERC3156_LOAN,
    "uniswap_v4_pool_manager": Opcode.UNISWAP_V4_LOAN,
    "balancer_v3_vault": Opcode.BALANCER_V3_LOAN,
}


@dataclass(frozen=True)
class Template:
    """A plan with marked numbers. `first` and `second` are the indexes of its pools in POOLS."""

    plan: bytes
    first: int
    second: int
    tips: bool

    @property
    def places(self) -> bytes:
        """Offsets of the amounts, two bytes each."""
        mark, found = AMOUNT.to_bytes(AMOUNT_BYTES, "big"), b""
        at = self.plan.find(mark)
        while at >= 0:
            found += at.to_bytes(2, "big")
            at = self.plan.find(mark, at + 1)
        return found


def build(node: Node, code: Mapping[str, Artifact] | None = None) -> tuple[Desk, dict[str, str]]:
    """A router with inventory in every token, and the variables that tell the handlers about it.

    `code` replaces the router's own compiled parts.
    """
    desk = _desk(node, code or router_artifacts())
    node.set_erc20_balance(desk.book.tokens["WETH"], desk.router, 500 * ETHER)
    for symbol, units in (("USDC", 10**12), ("DAI", 10**24), ("USDT", 10**12)):
        node.set_erc20_balance(desk.book.tokens[symbol], desk.router, units)
    for symbol, units in (("WETH", 50_000 * ETHER), ("USDC", 100_000_000 * 10**6)):
        node.set_erc20_balance(desk.book.tokens[symbol], TRADER, units)
    node.set_erc20_balance(desk.book.tokens["WETH"], OPERATOR, 100 * ETHER)
    node.set_balance(desk.router, 3 * ETHER)
    return desk, variables(desk)


def _desk(node: Node, code: Mapping[str, Artifact]) -> Desk:
    """A router that knows all lenders which lend WETH."""
    book = book_of(node)
    fixed = (
        [book.tokens[symbol] for symbol in TOKENS],
        book.tokens["WETH"],
        *(book.contracts[LENDS_WETH.get(name, name)] for name in LENDERS),
    )
    parts = deploy_parts(Placer(node), OWNER, fixed, code)
    desk = Desk(node, book, parts[Part.ROUTER], parts)
    desk.send(OWNER, "setPrimaryOperator(address)", OPERATOR)
    desk.send(OWNER, "setPauser(address)", PAUSER)
    return desk


def variables(desk: Desk) -> dict[str, str]:
    """The environment of the Forge run."""
    templates = plans(desk)
    contracts = desk.book.contracts
    lenders = [contracts[name] for name in LOANS if name in contracts]
    tip = _header(desk, tip=True)
    words: Mapping[str, object] = {
        "ROUTER": desk.router,
        "TOKENS": _list(desk.book.tokens[symbol] for symbol in TOKENS),
        "POOLS": _list(desk.pool(name).address for name in POOLS),
        "LENDERS": _list(lenders),
        "AAVE_TOKEN": _aave_token(desk),
        "PEOPLE": _list((OWNER, OPERATOR, PAUSER, STRANGER, BUILDER, TRADER)),
        "PLANS": _list("0x" + template.plan.hex() for template in templates),
        "AMOUNT_PLACES": _list("0x" + template.places.hex() for template in templates),
        "FIRST_POOLS": _list(template.first for template in templates),
        "SECOND_POOLS": _list(template.second for template in templates),
        "MINIMUM_AT": tip.index(MINIMUM.to_bytes(MINIMUM_BYTES, "big")),
        "SHARE_AT": tip.index(FIXED_TIP.to_bytes(MINIMUM_BYTES, "big")) - SHARE_BYTES,
        "FIXED_TIP_AT": tip.index(FIXED_TIP.to_bytes(MINIMUM_BYTES, "big")),
        "TIPS": _list(int(template.tips) for template in templates),
        "IDLE_PLAN": "0x" + idle_plan(desk).hex(),
        "CALLBACKS": _list("0x" + call.hex() for call in calls(desk, 10 * ETHER, desk.router).values()),
        "THEFTS": _list("0x" + plan.hex() for plan in thefts(desk)),
    }
    return {f"SCENE_{name}": str(value) for name, value in words.items()}


def plans(desk: Desk) -> list[Template]:
    """Routes over real pools, paid from inventory, by chained callbacks and by every lender; half tip."""
    made = []
    for first, second in ((0, 1), (0, 2), (2, 1), (2, 3)):
        for custody, funding in _ways(first, second):
            made.append((first, second, _steps(desk, first, second, custody, funding)))
    for number, (name, opcode) in enumerate(LOANS.items()):
        if name in desk.book.contracts:
            first, second = ((0, 1), (0, 2))[number % 2]
            steps = _steps(desk, first, second, "pool_to_pool", Funding.INVENTORY)
            made.append((first, second, (Loan(opcode, AMOUNT, MOST, steps),)))
    return [
        Template(_plan(desk, steps, tip=number % 2 == 0), first, second, number % 2 == 0)
        for number, (first, second, steps) in enumerate(made)
    ]


def thefts(desk: Desk) -> list[bytes]:
    """Plans that would sell the router's own USDC: untracked, tracked, and to an address of their choice."""
    usdc, pair = to_address(desk.book.tokens["USDC"]), desk.pool(UNISWAP_V2).address
    sale = V2Swap(
        pair, True, Payer.TRACKED, Recipient.ROUTER, V2Output.COMPUTED, 30, amount_in=10**9, token=usdc
    )
    away = V2Swap(
        pair,
        True,
        Payer.TRACKED,
        Recipient.EXPLICIT,
        V2Output.COMPUTED,
        30,
        amount_in=10**9,
        token=usdc,
        to=to_address(STRANGER),
    )
    return [
        _plan(desk, steps, tip=False) for steps in ((sale,), (Track(usdc, (sale,)),), (Track(usdc, (away,)),))
    ]


def idle_plan(desk: Desk) -> bytes:
    """Does nothing; refused if anything of an earlier plan is left: lock, registration, open scopes."""
    scopes: tuple[Step, ...] = ()
    for symbol in TOKENS:
        scopes = (Track(to_address(desk.book.tokens[symbol]), scopes),)
    return encode_plan(DecodedPlan(Header(0, FOREVER, 0), scopes))


def _ways(first: int, second: int) -> list[tuple[Custody, Funding]]:
    ways: list[tuple[Custody, Funding]] = [("pool_to_pool", Funding.INVENTORY)]
    if first < 2 or second < 2:
        ways.append(("through_router", Funding.INVENTORY))
    if second < 2 and first < 2:
        ways.append(("pool_to_pool", Funding.CALLBACK_CHAIN))
    return ways


def _steps(desk: Desk, first: int, second: int, custody: Custody, funding: Funding) -> tuple[Step, ...]:
    route: Route = desk.route("WETH", (POOLS[first], "WETH"), (POOLS[second], "USDC"))
    # Outputs are computed on chain; between two V3 hops the first one is literal, and small.
    sized = SizedRoute(route, (AMOUNT, 1000 * 10**6, AMOUNT), funding)
    return compile_route(sized, outputs="computed", custody=custody)


def _plan(desk: Desk, steps: tuple[Step, ...], *, tip: bool) -> bytes:
    offered = Tip(SHARE, FIXED_TIP, to_address(BUILDER)) if tip else None
    return encode_plan(DecodedPlan(Header(0, FOREVER, MINIMUM, tip=offered), steps))


def _header(desk: Desk, *, tip: bool) -> bytes:
    return _plan(desk, (), tip=tip)


def _aave_token(desk: Desk) -> Address:
    """Where the Aave pool keeps its WETH."""
    from devnet import abi

    call = abi.encode_call("getReserveData(address)", desk.book.tokens["WETH"])
    words = desk.node.call(desk.book.contracts["aave_v3_pool"], call)
    return to_address("0x" + words[8 * 32 + 12 : 9 * 32].hex())


def _list(values: object) -> str:
    return ",".join(str(value) for value in values)  # type: ignore[attr-defined]
