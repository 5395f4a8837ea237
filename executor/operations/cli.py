"""The command line, a caller of the public Python API. See `executor --help`.

Each command imports what it works with itself, so that help and small commands answer at once.
"""

import asyncio
import json
import logging
import sys
import traceback
from enum import StrEnum
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from executor.domain.errors import ExecutorError, PlanError, RevertError
from executor.engine.durable.port import FencedError
from executor.operations.books_cli import history_command, pnl_command
from executor.operations.exit_codes import ExitCode, explained
from executor.operations.findings import findings_table, is_well
from executor.operations.options import ConfigOption, DebugOption, JsonOption, settings_of
from executor.operations.wallet_cli import wallet_app

app = typer.Typer(
    help="Executes arbitrage opportunities through the router, and tells what came of them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)
app.add_typer(wallet_app, name="wallet")
app.command("history")(history_command)
app.command("pnl")(pnl_command)


class SchemaName(StrEnum):
    """What `executor schema` can describe."""

    OPPORTUNITY = "opportunity"
    EXECUTION = "execution"
    SETTINGS = "settings"


@app.command("run", epilog=explained())
def run_command(
    source: Annotated[
        str,
        typer.Argument(
            metavar="FILE", help="JSON lines, a JSON array or one object; - reads lines from standard input."
        ),
    ],
    config: ConfigOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Stop before signing and say what would be sent.")
    ] = False,
    debug: DebugOption = False,
) -> None:
    """Execute opportunities. One JSON object for each goes to standard output (see `executor schema
    execution`); a table goes to standard error where that is a terminal."""
    import uvloop

    from executor.operations.run import run, until_stopped

    _log(debug)
    settings, console = settings_of(config), Console(stderr=True)

    async def work() -> ExitCode:
        return await until_stopped(
            asyncio.create_task(run(settings, source, dry_run=dry_run, console=console))
        )

    # It takes a third of a millisecond less than asyncio's own loop from a decision to the node's answer.
    code = uvloop.run(work())
    if code is ExitCode.INTERRUPTED:
        console.print(
            "Stopped. What was sent is recorded; the same opportunities again tell what came of it."
        )
    raise typer.Exit(code)


