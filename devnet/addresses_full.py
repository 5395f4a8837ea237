"""What the full tier adds to each chain's address book.

Addresses are those of the real chains where the contract exists there.
"""

from __future__ import annotations

from devnet.addresses import DAI, ETHEREUM, USDC, USDT, WETH
from devnet.addresses_base import BASE
from devnet.book import PoolWriter

MORPHO_BLUE = "0xBBBBBbbBBb9cC5e90e3b3Af64bdAF62C37EEFFCb"
# Of the Balancer V3 contracts that have one address on every chain.
BALANCER_V3 = {
    "balancer_v3_vault": "0xbA1333333333a1BA1108E8412f11850A5C319bA9",
    "balancer_v3_vault_extension": "0x0E8B07657D719B86e06bF0806D6729e3D528C9A9",
    "balancer_v3_vault_admin": "0x35fFB749B273bEb20F40f35EdeB805012C539864",
    "balancer_v3_protocol_fee_controller": "0xa731C23D7c95436Baaae9D52782f966E1ed07cc8",
}

_pool = PoolWriter({address: symbol for symbol, address in ETHEREUM.tokens.items()})
_base_pool = PoolWriter({address: symbol for symbol, address in BASE.tokens.items()})

ETHEREUM_FULL = ETHEREUM.extended(
    contracts={
        "morpho_blue": MORPHO_BLUE,
        **BALANCER_V3,
        "balancer_v3_router": "0xAE563E3f8219521950555F5962419C8919758Ea2",
        "balancer_v3_weighted_pool_factory": "0x201efd508c8DfE9DE1a13c2452863A78CB2a86Cc",
        "balancer_v3_stable_pool_factory": "0xB9d01CA61b9C181dA1051bFDd28e1097e920AB14",
    },
    # Pools of this chain only: a factory derives their addresses from its code and the deployer's.
    pools=(
        _pool.balancer_v3("0x50Bd682f8c424170fF0989783375D19380977462", 2500, USDC, WETH),
        _pool.balancer_v3("0x97D02c6EBE50966285119A76461c3a60E76f863e", 3000, DAI, WETH, weights=(20, 80)),
        _pool.balancer_v3("0x80ECC13AA78d4e9aBB8235472bCa3d98CeEDFD9a", 100, DAI, USDC, USDT, stable=True),
    ),
)

BASE_FULL = BASE.extended(
    contracts={
        "morpho_blue": MORPHO_BLUE,
        **BALANCER_V3,
        "balancer_v3_router": "0x3f170631ed9821Ca51A59D996aB095162438DC10",
        "balancer_v3_weighted_pool_factory": "0x5cF4928a3205728bd12830E1840F7DB85c62a4B9",
    },
    pools=(
        _base_pool.balancer_v3("0xDc283088Ee9B6Ab6b11D88EdF17D9827fA2E4365", 2500, *BASE.tokens.values()),
    ),
)
