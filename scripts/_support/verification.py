"""Verifies the deployed router's source: against this checkout, then at a block explorer."""

import json
from collections.abc import Mapping
from pathlib import Path

import click

from executor.domain.address import Address
from executor.domain.deployment import constructor_arguments
from executor.domain.errors import ConfigError
from scripts._support.build import RouterBuild, build_router
from scripts._support.errors import DeploymentError
from scripts._support.explorer import ETHERSCAN, Explorer, Submission
from scripts._support.router import Router

KEY_VARIABLE = "ETHERSCAN_API_KEY"
URL_VARIABLE = "ETHERSCAN_API_URL"


def verify(router: Router, output: Path | None, environ: Mapping[str, str]) -> Submission:
    """Prove that the chain runs what this checkout compiles, write the compiler input, submit it if there is
    a key.

    Raises ConfigError without a record of the deployment, DeploymentError when the code differs,
    ExplorerError.
    """
    record = router.record
    if record is None:
        raise ConfigError(
            "--router",
            "there is no record of this router's deployment",
            fix="run `ape run deploy` with the accounts that deployed it: it finds and records the router",
        )
    build = build_router()
    arguments = constructor_arguments(record.initial_owner, record.constants)
    _require_same_code(router, build, arguments)
    submission = Submission(record.chain_id, router.address, build, arguments)
    path = output or router.file.with_suffix(".standard-input.json")
    path.write_text(json.dumps(build.standard_input, indent=1) + "\n", encoding="utf-8")
    click.echo(f"the code at {router.address} is what this checkout compiles with solc {build.compiler}")
    click.echo(f"compiler input: {path}, contract {submission.form()['contractname']}")
    click.echo(f"constructor arguments: {arguments.hex()}")
    _submit(submission, local=router.session.network.is_local, environ=environ)
    return submission


def _require_same_code(router: Router, build: RouterBuild, arguments: bytes) -> None:
    creator: Address = router.session.chain.create2_deployer.address
    node = router.session.node
    if node.construct(build.init_code + arguments, creator) != node.code(router.address):
        raise DeploymentError(
            f"The code at {router.address} is not what this checkout compiles.",
            fix="check out the version that was deployed, and use its set-up",
            router=router.address,
        )


def _submit(submission: Submission, *, local: bool, environ: Mapping[str, str]) -> None:
    key = environ.get(KEY_VARIABLE)
    if not key:
        click.echo(
            f"not submitted: set {KEY_VARIABLE} to submit it, or upload the file at the explorer by hand"
        )
    elif local and URL_VARIABLE not in environ:
        click.echo("not submitted: no explorer knows a development node")
    else:
        explorer = Explorer(key, url=environ.get(URL_VARIABLE) or ETHERSCAN)
        click.echo(f"explorer: {explorer.verify(submission)}")
