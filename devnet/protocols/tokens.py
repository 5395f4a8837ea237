"""WETH, USDC, the Dai-like, Tether-like and transfer-fee tokens, and a treasury with plenty of each."""

from __future__ import annotations

from eth_utils.address import to_checksum_address

from devnet import artifacts, own
from devnet.addresses import AddressBook
from devnet.manifest import CANONICAL_WETH, UNISWAP_V2_PERIPHERY, USDC
from devnet.place import PLENTY, Placer, require_address
from devnet.roles import account

DAI_JOIN = "0x9759A6Ac90977b93B58547b4A71c78317f391A28"
TREASURY = account("treasury")
USDC_MASTER_MINTER = account("usdc master minter")
TETHER_OWNER = account("tether owner")
DOLLARS = 10**12
STA_SUPPLY = 10**9 * 10**18


def build(place: Placer, book: AddressBook) -> None:
    """Deploy the book's tokens and fill the treasury, which is also the trader of concentrated pools."""
    place.construct_at(TREASURY, own.contracts()["PoolTrader"])
    place.node.set_balance(TREASURY, PLENTY)
    _weth(place, book)
    _usdc(place, book)
    if "DAI" in book.tokens:
        _dai(place, book.tokens["DAI"])
    if "USDT" in book.tokens:
        _usdt(place, book.tokens["USDT"])
    if "STA" in book.tokens:
        code = artifacts.load(UNISWAP_V2_PERIPHERY, "build/DeflatingERC20.json")
        place.construct_at(book.tokens["STA"], code, "(uint256)", STA_SUPPLY, sender=TREASURY)


def _weth(place: Placer, book: AddressBook) -> None:
    code = artifacts.load(CANONICAL_WETH, "build/contracts/WETH9.json")
    weth = book.tokens["WETH"]
    if book.chain_id == 1:
        place.create_as("0x4F26FfBe5F04ED43630fdC30A87638d53D0b0876", 446, weth, code)
    else:
        place.construct_at(weth, code)
    place.call(TREASURY, weth, "deposit()", value=PLENTY // 2)


def _usdc(place: Placer, book: AddressBook) -> None:
    usdc = book.tokens["USDC"]
    folder = "eth_defi/abi/centre/"
    implementation = place.deploy(artifacts.load(USDC, folder + "FiatTokenV2_1.json"))
    proxy = artifacts.load(USDC, folder + "FiatTokenProxy.json")
    if book.chain_id == 1:
        deployer = "0x95Ba4cF87D6723ad9C0Db21737D862bE80e93911"
        place.create_as(deployer, 20, usdc, proxy, "(address)", implementation)
    else:
        deployer = place.deployer
        place.construct_at(usdc, proxy, "(address)", implementation, sender=deployer)
    # A proxy's admin cannot call through it, so the deployer hands that over first.
    place.call(deployer, usdc, "changeAdmin(address)", account("usdc admin"))
    place.call(
        deployer,
        usdc,
        "initialize(string,string,string,uint8,address,address,address,address)",
        *("USD Coin", "USDC", "USD", 6),
        USDC_MASTER_MINTER,
        account("usdc pauser"),
        account("usdc blacklister"),
        account("usdc owner"),
    )
    place.call(deployer, usdc, "initializeV2(string)", "USD Coin")
    place.call(deployer, usdc, "initializeV2_1(address)", account("usdc lost and found"))
    minted = DOLLARS * 10**6
    place.call(USDC_MASTER_MINTER, usdc, "configureMinter(address,uint256)", TREASURY, minted)
    place.call(TREASURY, usdc, "mint(address,uint256)", TREASURY, minted)


def _dai(place: Placer, dai: str) -> None:
    place.construct_at(dai, own.contracts()["DaiLike"], "(address)", DAI_JOIN)
    place.call(DAI_JOIN, dai, "mint(address,uint256)", TREASURY, DOLLARS * 10**18)


def _usdt(place: Placer, usdt: str) -> None:
    deployer = to_checksum_address("0x36928500Bc1dCd7af6a2B4008875CC336b927D57")
    created = place.create_as(deployer, 6, usdt, own.contracts()["TetherLike"], "(address)", TETHER_OWNER)
    require_address("USDT", created, usdt)
    place.call(TETHER_OWNER, usdt, "issue(uint256)", DOLLARS * 10**6)
    place.call(TETHER_OWNER, usdt, "transfer(address,uint256)", TREASURY, DOLLARS * 10**6)
