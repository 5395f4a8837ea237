"""Trades by somebody else, through the venues' real routers: what opens a price gap on a local chain."""

from __future__ import annotations

from collections.abc import Callable

from devnet import abi, deal
from devnet.addresses import NATIVE, PoolRecord
from devnet.book import POOL_KEY
from devnet.books import book_of
from devnet.node import Node, Receipt
from devnet.protocols import algebra, curve, uniswap_v4, v2_forks
from devnet.protocols.tokens import TREASURY
from devnet.roles import account
from devnet.settings import ETHER

TRADER = account("market trader")
NEVER = 2**63
MILLION = 10**6
# One inside the outermost sqrt prices that a pool takes.
LOWEST_PRICE = 4295128740
HIGHEST_PRICE = 1461446703485210103287273052203988822378723970341
SWAP_V2 = "swapExactTokensForTokensSupportingFeeOnTransferTokens(uint256,uint256,address[],address,uint256)"
SWAP_PAIR = "swap(uint256,uint256,address,bytes)"
SWAP_V3 = "exactInputSingle((address,address,uint24,address,uint256,uint256,uint160))"
SWAP_V4 = f"swap({POOL_KEY},(bool,int256,uint160),(bool,bool),bytes)"
SWAP_AERODROME_V2 = (
    "swapExactTokensForTokens(uint256,uint256,(address,address,bool,address)[],address,uint256)"
)
SWAP_BALANCER_V2 = (
    "swap((bytes32,uint8,address,address,uint256,bytes),(address,bool,address,bool),uint256,uint256)"
)
SWAP_BALANCER_V3 = "swapSingleTokenExactIn(address,address,address,uint256,uint256,uint256,bool,bytes)"


def trade(node: Node, pool: PoolRecord, token_in: str, amount: int) -> int:
    """Sell `amount` smallest units of `token_in` to the pool; smallest units of the other token received.

    The seller is given the tokens first. Raises ValueError for a token that the pool does not have or a venue
    without a router here, TransactionError when the trade fails.
    """
    trade_here = TRADES.get(pool.venue)
    if trade_here is None:
        raise ValueError(f"no trade is known for the venue {pool.venue}: use its own router")
    return trade_here(node, pool, token_in, amount)


def trade_v2(node: Node, pool: PoolRecord, token_in: str, amount: int) -> int:
    """As `trade`, through the V2 router of the pool's venue; takes transfer-fee tokens too."""
    token_out = _other(pool, token_in)
    router = book_of(node).contracts[f"{pool.venue}_router"]
    _prepare(node, token_in, amount, router)
    before = node.erc20_balance(token_out, TRADER)
    node.send(TRADER, router, abi.encode_call(SWAP_V2, amount, 0, [token_in, token_out], TRADER, NEVER))
    return node.erc20_balance(token_out, TRADER) - before


def trade_v2_fork(node: Node, pool: PoolRecord, token_in: str, amount: int) -> int:
    """As `trade`, straight at a pair whose fork has no router here: x y = k, the fee taken from the input."""
    token_out, first = _other(pool, token_in), token_in == pool.tokens[0]
    answer = node.call(pool.address, abi.encode_call("getReserves()"))
    reserves = abi.decode("(uint112,uint112)", answer[:64])
    reserve_in, reserve_out = reserves if first else reversed(reserves)
    kept = amount * (MILLION - pool.fee)
    bought = kept * reserve_out // (reserve_in * MILLION + kept)
    deal.ensure_balance(node, token_in, TRADER, amount)
    node.send(TRADER, token_in, abi.encode_call("transfer(address,uint256)", pool.address, amount))
    outputs = (0, bought) if first else (bought, 0)
    before = node.erc20_balance(token_out, TRADER)
    node.send(TRADER, pool.address, abi.encode_call(SWAP_PAIR, *outputs, TRADER, b""))
    return node.erc20_balance(token_out, TRADER) - before


def trade_v3(node: Node, pool: PoolRecord, token_in: str, amount: int) -> int:
    """As `trade`, through SwapRouter02; elsewhere at the pool, by the treasury's contract."""
    token_out = _other(pool, token_in)
    before = node.erc20_balance(token_out, TRADER)
    if pool.venue != "uniswap_v3":
        arguments = (pool.address, TRADER, token_in == pool.tokens[0], amount)
        node.send(TRADER, TREASURY, abi.encode_call("swap(address,address,bool,int256)", *arguments))
        return node.erc20_balance(token_out, TRADER) - before
    router = book_of(node).contracts["uniswap_v3_router_02"]
    _prepare(node, token_in, amount, router)
    parameters = (token_in, token_out, pool.fee, TRADER, amount, 0, 0)
    node.send(TRADER, router, abi.encode_call(SWAP_V3, parameters))
    return node.erc20_balance(token_out, TRADER) - before


def trade_v4(node: Node, pool: PoolRecord, token_in: str, amount: int) -> int:
    """As `trade`, through Uniswap's test router; ether is sent along where the pool holds ether."""
    token_out, value = _other(pool, token_in), 0
    if token_in == NATIVE:
        value = amount
        node.set_balance(TRADER, amount + 100 * ETHER)
    else:
        _prepare(node, token_in, amount, uniswap_v4.SWAP_ROUTER)
    zero_for_one = token_in == pool.tokens[0]
    swap = (zero_for_one, -amount, LOWEST_PRICE if zero_for_one else HIGHEST_PRICE)
    call = abi.encode_call(SWAP_V4, uniswap_v4.key_of(pool), swap, (False, False), b"")
    before = _held(node, token_out)
    receipt = node.send(TRADER, uniswap_v4.SWAP_ROUTER, call, value=value)
    return _held(node, token_out) - before + (_gas_money(receipt) if token_out == NATIVE else 0)


