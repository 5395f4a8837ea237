"""Reverts of the router and its parts."""

from executor.plan.reverts.kinds import ErrorType, Meaning

_BALANCES = (("address", "token"), ("uint256", "balanceBefore"), ("uint256", "balanceAfter"))
_CALLER = (("address", "caller"),)

TRADE: tuple[ErrorType, ...] = (
    ErrorType(
        "ProfitBelowMinimum",
        (*_BALANCES, ("uint256", "minimum")),
        Meaning.MOVED_PRICE,
        "the market moved: the promised profit is not there any more",
    ),
    ErrorType(
        "DeadlinePassed",
        (("uint256", "timestamp"), ("uint256", "deadline")),
        Meaning.STALE,
        "the plan's deadline has passed",
    ),
    ErrorType(
        "BlockPassed",
        (("uint256", "blockNumber"), ("uint256", "maximumBlock")),
        Meaning.STALE,
        "the plan's last block has passed",
    ),
    ErrorType(
        "WrongBlock",
        (("uint256", "blockNumber"), ("uint256", "expected")),
        Meaning.STALE,
        "the plan is for another block",
    ),
    ErrorType(
        "WrongParent",
        (("bytes32", "parentHash"), ("bytes32", "expected")),
        Meaning.STALE,
        "the plan was made on another block",
    ),
    ErrorType(
        "BaseFeeTooHigh",
        (("uint256", "baseFee"), ("uint256", "maximum")),
        Meaning.STALE,
        "the block's base fee is above the plan's ceiling",
    ),
    ErrorType(
        "PoolStateMoved",
        (("address", "pool"), ("uint256", "found"), ("uint256", "expected"), ("uint256", "tolerance")),
        Meaning.MOVED_PRICE,
        "a pool is not as it was simulated",
    ),
    ErrorType(
        "PoolStateUnreadable",
        (("address", "pool"),),
        Meaning.CONFIGURATION,
        "a guarded pool does not tell its state",
    ),
    ErrorType(
        "TipNeedsWrappedNative",
        (("address", "settlement"),),
        Meaning.CONFIGURATION,
        "a tip is paid out of the wrapped native token: end the route in a hop to it",
    ),
)

PAYMENTS: tuple[ErrorType, ...] = (
    ErrorType(
        "PaymentOverCap",
        (("address", "token"), ("uint256", "asked"), ("uint256", "cap")),
        Meaning.MOVED_PRICE,
        "a pool or lender asked for more than was agreed: a moved price, a changed premium, or an attack",
    ),
    ErrorType(
        "TokenCallFailed",
        (("address", "token"), ("bytes4", "selector"), ("address", "to"), ("uint256", "amount")),
        Meaning.TOKEN_REFUSED,
        "the token refused: not enough inventory, a blocked address, or a bad token",
    ),
    ErrorType(
        "BalanceUnreadable",
        (("address", "token"),),
        Meaning.CONFIGURATION,
        "an address given as a token is none",
    ),
    ErrorType(
        "TokenNotTracked",
        (("address", "token"),),
        Meaning.CONFIGURATION,
        "the plan pays a token that is not tracked",
    ),
    ErrorType(
        "TokenAlreadyTracked", (("address", "token"),), Meaning.CONFIGURATION, "the plan tracks a token twice"
    ),
    ErrorType(
        "TrackedTokenFell",
        _BALANCES,
        Meaning.TOKEN_TAX,
        "the router would have lost some of a token in between: a tax on its transfers, or a moved price",
    ),
    ErrorType(
        "AllowanceLeft",
        (("address", "token"), ("address", "spender"), ("uint256", "amount")),
        Meaning.ATTACK,
        "a false lender or venue: it did not pull all that it was allowed to",
    ),
    ErrorType(
        "PaymentNotCredited",
        (("address", "token"), ("uint256", "amount"), ("uint256", "credited")),
        Meaning.TOKEN_TAX,
        "the vault credited less than was paid: a tax on transfers, or someone else claimed it",
    ),
    ErrorType(
        "NativeTransferFailed",
        (("address", "to"), ("uint256", "amount")),
        Meaning.TOKEN_REFUSED,
        "the receiver does not take the chain's own coin",
    ),
    ErrorType(
        "NativeNotExpected",
        (("address", "from"),),
        Meaning.CONFIGURATION,
        "the router takes the chain's own coin only while a plan runs",
    ),
    ErrorType(
        "NothingWithdrawn",
        (("address", "token"), ("uint256", "amount")),
        Meaning.TOKEN_REFUSED,
        "the token did not move; it may be paused, or the router blocked",
    ),
)

CALLBACKS: tuple[ErrorType, ...] = (
    ErrorType(
        "CallbackNotRegistered",
        (("address", "caller"), ("bytes4", "selector")),
        Meaning.ATTACK,
        "a callback that nobody asked for: an attack or a false pool",
    ),
    ErrorType(
        "CallbackMissing",
        (("address", "expected"),),
        Meaning.ATTACK,
        "a false pool or lender: it never called back",
    ),
    ErrorType(
        "AlreadyRunning",
        (),
        Meaning.ATTACK,
        "the router was entered again while a plan was running; or no attack: a contract that is an operator"
        " was driven from an operator's account (use an account without a role), or a role ended in the same"
        " transaction (send the plan in the next)",
    ),
    ErrorType(
        "LoanNotOurs",
        (("address", "initiator"), ("address", "asset")),
        Meaning.ATTACK,
        "a loan that the router did not start",
    ),
    ErrorType(
        "NotInitiator",
        (("address", "initiator"), ("address", "token")),
        Meaning.ATTACK,
        "a loan that the router did not start, or of another token",
    ),
    ErrorType(
        "OnlyByDelegatecall",
        (),
        Meaning.CONFIGURATION,
        "a part of the router was called instead of the router",
    ),
    ErrorType(
        "UnknownFunction", (("bytes4", "selector"),), Meaning.CONFIGURATION, "the router has no such function"
    ),
)

