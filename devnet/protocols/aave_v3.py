"""Aave V3 and markets of its kind: flash loans on at 5 basis points.

Spark runs Aave's code under other addresses, and so does Aave's own side market. Order matters: the pool
and the configurator are proxies that the addresses provider creates, so their addresses follow from its
first two creations.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from devnet import artifacts
from devnet.addresses import NATIVE, AddressBook
from devnet.liquidity import tokens_for
from devnet.manifest import AAVE_V3
from devnet.place import Placer, require_address
from devnet.protocols.tokens import TREASURY
from devnet.roles import account

ADMIN = account("aave admin")
FLASH_PREMIUM_BPS = 5
SUPPLIED_USD = 100_000_000
RAY = 10**27
BASE_CURRENCY_UNIT = 10**8
LIBRARIES = ("SupplyLogic", "BorrowLogic", "LiquidationLogic", "EModeLogic", "BridgeLogic", "PoolLogic")
RESERVES = ("WETH", "USDC", "DAI", "USDT")
ZEROES = (0, 0, 0, 0, 0)
# Three implementations, decimals, rate strategy, token, treasury, incentives, three names with symbols, data.
RESERVE_INPUT = f"(address,address,address,uint8,{'address,' * 4}{'string,' * 6}bytes)"
COLLATERAL = "configureReserveAsCollateral(address,uint256,uint256,uint256)"
COLLATERAL_TERMS = (7500, 8000, 10500)


@dataclass(frozen=True)
class Market:
    """A market: the start of its names in the book, its title on chain, and what may be lent there."""

    prefix: str
    title: str
    reserves: tuple[str, ...] = RESERVES


SPARK = Market("spark", "Spark Protocol")
PRIME = Market("aave_v3_prime", "Aave Lido Ethereum Market", ("WETH", "USDC"))


def build(place: Placer, book: AddressBook) -> None:
    """Deploy the chain's main market, list the book's reserves and supply them."""
    title = "Aave Ethereum Market" if book.chain_id == 1 else "Aave Base Market"
    _build(place, book, Market("aave_v3", title))


def build_others(place: Placer, book: AddressBook) -> None:
    """As `build`, for Spark and for Aave's side market."""
    for market in (SPARK, PRIME):
        _build(place, book, market)


def _build(place: Placer, book: AddressBook, market: Market) -> None:
    provider = book.contracts[f"{market.prefix}_addresses_provider"]
    provider_code = _load("configuration/PoolAddressesProvider")
    place.construct_at(provider, provider_code, "(string,address)", market.title, ADMIN)
    pool, configurator = _pool(place, provider, book.contracts[f"{market.prefix}_pool"])
    listed = [symbol for symbol in market.reserves if symbol in book.tokens and _feed(symbol) in book.feeds]
    _oracle(place, book, provider, listed)
    _list_reserves(place, book, provider, pool, configurator, listed)
    place.call(ADMIN, configurator, "updateFlashloanPremiumTotal(uint128)", FLASH_PREMIUM_BPS)
    for symbol in listed:
        token = book.tokens[symbol]
        amount = tokens_for(book, token, SUPPLIED_USD)
        place.call(TREASURY, token, "approve(address,uint256)", pool, amount)
        place.call(TREASURY, pool, "supply(address,uint256,address,uint16)", token, amount, TREASURY, 0)


def _feed(symbol: str) -> str:
    return f"{symbol.removeprefix('W')}/USD"


def _load(path: str) -> artifacts.Artifact:
    return artifacts.load(AAVE_V3, f"artifacts/contracts/protocol/{path}.sol/{path.rpartition('/')[2]}.json")


