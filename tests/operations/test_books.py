"""`executor history` and `executor pnl` as people and scripts use them, on the record of real trades."""

from __future__ import annotations

import csv
import json
import os
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import SecretStr
from sqlalchemy.engine import URL

from devnet import ETHER
from devnet.books import book_of
from executor.domain.execution import Execution, Status
from executor.domain.intent import Purpose
from executor.engine.booking import book
from executor.journal.database import Database
from executor.operations.exit_codes import ExitCode
from executor.operations.forms import Format
from executor.operations.tabular import AmountTooWideError, Column, Type, write_report
from executor.plan import Tip
from tests.engine.test_several_routes import OVER_USDC, OVER_USDT, several
from tests.operations.test_run import Ended, call
from tests.support.bookkeeping import Office, Sent, with_tip
from tests.support.postgres import new_database
from tests.support.trading import OPERATOR, Trading, explicit

STRANGER = "0x00000000000000000000000000000000000000AA"


async def finished(office: Office, sent: Sent) -> Execution:
    """Booked, and recorded as what it came to."""
    intent, receipt = await office.mined(sent)
    assert sent.pending is not None
    assert await book(office.keeper, intent, receipt, sent.pending)
    execution = replace(
        sent.pending,
        status=Status.REALISED if receipt.success else Status.REVERTED,
        transaction_hashes=(sent.hash,),
    )
    office.record.update(execution)
    return execution


async def traded(office: Office, name: str = "seen-1", **more: Any) -> Execution:
    return await finished(office, office.send_trade(await office.planned(explicit(name, **more))))


async def swept(office: Office, value: int) -> None:
    intent, receipt = await office.mined(office.send(Purpose.TRANSFER, STRANGER, value=value))
    assert await book(office.keeper, intent, receipt, None)


def ask(office: Office, *arguments: object) -> Ended:
    """The command, in a process like that of a person who looks while the executor runs."""
    path = office.trading.folder / "config.yaml"
    path.write_text(yaml.safe_dump(office.trading.settings()))
    ended = call(*arguments, "--config", path)
    assert "Traceback" not in ended.stderr
    return ended


def told(office: Office, *arguments: object) -> Any:
    ended = ask(office, *arguments, "--format", "json")
    assert ended.code == ExitCode.OK, ended.stderr
    return json.loads(ended.stdout)


async def test_history_holds_expected_against_realised_to_the_wei(office: Office) -> None:
    before = office.trading.balance()
    execution = await traded(office)
    (line,) = told(office, "history")
    assert int(line["realised_profit"]) == office.trading.balance() - before
    assert line["expected_profit"] == line["realised_profit"] == str(execution.expected_profit)
    assert line["transactions"] == list(execution.transaction_hashes)
    assert (line["status"], line["checked"]) == ("realised", ["agrees"])
    spent = int(line["realised_gas_cost_wei"]) - int(line["expected_gas_cost_wei"])
    by_gas = int(line["difference_gas_used"] or 0) + int(line["difference_gas_price"] or 0)
    assert spent == -by_gas


async def test_history_says_how_much_the_market_and_the_price_of_gas_took(office: Office) -> None:
    """Somebody trades the gap away between the decision and the block."""
    pending = await office.planned(explicit(), profit_share_bps=1)
    weth = book_of(office.trading.node).tokens["WETH"]
    assert pending.settlement_token == weth
    office.trading.open_gap("sushi_v2 USDC/WETH", "USDC", 50_000 * 10**6)
    before = office.trading.balance()
    await finished(office, office.send_trade(pending, max_priority_fee_per_gas=3 * 10**9))
    (line,) = told(office, "history")
    realised = office.trading.balance() - before
    lost = int(line["difference_market"])
    assert realised - int(line["expected_profit"]) == lost != 0
    assert int(line["difference_gas_price"]) < 0
    assert any("than in the simulation" in words for words in line["why"])


async def test_a_tip_to_our_own_wallet_is_expected_and_counts_in_the_net_profit(office: Office) -> None:
    pending = await office.planned(explicit())
    tipped = with_tip(pending, Tip(fixed=ETHER, receiver=OPERATOR))
    assert pending.expected_profit is not None
    tipped = replace(tipped, expected_profit=pending.expected_profit - ETHER)
    before = office.trading.balance()
    await finished(office, office.send_trade(tipped, gas_limit=500_000))
    (line,) = told(office, "history")
    gained = office.trading.balance() - before
    assert int(line["realised_profit"]) == gained == tipped.expected_profit
    assert (line["difference_tip"], line["difference_market"]) == (None, None)
    cost = int(line["realised_gas_cost_wei"])
    assert int(line["realised_net_profit"]) == gained + ETHER - cost


