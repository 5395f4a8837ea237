"""Settings: exact, named in errors, and silent about secrets."""

import json
import traceback
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from executor.chain.ipc import socket_path
from executor.config.exact_yaml import parse_yaml
from executor.config.settings import Settings, load_settings, settings_schema
from executor.domain.errors import ConfigError

NODE = "http://127.0.0.1:8545"
SECRET_URL = "https://user:hunter2@node.example/v3/0123456789abcdef"
PREFIX = "EXECUTOR__CHAINS__ETHEREUM__"


def chain(**keys: object) -> Settings:
    return Settings.from_mapping({"chains": {"ethereum": {"rpc_url": NODE, **keys}}})


def refusal(**keys: object) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        chain(**keys)
    return caught.value


def from_file(tmp_path: Path, text: str, environ: Mapping[str, str]) -> Settings:
    path = tmp_path / "settings.yaml"
    path.write_text(text)
    return load_settings(path, environ={"HOME": str(tmp_path), **environ})


def test_only_the_node_must_be_named_and_every_default_is_careful() -> None:
    settings = chain().chain("ethereum")
    assert settings.allow_public is False
    assert settings.min_profit_usd == 1
    assert settings.gas_limit_multiplier_bps == 12_000
    assert settings.profit_share_bps == 9_500
    assert settings.wallet is None
    assert settings.fixed_prices_usd == {}


def test_thresholds_of_an_l2_are_gwei_and_come_out_as_wei() -> None:
    levels = chain(l2_gas_thresholds={"ultra_low": "0.05"}).chain("ethereum").l2_gas_thresholds.as_wei()
    assert levels == {
        "ultra_low": 50_000_000,
        "low": 500_000_000,
        "medium": 2 * 10**9,
        "high": 5 * 10**9,
        "extreme": 10 * 10**9,
    }


def test_thresholds_out_of_order_are_refused() -> None:
    assert refusal(l2_gas_thresholds={"low": "3"}).field == "chains.ethereum.l2_gas_thresholds"


@given(st.decimals(min_value=0, max_value=10**12, places=18))
def test_a_decimal_in_the_file_is_never_rounded(number: Decimal) -> None:
    written = yaml.safe_dump({"chains": {"ethereum": {"rpc_url": NODE, "min_profit_usd": "NUMBER"}}})
    parsed = parse_yaml(written.replace("NUMBER", f"{number:f}"), name="settings.yaml")
    assert Settings.from_mapping(parsed).chain("ethereum").min_profit_usd == number


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("min_profit_usd", 0.1),
        ("min_profit_usd", "-1"),
        ("min_profit_usd", "NaN"),
        ("min_profit_usd", "Infinity"),
        ("min_profit_usd", "ten"),
        ("min_profit_usd", True),
        ("min_profit_usd", "1e999999"),
        ("max_trade_size_usd", []),
        ("gas_limit_multiplier", "0.9"),
        ("gas_limit_multiplier", "1.00001"),
        ("gas_limit_multiplier", "100"),
        ("max_base_fee_gwei", "0.0000000001"),
        ("profit_share_bps", "9500.5"),
        ("profit_share_bps", 9500.0),
        ("profit_share_bps", 0),
        ("profit_share_bps", 10_001),
        ("profit_share_bps", True),
        ("confirmations", 0),
        ("max_execution_time_seconds", "0"),
        ("rpc_url", "ws://127.0.0.1:8546"),
        ("rpc_url", "127.0.0.1:8545"),
        ("rpc_url", "http://"),
        ("rpc_url", "http://host:notaport"),
        ("rpc_url", "ipc://geth.ipc"),
        ("rpc_url", "ipc:///"),
        ("rpc_url", "ipc:geth.ipc"),
        ("rpc_url", "ipc:./geth.ipc"),
        ("rpc_url", "ipc:///node/a#b.ipc"),
        ("rpc_url", "ipc:///node/geth.ipc?a"),
        ("router", "0x1234"),
        ("router", "0xc02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"),
        ("allow_public", "perhaps"),
    ],
)
def test_a_bad_value_is_refused_by_the_path_of_its_key(key: str, value: object) -> None:
    assert refusal(**{key: value}).field == f"chains.ethereum.{key}"


def test_the_path_of_a_socket_is_taken_whole_or_not_at_all() -> None:
    told = refusal(rpc_url="ipc:///node/a#b.ipc")
    assert "whole path" in told.message and "%23" in told.message
    url = chain(rpc_url="ipc:///node/a%23b.ipc").chain("ethereum").rpc_url.get_secret_value()
    assert socket_path(url) == "/node/a#b.ipc"