def _pool(place: Placer, provider: str, expected: str) -> tuple[str, str]:
    """Deploy the two implementations and have the provider create their proxies; (pool, configurator)."""
    libraries = {name: _library(place, name) for name in LIBRARIES}
    libraries["FlashLoanLogic"] = _library(place, "FlashLoanLogic", libraries)
    pool_code = _load("pool/Pool").linked(libraries)
    pool_implementation = place.deploy(artifacts.Artifact("Pool", pool_code), "(address)", provider)
    logic = {"ConfiguratorLogic": _library(place, "ConfiguratorLogic")}
    configurator_code = artifacts.Artifact("PoolConfigurator", _load("pool/PoolConfigurator").linked(logic))
    configurator_implementation = place.deploy(configurator_code)
    for implementation in (pool_implementation, configurator_implementation):
        place.call(place.deployer, implementation, "initialize(address)", provider)
    place.call(ADMIN, provider, "setACLAdmin(address)", ADMIN)
    acl = place.deploy(_load("configuration/ACLManager"), "(address)", provider)
    place.call(ADMIN, provider, "setACLManager(address)", acl)
    for role in ("addPoolAdmin", "addRiskAdmin", "addAssetListingAdmin"):
        place.call(ADMIN, acl, f"{role}(address)", ADMIN)
    place.call(ADMIN, provider, "setPoolImpl(address)", pool_implementation)
    place.call(ADMIN, provider, "setPoolConfiguratorImpl(address)", configurator_implementation)
    pool = require_address("Aave's pool", place.read_address(provider, "getPool()"), expected)
    return pool, place.read_address(provider, "getPoolConfigurator()")


def _library(place: Placer, name: str, libraries: dict[str, str] | None = None) -> str:
    code = _load(f"libraries/logic/{name}").linked(libraries or {})
    return place.deploy(artifacts.Artifact(name, code))


def _oracle(place: Placer, book: AddressBook, provider: str, listed: list[str]) -> None:
    code = artifacts.load(AAVE_V3, "artifacts/contracts/misc/AaveOracle.sol/AaveOracle.json")
    assets = [book.tokens[symbol] for symbol in listed]
    sources = [book.feeds[_feed(symbol)] for symbol in listed]
    signature = "(address,address[],address[],address,address,uint256)"
    oracle = place.deploy(code, signature, provider, assets, sources, NATIVE, NATIVE, BASE_CURRENCY_UNIT)
    place.call(ADMIN, provider, "setPriceOracle(address)", oracle)


def _list_reserves(
    place: Placer, book: AddressBook, provider: str, pool: str, configurator: str, listed: list[str]
) -> None:
    data_code = artifacts.load(
        AAVE_V3, "artifacts/contracts/misc/AaveProtocolDataProvider.sol/AaveProtocolDataProvider.json"
    )
    data = place.deploy(data_code, "(address)", provider)
    place.call(ADMIN, provider, "setPoolDataProvider(address)", data)
    inputs = _reserve_inputs(place, book, provider, pool, listed)
    place.call(ADMIN, configurator, f"initReserves({RESERVE_INPUT}[])", inputs)
    for symbol in listed:
        token = book.tokens[symbol]
        place.call(ADMIN, configurator, "setReserveFlashLoaning(address,bool)", token, True)
        place.call(ADMIN, configurator, COLLATERAL, token, *COLLATERAL_TERMS)
        place.call(ADMIN, configurator, "setReserveBorrowing(address,bool)", token, True)


def _reserve_inputs(
    place: Placer, book: AddressBook, provider: str, pool: str, listed: list[str]
) -> list[tuple[Any, ...]]:
    """What the configurator wants to know of each reserve, in the order of RESERVE_INPUT."""
    kinds = ("AToken", "StableDebtToken", "VariableDebtToken")
    tokens = [place.deploy(_load(f"tokenization/{kind}"), "(address)", pool) for kind in kinds]
    rates = (9 * RAY // 10, 0, 4 * RAY // 100, 6 * RAY // 10, *ZEROES)
    strategy_code = _load("pool/DefaultReserveInterestRateStrategy")
    strategy = place.deploy(strategy_code, "(address" + ",uint256" * 9 + ")", provider, *rates)
    return [
        (
            *tokens,
            book.decimals[symbol],
            strategy,
            book.tokens[symbol],
            account("aave treasury"),
            NATIVE,
            *(
                text
                for kind in ("a", "variableDebt", "stableDebt")
                for text in (f"Aave {symbol}", kind + symbol)
            ),
            b"",
        )
        for symbol in listed
    ]
