"""The shape of a chain data file, before symbols are resolved and checks are encoded."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, ValidationError, ValidationInfo, field_validator, model_validator

from executor.config.errors import config_error
from executor.config.fields import AddressText, HexBytes, Strict, WholeNumber
from executor.domain.chain import L2Kind
from executor.domain.fee_rules import BaseFeeKind, DataFee
from executor.domain.pool import FEE_UNIT, V3Callback, VenueKind
from executor.domain.route import Funding
from executor.domain.token import BASIS_POINTS

MOST_SETTLEMENT_TOKENS = 4
"""How many settlement tokens a router is deployed with at most."""


def _as_list(value: object) -> object:
    return value if isinstance(value, list) else [value]


def _each_key_whole(value: object) -> object:
    """Fee tiers may be written as digits; keys of a YAML mapping are text here."""
    return {str(key): entry for key, entry in value.items()} if isinstance(value, Mapping) else value


Positive = Annotated[WholeNumber, Field(ge=1)]
Fee = Annotated[WholeNumber, Field(ge=0, lt=FEE_UNIT)]
LenderName = Literal[
    Funding.AAVE_V3,
    Funding.SPARK,
    Funding.BALANCER_V2,
    Funding.BALANCER_V3,
    Funding.MORPHO_BLUE,
    Funding.ERC3156,
    Funding.UNISWAP_V4,
]


class CheckEntry(Strict):
    """One call with its expected answer: either `call` (a signature) with `args`, `returns` and `answer`, or
    raw `data` and `answer_data`. An argument or answer may be a token's symbol where an address is meant.
    `to` defaults to the address checked.
    """

    to: AddressText | None = None
    call: str | None = Field(default=None, pattern=r"^\w+\([\w,\[\]]*\)$")
    args: list[str] = Field(default_factory=list)
    returns: str | None = None
    answer: str | None = None
    data: HexBytes | None = None
    answer_data: HexBytes | None = None

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        spoken = (
            None not in (self.call, self.returns, self.answer)
            and self.data is None
            and self.answer_data is None
        )
        raw = (
            None not in (self.data, self.answer_data)
            and self.call is None
            and self.answer is None
            and not self.args
        )
        if not spoken and not raw:
            raise ValueError("give call, args, returns and answer, or data and answer_data")
        return self


class AddressEntry(Strict):
    """An address, where it was published, and what a node must answer of it."""

    address: AddressText
    source: Annotated[str, Field(min_length=3)]
    check: Annotated[list[CheckEntry], BeforeValidator(_as_list)] = Field(default_factory=list)


class TransferFeeEntry(Strict):
    """What a token keeps of each transfer, in basis points, rounded to a smallest unit."""

    bps: Annotated[WholeNumber, Field(ge=1, lt=BASIS_POINTS)]
    rounded: Literal["down", "up"] = "down"


class TokenEntry(AddressEntry):
    """A token. That the chain gives this symbol and these decimals is checked without being written out.

    `symbol` is what the token itself answers, where people call it otherwise. `transfer_gas` is what it costs
    more than a plain token on a route that moves it: tokens behind a proxy, or with lists to look up.
    """

    decimals: Annotated[WholeNumber, Field(le=36)]
    symbol: str | None = None
    transfer_fee: TransferFeeEntry | None = None
    transfer_gas: Annotated[WholeNumber, Field(le=1_000_000)] = 0


class DexEntry(Strict):
    """An exchange. `fee` (V2) and the keys of `fee_tiers` (V3: fee to tick spacing) are in millionths;
    `tick_spacings` are those of Slipstream. Algebra's pools and Solidly's need none of them.

    Pools are made from code of `init_code_hash`, or are minimal proxies (EIP-1167) of `implementation`.
    """

    kind: VenueKind
    factory: AddressEntry
    fee: Fee | None = None
    fee_tiers: Annotated[dict[Fee, Positive], BeforeValidator(_each_key_whole)] = Field(default_factory=dict)
    tick_spacings: list[Positive] = Field(default_factory=list)
    callback: V3Callback = V3Callback.UNISWAP
    init_code_hash: HexBytes | None = None
    implementation: AddressText | None = None
    deployer: AddressText | None = None
    aliases: list[str] = Field(default_factory=list)

    @model_validator(mode="after")
    def _fees_of_its_kind(self) -> Self:
        given = {
            "fee": self.fee is not None,
            "fee_tiers": self.fee_tiers,
            "tick_spacings": self.tick_spacings,
        }
        wanted = {"fee"} if self.kind is VenueKind.UNISWAP_V2 else set()
        if self.kind is VenueKind.UNISWAP_V3 and self.callback is not V3Callback.ALGEBRA:
            wanted = {"tick_spacings"} if self.tick_spacings else {"fee_tiers"}
        if {name for name, value in given.items() if value} != wanted:
            raise ValueError(
                "a V2 exchange has `fee`, a V3 exchange has `fee_tiers`, Slipstream has `tick_spacings`, "
                "others have none of them"
            )
        return self

    @model_validator(mode="after")
    def _one_code(self) -> Self:
        if self.init_code_hash is not None and self.implementation is not None:
            raise ValueError(
                "give `init_code_hash`, or `implementation` where pools are minimal proxies of it"
            )
        return self


class FlashPoolEntry(Strict):
    """A pool that lends: of the exchange `dex`, by two tokens and, where the exchange has several, its fee in
    millionths. Its address follows from these.
    """

    dex: str
    tokens: Annotated[list[str], Field(min_length=2, max_length=2)]
    fee: Fee | None = None


class FeedEntry(AddressEntry):
    """A Chainlink aggregator. `description` and `decimals` are checked without being written out as
    checks.
    """

    description: str
    decimals: Annotated[WholeNumber, Field(le=36)] = 8
    heartbeat_seconds: Positive


class SequencerEntry(AddressEntry):
    """Chainlink's feed of an L2's sequencer. Prices count again this long after it has come back."""

    grace_period_seconds: Positive = 3_600


Source = Annotated[str, Field(min_length=3)]


class BaseFeeEntry(Strict):
    """How the base fee moves: see BaseFeeRule."""

    kind: BaseFeeKind
    denominator: Positive
    elasticity: Annotated[WholeNumber, Field(ge=2)]
    source: Source


class PriorityFeeEntry(Strict):
    """The least that is offered above the base fee, in wei per gas."""

    least_wei: Annotated[WholeNumber, Field(ge=0)]
    source: Source


class GasEntry(Strict):
    """Gas of any transaction, the floor for each byte of calldata, the most that one transaction may have."""

    transaction: Positive
    zero_byte: Positive
    other_byte: Positive
    most: Positive
    source: Source


class DataEntry(Strict):
    """What is charged for putting data on the parent chain."""

    kind: DataFee
    source: Source


class FinalityEntry(Strict):
    """Blocks, the transaction's own included, after which it stays."""

    blocks: Positive
    source: Source