async def test_history_of_a_reverted_trade_tells_what_was_missed_and_what_it_cost(office: Office) -> None:
    node = office.trading.node
    pending = await office.planned(explicit())
    node.rpc("evm_setAutomine", False)
    sent = office.send_trade(pending)
    node.increase_time(100)
    node.mine(1)
    node.rpc("evm_setAutomine", True)
    held = node.balance(OPERATOR)
    await finished(office, sent)
    (line,) = told(office, "history", "--status", "reverted")
    assert line["realised_profit"] == "0"
    assert int(line["difference_reverted"]) == -int(line["expected_profit"])
    assert Decimal(line["realised_usd"]) < 0
    assert node.balance(OPERATOR) == held
    assert told(office, "history", "--status", "realised") == []


async def test_history_is_narrowed_by_chain_day_status_and_opportunity(office: Office) -> None:
    for name in ("a", "b"):
        await traded(office, name, amount=str(ETHER))
    assert [line["opportunity_id"] for line in told(office, "history")] == ["a", "b"]
    assert [line["opportunity_id"] for line in told(office, "history", "--opportunity", "b")] == ["b"]
    assert len(told(office, "history", "--chain", "ethereum", "--since", "2020-01-01")) == 2
    assert told(office, "history", "--until", "2020-01-01T12:00") == []


async def test_pnl_by_token_is_what_the_balances_did(office: Office) -> None:
    weth = book_of(office.trading.node).tokens["WETH"]
    router, wallet = office.trading.balance(), office.trading.node.balance(OPERATOR)
    for name in ("a", "b"):
        await traded(office, name, amount=str(ETHER), funding="aave_v3")
    await swept(office, ETHER)
    found = {line["token"]: line for line in told(office, "pnl")["lines"]}
    assert int(found[weth]["profit"]) == office.trading.balance() - router
    assert int(found[weth]["premium"]) < 0
    assert int(found["native"]["transfer"]) == -ETHER
    assert int(found["native"]["profit"]) == office.trading.node.balance(OPERATOR) - wallet + ETHER


@pytest.mark.parametrize(
    ("by", "keys"),
    [
        ("chain", {"ethereum"}),
        ("opportunity", {"a", "b", "(transfer)"}),
        ("wallet", {OPERATOR}),
        ("token", {"ETH", "WETH"}),
    ],
)
async def test_pnl_groups_add_up_to_the_same_whatever_they_are(
    office: Office, by: str, keys: set[str]
) -> None:
    for name in ("a", "b"):
        await traded(office, name, amount=str(ETHER))
    await swept(office, 7)
    whole, grouped = told(office, "pnl"), told(office, "pnl", "--by", by)
    assert {line["key"] for line in grouped["lines"]} == keys
    assert set(grouped["usd"]) == keys
    for token in ("native", book_of(office.trading.node).tokens["WETH"]):
        sums = [
            sum(int(line["profit"]) for line in one["lines"] if line["token"] == token)
            for one in (whole, grouped)
        ]
        assert sums[0] == sums[1]


async def test_pnl_by_day_takes_the_day_of_the_block_in_utc(office: Office) -> None:
    await traded(office)
    (booking,) = office.books.all_standing()
    grouped = told(office, "pnl", "--by", "day")
    assert {line["key"] for line in grouped["lines"]} == {booking.day}
    assert told(office, "pnl", "--until", booking.day)["lines"] == []
    assert told(office, "pnl", "--since", booking.day)["lines"]


async def test_csv_json_and_parquet_hold_the_same_exact_amounts(office: Office, tmp_path: Path) -> None:
    from pyarrow import parquet

    await traded(office)
    for command in ("history", "pnl"):
        as_json = told(office, command)
        lines = as_json if command == "history" else as_json["lines"]
        for form in ("csv", "parquet"):
            ended = ask(office, command, "--format", form, "--out", tmp_path / f"{command}.{form}")
            assert (ended.code, ended.stdout) == (ExitCode.OK, "")
        with (tmp_path / f"{command}.csv").open(newline="") as file:
            from_csv = list(csv.DictReader(file))
        table = parquet.read_table(tmp_path / f"{command}.parquet")
        name = "realised_profit" if command == "history" else "profit"
        exact = [line[name] for line in lines]
        assert [row[name] for row in from_csv] == exact
        assert [str(value) for value in table.column(name).to_pylist()] == exact
        assert str(table.schema.field(name).type) == "decimal256(76, 0)"
        assert not any("float" in str(field.type) or "double" in str(field.type) for field in table.schema)


