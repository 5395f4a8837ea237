"""What exchanges know of two tokens: the order in which pools keep them, or nothing."""

from executor.domain.call import Reading
from executor.domain.dex import Dex
from executor.domain.errors import PoolNotFoundError
from executor.domain.pool import Pool
from executor.domain.token import Token


def ordered(token_a: Token, token_b: Token) -> tuple[Token, Token]:
    """The two tokens, the smaller address first. Raises PoolNotFoundError if they are the same."""
    if token_a.address == token_b.address:
        raise PoolNotFoundError(
            f"no pool trades {token_a.symbol} for itself.",
            fix="name two different tokens",
            token=token_a.address,
        )
    first, second = sorted((token_a, token_b), key=lambda token: int(token.address, 16))
    return first, second


def unlisted(dex: Dex, token_a: Token, token_b: Token) -> Reading[tuple[Pool, ...]]:
    """For exchanges without a list of the pools of two tokens. Raises PoolNotFoundError always."""
    yield from ()
    raise PoolNotFoundError(
        f"{dex.name} keeps no list of the pools of {token_a.symbol} and {token_b.symbol}.",
        fix="name the pool by its address",
        dex=dex.name,
    )
