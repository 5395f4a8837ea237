"""Curve's pools of the local chain against an independent model, to the smallest unit: model-checked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

from devnet import ETHER, ETHEREUM_FULL, Node, abi, market
from devnet.book import NATIVE
from devnet.errors import RpcError
from devnet.liquidity import PRICES_USD, symbol_of, tokens_for, unit
from devnet.place import Placer
from devnet.protocols import curve, more_tokens
from devnet.roles import account
from tests.support.curvesim import models

TRADER, PROVIDER = account("trader"), account("provider")
Decimals = tuple[int, ...]
STABLE_DECIMALS: Decimals = (18, 6, 6)
# With 18 decimals no division hides a difference in rounding.
NG_DECIMALS: Decimals = (18, 18)
CRYPTO_DECIMALS: Decimals = (6, 8, 18)
DOLLAR = ETHER
MOST = 2**128
FEE_DENOMINATOR = 10**10
NEVER_REPEG = 10**30
ADMIN_FEE = 5 * 10**9
PRICES = (60_000 * ETHER, 3_000 * ETHER)

# An example is a deployment: shrinking a failure would take minutes.
FEW = settings(max_examples=20, phases=(Phase.explicit, Phase.reuse, Phase.generate))

Swap = tuple[int, int, int]


@dataclass(frozen=True)
class Stand:
    """A node with three tokens of each set of decimals, held by provider and trader."""

    node: Node
    place: Placer
    tokens: dict[Decimals, list[str]]

    def pool(self, name: str, decimals: Decimals, types: str, *arguments: Any) -> Pool:
        tokens = self.tokens[decimals][: len(arguments[0])]
        address = self.place.deploy(curve.code()[name], types, tokens, *arguments[1:])
        for token in tokens:
            for holder in (PROVIDER, TRADER):
                self.place.call(holder, token, "approve(address,uint256)", address, 2**256 - 1)
        kind = "int128" if name in ("StableSwapClassic", "StableSwapNG") else "uint256"
        pool = Pool(self, address, tokens, kind)
        self.place.call(PROVIDER, address, "fund(uint256[])", arguments[0])
        return pool


@dataclass(frozen=True)
class Pool:
    stand: Stand
    address: str
    tokens: list[str]
    kind: str

    def ask(self, signature: str, *arguments: Any) -> int:
        return int(self.stand.place.read(self.address, signature, "(uint256)", *arguments)[0])

    def quote(self, i: int, j: int, dx: int) -> int:
        return self.ask(f"get_dy({self.kind},{self.kind},uint256)", i, j, dx)

    def swap(self, i: int, j: int, dx: int) -> int:
        before = self.stand.node.erc20_balance(self.tokens[j], TRADER)
        signature = f"exchange({self.kind},{self.kind},uint256,uint256)"
        self.stand.place.call(TRADER, self.address, signature, i, j, dx, 0)
        return self.stand.node.erc20_balance(self.tokens[j], TRADER) - before

    def balances(self) -> list[int]:
        return [self.ask("balances(uint256)", index) for index in range(len(self.tokens))]


@pytest.fixture(scope="module")
def stand() -> Iterator[Stand]:
    with Node.empty() as node:
        place = Placer(node)
        tokens = {
            decimals: [_token(place, places) for places in decimals]
            for decimals in (STABLE_DECIMALS, NG_DECIMALS, CRYPTO_DECIMALS)
        }
        yield Stand(node, place, tokens)


def _token(place: Placer, decimals: int) -> str:
    arguments = ("Coin", "COIN", decimals, MOST)
    code = more_tokens.code()["PlainToken"]
    token = place.deploy(code, "(string,string,uint8,uint256)", *arguments, sender=PROVIDER)
    place.call(PROVIDER, token, "transfer(address,uint256)", TRADER, MOST // 2)
    return token


def rates_of(decimals: Decimals) -> list[int]:
    return [10 ** (36 - places) for places in decimals]


def swaps(coins: int) -> st.SearchStrategy[list[Swap]]:
    """Swaps as (coin in, coin out, parts per billion of the pool's balance of the coin in)."""
    indexes = st.permutations(range(coins)).map(lambda order: (order[0], order[1]))
    part = st.one_of(st.integers(10**3, 10**6), st.integers(10**6, 2 * 10**8))
    return st.lists(
        st.tuples(indexes, part).map(lambda pair: (pair[0][0], pair[0][1], pair[1])), min_size=1, max_size=4
    )


def dollars(coins: int, least: int = 10**3) -> st.SearchStrategy[list[int]]:
    """The worth of each balance, in billionths of a billionth of a dollar, at most 20 to 1 apart."""
    worth = st.integers(least * DOLLAR, 10**8 * DOLLAR)
    shares = st.lists(st.integers(50, 1000), min_size=coins, max_size=coins)
    return st.tuples(worth, shares).map(lambda pair: [pair[0] * share // 1000 for share in pair[1]])


@FEW
@given(
    worth=dollars(3),
    trades=swaps(3),
    amplification=st.integers(1, 10_000),
    fee=st.integers(0, 10**8),
)
def test_a_classic_stable_pool_is_the_model_to_the_unit(
    stand: Stand, worth: list[int], trades: list[Swap], amplification: int, fee: int
) -> None:
    rates = rates_of(STABLE_DECIMALS)
    held = [part * DOLLAR // rate for part, rate in zip(worth, rates, strict=True)]
    model = models().StableSwap(A=amplification, D=held, n=3, rates=rates, fee=fee, admin_fee=ADMIN_FEE)
    types = "(address[],uint256[],uint256,uint256,uint256)"
    pool = stand.pool("StableSwapClassic", STABLE_DECIMALS, types, held, rates, amplification, fee, ADMIN_FEE)
    for i, j, part in trades:
        dx = max(1, pool.balances()[i] * part // 10**9)
        assert pool.quote(i, j, dx) == _classic_quote(model, i, j, dx)
        expected, _ = model.exchange(i, j, dx)
        assert pool.swap(i, j, dx) == expected
        assert pool.balances() == model.balances


def _classic_quote(model: Any, i: int, j: int, dx: int) -> int:
    """The view function of these pools scales first and charges then, other than their exchange."""
    xp = model._xp()
    y = model.get_y(i, j, xp[i] + dx * model.rates[i] // DOLLAR, xp)
    dy = (xp[j] - y - 1) * DOLLAR // model.rates[j]
    return int(dy - model.fee * dy // FEE_DENOMINATOR)


@FEW
@given(worth=dollars(3), trades=swaps(3), amplification=st.integers(1, 10_000), fee=st.integers(0, 10**8))
def test_a_stable_pool_numbered_by_uint256_is_the_model_to_the_unit(
    stand: Stand, worth: list[int], trades: list[Swap], amplification: int, fee: int
) -> None:
    rates = rates_of(STABLE_DECIMALS)
    held = [part * DOLLAR // rate for part, rate in zip(worth, rates, strict=True)]
    model = models().StableSwap(A=amplification, D=held, n=3, rates=rates, fee=fee, admin_fee=ADMIN_FEE)
    types = "(address[],uint256[],uint256,uint256,uint256)"
    pool = stand.pool("StableSwapUint", STABLE_DECIMALS, types, held, rates, amplification, fee, ADMIN_FEE)
    for i, j, part in trades:
        dx = max(1, pool.balances()[i] * part // 10**9)
        quoted = pool.quote(i, j, dx)
        expected, _ = model.exchange(i, j, dx)
        assert quoted == pool.swap(i, j, dx) == expected
        assert pool.balances() == model.balances


def ng_model(**terms: Any) -> Any:
    """The model with the one rounding that the newer pools do another way: n^n is divided out at the end."""

    class NGPool(models().StableSwap):  # type: ignore[misc]
        def get_D(self, xp: list[int], A: int) -> int:  # noqa: N802, N803
            ann, total, n = A * self.n, sum(xp), self.n
            d, previous = total, 0
            while abs(d - previous) > 1:
                product = d
                for x in xp:
                    product = product * d // x
                product //= n**n
                previous, d = d, (ann * total + product * n) * d // ((ann - 1) * d + (n + 1) * product)
            return d

    return NGPool(**terms)


@FEW
@given(
    worth=dollars(2, least=10**7),
    trades=swaps(2),
    amplification=st.integers(1, 10_000),
    fee=st.integers(0, 10**8),
    offpeg=st.integers(0, 2 * 10**11),
)
def test_a_newer_stable_pool_is_the_model_to_the_unit_with_its_fee_off_peg(
    stand: Stand, worth: list[int], trades: list[Swap], amplification: int, fee: int, offpeg: int
) -> None:
    rates = rates_of(NG_DECIMALS)
    held = [part * DOLLAR // rate for part, rate in zip(worth, rates, strict=True)]
    multiplier = offpeg if offpeg > FEE_DENOMINATOR else None
    terms = {"A": amplification, "D": held, "n": 2, "rates": rates, "fee": fee, "admin_fee": ADMIN_FEE}
    model = ng_model(**terms, fee_mul=multiplier)
    types = "(address[],uint256[],uint256,uint256,uint256,uint256)"
    values = (held, rates, amplification, fee, ADMIN_FEE, offpeg)
    pool = stand.pool("StableSwapNG", NG_DECIMALS, types, *values)
    for i, j, part in trades:
        dx = max(1, pool.balances()[i] * part // 10**9)
        quoted = pool.quote(i, j, dx)
        expected, _ = model.exchange(i, j, dx)
        assert quoted == pool.swap(i, j, dx) == expected
        assert pool.balances() == model.balances


def crypto_fees() -> st.SearchStrategy[tuple[int, int, int]]:
    """(fee in balance, fee far from it, fee gamma)."""
    fees = st.tuples(st.integers(10**5, 10**8), st.integers(10**5, 10**8))
    return st.tuples(fees, st.integers(10**12, 10**17)).map(
        lambda both: (min(both[0]), max(both[0]), both[1])
    )


def crypto_model(n: int, held: list[int], amp: int, gamma: int, fees: tuple[int, int, int]) -> Any:
    mid, out, fee_gamma = fees
    return models().CryptoSwap(
        A=amp,
        gamma=gamma,
        n=n,
        precisions=[10 ** (18 - places) for places in CRYPTO_DECIMALS[:n]],
        mid_fee=mid,
        out_fee=out,
        fee_gamma=fee_gamma,
        allowed_extra_profit=NEVER_REPEG,
        adjustment_step=NEVER_REPEG,
        ma_half_time=600,
        price_scale=list(PRICES[: n - 1]),
        balances=held,
    )


def crypto_pool(stand: Stand, n: int, held: list[int], amp: int, gamma: int, fees: tuple[int, ...]) -> Pool:
    precisions = [10 ** (18 - places) for places in CRYPTO_DECIMALS[:n]]
    terms = (amp, gamma, *fees)
    name = "TwoCryptoPool" if n == 2 else "TriCryptoPool"
    values = (held, precisions, terms, list(PRICES[: n - 1]))
    return stand.pool(name, CRYPTO_DECIMALS, curve.CRYPTO_TYPES, *values)


def crypto_balances(worth: list[int]) -> list[int]:
    prices = (ETHER, *PRICES)
    units = [10**places for places in CRYPTO_DECIMALS]
    return [part * size // price for part, size, price in zip(worth, units, prices, strict=False)]


@FEW
@given(
    worth=dollars(2, least=10**7),
    trades=swaps(2),
    amp=st.integers(4_000, 4_000_000),
    gamma=st.integers(10**11, 10**16),
    fees=crypto_fees(),
)
def test_a_two_coin_crypto_pool_is_the_model_to_the_unit(
    stand: Stand, worth: list[int], trades: list[Swap], amp: int, gamma: int, fees: tuple[int, int, int]
) -> None:
    held = crypto_balances(worth)
    model = crypto_model(2, held, amp, gamma, fees)
    pool = crypto_pool(stand, 2, held, amp, gamma, fees)
    assert pool.ask("D()") == model.D
    for i, j, part in trades:
        dx = pool.balances()[i] * part // 10**9
        assume(dx > 10**5)
        quoted = pool.quote(i, j, dx)
        assert quoted == model.get_dy(i, j, dx)
        model.exchange(i, j, dx)
        assert pool.swap(i, j, dx) == quoted
        assert (pool.balances(), pool.ask("D()")) == (model.balances, model.D)


@pytest.fixture
def solved_by_newton(monkeypatch: pytest.MonkeyPatch) -> None:
    """The model's three-coin pool is the newer one, which solves a cubic; the older uses Newton's method."""
    solve = models().newton_y_3
    monkeypatch.setattr(
        models().crypto, "get_y", lambda amp, gamma, xp, d, j: [solve(amp, gamma, xp, d, j), 0]
    )


@pytest.mark.usefixtures("solved_by_newton")
def test_a_three_coin_crypto_pool_is_the_model_to_the_unit(stand: Stand) -> None:
    @FEW
    @given(
        worth=dollars(3, least=10**7),
        trades=swaps(3),
        amp=st.integers(27_000, 27_000_000),
        gamma=st.integers(10**11, 10**16),
        fees=crypto_fees(),
    )
    def agrees(
        worth: list[int], trades: list[Swap], amp: int, gamma: int, fees: tuple[int, int, int]
    ) -> None:
        held = crypto_balances(worth)
        model = crypto_model(3, held, amp, gamma, fees)
        pool = crypto_pool(stand, 3, held, amp, gamma, fees)
        for i, j, part in trades:
            # The model finds D from another first guess; both stop at one part in 10^14.
            found = pool.ask("D()")
            assert abs(found - model.D) * 10**13 < found
            model.D = found
            dx = pool.balances()[i] * part // 10**9
            assume(dx > 10**5)
            quoted = pool.quote(i, j, dx)
            assert quoted == model.get_dy(i, j, dx)
            model.exchange(i, j, dx)
            assert pool.swap(i, j, dx) == quoted
            assert pool.balances() == model.balances

    agrees()


CURVE_POOLS = [pool for pool in ETHEREUM_FULL.pools if pool.venue in curve.VENUES]


@pytest.mark.parametrize(
    ("name", "index"),
    [(pool.name, index) for pool in CURVE_POOLS for index in range(len(pool.tokens))],
)
def test_a_small_trade_at_the_placed_pool_costs_the_fee_and_no_more(
    ethereum_full: Node, name: str, index: int
) -> None:
    book, pool = ETHEREUM_FULL, ETHEREUM_FULL.pool(name)
    token_in = pool.tokens[index]
    token_out = next(token for token in pool.tokens if token != token_in)
    received = market.trade(ethereum_full, pool, token_in, tokens_for(book, token_in, 300))
    millionths = int(received * PRICES_USD[symbol_of(book, token_out)] * 10**6 // unit(book, token_out))
    kept = 300 * (10**6 - pool.fee)
    assert kept * 999 // 1000 <= millionths <= kept + 300


def test_the_first_pools_and_the_older_three_coin_pool_return_nothing(ethereum_full: Node) -> None:
    for name, kind in (
        ("curve_stable DAI/USDC/USDT", "int128"),
        ("curve_tri_crypto USDT/WBTC/WETH", "uint256"),
    ):
        pool = ETHEREUM_FULL.pool(name)
        market.trade(ethereum_full, pool, pool.tokens[0], 10**9)
        ethereum_full.set_erc20_balance(pool.tokens[0], market.TRADER, 10**9)
        for amount in (0, 10**9):
            approve = abi.encode_call("approve(address,uint256)", pool.address, amount)
            ethereum_full.send(market.TRADER, pool.tokens[0], approve)
        call = abi.encode_call(f"exchange({kind},{kind},uint256,uint256)", 0, 1, 10**9, 0)
        assert ethereum_full.call(pool.address, call, from_=market.TRADER) == b""


@pytest.mark.parametrize(
    ("name", "kind"),
    [("curve_stable_ng USDC/USDT", "int128"), ("curve_two_crypto USDC/WETH", "uint256")],
)
def test_a_newer_pool_pays_the_receiver_that_is_named(ethereum_full: Node, name: str, kind: str) -> None:
    pool, friend = ETHEREUM_FULL.pool(name), account("friend")
    amount = 1000 * 10**6
    ethereum_full.set_erc20_balance(pool.tokens[0], TRADER, amount)
    approve = abi.encode_call("approve(address,uint256)", pool.address, amount)
    ethereum_full.send(TRADER, pool.tokens[0], approve)
    quote = abi.encode_call(f"get_dy({kind},{kind},uint256)", 0, 1, amount)
    quoted = int.from_bytes(ethereum_full.call(pool.address, quote))
    signature = f"exchange({kind},{kind},uint256,uint256,address)"
    ethereum_full.send(TRADER, pool.address, abi.encode_call(signature, 0, 1, amount, quoted, friend))
    assert ethereum_full.erc20_balance(pool.tokens[1], friend) == quoted


def test_a_newer_stable_pool_sells_what_was_sent_to_it_beforehand(ethereum_full: Node) -> None:
    pool, friend = ETHEREUM_FULL.pool("curve_stable_ng USDC/USDT"), account("friend")
    sold, bought = pool.tokens
    # Some earlier swap leaves the admin a fee in the pool, which is nobody's input.
    market.trade(ethereum_full, pool, bought, 10**12)
    amount = 5000 * 10**6
    quote = abi.encode_call("get_dy(int128,int128,uint256)", 0, 1, amount)
    quoted = int.from_bytes(ethereum_full.call(pool.address, quote))
    signature = "exchange_received(int128,int128,uint256,uint256,address)"
    call = abi.encode_call(signature, 0, 1, amount, quoted, friend)
    ethereum_full.set_erc20_balance(sold, TRADER, amount)
    with pytest.raises(RpcError, match="revert"):
        ethereum_full.send(TRADER, pool.address, call)
    transfer = abi.encode_call("transfer(address,uint256)", pool.address, amount)
    ethereum_full.send(TRADER, sold, transfer)
    ethereum_full.send(TRADER, pool.address, call)
    assert ethereum_full.erc20_balance(bought, friend) == quoted


def test_the_ether_pool_refuses_ether_that_does_not_match_the_amount(ethereum_full: Node) -> None:
    pool = ETHEREUM_FULL.pool("curve_stable_ether ETH/STETH")
    ethereum_full.set_balance(TRADER, 10 * ETHER)
    call = abi.encode_call("exchange(int128,int128,uint256,uint256)", 0, 1, 2 * ETHER, 0)
    for value in (0, ETHER, 3 * ETHER):
        with pytest.raises(RpcError, match="revert"):
            ethereum_full.send(TRADER, pool.address, call, value=value)


def test_less_than_the_least_output_asked_for_reverts(ethereum_full: Node) -> None:
    pool = ETHEREUM_FULL.pool("curve_stable_ether ETH/STETH")
    ethereum_full.set_balance(TRADER, 10 * ETHER)
    call = abi.encode_call("exchange(int128,int128,uint256,uint256)", 0, 1, ETHER, 2 * ETHER)
    with pytest.raises(RpcError, match="Exchange resulted in fewer coins than expected"):
        ethereum_full.send(TRADER, pool.address, call, value=ETHER)


def test_a_transfer_of_the_staked_ether_may_lose_a_wei(ethereum_full: Node) -> None:
    token, friend = ETHEREUM_FULL.tokens["STETH"], account("friend")
    pool = ETHEREUM_FULL.pool("curve_stable_ether ETH/STETH")
    market.trade(ethereum_full, pool, NATIVE, 3 * ETHER)
    lost = []
    for amount in (ETHER, ETHER // 3, 12345678901234567):
        before = ethereum_full.erc20_balance(token, friend)
        send = abi.encode_call("transfer(address,uint256)", friend, amount)
        ethereum_full.send(market.TRADER, token, send)
        lost.append(amount - (ethereum_full.erc20_balance(token, friend) - before))
    assert any(lost)
    assert set(lost) <= {0, 1, 2}
