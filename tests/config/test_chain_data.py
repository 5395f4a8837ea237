"""The chain data: typed, and every address with a source and a check."""

from pathlib import Path

import pytest
from eth_abi.abi import decode, encode
from eth_abi.packed import encode_packed
from eth_utils.crypto import keccak

from devnet import BASE, ETHEREUM
from executor.config.chains import chain_names, chain_of, load_chain
from executor.config.exact_yaml import parse_yaml
from executor.config.settings import Settings
from executor.domain.address import Address, to_address
from executor.domain.chain import AddressCheck, ChainData, KnownDex, L2Kind
from executor.domain.deployment import LENDER_CONSTANTS
from executor.domain.errors import ConfigError, OpportunityError
from executor.domain.fee_rules import ETHEREUM_BASE_FEE, OSAKA, BaseFeeKind, DataFee
from executor.domain.pool import V3Callback, VenueKind
from executor.domain.route import Funding
from executor.domain.token import TransferFee
from executor.lenders import LENDERS

# How factories are asked for a pool, and how each makes the salt from low and high token and what follows.
PACKED = ("getPair(address,address)", "getPool(address,address,bool)")
ENCODED = (
    "getPool(address,address,uint24)",
    "getPool(address,address,int24)",
    "poolByPair(address,address)",
)
SIGNATURES = {keccak(text=signature)[:4]: signature for signature in PACKED + ENCODED}
SIX_CHAINS = {"ethereum": 1, "optimism": 10, "bsc": 56, "polygon": 137, "base": 8453, "arbitrum": 42161}
BOOKS = (ETHEREUM, BASE)
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


def test_six_chains_and_a_test_network_come_with_the_executor() -> None:
    found = {name: load_chain(name).chain_id for name in chain_names()}
    assert found == {**SIX_CHAINS, "sepolia": 11155111}


def test_a_chain_bears_the_name_of_its_file(chain: ChainData) -> None:
    assert load_chain(chain.name).chain_id == chain.chain_id


def test_chains_charge_as_they_say() -> None:
    """What was read in the clients' sources and the chains' own proposals; the files name them."""
    found = {name: load_chain(name).fees for name in SIX_CHAINS}
    kinds = {name: (fees.base_fee.kind, fees.data) for name, fees in found.items()}
    assert kinds == {
        "ethereum": (BaseFeeKind.GAS, DataFee.NONE),
        "optimism": (BaseFeeKind.HEADER, DataFee.JOVIAN),
        "bsc": (BaseFeeKind.FIXED, DataFee.NONE),
        "polygon": (BaseFeeKind.TOLD, DataFee.NONE),
        "base": (BaseFeeKind.HEADER, DataFee.JOVIAN),
        "arbitrum": (BaseFeeKind.TOLD, DataFee.ARBITRUM),
    }
    assert found["polygon"].least_priority_fee == 25 * 10**9
    assert found["bsc"].least_priority_fee == 5 * 10**7
    assert found["ethereum"].base_fee == ETHEREUM_BASE_FEE
    assert found["ethereum"].gas == OSAKA
    assert found["arbitrum"].gas.most_per_transaction == 32_000_000
    assert {fees.gas.most_per_transaction for name, fees in found.items() if name != "arbitrum"} == {2**24}


def test_a_development_node_charges_like_ethereum_whatever_chain_it_bears(chain: ChainData) -> None:
    local = chain.fees.on_local_node()
    assert (local.base_fee, local.gas, local.least_priority_fee) == (ETHEREUM_BASE_FEE, OSAKA, 0)
    assert (local.data, local.finality_blocks) == (chain.fees.data, chain.fees.finality_blocks)


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
        signature = SIGNATURES[check.data[:4]]
        found = _pool_address(entry, signature, check.data[4:])
        assert to_address(decode(["address"], check.expected)[0]) == found


def _pool_address(entry: KnownDex, signature: str, arguments: bytes) -> Address:
    kinds = signature.partition("(")[2].removesuffix(")").split(",")
    token_a, token_b, *more = decode(kinds, arguments)
    low, high = sorted((token_a, token_b), key=lambda text: int(text, 16))
    salt = (encode if signature in ENCODED else encode_packed)(kinds, [low, high, *more])
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


@pytest.mark.parametrize("name", [name for name in SIX_CHAINS if load_chain(name).l2 is not L2Kind.NONE])
def test_an_l2_tells_how_its_sequencer_fares(name: str) -> None:
    chain = load_chain(name)
    assert not chain.public_mempool
    assert chain.sequencer_feed is not None
    assert chain.sequencer_feed.grace_period_seconds == 3_600


@pytest.mark.parametrize("name", SIX_CHAINS)
def test_each_of_the_six_chains_has_pairs_ticks_and_a_lender(name: str) -> None:
    chain = load_chain(name)
    assert {VenueKind.UNISWAP_V2, VenueKind.UNISWAP_V3} <= {each.dex.kind for each in chain.dexes.values()}
    assert {Funding.AAVE_V3, Funding.UNISWAP_V4} <= set(chain.lenders)
    assert len(chain.settlement) >= 2


