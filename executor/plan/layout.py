"""How the bytes of a step, a guard or a tip are laid out, said once: the encoder, the decoder and the
documentation all read it from here.

A layout is a sequence of parts behind the byte that names it. A part is one byte of flags, or one field; a
field may be there only under a condition on the flags before it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Literal

from executor.domain.errors import PlanError
from executor.plan import format as f
from executor.plan.bytewise import Reader, put_hex, put_uint

POOL_NAME = "pool"
Values = dict[str, Any]
"""What is known of a step while it is read or written: its attributes, and what its flags say."""


@dataclass(frozen=True, slots=True)
class Bits:
    """Some bits of a byte. Without `choices` and `of` they are a yes or no of that name.

    `choices`: the bits are the number of one of them. `of`: they say whether that attribute of the step is
    there (`absent`: that it is not). `always`: they can be nothing else; `never`: choices that have no
    meaning here.
    """

    name: str
    mask: int
    meaning: str
    choices: type[IntEnum] | None = None
    of: str = ""
    absent: bool = False
    always: IntEnum | None = None
    never: frozenset[IntEnum] = frozenset()
    shift: int = field(init=False)
    """The place of the lowest bit."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "shift", (self.mask & -self.mask).bit_length() - 1)

    @property
    def is_attribute(self) -> bool:
        """Whether the step has an attribute of that name."""
        return not self.of and self.always is None

    def write(self, values: Values) -> int:
        """The bits for `values`, in place; notes there what the conditions of later fields ask for."""
        if self.of:
            there = values[self.of] is not None and values[self.of] != ()
            values[self.name] = there is not self.absent
        number = int(values[self.name] if self.always is None else self.always)
        if not 0 <= number <= self.mask >> self.shift or number in self.never:
            raise PlanError(
                f"{self.name} {number} has no meaning in this step.",
                fix="choose another one of its enumeration",
                field=self.name,
            )
        return number << self.shift

    def read(self, byte: int, values: Values) -> None:
        """Note in `values` what the bits of `byte` say. Raises ValueError where they say nothing."""
        number = (byte & self.mask) >> self.shift
        if number in self.never or (self.always is not None and number != self.always):
            raise ValueError(number)
        values[self.name] = self.choices(number) if self.choices else bool(number)


@dataclass(frozen=True, slots=True)
class Flags:
    """One byte of bits; bits that no part of it names must be zero."""

    bits: tuple[Bits, ...] = ()
    title: str = "flags"

    @property
    def known(self) -> int:
        """The bits that have a meaning."""
        return sum(part.mask for part in self.bits)


@dataclass(frozen=True, slots=True)
class When:
    """A condition on the flags, with its words."""

    words: str
    test: Callable[[Values], bool]


@dataclass(frozen=True, slots=True)
class Field:
    """One field: `width` bytes, or steps behind their length. Without a condition it is always there;
    `default` is what the attribute is when it is not.
    """

    name: str
    width: int
    meaning: str
    kind: Literal["uint", "address", "hex", "steps"] = "uint"
    when: When | None = None
    default: object = None

    def there(self, values: Values) -> bool:
        """Whether the flags say that the field is there."""
        return self.when is None or self.when.test(values)

    def write(self, values: Values) -> bytes:
        """The field's bytes. Raises PlanError naming it if it is missing or does not fit."""
        value = values[self.name]
        if value is None:
            raise PlanError(f"{self.name} is missing.", fix=f"give the step its {self.name}", field=self.name)
        if self.kind == "steps":
            body = b"".join(step.encode() for step in value)
            return put_uint(len(body), f.LENGTH_BYTES, f"{self.name} length") + body
        if self.kind == "uint":
            return put_uint(value, self.width, self.name)
        return put_hex(value, self.width, self.name)

    def read(self, reader: Reader) -> object:
        """The field's value, from where the reader stands."""
        if self.kind == "steps":
            return reader.inner().steps()
        if self.kind == "address":
            return reader.address()
        return reader.uint(self.width) if self.kind == "uint" else "0x" + reader.take(self.width).hex()


Part = Flags | Field


