"""Aerodrome's own bytecode made to stand as a test says: with any reserves, decimals and fees."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from eth_utils.crypto import keccak
from hypothesis import strategies as st

from devnet import BASE_FULL, Node, abi
from devnet.artifacts import Artifact
from devnet.compiler import compile_files
from devnet.roles import account
from executor.domain.address import to_address
from executor.domain.pool import Pool, VenueKind
from executor.domain.pool_details import SolidlyDetails
from executor.domain.token import Token
from executor.venues.solidly import SolidlyState

TRADER = account("trader at pools of the Solidly shape")
FACTORY = to_address(BASE_FULL.contracts["aerodrome_v2_factory"])
(RECORD,) = (each for each in BASE_FULL.pools if each.venue == "aerodrome_v2" and not each.stable)
TOKEN0, TOKEN1 = (Token(8453, to_address(each), "ANY", 18) for each in RECORD.tokens)
TOKENS = (TOKEN0, TOKEN1)
# Where the pool's storage keeps what it is, and the factory's the two fees.
STABLE, DECIMALS, RESERVES, FEES = 11, (17, 18), (19, 20), (1, 2)
OUTCOME = "(bool,uint256,bool,uint256,uint256,uint256)"


@dataclass(frozen=True)
class Outcome:
    """What the pool did: its quote and what it gave, None where it reverted, and its reserves thereafter."""

    quote: int | None
    given: int | None
    reserves: tuple[int, int]


@cache
def contracts() -> dict[str, Artifact]:
    """The trader and the token, by name."""
    return compile_files(["tests/venues/solidity/Swaps.sol"])


def trade(node: Node, state: SolidlyState, zero_for_one: bool, amount: int) -> Outcome:
    """What the pool does with `amount` when it stands as `state` says."""
    token_in, token_out = TOKENS if zero_for_one else reversed(TOKENS)
    data = abi.encode_call(
        "trade(address,address,address,bool,uint256)",
        RECORD.address,
        token_in.address,
        token_out.address,
        zero_for_one,
        amount,
    )
    call = {"from": TRADER, "to": TRADER, "data": "0x" + data.hex(), "gas": hex(2 * 10**7)}
    answer = node.rpc("eth_call", call, "latest", overrides(node, state, token_in, amount))
    quoted, quote, traded, received, *reserves = abi.decode(OUTCOME, bytes.fromhex(answer[2:]))
    return Outcome(quote if quoted else None, received if traded else None, (reserves[0], reserves[1]))


def overrides(node: Node, state: SolidlyState, token_in: Token, amount: int) -> dict[str, object]:
    """The pool, its tokens and its factory as `state` says, and the trader with `amount`."""
    code = {name: {"code": "0x" + each.deployed_bytecode.hex()} for name, each in contracts().items()}
    voter = node.storage(RECORD.address, STABLE) % 2**160
    pool = {
        STABLE: voter + (state.stable << 160),
        **dict(zip(DECIMALS, (state.whole0, state.whole1), strict=True)),
        **dict(zip(RESERVES, (state.reserve0, state.reserve1), strict=True)),
    }
    found: dict[str, object] = {
        TRADER: code["SolidlyTrader"],
        RECORD.address: {"stateDiff": words(pool)},
        FACTORY: {"stateDiff": words(dict.fromkeys(FEES, state.fee_bps))},
    }
    for token, reserve in zip(TOKENS, (state.reserve0, state.reserve1), strict=True):
        held = {balance_slot(RECORD.address): reserve}
        if token == token_in:
            held[balance_slot(TRADER)] = amount
        found[token.address] = {**code["OpenToken"], "stateDiff": words(held)}
    return found


def words(slots: dict[int, int]) -> dict[str, str]:
    """Storage as the node takes it."""
    return {f"0x{slot:064x}": f"0x{value:064x}" for slot, value in slots.items()}


def balance_slot(who: str) -> int:
    """Where OpenToken keeps a balance."""
    return int.from_bytes(keccak(bytes.fromhex(who[2:]).rjust(32, b"\0") + bytes(32)), "big")


def pool_state(
    reserve0: int, reserve1: int, stable: bool, decimals: tuple[int, int] = (18, 18), fee_bps: int = 5
) -> SolidlyState:
    """A pool of these reserves at the address of the one on the chain."""
    details = SolidlyDetails(stable)
    address = to_address(RECORD.address)
    pool = Pool("aerodrome", VenueKind.SOLIDLY, address, TOKEN0, TOKEN1, 100 * fee_bps, details=details)
    whole0, whole1 = (10**each for each in decimals)
    return SolidlyState(pool, reserve0, reserve1, stable, whole0, whole1, fee_bps)


def sizes(largest_bits: int) -> st.SearchStrategy[int]:
    """Positive numbers, as many of each length."""
    return st.integers(1, largest_bits).flatmap(lambda bits: st.integers(2 ** (bits - 1), 2**bits - 1))


decimals = st.tuples(*[st.sampled_from([18, 18, 6, 8, 2, 20, 0])] * 2)
fees = st.sampled_from([0, 1, 5, 30, 100, 300])


@st.composite
def any_pools(draw: st.DrawFn) -> SolidlyState:
    """Pools of any reserves whatever."""
    return pool_state(draw(sizes(112)), draw(sizes(112)), draw(st.booleans()), draw(decimals), draw(fees))


@st.composite
def usual_pools(draw: st.DrawFn) -> SolidlyState:
    """Pools whose sides are worth about the same."""
    places = draw(decimals)
    whole = draw(sizes(40))
    tilt = draw(st.integers(1, 5_000))
    reserves = (whole * 10 ** places[0] * 1_000 + draw(sizes(40)), whole * 10 ** places[1] * tilt)
    return pool_state(*reserves, draw(st.booleans()), places, draw(fees))
