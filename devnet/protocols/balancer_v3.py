"""Balancer V3: vault with extension and admin, router, pool factories, weighted and stable pools."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

from devnet import packages
from devnet.artifacts import Artifact
from devnet.book import NATIVE, AddressBook, PoolRecord
from devnet.compiler import compile_files
from devnet.liquidity import side_amount
from devnet.manifest import BALANCER_V3, OPENZEPPELIN, UNISWAP_V4
from devnet.place import Placer, require_address
from devnet.protocols.tokens import TREASURY
from devnet.roles import account

VENUE = "balancer_v3"
FOUR_YEARS = 4 * 365 * 86_400
BUFFER_PERIOD_SECONDS = 90 * 86_400
MINIMUM_TRADE, MINIMUM_WRAP = 10**6, 10**4
AMPLIFICATION = 200
MILLIONTH = 10**12
PERCENT = 10**16
FOREVER = 2**48 - 1
STANDARD, WITH_RATE = 0, 1
# Token, kind (one of the two above), rate provider, whether it pays yield fees.
TOKEN_CONFIG = "(address,uint8,address,bool)"
# Name, symbol, tokens, weights or amplification, roles, swap fee, hooks, donations, proportional only, salt.
CREATE = "create(string,string,{0}[],{1},(address,address,address),uint256,address,bool,bool,bytes32)"
VAULT, POOLS = "@balancer-labs/v3-vault/contracts/", "@balancer-labs/v3-pool-{0}/contracts/{1}PoolFactory.sol"
# Each unit with the optimiser's runs: the vault fits under the size limit only when optimised for size.
UNITS = (
    (VAULT + "Vault.sol", 1),
    (VAULT + "VaultExtension.sol", 500),
    (VAULT + "VaultAdmin.sol", 500),
    (VAULT + "ProtocolFeeController.sol", 500),
    (VAULT + "Router.sol", 500),
    (POOLS.format("weighted", "Weighted"), 500),
    (POOLS.format("stable", "Stable"), 500),
)


@lru_cache(maxsize=1)
def code() -> dict[str, Artifact]:
    """The contracts by name. They compile side by side, since each takes long. Raises CompileError."""
    with ThreadPoolExecutor(max_workers=2) as workers:
        found = workers.map(_compiled, *zip(*UNITS, strict=True))
    return {artifact.name: artifact for artifact in found}


def _compiled(unit: str, runs: int) -> Artifact:
    roots = {f"{name}/": packages.root(package) for name, package in BALANCER_V3.items()}
    roots["@openzeppelin/contracts/"] = packages.root(OPENZEPPELIN)
    roots["permit2/"] = packages.root(UNISWAP_V4) / "lib" / "permit2"
    settings = {
        "optimizer": {"enabled": True, "runs": runs},
        "viaIR": True,
        "evmVersion": "cancun",
        "metadata": {"bytecodeHash": "none"},
    }
    found = compile_files([unit], version="0.8.26", settings=settings, remappings=roots)
    return found[unit.rpartition("/")[2].removesuffix(".sol")]


def build(place: Placer, book: AddressBook) -> None:
    """Deploy the vault and what belongs to it, then open the book's pools."""
    contracts = book.contracts
    vault = _vault(place, book)
    wiring = (vault, book.tokens["WETH"], contracts["permit2"], "router")
    place.construct_at(
        contracts["balancer_v3_router"], code()["Router"], "(address,address,address,string)", *wiring
    )
    for name, artifact in (("weighted", "WeightedPoolFactory"), ("stable", "StablePoolFactory")):
        address = contracts.get(f"balancer_v3_{name}_pool_factory")
        if address is not None:
            versions = (f"{name} pool factory", f"{name} pool")
            signature = "(address,uint32,string,string)"
            place.construct_at(address, code()[artifact], signature, vault, FOUR_YEARS, *versions)
    for pool in book.pools:
        if pool.venue == VENUE:
            _open(place, book, pool)


def _vault(place: Placer, book: AddressBook) -> str:
    """The vault and the three contracts that share its storage or guard its fees; its address."""
    contracts, artifacts = book.contracts, code()
    vault, admin = contracts["balancer_v3_vault"], contracts["balancer_v3_vault_admin"]
    extension = contracts["balancer_v3_vault_extension"]
    fees = contracts["balancer_v3_protocol_fee_controller"]
    windows = (FOUR_YEARS, BUFFER_PERIOD_SECONDS, MINIMUM_TRADE, MINIMUM_WRAP)
    signature = "(address,uint32,uint32,uint256,uint256)"
    place.construct_at(admin, artifacts["VaultAdmin"], signature, vault, *windows)
    place.construct_at(extension, artifacts["VaultExtension"], "(address,address)", vault, admin)
    place.construct_at(fees, artifacts["ProtocolFeeController"], "(address,uint256,uint256)", vault, 0, 0)
    owners = (extension, account("balancer v3 authorizer"), fees)
    return place.construct_at(vault, artifacts["Vault"], "(address,address,address)", *owners)


def _open(place: Placer, book: AddressBook, pool: PoolRecord) -> None:
    """Create a pool through its factory and put the first liquidity in."""
    factory = book.contracts[f"balancer_v3_{'stable' if pool.stable else 'weighted'}_pool_factory"]
    title = " ".join(book.symbol(token) for token in pool.tokens)
    tokens = [_token_config(book, token) for token in pool.tokens]
    shape: object = AMPLIFICATION
    if not pool.stable:
        equal = (100 // len(pool.tokens),) * len(pool.tokens)
        shape = [weight * PERCENT for weight in pool.weights or equal]
    place.call(
        place.deployer,
        factory,
        CREATE.format(TOKEN_CONFIG, "uint256" if pool.stable else "uint256[]"),
        *(f"Balancer {title}", title, tokens, shape, (NATIVE, NATIVE, NATIVE), pool.fee * MILLIONTH),
        *(NATIVE, False, False, bytes(32)),
    )
    created = place.read(factory, "getPools()", "(address[])")[0][-1]
    require_address(pool.name, created, pool.address)
    amounts = [side_amount(book, pool, token) for token in pool.tokens]
    for token, amount in zip(pool.tokens, amounts, strict=True):
        _allow(place, book, token, amount)
    signature = "initialize(address,address[],uint256[],uint256,bool,bytes)"
    router = book.contracts["balancer_v3_router"]
    place.call(TREASURY, router, signature, pool.address, list(pool.tokens), amounts, 0, False, b"")


def _token_config(book: AddressBook, token: str) -> tuple[str, int, str, bool]:
    """How the vault is to take a token: at a rate where the book has a provider of one. See TOKEN_CONFIG."""
    rate_provider = book.contracts.get(f"{book.symbol(token)}_rate_provider")
    return (
        (token, STANDARD, NATIVE, False) if rate_provider is None else (token, WITH_RATE, rate_provider, True)
    )


def _allow(place: Placer, book: AddressBook, token: str, amount: int) -> None:
    permit2, router = book.contracts["permit2"], book.contracts["balancer_v3_router"]
    place.call(TREASURY, token, "approve(address,uint256)", permit2, 0)
    place.call(TREASURY, token, "approve(address,uint256)", permit2, 2**256 - 1)
    signature = "approve(address,address,uint160,uint48)"
    place.call(TREASURY, permit2, signature, token, router, amount, FOREVER)
