"""The chain data: typed, and every address with a source and a check."""

from pathlib import Path

import pytest
from eth_abi.abi import decode, encode
from eth_utils.crypto import keccak

from executor.config.chains import chain_names, chain_of, load_chain
from executor.config.exact_yaml import parse_yaml
from executor.config.settings import Settings
from executor.domain.address import Address, to_address
from executor.domain.chain import ChainData, KnownDex, L2Kind
from executor.domain.deployment import LENDER_CONSTANTS
from executor.domain.errors import ConfigError, OpportunityError
from executor.domain.pool import V3Callback, VenueKind
from executor.domain.route import Funding
from executor.lenders import LENDERS

CREATE2_SELECTORS = {
    keccak(text="getPair(address,address)")[:4],
    keccak(text="getPool(address,address,uint24)")[:4],
}
DATA = Path(__file__).parent.parent.parent / "executor" / "chains"


@pytest.fixture(params=chain_names())
def chain(request: pytest.FixtureRequest) -> ChainData:
    return load_chain(request.param)


@pytest.fixture
def ethereum() -> ChainData:
    return load_chain("ethereum")


@pytest.fixture
def ethereum_text() -> str:
    return (DATA / "ethereum.yaml").read_text()


def loaded(tmp_path: Path, text: str) -> ChainData:
    path = tmp_path / "chain.yaml"
    path.write_text(text)
    return load_chain(path)


def test_ethereum_base_and_sepolia_come_with_the_executor() -> None:
    assert {(name, load_chain(name).chain_id) for name in chain_names()} >= {
        ("ethereum", 1),
        ("base", 8453),
        ("sepolia", 11155111),
    }


def test_a_chain_bears_the_name_of_its_file(chain: ChainData) -> None:
    assert load_chain(chain.name).chain_id == chain.chain_id


def test_every_address_has_a_source_and_a_check(chain: ChainData) -> None:
    for known in chain.known_addresses():
        assert known.source, known.name
        assert known.checks, known.name


def test_no_two_addresses_of_a_chain_are_the_same(chain: ChainData) -> None:
    addresses = [known.address for known in chain.known_addresses()]
    assert len(addresses) == len(set(addresses))


def test_settlement_tokens_are_one_to_four_and_start_with_the_wrapped_coin(chain: ChainData) -> None:
    assert 1 <= len(chain.settlement) <= 4
    assert chain.settlement[0] == chain.wrapped_native


def test_settlement_tokens_have_a_price_feed(chain: ChainData) -> None:
    for token in chain.settlement:
        assert chain.feed_for(token.address), token.symbol


def test_the_factories_answers_are_the_create2_addresses_of_those_pools(chain: ChainData) -> None:
    """The expected pool follows from creator, tokens and creation code: a typing error cannot hide."""
    for entry in chain.dexes.values():
        (check,) = entry.known.checks
        assert check.data[:4] in CREATE2_SELECTORS
        assert to_address(decode(["address"], check.expected)[0]) == _pool_address(entry, check.data[4:])


def _pool_address(entry: KnownDex, arguments: bytes) -> Address:
    kinds = ["address", "address"] + (["uint24"] if entry.dex.kind is VenueKind.UNISWAP_V3 else [])
    token_a, token_b, *fee = decode(kinds, arguments)
    low, high = sorted((token_a, token_b), key=lambda text: int(text, 16))
    salt = encode(kinds, [low, high, *fee]) if fee else bytes.fromhex(low[2:] + high[2:])
    creator = bytes.fromhex((entry.deployer or entry.dex.factory)[2:])
    assert entry.init_code_hash is not None
    return to_address("0x" + keccak(b"\xff" + creator + keccak(salt) + entry.init_code_hash)[12:].hex())


def test_v3_fees_have_the_tick_spacing_of_their_exchange(ethereum: ChainData) -> None:
    assert ethereum.dex("uniswap_v3").fee_tiers == {100: 1, 500: 10, 3000: 60, 10000: 200}
    assert ethereum.dex("pancakeswap_v3").fee_tiers == {100: 1, 500: 10, 2500: 50, 10000: 200}
    assert ethereum.dex("pancakeswap_v3").callback is V3Callback.PANCAKE


def test_base_is_an_op_stack_chain_with_a_private_mempool() -> None:
    base = load_chain("base")
    assert base.l2 is L2Kind.OP_STACK
    assert not base.public_mempool


def test_ethereum_has_a_public_mempool(ethereum: ChainData) -> None:
    assert ethereum.public_mempool


def test_every_lender_that_stands_at_one_address_is_known_on_ethereum(ethereum: ChainData) -> None:
    assert set(ethereum.lenders) == set(LENDERS)


def test_no_lender_is_known_that_the_router_has_no_place_for() -> None:
    for name in chain_names():
        known = {funding.value for funding in load_chain(name).lenders}
        assert known <= set(LENDER_CONSTANTS.values())


