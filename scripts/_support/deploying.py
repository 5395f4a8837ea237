"""Deploys the router, completes its roles and records both. Done again, it sends nothing that is done."""

from dataclasses import dataclass, replace
from pathlib import Path

import click
from eth_hash.auto import keccak

from executor.chain.deployments import deployment_file, read_deployment, write_deployment
from executor.domain.address import ZERO_ADDRESS, Address
from executor.domain.deployment import (
    Deployment,
    constructor_arguments,
    create2_address,
    router_constants,
    router_salt,
)
from executor.domain.errors import ConfigError, SafetyError
from executor.engine.router import RouterState
from scripts._support.build import build_router
from scripts._support.changes import Change, set_operator, set_pauser
from scripts._support.errors import DeploymentError
from scripts._support.router import Router, show_state
from scripts._support.session import Session


@dataclass(frozen=True)
class Wanted:
    """What the deployment should end with. None: leave the role as it is."""

    owner: Address
    operator: Address | None = None
    pauser: Address | None = None

    def __post_init__(self) -> None:
        for name in ("owner", "operator", "pauser"):
            if getattr(self, name) == ZERO_ADDRESS:
                raise ConfigError(
                    f"--{name}", "the zero address can hold no role", fix=f"give the {name}'s address"
                )


@dataclass(frozen=True)
class Planned:
    """A router that may or may not stand yet. `creation_code` holds the constructor's arguments, `expected`
    is the runtime code that it constructs.
    """

    factory: Address
    salt: bytes
    creation_code: bytes
    expected: bytes

    @property
    def address(self) -> Address:
        """Where CREATE2 puts it."""
        return create2_address(self.factory, self.salt, self.creation_code)


def deploy(session: Session, wanted: Wanted, *, folder: Path) -> Deployment:
    """Deploy if need be, check the code, record it, complete the roles.

    Raises DeploymentError, SafetyError, ConfigError, RevertError before anything is sent, DeploymentError
    when what came to stand is not what was compiled.
    """
    file = deployment_file(folder, session.chain.chain_id)
    previous = read_deployment(file) if file.exists() else None
    _keep_live_record(session, file, previous)
    _require_known_ground(session)
    planned = _plan(session, wanted.owner)
    _announce(session, wanted, planned)
    block = _put_in_place(session, planned)
    router = Router(session, planned.address, None, file)
    record = _record(session, wanted, planned, router.state())
    if previous is not None and previous.router == record.router:
        block = block or previous.block
    elif previous is not None:
        click.echo(f"note: {file} named another router, {previous.router}; withdraw what it still holds")
    record = replace(record, block=block)
    write_deployment(file, record)
    router = replace(router, record=record)
    _complete_roles(router, wanted)
    show_state(router)
    click.echo(f"recorded in {file}")
    return read_deployment(file)


def _require_known_ground(session: Session) -> None:
    """The CREATE2 deployer is there; on a real chain so are the tokens and lenders that become constants."""
    chain = session.chain
    if not session.node.code(chain.create2_deployer.address):
        raise DeploymentError(
            f"The CREATE2 deployer {chain.create2_deployer.address} has no code on {chain.name}.",
            fix="its signed deployment transaction is public: send it once, or use a chain that has it",
        )
    if not session.network.is_local:
        settlement = {token.address for token in chain.settlement}
        tokens = (entry.known for entries in chain.tokens.values() for entry in entries)
        lenders = (lender.known for lender in chain.lenders.values())
        known = [entry for entry in tokens if entry.address in settlement]
        session.node.require_checked([*known, *lenders, chain.create2_deployer])


def _plan(session: Session, owner: Address) -> Planned:
    build = build_router()
    factory = session.chain.create2_deployer.address
    code = build.init_code + constructor_arguments(owner, router_constants(session.chain))
    return Planned(factory, router_salt(session.sender), code, session.node.construct(code, factory))


def _announce(session: Session, wanted: Wanted, planned: Planned) -> None:
    kind = "development node" if session.network.is_local else "REAL network"
    click.echo(f"chain: {session.chain.name} (id {session.network.chain_id}, {kind})")
    click.echo(f"deployer: {session.sender}")
    click.echo(f"owner: {wanted.owner}")
    click.echo(f"router address: {planned.address}")


def _keep_live_record(session: Session, file: Path, previous: Deployment | None) -> None:
    if previous is not None and not previous.local and session.network.is_local:
        raise SafetyError(
            f"{file} records a router on the real chain; a rehearsal would overwrite it.",
            fix="give the rehearsal a folder of its own: --deployments <folder>",
            router=previous.router,
        )


def _put_in_place(session: Session, planned: Planned) -> int | None:
    """The block of the deployment, None when the router stood already."""
    found = session.node.code(planned.address)
    if found:
        click.echo("it stands already: nothing to deploy")
        _require_equal(found, planned)
        return None
    data = planned.salt + planned.creation_code
    receipt = session.send(planned.factory, data, f"deploy the router to {planned.address}")
    _require_equal(session.node.code(planned.address), planned)
    return int(receipt.block_number)


def _require_equal(found: bytes, planned: Planned) -> None:
    if not found:
        raise DeploymentError(
            f"The node does not show the router at {planned.address} yet, though the deployment was mined.",
            fix="wait a little and run this again: it finds the router and records it",
            router=planned.address,
        )
    if found != planned.expected:
        raise DeploymentError(
            f"The code at {planned.address} is not what this checkout compiles.",
            fix="do not use it; check that the node serves the right chain, then run this again",
            router=planned.address,
        )


def _record(session: Session, wanted: Wanted, planned: Planned, state: RouterState) -> Deployment:
    return Deployment(
        chain_id=session.chain.chain_id,
        router=planned.address,
        version=state.version or "",
        owner=state.owner or wanted.owner,
        operator=state.operator,
        pauser=state.pauser,
        constants=router_constants(session.chain),
        deployer=session.sender,
        initial_owner=wanted.owner,
        salt="0x" + planned.salt.hex(),
        runtime_code_hash="0x" + keccak(planned.expected).hex(),
        block=None,
        local=session.network.is_local,
    )


def _complete_roles(router: Router, wanted: Wanted) -> None:
    state = router.state()
    missing = list(_missing(state, wanted))
    if not missing:
        click.echo("roles: nothing to do")
    elif state.owner == router.session.sender:
        for step in missing:
            router.apply(step)
    else:
        click.echo(f"the owner {state.owner} must still send to {router.address}:")
        for step in missing:
            click.echo(f"  {step.what}: `ape run {step.command}`, or calldata 0x{step.data.hex()}")


def _missing(state: RouterState, wanted: Wanted) -> list[Change]:
    steps = []
    if wanted.operator not in (None, state.operator):
        steps.append(set_operator(wanted.operator))
    if wanted.pauser not in (None, state.pauser):
        steps.append(set_pauser(wanted.pauser))
    return steps
