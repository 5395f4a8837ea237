"""The deployed router as the scripts see it: found by its record, read, and changed by its owner."""

from dataclasses import dataclass, replace
from pathlib import Path

import click
from eth_hash.auto import keccak

from executor.chain.deployments import deployment_file, read_deployment, write_deployment
from executor.domain.address import Address
from executor.domain.deployment import Deployment
from executor.domain.errors import ConfigError
from executor.engine.router import RouterState, read_router
from scripts._support.changes import Change
from scripts._support.errors import DeploymentError, RoleError
from scripts._support.session import Session


@dataclass(frozen=True)
class Router:
    """A router on a session's chain. `record` is None when only its address was given."""

    session: Session
    address: Address
    record: Deployment | None
    file: Path

    @classmethod
    def find(cls, session: Session, *, folder: Path, address: Address | None) -> "Router":
        """The router at `address`, or the one recorded below `folder`. Raises ConfigError, DeploymentError
        when what stands there is not what was deployed.
        """
        file = deployment_file(folder, session.chain.chain_id)
        record = read_deployment(file) if address is None or file.exists() else None
        if record is not None and address not in (None, record.router):
            record = None
        found = cls(session, record.router if record else _given(address), record, file)
        found._require_sound()
        return found

    def state(self) -> RouterState:
        """Roles and switches on the newest block."""
        return self.session.node.read(read_router(self.address, self.session.sender))

    def apply(self, wanted: Change) -> None:
        """Send a change and bring the record up to date. Raises RevertError when the router refuses."""
        self.session.send(self.address, wanted.data, wanted.what)
        self.refresh_record()

    def require_owner(self) -> None:
        """Raise RoleError unless the account is the owner."""
        self._require("the owner", self.state().owner)

    def require_pauser(self) -> None:
        """Raise RoleError unless the account is the pauser or the owner."""
        state = self.state()
        if self.session.sender != state.owner:
            self._require("the pauser (or the owner)", state.pauser)

    def require_offered(self) -> None:
        """Raise RoleError unless ownership was offered to the account."""
        self._require("the account that ownership was offered to", self.state().pending_owner)

    def _require(self, role: str, holder: Address | None) -> None:
        if self.session.sender != holder:
            raise RoleError(
                f"Only {role}, {holder or 'which is nobody now'}, may do this; "
                f"the account is {self.session.sender}.",
                fix="use that account",
                holder=holder,
                sender=self.session.sender,
            )

    def refresh_record(self) -> None:
        """Write who holds which role now, if there is a record of this router.

        A rehearsal on a fork does not touch the record of the real router.
        """
        if self.record is not None and self.record.local == self.session.network.is_local:
            state = self.state()
            owner = state.owner or self.record.owner
            now = replace(self.record, owner=owner, operator=state.operator, pauser=state.pauser)
            write_deployment(self.file, now)

    def _require_sound(self) -> None:
        code = self.session.node.code(self.address)
        if not code:
            raise DeploymentError(
                f"There is no code at {self.address} on {self.session.chain.name}.",
                fix="check --router and --network, or deploy with `ape run deploy`",
                router=self.address,
            )
        if self.record is None:
            return
        if self.record.runtime_code_hash != "0x" + keccak(code).hex():
            raise DeploymentError(
                f"The code at {self.address} is not the one that {self.file} records.",
                fix="check --network; a router's code cannot change",
                router=self.address,
            )
        for part, placed in self.record.parts.items():
            if placed.runtime_code_hash != "0x" + keccak(self.session.node.code(placed.address)).hex():
                raise DeploymentError(
                    f"The code at {placed.address} is not the {part} that {self.file} records.",
                    fix="check --network; a router's code cannot change",
                    router=self.address,
                )


def show_state(router: Router) -> None:
    """Print who may do what."""
    state = router.state()
    click.echo(f"router: {router.address} (version {state.version}) on {router.session.chain.name}")
    click.echo(
        f"owner: {state.owner}" + (f", offered to {state.pending_owner}" if state.pending_owner else "")
    )
    click.echo(
        f"operator: {state.operator or 'none: nobody can execute, unless further operators are allowed'}"
    )
    click.echo(f"pauser: {state.pauser or 'none: only the owner can pause'}")
    click.echo(f"paused: {'yes' if state.paused else 'no'}")


def _given(address: Address | None) -> Address:
    if address is None:
        raise ConfigError("--router", "no router is named", fix="give its address, or deploy one")
    return address
