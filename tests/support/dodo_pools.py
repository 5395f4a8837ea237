"""Models of DODO V2's pools, of every kind, which stand as a test says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, dataclass, replace
from functools import cache
from random import Random

from eth_utils.crypto import keccak

from devnet import Node, abi, deal
from devnet.artifacts import Artifact
from devnet.book import AddressBook
from devnet.compiler import compile_files
from devnet.errors import RpcError
from devnet.place import Placer
from devnet.roles import account
from executor.domain.address import Address, to_address
from executor.domain.pool import Pool, VenueKind
from executor.domain.pool_details import DodoV2Details
from executor.domain.token import Token
from executor.plan.format import Payer, Recipient
from executor.plan.steps import DodoV2Swap
from executor.venues.dodo_v2 import DodoV2State
from executor.venues.dodo_v2_maths import ONE, RState, reciprocal, target_of
from executor.venues.dodo_v2_reads import SOMEBODY

USER = account("user of a pool of DODO")
KINDS = ("VendingPool", "TargetPool", "SavingPool")
STANDING = "(uint256,uint256,uint256,uint256,uint256,uint256,uint256)"


@dataclass(frozen=True)
class Standing:
    """Price, slope, holdings, targets, and the state as the pool numbers it."""

    rate: int
    slope: int
    base: int
    quote: int
    base_target: int
    quote_target: int
    r: int


@dataclass(frozen=True)
class Terms:
    """How a pool stands, what it keeps of the output, and what waits at it."""

    standing: Standing
    lp_fee: int = 0
    mt_fee: int = 0
    base_waiting: int = 0
    quote_waiting: int = 0


@dataclass(frozen=True)
class Placed:
    """A pool and its tokens."""

    address: Address
    base: Address
    quote: Address
    keeps_targets: bool = True
    strict: bool = False

    @property
    def pool(self) -> Pool:
        """The pool as the executor sees it."""
        tokens = [Token(1, each, "ANY", 18) for each in (self.base, self.quote)]
        token0, token1 = sorted(tokens, key=lambda each: int(each.address, 16))
        details = DodoV2Details(self.base, self.keeps_targets, self.strict)
        return Pool("unnamed", VenueKind.DODO_V2, self.address, token0, token1, 0, details=details)

    def direction(self, *, base_in: bool) -> bool:
        """Whether that sale puts token0 in."""
        return base_in is (self.pool.token0.address == self.base)

    def state(self, terms: Terms) -> DodoV2State:
        """The state that a reading should find."""
        s, kept = terms.standing, self.keeps_targets
        state = DodoV2State(
            self.pool,
            s.rate,
            s.slope,
            s.base,
            s.quote,
            s.base_target,
            s.quote_target if kept else 0,
            RState(s.r) if kept else RState.ABOVE_ONE,
            terms.lp_fee,
            terms.mt_fee,
            terms.base_waiting,
            terms.quote_waiting,
        )
        return state.adjusted()


@cache
def code() -> Mapping[str, Artifact]:
    """The pools and their coin, by name."""
    settings = {"optimizer": {"enabled": False}, "evmVersion": "cancun"}
    return compile_files(["tests/venues/solidity/DodoPools.sol"], version="0.8.28", settings=settings)


def place(node: Node, name: str, *more: int) -> Placed:
    """Deploy a pool with coins of its own; `more`: the number of an odd one's oddity."""
    base, quote = (to_address(Placer(node).deploy(code()["Coin"])) for _ in range(2))
    return place_over(node, name, base, quote, *more)


def place_over(node: Node, name: str, base: Address, quote: Address, *more: int) -> Placed:
    """Deploy a pool of these tokens."""
    types = "(address,address,uint8)" if more else "(address,address)"
    pool = Placer(node).deploy(code()[name], types, base, quote, *more)
    return Placed(to_address(pool), base, quote, name != "VendingPool", name == "SavingPool")


def stand(node: Node, placed: Placed, terms: Terms) -> None:
    """Let a pool of its own coins stand so."""
    tell(node, placed, terms)
    held = terms.standing.base + terms.base_waiting, terms.standing.quote + terms.quote_waiting
    for coin, amount in zip((placed.base, placed.quote), held, strict=True):
        set_balance(node, coin, placed.address, amount)


def tell(node: Node, placed: Placed, terms: Terms) -> None:
    """Let a pool believe that it stands so."""
    standing = terms.standing if placed.keeps_targets else replace(terms.standing, quote_target=0, r=1)
    data = abi.encode_call(
        f"stand({STANDING},uint256,uint256)", astuple(standing), terms.lp_fee, terms.mt_fee
    )
    node.send(USER, placed.address, data)


def set_balance(node: Node, coin: Address, who: str, amount: int) -> None:
    """Give somebody so much of a pool's coin."""
    packed = bytes.fromhex(who[2:]).rjust(32, b"\0") + bytes(32)
    node.set_storage(coin, int.from_bytes(keccak(packed), "big"), amount)


def queried(node: Node, placed: Placed, amount: int, *, base_in: bool) -> tuple[int, ...] | None:
    """What the pool's query answers, None where it refuses."""
    name = "querySellBase" if base_in else "querySellQuote"
    try:
        found = node.call(placed.address, abi.encode_call(f"{name}(address,uint256)", SOMEBODY, amount))
    except RpcError:
        return None
    return tuple(int.from_bytes(found[at : at + 32], "big") for at in range(0, len(found), 32))


