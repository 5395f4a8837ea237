"""Revert data to names, figures and meaning."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from eth_abi.exceptions import DecodingError

from executor.domain.abi import CODEC
from executor.domain.address import Address, to_address
from executor.domain.errors import AddressError
from executor.plan.format import Opcode
from executor.plan.reverts.kinds import ErrorType, Meaning, Reasons, code_of
from executor.plan.reverts.locating import Hop, Trail
from executor.plan.reverts.router import (
    BATCH_PLAN_FAILED,
    CALL_FAILED,
    RAISED_IN_CALLBACKS,
    ROUTER_ERRORS,
)
from executor.plan.reverts.uniswap_v4 import WRAPPED_ERROR

MOST_SHOWN = 512
MOST_NESTED = 16
TEXT = ErrorType("Error", (("string", "message"),), Meaning.UNKNOWN, "the called contract refused")
PANIC = ErrorType(
    "Panic",
    (("uint256", "panicCode"),),
    Meaning.UNKNOWN,
    "arithmetic or array bounds in the called contract",
)
OVERFLOW = 0x11
EMPTY = "Empty"
OWN_PANIC = "arithmetic in the router: the plan asks for more than there is"
LENDING = frozenset(opcode for opcode in Opcode if Opcode.AAVE_V3_LOAN <= opcode <= Opcode.UNISWAP_V2_LOAN)
DRY_WHEN_LENDING = frozenset({Meaning.NO_LIQUIDITY, Meaning.TOKEN_REFUSED})


@dataclass(frozen=True, slots=True)
class DecodedError:
    """A revert: the innermost error's `name` and figures, and the contracts it came `through`, outermost
    first.

    `code` is stable and says whose error it is; `meaning` is what it means for the trade, `words` the same
    for people. `hop` is the step that it happened at, where the plan was given; `plan_index` the plan's place
    in a batch.
    """

    name: str
    args: dict[str, object]
    meaning: Meaning
    words: str
    code: str
    through: tuple[str, ...] = ()
    hop: Hop | None = None
    plan_index: int | None = None


class Known:
    """What protocols and tokens are known to revert with, by the opcode of the step, and of all steps."""

    def __init__(self, by_opcode: Mapping[Opcode, tuple[Reasons, ...]], always: tuple[Reasons, ...]) -> None:
        self._by_opcode, self._always = by_opcode, always

    def of(self, hop: Hop | None) -> Iterator[Reasons]:
        """First those of the step's own protocol, then all others."""
        if hop is not None:
            yield from self._by_opcode.get(hop.opcode, ())
        yield from self._always
        for reasons in self._by_opcode.values():
            yield from reasons


@dataclass(slots=True)
class _Unwrapped:
    """The innermost revert data, and what stood around it. `router` are the errors of the router's own that
    they may be.
    """

    data: bytes
    router: tuple[ErrorType, ...] = ROUTER_ERRORS
    through: list[str] = field(default_factory=list)
    plan_index: int | None = None


def decode(data: bytes, calldata: bytes | None, known: Known) -> DecodedError:
    """See `decode_revert`."""
    trail = None if calldata is None else Trail.of(calldata)
    inner = _unwrap(data, trail)
    router = _match(inner.router, inner.data)
    named = [value for value in (router[1] if router else {}).values() if isinstance(value, str)]
    hop = None if trail is None else trail.hop([_address(text) for text in named])
    found = _decoded(*router) if router else _of_protocol(inner.data, known, hop)
    if hop is not None and not router:
        found = _as_lender(found) if hop.opcode in LENDING else _as_venue(found)
    if found.name == PANIC.name and not inner.through:
        found = replace(found, meaning=Meaning.CONFIGURATION, words=OWN_PANIC)
    return replace(found, through=tuple(inner.through), hop=hop, plan_index=inner.plan_index)


def _unwrap(data: bytes, trail: Trail | None) -> _Unwrapped:
    """Down to the innermost reason; not even that all of the bytes are there is taken for granted.

    The outermost bytes are the router's own. What stands in a CallFailed is what the contract that it names
    said, who may say anything: that a plan of a batch failed is believed of the outermost bytes only; a
    further CallFailed where `trail` leads to the contract that it names, so that it can be what the router
    said in a callback; an error of the router's where a callback can raise it.
    """
    inner = _Unwrapped(data)
    if data[:4] == BATCH_PLAN_FAILED.selector and len(data) >= 68:
        inner.plan_index = int.from_bytes(data[4:36], "big")
        inner.data = _bytes_at(data[4:], 1)
    for _ in range(MOST_NESTED):
        selector, body = inner.data[:4], inner.data[4:]
        if selector == CALL_FAILED.selector and len(body) >= 64 and inner.router:
            target = to_address("0x" + body[12:32].hex())
            followed = trail is None or trail.enter(target)
            if not followed and inner.through:
                break
            inner.through.append(target)
            inner.router = RAISED_IN_CALLBACKS
            inner.data = _bytes_at(body, 1)
        elif selector == WRAPPED_ERROR.selector and len(body) >= 128:
            # What the PoolManager makes of it says more than what the token or hook said.
            inner.router = ()
            inner.data = _bytes_at(body, 3) or _bytes_at(body, 2)
        else:
            break
    return inner