VENUES: tuple[ErrorType, ...] = (
    ErrorType(
        "NoReserves", (("address", "pair"),), Meaning.CONFIGURATION, "an address given as a pair is none"
    ),
    ErrorType(
        "NoQuote", (("address", "pool"),), Meaning.CONFIGURATION, "an address given as a Solidly pair is none"
    ),
    ErrorType(
        "OutputOverspent",
        _BALANCES,
        Meaning.TOKEN_TAX,
        "sending on what a pool gave took more than that: a tax on transfers that the sender pays",
    ),
    ErrorType(
        "AmountTooLarge",
        (("uint256", "amount"),),
        Meaning.CONFIGURATION,
        "the amount is beyond what a pool takes",
    ),
    ErrorType(
        "SharesMissing",
        (("address", "vault"), ("uint256", "balance"), ("uint256", "expected")),
        Meaning.ATTACK,
        "a false vault: it took other than the shares that it was told to take",
    ),
    ErrorType(
        "BuyingHalted", (("address", "psm"),), Meaning.PAUSED, "the peg stability module sells no gem now"
    ),
    ErrorType(
        "NoFee",
        (("address", "psm"),),
        Meaning.CONFIGURATION,
        "an address given as a peg stability module is none",
    ),
    ErrorType(
        "LenderUnavailable",
        (("uint256", "opcode"),),
        Meaning.CONFIGURATION,
        "the router knows no such lender on this chain",
    ),
    ErrorType(
        "VenueUnavailable",
        (("uint256", "opcode"),),
        Meaning.CONFIGURATION,
        "the router knows no such venue on this chain",
    ),
)

FORMAT: tuple[ErrorType, ...] = (
    ErrorType(
        "UnknownStep",
        (("uint256", "opcode"), ("uint256", "flags")),
        Meaning.CONFIGURATION,
        "the router does not know such a step",
    ),
    ErrorType(
        "UnknownHeader",
        (("uint256", "flags"),),
        Meaning.CONFIGURATION,
        "the router does not know such a header",
    ),
    ErrorType(
        "UnknownGuard", (("uint256", "kind"),), Meaning.CONFIGURATION, "the router does not know such a guard"
    ),
    ErrorType(
        "PlanTruncated",
        (("uint256", "needed"), ("uint256", "available")),
        Meaning.CONFIGURATION,
        "the plan is cut off",
    ),
    ErrorType(
        "NoSettlementToken",
        (("uint256", "index"),),
        Meaning.CONFIGURATION,
        "the router's list has no token there",
    ),
)

CONTROL: tuple[ErrorType, ...] = (
    ErrorType("Paused", (), Meaning.PAUSED, "the router is paused; its owner can lift that"),
    ErrorType("NotOperator", _CALLER, Meaning.CONFIGURATION, "the sender is no operator of this router"),
    ErrorType("NotOwner", _CALLER, Meaning.CONFIGURATION, "only the owner may do this"),
    ErrorType("NotPendingOwner", _CALLER, Meaning.CONFIGURATION, "only the proposed owner may accept"),
    ErrorType("NotPauser", _CALLER, Meaning.CONFIGURATION, "only the pauser or the owner may pause"),
    ErrorType("NotAPlan", (("uint256", "index"),), Meaning.CONFIGURATION, "an entry of the batch is no plan"),
    ErrorType(
        "BatchGasTooLow",
        (("uint256", "index"), ("uint256", "available"), ("uint256", "needed")),
        Meaning.CONFIGURATION,
        "the transaction has too little gas left for the next plan of the batch",
    ),
)

CALL_FAILED = ErrorType(
    "CallFailed",
    (("address", "target"), ("bytes", "reason")),
    Meaning.UNKNOWN,
    "a pool, lender or token refused",
)
BATCH_PLAN_FAILED = ErrorType(
    "BatchPlanFailed",
    (("uint256", "index"), ("bytes", "reason")),
    Meaning.UNKNOWN,
    "a plan of an all-or-nothing batch failed",
)
SIMULATED = ErrorType(
    "Simulated",
    (("uint256", "profit"), ("uint256", "tip"), ("(uint256,uint256,uint256)[]", "hops")),
    Meaning.OUTCOME,
    "not a failure: the simulated plan works",
)

RAISED_IN_CALLBACKS: tuple[ErrorType, ...] = (*PAYMENTS, *CALLBACKS, *VENUES, *FORMAT)
"""What the router says to a pool or lender that calls it, and what comes back in what that one reverts with.
Everything else it says only to the sender.
"""
ROUTER_ERRORS: tuple[ErrorType, ...] = (
    *TRADE,
    *RAISED_IN_CALLBACKS,
    *CONTROL,
    CALL_FAILED,
    BATCH_PLAN_FAILED,
    SIMULATED,
)
