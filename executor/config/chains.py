"""Chain data from YAML: typed, and each address with a check that a node can be asked."""

from collections.abc import Mapping
from importlib import resources
from pathlib import Path

from eth_hash.auto import keccak

from executor.config.chain_file import ChainFile, DexEntry, FeedEntry, FeesEntry, TokenEntry, parse_chain_file
from executor.config.checks import known_address, says
from executor.config.exact_yaml import load_yaml, parse_yaml
from executor.config.flash_pools import flash_pool
from executor.config.settings import Settings
from executor.domain.address import Address, to_address
from executor.domain.chain import ChainData, Feed, FlashPool, KnownDex, KnownToken, Lender, SequencerFeed
from executor.domain.dex import Dex
from executor.domain.errors import AddressError, ConfigError
from executor.domain.fee_rules import BaseFeeRule, FeeRules, GasRules
from executor.domain.token import Token, TransferFee

_DATA = resources.files("executor") / "chains"

PROXY_HEAD = bytes.fromhex("3d602d80600a3d3981f3363d3d373d3d3d363d73")
PROXY_TAIL = bytes.fromhex("5af43d82803e903d91602b57fd5bf3")
"""What stands before and behind the implementation in a minimal proxy's creation code."""


def chain_names() -> tuple[str, ...]:
    """The chains whose data come with the executor."""
    return tuple(
        sorted(entry.name.removesuffix(".yaml") for entry in _DATA.iterdir() if entry.name.endswith(".yaml"))
    )


def load_chain(name_or_path: str | Path) -> ChainData:
    """The data of a chain that comes with the executor, by name, or of one of your own, by path. Raises
    ConfigError.
    """
    if isinstance(name_or_path, Path):
        return _chain_data(load_yaml(name_or_path), str(name_or_path))
    if name_or_path not in chain_names():
        raise ConfigError(
            f"chains.{name_or_path}",
            "no chain data come with this name",
            fix=f"use one of {', '.join(chain_names())}, or give your own file as `data`",
        )
    text = (_DATA / f"{name_or_path}.yaml").read_text(encoding="utf-8")
    return _chain_data(parse_yaml(text, name=f"{name_or_path}.yaml"), f"{name_or_path}.yaml")


def chain_of(settings: Settings, name: str) -> ChainData:
    """The data of the chain that the settings call `name`. Raises ConfigError, also for a declared price of
    no known token.
    """
    chosen = settings.chain(name)
    chain = load_chain(chosen.data or name)
    for key in chosen.fixed_prices_usd:
        _require_priceable(chain, key, f"chains.{name}.fixed_prices_usd.{key}")
    for key in chosen.pool_prices:
        _require_priceable(chain, key, f"chains.{name}.pool_prices.{key}")
    return chain


def _require_priceable(chain: ChainData, key: str, field: str) -> None:
    """A declared price that names nothing, or more than one thing, would be left out in silence."""
    if key.startswith("0x"):
        try:
            to_address(key)
        except AddressError as error:
            raise ConfigError(
                field, error.message.removeprefix("address: ").rstrip("."), fix=error.fix
            ) from None
        return
    symbols = {symbol.casefold(): len(entries) for symbol, entries in chain.tokens.items()}
    if symbols.get(key.casefold(), 0) != 1 and key.casefold() != chain.native_symbol.casefold():
        raise ConfigError(
            field,
            f"the chain data of {chain.name} do not have exactly one token of this symbol",
            fix="name the token by its address",
        )


def _chain_data(raw: Mapping[str, object], source: str) -> ChainData:
    file = parse_chain_file(raw, source)
    tokens = {
        symbol: tuple(_token(file, symbol, entry) for entry in entries)
        for symbol, entries in file.tokens.items()
    }
    names = {symbol: entries[0].token.address for symbol, entries in tokens.items() if len(entries) == 1}
    settlement = tuple(_one(tokens, text, f"{source}: settlement") for text in file.settlement)
    if len({token.address for token in settlement}) != len(settlement):
        raise ConfigError(
            f"{source}: settlement", "a token stands twice", fix="name each settlement token once"
        )
    feeds = [
        _feed(symbol, entry, _one(tokens, symbol, f"{source}: feeds.{symbol}"))
        for symbol, entry in file.feeds.items()
    ]
    dexes = {name: _dex(name, entry, names) for name, entry in file.dexes.items()}
    return ChainData(
        chain_id=file.chain_id,
        name=file.name,
        l2=file.l2,
        public_mempool=file.public_mempool,
        fees=_fees(file.fees),
        native_symbol=file.native_symbol,
        wrapped_native=_one(tokens, file.wrapped_native, f"{source}: wrapped_native"),
        dexes=dexes,
        tokens=tokens,
        lenders={
            name: Lender(name, known_address(f"lenders.{name}", entry, names))
            for name, entry in file.lenders.items()
        },
        feeds={feed.token: feed for feed in feeds},
        create2_deployer=known_address("create2_deployer", file.create2_deployer, names),
        settlement=settlement,
        sequencer_feed=_sequencer_feed(file),
        registries={
            name: known_address(f"registries.{name}", entry, names) for name, entry in file.registries.items()
        },
        flash_pools=_flash_pools(file, dexes, tokens, f"{source}: flash_pools"),
    )


