"""The settings of the executor as one typed tree.

They come from one YAML file, and from environment variables over it: `EXECUTOR__CHAINS__ETHEREUM__RPC_URL` is
`chains.ethereum.rpc_url`. A wrong key or value raises ConfigError that names it by its path. No secret is a
setting, except the RPC URL, which is never printed.
"""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import Field, PrivateAttr, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from executor.config.amounts import BPS, GWEI, Factor, Gwei, Positive, Seconds
from executor.config.environment import (
    ENVIRONMENT_PREFIX,
    EnvironmentSource,
    data_folder,
    process_environment,
)
from executor.config.errors import config_error
from executor.config.exact_yaml import load_yaml
from executor.config.fields import (
    AddressText,
    DatabaseUrl,
    ExactDecimal,
    RpcUrl,
    Strict,
    WebsocketUrl,
    WholeNumber,
)
from executor.config.sending import (
    BidSettings,
    BreakerSettings,
    GasMoneySettings,
    LaneSettings,
    RetrySettings,
)
from executor.config.wallet import WalletSettings
from executor.domain.errors import ConfigError

ChainName = Annotated[str, Field(max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")]
"""Stands in ids, log lines and file names, so it holds nothing that a path could be made of."""


class L2GasThresholds(Strict):
    """Upper bounds of the gas price levels on an L2, in gwei. Above `high` is extreme, above `extreme`
    nothing is sent.
    """

    ultra_low: Gwei = Decimal("0.1")
    low: Gwei = Decimal("0.5")
    medium: Gwei = Decimal("2")
    high: Gwei = Decimal("5")
    extreme: Gwei = Decimal("10")

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        levels = [self.ultra_low, self.low, self.medium, self.high, self.extreme]
        if levels != sorted(set(levels)):
            raise ValueError(
                "each level must be above the one before: ultra_low < low < medium < high < extreme"
            )
        return self

    def as_wei(self) -> dict[str, int]:
        """The levels in wei per gas, lowest first."""
        return {name: int(getattr(self, name) * GWEI) for name in type(self).model_fields}


class PoolPrice(Strict):
    """A pool that prices a token without a feed: what it gives of `quote`, a token with a price, for it."""

    pool: str = Field(
        pattern="^0x([0-9a-fA-F]{40}|[0-9a-fA-F]{64})$", description="address of the pool, or id of a V4 pool"
    )
    quote: str = Field(
        min_length=1, max_length=64, description="the pool's other token, by symbol or address"
    )
    dex: str | None = Field(default=None, description="the pool's exchange, as named in the chain data")


class ChainSettings(Strict):
    """How the executor works on one chain. Relative paths count from the folder of the settings file."""

    rpc_url: RpcUrl = Field(
        description="JSON-RPC over HTTP, or, faster, ipc:///path of the socket of a node on this machine; "
        "often holds a provider's key, so better set by environment variable"
    )
    rpc_urls: tuple[RpcUrl, ...] = Field(
        default=(), description="further nodes: they step in when the first fails, and are asked for a quorum"
    )
    quorum: Positive = Field(
        default=1, description="nodes that must say the same before it is believed where money hangs on it"
    )
    ws_url: WebsocketUrl | None = Field(
        default=None, description="websocket that tells new blocks; null: the node is asked again and again"
    )
    data: Path | None = Field(
        default=None, description="chain data file of your own; default: the one that comes with this name"
    )
    deployment: Path | None = Field(
        default=None, description="file that the deploy script wrote; default: deployments/<chain id>.json"
    )
    router: AddressText | None = Field(
        default=None, description="address of the router, in place of `deployment`"
    )
    wallet: WalletSettings | None = Field(
        default=None, description="who signs; needed for all but dry runs and checks"
    )
    wallets: tuple[WalletSettings, ...] = Field(
        default=(), description="further operator wallets, each a lane of its own beside `wallet`"
    )
    authentication_wallet: WalletSettings | None = Field(
        default=None,
        description="key that names the executor to relays; it signs no transaction and holds no money",
    )
    allow_public: bool = Field(
        default=False, description="send through a public mempool, where others can see and copy the trade"
    )
    min_profit_usd: ExactDecimal = Field(
        default=Decimal(1), description="least net profit in USD worth sending"
    )
    max_trade_size_usd: ExactDecimal | None = Field(
        default=None, description="largest input in USD; null: no limit"
    )
    gas_limit_multiplier: Factor = Field(default=Decimal("1.2"), description="gas limit over gas estimate")
    max_base_fee_gwei: Gwei | None = Field(
        default=None, description="on an L1: highest base fee to send at; null: no limit"
    )
    l2_gas_thresholds: L2GasThresholds = Field(
        default_factory=L2GasThresholds, description="on an L2: gas price levels in gwei"
    )
    priority_fee_gwei: Gwei | None = Field(
        default=None, description="tip per gas; null: what others pay lately, by bids.urgency"
    )
    profit_share_bps: Annotated[WholeNumber, Field(ge=1, le=BPS)] = Field(
        default=9500, description="share of the simulated profit that the chain must deliver, in 1/10000"
    )
    max_execution_time_seconds: Seconds = Field(
        default=180, description="how long to wait for a receipt before reporting pending"
    )
    max_concurrent_executions: Positive = Field(
        default=4, description="opportunities of this chain that are carried out at a time"
    )
    confirmations: Positive = Field(
        default=1, description="blocks, the transaction's own included, before a result counts"
    )
    fixed_prices_usd: dict[str, ExactDecimal] = Field(
        default_factory=dict,
        description="USD per whole token, by symbol or address, for tokens without a feed",
    )
    pool_prices: dict[str, PoolPrice] = Field(
        default_factory=dict,
        description="pools that price tokens without a feed, by the token's symbol or address",
    )
    price_max_age_seconds: Positive | None = Field(
        default=None, description="oldest usable feed answer; null: heartbeat of the feed + 10 %"
    )
    rpc_timeout_seconds: Seconds = Field(
        default=10, description="how long to wait for one answer of the node"
    )

    lanes: LaneSettings = Field(default_factory=LaneSettings, description="transactions in flight")
    bids: BidSettings = Field(default_factory=BidSettings, description="what is offered for gas")
    retries: RetrySettings = Field(default_factory=RetrySettings, description="further tries after a failure")
    breaker: BreakerSettings = Field(default_factory=BreakerSettings, description="rest after losses")
    gas_money: GasMoneySettings = Field(
        default_factory=GasMoneySettings, description="native coin of the operator wallets"
    )

    _base_dir: Path = PrivateAttr(default_factory=Path.cwd)

    @model_validator(mode="after")
    def _one_router(self) -> Self:
        if self.router is not None and self.deployment is not None:
            raise ValueError("give either `deployment` or `router`, not both")
        return self

    @model_validator(mode="after")
    def _one_price(self) -> Self:
        fixed = {name.lower() for name in self.fixed_prices_usd}
        twice = sorted(name for name in self.pool_prices if name.lower() in fixed)
        if twice:
            raise ValueError(f"{twice[0]} stands under both `fixed_prices_usd` and `pool_prices`: keep one")
        return self

    @model_validator(mode="after")
    def _enough_nodes(self) -> Self:
        if self.quorum > 1 + len(self.rpc_urls):
            raise ValueError(
                f"quorum is {self.quorum}, but rpc_url and rpc_urls name {1 + len(self.rpc_urls)}"
            )
        return self

    @model_validator(mode="after")
    def _a_wallet_first(self) -> Self:
        if self.wallets and self.wallet is None:
            raise ValueError("`wallets` are further ones: name the first under `wallet`")
        return self

    @model_validator(mode="after")
    def _each_wallet_once(self) -> Self:
        keys = [wallet.key for wallet in self.operators]
        if len(set(keys)) < len(keys):
            raise ValueError(
                "a wallet stands under `wallet` and `wallets` more than once: name each key once"
            )
        if self.authentication_wallet is not None and self.authentication_wallet.key in keys:
            raise ValueError(
                "`authentication_wallet` is an operator's wallet too: it holds no money, so give it a key of "
                "its own"
            )
        return self

    @property
    def nodes(self) -> tuple[RpcUrl, ...]:
        """All nodes, the first one first."""
        return (self.rpc_url, *self.rpc_urls)

    @property
    def operators(self) -> tuple[WalletSettings, ...]:
        """All operator wallets, the first one first."""
        return () if self.wallet is None else (self.wallet, *self.wallets)

    @property
    def gas_limit_multiplier_bps(self) -> int:
        """The multiplier in 1/10000: 12000 is 1.2."""
        return int(self.gas_limit_multiplier * BPS)

    @property
    def max_base_fee(self) -> int | None:
        """Highest base fee in wei per gas."""
        return None if self.max_base_fee_gwei is None else int(self.max_base_fee_gwei * GWEI)

    @property
    def priority_fee(self) -> int | None:
        """Tip in wei per gas, None = ask the node."""
        return None if self.priority_fee_gwei is None else int(self.priority_fee_gwei * GWEI)

    def deployment_path(self, chain_id: int) -> Path:
        """Where the deploy script left what it deployed on that chain."""
        return self.deployment or self._base_dir / "deployments" / f"{chain_id}.json"

    def anchored(self, folder: Path) -> Self:
        """The same with every relative path counted from `folder`."""
        changes: dict[str, Any] = {
            name: _under(folder, getattr(self, name)) for name in ("data", "deployment")
        }
        changes["wallet"] = self.wallet.anchored(folder) if self.wallet else None
        changes["wallets"] = tuple(wallet.anchored(folder) for wallet in self.wallets)
        authentication = self.authentication_wallet
        changes["authentication_wallet"] = authentication.anchored(folder) if authentication else None
        copy = self.model_copy(update=changes)
        copy._base_dir = folder
        return copy


class Settings(BaseSettings):
    """The whole tree. Build it with `load_settings` or `Settings.from_mapping`."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        validate_default=True,
        env_prefix=ENVIRONMENT_PREFIX,
        env_nested_delimiter="__",
        env_parse_none_str="null",
    )

    journal: Path = Field(
        default=Path(),
        description="folder of the durable record, one SQLite file; default: the per-user data folder",
        validate_default=False,
    )
    database_url: DatabaseUrl | None = Field(
        default=None,
        description="PostgreSQL database of the durable records, for several executors; null: an SQLite file",
    )
    executor_id: str = Field(
        default="executor-1",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$",
        description="name of this process among those that share a database; no two may run under one",
    )
    chains: dict[ChainName, ChainSettings] = Field(
        default_factory=dict, description="settings by chain name (ethereum, base, sepolia)"
    )

    _base_dir: Path = PrivateAttr(default_factory=Path.cwd)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is handed over: the environment is read by `load_settings` alone, never behind an API
        user's back.
        """
        return (init_settings,)

    @classmethod
    def from_mapping(
        cls,
        data: Mapping[str, object],
        *,
        base_dir: Path | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> Self:
        """Settings from a mapping of the YAML file's shape. Relative paths count from `base_dir` (default:
        the working folder).

        `environ` is asked only for the per-user data folder. Raises ConfigError naming the key.
        """
        try:
            settings = cls.model_validate(dict(data))
        except ValidationError as error:
            raise config_error(error, cls) from None
        return settings._anchored(
            (base_dir or Path.cwd()).absolute(), process_environment() if environ is None else environ
        )

    @property
    def base_dir(self) -> Path:
        """The folder that relative paths were counted from."""
        return self._base_dir

    def chain(self, name: str) -> ChainSettings:
        """The settings of one chain. Raises ConfigError when the file has none for it."""
        if name not in self.chains:
            known = ", ".join(sorted(self.chains)) or "none"
            raise ConfigError(
                f"chains.{name}",
                f"no settings for this chain (there are: {known})",
                fix=f"add a section chains.{name} with at least rpc_url",
            )
        return self.chains[name]

    def _anchored(self, folder: Path, environ: Mapping[str, str]) -> Self:
        journal = _under(folder, self.journal) if "journal" in self.model_fields_set else data_folder(environ)
        chains = {name: chain.anchored(folder) for name, chain in self.chains.items()}
        copy = self.model_copy(update={"journal": journal, "chains": chains})
        copy._base_dir = folder
        return copy


def load_settings(path: Path | None = None, *, environ: Mapping[str, str] | None = None) -> Settings:
    """Settings from the YAML file at `path` (none: environment alone) with EXECUTOR__... variables over it.

    Raises ConfigError naming the key, the file or the variable.
    """
    environ = process_environment() if environ is None else environ
    written = {} if path is None else load_yaml(path)
    merged = EnvironmentSource(Settings, environ).over(written)
    return Settings.from_mapping(merged, base_dir=path.absolute().parent if path else None, environ=environ)


def settings_schema() -> dict[str, Any]:
    """JSON Schema of the settings file."""
    return Settings.model_json_schema()


def _under(folder: Path, path: Path | None) -> Path | None:
    return None if path is None else folder / path.expanduser()