def _bytes_at(body: bytes, position: int) -> bytes:
    """The bytes argument at `position`, as much of it as there is."""
    offset = int.from_bytes(body[32 * position : 32 * position + 32], "big")
    length = int.from_bytes(body[offset : offset + 32], "big")
    return body[offset + 32 : offset + 32 + length]


def _of_protocol(data: bytes, known: Known, hop: Hop | None) -> DecodedError:
    if not data:
        return _unnamed(EMPTY, "the called contract gave no reason", data)
    basic = _match((TEXT, PANIC), data)
    if basic is not None:
        return _of_text(basic[0], basic[1], known, hop)
    for reasons in known.of(hop):
        match = _match(reasons.errors, data)
        if match is not None:
            return _decoded(*match, protocol=reasons.protocol)
    return _unnamed("Unknown", "the reason is not known here", data)


def _of_text(basic: ErrorType, args: dict[str, object], known: Known, hop: Hop | None) -> DecodedError:
    found = _decoded(basic, args)
    if basic is PANIC:
        return found
    for reasons in known.of(hop):
        reason = reasons.of_text(str(args["message"]))
        if reason is not None:
            code = f"{reasons.protocol}_{code_of(reason.name)}"
            return replace(found, meaning=reason.meaning, words=reason.words, code=code)
    return found


def _as_lender(found: DecodedError) -> DecodedError:
    """What a lender or its token cannot do, or not even say why, fails for lack of what was asked for."""
    overflows = found.name == PANIC.name and found.args["panicCode"] == OVERFLOW
    if found.meaning not in DRY_WHEN_LENDING and not overflows and found.name != EMPTY:
        return found
    words = f"the lender cannot lend as much: {found.words}"
    return replace(found, meaning=Meaning.LENDER_DRY, words=words)


def _as_venue(found: DecodedError) -> DecodedError:
    """A pool that has nothing to lend, says so or passes on that another contract does, is too small; whoever
    lends to the plan is not named by it.
    """
    return replace(found, meaning=Meaning.NO_LIQUIDITY) if found.meaning is Meaning.LENDER_DRY else found


def _match(errors: tuple[ErrorType, ...], data: bytes) -> tuple[ErrorType, dict[str, object]] | None:
    for error in errors:
        if error.selector == data[:4]:
            args = _arguments(error, data[4:])
            return None if args is None else (error, args)
    return None


def _arguments(error: ErrorType, body: bytes) -> dict[str, object] | None:
    try:
        values = CODEC.decode([kind for kind, _ in error.arguments], body)
    except (DecodingError, UnicodeDecodeError, OverflowError):
        return _text_of(body) if error is TEXT else None
    return dict(zip((name for _, name in error.arguments), values, strict=True))


def _text_of(body: bytes) -> dict[str, object] | None:
    """A text with other bytes than zeros behind it, as old compilers leave it; None where it is not whole."""
    offset, length = (int.from_bytes(body[at : at + 32], "big") for at in (0, 32))
    text = body[64 : 64 + length]
    if offset != 32 or len(text) != length:
        return None
    try:
        return {"message": text.decode()}
    except UnicodeDecodeError:
        return None


def _decoded(error: ErrorType, args: dict[str, object], protocol: str = "") -> DecodedError:
    shown = {key: _plain(value) for key, value in args.items()}
    name = code_of(error.name)
    code = name if name.startswith(protocol) else f"{protocol}_{name}"
    return DecodedError(error.name, shown, error.meaning, error.words, code)


def _unnamed(name: str, words: str, data: bytes) -> DecodedError:
    return DecodedError(name, {"data": _plain(data)}, Meaning.UNKNOWN, words, code_of(name))


def _address(text: str) -> Address | str:
    try:
        return to_address(text)
    except AddressError:
        return text


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        rest = f"... ({len(value)} bytes)" if len(value) > MOST_SHOWN else ""
        return "0x" + value[:MOST_SHOWN].hex() + rest
    if isinstance(value, str) and len(value) > MOST_SHOWN:
        return value[:MOST_SHOWN] + f"... ({len(value)} characters)"
    return value
