"""Verifies the source of the router and its parts: against this checkout, then at a block explorer."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click

from executor.domain.address import Address
from executor.domain.deployment import Deployment, Part, constructor_arguments
from executor.domain.errors import ConfigError
from scripts._support.build import PartBuild, build_part
from scripts._support.errors import DeploymentError
from scripts._support.explorer import ETHERSCAN, Explorer, Submission
from scripts._support.router import Router

KEY_VARIABLE = "ETHERSCAN_API_KEY"
URL_VARIABLE = "ETHERSCAN_API_URL"


def verify(router: Router, folder: Path | None, environ: Mapping[str, str]) -> tuple[Submission, ...]:
    """Prove that the chain runs what this checkout compiles, write the compiler inputs, submit them if there
    is a key. The router and its parts, in the order of their deployment.

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
    submissions = tuple(_submissions(router, record))
    folder = folder or router.file.parent
    folder.mkdir(parents=True, exist_ok=True)
    for submission in submissions:
        build = submission.build
        path = folder / f"{router.file.stem}.{build.part}.standard-input.json"
        path.write_text(json.dumps(dict(build.standard_input), indent=1) + "\n", encoding="utf-8")
        click.echo(f"{submission.address} runs the {build.part} of this checkout, solc {build.compiler}")
        click.echo(f"  compiler input: {path}, contract {build.contract}")
        click.echo(f"  constructor arguments: {submission.constructor_arguments.hex()}")
    _submit(submissions, local=router.session.network.is_local, environ=environ)
    return submissions


def _submissions(router: Router, record: Deployment) -> Iterator[Submission]:
    addresses = {part: placed.address for part, placed in record.parts.items()}
    addresses[Part.ROUTER] = record.router
    for part in Part:
        build = build_part(part)
        arguments = constructor_arguments(part, record.initial_owner, record.constants, addresses)
        _require_same_code(router, addresses[part], build, arguments)
        yield Submission(record.chain_id, addresses[part], build, arguments)


def _require_same_code(router: Router, address: Address, build: PartBuild, arguments: bytes) -> None:
    creator: Address = router.session.chain.create2_deployer.address
    node = router.session.node
    if node.construct(build.init_code + arguments, creator, address) != node.code(address):
        raise DeploymentError(
            f"The code at {address} is not the {build.part} that this checkout compiles.",
            fix="check out the version that was deployed, and use its set-up",
            address=address,
        )


def _submit(submissions: Sequence[Submission], *, local: bool, environ: Mapping[str, str]) -> None:
    key = environ.get(KEY_VARIABLE)
    if not key:
        click.echo(
            f"not submitted: set {KEY_VARIABLE} to submit it, or upload the files at the explorer by hand"
        )
    elif local and URL_VARIABLE not in environ:
        click.echo("not submitted: no explorer knows a development node")
    else:
        explorer = Explorer(key, url=environ.get(URL_VARIABLE) or ETHERSCAN)
        for submission in submissions:
            click.echo(f"explorer, {submission.build.part}: {explorer.verify(submission)}")
        standing = {submission.build.part: submission for submission in submissions}
        router, control = standing[Part.ROUTER], standing[Part.CONTROL]
        shown = explorer.link(router.chain_id, router.address, control.address)
        click.echo(f"explorer, functions of {Part.CONTROL} at the router's address: {shown}")
