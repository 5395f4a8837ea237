"""Tokens with habits, for tests: deployed fresh, with a real Uniswap V2 pair where one is wanted.

What stands on the local chains already: STA burns 1 % of each transfer, USDT returns nothing and wants its
allowance through zero, STETH (full tier) loses a wei now and then.
"""

from __future__ import annotations

from devnet import Node, own
from devnet.books import book_of
from devnet.place import Placer
from devnet.protocols import more_tokens
from devnet.roles import account

# Holds the whole supply of each token that is deployed here.
ISSUER = account("issuer of quirky tokens")
COLLECTOR = account("collector of transfer fees")
# Reserves of a pair are 112 bits wide, which is less than one whole token of 36 decimals.
PAIR_LIMIT = 2**112 - 1


def plain(node: Node, decimals: int, supply: int = 10**60) -> str:
    """A token without habits, of 0 to 36 decimals or more; its address."""
    terms = ("Plain", f"P{decimals}", decimals, supply)
    return _deploy(node, "PlainToken", "(string,string,uint8,uint256)", *terms)


def false_return(node: Node, supply: int = 10**30) -> str:
    """A token of 18 decimals that returns false instead of reverting; its address."""
    return _deploy(node, "FalseReturnToken", "(uint256)", supply)


def with_fee(node: Node, basis_points: int, supply: int = 10**30) -> str:
    """A token of 18 decimals that takes a fee out of each transfer; its address."""
    types = "(uint256,uint256,address)"
    return _deploy(node, "FeeToken", types, supply, basis_points, COLLECTOR)


def tether(node: Node, supply: int = 10**30) -> str:
    """A token like USDT, of six decimals: returns nothing, wants its allowance through zero; its address."""
    place = Placer(node)
    token = place.deploy(own.contracts()["TetherLike"], "(address)", ISSUER)
    place.call(ISSUER, token, "issue(uint256)", supply)
    return token


def give(node: Node, token: str, who: str, amount: int) -> None:
    """Send `amount` smallest units of a token of this module to `who`, less what the token takes."""
    Placer(node).call(ISSUER, token, "transfer(address,uint256)", who, amount)


def pair(node: Node, token: str, other: str, amount: int, other_amount: int) -> str:
    """Open a Uniswap V2 pair of `token` with a token of the chain's book, with these reserves; its address.

    A transfer fee makes the first reserve smaller. Raises ValueError for amounts that no pair can hold.
    """
    if not 0 < amount <= PAIR_LIMIT or not 0 < other_amount <= PAIR_LIMIT:
        raise ValueError(f"a pair holds 1 to {PAIR_LIMIT} smallest units of each token: give less")
    place, factory = Placer(node), book_of(node).contracts["uniswap_v2_factory"]
    place.call(ISSUER, factory, "createPair(address,address)", token, other)
    address = place.read_address(factory, "getPair(address,address)", token, other)
    give(node, token, address, amount)
    node.set_erc20_balance(other, address, other_amount)
    place.call(ISSUER, address, "mint(address)", ISSUER)
    return address


def _deploy(node: Node, contract: str, types: str, *arguments: object) -> str:
    return Placer(node).deploy(more_tokens.code()[contract], types, *arguments, sender=ISSUER)
