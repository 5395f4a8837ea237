"""Reverts of the router, decoded by name, down to the innermost reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from eth_abi.exceptions import DecodingError
from eth_hash.auto import keccak

from executor.domain.abi import CODEC


@dataclass(frozen=True, slots=True)
class ErrorType:
    """A custom error of the router: its arguments in order, and what it means for the trade."""

    name: str
    arguments: tuple[tuple[str, str], ...]
    meaning: str

    @property
    def selector(self) -> bytes:
        """The first four bytes of the revert data."""
        return keccak(f"{self.name}({','.join(kind for kind, _ in self.arguments)})".encode())[:4]


ROUTER_ERRORS: tuple[ErrorType, ...] = (
    ErrorType(
        "ProfitBelowMinimum",
        (
            ("address", "token"),
            ("uint256", "balanceBefore"),
            ("uint256", "balanceAfter"),
            ("uint256", "minimum"),
        ),
        "the market moved: the promised profit is not there any more",
    ),
    ErrorType(
        "DeadlinePassed",
        (("uint256", "timestamp"), ("uint256", "deadline")),
        "stale: the plan's deadline has passed",
    ),
    ErrorType(
        "BlockPassed",
        (("uint256", "blockNumber"), ("uint256", "maximumBlock")),
        "stale: the plan's last block has passed",
    ),
    ErrorType("CallFailed", (("address", "target"), ("bytes", "reason")), "a pool or lender refused"),
    ErrorType("NoReserves", (("address", "pair"),), "configuration: this is no pair"),
    ErrorType(
        "AmountTooLarge", (("uint256", "amount"),), "configuration: the amount is beyond what a pool takes"
    ),
    ErrorType(
        "PaymentOverCap",
        (("address", "token"), ("uint256", "asked"), ("uint256", "cap")),
        "a pool or lender asked for more than was agreed: moved price, changed premium, or an attack",
    ),
    ErrorType(
        "TokenCallFailed",
        (("address", "token"), ("bytes4", "selector"), ("address", "to"), ("uint256", "amount")),
        "the token refused the transfer: not enough inventory, a blocked address, or a bad token",
    ),
    ErrorType("BalanceUnreadable", (("address", "token"),), "configuration: this is no token"),
    ErrorType(
        "TokenNotTracked", (("address", "token"),), "configuration: the plan pays a token that is not tracked"
    ),
    ErrorType("TokenAlreadyTracked", (("address", "token"),), "configuration: the plan tracks a token twice"),
    ErrorType(
        "TrackedTokenFell",
        (("address", "token"), ("uint256", "balanceBefore"), ("uint256", "balanceAfter")),
        "the router would have lost some of a token in between",
    ),
    ErrorType(
        "CallbackNotRegistered",
        (("address", "caller"), ("bytes4", "selector")),
        "attack or false pool: a callback that nobody asked for",
    ),
    ErrorType("CallbackMissing", (("address", "expected"),), "false pool or lender: it never called back"),
    ErrorType("AlreadyRunning", (), "attack: the router was entered again while a plan was running"),
    ErrorType(
        "AllowanceLeft",
        (("address", "token"), ("address", "spender"), ("uint256", "amount")),
        "false lender or pool: it did not pull all that it was allowed to",
    ),
    ErrorType(
        "SharesMissing",
        (("address", "vault"), ("uint256", "balance"), ("uint256", "expected")),
        "attack or false vault: it took other than the shares that it was told to take",
    ),
    ErrorType("NoQuote", (("address", "pool"),), "configuration: this is no pool of the Solidly shape"),
    ErrorType(
        "VenueUnavailable",
        (("uint256", "opcode"),),
        "configuration: the router knows no such venue on this chain",
    ),
    ErrorType(
        "OnlyByDelegatecall", (), "configuration: the extension was called, which only the router may do"
    ),
    ErrorType(
        "NothingWithdrawn",
        (("address", "token"), ("uint256", "amount")),
        "the token did not move; it may be paused, or the router blocked",
    ),
    ErrorType(
        "LoanNotOurs",
        (("address", "initiator"), ("address", "asset")),
        "attack: a loan that the router did not start",
    ),
    ErrorType(
        "LenderUnavailable",
        (("uint256", "opcode"),),
        "configuration: the router knows no such lender on this chain",
    ),
    ErrorType(
        "NoSettlementToken", (("uint256", "index"),), "configuration: the router's list has no token there"
    ),
    ErrorType(
        "UnknownStep",
        (("uint256", "opcode"), ("uint256", "flags")),
        "configuration: the router does not know such a step",
    ),
    ErrorType(
        "UnknownHeader", (("uint256", "flags"),), "configuration: the router does not know such a header"
    ),
    ErrorType(
        "PlanTruncated",
        (("uint256", "needed"), ("uint256", "available")),
        "configuration: the plan is cut off",
    ),
    ErrorType("Paused", (), "the router is paused; its owner can lift that"),
    ErrorType(
        "NotOperator", (("address", "caller"),), "configuration: the sender is no operator of this router"
    ),
    ErrorType("NotOwner", (("address", "caller"),), "configuration: only the owner may do this"),
    ErrorType(
        "NotPendingOwner", (("address", "caller"),), "configuration: only the proposed owner may accept"
    ),
    ErrorType("NotPauser", (("address", "caller"),), "configuration: only the pauser or the owner may pause"),
    ErrorType(
        "NativeTransferFailed", (("address", "to"), ("uint256", "amount")), "the receiver does not take ETH"
    ),
)

_BUILT_IN = (
    ErrorType("Error", (("string", "message"),), "the called contract refused"),
    ErrorType("Panic", (("uint256", "panicCode"),), "arithmetic or array bounds in the called contract"),
)

MOST_SHOWN = 512
MOST_NESTED = 16

_BY_SELECTOR: Mapping[bytes, ErrorType] = {error.selector: error for error in (*ROUTER_ERRORS, *_BUILT_IN)}


@dataclass(frozen=True, slots=True)
class DecodedError:
    """A revert: the innermost error's name, arguments and meaning, and the pools or lenders it came through,
    outermost first.
    """

    name: str
    args: dict[str, object]
    meaning: str
    through: tuple[str, ...] = field(default=())


def decode_revert(data: bytes) -> DecodedError:
    """What `data` (a revert's return data) says. Never raises: what is not known is named `Unknown`.

    The bytes come from contracts that may be hostile: text and bytes are kept up to `MOST_SHOWN` of them.
    """
    through: list[str] = []
    while True:
        error = _BY_SELECTOR.get(data[:4])
        args = None if error is None else _arguments(error, data[4:])
        if error is None or args is None:
            name, meaning = (
                ("Empty", "the called contract gave no reason")
                if not data
                else ("Unknown", "the reason is not known here")
            )
            return DecodedError(name, {"data": _plain(data)}, meaning, tuple(through))
        reason = args.get("reason")
        if error.name != "CallFailed" or not isinstance(reason, bytes) or len(through) == MOST_NESTED:
            shown = {key: _plain(value) for key, value in args.items()}
            return DecodedError(error.name, shown, error.meaning, tuple(through))
        through.append(str(args["target"]))
        data = reason


def _arguments(error: ErrorType, body: bytes) -> dict[str, object] | None:
    try:
        values = CODEC.decode([kind for kind, _ in error.arguments], body)
    except (DecodingError, UnicodeDecodeError, OverflowError):
        return None
    return dict(zip((name for _, name in error.arguments), values, strict=True))


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        rest = f"... ({len(value)} bytes)" if len(value) > MOST_SHOWN else ""
        return "0x" + value[:MOST_SHOWN].hex() + rest
    if isinstance(value, str) and len(value) > MOST_SHOWN:
        return value[:MOST_SHOWN] + f"... ({len(value)} characters)"
    return value
