"""What wallets and router hold on every configured chain, and what is wrong with it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from rich.table import Table

from executor.chain.holdings import Survey, survey
from executor.config.chains import chain_of
from executor.config.settings import Settings
from executor.domain.address import ZERO_ADDRESS, Address, to_address
from executor.domain.chain import ChainData
from executor.domain.errors import ConfigError
from executor.domain.token import Token
from executor.engine.treasury.rules import gas_money_rules
from executor.operations.wallet import ROUTER, Unread, holders_of, node_of, of_all_chains, require_own, whole
from executor.policy.treasury import warning_level
from executor.wallet.roles import Role, accounts_of

_COIN_DECIMALS = 18


@dataclass(frozen=True, slots=True)
class Holding:
    """One account's amount of one token (None: the chain's own coin), in its smallest unit. `holder` is the
    account's place in the settings, or "router".
    """

    chain: str
    holder: str
    address: Address
    symbol: str
    decimals: int
    amount: int
    token: Address | None = None

    def as_dict(self) -> dict[str, object]:
        """The fields, for programs; the amount as a decimal string."""
        return {
            "chain": self.chain,
            "holder": self.holder,
            "address": self.address,
            "symbol": self.symbol,
            "token": self.token,
            "amount": str(self.amount),
        }


@dataclass(frozen=True, slots=True)
class Warned:
    """Something about a holder that somebody should see to; `code` is stable."""

    chain: str
    holder: str
    address: Address
    code: str
    message: str

    def as_dict(self) -> dict[str, object]:
        """The fields, for programs."""
        return {name: getattr(self, name) for name in ("chain", "holder", "address", "code", "message")}


@dataclass(frozen=True, slots=True)
class ChainHoldings:
    """All that was found on one chain. `owner`: the router's, whose key is kept elsewhere."""

    chain: str
    owner: Address | None
    held: tuple[Holding, ...]
    warnings: tuple[Warned, ...] = field(default=())


async def read_holdings(
    settings: Settings, tokens: Sequence[str] = ()
) -> tuple[tuple[ChainHoldings, ...], tuple[Unread, ...]]:
    """What wallets and router of every configured chain hold: the chain's own coin and every token of the
    chain data, or those of `tokens` only, symbols or addresses. One round trip a chain, all chains at once;
    one that fails spoils no other. Raises ConfigError for a symbol that no chain knows.
    """
    _require_known(settings, tokens)

    async def read(name: str) -> list[ChainHoldings]:
        return [await _chain_holdings(settings, name, tokens)]

    return await of_all_chains(settings, read)


async def _chain_holdings(settings: Settings, name: str, wanted: Sequence[str]) -> ChainHoldings:
    chain = chain_of(settings, name)
    known, unknown = _tokens(chain, wanted)
    holders = holders_of(settings, name, chain)
    async with node_of(settings, name) as rpc:
        told = await survey(
            rpc,
            tuple(dict.fromkeys(holders.values())),
            [token.address for token in known],
            unknown=unknown,
            router=holders.get(ROUTER),
            rule=chain.fees.base_fee,
        )
        await require_own(settings, name, chain, rpc, told.network, holders.get(ROUTER))
    coin = Token(chain.chain_id, ZERO_ADDRESS, chain.native_symbol, _COIN_DECIMALS)
    named = [*known, *(_named(chain, token, told) for token in unknown)]
    held = tuple(
        Holding(name, holder, address, token.symbol, token.decimals, amount, key)
        for holder, address in holders.items()
        for key, token in [(None, coin), *((token.address, token) for token in named)]
        if (amount := told.held[address, key]) is not None
    )
    return ChainHoldings(name, told.owner, held, tuple(_warnings(settings, name, held, told)))


def _warnings(settings: Settings, name: str, held: Sequence[Holding], told: Survey) -> Iterator[Warned]:
    own = settings.chain(name)
    least = warning_level(gas_money_rules(own.gas_money), gas_price=told.gas_price)
    roles = {account.place: account.role for account in accounts_of(own)}
    for line in held:
        role = roles.get(line.holder)
        has = f"{whole(line.amount, line.decimals)} {line.symbol}"
        if role is Role.OPERATOR and line.token is None and line.amount < least:
            message = f"has {has} for gas, less than {whole(least, line.decimals)}: refill it"
            yield Warned(name, line.holder, line.address, "low_gas_money", message)
        if role is Role.AUTHENTICATION and line.amount:
            message = f"holds {has}: this key is shown to relays and should hold nothing"
            yield Warned(name, line.holder, line.address, "authentication_holds_money", message)
    for holder, address in {line.holder: line.address for line in held if line.holder in roles}.items():
        if address == told.owner:
            message = "owns the router too: give the owner a key of its own and keep it offline"
            yield Warned(name, holder, address, "owner_is_online", message)


def _tokens(chain: ChainData, wanted: Sequence[str]) -> tuple[list[Token], list[Address]]:
    """The tokens of the chain data that are wanted, and addresses that the data do not know."""
    known = [entry.token for entries in chain.tokens.values() for entry in entries]
    if not wanted:
        return known, []
    addresses = {to_address(text, "--token") for text in wanted if text.startswith("0x")}
    symbols = {text.casefold() for text in wanted}
    chosen = [token for token in known if token.symbol.casefold() in symbols or token.address in addresses]
    return chosen, sorted(addresses - {token.address for token in known})


def _named(chain: ChainData, address: Address, told: Survey) -> Token:
    facts = told.tokens[address]
    return Token(
        chain.chain_id, address, facts.symbol or f"{address[:6]}..{address[-4:]}", facts.decimals or 0
    )


def _require_known(settings: Settings, wanted: Sequence[str]) -> None:
    known = {symbol.casefold() for name in settings.chains for symbol in chain_of(settings, name).tokens} | {
        text.casefold() for text in wanted if text.startswith("0x")
    }
    for text in wanted:
        if text.casefold() not in known:
            raise ConfigError(
                "--token", f"{text!r} is no token of a configured chain", fix="give its address instead"
            )


def holdings_table(found: Sequence[ChainHoldings], unread: Sequence[Unread]) -> Table:
    """The holdings for people, in whole tokens; what is empty is left out."""
    table = Table("chain", "holder", "address", "amount", "token", box=None)
    for chain in found:
        for line in chain.held:
            if line.amount:
                table.add_row(
                    line.chain, line.holder, line.address, whole(line.amount, line.decimals), line.symbol
                )
    for failed in unread:
        table.add_row(failed.chain, "", "", "", failed.error.message)
    return table
