"""What the full tier adds to each chain's address book.

Addresses are those of the real chains where the contract exists there; `FULL_SUBSTITUTES` says what is not
the real bytecode.
"""

from __future__ import annotations

from collections.abc import Mapping

from eth_utils.address import to_checksum_address

from devnet.addresses import DAI, ETHEREUM, POOL_MANAGER, USDC, USDT, WETH
from devnet.addresses_base import BASE
from devnet.book import NATIVE, PoolWriter
from devnet.roles import account

MORPHO_BLUE = "0xBBBBBbbBBb9cC5e90e3b3Af64bdAF62C37EEFFCb"
# Of the Balancer V3 contracts that have one address on every chain.
BALANCER_V3 = {
    "balancer_v3_vault": "0xbA1333333333a1BA1108E8412f11850A5C319bA9",
    "balancer_v3_vault_extension": "0x0E8B07657D719B86e06bF0806D6729e3D528C9A9",
    "balancer_v3_vault_admin": "0x35fFB749B273bEb20F40f35EdeB805012C539864",
    "balancer_v3_protocol_fee_controller": "0xa731C23D7c95436Baaae9D52782f966E1ed07cc8",
}

# Vaults, whose shares are tokens.
SDAI = "0x83F20F44975D03b1b09e64809B757c47f942BEeA"
STEAK_USDC = "0xBEEF01735c132Ada46AA9aA4c54623cAA92A64CB"
VAULTS = {"sDAI": SDAI, "steakUSDC": STEAK_USDC}

MORE_TOKENS = {
    "WBTC": "0x2260FAC5E5542a773Aa44fBCfeDf7C193bc2C599",
    "STETH": "0xae7ab96520DE3A18E5e111B5EaAb095312D7fE84",
}
WBTC, STETH = MORE_TOKENS.values()
# Algebra's exchanges are on other chains: these addresses are of this project's own, the pool's follows.
ALGEBRA = {
    "algebra_pool_deployer": account("algebra pool deployer"),
    "algebra_factory": account("algebra factory"),
}
# The last fourteen bits (0x0ac0) say what the hook does: calls before and after swaps and before liquidity
# moves, none of which may change an amount.
COUNTING_HOOK = to_checksum_address(account("uniswap v4 counting hook")[:38] + "0ac0")
BASE_DAI = "0x50c5725949A6F0c72E6C4a641F24049A917DB0Cb"
# Anybody may open such pools, so no one address is the real one; the role's name gives it.
CURVE_UINT = account("curve stable pool numbered by uint256 DAI/USDC")
CURVE_TWO_CRYPTO = account("curve two-coin crypto pool USDC/WETH")

_symbols = {
    address: symbol for tokens in (ETHEREUM.tokens, VAULTS, MORE_TOKENS) for symbol, address in tokens.items()
}
_pool = PoolWriter(_symbols)
_base_pool = PoolWriter({**{address: symbol for symbol, address in BASE.tokens.items()}, BASE_DAI: "DAI"})

ETHEREUM_FULL = ETHEREUM.extended(
    contracts={
        "morpho_blue": MORPHO_BLUE,
        **BALANCER_V3,
        "balancer_v3_router": "0xAE563E3f8219521950555F5962419C8919758Ea2",
        "balancer_v3_weighted_pool_factory": "0x201efd508c8DfE9DE1a13c2452863A78CB2a86Cc",
        "balancer_v3_stable_pool_factory": "0xB9d01CA61b9C181dA1051bFDd28e1097e920AB14",
        "spark_addresses_provider": "0x02C3eA4e34C0cBd694D2adFa2c690EECbC1793eE",
        "spark_pool": "0xC13e21B648A5Ee794902342038FF3aDAB66BE987",
        "aave_v3_prime_addresses_provider": "0xcfBf336fe147D643B9Cb705648500e101504B16d",
        "aave_v3_prime_pool": "0x4e033931ad43597d96D6bcc25c280717730B58B1",
        "sDAI_rate_provider": "0xc7177B6E18c1Abd725F5b75792e5F7A3bA5DBC2c",
        "maker_dss_flash": "0x60744434d6339a6B27d73d9Eda62b6F66a0a04FA",
        "erc3156_lender_with_fee": account("erc3156 lender with a fee"),
        **ALGEBRA,
        "pancake_v1_factory": account("pancake v1 factory"),
        "uniswap_v4_counting_hook": COUNTING_HOOK,
    },
    tokens={**VAULTS, **MORE_TOKENS},
    decimals={"sDAI": 18, "steakUSDC": 18, "WBTC": 8, "STETH": 18},
    # Pools of this chain only; their addresses follow from factories, code and tokens all the same.
    pools=(
        _pool.v2("uniswap_v2", "0xc7060A4FA0Ee0Fe1a85376842F90aD70539f7291", SDAI, WETH),
        _pool.v3("uniswap_v3", "0xF8daeD07091410A715698bBCC6310f9bC225C3F3", 3000, STEAK_USDC, WETH),
        _pool.balancer_v3("0x50Bd682f8c424170fF0989783375D19380977462", 2500, USDC, WETH),
        _pool.balancer_v3("0x97D02c6EBE50966285119A76461c3a60E76f863e", 3000, DAI, WETH, weights=(20, 80)),
        _pool.balancer_v3("0xE5F62FbbA4Ea8F0A0e82d590c151af5b2Ea97b75", 100, SDAI, USDC, stable=True),
        _pool.balancer_v3("0x80ECC13AA78d4e9aBB8235472bCa3d98CeEDFD9a", 100, DAI, USDC, USDT, stable=True),
        _pool.curve("curve_stable", "0xbEbc44782C7dB0a1A60Cb6fe97d0b483032FF1C7", 100, DAI, USDC, USDT),
        _pool.curve("curve_stable_ng", "0x4f493B7dE8aAC7d55F71853688b1F7C8F0243C85", 100, USDC, USDT),
        _pool.curve("curve_stable_ether", "0xDC24316b9AE028F1497c275EB9192a3Ea0f67022", 100, NATIVE, STETH),
        _pool.curve("curve_stable_uint", CURVE_UINT, 100, DAI, USDC),
        _pool.curve("curve_two_crypto", CURVE_TWO_CRYPTO, 2600, USDC, WETH),
        _pool.curve("curve_tri_crypto", "0xD51a44d3FaE010294C616388b506AcdA1bfAAE46", 300, USDT, WBTC, WETH),
        _pool.ticked("algebra", "0x21ADe998d225A97ADddBFdF81A83f5Fc7e287b90", 500, 60, USDC, WETH),
        _pool.v3("solidly_v3", "0x1687BFC53E3Efe7b3156f3D32dC1b4BBbb04F56F", 500, USDC, WETH),
        _pool.v2("pancake_v1", "0x7D302A262030B47f97bBfC316DC3bF51a299f74F", USDC, WETH, fee=2000),
        _pool.v2("own_v2_fork", account("own v2 fork USDC/WETH"), USDC, WETH, fee=2500),
        _pool.v2("own_v2_fork", account("own v2 fork DAI/WETH"), DAI, WETH, fee=1000),
        _pool.v4(POOL_MANAGER, 3000, USDC, WETH, hooks=COUNTING_HOOK),
    ),
)