@dataclass(frozen=True, slots=True)
class Layout:
    """The byte that names it, and the parts behind it. `directed`: its lowest bit is the attribute
    `direction`, which means what `turned` says.
    """

    number: IntEnum
    parts: tuple[Part, ...]
    directed: bool = False
    direction: str = "zero_for_one"
    turned: str = "token0 goes in"
    attributes: tuple[str, ...] = field(init=False)
    """The attributes that the parts stand for, in order."""
    shows_pool: bool = field(init=False)
    """Whether its pool stands where a hop that sends to the next pool looks for it."""

    def __post_init__(self) -> None:
        names: list[str] = []
        for part in self.parts:
            names += [b.name for b in part.bits if b.is_attribute] if isinstance(part, Flags) else [part.name]
        object.__setattr__(self, "attributes", tuple(names))
        object.__setattr__(self, "shows_pool", self._pool_ends_at() == f.POOL_STEP_BYTES)

    def _pool_ends_at(self) -> int:
        """How many bytes the step has up to its pool; 0 where it names none, or not always at one place."""
        at = 1
        for part in self.parts:
            at += 1 if isinstance(part, Flags) else part.width
            if isinstance(part, Field) and (part.name == POOL_NAME or part.when or part.kind == "steps"):
                return at if part.name == POOL_NAME else 0
        return 0

    def encode(self, source: object) -> bytes:
        """The bytes of `source`, whose attributes are the fields and flags. Raises PlanError."""
        values = {name: getattr(source, name) for name in self.attributes}
        direction = f.ZERO_FOR_ONE if self.directed and getattr(source, self.direction, False) else 0
        out = bytes([self.number | direction])
        for part in self.parts:
            if isinstance(part, Flags):
                out += bytes([sum(bits.write(values) for bits in part.bits)])
            elif part.there(values):
                out += part.write(values)
        return out

    def decode(self, reader: Reader, byte: int) -> Values:
        """The attributes, from a reader that stands behind the naming `byte`. Raises PlanError."""
        values: Values = {self.direction: bool(byte & f.ZERO_FOR_ONE)} if self.directed else {}
        next_pool = False
        for part in self.parts:
            if isinstance(part, Flags):
                self._read_flags(part, reader, byte, values)
                next_pool = values.get("recipient") is f.Recipient.NEXT_POOL
            elif not part.there(values):
                values[part.name] = part.default
            else:
                if part.kind == "steps" and next_pool:
                    reader.peek_pool_step(reader.at + f.LENGTH_BYTES)
                    next_pool = False
                values[part.name] = part.read(reader)
        if next_pool:
            reader.peek_pool_step(reader.at)
        return {name: values[name] for name in (*self.attributes, *((self.direction,) * self.directed))}

    def _read_flags(self, flags: Flags, reader: Reader, byte: int, values: Values) -> None:
        read = reader.uint(1)
        if read & ~flags.known:
            raise unknown(byte, read)
        for bits in flags.bits:
            try:
                bits.read(read, values)
            except ValueError:
                raise unknown(byte, read) from None


def unknown(byte: int, flags: int) -> PlanError:
    """The refusal of a byte that names nothing, or of flags that it does not have."""
    return PlanError(
        f"Nothing has the number 0x{byte:02x} with flags 0x{flags:02x}.",
        fix="check which router version made this plan",
        opcode=byte,
        flags=flags,
    )


def named(layouts: Mapping[int, Layout], byte: int) -> Layout | None:
    """The layout that `byte` names, its direction put aside where the layout has one."""
    direct = layouts.get(byte)
    if direct is not None:
        return direct
    turned = layouts.get(byte & ~f.ZERO_FOR_ONE)
    return turned if turned is not None and turned.directed else None


PAYER = Bits("payer", f.PAYER_MASK, "who pays the input", choices=f.Payer)
PULLED_PAYER = Bits(
    "payer", f.PAYER_MASK, "who pays the input", choices=f.Payer, never=frozenset({f.Payer.NONE})
)
RECIPIENT = Bits("recipient", f.RECIPIENT_MASK, "who receives the output", choices=f.Recipient)


def last(of: str = "amount_in") -> Bits:
    """The bit that says that the amount is what the last step gave."""
    return Bits("last", f.AMOUNT_LAST, "LAST: the amount is what the last step gave", of=of, absent=True)


def choice_is(name: str, choice: IntEnum) -> When:
    """The condition that bits chose one of their choices."""
    return When(f"{name} is {choice.name}", lambda values: values[name] is choice)


UNLESS_LAST = When("unless LAST", lambda values: not values["last"])
IF_TRACKED = choice_is("payer", f.Payer.TRACKED)

POOL = Field(POOL_NAME, f.ADDRESS_BYTES, "the pool", "address")
TO = Field(
    "to",
    f.ADDRESS_BYTES,
    "the receiver of the output",
    "address",
    choice_is("recipient", f.Recipient.EXPLICIT),
)


def amount_field(name: str = "amount_in", meaning: str = "the input") -> Field:
    """An amount in 16 bytes that is there unless it is what the last step gave."""
    return Field(name, f.AMOUNT_BYTES, meaning, when=UNLESS_LAST)


def address_field(name: str, meaning: str, when: When | None = None) -> Field:
    """An address."""
    return Field(name, f.ADDRESS_BYTES, meaning, "address", when)


def steps_field(meaning: str, when: When | None = None) -> Field:
    """Steps behind their length in two bytes."""
    return Field("continuation", f.LENGTH_BYTES, meaning, "steps", when, default=())
