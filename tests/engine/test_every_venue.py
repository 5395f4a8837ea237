"""A trade through each venue, from the opportunity's words to the receipt: what the venue's own maths promise
is what the router then holds, to the wei."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from devnet import BASE_FULL, ETHEREUM_FULL, Node
from devnet.book import NATIVE, AddressBook, PoolRecord
from executor.domain.address import to_address
from executor.domain.execution import Execution, Status
from executor.domain.pool import VenueKind
from executor.domain.pool_details import V4Details
from executor.engine.executor import Executor
from executor.venues import VENUES
from tests.contracts.venues.hops import hand
from tests.support import dodo_pools, peg_modules
from tests.support.trading import Trading, deploy_trading
from tests.support.venue_pools import sell

Makers = Mapping[str, dodo_pools.Placed]
"""Pools of DODO, by the names in a case."""


@dataclass(frozen=True)
class Case:
    """A route from WETH and back: each hop is (pool or vault, token that goes in). `gap` is the trade of
    somebody else that makes it pay: (pool, token sold, whole tokens).
    """

    kind: VenueKind
    hops: tuple[tuple[str, str], ...]
    gap: tuple[str, str, int]
    book: AddressBook = ETHEREUM_FULL

    def __str__(self) -> str:
        return " then ".join(name for name, _ in self.hops)


def bought_there(
    kind: VenueKind, pool: str, token: str = "USDC", book: AddressBook = ETHEREUM_FULL, sold: int = 60_000
) -> Case:
    """Buy the token in the pool, where somebody sold it, and sell it to the usual pool of ticks."""
    back = "uniswap_v3 WETH/USDC 500" if book is BASE_FULL else "uniswap_v3 USDC/WETH 500"
    if token == "DAI":
        back = "uniswap_v3 DAI/WETH 3000"
    return Case(kind, ((pool, "WETH"), (back, token)), (pool, token, sold), book)


def through_dollars(kind: VenueKind, pool: str, first: str, second: str, sold: int) -> Case:
    """Ether into one dollar, that into another one in the pool, where somebody sold it, and back."""
    pools = {"USDC": "uniswap_v3 USDC/WETH 500", "DAI": "uniswap_v3 DAI/WETH 3000"}
    pools["USDT"] = "uniswap_v3 WETH/USDT 500"
    hops = ((pools[first], "WETH"), (pool, first), (pools[second], second))
    return Case(kind, hops, (pool, second, sold))


def through_a_vault(share: str, asset: str, buys_shares_at: str, sells_assets_at: str) -> Case:
    """Buy a vault's shares, where somebody sold them, redeem them, and sell what they are worth."""
    hops = ((buys_shares_at, "WETH"), (share, share), (sells_assets_at, asset))
    return Case(VenueKind.ERC4626, hops, (buys_shares_at, share, 400_000))


PSM = to_address("0xf6e72Db5454dd049d0788e411b06CfAF16853042")
"""Where Maker's LitePSM of USDC is on mainnet; here a model is put there."""


def through_a_peg_module(first: str, second: str, bought_at: str, sold_at: str) -> Case:
    """Buy a dollar where somebody sold it, change it at the module, and sell the other."""
    hops = ((bought_at, "WETH"), (PSM, first), (sold_at, second))
    return Case(VenueKind.MAKER_PSM, hops, (bought_at, first, 3_000_000))


MAKERS = {f"model of a {name} WETH/USDC": name for name in dodo_pools.KINDS}
"""Pools of DODO that are not in the book, by the kinds of their models."""


def of_a_maker(pool: str) -> Case:
    """Buy dollars where somebody sold them for ether to DODO's market maker, and sell them elsewhere."""
    return bought_there(VenueKind.DODO_V2, pool, sold=30_000)


CASES = [
    bought_there(VenueKind.UNISWAP_V2, "uniswap_v2 USDC/WETH"),
    bought_there(VenueKind.UNISWAP_V3, "uniswap_v3 USDC/WETH 3000", sold=3_000_000),
    bought_there(VenueKind.UNISWAP_V3, "pancake_v3 USDC/WETH 500", sold=3_000_000),
    bought_there(VenueKind.UNISWAP_V3, "algebra USDC/WETH 500", sold=3_000_000),
    bought_there(VenueKind.UNISWAP_V3, "slipstream WETH/USDC 500", book=BASE_FULL, sold=3_000_000),
    bought_there(VenueKind.UNISWAP_V4, "uniswap_v4 USDC/WETH 3000", sold=3_000_000),
    bought_there(VenueKind.UNISWAP_V4, "uniswap_v4 USDC/WETH 3000 hooked", sold=3_000_000),
    Case(
        VenueKind.UNISWAP_V4,
        (("WETH", "WETH"), ("uniswap_v4 ETH/USDC 500", "ETH"), ("uniswap_v3 USDC/WETH 500", "USDC")),
        ("uniswap_v4 ETH/USDC 500", "USDC", 3_000_000),
    ),
    bought_there(VenueKind.SOLIDLY, "aerodrome_v2 WETH/USDC", book=BASE_FULL),
    bought_there(VenueKind.BALANCER_V2, "balancer_v2 USDC/WETH"),
    through_dollars(VenueKind.BALANCER_V2, "balancer_v2 DAI/USDC/USDT", "USDC", "USDT", sold=3_000_000),
    bought_there(VenueKind.BALANCER_V3, "balancer_v3 USDC/WETH"),
    through_dollars(VenueKind.BALANCER_V3, "balancer_v3 DAI/USDC/USDT", "USDC", "DAI", sold=3_000_000),
    bought_there(VenueKind.CURVE, "curve_two_crypto USDC/WETH", sold=300_000),
    through_dollars(VenueKind.CURVE, "curve_stable DAI/USDC/USDT", "DAI", "USDT", sold=19_500_000),
    through_dollars(VenueKind.CURVE, "curve_stable_ng USDC/USDT", "USDC", "USDT", sold=5_000_000),
    *(of_a_maker(pool) for pool in MAKERS),
    through_a_vault("sDAI", "DAI", "uniswap_v2 sDAI/WETH", "uniswap_v3 DAI/WETH 3000"),
    through_a_vault("steakUSDC", "USDC", "uniswap_v3 steakUSDC/WETH 3000", "uniswap_v3 USDC/WETH 500"),
    through_a_peg_module("DAI", "USDC", "uniswap_v3 DAI/WETH 3000", "uniswap_v3 USDC/WETH 500"),
    through_a_peg_module("USDC", "DAI", "uniswap_v3 USDC/WETH 500", "uniswap_v3 DAI/WETH 3000"),
]


