"""The options that all scripts share."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from ape.api import ProviderAPI
from ape.cli import ConnectedProviderCommand

from executor.domain.address import ZERO_ADDRESS, Address, to_address
from executor.domain.errors import AddressError
from scripts._support.errors import one_line
from scripts._support.router import Router
from scripts._support.session import Session, open_session


class AddressType(click.ParamType):
    """An address; `none` is the zero address where that has a meaning."""

    name = "address"

    def __init__(self, *, none: bool = False) -> None:
        self._none = none

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Address:
        """Raise click's own error for what is no address."""
        if self._none and value == "none":
            return ZERO_ADDRESS
        try:
            address = to_address(value)
        except AddressError as error:
            self.fail(f"{error.message.removeprefix('address: ')} {error.fix.capitalize()}.", param, ctx)
        if address == ZERO_ADDRESS:
            hint = " Write `none` if nobody is meant." if self._none else ""
            self.fail(f"The zero address is no account.{hint}", param, ctx)
        return address


ADDRESS = AddressType()
ADDRESS_OR_NONE = AddressType(none=True)

_READING = (
    click.option(
        "--chain", "chain", help="chain data by name, or your own YAML file; default: of the network"
    ),
    click.option(
        "--deployments",
        "folder",
        type=click.Path(path_type=Path, file_okay=False),
        default=Path("deployments"),
        show_default=True,
        help="folder of the deployment records",
    ),
)
_SIGNING = (
    click.option("--account", "account", help="alias of an Ape keystore account, or TEST::0 on local nodes"),
    click.option("--yes", "yes", is_flag=True, help="do not ask before each signature"),
)


class _Command(ConnectedProviderCommand):
    """Connects as Ape does, but says in one line what goes wrong."""

    def invoke(self, ctx: click.Context) -> Any:
        with one_line():
            return super().invoke(ctx)


def session_command(
    *, signs: bool = True, **attributes: Any
) -> Callable[[Callable[..., None]], click.Command]:
    """A command that is called with `session` and `folder` besides its own options."""

    def decorate(function: Callable[..., None]) -> click.Command:
        def run(
            provider: ProviderAPI,
            chain: str | None,
            folder: Path,
            account: str | None = None,
            yes: bool = False,
            **own: Any,
        ) -> None:
            session = open_session(
                provider, account=account, chain=chain, signs=signs, ask_before_signing=not yes
            )
            function(session=session, folder=folder, **own)

        decorated: Callable[..., None] = _like(function, run)
        for option in (*_READING, *(_SIGNING if signs else ())):
            decorated = option(decorated)
        return click.command(cls=_Command, **attributes)(decorated)

    return decorate


def router_command(
    *, signs: bool = True, **attributes: Any
) -> Callable[[Callable[..., None]], click.Command]:
    """A command that is called with the deployed `router` besides its own options."""

    def decorate(function: Callable[..., None]) -> click.Command:
        def run(session: Session, folder: Path, router: Address | None, **own: Any) -> None:
            function(router=Router.find(session, folder=folder, address=router), **own)

        option = click.option(
            "--router", "router", type=ADDRESS, help="the router; default: the recorded one"
        )
        return session_command(signs=signs, **attributes)(option(_like(function, run)))

    return decorate


def _like(function: Callable[..., None], run: Callable[..., None]) -> Callable[..., None]:
    """`run` with the name, the help and the options of `function`.

    Ape reads the signature to know what to pass, and must not follow `__wrapped__` to the wrong one.
    """
    functools.update_wrapper(run, function)
    del run.__wrapped__  # type: ignore[attr-defined]
    return run
