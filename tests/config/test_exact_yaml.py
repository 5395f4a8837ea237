"""Numbers in YAML are what was written."""

from pathlib import Path

import pytest

from executor.config.exact_yaml import load_yaml, parse_yaml
from executor.domain.errors import ConfigError


@pytest.mark.parametrize(
    "written",
    [
        "0.1",
        "1e3",
        "0x10",
        "010",
        "1_000",
        "115792089237316195423570985008687907853269984665640564039457584007913129639935",
    ],
)
def test_a_number_stays_the_text_that_was_written(written: str) -> None:
    assert parse_yaml(f"key: {written}", name="file")["key"] == written


def test_an_address_without_quotes_stays_text() -> None:
    address = "0x00000000000000000000000000000000000000ff"
    assert parse_yaml(f"router: {address}", name="file")["router"] == address


def test_dates_and_sexagesimals_stay_text() -> None:
    assert parse_yaml("a: 2024-01-01\nb: 190:20:30", name="file") == {"a": "2024-01-01", "b": "190:20:30"}


def test_true_false_and_null_keep_their_meaning() -> None:
    assert parse_yaml("a: true\nb: false\nc: null\nd:", name="file") == {
        "a": True,
        "b": False,
        "c": None,
        "d": None,
    }


def test_an_empty_file_is_an_empty_mapping() -> None:
    assert parse_yaml("# nothing yet\n", name="file") == {}


def test_merge_keys_work() -> None:
    text = "base: &base {a: 1}\nother:\n  <<: *base\n  b: 2\n"
    assert parse_yaml(text, name="file")["other"] == {"a": "1", "b": "2"}


def test_a_key_that_stands_twice_is_refused_with_its_name() -> None:
    with pytest.raises(ConfigError, match=r"line 2.*'limit' stands twice"):
        parse_yaml("limit: 1\nlimit: 1000", name="settings.yaml")


@pytest.mark.parametrize(
    "text", ["- a\n- b", "just text", "1: [x", "? [a, b]\n: c", "&a [*a]", "!!python/object:os.system {}"]
)
def test_what_is_no_mapping_or_no_yaml_is_refused_by_name(text: str) -> None:
    with pytest.raises(ConfigError, match=r"settings\.yaml"):
        parse_yaml(text, name="settings.yaml")


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent\.yaml.*cannot be read"):
        load_yaml(tmp_path / "absent.yaml")


def test_a_file_that_is_not_text_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "settings.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load_yaml(path)