def trade_algebra(node: Node, pool: PoolRecord, token_in: str, amount: int) -> int:
    """As `trade`, through Algebra's test router."""
    token_out, zero_for_one = _other(pool, token_in), token_in == pool.tokens[0]
    _prepare(node, token_in, amount, algebra.TRADER_CONTRACT)
    name = "swapExact0For1" if zero_for_one else "swapExact1For0"
    arguments = (pool.address, amount, TRADER, LOWEST_PRICE if zero_for_one else HIGHEST_PRICE)
    before = node.erc20_balance(token_out, TRADER)
    call = abi.encode_call(f"{name}(address,uint256,address,uint160)", *arguments)
    node.send(TRADER, algebra.TRADER_CONTRACT, call)
    return node.erc20_balance(token_out, TRADER) - before


def trade_aerodrome_v2(node: Node, pool: PoolRecord, token_in: str, amount: int) -> int:
    """As `trade`, through Aerodrome's router."""
    token_out, contracts = _other(pool, token_in), book_of(node).contracts
    router = contracts["aerodrome_v2_router"]
    _prepare(node, token_in, amount, router)
    before = node.erc20_balance(token_out, TRADER)
    routes = [(token_in, token_out, pool.stable, contracts["aerodrome_v2_factory"])]
    node.send(TRADER, router, abi.encode_call(SWAP_AERODROME_V2, amount, 0, routes, TRADER, NEVER))
    return node.erc20_balance(token_out, TRADER) - before


def trade_balancer_v2(node: Node, pool: PoolRecord, token_in: str, amount: int, token_out: str = "") -> int:
    """As `trade`, at the Balancer vault; of more than two tokens the one to receive may be named."""
    vault, token_out = book_of(node).contracts["balancer_v2_vault"], token_out or _other(pool, token_in)
    _prepare(node, token_in, amount, vault)
    before = node.erc20_balance(token_out, TRADER)
    swap = (bytes.fromhex(str(pool.pool_id)[2:]), 0, token_in, token_out, amount, b"")
    funds = (TRADER, False, TRADER, False)
    node.send(TRADER, vault, abi.encode_call(SWAP_BALANCER_V2, swap, funds, 0, NEVER))
    return node.erc20_balance(token_out, TRADER) - before


def trade_balancer_v3(node: Node, pool: PoolRecord, token_in: str, amount: int, token_out: str = "") -> int:
    """As `trade`, through Balancer's router; of more than two tokens the one to receive may be named."""
    contracts, token_out = book_of(node).contracts, token_out or _other(pool, token_in)
    router, permit2 = contracts["balancer_v3_router"], contracts["permit2"]
    _prepare(node, token_in, amount, permit2)
    allow = "approve(address,address,uint160,uint48)"
    node.send(TRADER, permit2, abi.encode_call(allow, token_in, router, amount, 2**48 - 1))
    before = node.erc20_balance(token_out, TRADER)
    swap = (pool.address, token_in, token_out, amount, 0, NEVER, False, b"")
    node.send(TRADER, router, abi.encode_call(SWAP_BALANCER_V3, *swap))
    return node.erc20_balance(token_out, TRADER) - before


def trade_curve(node: Node, pool: PoolRecord, token_in: str, amount: int, token_out: str = "") -> int:
    """As `trade`, straight at the pool; of more than two tokens the one to receive may be named."""
    token_out, value = token_out or _other(pool, token_in), 0
    if token_in == NATIVE:
        value = amount
        node.set_balance(TRADER, amount + 100 * ETHER)
    else:
        _prepare(node, token_in, amount, pool.address)
    kind = curve.index_type(pool)
    indexes = (pool.tokens.index(token_in), pool.tokens.index(token_out))
    call = abi.encode_call(f"exchange({kind},{kind},uint256,uint256)", *indexes, amount, 0)
    before = _held(node, token_out)
    receipt = node.send(TRADER, pool.address, call, value=value)
    return _held(node, token_out) - before + (_gas_money(receipt) if token_out == NATIVE else 0)


def _other(pool: PoolRecord, token_in: str) -> str:
    if token_in not in pool.tokens:
        raise ValueError(f"{pool.name} does not hold {token_in}: sell one of {', '.join(pool.tokens)}")
    return next(token for token in pool.tokens if token != token_in)


def _held(node: Node, token: str) -> int:
    return node.balance(TRADER) if token == NATIVE else node.erc20_balance(token, TRADER)


def _gas_money(receipt: Receipt) -> int:
    return int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)


def _prepare(node: Node, token: str, amount: int, spender: str) -> None:
    """Tokens to sell and the allowance to do so; first back to zero, as Tether demands."""
    deal.ensure_balance(node, token, TRADER, amount)
    node.send(TRADER, token, abi.encode_call("approve(address,uint256)", spender, 0))
    node.send(TRADER, token, abi.encode_call("approve(address,uint256)", spender, amount))


Trade = Callable[[Node, PoolRecord, str, int], int]
TRADES: dict[str, Trade] = {
    "uniswap_v2": trade_v2,
    "sushi_v2": trade_v2,
    "uniswap_v3": trade_v3,
    "pancake_v3": trade_v3,
    "slipstream": trade_v3,
    "solidly_v3": trade_v3,
    **dict.fromkeys(v2_forks.VENUES, trade_v2_fork),
    "algebra": trade_algebra,
    "uniswap_v4": trade_v4,
    "balancer_v2": trade_balancer_v2,
    "balancer_v3": trade_balancer_v3,
    "aerodrome_v2": trade_aerodrome_v2,
    **dict.fromkeys(curve.VENUES, trade_curve),
}
