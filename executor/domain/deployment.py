"""A deployed router: where it stands, what it was built with, and how its address follows from that."""

from collections.abc import Sequence
from dataclasses import dataclass

from eth_abi.abi import encode
from eth_hash.auto import keccak

from executor.domain.address import ZERO_ADDRESS, Address, to_address
from executor.domain.chain import ChainData
from executor.domain.errors import ConfigError
from executor.domain.route import Funding

FIXED_SETTLEMENT_TOKENS = 4
"""How many settlement tokens the router takes at construction."""

_CONSTRUCTOR = ("address", "(address[4],address,address)")


@dataclass(frozen=True, slots=True)
class RouterConstants:
    """What a router holds for ever. A token's position is its index in plans; None is a lender that
    the chain lacks.
    """

    settlement_tokens: tuple[Address, ...]
    aave_v3_pool: Address | None
    balancer_v2_vault: Address | None


@dataclass(frozen=True, slots=True)
class Deployment:
    """What `deployments/<chain id>.json` says of a router.

    `owner`, `operator` and `pauser` are as of the last script that ran; the chain has the final word. With
    the `constants`, `deployer` and `initial_owner` are what its address follows from. `salt`
    is 32 bytes as 0x text, `runtime_code_hash` keccak256 of the code that stands there. `block` is None when
    the script found the router in place. `local`: on a development node or fork, whatever chain id it bears.
    """

    chain_id: int
    router: Address
    version: str
    owner: Address
    operator: Address | None
    pauser: Address | None
    constants: RouterConstants
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
    return RouterConstants(tokens, _lender(chain, Funding.AAVE_V3), _lender(chain, Funding.BALANCER_V2))


def router_salt(deployer: Address) -> bytes:
    """The CREATE2 salt of a deployer's router: the deployer's address in 32 bytes, so that everybody can tell
    whose it is.
    """
    return bytes.fromhex(deployer[2:]).rjust(32, b"\0")


def creation_code(init_code: bytes, owner: Address, constants: RouterConstants) -> bytes:
    """The compiled `init_code` followed by the constructor's arguments: `owner` and `constants`."""
    return init_code + constructor_arguments(owner, constants)


def constructor_arguments(owner: Address, constants: RouterConstants) -> bytes:
    """The ABI-encoded arguments of the router's constructor. A missing token or lender is zero."""
    tokens = _padded(constants.settlement_tokens)
    lenders = (constants.aave_v3_pool or ZERO_ADDRESS, constants.balancer_v2_vault or ZERO_ADDRESS)
    return encode(_CONSTRUCTOR, (owner, (tokens, *lenders)))


def create2_address(factory: Address, salt: bytes, code: bytes) -> Address:
    """Where `factory` puts what `code` constructs (EIP-1014)."""
    digest = keccak(b"\xff" + bytes.fromhex(factory[2:]) + salt + keccak(code))
    return to_address("0x" + digest[12:].hex())


def _padded(tokens: Sequence[Address]) -> list[Address]:
    return [*tokens, *[ZERO_ADDRESS] * (FIXED_SETTLEMENT_TOKENS - len(tokens))]


def _lender(chain: ChainData, funding: Funding) -> Address | None:
    lender = chain.lenders.get(funding)
    return lender.known.address if lender else None
