"""Base's address book: what stands where on the second local chain, id 8453.

Left out, though they exist on Base: Sushi, Balancer's pools (the vault is there, with money to lend),
Slipstream, Curve, tokens other than WETH and USDC, and the bridge; the full tier has some of them.
"""

from __future__ import annotations

from devnet.addresses import MULTICALL3, PANCAKE_V3_DEPLOYER, PANCAKE_V3_FACTORY, PERMIT2, VAULT
from devnet.book import NATIVE, AddressBook, PoolWriter

WETH = "0x4200000000000000000000000000000000000006"
USDC = "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913"
TOKENS = {"WETH": WETH, "USDC": USDC}
POOL_MANAGER = "0x498581fF718922c3f8e6A244956aF099B2652b2b"

_pool = PoolWriter({address: symbol for symbol, address in TOKENS.items()})

BASE = AddressBook(
    chain_id=8453,
    tokens=TOKENS,
    decimals={"WETH": 18, "USDC": 6},
    contracts={
        "multicall3": MULTICALL3,
        "permit2": PERMIT2,
        "gas_price_oracle": "0x420000000000000000000000000000000000000F",
        "l1_block": "0x4200000000000000000000000000000000000015",
        "uniswap_v2_factory": "0x8909Dc15e40173Ff4699343b6eB8132c65e18eC6",
        "uniswap_v2_router": "0x4752ba5DBc23f44D87826276BF6Fd6b1C372aD24",
        "uniswap_v3_factory": "0x33128a8fC17869897dcE68Ed026d694621f6FDfD",
        "uniswap_v3_quoter_v2": "0x3d4e44Eb1374240CE5F1B871ab261CD16335B76a",
        "uniswap_v3_position_manager": "0x03a520b32C04BF3bEEf7BEb72E919cf822Ed34f1",
        "uniswap_v3_router_02": "0x2626664c2603336E57B271c5C0b26F421741e481",
        "pancake_v3_factory": PANCAKE_V3_FACTORY,
        "pancake_v3_deployer": PANCAKE_V3_DEPLOYER,
        "uniswap_v4_pool_manager": POOL_MANAGER,
        "uniswap_v4_state_view": "0xA3c0c9b65baD0b08107Aa264b0f3dB444b867A71",
        "uniswap_v4_quoter": "0x0d5e0F971ED27FBfF6c2837bf31316121532048D",
        "uniswap_v4_position_manager": "0x7C5f5A4bBd8fD63184577525326123B519429bDc",
        "aerodrome_v2_factory": "0x420DD381b31aEf6683db6B902084cB0FFECe40Da",
        "aerodrome_v2_pool_implementation": "0xA4e46b4f701c62e14DF11B48dCe76A7d793CD6d7",
        "aerodrome_v2_factory_registry": "0x5C3F18F06CC09CA1910767A34a20F771039E37C0",
        "aerodrome_v2_router": "0xcF77a3Ba9A5CA399B7c97c74d54e5b1Beb874E43",
        "balancer_v2_vault": VAULT,
        "balancer_v2_protocol_fees_collector": "0xce88686553686DA562CE7Cea497CE749DA109f9F",
        "aave_v3_addresses_provider": "0xe20fCBdBfFC4Dd138cE8b2E6FBb6CB49777ad64D",
        "aave_v3_pool": "0xA238Dd80C259a72e81d7e4664a9801593F98d1c5",
    },
    feeds={
        "ETH/USD": "0x71041dddad3595F9CEd3DcCFBe3D1F4b0a16Bb70",
        "USDC/USD": "0x7e860098F58bBFC8648a4311b374B1D669a2bc6B",
    },
    pools=(
        _pool.v2("uniswap_v2", "0x88A43bbDF9D098eEC7bCEda4e2494615dfD9bB9C", WETH, USDC),
        _pool.v3("uniswap_v3", "0xd0b53D9277642d899DF5C87A3966A349A798F224", 500, WETH, USDC),
        _pool.v3("uniswap_v3", "0x6c561B446416E1A00E8E93E221854d6eA4171372", 3000, WETH, USDC),
        _pool.v3("pancake_v3", "0x72AB388E2E2F6FaceF59E3C3FA2C4E29011c2D38", 100, WETH, USDC),
        _pool.v4(POOL_MANAGER, 500, NATIVE, USDC),
        _pool.v2("aerodrome_v2", "0xcDAC0d6c6C59727a65F871236188350531885C43", WETH, USDC),
    ),
)
