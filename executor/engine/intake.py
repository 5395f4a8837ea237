"""From JSON to an Opportunity: everything that comes from outside is checked here, field by field."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from executor.domain.errors import OpportunityError
from executor.domain.json_text import load_json
from executor.domain.opportunity import LegRequest, Opportunity
from executor.domain.route import Funding
from executor.engine.opportunity_schema import EXPLICIT, HIGH_LEVEL, SEVERAL, Schema

MAX_TEXT = 1 << 20
"""An opportunity's JSON text is at most this many characters."""


def load(text: str, *, most: int = MAX_TEXT) -> object:
    """JSON text of at most `most` characters as Python values: fractions become Decimal, never float.

    Raises OpportunityError (field "$") for what is not JSON, a key given twice, NaN and Infinity.
    """
    if len(text) > most:
        raise OpportunityError("$", f"the text has {len(text)} characters", fix=f"keep it under {most}")
    try:
        return load_json(
            text, parse_float=Decimal, parse_constant=_refuse_constant, object_pairs_hook=_object
        )
    except json.JSONDecodeError as error:
        raise OpportunityError(
            "$", f"not JSON: {error.msg} at character {error.pos}", fix="give one JSON object"
        ) from None
    except RecursionError:
        raise OpportunityError("$", "nested too deep", fix="give one flat JSON object") from None
    except OpportunityError:
        raise
    except ArithmeticError:
        raise OpportunityError("$", "holds a number out of all bounds", fix="correct it") from None
    except ValueError as error:  # Python refuses to read integers of more than 4300 digits
        raise OpportunityError("$", f"not readable: {error}", fix="give amounts as decimal strings") from None


def parse(data: object) -> Opportunity:
    """The Opportunity in `data` (a mapping as JSON gives it).

    Raises OpportunityError naming the first wrong field.
    """
    found = problems(data)
    if found:
        raise found[0]
    assert isinstance(data, Mapping)
    return _build(data)


def problems(data: object) -> list[OpportunityError]:
    """Every reason why `data` is not acceptable, in the order of the fields; empty when it is."""
    if not isinstance(data, Mapping):
        return [OpportunityError("$", f"a {_kind(data)} is not an opportunity", fix="give one JSON object")]
    document = dict(data)
    try:
        found = [
            problem
            for error in _validator(_form_of(document)).iter_errors(document)
            for problem in _explain(error)
        ] or list(_beyond_the_schema(document))
    except (TypeError, ValueError, ArithmeticError, RecursionError) as error:
        # Python values that JSON cannot hold: names that are no text, whole numbers of thousands of digits.
        told = f"holds what JSON cannot say ({type(error).__name__})"
        return [OpportunityError("$", told, fix="give text names, and amounts as decimal strings")]
    once = {(problem.field, problem.message): problem for problem in found}
    return [once[key] for key in sorted(once)]


def document_of(opportunity: Opportunity) -> dict[str, object]:
    """The JSON form of an opportunity that a program has built, so that it passes the same checks."""
    values: dict[str, Any] = {
        name: value for name, value in asdict(opportunity).items() if value not in (None, ())
    }
    amount, legs, routes = opportunity.amount, values.get("legs"), values.get("routes")
    if isinstance(amount, int) and amount.bit_length() <= 256:
        values["amount"] = str(amount)
    if isinstance(legs, list | tuple):
        values["legs"] = [_without_nulls(leg) for leg in legs]
    if isinstance(routes, list | tuple):
        values["routes"] = [_route_without_nulls(route) for route in routes]
    return values


def _route_without_nulls(route: Any) -> Any:
    return [_without_nulls(leg) for leg in route] if isinstance(route, list | tuple) else route


def _without_nulls(leg: Any) -> Any:
    if not isinstance(leg, Mapping):
        return leg
    return {name: value for name, value in leg.items() if value is not None}


def _form_of(document: Mapping[object, object]) -> str:
    """Which of the schema's forms it is meant to be in."""
    return next((name for name in ("legs", "routes") if name in document), "")


def opportunity_id(data: object) -> str:
    """The id that `data` carries, as far as it carries one; else empty. For labelling a rejection."""
    found = data.get("opportunity_id") if isinstance(data, Mapping) else None
    return found[:200] if isinstance(found, str) else ""


def chain_name(data: object) -> str:
    """The chain that `data` names, as far as it names one; else empty. For labelling a rejection."""
    found = data.get("chain") if isinstance(data, Mapping) else None
    return found[:64] if isinstance(found, str) else ""


def _build(data: Mapping[str, Any]) -> Opportunity:
    amount, funding, estimate = data.get("amount"), data.get("funding"), data.get("estimated_net_profit_usd")
    return Opportunity(
        opportunity_id=data["opportunity_id"],
        chain=data["chain"],
        legs=tuple(LegRequest(**leg) for leg in data.get("legs", ())),
        token=data.get("token"),
        quote_token=data.get("quote_token"),
        buy_dex=data.get("buy_dex"),
        sell_dex=data.get("sell_dex"),
        amount=None if amount is None else int(amount),
        funding=None if funding is None else Funding(funding),
        estimated_net_profit_usd=None if estimate is None else _decimal(estimate),
        deadline=data.get("deadline"),
        routes=data.get("routes"),
    )


