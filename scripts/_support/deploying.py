"""Deploys the router and its parts, completes its roles, records all. Again, it sends what is missing."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import click
from eth_hash.auto import keccak

from executor.chain.deployments import deployment_file, read_deployment, write_deployment
from executor.domain.address import ZERO_ADDRESS, Address
from executor.domain.deployment import (
    Deployment,
    Part,
    PartRecord,
    PlacedPart,
    create2_address,
    place_parts,
    router_constants,
    router_salt,
)
from executor.domain.errors import ConfigError, SafetyError
from executor.engine.router import RouterState
from scripts._support.build import build_parts
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
    """A router that may or may not stand yet: its `parts` in the order of deployment, each with the runtime
    code that its constructor makes.
    """

    factory: Address
    salt: bytes
    parts: tuple[PlacedPart, ...]
    expected: Mapping[Part, bytes]

    def address(self, part: Part) -> Address:
        """Where CREATE2 puts it."""
        return next(placed.address for placed in self.parts if placed.part is part)

    def deploying(self, placed: PlacedPart) -> bytes:
        """The call of the factory that puts it there."""
        return self.salt + placed.creation_code

    def record(self, part: Part) -> PartRecord:
        """What the deployment record says of it."""
        return PartRecord(self.address(part), "0x" + keccak(self.expected[part]).hex())


def deploy(session: Session, wanted: Wanted, *, folder: Path) -> Deployment:
    """Deploy what is missing, check the code, record it, complete the roles.

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
    router = Router(session, planned.address(Part.ROUTER), None, file)
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
        settlement = {token.address for token in (*chain.settlement, chain.wrapped_native)}
        tokens = (entry.known for entries in chain.tokens.values() for entry in entries)
        lenders = (lender.known for lender in chain.lenders.values())
        known = [entry for entry in tokens if entry.address in settlement]
        session.node.require_checked([*known, *lenders, chain.create2_deployer])


def _plan(session: Session, owner: Address) -> Planned:
    init_codes = {part: build.init_code for part, build in build_parts().items()}
    factory = session.chain.create2_deployer.address
    salt = router_salt(session.sender)
    constants = router_constants(session.chain)
    parts = place_parts(init_codes, owner, constants, lambda code: create2_address(factory, salt, code))
    expected = {
        placed.part: session.node.construct(placed.creation_code, factory, placed.address) for placed in parts
    }
    return Planned(factory, salt, parts, expected)


def _announce(session: Session, wanted: Wanted, planned: Planned) -> None:
    kind = "development node" if session.network.is_local else "REAL network"
    click.echo(f"chain: {session.chain.name} (id {session.network.chain_id}, {kind})")
    click.echo(f"deployer: {session.sender}")
    click.echo(f"owner: {wanted.owner}")
    for placed in planned.parts:
        if placed.part is not Part.ROUTER:
            click.echo(f"part: {placed.part} at {placed.address}")
    click.echo(f"router address: {planned.address(Part.ROUTER)}")


def _keep_live_record(session: Session, file: Path, previous: Deployment | None) -> None:
    if previous is not None and not previous.local and session.network.is_local:
        raise SafetyError(
            f"{file} records a router on the real chain; a rehearsal would overwrite it.",
            fix="give the rehearsal a folder of its own: --deployments <folder>",
            router=previous.router,
        )


def _put_in_place(session: Session, planned: Planned) -> int | None:
    """The block of the router's deployment, None when it stood already."""
    found = {placed.part: session.node.code(placed.address) for placed in planned.parts}
    for placed in planned.parts:
        if found[placed.part]:
            _require_equal(found[placed.part], planned, placed)
    missing = [placed for placed in planned.parts if not found[placed.part]]
    if not missing:
        click.echo("it stands already: nothing to deploy")
    session.require_funds_for(planned.factory, [planned.deploying(placed) for placed in missing])
    block = None
    for placed in missing:
        what = "the router" if placed.part is Part.ROUTER else f"its part {placed.part}"
        data = planned.deploying(placed)
        receipt = session.send(planned.factory, data, f"deploy {what} to {placed.address}")
        _require_equal(session.node.code(placed.address), planned, placed)
        block = int(receipt.block_number)
    return None if found[Part.ROUTER] else block


def _require_equal(found: bytes, planned: Planned, placed: PlacedPart) -> None:
    if not found:
        raise DeploymentError(
            f"The node does not show the {placed.part} at {placed.address} yet, though it was mined.",
            fix="wait a little and run this again: it goes on from there",
            address=placed.address,
        )
    if found != planned.expected[placed.part]:
        raise DeploymentError(
            f"The code at {placed.address} is not the {placed.part} that this checkout compiles.",
            fix="do not use it; check that the node serves the right chain, then run this again",
            address=placed.address,
        )


def _record(session: Session, wanted: Wanted, planned: Planned, state: RouterState) -> Deployment:
    return Deployment(
        chain_id=session.chain.chain_id,
        router=planned.address(Part.ROUTER),
        version=state.version or "",
        owner=state.owner or wanted.owner,
        operator=state.operator,
        pauser=state.pauser,
        constants=router_constants(session.chain),
        parts={part: planned.record(part) for part in Part if part is not Part.ROUTER},
        deployer=session.sender,
        initial_owner=wanted.owner,
        salt="0x" + planned.salt.hex(),
        runtime_code_hash=planned.record(Part.ROUTER).runtime_code_hash,
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
