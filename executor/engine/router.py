"""What the deployed router says of itself, and whether it will run our plans."""

from dataclasses import dataclass

from eth_utils.crypto import keccak

from executor.chain.blocks import Block
from executor.chain.quantities import hex_data
from executor.chain.reading import read
from executor.chain.rpc import Rpc
from executor.domain.abi import decoded, decoded_address, eth_call
from executor.domain.address import ZERO_ADDRESS, Address
from executor.domain.call import Reading
from executor.domain.deployment import Deployment
from executor.domain.errors import OpportunityError
from executor.domain.token import Token
from executor.engine.errors import NotOperatorError, RouterMismatchError, RouterPausedError

SETTLEMENT_PLACES = 5
"""The router's list has four places fixed at deployment and one that the owner sets."""

SUPPORTED_VERSIONS = ("2",)
"""Plan formats that this executor writes."""


@dataclass(frozen=True, slots=True)
class RouterState:
    """Roles and switches at one block. `settlement_tokens` by index, None where the list is empty."""

    address: Address
    version: str | None
    owner: Address | None
    pending_owner: Address | None
    operator: Address | None
    pauser: Address | None
    paused: bool
    accepts_sender: bool
    settlement_tokens: tuple[Address | None, ...]

    def settlement_index(self, token: Token, field: str) -> int:
        """The place of `token` in the router's list. Raises OpportunityError naming `field`."""
        if token.address in self.settlement_tokens:
            return self.settlement_tokens.index(token.address)
        listed = ", ".join(address for address in self.settlement_tokens if address)
        raise OpportunityError(
            field,
            f"{token.symbol} ({token.address}) is no settlement token of the router",
            fix=f"use one of: {listed}",
        )


def read_router(address: Address, sender: Address) -> Reading[RouterState]:
    """Roles, switches and settlement tokens, and whether `sender` may run plans. All in one round."""
    names = ("version", "owner", "pendingOwner", "operator", "pauser", "paused")
    tokens = range(SETTLEMENT_PLACES)
    answers = yield (
        *(eth_call(address, f"{name}()") for name in names),
        eth_call(address, "isOperator(address)", sender),
        *(eth_call(address, "settlementToken(uint256)", index) for index in tokens),
    )
    version, owner, pending, operator, pauser, paused, accepted, *listed = answers
    text = decoded(version, "string")
    return RouterState(
        address=address,
        version=None if text is None else str(text[0]),
        owner=decoded_address(owner),
        pending_owner=decoded_address(pending),
        operator=decoded_address(operator),
        pauser=decoded_address(pauser),
        paused=_flag(paused) is not False,
        accepts_sender=_flag(accepted) is True,
        settlement_tokens=tuple(decoded_address(answer) for answer in listed),
    )


async def read_code_hash(rpc: Rpc, address: Address, block: Block = "latest") -> str | None:
    """Keccak of the code at `address` as 0x text, None where there is none. Raises NodeError."""
    tag = block if isinstance(block, str) else "latest"
    code = hex_data(await rpc.call("eth_getCode", address, tag), "eth_getCode")
    return "0x" + keccak(code).hex() if code else None


async def check_code(rpc: Rpc, address: Address, deployment: Deployment | None) -> None:
    """Raises RouterMismatchError unless router and parts are there and are those that were deployed."""
    found = await read_code_hash(rpc, address)
    if found is None:
        raise RouterMismatchError(
            f"there is no code at the router's address {address}.",
            fix="deploy the router on this chain, or correct the deployment file",
            router=address,
        )
    if deployment is not None and found != deployment.runtime_code_hash.lower():
        raise RouterMismatchError(
            f"the code at {address} is not the router that was deployed.",
            fix="check that the node serves the right chain; if so, deploy again and do not use that address",
            router=address,
            expected=deployment.runtime_code_hash,
            found=found,
        )
    for part, record in deployment.parts.items() if deployment is not None else ():
        if await read_code_hash(rpc, record.address) != record.runtime_code_hash.lower():
            raise RouterMismatchError(
                f"the code at {record.address} is not the {part} that was deployed for {address}.",
                fix="check that the node serves the right chain, fully synchronised",
                router=address,
                part=part.value,
            )
    state = await read(rpc, read_router(address, ZERO_ADDRESS))
    if state.version not in SUPPORTED_VERSIONS:
        raise RouterMismatchError(
            f"the router at {address} has version {state.version}, this executor writes plans for "
            f"{', '.join(SUPPORTED_VERSIONS)}.",
            fix="deploy the router that belongs to this executor",
            router=address,
        )


async def operator_of(rpc: Rpc, address: Address) -> Address:
    """The router's primary operator. Raises NotOperatorError when it has none, NodeError."""
    state = await read(rpc, read_router(address, ZERO_ADDRESS))
    if state.operator is None:
        raise NotOperatorError(
            f"the router {address} has no primary operator, and no wallet is configured.",
            fix="let the router's owner set one, or configure a wallet",
            router=address,
        )
    return state.operator


def check_ready(state: RouterState, sender: Address) -> None:
    """Raises RouterPausedError or NotOperatorError when the router would refuse every plan of `sender`."""
    if state.paused:
        raise RouterPausedError(
            f"the router {state.address} is paused.",
            fix="find out why it was paused; its owner can unpause it",
            router=state.address,
        )
    if not state.accepts_sender:
        raise NotOperatorError(
            f"{sender} is no operator of the router {state.address}.",
            fix="let the router's owner make it an operator, or use the operator's wallet",
            router=state.address,
            sender=sender,
            operator=state.operator,
        )


def _flag(answer: bytes | None) -> bool | None:
    found = decoded(answer, "bool")
    return None if found is None else bool(found[0])