class FeesEntry(Strict):
    """What the chain's present fork charges, and when a block is there for good."""

    base_fee: BaseFeeEntry
    priority_fee: PriorityFeeEntry
    gas: GasEntry
    data: DataEntry
    finality: FinalityEntry


class ChainFile(Strict):
    """A chain data file. `settlement` names the router's settlement tokens in order, by symbol or address."""

    chain_id: Positive
    name: str
    l2: L2Kind
    public_mempool: bool
    fees: FeesEntry
    native_symbol: str
    wrapped_native: str
    settlement: Annotated[list[str], Field(min_length=1, max_length=MOST_SETTLEMENT_TOKENS)]
    create2_deployer: AddressEntry
    tokens: dict[str, Annotated[list[TokenEntry], BeforeValidator(_as_list)]]
    dexes: dict[str, DexEntry]
    lenders: dict[LenderName, AddressEntry] = Field(default_factory=dict)
    flash_pools: list[FlashPoolEntry] = Field(default_factory=list)
    feeds: dict[str, FeedEntry] = Field(default_factory=dict)
    registries: dict[str, AddressEntry] = Field(default_factory=dict)
    sequencer_uptime_feed: SequencerEntry | None = None

    @field_validator("fees")
    @classmethod
    def _data_fee_of_its_kind(cls, fees: FeesEntry, others: ValidationInfo) -> FeesEntry:
        data, l2 = fees.data.kind, others.data.get("l2")
        fits = {
            L2Kind.NONE: data is DataFee.NONE,
            L2Kind.OP_STACK: data.is_op_stack,
            L2Kind.ARBITRUM: data is DataFee.ARBITRUM,
        }
        if l2 is not None and not fits[l2]:
            raise ValueError(f"data.kind {data} does not go with l2 {l2}")
        return fees

    @field_validator("dexes")
    @classmethod
    def _names_once(cls, dexes: dict[str, DexEntry]) -> dict[str, DexEntry]:
        names = [name for dex_name, dex in dexes.items() for name in (dex_name, *dex.aliases)]
        twice = {name for name in names if names.count(name) > 1 or name != name.casefold()}
        if twice:
            raise ValueError(
                f"names and aliases must be lower case and stand once: {', '.join(sorted(twice))}"
            )
        return dexes


def parse_chain_file(raw: Mapping[str, Any], source: str) -> ChainFile:
    """The file as a tree. Raises ConfigError naming the key; `source` names the file."""
    try:
        return ChainFile.model_validate(dict(raw))
    except ValidationError as error:
        raise config_error(error, ChainFile, prefix=f"{source}: ") from None
