"""Reads and writes `deployments/<chain id>.json`, which the deploy script leaves and the executor reads."""

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from executor.domain.address import ZERO_ADDRESS, Address, to_address
from executor.domain.deployment import LENDER_CONSTANTS, Deployment, Part, PartRecord, RouterConstants
from executor.domain.errors import AddressError, ConfigError
from executor.domain.json_text import load_json

_OLD_VERSION = "1"
_REDEPLOY = "run `ape run deploy`, which writes this file and sends nothing that is already done"


def deployment_file(folder: Path, chain_id: int) -> Path:
    """Where a chain's deployment is recorded below `folder`."""
    return folder / f"{chain_id}.json"


def read_deployment(path: Path) -> Deployment:
    """The deployment recorded at `path`. Raises ConfigError naming the file and the key."""
    try:
        written = load_json(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(str(path), "there is no such deployment file", fix=_REDEPLOY) from None
    except OSError as error:
        raise ConfigError(
            str(path), f"cannot be read ({error.strerror})", fix="make the file readable"
        ) from None
    except (ValueError, RecursionError):
        raise ConfigError(str(path), "is not JSON", fix=_REDEPLOY) from None
    if not isinstance(written, dict):
        raise ConfigError(str(path), "is not a JSON object", fix=_REDEPLOY)
    fields = _Fields(path, written)
    fields.refuse_old()
    return fields.deployment()


def write_deployment(path: Path, deployment: Deployment) -> None:
    """Record `deployment` at `path`, whole or not at all; folders are made. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(as_json(deployment), indent=2) + "\n"
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp lets only the owner read; the record is no secret.
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def as_json(deployment: Deployment) -> dict[str, object]:
    """The deployment as the file has it."""
    return {
        "chain_id": deployment.chain_id,
        "router": deployment.router,
        "version": deployment.version,
        "owner": deployment.owner,
        "operator": deployment.operator,
        "pauser": deployment.pauser,
        "settlement_tokens": list(deployment.constants.settlement_tokens),
        "wrapped_native": deployment.constants.wrapped_native,
        **deployment.constants.lenders(),
        "deployer": deployment.deployer,
        "initial_owner": deployment.initial_owner,
        "salt": deployment.salt,
        "runtime_code_hash": deployment.runtime_code_hash,
        "parts": {
            part.value: {"address": record.address, "runtime_code_hash": record.runtime_code_hash}
            for part, record in deployment.parts.items()
        },
        "block": deployment.block,
        "local": deployment.local,
    }


class _Fields:
    """The keys of one file, or of one object in it, each read strictly."""

    def __init__(self, path: Path, written: Mapping[str, Any], prefix: str = "") -> None:
        self._path = path
        self._written = written
        self._prefix = prefix

    def refuse_old(self) -> None:
        """Raise ConfigError for a router that this executor cannot use, and that may still hold money."""
        if self._written.get("version") == _OLD_VERSION:
            raise ConfigError(
                f"{self._path}: version",
                f"records a router of version {_OLD_VERSION}, whose plans this executor does not write",
                fix="take home what it holds with the release that deployed it, move the file away, and run "
                "`ape run deploy`",
            )

    def deployment(self) -> Deployment:
        return Deployment(
            chain_id=self._whole("chain_id"),
            router=self._address("router"),
            version=self._text("version"),
            owner=self._address("owner"),
            operator=self._optional_address("operator"),
            pauser=self._optional_address("pauser"),
            constants=RouterConstants(
                self._addresses("settlement_tokens"),
                self._address("wrapped_native"),
                **{name: self._optional_address(name) for name in LENDER_CONSTANTS},
            ),
            parts={part: self._part(part) for part in Part if part is not Part.ROUTER},
            deployer=self._address("deployer"),
            initial_owner=self._address("initial_owner"),
            salt=self._word("salt"),
            runtime_code_hash=self._word("runtime_code_hash"),
            block=None if self._value("block") is None else self._whole("block"),
            local=self._flag("local"),
        )

    def _part(self, part: Part) -> PartRecord:
        parts = self._object("parts")
        record = parts._object(part.value)
        return PartRecord(record._address("address"), record._word("runtime_code_hash"))

    def _object(self, key: str) -> "_Fields":
        value = self._value(key)
        if not isinstance(value, dict):
            raise self._wrong(key, "must be a JSON object")
        return _Fields(self._path, value, f"{self._prefix}{key}.")

    def _wrong(self, key: str, problem: str) -> ConfigError:
        return ConfigError(f"{self._path}: {self._prefix}{key}", problem, fix=_REDEPLOY)

    def _value(self, key: str) -> Any:
        if key not in self._written:
            raise self._wrong(key, "this key is missing")
        return self._written[key]

    def _whole(self, key: str) -> int:
        value = self._value(key)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise self._wrong(key, "must be a whole number")
        return value

    def _flag(self, key: str) -> bool:
        value = self._value(key)
        if not isinstance(value, bool):
            raise self._wrong(key, "must be true or false")
        return value

    def _text(self, key: str) -> str:
        value = self._value(key)
        if not isinstance(value, str) or not value:
            raise self._wrong(key, "must be text")
        return value

    def _word(self, key: str) -> str:
        value = self._text(key).lower()
        try:
            whole = value.startswith("0x") and len(bytes.fromhex(value[2:])) == 32
        except ValueError:
            whole = False
        if not whole:
            raise self._wrong(key, "must be 0x and 64 hexadecimal digits")
        return value

    def _address(self, key: str) -> Address:
        return self._as_address(key, self._value(key))

    def _optional_address(self, key: str) -> Address | None:
        value = self._value(key)
        return None if value is None else self._as_address(key, value)

    def _addresses(self, key: str) -> tuple[Address, ...]:
        value = self._value(key)
        if not isinstance(value, list) or not value:
            raise self._wrong(key, "must be a list of addresses")
        return tuple(self._as_address(f"{key}[{index}]", item) for index, item in enumerate(value))

    def _as_address(self, key: str, value: object) -> Address:
        try:
            address = to_address(value)
        except AddressError as error:
            raise self._wrong(key, error.message.removeprefix("address: ").rstrip(".")) from None
        if address == ZERO_ADDRESS:
            raise self._wrong(key, "must not be the zero address")
        return address
