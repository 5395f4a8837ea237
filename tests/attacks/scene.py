"""Who could lose something by an attack, what they hold, and the claim that they lost none of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache

import pytest

from devnet import abi
from devnet.artifacts import Artifact
from devnet.compiler import compile_files
from devnet.errors import RpcError, TransactionError
from devnet.node import ETHER, Receipt
from devnet.place import Placer, account
from executor.domain.address import Address, to_address
from executor.plan import DecodedError, decode_revert
from tests.contracts.schemes import plan_of
from tests.support.routers import LENDERS, OPERATOR, OWNER, ZERO, Desk, Reverted, revert_data

THIEF = account("thief")
PATRON = account("patron who approved the router by mistake")
STOCK = {"WETH": 50 * ETHER, "USDC": 10**11, "DAI": 10**23, "USDT": 10**11, "STA": 10**21, "sDAI": 10**22}
"""What the router holds of each token, in its smallest unit, before an attack; a tenth of it each person."""
AUDITOR = account("auditor")
STANDING_WEI = 3 * ETHER
"""What was forced into the router in the chain's own coin."""
MAX = 2**256 - 1
STORAGE_SLOTS = range(6)
# For each slot PUSH1 slot, SLOAD, PUSH1 32 * slot, MSTORE; then PUSH1 192, PUSH0, RETURN.
SHOW_STORAGE = b"".join(bytes([0x60, slot, 0x54, 0x60, 32 * slot, 0x52]) for slot in STORAGE_SLOTS)
SHOW_STORAGE += bytes([0x60, 32 * len(STORAGE_SLOTS), 0x5F, 0xF3])
"""Code that answers with the storage of who runs it."""

Holdings = Mapping[tuple[str, str], int]


@lru_cache
def attackers(file: str) -> Mapping[str, Artifact]:
    """The contracts of one file of tests/attacks/solidity, by name."""
    return compile_files([f"tests/attacks/solidity/{file}.sol"])


def place(desk: Desk, contract: str, signature: str = "()", *arguments: object) -> Address:
    """Deploy one of them, named as `File.Contract`."""
    file, _, name = contract.partition(".")
    return to_address(Placer(desk.node).deploy(attackers(file)[name], signature, *arguments))


def stock(desk: Desk) -> None:
    """Give the router and the people around it something to lose; the people have approved the router."""
    node = desk.node
    for symbol, amount in STOCK.items():
        token = desk.book.tokens[symbol]
        node.set_erc20_balance(token, desk.router, amount)
        for person in (OWNER, OPERATOR, PATRON):
            node.set_erc20_balance(token, person, amount // 10)
            node.send(person, token, abi.encode_call("approve(address,uint256)", desk.router, MAX))
    node.set_balance(desk.router, STANDING_WEI)
    node.set_code(AUDITOR, attackers("Auditor")["Auditor"].deployed_bytecode)


def holdings(desk: Desk, more_tokens: Sequence[str] = ()) -> Holdings:
    """What everybody holds who could lose something: tokens by address, and wei under the zero address."""
    tokens = [ZERO, *(desk.book.tokens[symbol] for symbol in STOCK), *more_tokens]
    people = [desk.router, OWNER, OPERATOR, PATRON, *desk.parts.values()]
    question = abi.encode_call("holdings(address[],address[])", people, tokens)
    (balances,) = abi.decode("(uint256[])", desk.node.call(AUDITOR, question))
    places = [(who, token) for who in people for token in tokens]
    found = dict(zip(places, balances, strict=True))
    # Operators pay for gas; the others send nothing here.
    del found[OPERATOR, ZERO]
    return found


def control(desk: Desk) -> tuple[object, ...]:
    """Who commands the router: its storage, and the code of it and its parts."""
    request = {"to": desk.router, "data": "0x"}
    slots = desk.node.rpc("eth_call", request, "latest", {desk.router: {"code": f"0x{SHOW_STORAGE.hex()}"}})
    question = abi.encode_call("codes(address[])", [desk.router, *desk.parts.values()])
    return slots, desk.node.call(AUDITOR, question)


def allowances(desk: Desk, spenders: Sequence[str], more_tokens: Sequence[str] = ()) -> dict[str, int]:
    """What the router lets anybody take, straight or through Permit2; zeros are left out."""
    tokens = [*(desk.book.tokens[symbol] for symbol in STOCK), *more_tokens]
    permit2 = desk.book.contracts["permit2"]
    lenders = [desk.book.contracts[name] for name in LENDERS if name in desk.book.contracts]
    pools = [record.address for record in desk.book.pools]
    everybody = [*dict.fromkeys([THIEF, PATRON, OPERATOR, permit2, *lenders, *pools, *spenders])]
    signature = "allowances(address,address,address[],address[])"
    question = abi.encode_call(signature, desk.router, permit2, tokens, everybody)
    (found,) = abi.decode("((address,address,uint256,bool)[])", desk.node.call(AUDITOR, question))
    ways = {False: "", True: " through Permit2"}
    return {f"{token} to {spender}{ways[through]}": amount for token, spender, amount, through in found}


@contextmanager
def nothing_lost(
    desk: Desk, *spenders: str, tokens: Sequence[str] = (), gas_of: Sequence[str] = ()
) -> Iterator[None]:
    """Fails unless, afterwards, nobody has less of anything than before, nobody may take anything from the
    router, nobody new commands it, and it still runs plans if it did.

    `tokens` are addresses of tokens besides those of the stock; `spenders` are asked about besides the pools
    and lenders of the chain; people in `gas_of` send transactions themselves and pay for their gas.
    """
    before, commanded, ran = holdings(desk, tokens), control(desk), runs(desk)
    yield
    after = holdings(desk, tokens)
    lost = {where: before[where] - after[where] for where in before if after[where] < before[where]}
    for sender in gas_of:
        lost.pop((sender, ZERO), None)
    assert lost == {}
    assert allowances(desk, spenders, tokens) == {}
    assert control(desk) == commanded
    assert runs(desk) == ran


def runs(desk: Desk) -> bool:
    """Whether the router runs a plan of its operator's."""
    try:
        return desk.simulate(plan_of()) == 0
    except Reverted:
        return False


def refused(
    desk: Desk, sender: str, data: bytes, *, to: str | None = None, value: int = 0, gas: int = 3_000_000
) -> DecodedError:
    """Why a real transaction to the router, or `to`, is refused. Fails if it is not."""
    reason = why_refused(desk, sender, data, to=to, value=value)
    with pytest.raises(TransactionError):
        desk.node.send(sender, to or desk.router, data, value=value, gas=gas)
    return reason


def why_refused(
    desk: Desk, sender: str, data: bytes, *, to: str | None = None, value: int = 0
) -> DecodedError:
    """Why a call would be refused in the next block; quick, for many calls. Fails if it is not refused."""
    try:
        desk.node.call(to or desk.router, data, from_=sender, value=value, block="pending")
    except RpcError as error:
        return decode_revert(revert_data(error))
    pytest.fail("the call is not refused")


def sent(desk: Desk, sender: str, data: bytes, *, to: str | None = None, gas: int = 5_000_000) -> Receipt:
    """A real transaction to the router, or `to`, which succeeds."""
    return desk.node.send(sender, to or desk.router, data, gas=gas)
