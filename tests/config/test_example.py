"""The example settings are settings."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from executor.config.chains import chain_names, chain_of
from executor.config.exact_yaml import load_yaml
from executor.config.settings import ChainSettings, load_settings, settings_schema

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
EXAMPLE = EXAMPLES / "config.yaml"


def test_the_example_loads_for_every_chain_it_names() -> None:
    settings = load_settings(EXAMPLE, environ={"HOME": "/home/operator"})
    assert set(settings.chains) <= set(chain_names())
    for name in settings.chains:
        assert chain_of(settings, name).name == name


def test_the_example_satisfies_the_published_schema() -> None:
    jsonschema.validate(load_yaml(EXAMPLE), settings_schema())


def test_the_example_finds_the_deployments_of_the_checkout() -> None:
    settings = load_settings(EXAMPLE, environ={"HOME": "/home/operator"})
    path = settings.chain("ethereum").deployment_path(1)
    assert path.resolve() == (EXAMPLES.parent / "deployments" / "1.json").resolve()


def test_the_example_sends_publicly_only_on_a_test_network() -> None:
    settings = load_settings(EXAMPLE, environ={"HOME": "/home/operator"})
    assert [name for name, chain in settings.chains.items() if chain.allow_public] == ["sepolia"]


@pytest.mark.parametrize("key", sorted(ChainSettings.model_fields))
def test_the_example_shows_every_key(key: str) -> None:
    exclusive = {"router"}
    text = EXAMPLE.read_text()
    assert f"{key}:" in text or key in exclusive


def _scalars(node: Any) -> Iterator[Any]:
    if isinstance(node, dict):
        for value in node.values():
            yield from _scalars(value)
    else:
        yield node


def test_the_example_holds_no_key_and_no_passphrase() -> None:
    loaded = yaml.safe_load(EXAMPLE.read_text())
    urls = [value for value in _scalars(loaded) if isinstance(value, str) and "://" in value]
    assert all(url.startswith("http://127.0.0.1:") for url in urls)