BASE_FULL = BASE.extended(
    contracts={
        "morpho_blue": MORPHO_BLUE,
        **BALANCER_V3,
        "balancer_v3_router": "0x3f170631ed9821Ca51A59D996aB095162438DC10",
        "balancer_v3_weighted_pool_factory": "0x5cF4928a3205728bd12830E1840F7DB85c62a4B9",
        "slipstream_factory": "0x5e7BB104d84c7CB9B682AaC2F3d509f5F406809A",
        "slipstream_pool_implementation": "0xeC8E5342B19977B4eF8892e02D8DAEcfa1315831",
    },
    tokens={"DAI": BASE_DAI},
    decimals={"DAI": 18},
    pools=(
        _base_pool.balancer_v3("0xDc283088Ee9B6Ab6b11D88EdF17D9827fA2E4365", 2500, *BASE.tokens.values()),
        _base_pool.ticked(
            "slipstream", "0xb2cc224c1c9feE385f8ad6a55b4d94E92359DC59", 500, 100, *BASE.tokens.values()
        ),
        _base_pool.solidly_stable(
            "aerodrome_v2", "0x67b00B46FA4f4F24c03855c5C8013C0B938B3eEc", 500, BASE_DAI, BASE.tokens["USDC"]
        ),
    ),
)

# What is not the bytecode that the real chain runs at that address, and why.
FULL_SUBSTITUTES: Mapping[str, str] = {
    "balancer_v3_vault": "the packaged source, optimised for size alone so that it fits the size limit",
    "spark_pool": "the first release of Aave V3, as at the main market here",
    "aave_v3_prime_pool": "the first release of Aave V3, as at the main market here",
    "maker_dss_flash": "ERC-3156's reference lender, which lends what it holds; Maker's mints",
    "erc3156_lender_with_fee": "the same lender with a fee, at an address that nothing real has",
    "sDAI_rate_provider": "own contract that asks the vault",
    "sDAI": "OpenZeppelin's ERC-4626 vault whose yield is donated; no package holds Maker's",
    "steakUSDC": "OpenZeppelin's ERC-4626 vault whose yield is donated; the real one lends at Morpho",
    "WBTC": "a plain token of eight decimals",
    "STETH": "own token with the shares and the lost wei of Lido's; no staking behind it",
    "pancake_v1_factory": "the packaged bytecode, at an address that nothing real has",
    "solidly_v3": "Uniswap V3's packaged pool with the name of the swap callback exchanged",
    "own_v2_fork": "own pair of the V2 shape; no package holds a fork at these fees",
    "uniswap_v4_counting_hook": "Uniswap's own test hook; at an address that nothing real has",
    "algebra_factory": "the packaged bytecode, at an address that nothing real has",
    "slipstream_factory": "compiled from packaged sources of a later factory, without voter and gauges",
    "curve_stable": "own pool, model-checked: no package holds Curve's bytecode",
    "curve_stable_ng": "own pool, model-checked",
    "curve_stable_ether": "own pool, model-checked",
    "curve_stable_uint": "own pool, model-checked; at no real pool's address",
    "curve_two_crypto": "own pool, model-checked at a fixed price scale; at no real pool's address",
    "curve_tri_crypto": "own pool, model-checked at a fixed price scale",
}
