"""What stands on the built chains stands where mainnet has it."""

from __future__ import annotations

import pytest
from eth_utils.crypto import keccak

from devnet import BASE, BASE_FULL, ETHEREUM, ETHEREUM_FULL, Node, abi, artifacts, feeds
from devnet.addresses import SUBSTITUTES
from devnet.book import AddressBook
from devnet.liquidity import PRICES_USD, symbol_of, unit
from devnet.manifest import UNISWAP_V2_CORE

# Typed from the public record, not from the project's own book: a slip in the book must not pass.
MAINNET_PAIRS = {
    ("uniswap_v2_factory", "USDC", "WETH"): "0xB4e16d0168e52d35CaCD2c6185b44281Ec28C9Dc",
    ("uniswap_v2_factory", "DAI", "WETH"): "0xA478c2975Ab1Ea89e8196811F51A7B7Ade33eB11",
    ("uniswap_v2_factory", "WETH", "USDT"): "0x0d4a11d5EEaaC28EC3F61d100daF4d40471f1852",
    ("sushi_v2_factory", "USDC", "WETH"): "0x397FF1542f962076d0BFE58eA045FfA2d347ACa0",
    ("sushi_v2_factory", "WETH", "USDC"): "0x397FF1542f962076d0BFE58eA045FfA2d347ACa0",
}
MAINNET_V3_POOLS = {
    ("uniswap_v3_factory", "USDC", "WETH", 500): "0x88e6A0c2dDD26FEEb64F039a2c41296FcB3f5640",
    ("uniswap_v3_factory", "USDC", "WETH", 3000): "0x8ad599c3A0ff1De082011EFDDc58f1908eb6e6D8",
    ("pancake_v3_factory", "USDC", "WETH", 500): "0x1ac1A8FEaAEa1900C4166dEeed0C11cC10669D36",
}
MAINNET_CODE = {
    "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2",
    "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48",
    "0xdAC17F958D2ee523a2206206994597C13D831ec7",
    "0x6B175474E89094C44Da98b954EedeAC495271d0F",
    "0x5C69bEe701ef814a2B6a3EDD4B1652CB9cc5aA6f",
    "0x7a250d5630B4cF539739dF2C5dAcb4c659F2488D",
    "0xC0AEe478e3658e2610c5F7A4A2E1777cE9e4f2Ac",
    "0x1F98431c8aD98523631AE4a59f267346ea31F984",
    "0x68b3465833fb72A70ecDF485E0e4C7bD8665Fc45",
    "0x0BFbCF9fa4f9C56B0F40a671Ad40E0805A091865",
    "0x000000000004444c5dc75cB358380D2e3dE08A90",
    "0xBA12222222228d8Ba445958a75a0704d566BF2C8",
    "0x06Df3b2bbB68adc8B0e302443692037ED9f91b42",
    "0x96646936b91d6B9D7D0c47C496AfBF3D6ec7B6f8",
    "0xce88686553686DA562CE7Cea497CE749DA109f9F",
    "0x87870Bca3F3fD6335C3F4ce8392D69350B4fA4E2",
    "0x000000000022D473030F116dDEE9F6B43aC78BA3",
    "0xcA11bde05977b3631167028862bE2a173976CA11",
    "0x5f4eC3Df9cbd43714FE2740f5E3616155c5b8419",
}
DOMAIN_SEPARATORS = {
    "0x000000000022D473030F116dDEE9F6B43aC78BA3": (
        "866a5aba21966af95d6c7ab78eb2b2fc913915c28be3b9aa07cc04ff903e3f28"
    ),
    "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48": (
        "06c37168a7db5138defc7866392bb87a741f9b3d104deb5094588ce041cae335"
    ),
}
ALL_BOOKS = {"ethereum": ETHEREUM, "base": BASE, "ethereum_full": ETHEREUM_FULL, "base_full": BASE_FULL}
BASE_CODE = {
    "0x4200000000000000000000000000000000000006",
    "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913",
    "0x33128a8fC17869897dcE68Ed026d694621f6FDfD",
    "0x8909Dc15e40173Ff4699343b6eB8132c65e18eC6",
    "0xd0b53D9277642d899DF5C87A3966A349A798F224",
    "0xcDAC0d6c6C59727a65F871236188350531885C43",
    "0xBA12222222228d8Ba445958a75a0704d566BF2C8",
    "0xA238Dd80C259a72e81d7e4664a9801593F98d1c5",
    "0xcA11bde05977b3631167028862bE2a173976CA11",
    "0x000000000022D473030F116dDEE9F6B43aC78BA3",
    "0x71041dddad3595F9CEd3DcCFBe3D1F4b0a16Bb70",
}


def ask_address(node: Node, to: str, signature: str, *arguments: object) -> str:
    return str(abi.decode("(address)", node.call(to, abi.encode_call(signature, *arguments)))[0])


