"""From what a detector wrote, a symbol or an address, to a token."""

from dataclasses import dataclass

from executor.chain.blocks import Block
from executor.chain.reading import read
from executor.chain.rpc import Rpc
from executor.domain.abi import decoded, decoded_int, eth_call
from executor.domain.address import ZERO_ADDRESS, Address, to_address
from executor.domain.call import Reading
from executor.domain.chain import ChainData
from executor.domain.errors import AddressError, OpportunityError
from executor.domain.token import Token

_MOST_DECIMALS = 36
_LONGEST_SYMBOL = 32


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """What a contract says of itself; `symbol` and `decimals` are optional in ERC-20. `is_token`: it tells
    balances.
    """

    symbol: str | None
    decimals: int | None
    is_token: bool


def read_token(address: Address) -> Reading[TokenFacts]:
    """Ask a contract for symbol, decimals and a balance. A symbol may be a string, or 32 bytes as in early
    tokens.
    """
    symbol, decimals, balance = yield (
        eth_call(address, "symbol()"),
        eth_call(address, "decimals()"),
        eth_call(address, "balanceOf(address)", ZERO_ADDRESS),
    )
    places = decoded_int(decimals)
    usable = places is not None and places <= _MOST_DECIMALS
    return TokenFacts(_symbol(symbol), places if usable else None, decoded_int(balance) is not None)


async def resolve_token(
    rpc: Rpc, chain: ChainData, text: str, *, field: str, block: Block = "latest", display_only: bool = False
) -> Token:
    """The token that `text` names on `chain`. An address that the chain data do not know is asked for its
    symbol and decimals.

    A token that does not tell its decimals is refused, unless they only serve display: then they count as 0,
    so that amounts are shown in its smallest unit. Raises OpportunityError naming `field`, or NodeError.
    """
    if not text.startswith("0x"):
        return chain.token(text, field)
    try:
        address = to_address(text, field)
    except AddressError as error:
        raise OpportunityError(
            field, error.message.removeprefix(f"{field}: ").rstrip("."), fix=error.fix
        ) from None
    known = chain.token_at(address)
    if known is not None:
        return known
    facts = await read(rpc, read_token(address), block)
    if not facts.is_token:
        raise OpportunityError(
            field, f"there is no token at {address} on {chain.name}", fix="check the address and the chain"
        )
    if facts.decimals is None and not display_only:
        raise OpportunityError(
            field,
            f"the token {address} does not tell its decimals",
            fix="use it between other tokens, not as settlement token",
        )
    return Token(
        chain.chain_id, address, facts.symbol or f"{address[:6]}..{address[-4:]}", facts.decimals or 0
    )


def _symbol(answer: bytes | None) -> str | None:
    """Printable text of at most 32 characters, or None."""
    values = decoded(answer, "string")
    if values is not None:
        text = str(values[0])
    elif answer is not None and len(answer) == 32:
        text = answer.rstrip(b"\0").decode("utf-8", errors="replace")
    else:
        return None
    return text if text.isprintable() and 0 < len(text) <= _LONGEST_SYMBOL else None