async def test_tables_are_for_people(office: Office) -> None:
    """Whole tokens, to the last digit that is not zero."""
    before = office.trading.balance()
    await traded(office, "seen-by-people")
    gained = f"{Decimal(office.trading.balance() - before).scaleb(-18):f}".rstrip("0")
    history, pnl = ask(office, "history"), ask(office, "pnl", "--by", "opportunity")
    assert (history.code, pnl.code) == (ExitCode.OK, ExitCode.OK)
    assert "seen-by-people" in history.stdout
    assert f"{gained} WETH" in history.stdout
    assert gained in pnl.stdout


async def test_nothing_recorded_gives_empty_reports(office: Office) -> None:
    assert told(office, "history") == []
    assert told(office, "pnl")["lines"] == []


def test_a_record_that_is_not_there_is_told_and_not_made(trading: Trading) -> None:
    path = trading.folder / "config.yaml"
    path.write_text(yaml.safe_dump(trading.settings()))
    ended = call("pnl", "--config", path)
    assert ended.code == ExitCode.USAGE
    assert "nothing is recorded there yet" in ended.stderr
    assert not (trading.folder / "journal").exists()


def test_books_on_a_server_are_read_from_there(trading: Trading, postgres_server: URL) -> None:
    with new_database(postgres_server, f"reports_{os.getpid()}") as url:
        secret = SecretStr(url.render_as_string(hide_password=False))
        database = Database.open(secret)
        database.close()
        settings = {**trading.settings(), "database_url": secret.get_secret_value()}
        path = trading.folder / "config.yaml"
        path.write_text(yaml.safe_dump(settings))
        for command in ("history", "pnl"):
            ended = call(command, "--config", path, "--format", "csv")
            assert (ended.code, ended.stderr) == (ExitCode.OK, "")
            assert len(ended.stdout.splitlines()) == 1


async def test_wrong_options_are_named_with_what_to_write(office: Office) -> None:
    for arguments, words in (
        (("history", "--since", "yesterday"), "--since: 'yesterday' is no day or time"),
        (("pnl", "--chain", "atlantis"), "--chain: 'atlantis' is not configured"),
        (("pnl", "--format", "parquet"), "--out: is missing"),
        (("pnl", "--format", "csv", "--out", "/nowhere/at/all.csv"), "--out: /nowhere/at/all.csv cannot be"),
        (("pnl", "--out", "/nowhere/at/all.txt"), "--out: /nowhere/at/all.txt cannot be"),
    ):
        ended = ask(office, *arguments)
        assert ended.code == ExitCode.USAGE
        assert words in ended.stderr
        assert "Fix:" in ended.stderr


def test_an_amount_that_parquet_cannot_hold_is_refused_and_leaves_no_file(tmp_path: Path) -> None:
    columns, out = [Column("amount", Type.AMOUNT)], tmp_path / "wide.parquet"
    rows = [{"amount": 2**256 - 1}]
    with pytest.raises(AmountTooWideError, match="more than 76 digits"):
        write_report(columns, rows, Format.PARQUET, out)
    assert list(tmp_path.iterdir()) == []
    write_report(columns, rows, Format.CSV, out)
    assert out.read_text() == f"amount\n{2**256 - 1}\n"


def test_a_negative_amount_stays_a_number(tmp_path: Path) -> None:
    out = tmp_path / "report.csv"
    write_report([Column("amount", Type.AMOUNT)], [{"amount": -5}], Format.CSV, out)
    assert out.read_text() == "amount\n-5\n"


def test_text_that_a_spreadsheet_would_calculate_stays_text(tmp_path: Path) -> None:
    out = tmp_path / "report.csv"
    write_report([Column("symbol")], [{"symbol": '=HYPERLINK("x")'}], Format.CSV, out)
    assert out.read_text() == 'symbol\n"\'=HYPERLINK(""x"")"\n'


async def test_history_of_several_routes_is_one_line_with_their_sum(office: Office) -> None:
    office.trading.open_gap("uniswap_v2 WETH/USDT", amount=100 * ETHER)
    before = office.trading.balance()
    execution = await finished(
        office,
        office.send_trade(await office.planned(several(OVER_USDC, OVER_USDT), max_trade_size_usd=None)),
    )
    (line,) = told(office, "history")
    routes = execution.details["routes"]
    assert isinstance(routes, list)
    assert int(line["realised_profit"]) == office.trading.balance() - before
    assert line["realised_profit"] == line["expected_profit"]
    assert int(line["realised_profit"]) == sum(int(each["gross_profit"]) for each in routes)
    assert len(routes) == 2
