"""The JSON Schema of what `executor run` prints; published as docs/execution.schema.json."""

from executor.domain.execution import Status
from executor.domain.route import Funding

_AMOUNT = "^-?[0-9]+$"


def _or_null(description: str, **rules: object) -> dict[str, object]:
    return {"anyOf": [rules, {"type": "null"}], "description": description}


def _amount(description: str) -> dict[str, object]:
    return _or_null(description, type="string", pattern=_AMOUNT)


def _text(description: str, **rules: object) -> dict[str, object]:
    return {"type": "string", "description": description, **rules}


def _list_of_text(description: str) -> dict[str, object]:
    return {"type": "array", "items": {"type": "string"}, "description": description}


_REASON: dict[str, object] = {
    "type": "object",
    "properties": {
        "code": _text("stable name of the reason"),
        "message": _text("a sentence for people, with the fix where there is one"),
        "facts": {
            "type": "object",
            "description": "the figures that decided; whole numbers as decimal strings",
        },
    },
    "required": ["code", "message", "facts"],
    "additionalProperties": False,
}

_STATUSES = {
    Status.REALISED: "mined, and its logs show the profit",
    Status.DECLINED: "nothing sent: the market or a limit says no",
    Status.REJECTED: "nothing sent: the input or the set-up must be mended",
    Status.DRY_RUN: "nothing sent: this is what would have been",
    Status.REVERTED: "mined, but the router undid everything; only gas was paid",
    Status.FAILED: "ended without a trade; `transaction_hashes` tells whether anything was sent",
    Status.PENDING: "sent, outcome unknown; the same id again goes on with it",
    Status.CANCELLED: "sent, then replaced by a transfer to oneself that was mined; only gas was paid",
    Status.ACCEPTED: "recorded, nothing sent yet; the same id again goes on with it",
}

_PROPERTIES: dict[str, object] = {
    "opportunity_id": _text("as given; empty where the input had none"),
    "chain": _text("as given"),
    "status": {
        "enum": [status.value for status in Status],
        "description": "; ".join(f"{status.value}: {meaning}" for status, meaning in _STATUSES.items()),
    },
    "success": {"type": "boolean", "description": "true for realised only"},
    "reasons": {"type": "array", "items": _REASON, "description": "why it ended so; empty when realised"},
    "settlement_token": _or_null("address of the token that profit is measured in", type="string"),
    "settlement_symbol": _or_null("its symbol", type="string"),
    "settlement_decimals": _or_null("its decimals", type="integer"),
    "funding": _or_null("whose money started the route", enum=[funding.value for funding in Funding]),
    "amount_in": _amount(
        "input of the first leg, of several routes the largest, in the settlement token's smallest unit"
    ),
    "expected_profit": _amount(
        "simulated settlement-token delta of the router, after premium and tip, before gas"
    ),
    "expected_net_profit": _amount("the same less the expected gas"),
    "realised_profit": _amount(
        "settlement-token delta of the router by the receipt's logs, after premium and tip, before gas"
    ),
    "realised_net_profit": _amount("the same less the gas that was paid"),
    "minimum_profit": _amount("what the router was told to insist on"),
    "gas_cost_wei": _amount("gas paid, or expected where nothing was mined, in wei of the native coin"),
    "gas_used": _or_null("gas used, or the node's estimate where nothing was mined", type="integer"),
    "profit_usd": _or_null("net profit in USD: realised where mined, else expected", type="string"),
    "block_number": _or_null("block of the receipt, or the block that was looked at", type="integer"),
    "plan": _or_null(
        "the router call, as 0x text; `executor explain` reads it",
        type="string",
        pattern="^0x([0-9a-f]{2})*$",
    ),
    "execution_time_seconds": _or_null("seconds it took, as a decimal string", type="string"),
    "transaction_hashes": _list_of_text("every transaction that was sent for it"),
    "route": _list_of_text("the legs in words"),
    "details": {
        "type": "object",
        "description": "further facts: router, sender, nonce, fees, amounts, prices, balance check, place "
        "in the input; `payers`: who pays, with `funding`, `pool` (the lender's address where a pool lends), "
        "`amount` and `premium`; of several routes `routes`, each with its `payers`, `left_out`, and "
        "`total_in` and `total_out` of all together, where `amount_in` is the largest input alone",
    },
}


def execution_schema() -> dict[str, object]:
    """JSON Schema (draft 2020-12) of one line of output.

    Fields are never removed or renamed; new ones may come.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Execution",
        "description": "The fate of one opportunity. Amounts are decimal strings.",
        "type": "object",
        "properties": _PROPERTIES,
        "required": list(_PROPERTIES),
    }
