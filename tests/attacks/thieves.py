"""How thieves are told what to do: accomplices that get a turn, tokens that give them one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from devnet import abi
from executor.domain.address import Address, to_address
from executor.plan import DecodedError, decode_revert
from tests.attacks.scene import THIEF, place, sent
from tests.contracts.schemes import Deed
from tests.support.routers import Desk

PLOT_GAS = 16_000_000
ACTS = "(address,uint256,bytes,bool,bool)[]"


@dataclass(frozen=True)
class Act:
    """One call that an accomplice makes in its turn. `forwards`: with the bytes that it was called with;
    `must`: all fails when it fails.
    """

    target: str
    data: bytes = b""
    value: int = 0
    forwards: bool = False
    must: bool = False


def accomplice(desk: Desk, *acts: Act, answer: bytes = b"") -> Address:
    """A contract that does these things whenever anybody calls it."""
    contract = place(desk, "Thieves.Accomplice")
    plot(desk, contract, *acts, answer=answer)
    return contract


def plot(desk: Desk, contract: Address, *acts: Act, answer: bytes = b"") -> None:
    """Tell an accomplice what to do from now on, and what to answer."""
    rows = [(act.target, act.value, act.data, act.forwards, act.must) for act in acts]
    sent(desk, THIEF, abi.encode_call(f"plot({ACTS},bytes)", rows, answer), to=contract, gas=PLOT_GAS)


def pretend(desk: Desk, contract: Address, view: str, returns: str, *values: object) -> None:
    """Have an accomplice answer a view."""
    answer = abi.encode(returns, *values)
    data = abi.encode_call("pretend(bytes4,bytes)", abi.selector(view), answer)
    sent(desk, THIEF, data, to=contract)


def act_through(contract: str, target: str, data: bytes) -> tuple[str, bytes]:
    """Where to send what so that an accomplice makes this call now, and fails if it fails."""
    return contract, abi.encode_call("act(address,bytes)", target, data)


def turns(desk: Desk, contract: str) -> tuple[int, int]:
    """How many turns an accomplice had, and how many of its acts came through."""
    views = (abi.encode_call(view) for view in ("turns()", "done()"))
    had, done = (int.from_bytes(desk.node.call(contract, view), "big") for view in views)
    return had, done


def refusal(desk: Desk, contract: str) -> DecodedError:
    """Why the last of its acts that failed did so."""
    answer = desk.node.call(contract, abi.encode_call("refusal()"))
    return decode_revert(abi.decode("(bytes)", answer)[0])


def turn_of(contract: str) -> Deed:
    """What a scheming pool does to give an accomplice a turn."""
    return Deed(contract, b"\x01")


def hook_token(desk: Desk, listener: str | None = None, **held: int) -> Address:
    """A token that gives `listener` a turn on every move; `router` and `thief` may hold some of it."""
    token = place(desk, "Thieves.HookToken")
    for who, amount in held.items():
        receiver = {"router": desk.router, "thief": THIEF}[who]
        sent(desk, THIEF, abi.encode_call("give(address,uint256)", receiver, amount), to=token)
    if listener is not None:
        sent(desk, THIEF, abi.encode_call("listen(address)", listener), to=token)
    return token


def pair_of(
    desk: Desk, token: Address, other: str, amount: int, other_amount: int, *, dex: str = "uniswap_v2"
) -> Address:
    """A real pair of a thief's token and a token of the book, by symbol, with these reserves."""
    factory, asset = desk.book.contracts[f"{dex}_factory"], desk.book.tokens[other]
    sent(desk, THIEF, abi.encode_call("createPair(address,address)", token, asset), to=factory)
    found = desk.node.call(factory, abi.encode_call("getPair(address,address)", token, asset))
    pair = to_address("0x" + found[-20:].hex())
    sent(desk, THIEF, abi.encode_call("give(address,uint256)", pair, amount), to=token)
    desk.node.set_erc20_balance(asset, pair, other_amount)
    sent(desk, THIEF, abi.encode_call("mint(address)", THIEF), to=pair)
    return pair


def try_all(desk: Desk, contract: Address, target: str, calls: Sequence[bytes], at_once: int = 18) -> int:
    """Have an accomplice make all these calls, some in each transaction; how many came through."""
    before = turns(desk, contract)[1]
    for start in range(0, len(calls), at_once):
        plot(desk, contract, *(Act(target, call) for call in calls[start : start + at_once]))
        sent(desk, THIEF, b"\x01", to=contract, gas=PLOT_GAS)
    return turns(desk, contract)[1] - before


def all_failed(desk: Desk, contract: str, acts: Sequence[Act]) -> bool:
    """Whether an accomplice had its turn, and nothing that it tried came through."""
    had, done = turns(desk, contract)
    return had > 0 and done == 0 and len(acts) > 0
