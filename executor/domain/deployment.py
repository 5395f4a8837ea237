"""A deployed router: its parts, where they stand, what they were built with, and how their addresses follow
from that.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from eth_abi.abi import encode
from eth_hash.auto import keccak

from executor.domain.address import ZERO_ADDRESS, Address, to_address
from executor.domain.chain import ChainData
from executor.domain.errors import ConfigError

FIXED_SETTLEMENT_TOKENS = 4
"""How many settlement tokens the router takes at construction."""

LENDER_CONSTANTS: Mapping[str, str] = {
    "aave_v3_pool": "aave_v3",
    "spark_pool": "spark",
    "balancer_v2_vault": "balancer_v2",
    "balancer_v3_vault": "balancer_v3",
    "morpho_blue": "morpho_blue",
    "erc3156_lender": "erc3156",
    "uniswap_v4_pool_manager": "uniswap_v4",
}
"""The lenders among the router's constants, in the order of contracts/base/Constants.sol, each with the name
that the chain data have for it."""

_CONSTANTS = f"(address[{FIXED_SETTLEMENT_TOKENS}],address{',address' * len(LENDER_CONSTANTS)})"


class Part(StrEnum):
    """The contracts of a router by name, in the order of their deployment. `ROUTER` is the one that holds
    money and roles; it runs the code of the others as its own.
    """

    EXTENSION = "RouterExtension"
    SIMULATOR = "RouterSimulator"
    CONTROL = "RouterControl"
    ROUTER = "ArbRouter"


@dataclass(frozen=True, slots=True)
class RouterConstants:
    """What a router holds for ever. A token's position is its index in plans; None is a lender that
    the chain lacks.
    """

    settlement_tokens: tuple[Address, ...]
    wrapped_native: Address
    aave_v3_pool: Address | None = None
    spark_pool: Address | None = None
    balancer_v2_vault: Address | None = None
    balancer_v3_vault: Address | None = None
    morpho_blue: Address | None = None
    erc3156_lender: Address | None = None
    uniswap_v4_pool_manager: Address | None = None

    def lenders(self) -> dict[str, Address | None]:
        """The lenders by the name of their constant, in order."""
        return {name: getattr(self, name) for name in LENDER_CONSTANTS}


@dataclass(frozen=True, slots=True)
class PlacedPart:
    """One contract of a router and where it stands. `creation_code` holds the constructor's `arguments`."""

    part: Part
    creation_code: bytes
    arguments: bytes
    address: Address


@dataclass(frozen=True, slots=True)
class PartRecord:
    """Where a part stands; `runtime_code_hash` is keccak256 of the code there, as 0x text."""

    address: Address
    runtime_code_hash: str


@dataclass(frozen=True, slots=True)
class Deployment:
    """What `deployments/<chain id>.json` says of a router.

    `owner`, `operator` and `pauser` are as of the last script that ran; the chain has the final word. With
    the `constants`, `deployer` and `initial_owner` are what all addresses follow from. `salt`
    is 32 bytes as 0x text, `runtime_code_hash` keccak256 of the code that stands at `router`, `parts` the
    other contracts. `block` is None when the script found the router in place. `local`: on a development node
    or fork, whatever chain id it bears.
    """

    chain_id: int
    router: Address
    version: str
    owner: Address
    operator: Address | None
    pauser: Address | None
    constants: RouterConstants
    parts: Mapping[Part, PartRecord]
    deployer: Address
    initial_owner: Address
    salt: str
    runtime_code_hash: str
    block: int | None
    local: bool


def router_constants(chain: ChainData) -> RouterConstants:
    """What a router on `chain` is built with. Raises ConfigError when the list of settlement tokens does not
    fit.
    """
    tokens = tuple(token.address for token in chain.settlement)
    if not 1 <= len(tokens) <= FIXED_SETTLEMENT_TOKENS or ZERO_ADDRESS in tokens:
        raise ConfigError(
            f"{chain.name}: settlement",
            f"a router takes 1 to {FIXED_SETTLEMENT_TOKENS} settlement tokens, here are {len(tokens)}",
            fix="correct the list in the chain data",
        )
    known = {funding.value: lender.known.address for funding, lender in chain.lenders.items()}
    lenders = {constant: known.get(name) for constant, name in LENDER_CONSTANTS.items()}
    return RouterConstants(tokens, chain.wrapped_native.address, **lenders)


def router_salt(deployer: Address) -> bytes:
    """The CREATE2 salt of a deployer's router: the deployer's address in 32 bytes, so that everybody can tell
    whose it is.
    """
    return bytes.fromhex(deployer[2:]).rjust(32, b"\0")


def place_parts(
    init_codes: Mapping[Part, bytes],
    owner: Address,
    constants: RouterConstants,
    place: Callable[[bytes], Address],
) -> tuple[PlacedPart, ...]:
    """The parts of a router in the order of their deployment, each built with the addresses of those before
    it.

    `init_codes` are the compiled codes without arguments. `place` says where a creation code comes to stand;
    what it raises passes through.
    """
    addresses: dict[Part, Address] = {}
    placed = []
    for part in Part:
        arguments = constructor_arguments(part, owner, constants, addresses)
        code = init_codes[part] + arguments
        addresses[part] = place(code)
        placed.append(PlacedPart(part, code, arguments, addresses[part]))
    return tuple(placed)


def constructor_arguments(
    part: Part, owner: Address, constants: RouterConstants, addresses: Mapping[Part, Address]
) -> bytes:
    """The ABI-encoded arguments of a part's constructor, given where the parts before it stand. A missing
    token or lender is zero.
    """
    fixed = _encodable(constants)
    if part is Part.EXTENSION:
        return encode((_CONSTANTS,), (fixed,))
    if part is Part.SIMULATOR:
        return encode((_CONSTANTS, "address"), (fixed, addresses[Part.EXTENSION]))
    if part is Part.CONTROL:
        return encode((_CONSTANTS, "address"), (fixed, addresses[Part.SIMULATOR]))
    others = (addresses[Part.EXTENSION], addresses[Part.CONTROL])
    return encode(("address", _CONSTANTS, "address", "address"), (owner, fixed, *others))


def create2_address(factory: Address, salt: bytes, code: bytes) -> Address:
    """Where `factory` puts what `code` constructs (EIP-1014)."""
    digest = keccak(b"\xff" + bytes.fromhex(factory[2:]) + salt + keccak(code))
    return to_address("0x" + digest[12:].hex())


def _encodable(constants: RouterConstants) -> tuple[object, ...]:
    tokens = constants.settlement_tokens
    padded = [*tokens, *[ZERO_ADDRESS] * (FIXED_SETTLEMENT_TOKENS - len(tokens))]
    lenders = (address or ZERO_ADDRESS for address in constants.lenders().values())
    return (padded, constants.wrapped_native, *lenders)