def trade(node: Node, placed: Placed, amount: int, *, base_in: bool) -> int:
    """What the user gets for `amount` of a pool's own coin in real transactions."""
    sold, bought = (placed.base, placed.quote) if base_in else (placed.quote, placed.base)
    set_balance(node, sold, USER, amount)
    before = node.erc20_balance(bought, USER)
    node.send(USER, sold, abi.encode_call("transfer(address,uint256)", placed.address, amount))
    node.send(USER, placed.address, sale(USER, base_in=base_in))
    return node.erc20_balance(bought, USER) - before


def sale(to: str, *, base_in: bool) -> bytes:
    """The call that sells what waits at a pool."""
    return abi.encode_call(f"{'sellBase' if base_in else 'sellQuote'}(address)", to)


def random_terms(random: Random, *, waiting: bool = True) -> Terms:
    """Terms in any state: prices from 1e-9 to 1e12, slopes of every kind, up to 1e27 units of each token."""
    rate = random.randint(1, 10 ** random.randint(9, 30))
    slope = random.choice((0, ONE, 1, ONE - 1, 10**14, random.randint(2, ONE), random.randint(2, ONE)))
    base, quote = (random.randint(1, 10 ** random.randint(1, 27)) for _ in range(2))
    r = random.choice(list(RState))
    base_target, quote_target = base, quote
    if r is RState.BELOW_ONE:
        base_target = random.randint(base // 3, base)
        quote_target = target_of(quote, base - base_target, rate, slope, False)
    elif r is RState.ABOVE_ONE:
        quote_target = random.randint(quote // 3, quote)
        base_target = target_of(base, quote - quote_target, reciprocal(rate), slope, False)
    lp_fee, mt_fee = (random.choice((0, 10**14, random.randint(0, 10**17))) for _ in range(2))
    above = [random.choice((0, 0, 1, random.randint(0, 10**20))) if waiting else 0 for _ in range(2)]
    standing = Standing(rate, slope, base, quote, base_target, quote_target, int(r))
    return Terms(standing, lp_fee, mt_fee, *above)


def random_size(random: Random, state: DodoV2State, *, base_in: bool) -> int:
    """A size before, at or behind where the pool is at its targets."""
    side = state.side(base_in)
    back = max(side.target_in - side.held_in, 0) if side.toward else 0
    near = (back - 1, back, back + 1, back - state.waiting(base_in), back // 2, 1)
    some = random.choice((*near, random.randint(1, 10 ** random.randint(1, 27)), side.held_in // 9 + back))
    return max(some, 1)


def over(node: Node, book: AddressBook, base: Address, quote: Address, name: str = "TargetPool") -> Placed:
    """A pool that gives one of the quote for one of the base, in smallest units."""
    placed, held = place_over(node, name, base, quote), 10**22
    tell(node, placed, Terms(Standing(ONE, ONE // 10, held, held, held, held, 0)))
    for asset in (base, quote):
        _hold(node, book, asset, placed.address, held)
    return placed


def ether_dollars(node: Node, book: AddressBook, name: str = "TargetPool") -> Placed:
    """A pool of WETH and USDC at the price of the pair of the book, at its targets, with a fee of 0.03 %; a
    machine has sold some of its base at prices that rose to that.
    """
    weth, usdc = (to_address(book.tokens[symbol]) for symbol in ("WETH", "USDC"))
    pair = book.pool("uniswap_v2 USDC/WETH").address
    dollars, ether = (node.erc20_balance(each, pair) // 10 for each in (usdc, weth))
    placed = place_over(node, name, weth, usdc)
    standing = Standing(dollars * ONE // ether, ONE // 10, ether, dollars, ether, dollars, 0)
    terms = Terms(standing, lp_fee=2 * 10**14, mt_fee=10**14)
    if not placed.keeps_targets:
        terms = replace(terms, standing=_grown(placed, standing))
    tell(node, placed, terms)
    for asset, amount in ((weth, terms.standing.base), (usdc, dollars)):
        _hold(node, book, asset, placed.address, amount)
    return placed


def _grown(placed: Placed, standing: Standing) -> Standing:
    """Of a machine that holds as much, but whose guide price is so low that its price is that now."""
    low, high = standing.rate // 8, standing.rate
    while high - low > 1:
        middle = (low + high) // 2
        grown = replace(standing, rate=middle, quote_target=0, r=1)
        rise, run = placed.state(Terms(grown)).side(True).slope(0)
        low, high = (middle, high) if rise * ONE < standing.rate * run else (low, middle)
    return replace(standing, rate=high, quote_target=0, r=1)


def swap(placed: Placed, amount: int | None, *, base_in: bool, payer: Payer = Payer.SETTLEMENT) -> DodoV2Swap:
    """A sale to the pool, whose output goes to the router."""
    sold, bought = (placed.base, placed.quote) if base_in else (placed.quote, placed.base)
    tracked = sold if payer is Payer.TRACKED else None
    return DodoV2Swap(placed.address, base_in, bought, payer, Recipient.ROUTER, amount, tracked)


def sell(node: Node, placed: Placed, amount: int, *, base_in: bool) -> int:
    """Somebody sells tokens of the book to a pool; what they got."""
    sold, bought = (placed.base, placed.quote) if base_in else (placed.quote, placed.base)
    deal.set_balance(node, sold, USER, amount)
    before = node.erc20_balance(bought, USER)
    node.send(USER, sold, abi.encode_call("transfer(address,uint256)", placed.address, amount))
    node.send(USER, placed.address, sale(USER, base_in=base_in))
    return node.erc20_balance(bought, USER) - before


def _hold(node: Node, book: AddressBook, asset: Address, who: Address, amount: int) -> None:
    """Give somebody a token of the book, or one that anybody may issue."""
    if asset in {to_address(known) for known in book.tokens.values()}:
        deal.set_balance(node, asset, who, amount)
    else:
        node.send(USER, asset, abi.encode_call("issue(address,uint256)", who, amount))
