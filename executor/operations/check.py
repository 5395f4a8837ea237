"""`executor check`: reads only, and says for each thing that trading needs whether it is there and right."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

from executor.chain.balances import balances
from executor.chain.checks import run_checks
from executor.chain.head import head
from executor.chain.network import Network, identify, require_chain
from executor.chain.nodes import Nodes
from executor.chain.reading import read, read_all
from executor.config.chains import chain_of
from executor.config.settings import ChainSettings, Settings
from executor.domain.address import ZERO_ADDRESS, to_address
from executor.domain.chain import ChainData
from executor.domain.errors import ConfigError, ExecutorError, PriceUnavailableError
from executor.domain.market import BlockHead
from executor.engine.market import check_fresh, terms_asked
from executor.engine.opening import nodes_of, read_own_deployment
from executor.engine.pricing import token_price
from executor.engine.router import RouterState, check_code, read_router
from executor.operations.findings import Finding, State
from executor.operations.wallet_check import WalletCheck
from executor.policy.profit import show_usd
from executor.submission.guard import check_public


@dataclass(frozen=True, slots=True)
class _Chain:
    """A chain as far as it could be opened for looking."""

    name: str
    settings: ChainSettings
    data: ChainData
    rpc: Nodes
    network: Network
    newest: BlockHead


async def check(settings: Settings) -> dict[str, list[Finding]]:
    """The findings for every configured chain. Sends nothing, opens no key and no journal."""
    return {name: [finding async for finding in _check_chain(settings, name)] for name in settings.chains}


async def _check_chain(settings: Settings, name: str) -> AsyncIterator[Finding]:
    own = settings.chain(name)
    async with AsyncExitStack() as stack:
        try:
            data = chain_of(settings, name)
            rpc = await stack.enter_async_context(nodes_of(own, name))
            network = await identify(rpc)
            newest = await head(rpc, rule=data.fees.base_fee)
        except ExecutorError as error:
            yield _wrong("node", error)
            return
        data = data.on_local_node() if network.is_local else data
        chain = _Chain(name, own, data, rpc, network, newest)
        for finding in (*_node(chain), *_nodes(chain)):
            yield finding
        if network.chain_id != data.chain_id:
            return
        for look in (_addresses, _router, _feeds, _lenders):
            try:
                async for finding in look(chain):
                    yield finding
            except ExecutorError as error:
                yield _wrong(look.__name__.lstrip("_"), error)


def _node(chain: _Chain) -> list[Finding]:
    kind = "a local or forked network" if chain.network.is_local else "a real network"
    told = f"{chain.rpc.name} ({chain.network.client}), {kind}, block {chain.newest.number}"
    findings = [
        Finding(
            "node", State.OK, told, {"block_number": chain.newest.number, "local": chain.network.is_local}
        )
    ]
    findings.append(
        _attempt(
            "node is up to date",
            lambda: check_fresh(chain.newest, chain.network),
            "its newest block is fresh",
        )
    )
    findings.append(_attempt("chain id", lambda: _same_chain(chain), f"{chain.network.chain_id}"))
    findings.append(_attempt("public mempool", lambda: _public(chain), "sending is allowed here"))
    return findings


def _nodes(chain: _Chain) -> list[Finding]:
    """How each of several nodes does; one that does not answer is no reason to stop, but to look after."""
    health = chain.rpc.health
    if len(health) == 1:
        return []
    found = []
    for name, one in health.items():
        facts: dict[str, object] = {"block_number": one.head, "failures": one.failures}
        bad = one.head is None or one.strays or one.failures > 0 or one.lags(chain.newest.number)
        told = "does not answer" if one.head is None else f"is at block {one.head}"
        told += ", on another branch than most" if one.strays else ""
        found.append(Finding(f"node {name}", State.WARNING if bad else State.OK, told, facts))
    return found


def _same_chain(chain: _Chain) -> None:
    require_chain(chain.network, chain.data, chain.name)


def _public(chain: _Chain) -> None:
    check_public(chain.data, chain.network, allow_public=chain.settings.allow_public)


async def _addresses(chain: _Chain) -> AsyncIterator[Finding]:
    """On a local chain an address that is not there is only a note: nothing is at stake, and local chains
    hold less."""
    results = await run_checks(chain.rpc, chain.data.known_addresses(), chain.newest)
    failed = [result for result in results if not result.ok]
    for result in failed:
        state = State.NOTE if chain.network.is_local else State.WRONG
        facts: dict[str, object] = {"address": result.known.address, "source": result.known.source}
        yield Finding(f"address {result.known.name}", state, result.message, facts)
    state, right = State.NOTE if failed else State.OK, len(results) - len(failed)
    yield Finding("addresses", state, f"{right} of {len(results)} are what they should be")


async def _router(chain: _Chain) -> AsyncIterator[Finding]:
    deployment = read_own_deployment(chain.settings, chain.data, chain.network)
    router = deployment.router if deployment else to_address(chain.settings.router)
    await check_code(chain.rpc, router, deployment)
    code = (
        "its code is the deployed one"
        if deployment
        else "its code was not compared: no deployment file is named"
    )
    state = await read(chain.rpc, read_router(router, ZERO_ADDRESS), chain.newest)
    yield Finding(
        "router",
        State.OK if deployment else State.WARNING,
        f"{router}, version {state.version}; {code}",
        {"router": router},
    )
    for finding in _roles(state):
        yield finding
    wallets = WalletCheck(chain.settings, chain.data, chain.rpc, chain.network, chain.newest, state)
    async for finding in wallets.findings():
        yield finding
    async for finding in _holdings(chain, state):
        yield finding


def _roles(state: RouterState) -> list[Finding]:
    pending = f", offered to {state.pending_owner}" if state.pending_owner else ""
    return [
        Finding(
            "owner",
            State.NOTE,
            f"{state.owner}{pending}",
            {"owner": state.owner, "pending_owner": state.pending_owner},
        ),
        Finding(
            "operator",
            State.OK if state.operator else State.WARNING,
            f"{state.operator or 'none is set'}",
            {"operator": state.operator},
        ),
        Finding("pauser", State.NOTE, f"{state.pauser or 'none is set'}", {"pauser": state.pauser}),
        Finding(
            "paused",
            State.WRONG if state.paused else State.OK,
            "the router is paused" if state.paused else "no",
            {"paused": state.paused},
        ),
    ]


async def _holdings(chain: _Chain, state: RouterState) -> AsyncIterator[Finding]:
    listed = [address for address in state.settlement_tokens if address]
    held = await balances(chain.rpc, state.address, listed, chain.newest)
    for index, address in enumerate(state.settlement_tokens):
        if address is None:
            continue
        token = chain.data.token_at(address)
        amount = held.tokens[address]
        shown = f"{token.shown(amount):f} {token.symbol}" if token else f"{amount} of {address}"
        yield Finding(
            f"settlement token {index}",
            State.NOTE,
            f"the router holds {shown}",
            {"token": address, "amount": str(amount)},
        )


async def _feeds(chain: _Chain) -> AsyncIterator[Finding]:
    needs_usd = chain.settings.min_profit_usd > 0 or chain.settings.max_trade_size_usd is not None
    for token in dict.fromkeys((chain.data.wrapped_native, *chain.data.settlement)):
        try:
            price = await token_price(chain.rpc, chain.data, chain.settings, token, chain.newest)
        except PriceUnavailableError as error:
            yield Finding(
                f"price of {token.symbol}",
                State.WARNING if needs_usd else State.NOTE,
                str(error),
                {"token": token.address},
            )
            continue
        except ConfigError as error:
            yield Finding(f"price of {token.symbol}", State.WRONG, str(error), {"token": token.address})
            continue
        shown = f"{show_usd(price.usd_per_token):f} USD, {price.source}"
        yield Finding(
            f"price of {token.symbol}",
            State.OK,
            shown,
            {"token": token.address, "usd": str(price.usd_per_token)},
        )


async def _lenders(chain: _Chain) -> AsyncIterator[Finding]:
    asked = [
        (token, reading)
        for token in chain.data.settlement
        for reading in terms_asked(chain.data, token.address)
    ]
    terms = await read_all(chain.rpc, [reading for _, reading in asked], chain.newest)
    for (token, _), term in zip(asked, terms, strict=True):
        told = f"lends up to {token.shown(term.available):f} {token.symbol}" if term.enabled else term.problem
        yield Finding(
            f"lender {term.funding}",
            State.NOTE,
            told,
            {"token": token.address, "lender": term.address, "available": str(term.available)},
        )


def _attempt(name: str, action: Callable[[], None], well: str) -> Finding:
    try:
        action()
    except ExecutorError as error:
        return _wrong(name, error)
    return Finding(name, State.OK, well)


def _wrong(name: str, error: ExecutorError) -> Finding:
    return Finding(name, State.WRONG, str(error), error.as_dict())