def test_a_price_that_is_no_number_is_refused_by_its_symbol() -> None:
    assert refusal(fixed_prices_usd={"WETH": "cheap"}).field == "chains.ethereum.fixed_prices_usd.WETH"


def test_an_unknown_key_is_refused_and_the_right_spelling_named() -> None:
    error = refusal(min_profit_us="1")
    assert error.field == "chains.ethereum.min_profit_us"
    assert "min_profit_usd" in error.fix


def test_a_missing_node_is_named() -> None:
    with pytest.raises(ConfigError) as caught:
        Settings.from_mapping({"chains": {"base": {}}})
    assert caught.value.field == "chains.base.rpc_url"


def test_a_chain_without_settings_is_named() -> None:
    with pytest.raises(ConfigError, match=r"chains\.base.*there are: ethereum"):
        chain().chain("base")


def test_router_and_deployment_exclude_each_other() -> None:
    error = refusal(router="0x" + "11" * 20, deployment="x.json")
    assert error.field == "chains.ethereum"


def test_paths_count_from_the_folder_of_the_file(tmp_path: Path) -> None:
    text = f"""
journal: journals
chains:
  ethereum: {{rpc_url: "{NODE}", wallet: {{keystore: key.json, passphrase: {{file: pass.txt}}}}}}
  base: {{rpc_url: "{NODE}", deployment: d.json}}
"""
    settings = from_file(tmp_path, text, {})
    ethereum, base = settings.chain("ethereum"), settings.chain("base")
    assert ethereum.wallet is not None
    assert ethereum.wallet.keystore == tmp_path / "key.json"
    assert ethereum.wallet.passphrase.file == tmp_path / "pass.txt"
    assert settings.journal == tmp_path / "journals"
    assert ethereum.deployment_path(1) == tmp_path / "deployments" / "1.json"
    assert base.deployment_path(8453) == tmp_path / "d.json"


def test_the_journal_goes_to_the_users_data_folder_by_default(tmp_path: Path) -> None:
    text = f"chains: {{ethereum: {{rpc_url: '{NODE}'}}}}"
    assert from_file(tmp_path, text, {}).journal == tmp_path / ".local" / "share" / "arbitrage-executor"
    moved = from_file(tmp_path, text, {"XDG_DATA_HOME": "/data"})
    assert moved.journal == Path("/data/arbitrage-executor")


def test_the_environment_wins_over_the_file_key_by_key(tmp_path: Path) -> None:
    text = f"chains: {{ethereum: {{rpc_url: '{NODE}', min_profit_usd: 2, max_base_fee_gwei: 30}}}}"
    settings = from_file(
        tmp_path,
        text,
        {
            PREFIX + "RPC_URL": SECRET_URL,
            PREFIX + "MIN_PROFIT_USD": "0.30",
            PREFIX + "MAX_BASE_FEE_GWEI": "null",
        },
    ).chain("ethereum")
    assert settings.rpc_url.get_secret_value() == SECRET_URL
    assert settings.min_profit_usd == Decimal("0.30")
    assert settings.max_base_fee is None


def test_the_environment_alone_is_enough() -> None:
    environ = {
        "HOME": "/home/operator",
        PREFIX + "RPC_URL": NODE,
        PREFIX + "WALLET__DEVELOPMENT_ACCOUNT": "3",
    }
    settings = load_settings(environ=environ).chain("ethereum")
    assert settings.wallet is not None
    assert settings.wallet.development_account == 3


def test_numbers_inside_json_from_the_environment_are_exact(tmp_path: Path) -> None:
    environ = {PREFIX + "FIXED_PRICES_USD": '{"WETH": 3000.1000000000000000001}', PREFIX + "RPC_URL": NODE}
    prices = load_settings(environ={"HOME": str(tmp_path), **environ}).chain("ethereum").fixed_prices_usd
    assert prices == {"WETH": Decimal("3000.1000000000000000001")}


def test_a_variable_that_names_no_setting_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="EXECUTOR__CHAIN__ETHEREUM__RPC_URL"):
        load_settings(environ={"HOME": "/h", "EXECUTOR__CHAIN__ETHEREUM__RPC_URL": NODE})


def test_a_variable_with_an_unknown_key_is_refused_by_its_path() -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(environ={"HOME": "/h", PREFIX + "RPC_URL": NODE, PREFIX + "MIN_PROFIT": "1"})
    assert caught.value.field == "chains.ethereum.min_profit"


