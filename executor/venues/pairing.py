"""The order in which pools keep their two tokens."""

from executor.domain.errors import PoolNotFoundError
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
