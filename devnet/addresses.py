"""Ethereum's address book: what stands where on the local mainnet.

Addresses are those of the real chain, from the protocols' own published deployment lists; every pool address
is also derived by its factory during the build, which stops when one differs. Tokens and contracts that are
written for this project (or are another version than the real chain's) stand at the real address too; which
those are says `SUBSTITUTES`.
"""

from __future__ import annotations

from collections.abc import Mapping

from devnet.book import NATIVE, AddressBook, PoolRecord, PoolWriter

__all__ = ["ETHEREUM", "NATIVE", "SUBSTITUTES", "AddressBook", "PoolRecord"]

WETH = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"
USDC = "0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48"
DAI = "0x6B175474E89094C44Da98b954EedeAC495271d0F"
USDT = "0xdAC17F958D2ee523a2206206994597C13D831ec7"
STA = "0xa7DE087329BFcda5639247F96140f9DAbe3DeED1"
TOKENS = {"WETH": WETH, "USDC": USDC, "DAI": DAI, "USDT": USDT, "STA": STA}

VAULT = "0xBA12222222228d8Ba445958a75a0704d566BF2C8"
POOL_MANAGER = "0x000000000004444c5dc75cB358380D2e3dE08A90"
# Balancer pools, whose ids go on with the kind of pool and the vault's count.
USDC_WETH = "0x96646936b91d6b9d7d0c47c496afbf3d6ec7b6f8"
WETH_DAI = "0x0b09dea16768f0799065c475be02919503cb2a35"
STABAL3 = "0x06df3b2bbb68adc8b0e302443692037ed9f91b42"
PERMIT2 = "0x000000000022D473030F116dDEE9F6B43aC78BA3"
MULTICALL3 = "0xcA11bde05977b3631167028862bE2a173976CA11"
PANCAKE_V3_FACTORY = "0x0BFbCF9fa4f9C56B0F40a671Ad40E0805A091865"
PANCAKE_V3_DEPLOYER = "0x41ff9AA7e16B8B1a8a8dc4f0eFacd93D02d071c9"

_pool = PoolWriter({address: symbol for symbol, address in TOKENS.items()})

