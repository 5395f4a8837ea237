"""See and change who may do what: `ape run roles show`, `ape run roles operator <address>` ..."""

import click

from executor.domain.address import Address
from scripts._support import changes
from scripts._support.options import ADDRESS, ADDRESS_OR_NONE, router_command
from scripts._support.router import Router, show_state


@click.group(short_help="See and change who may do what")
def cli() -> None:
    """See and change who may do what. All but `show` and `accept` is the owner's to do."""


def _as_owner(router: Router, change: changes.Change) -> None:
    router.require_owner()
    router.apply(change)
    show_state(router)


@router_command(name="show", signs=False)
def show(router: Router) -> None:
    """Show the router's roles; sends nothing."""
    show_state(router)


@router_command(name="operator")
@click.argument("account_address", metavar="ADDRESS|none", type=ADDRESS_OR_NONE)
def operator(router: Router, account_address: Address) -> None:
    """Set the primary operator, whose plans cost the least gas."""
    _as_owner(router, changes.set_operator(account_address))


@router_command(name="allow")
@click.argument("account_address", metavar="ADDRESS", type=ADDRESS)
def allow(router: Router, account_address: Address) -> None:
    """Allow a further operator."""
    _as_owner(router, changes.allow_operator(account_address, True))


@router_command(name="disallow")
@click.argument("account_address", metavar="ADDRESS", type=ADDRESS)
def disallow(router: Router, account_address: Address) -> None:
    """Disallow a further operator. The primary one is replaced by `operator none`."""
    _as_owner(router, changes.allow_operator(account_address, False))


@router_command(name="pauser")
@click.argument("account_address", metavar="ADDRESS|none", type=ADDRESS_OR_NONE)
def pauser(router: Router, account_address: Address) -> None:
    """Set who may stop the router besides its owner."""
    _as_owner(router, changes.set_pauser(account_address))


@router_command(name="transfer")
@click.argument("account_address", metavar="ADDRESS|none", type=ADDRESS_OR_NONE)
def transfer(router: Router, account_address: Address) -> None:
    """Offer ownership; nothing changes until that account runs `accept`. `none` withdraws the offer."""
    _as_owner(router, changes.offer_ownership(account_address))


@router_command(name="accept")
def accept(router: Router) -> None:
    """Accept the ownership that was offered to the account."""
    router.require_offered()
    router.apply(changes.accept_ownership())
    show_state(router)


for command in (show, operator, allow, disallow, pauser, transfer, accept):
    cli.add_command(command)
