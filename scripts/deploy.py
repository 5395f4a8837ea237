"""Deploy the router: `ape run deploy --network ethereum:sepolia:node --account <alias>`."""

from pathlib import Path

import click

from executor.domain.address import Address
from scripts._support.deploying import Wanted, deploy
from scripts._support.options import ADDRESS, session_command
from scripts._support.session import Session


@session_command(short_help="Deploy the router, set its roles, record both")
@click.option("--owner", type=ADDRESS, help="who owns the router; default: the deploying account")
@click.option("--operator", type=ADDRESS, help="who runs plans; default: left as it is")
@click.option(
    "--pauser", type=ADDRESS, help="who may stop the router besides its owner; default: left as it is"
)
def cli(
    session: Session, folder: Path, owner: Address | None, operator: Address | None, pauser: Address | None
) -> None:
    """Deploy the router and its parts by CREATE2, set its roles, and record all in
    deployments/<chain id>.json.

    The addresses follow from the deploying account, the owner and the chain's constants, and are shown before
    anything is sent. Run again, it sends only what is missing. Roles are the owner's to set: where another
    account deploys, the owner is told what is left to do.
    """
    deploy(session, Wanted(owner or session.sender, operator, pauser), folder=folder)
