"""Take tokens or ETH home: `ape run withdraw WETH --account <alias of the owner>`."""

import click

from executor.domain.address import Address
from scripts._support.options import ADDRESS, router_command
from scripts._support.router import Router
from scripts._support.withdrawing import amount_of, withdraw


@router_command(short_help="Take tokens or ETH home")
@click.argument("token", metavar="SYMBOL|ADDRESS|native")
@click.option("--amount", default="all", show_default=True, help="smallest units (wei), digits only, or all")
@click.option("--to", "to", type=ADDRESS, help="who receives; default: the owner")
def cli(router: Router, token: str, amount: str, to: Address | None) -> None:
    """Send TOKEN from the router to its owner, paused or not. Only the owner may.

    TOKEN is a symbol of the chain data, a token's address, or `native` for ETH.
    """
    withdraw(router, token, amount_of(amount), to or router.session.sender)
