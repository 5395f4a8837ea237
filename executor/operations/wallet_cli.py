"""`executor wallet`: make, import and list wallets, see what they hold, and what they approve and pay."""

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import SecretStr
from rich.console import Console

from executor.domain.errors import FieldError, RevertError, UnknownOutcomeError, WalletError
from executor.operations.exit_codes import ExitCode
from executor.operations.options import ConfigOption, JsonOption, settings_of

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from executor.operations.wallet_changes import Asked, Step

wallet_app = typer.Typer(
    help="Make, import and list wallets; see and set what they hold and approve.", no_args_is_help=True
)

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
    from executor.config.wallet import PassphraseSource
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


ChainOption = Annotated[
    str | None, typer.Option("--chain", help="Which configured chain. Default: the only one.")
]
WalletOption = Annotated[
    str | None,
    typer.Option("--wallet", help='Which operator, by place ("wallets.0") or address. Default: the first.'),
]
DryRunOption = Annotated[
    bool, typer.Option("--dry-run", help="Say what would be done and send nothing; opens no key.")
]


@wallet_app.command("approve")
def approve_command(
    token: Annotated[str, typer.Argument(metavar="TOKEN", help="Symbol or address.")],
    spender: Annotated[str, typer.Argument(metavar="SPENDER", help="Who may take it: an address.")],
    amount: Annotated[
        str, typer.Argument(metavar="AMOUNT", help="How much in all, in the token's smallest unit: digits.")
    ],
    chain: ChainOption = None,
    wallet: WalletOption = None,
    standing: Annotated[
        str | None,
        typer.Option("--standing", help="What may be taken now, to raise it knowingly: smallest units."),
    ] = None,
    dry_run: DryRunOption = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let somebody take exactly AMOUNT of TOKEN from an operator's wallet, whatever it was before.

    May be run again: what is so already is not sent again. A standing allowance is raised only with
    --standing.
    """
    from executor.operations.wallet_changes import approve, smallest_units

    exact = smallest_units(amount, "AMOUNT")
    known = None if standing is None else smallest_units(standing, "--standing")
    asked = _asked(config, chain, dry_run)
    work = approve(asked, token=token, spender=spender, amount=exact, wallet=wallet, standing=known)
    _tell(work, dry_run, as_json)


@wallet_app.command("revoke")
def revoke_command(
    token: Annotated[str | None, typer.Argument(metavar="[TOKEN]", help="Symbol or address.")] = None,
    spender: Annotated[str | None, typer.Argument(metavar="[SPENDER]", help="Its address.")] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Whatever anybody may take, as the tokens' logs tell.")
    ] = False,
    from_block: Annotated[
        int, typer.Option("--from-block", min=0, help="With --all: where to begin to look at logs.")
    ] = 0,
    chain: ChainOption = None,
    wallet: WalletOption = None,
    dry_run: DryRunOption = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let SPENDER take no more TOKEN from an operator's wallet; or, with --all, nobody anything from any
    operator's.
    """
    from executor.operations.wallet_changes import revoke

    if everything == (token is not None or spender is not None):
        raise FieldError("TOKEN", "or --all, one of the two", fix="give TOKEN and SPENDER, or --all")
    asked = _asked(config, chain, dry_run)
    work = revoke(asked, token=token, spender=spender, wallet=wallet, first_block=from_block)
    _tell(work, dry_run, as_json)


@wallet_app.command("refill")
def refill_command(
    chain: ChainOption = None,
    dry_run: DryRunOption = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give gas money to operators that have less than gas_money.refill_to: their own wrapped coin, then what
    other operators have beyond it. Never more than gas_money.most_per_day.
    """
    from executor.operations.wallet_changes import refill

    _tell(refill(_asked(config, chain, dry_run)), dry_run, as_json)


@wallet_app.command("sweep")
def sweep_command(
    chain: ChainOption = None,
    owner_wallet: Annotated[
        Path | None,
        typer.Option(
            "--owner-wallet",
            help="The router owner's keystore: take the router's profit to the owner instead.",
        ),
    ] = None,
    fd: DescriptorOption = None,
    withdraw: Annotated[
        list[str] | None,
        typer.Option(
            "--withdraw",
            metavar="TOKEN[=AMOUNT]",
            help="With --owner-wallet: all of this token, or so many of its smallest units; may be repeated. "
            "Default: the profit that the books hold.",
        ),
    ] = None,
    dry_run: DryRunOption = False,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send what operators have beyond gas_money.keep to gas_money.sweep_to, or to the router's owner.

    With --owner-wallet the owner takes the router's profit instead.
    """
    from executor.operations.wallet_changes import sweep, withdraw_profit

    asked = _asked(config, chain, dry_run)
    if owner_wallet is None:
        if withdraw:
            raise FieldError("--withdraw", "needs the owner's key", fix="give --owner-wallet, too")
        _tell(sweep(asked), dry_run, as_json)
    else:
        work = withdraw_profit(asked, owner_wallet=owner_wallet, fd=fd, tokens=withdraw or ())
        _tell(work, dry_run, as_json)


def _asked(config: Path | None, chain: str | None, dry_run: bool) -> "Asked":
    from executor.operations.wallet_changes import Asked

    return Asked(settings_of(config), chain, dry_run)


def _tell(work: "Coroutine[Any, Any, tuple[Step, ...]]", dry_run: bool, as_json: bool) -> None:
    """Do it and say what was done. What was sent and did not end well has exit codes of its own."""
    from executor.submission.errors import TransactionRefusedError

    try:
        steps = asyncio.run(work)
    except (UnknownOutcomeError, RevertError, TransactionRefusedError) as error:
        print(f"error: {error}", file=sys.stderr)
        unknown = isinstance(error, UnknownOutcomeError)
        raise typer.Exit(ExitCode.PENDING if unknown else ExitCode.FAILED) from None
    if as_json:
        print(json.dumps({"dry_run": dry_run, "steps": [step.as_dict() for step in steps]}, indent=2))
        return
    for step in steps:
        sent = " ".join(step.hashes) or ("would be sent" if dry_run else "nothing to send")
        print(f"{step.words} ({sent})")
    if not steps:
        print("Nothing to do.")


def _new_passphrase(fd: int | None) -> SecretStr:
    """Asked for twice on a terminal, read once from a descriptor."""
    from executor.config.wallet import PassphraseSource
    from executor.wallet.passphrase import read_passphrase

    source = PassphraseSource(fd=fd)
    first = read_passphrase(source, question="New passphrase: ", environ={})
    if fd is None:
        again = read_passphrase(source, question="The same again: ", environ={})
        if again.get_secret_value() != first.get_secret_value():
            raise WalletError("The two passphrases differ.", fix="start again")
    return first
