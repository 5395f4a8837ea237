"""The kinds of values in settings and chain data: exact, and refused with a sentence when they are not what
they should be.
"""

import re
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    SecretStr,
    ValidationError,
    WithJsonSchema,
)

from executor.domain.address import Address, to_address
from executor.domain.errors import AddressError

_WHOLE = re.compile(r"[0-9][0-9_]*")


class Strict(BaseModel):
    """A frozen node of a settings tree that knows its keys."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, arbitrary_types_allowed=True
    )


def _whole(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _WHOLE.fullmatch(value.strip()):
        return int(value.strip().replace("_", ""))
    raise ValueError("must be a whole number, written in digits")


def _decimal(value: object) -> Decimal:
    if isinstance(value, float):
        raise ValueError('must be exact: write the number as text ("0.1"), a binary float is not accepted')
    if not isinstance(value, str | int | Decimal) or isinstance(value, bool):
        raise ValueError("must be a number")
    try:
        number = Decimal(value.strip().replace("_", "") if isinstance(value, str) else value)
    except InvalidOperation:
        raise ValueError("must be a number, such as 1 or 0.25") from None
    if not number.is_finite() or abs(number.adjusted()) > 60:
        raise ValueError("must be a finite number of ordinary size")
    return number


def _not_negative(value: Decimal) -> Decimal:
    if value < 0:
        raise ValueError("must not be negative")
    return value


def _address(value: object) -> Address:
    try:
        return to_address(value)
    except AddressError as error:
        raise ValueError(error.message.removeprefix("address: ").rstrip(".")) from None


def _node_url(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    try:
        parts = urlsplit(text)
        ipc = parts.scheme == "ipc"
        usable = ipc or (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and (parts.port is None or parts.port > 0)
        )
    except ValueError:
        ipc = usable = False
    if not usable:
        raise ValueError(
            "must be the http:// or https:// address of a node's JSON-RPC, or ipc:///path of its socket"
        )
    whole = text.startswith("ipc:///") and len(text) > len("ipc:///")
    if ipc and (not whole or "#" in text or "?" in text):
        raise ValueError("must name the socket by its whole path, ipc:///path, with %23 for # and %3F for ?")
    return value


def _websocket_url(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().startswith(("ws://", "wss://")):
        raise ValueError("must be the ws:// or wss:// address of a node")
    return value


def _database_url(value: SecretStr) -> SecretStr:
    if not value.get_secret_value().startswith(("postgresql://", "postgresql+psycopg://")):
        raise ValueError("must be the postgresql:// address of a database")
    return value


def _hex_bytes(value: object) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, str) and value.startswith("0x"):
        try:
            return bytes.fromhex(value[2:])
        except ValueError:
            pass
    raise ValueError("must be 0x followed by an even count of hexadecimal digits")


_NUMBER_SCHEMA: dict[str, Any] = {"type": ["string", "number"], "pattern": r"^[0-9_]+(\.[0-9]+)?$"}
_WHOLE_SCHEMA: dict[str, Any] = {"type": ["string", "integer"], "pattern": "^[0-9][0-9_]*$"}

WholeNumber = Annotated[int, BeforeValidator(_whole), WithJsonSchema(_WHOLE_SCHEMA)]
"""An int from digits; text, since YAML numbers are kept as written. Never from a float or a bool."""

ExactDecimal = Annotated[
    Decimal, BeforeValidator(_decimal), AfterValidator(_not_negative), WithJsonSchema(_NUMBER_SCHEMA)
]
"""A Decimal of at least zero, from text, int or Decimal. Never from a float."""

AddressText = Annotated[
    Address, BeforeValidator(_address), WithJsonSchema({"type": "string", "pattern": "^0x[0-9a-fA-F]{40}$"})
]
HexBytes = Annotated[
    bytes, BeforeValidator(_hex_bytes), WithJsonSchema({"type": "string", "pattern": "^0x([0-9a-fA-F]{2})*$"})
]
RpcUrl = Annotated[SecretStr, AfterValidator(_node_url)]
"""A node's URL. Secret, since providers put keys into it."""

WebsocketUrl = Annotated[SecretStr, AfterValidator(_websocket_url)]
"""A node's websocket URL. Secret for the same reason."""

DatabaseUrl = Annotated[SecretStr, AfterValidator(_database_url)]
"""A PostgreSQL database's URL. Secret, since it may hold a password."""


def key_path(location: tuple[int | str, ...]) -> str:
    """A pydantic error location as people write it: chains.ethereum.rpc_url."""
    return ".".join(str(part) for part in location) or "(top level)"


def first_problem(error: ValidationError) -> tuple[str, str, str]:
    """(key path, problem, error type) of the first validation error, without the offending value, which may
    be a secret.
    """
    details = error.errors(include_input=False, include_url=False)[0]
    problem = details["msg"].removeprefix("Value error, ").rstrip(".")
    return key_path(details["loc"]), problem[:1].lower() + problem[1:], details["type"]