@pytest.mark.parametrize("name", ["sushiswap_v2", "sushiswap", "SushiSwap", "sushi"])
def test_an_exchange_answers_to_its_aliases(ethereum: ChainData, name: str) -> None:
    assert ethereum.dex(name).name == "sushiswap_v2"


def test_an_unknown_exchange_is_refused_with_the_known_ones(ethereum: ChainData) -> None:
    with pytest.raises(OpportunityError, match="uniswap_v2, uniswap_v3") as caught:
        ethereum.dex("uniswap", "buy_dex")
    assert caught.value.field == "buy_dex"


def test_an_ambiguous_symbol_is_refused_with_the_addresses() -> None:
    with pytest.raises(
        OpportunityError, match=r"ambiguous.*0x1c7D4B196Cb0C7B01d743Fbc6116a902379C7238.*Aave"
    ) as caught:
        load_chain("sepolia").token("USDC", "quote_token")
    assert caught.value.field == "quote_token"
    assert "address" in caught.value.fix


def test_an_unknown_symbol_is_refused_with_the_known_ones(ethereum: ChainData) -> None:
    with pytest.raises(OpportunityError, match="WETH"):
        ethereum.token("weth")


def test_a_namesake_of_a_token_gets_no_price(ethereum: ChainData) -> None:
    assert ethereum.feed_for(Address("0x" + "11" * 20)) is None


def test_an_unknown_chain_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="base, ethereum, sepolia"):
        load_chain("solana")


@pytest.mark.parametrize("key", ["WBTC", "wbtc", "ETH", "0x1c7D4B196Cb0C7B01d743Fbc6116a902379C7238"])
def test_a_declared_price_names_a_token(key: str) -> None:
    assert chain_of(with_price("ethereum", key), "ethereum").chain_id == 1


@pytest.mark.parametrize(("name", "key"), [("ethereum", "DOGE"), ("sepolia", "USDC"), ("ethereum", "0x12")])
def test_a_declared_price_of_no_one_token_is_refused_by_its_key(name: str, key: str) -> None:
    with pytest.raises(ConfigError) as caught:
        chain_of(with_price(name, key), name)
    assert caught.value.field == f"chains.{name}.fixed_prices_usd.{key}"


def with_price(name: str, key: str) -> Settings:
    chain = {"rpc_url": "http://127.0.0.1:8545", "fixed_prices_usd": {key: "1"}}
    return Settings.from_mapping({"chains": {name: chain}})


def test_a_chain_of_ones_own_is_a_file(tmp_path: Path, ethereum_text: str) -> None:
    assert loaded(tmp_path, ethereum_text.replace("name: ethereum", "name: mine")).name == "mine"


@pytest.mark.parametrize(
    ("written", "instead", "named"),
    [
        ("fee: 3000", "fees: 3000", "dexes.uniswap_v2.fees"),
        ("fee: 3000", "fee: 0.3", "dexes.uniswap_v2.fee"),
        ("fee: 3000", "fee_tiers: {3000: 60}", "dexes.uniswap_v2"),
        ("decimals: 18", "decimals: 99", "tokens.WETH.0.decimals"),
        (
            "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2",
            "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc",
            "tokens.WETH.0.address",
        ),
        ("wrapped_native: WETH", "wrapped_native: WMATIC", "wrapped_native"),
        ("settlement: [WETH, USDC, USDT, DAI]", "settlement: [WETH, WETH]", "settlement"),
        ("settlement: [WETH, USDC, USDT, DAI]", "settlement: [WETH, USDC, USDT, DAI, WBTC]", "settlement"),
        ("settlement: [WETH, USDC, USDT, DAI]", "settlement: []", "settlement"),
        ("args: [WETH, USDC]", "args: [WETH]", "dexes.uniswap_v2.factory.check"),
        ("args: [WETH, USDC]", "args: [WETH, CASH]", "dexes.uniswap_v2.factory.check"),
        ("returns: address", "returns: nonsense", "dexes.uniswap_v2.factory.check"),
        ("aliases: [uniswapv2, uniswap-v2]", "aliases: [sushi]", "dexes"),
        ("callback: pancake", "callback: waffle", "dexes.pancakeswap_v3.callback"),
        ("l2: none", "l2: plasma", "l2"),
        ("  balancer_v2:", "  inventory:", "lenders"),
    ],
)
def test_a_mistake_in_a_chain_file_is_refused_by_its_key(
    tmp_path: Path, ethereum_text: str, written: str, instead: str, named: str
) -> None:
    assert written in ethereum_text
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, ethereum_text.replace(written, instead, 1))
    assert named in caught.value.field


def test_an_address_without_a_check_loads_but_says_so(tmp_path: Path, ethereum_text: str) -> None:
    data = parse_yaml(ethereum_text, name="ethereum.yaml")
    lender = data["lenders"]["aave_v3"]  # type: ignore[index]
    text = (
        ethereum_text.split("lenders:")[0]
        + f"lenders:\n  aave_v3: {{address: '{lender['address']}', source: somewhere}}\n"
    )
    assert loaded(tmp_path, text).lenders[Funding.AAVE_V3].known.checks == ()