# Pools as their exchanges publish them: none of these is worked out from the chain data.
PUBLISHED = {
    ("arbitrum", "uniswap_v3"): "0xC6962004f452bE9203591991D15f6b388e09E8D0",
    ("arbitrum", "camelot_v3"): "0xB1026b8e7276e7AC75410F1fcbbe21796e8f7526",
    ("arbitrum", "sushiswap_v3"): "0xf3Eb87C1F6020982173C908E7eB31aA66c1f0296",
    ("arbitrum", "pancakeswap_v3"): "0x7fCDC35463E3770c2fB992716Cd070B63540b947",
    ("base", "aerodrome"): "0xcDAC0d6c6C59727a65F871236188350531885C43",
    ("base", "aerodrome_slipstream"): "0xb2cc224c1c9feE385f8ad6a55b4d94E92359DC59",
    ("optimism", "uniswap_v3"): "0x1fb3cf6e48F1E7B10213E7b6d87D4c073C7Fdb7b",
    ("optimism", "velodrome_v2"): "0xF4F2657AE744354bAcA871E56775e5083F7276Ab",
    ("optimism", "velodrome_slipstream"): "0x478946BcD4a5a22b316470F5486fAfb928C0bA25",
    ("polygon", "uniswap_v3"): "0xB6e57ed85c4c9dbfEF2a68711e9d6f36c56e0FcB",
    ("polygon", "quickswap_v2"): "0xadbF1854e5883eB8aa7BAf50705338739e558E5b",
    ("polygon", "quickswap_v3"): "0x479e1B71A702a595e19b6d5932CD5c863ab57ee0",
    ("bsc", "pancakeswap_v2"): "0x16b9a82891338f9bA80E2D6970FddA79D1eb0daE",
    ("bsc", "pancakeswap_v3"): "0x36696169C63e42cd08ce11f5deeBbCeBae652050",
    ("bsc", "uniswap_v3"): "0x6fe9E9de56356F7eDBfcBB29FAB7cd69471a4869",
}


@pytest.mark.parametrize(("name", "exchange"), PUBLISHED)
def test_a_factory_makes_the_pool_that_its_exchange_publishes(name: str, exchange: str) -> None:
    entry = load_chain(name).dexes[exchange]
    (check,) = entry.known.checks
    made = _pool_address(entry, SIGNATURES[check.data[:4]], check.data[4:])
    assert made == PUBLISHED[name, exchange]


def test_slipstream_finds_pools_by_tick_spacing_and_algebra_by_the_pair_alone() -> None:
    slipstream = load_chain("base").dex("aerodrome_slipstream")
    algebra = load_chain("polygon").dex("quickswap_v3")
    assert slipstream.tick_spacings == (1, 50, 100, 200, 2000)
    assert (algebra.callback, dict(algebra.fee_tiers), algebra.tick_spacings) == (V3Callback.ALGEBRA, {}, ())


@pytest.mark.parametrize(("rounded", "up"), [("down", False), ("up", True)])
def test_a_token_may_keep_a_part_of_each_transfer(
    tmp_path: Path, ethereum_text: str, rounded: str, up: bool
) -> None:
    kept = f"    decimals: 18\n    transfer_fee: {{bps: 500, rounded: {rounded}}}\n    source: Sky"
    chain = loaded(tmp_path, ethereum_text.replace("    decimals: 18\n    source: Sky", kept, 1))
    assert chain.token("DAI").transfer_fee == TransferFee(500, rounded_up=up)
    assert chain.token("WETH").transfer_fee is None