def test_every_kind_of_venue_has_its_trade() -> None:
    """What wraps the native coin stands in a route over ether."""
    assert {case.kind for case in CASES} | {VenueKind.WRAPPED_NATIVE} == set(VENUES)


@pytest.fixture(scope="session")
def _desks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Trading]]:
    """A router on each chain's full tier, without money of its own."""
    with Node.load("ethereum", tier="full") as ethereum, Node.load("base", tier="full") as base:
        folder = tmp_path_factory.mktemp("every_venue")
        yield {
            name: deploy_trading(node, folder / name, inventory=0)
            for name, node in (("ethereum", ethereum), ("base", base))
        }


def opportunity(case: Case, makers: Makers, **more: Any) -> dict[str, Any]:
    """The case pool by pool."""
    chain = "base" if case.book is BASE_FULL else "ethereum"
    legs = [leg(case, index, makers) for index in range(len(case.hops))]
    return {"opportunity_id": str(case), "chain": chain, "legs": legs, **more}


def leg(case: Case, index: int, makers: Makers) -> dict[str, Any]:
    """One leg, named by no more than it needs."""
    name, token_in = case.hops[index]
    token = "ETH" if token_in == "ETH" else case.book.tokens[token_in]
    if name in MAKERS:
        return {"pool": makers[name].address, "token_in": token}
    if name in case.book.tokens:
        return {"pool": case.book.tokens[name], "token_in": token}
    if name == PSM:
        return {"pool": PSM, "token_in": token}
    record = case.book.pool(name)
    if record.venue != "uniswap_v4":
        return {"pool": record.address, "token_in": token}
    return {"token_in": token, **v4_words(record)}


def v4_words(record: PoolRecord) -> dict[str, Any]:
    """What names a V4 pool: its id, and its hooks where it has some."""
    details = V4Details(record.fee, record.tick_spacing, to_address(record.hooks))
    words = {"pool": details.pool_id(*(to_address(token) for token in record.tokens))}
    return words if int(record.hooks, 16) == 0 else {**words, "hooks": record.hooks}


def placed(node: Node, case: Case) -> dodo_pools.Placed | None:
    """The maker's pool of a case that needs one."""
    kind = MAKERS.get(case.hops[0][0])
    return None if kind is None else dodo_pools.ether_dollars(node, case.book, kind)


def open_gap(trading: Trading, case: Case, makers: Makers) -> None:
    """Somebody sells to the pool."""
    if case.kind is VenueKind.MAKER_PSM:
        put_module(trading)
    name, token, whole = case.gap
    if name in MAKERS:
        dodo_pools.sell(trading.node, makers[name], whole * 10**6, base_in=False)
        return
    record = case.book.pool(name)
    sold = NATIVE if token == "ETH" else case.book.tokens[token]
    bought = next(held for held in record.tokens if held != sold)
    amount = whole * 10 ** case.book.decimals.get(token, 18)
    sell(trading.node, record, to_address(sold), to_address(bought), amount)


def put_module(trading: Trading) -> None:
    """A LitePSM of DAI and USDC with money, where Maker has its own."""
    tokens = trading.desk.book.tokens
    module = peg_modules.place(trading.node, tokens["DAI"], tokens["USDC"], at=PSM)
    hand(trading.desk, module.dai, module.till, 10**25)
    hand(trading.desk, module.gem, module.pocket, 10**13)
    peg_modules.charge(trading.node, module, 10**14, 3 * 10**14 + 1)


@pytest.mark.parametrize("case", CASES, ids=str)
async def test_a_trade_through_each_venue_earns_what_its_maths_promise(
    _desks: dict[str, Trading], case: Case, tmp_path: Path
) -> None:
    trading = _desks["base" if case.book is BASE_FULL else "ethereum"]
    with trading.node.isolated():
        here = replace(trading, folder=tmp_path)
        makers = {case.hops[0][0]: maker} if (maker := placed(here.node, case)) else {}
        open_gap(here, case, makers)
        async with Executor(here.settings(max_trade_size_usd=None)) as executor:
            execution = await executor.execute(opportunity(case, makers))
        assert execution.status is Status.REALISED, execution.reasons
        assert promised(execution) == execution.realised_profit == trading.balance()


def promised(execution: Execution) -> int:
    """Output less input less premium, as sizing worked them out before anything was simulated."""
    amounts, premium = execution.details["amounts"], execution.details["premium"]
    assert isinstance(amounts, list)
    return int(amounts[-1]) - int(amounts[0]) - int(str(premium))
