"""Make an account hold an exact token balance by what the token itself allows: wraps, mints and transfers.

Works on the built chains and, for the four main tokens, on a fork of the real ones, where the token's real
minter is impersonated. Storage is never written.
"""

from __future__ import annotations

from devnet import abi
from devnet.errors import BuildError
from devnet.node import Node
from devnet.settings import ETHER

SINK = "0x000000000000000000000000000000000000dEaD"
# A token that takes a fee delivers less than was sent; each round closes the rest of the gap.
ROUNDS = 24
DAI = "0x6B175474E89094C44Da98b954EedeAC495271d0F"
DAI_JOIN = "0x9759A6Ac90977b93B58547b4A71c78317f391A28"
USDT = "0xdAC17F958D2ee523a2206206994597C13D831ec7"
USDC = ("0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48", "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913")
WETH = ("0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2", "0x4200000000000000000000000000000000000006")


def set_balance(node: Node, token: str, who: str, amount: int) -> None:
    """Make `who` hold exactly `amount` smallest units of `token`.

    Raises BuildError when the token cannot be had, ValueError for a negative amount.
    """
    if amount < 0:
        raise ValueError(f"a balance cannot be {amount}: give a number of smallest units, 0 or more")
    for _ in range(ROUNDS):
        missing = amount - node.erc20_balance(token, who)
        if missing == 0:
            return
        if missing < 0:
            _transfer(node, token, who, SINK, -missing)
        else:
            _give(node, token, who, missing)
    raise BuildError(f"{who} cannot be made to hold exactly {amount} of {token}", "pick another amount")


def ensure_balance(node: Node, token: str, who: str, amount: int) -> None:
    """Make `who` hold at least `amount` smallest units of `token`.

    For tokens that lose a unit on the way, of which not every exact balance can be had. Raises BuildError.
    """
    for _ in range(ROUNDS):
        missing = amount - node.erc20_balance(token, who)
        if missing <= 0:
            return
        _give(node, token, who, missing + 1)
    raise BuildError(f"{who} cannot be made to hold {amount} of {token}", "transfer it from a holder")


def _give(node: Node, token: str, who: str, amount: int) -> None:
    from devnet.protocols.tokens import TREASURY

    lowered = token.lower()
    if node.erc20_balance(token, TREASURY) >= amount:
        _transfer(node, token, TREASURY, who, amount)
    elif lowered in (address.lower() for address in WETH):
        node.set_balance(SINK, amount + ETHER)
        node.send(SINK, token, abi.encode_call("deposit()"), value=amount)
        _transfer(node, token, SINK, who, amount)
    elif lowered in (address.lower() for address in USDC):
        minter = abi.decode("(address)", node.call(token, abi.encode_call("masterMinter()")))[0]
        node.send(minter, token, abi.encode_call("configureMinter(address,uint256)", SINK, amount))
        node.send(SINK, token, abi.encode_call("mint(address,uint256)", who, amount))
    elif lowered == DAI.lower():
        node.send(DAI_JOIN, token, abi.encode_call("mint(address,uint256)", who, amount))
    elif lowered == USDT.lower():
        owner = abi.decode("(address)", node.call(token, abi.encode_call("owner()")))[0]
        node.send(owner, token, abi.encode_call("issue(uint256)", amount))
        _transfer(node, token, owner, who, amount)
    else:
        raise BuildError(f"there is not enough of {token} to give {amount}", "transfer it from a holder")


def _transfer(node: Node, token: str, sender: str, to: str, amount: int) -> None:
    node.send(sender, token, abi.encode_call("transfer(address,uint256)", to, amount))