def test_broken_json_in_a_variable_is_refused_by_its_path() -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(
            environ={"HOME": "/h", PREFIX + "RPC_URL": NODE, PREFIX + "FIXED_PRICES_USD": '{"WETH": '}
        )
    assert caught.value.field == "chains.ethereum.fixed_prices_usd"


def test_settings_built_in_python_do_not_look_at_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PREFIX + "ALLOW_PUBLIC", "true")
    monkeypatch.setenv("EXECUTOR__JOURNAL", "/elsewhere")
    settings = chain()
    assert settings.chain("ethereum").allow_public is False
    assert settings.journal != Path("/elsewhere")


def test_the_url_of_a_node_never_shows() -> None:
    settings = chain(rpc_url=SECRET_URL)
    for shown in (
        repr(settings),
        str(settings),
        repr(settings.chain("ethereum").rpc_url),
        settings.model_dump_json(),
    ):
        assert "hunter2" not in shown
        assert "0123456789abcdef" not in shown


def test_a_refused_url_does_not_show_in_the_error_or_its_traceback() -> None:
    mistyped = SECRET_URL.replace("https", "htps")
    with pytest.raises(ConfigError) as caught:
        chain(rpc_url=mistyped)
    shown = "".join(traceback.format_exception(caught.value)) + json.dumps(caught.value.as_dict())
    assert "hunter2" not in shown
    assert "0123456789abcdef" not in shown


@pytest.mark.parametrize("value", ["hunter2", ["hunter2"], {"text": "hunter2"}])
def test_a_passphrase_written_into_settings_is_refused_and_not_repeated(value: object) -> None:
    error = refusal(wallet={"keystore": "key.json", "passphrase": value})
    assert error.field.startswith("chains.ethereum.wallet.passphrase")
    assert "hunter2" not in str(error)


@pytest.mark.parametrize("passphrase", ["prompt", {"fd": "3"}, {"file": "p.txt"}])
def test_a_passphrase_comes_from_terminal_descriptor_or_file(passphrase: object) -> None:
    assert (
        chain(wallet={"keystore": "key.json", "passphrase": passphrase}).chain("ethereum").wallet is not None
    )


@pytest.mark.parametrize(
    "wallet",
    [{}, {"keystore": "a", "ape_account": "b"}, {"development_account": 0, "keystore": "a"}],
)
def test_a_wallet_names_exactly_one_key(wallet: dict[str, object]) -> None:
    assert refusal(wallet=wallet).field == "chains.ethereum.wallet"


@pytest.mark.parametrize("alias", ["../../etc/passwd", "..", "a/b", ""])
def test_an_ape_account_is_an_alias_not_a_path(alias: str) -> None:
    assert refusal(wallet={"ape_account": alias}).field == "chains.ethereum.wallet.ape_account"


def test_there_is_no_development_account_beyond_the_known_twenty() -> None:
    assert refusal(wallet={"development_account": 20}).field == "chains.ethereum.wallet.development_account"


def test_settings_cannot_be_changed_after_the_check() -> None:
    with pytest.raises(ValueError, match="frozen"):
        chain().chain("ethereum").allow_public = True


def test_the_published_schema_accepts_what_the_settings_accept() -> None:
    schema = settings_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    accepted = {"chains": {"ethereum": {"rpc_url": NODE, "min_profit_usd": "0.5", "confirmations": 2}}}
    jsonschema.validate(accepted, schema)
    Settings.from_mapping(accepted)


@pytest.mark.parametrize(
    "bad", [{"chain": {}}, {"chains": {"e": {}}}, {"chains": {"e": {"rpc_url": NODE, "x": 1}}}]
)
def test_the_published_schema_rejects_what_the_settings_reject(bad: dict[str, object]) -> None:
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(bad, settings_schema())
    with pytest.raises(ConfigError):
        Settings.from_mapping(bad)


@pytest.mark.parametrize("name", ["../../ethereum", "a/b", "..", "a?b", "", "x" * 65, "a\n"])
def test_the_name_of_a_chain_cannot_lead_to_another_file(name: str) -> None:
    with pytest.raises(ConfigError, match="chains"):
        Settings.from_mapping({"chains": {name: {"rpc_url": NODE}}})


@pytest.mark.parametrize("key", ["max_execution_time_seconds", "rpc_timeout_seconds"])
def test_a_time_limit_is_at_most_a_day(key: str) -> None:
    """A longer one would not fit the deadline of a plan."""
    assert key in refusal(**{key: 86_401}).field
    assert key in refusal(**{key: 10**400}).field
    assert getattr(chain(**{key: 86_400}).chain("ethereum"), key) == 86_400