@pytest.mark.parametrize(("factory", "first", "second"), MAINNET_PAIRS)
def test_a_v2_factory_names_mainnets_pair(ethereum_node: Node, factory: str, first: str, second: str) -> None:
    tokens = ETHEREUM.tokens[first], ETHEREUM.tokens[second]
    found = ask_address(ethereum_node, ETHEREUM.contracts[factory], "getPair(address,address)", *tokens)
    assert found == MAINNET_PAIRS[factory, first, second].lower()


@pytest.mark.parametrize(("factory", "first", "second", "fee"), MAINNET_V3_POOLS)
def test_a_v3_factory_names_mainnets_pool(
    ethereum_node: Node, factory: str, first: str, second: str, fee: int
) -> None:
    tokens = ETHEREUM.tokens[first], ETHEREUM.tokens[second]
    signature = "getPool(address,address,uint24)"
    found = ask_address(ethereum_node, ETHEREUM.contracts[factory], signature, *tokens, fee)
    assert found == MAINNET_V3_POOLS[factory, first, second, fee].lower()


def test_mainnets_best_known_addresses_hold_code(ethereum_node: Node) -> None:
    assert {address for address in MAINNET_CODE if not ethereum_node.code(address)} == set()


def test_bases_best_known_addresses_hold_code(base_node: Node) -> None:
    assert {address for address in BASE_CODE if not base_node.code(address)} == set()


@pytest.mark.parametrize(("chain", "book"), ALL_BOOKS.items())
def test_every_address_of_the_book_holds_code(
    chain: str, book: AddressBook, request: pytest.FixtureRequest
) -> None:
    node: Node = request.getfixturevalue(f"{chain}_node")
    named = {
        **book.tokens,
        **book.contracts,
        **book.feeds,
        **{pool.name: pool.address for pool in book.pools},
    }
    assert [name for name, address in named.items() if not node.code(address)] == []


def test_the_chains_say_their_real_ids(ethereum_node: Node, base_node: Node) -> None:
    assert (ethereum_node.chain_id, base_node.chain_id) == (1, 8453)


def test_permit2_is_mainnets_code_to_the_byte(ethereum_node: Node) -> None:
    code = ethereum_node.code(ETHEREUM.contracts["permit2"])
    assert keccak(code).hex() == "c67d1657868aa5146eaf24fb879fb1fdec3d2d493b3683a61c9c2f4fb2851131"


@pytest.mark.parametrize(("who", "separator"), DOMAIN_SEPARATORS.items())
def test_signed_messages_have_mainnets_domain(ethereum_node: Node, who: str, separator: str) -> None:
    assert ethereum_node.call(who, abi.encode_call("DOMAIN_SEPARATOR()")).hex() == separator


def test_a_v2_pair_has_the_code_that_its_mainnet_address_is_derived_from() -> None:
    code = artifacts.load(UNISWAP_V2_CORE, "build/UniswapV2Pair.json").bytecode
    assert keccak(code).hex() == "96e8ac4277198ff8b6f785478aa9a39f403cb768dd02cbee326c3e7da348845f"


def test_balancer_pools_have_mainnets_ids(ethereum_node: Node) -> None:
    for pool in ETHEREUM.pools:
        if pool.venue == "balancer_v2":
            answer = ethereum_node.call(pool.address, abi.encode_call("getPoolId()"))
            assert "0x" + answer.hex() == pool.pool_id


def test_every_token_has_the_decimals_of_the_book(ethereum_node: Node) -> None:
    for symbol, token in ETHEREUM.tokens.items():
        answer = ethereum_node.call(token, abi.encode_call("decimals()"))
        assert abi.decode("(uint8)", answer)[0] == ETHEREUM.decimals[symbol]


def test_what_is_not_the_real_bytecode_is_said(ethereum_node: Node) -> None:
    assert set(SUBSTITUTES) <= set(ETHEREUM.tokens) | set(ETHEREUM.contracts) | {
        "sushi_v2",
        "chainlink",
        "aave_v3",
    }


@pytest.mark.parametrize("chain", ["ethereum", "base"])
def test_every_feed_answers_the_price_that_the_pools_are_at(
    chain: str, request: pytest.FixtureRequest
) -> None:
    node: Node = request.getfixturevalue(f"{chain}_node")
    book = {"ethereum": ETHEREUM, "base": BASE}[chain]
    for name, feed in book.feeds.items():
        assert feeds.latest(node, feed)[0] == PRICES_USD[name.partition("/")[0]] * 10**8


def test_v2_reserves_stand_at_the_common_price(ethereum_node: Node) -> None:
    for pool in ETHEREUM.pools:
        if pool.venue in ("uniswap_v2", "sushi_v2"):
            answer = ethereum_node.call(pool.address, abi.encode_call("getReserves()"))
            reserves = abi.decode("(uint112,uint112)", answer[:64])
            worth = [
                reserve * PRICES_USD[symbol_of(ETHEREUM, token)] // unit(ETHEREUM, token)
                for reserve, token in zip(reserves, pool.tokens, strict=True)
            ]
            assert worth[0] == worth[1] > 0
