"""The page about wallets names commands, options, settings and figures that are there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.main import get_command

from executor.config.sending import GasMoneySettings
from executor.config.settings import ChainSettings
from executor.engine.treasury.desk import WALLET_ID
from executor.operations.wallet_cli import wallet_app
from executor.policy.treasury import LEAST_TIP_MULTIPLE, TIP_GAS, TYPICAL_TRADE_GAS, WARNED_TRADES
from executor.wallet.passphrase import DESCRIPTOR_VARIABLE
from tests.operations.test_wallet_secrets import forms

PROJECT = Path(__file__).resolve().parents[2]
TEXT = (PROJECT / "docs" / "wallets.md").read_text()
COMMANDS = getattr(get_command(wallet_app), "commands")  # noqa: B009


def options() -> set[str]:
    return {name for command in COMMANDS.values() for option in command.params for name in option.opts}


def test_every_command_has_its_place_and_no_other_is_named() -> None:
    assert set(re.findall(r"executor wallet ([a-z]+)", TEXT)) == set(COMMANDS)


def test_every_option_that_is_named_is_one() -> None:
    assert set(re.findall(r"`(--[a-z-]+)", TEXT)) <= options()


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(?:gas_money\.)?([a-z]+_[a-z_]+)[`:]", TEXT))))
def test_every_setting_that_is_named_is_one(name: str) -> None:
    known = {*ChainSettings.model_fields, *GasMoneySettings.model_fields, "ape_account", "database_url"}
    assert name in known


def test_every_gas_money_setting_is_explained() -> None:
    assert all(f"{name}`" in TEXT for name in GasMoneySettings.model_fields)


def test_figures_are_those_of_the_code() -> None:
    assert f"less than {WARNED_TRADES} typical trades of {TYPICAL_TRADE_GAS:,} gas" in TEXT
    assert f"at most {TIP_GAS:,}" in TEXT
    assert LEAST_TIP_MULTIPLE == 10
    assert "less than a tenth of it" in TEXT
    assert f"executor-1{WALLET_ID}" in TEXT
    assert DESCRIPTOR_VARIABLE in TEXT
    assert len(forms(b"x")) == 9
    assert "nine ways of writing" in TEXT


@pytest.mark.parametrize("path", sorted(set(re.findall(r"(?:tests|executor|scripts)/[a-z_/]+\.py", TEXT))))
def test_the_files_that_the_page_names_are_there(path: str) -> None:
    assert (PROJECT / path).is_file()
