"""Verify the router's source: `ETHERSCAN_API_KEY=... ape run verify --network ethereum:sepolia:node`."""

import os
from pathlib import Path

import click

from scripts._support.options import router_command
from scripts._support.router import Router
from scripts._support.verification import verify


@router_command(short_help="Verify the router's source code", signs=False)
@click.option(
    "--output",
    "output",
    type=click.Path(path_type=Path, file_okay=False),
    help="folder for the compiler inputs; default: beside the deployment record",
)
def cli(router: Router, output: Path | None) -> None:
    """Check that the chain runs what this checkout compiles, and publish the source at the block explorer:
    the router's and its parts'.

    The explorer is Etherscan, for all chains it knows, with the key in ETHERSCAN_API_KEY; ETHERSCAN_API_URL
    names another that speaks its API. Without a key the compiler's inputs are written for uploading by hand.
    """
    verify(router, output, os.environ)
