"""The one JSON Schema of what the executor accepts; published as docs/opportunity.schema.json.

Each property's `description` completes the sentence "give ...", so that a rejection tells the fix in the
schema's own words.
"""

from typing import Any

from executor.domain.pool import VenueKind
from executor.domain.route import OWN_MEANS, POOL_LOANS, Funding
from executor.lenders import LENDERS

Schema = dict[str, Any]

FUNDINGS = [kind for kind in Funding if kind in OWN_MEANS | POOL_LOANS or kind in LENDERS]
"""What an opportunity may ask for: own means, and the lenders whose terms can be read."""

MAX_LEGS = 8
MAX_ROUTES = 4
IGNORED_PREFIX = "estimated_"
"""A detector may add fields of this prefix; they are kept out of every decision."""


def _text(description: str, **rules: object) -> Schema:
    return {"type": "string", "description": description, **rules}


_ADDRESS = "^0[xX][0-9a-fA-F]{40}$"
_ADDRESS_OR_ID = "^0[xX]([0-9a-fA-F]{40}|[0-9a-fA-F]{64})$"
_TOKEN = {"minLength": 1, "maxLength": 64, "pattern": "^[^\\s\\x00-\\x1f\\x7f]+$"}
_DEX = {"minLength": 1, "maxLength": 64, "pattern": "^[A-Za-z0-9_.\\-]+$"}

_SHARED: Schema = {
    "opportunity_id": _text(
        "text of 1 to 200 printable characters, unique per emission",
        minLength=1,
        maxLength=200,
        pattern="^[^\\x00-\\x1f\\x7f]+$",
    ),
    "chain": _text('the name of a configured chain, such as "ethereum"', minLength=1, maxLength=64),
    "amount": _text(
        "a positive whole number in the settlement token's smallest unit as a decimal string, such as "
        '"1000000000000000000"; it caps the input',
        pattern="^[1-9][0-9]{0,77}$",
    ),
    "funding": {
        "enum": [kind.value for kind in FUNDINGS],
        "description": "one of " + ", ".join(kind.value for kind in FUNDINGS) + ", or leave it out",
    },
    "deadline": {
        "type": "integer",
        "minimum": 1,
        "maximum": 2**48 - 1,
        "description": "unix seconds as a whole number, after which nothing may be sent",
    },
    "estimated_net_profit_usd": {
        "type": ["string", "number"],
        "description": "a number or a decimal string; it is recorded and never trusted",
    },
    "metadata": {"type": "object", "description": "an object of the detector's own; it is ignored"},
}

_LEG: Schema = {
    "type": "object",
    "description": "an object naming a pool and the token that goes in",
    "properties": {
        "pool": _text(
            "the pool's address, 0x followed by 40 hexadecimal digits, or a V4 pool's id, by 64",
            pattern=_ADDRESS_OR_ID,
        ),
        "token_in": _text("the symbol or address of the token that goes into this pool", **_TOKEN),
        "dex": _text('the venue\'s name in the chain data, such as "uniswap_v2"', **_DEX),
        "kind": {
            "enum": [kind.value for kind in VenueKind],
            "description": "one of " + ", ".join(kind.value for kind in VenueKind),
        },
        "fee": {
            "type": "integer",
            "minimum": 0,
            "maximum": 999_999,
            "description": "the pool's fee in millionths as a whole number, such as 3000 for 0.3 %",
        },
        "tick_spacing": {
            "type": "integer",
            "minimum": 1,
            "maximum": 32_767,
            "description": "a V4 pool's tick spacing as a whole number from 1 to 32767",
        },
        "hooks": _text("the address of a V4 pool's hooks, left out where it has none", pattern=_ADDRESS),
    },
    "required": ["pool", "token_in"],
    "additionalProperties": False,
}


def _form(title: str, own: Schema, required: list[str]) -> Schema:
    return {
        "type": "object",
        "title": title,
        "properties": {**_SHARED, **own},
        "required": ["opportunity_id", "chain", *required],
        "patternProperties": {
            f"^{IGNORED_PREFIX}": {"description": "an estimate of the detector; it is never trusted"}
        },
        "additionalProperties": False,
    }


_LEGS: Schema = {
    "type": "array",
    "minItems": 2,
    "maxItems": MAX_LEGS,
    "items": _LEG,
    "description": f"2 to {MAX_LEGS} legs in order; the first one takes and the last one gives the "
    "settlement token",
}

EXPLICIT = _form("Explicit: pool by pool", {"legs": _LEGS}, ["legs"])

SEVERAL = _form(
    "Several routes, one after the other in one transaction; `amount` caps each of them",
    {
        "routes": {
            "type": "array",
            "minItems": 2,
            "maxItems": MAX_ROUTES,
            "items": _LEGS,
            "description": f"2 to {MAX_ROUTES} routes, each a list of legs, all of one settlement token and "
            "no pool in two of them",
        }
    },
    ["routes"],
)

HIGH_LEVEL = _form(
    "High-level: buy `token` with `quote_token` at `buy_dex`, sell it at `sell_dex`",
    {
        "token": _text("the symbol or address of the token that is bought and sold", **_TOKEN),
        "quote_token": _text("the symbol or address of the settlement token", **_TOKEN),
        "buy_dex": _text("the venue where the token is bought, as named in the chain data", **_DEX),
        "sell_dex": _text("the venue where the token is sold, as named in the chain data", **_DEX),
    },
    ["token", "quote_token", "buy_dex", "sell_dex"],
)


def opportunity_schema() -> Schema:
    """The published JSON Schema (draft 2020-12): an opportunity is in one of three forms."""
    forms = {"explicit": EXPLICIT, "several": SEVERAL, "high_level": HIGH_LEVEL}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Opportunity",
        "description": "An arbitrage opportunity on one chain. Amounts are decimal strings in the token's "
        "smallest unit.",
        "oneOf": [{"$ref": f"#/$defs/{name}"} for name in forms],
        "$defs": forms,
    }
