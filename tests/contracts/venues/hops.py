"""Plans that test one hop: the hop, and a pair that gives back what the hop cost."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from functools import lru_cache

from devnet import abi
from devnet.artifacts import Artifact
from devnet.compiler import compile_files
from devnet.node import Receipt
from devnet.place import Placer
from devnet.protocols.tokens import TREASURY
from executor.domain.address import Address, to_address
from executor.plan.encoding import encode_plan
from executor.plan.format import Payer, Recipient, V2Output
from executor.plan.steps import DecodedPlan, Header, Step, Track, V2Swap
from tests.support.routers import FOREVER, STRANGER, ZERO, Desk

SETTLEMENTS = ("WETH", "USDC", "DAI", "USDT")
RECEIVER = to_address("0x" + "ab" * 20)
NATIVE = to_address(ZERO)


@lru_cache(maxsize=1)
def odd_contracts() -> dict[str, Artifact]:
    """Pools, vaults and tokens that behave as they are told, by name."""
    return compile_files([f"tests/contracts/solidity/{name}.sol" for name in ("OddVenues", "QuirkyTokens")])


def place(desk: Desk, contract: str, signature: str = "()", *arguments: object) -> Address:
    """Deploy one of them."""
    return to_address(Placer(desk.node).deploy(odd_contracts()[contract], signature, *arguments))


def plan(*steps: Step, settlement: str = "WETH", minimum: int = 0) -> bytes:
    """The calldata of a plan without a deadline that matters."""
    return encode_plan(DecodedPlan(Header(SETTLEMENTS.index(settlement), FOREVER, minimum), steps))


def token(desk: Desk, symbol: str) -> Address:
    """The address of a token of the book."""
    return to_address(desk.book.tokens[symbol])


def gift(desk: Desk, asset: Address, amount: int) -> V2Swap:
    """A step in which somebody gives the router `amount` of `asset`; of wei, where that is zero."""
    giver = place(desk, "Benefactor", "(address)", asset)
    if asset == NATIVE:
        desk.node.set_balance(giver, amount)
    else:
        hand(desk, asset, giver, amount)
    return V2Swap(giver, True, Payer.NONE, Recipient.ROUTER, V2Output.LITERAL, amount_in=0, amount_out=amount)


def pay_last(desk: Desk, asset: Address) -> V2Swap:
    """A step that pays all of what the last step gave, of the tracked `asset`, to a contract of its own."""
    taker = place(desk, "Benefactor", "(address)", asset)
    return V2Swap(taker, True, Payer.TRACKED, Recipient.ROUTER, V2Output.LITERAL, amount_out=0, token=asset)


def hand(desk: Desk, asset: Address, who: Address, amount: int) -> None:
    """Give `who` an amount of a token of the book, or of a token that anybody may issue."""
    if asset in {to_address(known) for known in desk.book.tokens.values()}:
        desk.node.send(TREASURY, asset, abi.encode_call("transfer(address,uint256)", who, amount))
    else:
        desk.node.send(STRANGER, asset, abi.encode_call("issue(address,uint256)", who, amount))


def held(desk: Desk, asset: Address, who: str | None = None) -> int:
    """What `who`, by default the router, holds of a token; of the chain's own coin where that is zero."""
    who = who or desk.router
    return desk.node.balance(who) if asset == NATIVE else desk.node.erc20_balance(asset, who)


def allowance(desk: Desk, asset: Address, spender: Address) -> int:
    """What `spender` may take from the router."""
    data = abi.encode_call("allowance(address,address)", desk.router, spender)
    return int.from_bytes(desk.node.call(asset, data), "big")


def ask(desk: Desk, target: str, signature: str, *arguments: object) -> int:
    """The first word that a call answers."""
    return int.from_bytes(desk.node.call(target, abi.encode_call(signature, *arguments))[:32], "big")


def execute(desk: Desk, *steps: Step, settlement: str = "WETH") -> Receipt:
    """Run the steps, in which the settlement token must not fall, in a real transaction. Raises Reverted."""
    calldata = plan(*steps, settlement=settlement)
    desk.simulate(calldata)
    return desk.execute(calldata)


def tracking(asset: Address, *steps: Step) -> Track:
    """The steps, which may also pay `asset`."""
    return Track(asset, steps)


CONDUCT = "(address,uint256,address,uint256,uint256,address,bytes,bool)"


@dataclass(frozen=True)
class Conduct:
    """What an odd venue does when it is called, in the order in which its contract is told."""

    token_in: Address
    pulls: int
    token_out: Address
    gives: int = 0
    says: int = 0
    target: str = ZERO
    deed: bytes = b""
    must: bool = False


def odd_venue(desk: Desk, conduct: Conduct) -> Address:
    """A venue of every shape that conducts itself so, with enough to give."""
    venue = place(desk, "OddVenue")
    behave(desk, venue, conduct)
    return venue


def behave(desk: Desk, venue: Address, conduct: Conduct) -> None:
    """Tell an odd venue how to conduct itself from now on."""
    desk.node.send(STRANGER, venue, abi.encode_call(f"behave({CONDUCT})", astuple(conduct)))
    if conduct.gives:
        hand(desk, conduct.token_out, venue, conduct.gives)


def quirks(
    desk: Desk, asset: Address, *, answer: int = 0, fee_bps: int = 0, zero_first: bool = False
) -> None:
    """Change a quirky token's habits. `answer` 0: true, 1: nothing, 2: false, and nothing moves."""
    data = abi.encode_call("behave(uint8,uint256,bool)", answer, fee_bps, zero_first)
    desk.node.send(STRANGER, asset, data)