def _beyond_the_schema(data: Mapping[str, Any]) -> Iterator[OpportunityError]:
    """What JSON Schema cannot say."""
    if not data["opportunity_id"].isprintable():
        yield OpportunityError(
            "opportunity_id", "holds characters that cannot be printed", fix="use printable characters"
        )
    amount = data.get("amount")
    if amount is not None and int(amount) >= 1 << 256:
        yield OpportunityError("amount", "more than a token amount can be", fix="give less than 2**256")
    estimate = data.get("estimated_net_profit_usd")
    if estimate is not None and not _is_finite(estimate):
        yield OpportunityError(
            "estimated_net_profit_usd", "not a number", fix="give a number, or leave it out"
        )
    routes = {"legs": data.get("legs", ())}
    routes |= {f"routes[{place}]": route for place, route in enumerate(data.get("routes", ()))}
    for field, legs in routes.items():
        pools = [str(leg["pool"]).lower() for leg in legs]
        for index, pool in enumerate(pools):
            if pool in pools[:index]:
                yield OpportunityError(
                    f"{field}[{index}].pool", "stands in the route already", fix="name each pool once"
                )


def _explain(error: ValidationError) -> Iterator[OpportunityError]:
    path = _path(error)
    schema: Schema = dict(error.schema) if isinstance(error.schema, Mapping) else {}
    document: Any = error.instance
    if error.validator == "required":
        for name in schema["required"]:
            if name not in document:
                yield OpportunityError(_join(path, name), "is missing", fix=_give(_property(schema, name)))
    elif error.validator == "additionalProperties":
        known = ", ".join(schema["properties"])
        for name in document:
            if not _is_known(name, schema):
                fix = f"remove it, or put it into metadata; the fields are {known}"
                yield OpportunityError(_join(path, str(name)), "is not a field of this form", fix=fix)
    else:
        yield OpportunityError(path or "$", _complaint(error), fix=_give(schema))


def _complaint(error: ValidationError) -> str:
    value, kind = error.instance, _kind(error.instance)
    if error.validator == "type":
        return f"{_shown(value)} is a {kind}" if value is not None else "is null"
    return f"{_shown(value)} is not acceptable"


def _shown(value: object) -> str:
    if isinstance(value, str):
        return repr(value[:80])
    return str(value)[:80] if isinstance(value, int | float | Decimal) else f"a {_kind(value)}"


def _give(schema: object) -> str:
    description = schema.get("description") if isinstance(schema, Mapping) else None
    return f"give {description}" if description else "see `executor schema`"


def _property(schema: Mapping[str, Any], name: str) -> object:
    return schema.get("properties", {}).get(name)


def _is_known(name: object, schema: Mapping[str, Any]) -> bool:
    prefixes = tuple(pattern.lstrip("^") for pattern in schema.get("patternProperties", {}))
    return isinstance(name, str) and (
        name in schema["properties"] or (bool(prefixes) and name.startswith(prefixes))
    )


def _path(error: ValidationError) -> str:
    text = ""
    for part in error.absolute_path:
        text = f"{text}[{part}]" if isinstance(part, int) else _join(text, part)
    return text


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _kind(value: object) -> str:
    names: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (bool, "boolean"),
        (int, "whole number"),
        ((float, Decimal), "fraction"),
        (str, "text"),
        (Mapping, "object"),
        (list, "list"),
    )
    return next(
        (name for kinds, name in names if isinstance(value, kinds)),
        "null" if value is None else type(value).__name__,
    )


def _decimal(value: object) -> Decimal:
    return Decimal(value) if isinstance(value, int) else Decimal(str(value))


def _is_finite(value: object) -> bool:
    try:
        return _decimal(value).is_finite()
    except InvalidOperation:
        return False


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(name for name, _ in pairs if sum(name == other for other, _ in pairs) > 1)
        raise OpportunityError(twice, "is given twice", fix="give each field once")
    return found


def _refuse_constant(name: str) -> object:
    raise OpportunityError("$", f"{name} is not a JSON number", fix="give a number, or leave the field out")


@cache
def _validator(form: str) -> Any:
    """Integers are ints only (JSON Schema would take 3000.0 for one); numbers may be Decimal."""
    checker = Draft202012Validator.TYPE_CHECKER.redefine_many(
        {
            "integer": lambda _, value: isinstance(value, int) and not isinstance(value, bool),
            "number": lambda _, value: (
                isinstance(value, int | float | Decimal) and not isinstance(value, bool)
            ),
            "object": lambda _, value: isinstance(value, Mapping),
            "array": lambda _, value: isinstance(value, list | tuple),
        }
    )
    derive: Any = extend
    return derive(Draft202012Validator, {"pattern": _pattern}, type_checker=checker)(
        {"legs": EXPLICIT, "routes": SEVERAL}.get(form, HIGH_LEVEL)
    )


def _pattern(_: object, pattern: str, value: object, __: object) -> Iterator[ValidationError]:
    """As the standard means it: Python's "$" would let a trailing line break pass."""
    if isinstance(value, str) and not re.search(pattern.replace("$", "\\Z"), value):
        yield ValidationError("does not match")
