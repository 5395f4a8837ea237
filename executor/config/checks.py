"""Checks as they are written in chain data, encoded into calls that a node can be asked."""

from collections.abc import Mapping
from typing import Any

from eth_abi.abi import encode
from eth_abi.exceptions import EncodingError, ParseError
from eth_abi.grammar import BasicType, parse

from executor.config.chain_file import AddressEntry, CheckEntry
from executor.domain.abi import selector
from executor.domain.address import Address, to_address
from executor.domain.chain import AddressCheck, KnownAddress
from executor.domain.errors import ConfigError


def known_address(
    name: str, entry: AddressEntry, tokens: Mapping[str, Address], implied: tuple[CheckEntry, ...] = ()
) -> KnownAddress:
    """The entry with its checks encoded, the `implied` ones first. `tokens` resolves symbols. Raises
    ConfigError.
    """
    checks = tuple(_encoded(name, entry.address, check, tokens) for check in (*implied, *entry.check))
    return KnownAddress(name=name, address=entry.address, source=entry.source, checks=checks)


def says(call: str, returns: str, answer: str) -> CheckEntry:
    """The check that a call without arguments returns one value."""
    return CheckEntry(call=call, returns=returns, answer=answer)


def _encoded(name: str, address: Address, check: CheckEntry, tokens: Mapping[str, Address]) -> AddressCheck:
    to = check.to or address
    if check.call is None or check.returns is None or check.answer is None:
        return AddressCheck(
            to=to, data=check.data or b"", expected=check.answer_data or b"", description="raw call"
        )
    try:
        kinds = _argument_types(check.call)
        if len(kinds) != len(check.args):
            raise ValueError(f"{check.call} takes {len(kinds)} arguments, {len(check.args)} are given")
        values = [_value(kind, text, tokens) for kind, text in zip(kinds, check.args, strict=True)]
        data = selector(check.call) + encode(kinds, values)
        expected = encode([check.returns], [_value(check.returns, check.answer, tokens)])
    except (EncodingError, ParseError, KeyError, ValueError) as error:
        raise ConfigError(
            f"{name}.check", f"{check.call} cannot be encoded ({error})", fix="correct the check"
        ) from None
    return AddressCheck(
        to=to,
        data=data,
        expected=expected,
        description=f"{check.call.split('(')[0]}({', '.join(check.args)}) = {check.answer}",
    )


def _argument_types(call: str) -> list[str]:
    inner = call[call.index("(") + 1 : -1]
    return [part.strip() for part in inner.split(",")] if inner else []


def _value(kind: str, text: str, tokens: Mapping[str, Address]) -> Any:
    """Text as a value of the ABI type `kind`."""
    parsed = parse(kind)
    base = parsed.base if isinstance(parsed, BasicType) else kind
    if base == "address":
        return tokens.get(text) or to_address(text)
    if base in ("uint", "int"):
        return int(text)
    if base == "bool":
        return {"true": True, "false": False}[text]
    if base == "bytes":
        return bytes.fromhex(text.removeprefix("0x"))
    return text