@app.command("stop")
def stop_command(
    chain: Annotated[str | None, typer.Option("--chain", help="Only this chain. Default: all.")] = None,
    because: Annotated[
        str, typer.Option("--because", help="The reason, told wherever something is refused.")
    ] = "by the operator",
    seconds: Annotated[
        int, typer.Option("--seconds", min=0, help="How long to wait until what is out is cancelled.")
    ] = 60,
    config: ConfigOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Sign and send nothing more, until `executor resume`; cancel what is out. The flag is durable, and every
    running executor heeds it.

    Exit code 5: something is still out.
    """
    from executor.operations.stopping import stop

    _log(debug)
    found = asyncio.run(stop(settings_of(config), chain, because, seconds=seconds))
    print(json.dumps(found.as_dict(), indent=2) if as_json else "\n".join(found.lines()))
    raise typer.Exit(ExitCode.PENDING if any(found.out.values()) else ExitCode.OK)


@app.command("resume")
def resume_command(
    chain: Annotated[
        str | None, typer.Option("--chain", help="Only this chain's stop. Default: the one of all.")
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Lift the flag that `executor stop` has set."""
    from executor.operations.stopping import resume

    _log(debug)
    found = resume(settings_of(config), chain)
    print(json.dumps(found.as_dict(), indent=2) if as_json else "\n".join(found.lines()))


@app.command("quote")
def quote_command(
    source: Annotated[
        str | None,
        typer.Argument(metavar="FILE", help="A file with one opportunity; - reads it from standard input."),
    ] = None,
    route: Annotated[
        str | None,
        typer.Option("--route", help="Tokens and pools in turn: 'WETH 0xPOOL USDC 0xPOOL'."),
    ] = None,
    pair: Annotated[
        str | None,
        typer.Option(
            "--pair", help="Two tokens, the one to profit in first: WETH/USDC. Looks for the best way."
        ),
    ] = None,
    chain: Annotated[
        str | None, typer.Option("--chain", help="Which configured chain. Default: the only one.")
    ] = None,
    amount: Annotated[
        str | None,
        typer.Option(
            "--amount", help="Input, in the smallest unit of the token to profit in. Default: the best."
        ),
    ] = None,
    funding: Annotated[
        str | None, typer.Option("--funding", help="Who pays. Default: the cheapest that can.")
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Say what a route, a pair or an opportunity would earn now, and where the money goes: hop by hop, lender
    and gas. Reads only; opens no key.

    Exit code 1: nothing is to be earned.
    """
    from executor.operations.quote import Asked, as_dict, quote_now, table

    _log(debug)
    found = asyncio.run(quote_now(settings_of(config), Asked(source, route, pair, chain, amount, funding)))
    if as_json:
        print(json.dumps(as_dict(found), indent=2))
    else:
        Console().print(table(found))
    earns = found.profit.net is not None and found.profit.net > 0
    raise typer.Exit(ExitCode.OK if earns else ExitCode.CHECK_FAILED)


@app.command("check")
def check_command(
    config: ConfigOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Look at node, chain, router, roles, balances, gas money, feeds and addresses.

    Reads only. Exit code 1: something is wrong.
    """
    from executor.operations.check import check

    _log(debug)
    findings = asyncio.run(check(settings_of(config)))
    if as_json:
        chains = {name: [finding.as_dict() for finding in found] for name, found in findings.items()}
        print(json.dumps({"ok": is_well(findings), "chains": chains}, indent=2))
    else:
        Console().print(findings_table(findings))
    raise typer.Exit(ExitCode.OK if is_well(findings) else ExitCode.CHECK_FAILED)


@app.command("explain")
def explain_command(
    calldata: Annotated[
        str, typer.Argument(help="The call's data as 0x text; - reads it from standard input.")
    ],
) -> None:
    """Say in words what a router call does."""
    from executor.plan import explain

    for line in explain(_calldata(calldata)):
        print(line)


@app.command("rehearse")
def rehearse_command(
    calldata: Annotated[
        str, typer.Argument(help="The call's data as 0x text; - reads it from standard input.")
    ],
    chain: Annotated[
        str | None, typer.Option("--chain", help="Which configured chain. Default: the only one.")
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
    debug: DebugOption = False,
) -> None:
    """Say what each step of a plan would give and take now. The router simulates it; nothing is sent.

    Exit code 1: the plan would revert.
    """
    from executor.operations.rehearse import rehearse_plan

    _log(debug)
    data = _calldata(calldata)
    try:
        found = asyncio.run(rehearse_plan(settings_of(config), data, chain=chain))
    except RevertError as error:
        if as_json:
            print(json.dumps({"ok": False, "error": error.as_dict()}, indent=2, default=str))
        else:
            print(_one_line(error), file=sys.stderr)
        raise typer.Exit(ExitCode.CHECK_FAILED) from None
    if as_json:
        print(json.dumps(found.as_dict(), indent=2))
    else:
        Console().print(found.table())


@app.command("schema")
def schema_command(
    name: Annotated[SchemaName, typer.Argument(help="What to describe.")] = SchemaName.OPPORTUNITY,
) -> None:
    """Print a JSON Schema: of what goes in, of what comes out, or of the settings file."""
    print(json.dumps(_schema(name), indent=2))


def main() -> NoReturn:
    """The entry point: errors of ours become one line with the fix."""
    debug = "--debug" in sys.argv
    try:
        app()
    except ExecutorError as error:
        if debug:
            traceback.print_exc()
        _end(_one_line(error), ExitCode.TAKEN_OVER if isinstance(error, FencedError) else ExitCode.USAGE)
    except BrokenPipeError:
        # Nobody reads our output any more; keep the interpreter from writing to it once more.
        sys.stdout = None
        _end("error: standard output was closed; stopped. What was sent is recorded.", ExitCode.INTERRUPTED)
    except KeyboardInterrupt:
        _end("stopped.", ExitCode.INTERRUPTED)
    sys.exit(ExitCode.OK)


def _one_line(error: ExecutorError) -> str:
    text = f"error: {error.message.rstrip('.')}. Fix: {error.fix}".replace("\n", " ")
    return text if text.endswith(("?", ".")) else f"{text}."


def _calldata(text: str) -> bytes:
    given = (sys.stdin.read() if text == "-" else text).strip()
    try:
        return bytes.fromhex(given.removeprefix("0x"))
    except ValueError:
        raise PlanError(
            "The calldata is not hexadecimal.", fix="give 0x followed by pairs of hexadecimal digits"
        ) from None


def _end(message: str, code: ExitCode) -> NoReturn:
    print(message, file=sys.stderr)
    sys.exit(code)


def _schema(name: SchemaName) -> dict[str, object]:
    if name is SchemaName.OPPORTUNITY:
        from executor.engine.opportunity_schema import opportunity_schema

        return opportunity_schema()
    if name is SchemaName.EXECUTION:
        from executor.operations.execution_schema import execution_schema

        return execution_schema()
    from executor.config.settings import settings_schema

    return settings_schema()


def _log(debug: bool) -> None:
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO if debug else logging.ERROR,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )
