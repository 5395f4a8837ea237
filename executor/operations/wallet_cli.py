"""`executor wallet`: make, import and list wallets, and see what they hold."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from pydantic import SecretStr
from rich.console import Console

from executor.config.wallet import PassphraseSource
from executor.domain.errors import WalletError
from executor.operations.exit_codes import ExitCode
from executor.operations.options import ConfigOption, JsonOption, settings_of

wallet_app = typer.Typer(help="Make, import and list wallets, and see what they hold.", no_args_is_help=True)

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="The keystore file to write.")]
DescriptorOption = Annotated[
    int | None,
    typer.Option("--fd", min=0, help="Read from this open file descriptor, a line each, instead of asking."),
]


@wallet_app.command("new")
def new_command(file: FileArgument, fd: DescriptorOption = None) -> None:
    """Make a new key and keep it in an encrypted file. Prints the address."""
    from executor.wallet.creation import new_keystore

    print(new_keystore(file, _new_passphrase(fd)))


@wallet_app.command("import")
def import_command(file: FileArgument, fd: DescriptorOption = None) -> None:
    """Keep a private key that you have in an encrypted file. Prints the address.

    The key is asked for, or is the first line of the descriptor, before the passphrase; it is never an
    argument.
    """
    from executor.wallet.creation import import_key
    from executor.wallet.passphrase import read_passphrase

    key = read_passphrase(PassphraseSource(fd=fd), question="Private key (not shown): ", environ={})
    print(import_key(file, key, _new_passphrase(fd)))


@wallet_app.command("list")
def list_command(config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Say whose wallet each configured chain uses. Opens nothing."""
    from executor.operations.wallet import configured_wallets, wallets_table

    lines = configured_wallets(settings_of(config))
    if as_json:
        print(json.dumps([line.as_dict() for line in lines], indent=2))
    else:
        Console().print(wallets_table(lines))


@wallet_app.command("balances")
def balances_command(
    config: ConfigOption = None,
    token: Annotated[
        list[str] | None,
        typer.Option("--token", help="Only tokens of this symbol or address; may be repeated."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Say what wallets and router hold on every configured chain, and warn of what is wrong with it. Exit
    code 1: a chain could not be read, or something is to be warned of.
    """
    from executor.operations.wallet_balances import holdings_table, read_holdings

    found, unread = asyncio.run(read_holdings(settings_of(config), token or ()))
    warnings = [warned for chain in found for warned in chain.warnings]
    if as_json:
        told = {
            "holdings": [line.as_dict() for chain in found for line in chain.held],
            "owners": {chain.chain: chain.owner for chain in found},
            "warnings": [warned.as_dict() for warned in warnings],
            "unread": [line.as_dict() for line in unread],
        }
        print(json.dumps(told, indent=2))
    else:
        Console().print(holdings_table(found, unread))
        for warned in warnings:
            print(f"{warned.chain}: {warned.holder} {warned.address} {warned.message}.", file=sys.stderr)
    raise typer.Exit(ExitCode.CHECK_FAILED if unread or warnings else ExitCode.OK)


@wallet_app.command("approvals")
def approvals_command(
    config: ConfigOption = None,
    spender: Annotated[
        list[str] | None, typer.Option("--spender", help="Ask about this address too; may be repeated.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Say who may take tokens from wallet and router on every configured chain. Exit code 1: a chain could
    not be read.
    """
    from executor.operations.wallet_approvals import approvals_table, read_approvals

    found, unread = asyncio.run(read_approvals(settings_of(config), spender or ()))
    if as_json:
        told = {
            "approvals": [line.as_dict() for line in found],
            "unread": [line.as_dict() for line in unread],
        }
        print(json.dumps(told, indent=2))
    else:
        Console().print(approvals_table(found, unread))
    raise typer.Exit(ExitCode.CHECK_FAILED if unread else ExitCode.OK)


def _new_passphrase(fd: int | None) -> SecretStr:
    """Asked for twice on a terminal, read once from a descriptor."""
    from executor.wallet.passphrase import read_passphrase

    source = PassphraseSource(fd=fd)
    first = read_passphrase(source, question="New passphrase: ", environ={})
    if fd is None:
        again = read_passphrase(source, question="The same again: ", environ={})
        if again.get_secret_value() != first.get_secret_value():
            raise WalletError("The two passphrases differ.", fix="start again")
    return first