def _fees(entry: FeesEntry) -> FeeRules:
    base, gas = entry.base_fee, entry.gas
    return FeeRules(
        base_fee=BaseFeeRule(base.kind, base.denominator, base.elasticity),
        gas=GasRules(gas.transaction, gas.zero_byte, gas.other_byte, gas.most),
        data=entry.data.kind,
        least_priority_fee=entry.priority_fee.least_wei,
        finality_blocks=entry.finality.blocks,
    )


def _token(file: ChainFile, symbol: str, entry: TokenEntry) -> KnownToken:
    implied = (
        says("symbol()", "string", entry.symbol or symbol),
        says("decimals()", "uint8", str(entry.decimals)),
    )
    kept = entry.transfer_fee
    fee = None if kept is None else TransferFee(kept.bps, kept.rounded == "up")
    return KnownToken(
        Token(file.chain_id, entry.address, symbol, entry.decimals, fee, entry.transfer_gas),
        known_address(f"tokens.{symbol}", entry, {}, implied),
    )


def _dex(name: str, entry: DexEntry, names: Mapping[str, Address]) -> KnownDex:
    dex = Dex(
        name=name,
        kind=entry.kind,
        factory=entry.factory.address,
        fee=entry.fee or 0,
        fee_tiers=entry.fee_tiers,
        callback=entry.callback,
        tick_spacings=tuple(entry.tick_spacings),
    )
    return KnownDex(
        dex=dex,
        known=known_address(f"dexes.{name}.factory", entry.factory, names),
        aliases=tuple(entry.aliases),
        init_code_hash=entry.init_code_hash or _proxy_code_hash(entry.implementation),
        deployer=entry.deployer,
    )


def _flash_pools(
    file: ChainFile, dexes: Mapping[str, KnownDex], tokens: Mapping[str, tuple[KnownToken, ...]], field: str
) -> tuple[FlashPool, ...]:
    found: dict[Address, FlashPool] = {}
    for index, entry in enumerate(file.flash_pools):
        at = f"{field}.{index}"
        if entry.dex not in dexes:
            raise ConfigError(
                f"{at}.dex",
                f"{entry.dex!r} is no exchange of the file",
                fix=f"use one of: {', '.join(dexes)}",
            )
        pair = [_one(tokens, text, f"{at}.tokens") for text in entry.tokens]
        if pair[0].address == pair[1].address:
            raise ConfigError(f"{at}.tokens", "a token stands twice", fix="name two tokens")
        lending = flash_pool(entry, dexes[entry.dex], pair, at)
        if lending.pool.address in found:
            raise ConfigError(at, "the pool stands there already", fix="name each pool once")
        found[lending.pool.address] = lending
    return tuple(found.values())


def _proxy_code_hash(implementation: Address | None) -> bytes | None:
    """The hash of the creation code of a minimal proxy (EIP-1167)."""
    if implementation is None:
        return None
    return keccak(PROXY_HEAD + bytes.fromhex(implementation[2:]) + PROXY_TAIL)


def _feed(symbol: str, entry: FeedEntry, token: Token) -> Feed:
    implied = (
        says("description()", "string", entry.description),
        says("decimals()", "uint8", str(entry.decimals)),
    )
    return Feed(token.address, known_address(f"feeds.{symbol}", entry, {}, implied), entry.heartbeat_seconds)


def _sequencer_feed(file: ChainFile) -> SequencerFeed | None:
    entry = file.sequencer_uptime_feed
    if entry is None:
        return None
    return SequencerFeed(known_address("sequencer_uptime_feed", entry, {}), entry.grace_period_seconds)


def _one(tokens: Mapping[str, tuple[KnownToken, ...]], text: str, field: str) -> Token:
    """The token that `text`, a symbol or an address of the same file, names. Raises ConfigError unless it is
    exactly one.
    """
    found = [
        entry.token
        for symbol, entries in tokens.items()
        for entry in entries
        if text == symbol or text.lower() == entry.token.address.lower()
    ]
    if len(found) != 1:
        problem = "names more than one token of the file" if found else "is no token of the file"
        raise ConfigError(
            field, f"{text!r} {problem}", fix="name a token that stands under `tokens`, by address if need be"
        )
    return found[0]