@pytest.mark.parametrize("fee", ["{bps: 0}", "{bps: 10000}", "{bps: 0.5}", "{bps: 1, rounded: about}"])
def test_a_part_that_cannot_be_kept_is_refused_by_its_key(
    tmp_path: Path, ethereum_text: str, fee: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(
            tmp_path,
            ethereum_text.replace("    decimals: 18\n", f"    decimals: 18\n    transfer_fee: {fee}\n", 1),
        )
    assert "tokens.WETH.0.transfer_fee" in caught.value.field


def test_a_token_may_answer_another_symbol_than_people_use() -> None:
    tether = load_chain("arbitrum").tokens["USDT"][0]
    assert tether.token.symbol == "USDT"
    assert decode(["string"], tether.known.checks[0].expected) == ("USD\u20ae0",)


def test_ethereum_has_a_public_mempool(ethereum: ChainData) -> None:
    assert ethereum.public_mempool


def test_every_lender_that_stands_at_one_address_is_known_on_ethereum(ethereum: ChainData) -> None:
    assert set(ethereum.lenders) == set(LENDERS)


def test_no_lender_is_known_that_the_router_has_no_place_for() -> None:
    for name in chain_names():
        known = {funding.value for funding in load_chain(name).lenders}
        assert known <= set(LENDER_CONSTANTS.values())


def test_pools_that_lend_stand_where_their_exchange_made_them(chain: ChainData) -> None:
    """What the factories' own checks say of the same pools, and what the local chains hold, agrees."""
    published = {to_address(decode(["address"], _check(entry).expected)[0]) for entry in chain.dexes.values()}
    published |= {
        to_address(pool.address) for book in BOOKS if book.chain_id == chain.chain_id for pool in book.pools
    }
    assert chain.flash_pools
    assert {lending.pool.address for lending in chain.flash_pools} <= published


def _check(entry: KnownDex) -> AddressCheck:
    (check,) = entry.known.checks
    return check


def test_pools_that_lend_are_of_the_two_shapes_and_hold_a_settlement_token(chain: ChainData) -> None:
    kinds = {Funding.UNISWAP_V2_FLASH: VenueKind.UNISWAP_V2, Funding.UNISWAP_V3_FLASH: VenueKind.UNISWAP_V3}
    settled = {token.address for token in chain.settlement}
    for lending in chain.flash_pools:
        assert kinds[lending.funding] is lending.pool.kind
        assert settled & {lending.pool.token0.address, lending.pool.token1.address}
        assert lending.known.address == lending.pool.address


def test_a_settlement_token_finds_the_pools_that_hold_it(ethereum: ChainData) -> None:
    dai = ethereum.token("DAI").address
    found = {(lending.pool.dex, lending.pool.fee) for lending in ethereum.pools_lending(dai)}
    assert found == {("uniswap_v3", 100), ("uniswap_v2", 3000)}


@pytest.mark.parametrize(
    ("name", "pool"),
    [
        ("base", "aerodrome"),
        ("base", "aerodrome_slipstream"),
        ("polygon", "quickswap_v3"),
        ("arbitrum", "camelot_v3"),
    ],
)
def test_a_pool_of_another_shape_is_no_lender(tmp_path: Path, name: str, pool: str) -> None:
    text = (DATA / f"{name}.yaml").read_text()
    with pytest.raises(ConfigError, match=f"pools of {pool} are not borrowed from") as caught:
        loaded(tmp_path, text.replace("{dex: uniswap_v3,", f"{{dex: {pool},", 1))
    assert caught.value.field.endswith("flash_pools.0.dex")


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
    with pytest.raises(ConfigError, match="arbitrum, base, bsc, ethereum, optimism, polygon, sepolia"):
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
        ("callback: pancake", "callback: algebra", "dexes.pancakeswap_v3"),
        ("callback: pancake", "tick_spacings: [1]", "dexes.pancakeswap_v3"),
        ("aliases: [uniswapv3, uniswap-v3]", "implementation: 0x" + "11" * 20, "dexes.uniswap_v3"),
        ("kind: uniswap_v2", "kind: solidly", "dexes.uniswap_v2"),
        ("l2: none", "l2: plasma", "l2"),
        ("l2: none", "l2: op_stack", "fees"),
        ("data: {kind: none,", "data: {kind: jovian,", "fees"),
        ("data: {kind: none,", "data: {kind: granite,", "fees.data.kind"),
        ("elasticity: 2,", "elasticity: 1,", "fees.base_fee.elasticity"),
        ("blocks: 96", "blocks: 0", "fees.finality.blocks"),
        ("least_wei: 1_000_000,", "least_wei: 0.5,", "fees.priority_fee.least_wei"),
        ("least_wei: 1_000_000,", "", "fees.priority_fee.least_wei"),
        (", source: EIP-1559", "", "fees.base_fee.source"),
        ("  balancer_v2:", "  inventory:", "lenders"),
        ("dex: uniswap_v3, tokens: [USDC, WETH]", "dex: sushi, tokens: [USDC, WETH]", "flash_pools.0.dex"),
        ("[USDC, WETH], fee: 500", "[USDC, WETH], fee: 400", "flash_pools.0.fee"),
        ("[USDC, WETH], fee: 500", "[USDC, WETH]", "flash_pools.0.fee"),
        ("[USDC, WETH], fee: 500", "[USDC, CASH], fee: 500", "flash_pools.0.tokens"),
        ("[USDC, WETH], fee: 500", "[USDC, USDC], fee: 500", "flash_pools.0.tokens"),
        ("[USDC, WETH], fee: 500", "[USDC], fee: 500", "flash_pools.0.tokens"),
        ("[USDC, WETH], fee: 500", "[USDT, WETH], fee: 500", "flash_pools.1"),
        ("uniswap_v2, tokens: [USDC, WETH]", "uniswap_v2, tokens: [USDC, WETH], fee: 1", "flash_pools.5.fee"),
        ("    init_code_hash: 0xe34f", "    deployer: 0x" + "11" * 20 + "\n#", "flash_pools.0.dex"),
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