ETHEREUM = AddressBook(
    chain_id=1,
    tokens=TOKENS,
    decimals={"WETH": 18, "USDC": 6, "DAI": 18, "USDT": 6, "STA": 18},
    contracts={
        "multicall3": MULTICALL3,
        "permit2": PERMIT2,
        "uniswap_v2_factory": "0x5C69bEe701ef814a2B6a3EDD4B1652CB9cc5aA6f",
        "uniswap_v2_router": "0x7a250d5630B4cF539739dF2C5dAcb4c659F2488D",
        "sushi_v2_factory": "0xC0AEe478e3658e2610c5F7A4A2E1777cE9e4f2Ac",
        "sushi_v2_router": "0xd9e1cE17f2641f24aE83637ab66a2cca9C378B9F",
        "uniswap_v3_factory": "0x1F98431c8aD98523631AE4a59f267346ea31F984",
        "uniswap_v3_quoter": "0xb27308f9F90D607463bb33eA1BeBb41C27CE5AB6",
        "uniswap_v3_quoter_v2": "0x61fFE014bA17989E743c5F6cB21bF9697530B21e",
        "uniswap_v3_position_manager": "0xC36442b4a4522E871399CD717aBDD847Ab11FE88",
        "uniswap_v3_router": "0xE592427A0AEce92De3Edee1F18E0157C05861564",
        "uniswap_v3_router_02": "0x68b3465833fb72A70ecDF485E0e4C7bD8665Fc45",
        "pancake_v3_factory": PANCAKE_V3_FACTORY,
        "pancake_v3_deployer": PANCAKE_V3_DEPLOYER,
        "uniswap_v4_pool_manager": POOL_MANAGER,
        "uniswap_v4_state_view": "0x7fFE42C4a5DEeA5b0feC41C94C136Cf115597227",
        "uniswap_v4_quoter": "0x52F0E24D1c21C8A0cB1e5a5dD6198556BD9E1203",
        "uniswap_v4_position_manager": "0xbD216513d74C8cf14cf4747E6AaA6420FF64ee9e",
        "balancer_v2_vault": VAULT,
        "balancer_v2_protocol_fees_collector": "0xce88686553686DA562CE7Cea497CE749DA109f9F",
        "balancer_v2_authorizer": "0xA331D84eC860Bf466b4CdCcFb4aC09a1B43F3aE6",
        "balancer_v2_queries": "0xE39B5e3B6D74016b2F6A9673D7d7493B6DF549d5",
        "balancer_v2_weighted_pool_2_tokens_factory": "0xA5bf2ddF098bb0Ef6d120C98217dD6B141c74EE0",
        "balancer_v2_stable_pool_factory": "0xc66Ba2B6595D3613CCab350C886aCE23866EDe24",
        "aave_v3_addresses_provider": "0x2f39d218133AFaB8F2B819B1066c7E434Ad94E9e",
        "aave_v3_pool": "0x87870Bca3F3fD6335C3F4ce8392D69350B4fA4E2",
    },
    feeds={
        "ETH/USD": "0x5f4eC3Df9cbd43714FE2740f5E3616155c5b8419",
        "USDC/USD": "0x8fFfFfd4AfB6115b954Bd326cbe7B4BA576818f6",
        "DAI/USD": "0xAed0c38402a5d19df6E4c03F4E2DceD6e29c1ee9",
        "USDT/USD": "0x3E7d1eAB13ad0104d2750B8863b489D65364e32D",
    },
    pools=(
        _pool.v2("uniswap_v2", "0xB4e16d0168e52d35CaCD2c6185b44281Ec28C9Dc", USDC, WETH),
        _pool.v2("uniswap_v2", "0xA478c2975Ab1Ea89e8196811F51A7B7Ade33eB11", DAI, WETH),
        _pool.v2("uniswap_v2", "0x0d4a11d5EEaaC28EC3F61d100daF4d40471f1852", WETH, USDT),
        _pool.v2("uniswap_v2", "0xAE461cA67B15dc8dc81CE7615e0320dA1A9aB8D5", DAI, USDC),
        _pool.v2("uniswap_v2", "0x59F96b8571E3B11f859A09Eaf5a790A138FC64D0", STA, WETH),
        _pool.v2("sushi_v2", "0x397FF1542f962076d0BFE58eA045FfA2d347ACa0", USDC, WETH),
        _pool.v2("sushi_v2", "0xC3D03e4F041Fd4cD388c549Ee2A29a9E5075882f", DAI, WETH),
        _pool.v2("sushi_v2", "0x06da0fd433C1A5d7a4faa01111c044910A184553", WETH, USDT),
        _pool.v3("uniswap_v3", "0x88e6A0c2dDD26FEEb64F039a2c41296FcB3f5640", 500, USDC, WETH),
        _pool.v3("uniswap_v3", "0x8ad599c3A0ff1De082011EFDDc58f1908eb6e6D8", 3000, USDC, WETH),
        _pool.v3("uniswap_v3", "0x11b815efB8f581194ae79006d24E0d814B7697F6", 500, WETH, USDT),
        _pool.v3("uniswap_v3", "0x4e68Ccd3E89f51C3074ca5072bbAC773960dFa36", 3000, WETH, USDT),
        _pool.v3("uniswap_v3", "0xC2e9F25Be6257c210d7Adf0D4Cd6E3E881ba25f8", 3000, DAI, WETH),
        _pool.v3("uniswap_v3", "0x5777d92f208679DB4b9778590Fa3CAB3aC9e2168", 100, DAI, USDC),
        _pool.v3("uniswap_v3", "0x3416cF6C708Da44DB2624D63ea0AAef7113527C6", 100, USDC, USDT),
        _pool.v3("pancake_v3", "0x1ac1A8FEaAEa1900C4166dEeed0C11cC10669D36", 500, USDC, WETH),
        _pool.v3("pancake_v3", "0x6CA298D2983aB03Aa1dA7679389D955A4eFEE15C", 500, WETH, USDT),
        _pool.v4(POOL_MANAGER, 500, NATIVE, USDC),
        _pool.v4(POOL_MANAGER, 3000, USDC, WETH),
        _pool.v4(POOL_MANAGER, 100, DAI, USDC),
        _pool.balancer(f"{USDC_WETH}000200000000000000000019", 2500, USDC, WETH),
        _pool.balancer(f"{WETH_DAI}00020000000000000000001a", 2500, DAI, WETH),
        _pool.balancer(f"{STABAL3}000000000000000000000063", 400, DAI, USDC, USDT, stable=True),
    ),
)

# What is not the bytecode that the real chain runs at that address, and why.
SUBSTITUTES: Mapping[str, str] = {
    "WETH": "the same contract built by a newer compiler",
    "USDC": "version 2.1 of Circle's token; mainnet runs 2.2",
    "DAI": "own token with Dai's wards and an ERC-3156 flash mint; no package holds Dai",
    "USDT": "own token with Tether's habits; no package holds Tether's",
    "STA": "Uniswap's DeflatingERC20, which burns 1 % of each transfer as Statera does",
    "sushi_v2": "pairs of the packaged build, put at the addresses that the router derives",
    "pancake_v3_deployer": "own deployer; no package holds the original",
    "chainlink": "the packaged proxy over a packaged mock aggregator, which has no oracle network behind it",
    "aave_v3": "the first release of version 3; mainnet has been upgraded since",
}
