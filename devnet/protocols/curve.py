"""Curve's pools: StableSwap of two generations, one with ether, and two- and three-coin crypto pools.

No package holds Curve's bytecode. The contracts are written for this project from the published invariants
and ABI (see `devnet/contracts/curve`) and checked against an independent model of the same pools; what is not
in them is said in their headings.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from devnet import own, packages
from devnet.artifacts import Artifact
from devnet.book import NATIVE, AddressBook, PoolRecord
from devnet.compiler import compile_files
from devnet.liquidity import PRICES_USD, side_amount, symbol_of, unit
from devnet.manifest import OPENZEPPELIN
from devnet.place import Placer
from devnet.protocols.tokens import TREASURY
from devnet.settings import ETHER

CLASSIC, NG, WITH_ETHER = "curve_stable", "curve_stable_ng", "curve_stable_ether"
UINT = "curve_stable_uint"
TWO_CRYPTO, TRI_CRYPTO = "curve_two_crypto", "curve_tri_crypto"
VENUES = (CLASSIC, NG, WITH_ETHER, UINT, TWO_CRYPTO, TRI_CRYPTO)
FOLDER = own.FOLDER / "curve"
CONTRACTS = {
    CLASSIC: "StableSwapClassic",
    NG: "StableSwapNG",
    WITH_ETHER: "StableSwapEther",
    UINT: "StableSwapUint",
    TWO_CRYPTO: "TwoCryptoPool",
    TRI_CRYPTO: "TriCryptoPool",
}
# Amplification as the pool's `A()` answers it: A n^(n-1) for StableSwap, A n^n 10^4 for crypto pools.
AMPLIFICATION = {
    CLASSIC: 2000,
    NG: 1000,
    WITH_ETHER: 200,
    UINT: 500,
    TWO_CRYPTO: 400_000,
    TRI_CRYPTO: 1_707_629,
}
# Fees of the pools are in units of 1e-10, those of the book in millionths.
MILLIONTH = 10**4
ADMIN_FEE = 5 * 10**9
OFFPEG_FEE_MULTIPLIER = 5 * 10**10
# gamma, fee far from balance, fee gamma.
CRYPTO_TERMS = {
    TWO_CRYPTO: (145_000_000_000_000, 45_000_000, 230_000_000_000_000),
    TRI_CRYPTO: (11_809_167_828_997, 30_000_000, 500_000_000_000_000),
}
STABLE_TYPES = "address[],uint256[],uint256,uint256,uint256"
CRYPTO_TYPES = "(address[],uint256[],(uint256,uint256,uint256,uint256,uint256),uint256[])"


@lru_cache(maxsize=1)
def code() -> dict[str, Artifact]:
    """The pool contracts, by name. Raises CompileError."""
    return compile_files(
        [f"{name}.sol" for name in CONTRACTS.values()],
        base_path=FOLDER,
        version="0.8.28",
        settings=own.SETTINGS,
        remappings={"@openzeppelin/contracts/": packages.root(OPENZEPPELIN)},
    )


def build(place: Placer, book: AddressBook) -> None:
    """Open the book's pools and fund them."""
    for pool in book.pools:
        if pool.venue in VENUES:
            types, arguments = constructor(book, pool)
            place.construct_at(pool.address, code()[CONTRACTS[pool.venue]], types, *arguments)
            _fund(place, book, pool)


def index_type(pool: PoolRecord) -> str:
    """How the pool's functions take coin numbers: `int128` or `uint256`."""
    return "int128" if pool.venue in (CLASSIC, NG, WITH_ETHER) else "uint256"


def constructor(book: AddressBook, pool: PoolRecord) -> tuple[str, tuple[Any, ...]]:
    """Types and values of the constructor's arguments."""
    amplification, fee = AMPLIFICATION[pool.venue], pool.fee * MILLIONTH
    if pool.venue == WITH_ETHER:
        return "(address,uint256,uint256,uint256)", (pool.tokens[1], amplification, fee, ADMIN_FEE)
    units = [unit(book, token) for token in pool.tokens]
    if pool.venue in CRYPTO_TERMS:
        gamma, far_fee, fee_gamma = CRYPTO_TERMS[pool.venue]
        terms = (amplification, gamma, fee, far_fee, fee_gamma)
        return CRYPTO_TYPES, (list(pool.tokens), [ETHER // size for size in units], terms, _scale(book, pool))
    rates = [ETHER * ETHER // size for size in units]
    values = (list(pool.tokens), rates, amplification, fee, ADMIN_FEE)
    if pool.venue == NG:
        return f"({STABLE_TYPES},uint256)", (*values, OFFPEG_FEE_MULTIPLIER)
    return f"({STABLE_TYPES})", values


def _scale(book: AddressBook, pool: PoolRecord) -> list[int]:
    """Prices of the second and further coins in the first, times 1e18."""
    first, *others = (PRICES_USD[symbol_of(book, token)] for token in pool.tokens)
    return [int(price * ETHER // first) for price in others]


def _fund(place: Placer, book: AddressBook, pool: PoolRecord) -> None:
    amounts = [side_amount(book, pool, token) for token in pool.tokens]
    for token in pool.tokens:
        if token != NATIVE:
            place.call(TREASURY, token, "approve(address,uint256)", pool.address, 0)
            place.call(TREASURY, token, "approve(address,uint256)", pool.address, 2**256 - 1)
    value = amounts[0] if pool.tokens[0] == NATIVE else 0
    place.call(TREASURY, pool.address, "fund(uint256[])", amounts, value=value)
