"""Arguments to signed bytes, by our path and by web3.py's: a route of three hops over a pair, a V3 pool and a
pair, sized, to the raw transaction that a node takes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter
from typing import Any

from eth_abi.packed import encode_packed
from eth_account import Account
from eth_account.signers.local import LocalAccount
from web3 import Web3
from web3.providers.base import BaseProvider

from benchmarks.pools_in_memory import WETH, pair, pool, token
from executor.domain.address import Address, to_address
from executor.domain.route import Funding, Leg, Route, SizedRoute
from executor.plan import encode
from executor.routing.sizing import forward
from executor.wallet.envelope import TransactionFields
from executor.wallet.signer import LocalSigner

GWEI = 10**9
ETHER = 10**18
CHAIN_ID = 1
DEADLINE = 2_000_000_000
ROUTER = to_address("0x00000000000000000000000000000000C0FFEE01")
FEE_BPS = 30
ROUNDS, CALLS = 30, 100
_EXECUTE: list[dict[str, Any]] = [
    {"type": "function", "name": "execute", "inputs": [], "outputs": [], "stateMutability": "nonpayable"}
]
_TYPES = [
    *("uint8", "uint32", "uint96"),
    *("uint8", "uint8", "uint8", "address", "uint128"),
    *("uint8", "uint8", "uint8", "address", "uint16"),
    *("uint8", "uint8", "uint8", "address"),
    *("uint8", "uint8", "uint8", "address", "uint128"),
]
"""Header; quote of the first pair; V3 swap and the length of what runs inside: the last pair, the first."""
_QUOTE, _QUOTE_FLAGS = 0x15, 0x40
_V3, _V3_FLAGS = 0x21, 0xA1
_LAST_PAIR, _LAST_FLAGS = 0x10, 0x41
_FIRST_PAIR, _FIRST_FLAGS = 0x11, 0x94
_INSIDE = 62


@dataclass(frozen=True)
class Asked:
    """What is to be signed. Fees in wei per gas."""

    sized: SizedRoute
    router: Address = ROUTER
    nonce: int = 7
    gas_limit: int = 400_000
    max_fee: int = 30 * GWEI
    tip: int = GWEI


@dataclass
class Timing:
    """Microseconds of each round, and the bytes that came out."""

    us: list[float] = field(default_factory=list)
    answer: object = None

    @property
    def middle(self) -> float:
        """The median."""
        return median(self.us)

    @property
    def least(self) -> float:
        """What the machine can do."""
        return min(self.us)


def route() -> SizedRoute:
    """One ether round three pools that hold a gap of a tenth."""
    first, second = token(3, "A"), token(4, "B")
    states = (
        pair(0x100, 10**21, 10**21, (WETH, first)),
        pool(0x101, (1, 1), 3, 10**21, (first, second)),
        pair(0x102, 11 * 10**20, 10**21, (WETH, second)),
    )
    legs: list[Leg] = []
    for state in states:
        legs.append(Leg(state.pool, legs[-1].token_out if legs else WETH))
    whole = Route(tuple(legs))
    amounts = forward(whole, {state.pool.key: state for state in states}, ETHER)
    return SizedRoute(whole, amounts, Funding.INVENTORY, 0)


def plan_of(sized: SizedRoute) -> bytes:
    """The calldata by our own encoder."""
    return encode(sized, settlement_index=0, minimum_profit=sized.gross_profit, deadline=DEADLINE)


def ours(signer: LocalSigner, asked: Asked) -> bytes:
    """Our path."""
    fields = TransactionFields(
        CHAIN_ID,
        asked.nonce,
        asked.router,
        plan_of(asked.sized),
        0,
        asked.gas_limit,
        asked.max_fee,
        asked.tip,
    )
    return signer.sign(fields).raw


class Web3Path:
    """The ordinary path: `eth_abi` packs the plan, a contract object builds the transaction with every field
    given, so that no node is asked, and eth-account signs it. coincurve serves it too.
    """

    def __init__(self, account: LocalAccount, router: Address = ROUTER) -> None:
        self._account = account
        self._contract: Any = Web3(BaseProvider()).eth.contract(
            address=Web3.to_checksum_address(router), abi=_EXECUTE
        )

    def packed(self, sized: SizedRoute) -> bytes:
        """The plan behind the selector."""
        return encode_packed(_TYPES, _values(sized))

    def built(self, asked: Asked, packed: bytes) -> dict[str, Any]:
        """The transaction before it is signed."""
        given = {
            "chainId": CHAIN_ID,
            "nonce": asked.nonce,
            "gas": asked.gas_limit,
            "maxFeePerGas": asked.max_fee,
            "maxPriorityFeePerGas": asked.tip,
            "value": 0,
        }
        built: dict[str, Any] = self._contract.functions.execute().build_transaction(given)
        built["data"] += packed.hex()
        return built

    def signed(self, built: Mapping[str, Any]) -> bytes:
        """The raw transaction."""
        return bytes(self._account.sign_transaction(dict(built)).raw_transaction)

    def __call__(self, asked: Asked) -> bytes:
        """From arguments to the raw transaction."""
        return self.signed(self.built(asked, self.packed(asked.sized)))


def measured() -> dict[str, Timing]:
    """Each path and its parts, in turns, so that a busy machine slows all of them. Raises AssertionError
    unless both paths give the same bytes.
    """
    account: LocalAccount = Account.create()
    signer, asked = LocalSigner(account), Asked(route())
    web3, calldata = Web3Path(account), plan_of(asked.sized)
    packed = web3.packed(asked.sized)
    built = web3.built(asked, packed)
    fields = TransactionFields(CHAIN_ID, 7, ROUTER, calldata, 0, asked.gas_limit, asked.max_fee, asked.tip)
    works: dict[str, Callable[[], object]] = {
        "ours": lambda: ours(signer, asked),
        "ours: plan": lambda: plan_of(asked.sized),
        "ours: sign": lambda: signer.sign(fields),
        "web3": lambda: web3(asked),
        "web3: eth_abi encode_packed": lambda: web3.packed(asked.sized),
        "web3: build_transaction": lambda: web3.built(asked, packed),
        "web3: eth-account sign": lambda: web3.signed(built),
    }
    timings = {name: Timing(answer=work()) for name, work in works.items()}
    if timings["ours"].answer != timings["web3"].answer:
        raise AssertionError("the two paths do not give the same bytes")
    for _ in range(ROUNDS):
        for name, work in works.items():
            began = perf_counter()
            for _ in range(CALLS):
                work()
            timings[name].us.append((perf_counter() - began) / CALLS * 1e6)
    return timings


def _values(sized: SizedRoute) -> list[Any]:
    """The route in the order of `_TYPES`, as whoever writes for this one shape would put it down."""
    first, middle, last = (leg.pool.address for leg in sized.route.legs)
    return [
        *(0, DEADLINE, sized.gross_profit),
        *(_QUOTE, _QUOTE_FLAGS, FEE_BPS, first, sized.amount_in),
        *(_V3, _V3_FLAGS, 0, middle, _INSIDE),
        *(_LAST_PAIR, _LAST_FLAGS, FEE_BPS, last),
        *(_FIRST_PAIR, _FIRST_FLAGS, 0, first, sized.amount_in),
    ]
