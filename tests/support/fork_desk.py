"""A router on a fork of mainnet and what tests do around it, by public addresses and factories alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ape import Contract, accounts
from ape.api import ReceiptAPI

from devnet import ETHER
from executor import venues
from executor.domain.abi import decoded_int, eth_call
from executor.domain.address import Address
from executor.domain.call import Reading
from executor.domain.deployment import Deployment
from executor.domain.errors import TicksUnknownError
from executor.domain.market import PoolState, V2State
from executor.domain.pool import Pool
from executor.domain.route import Funding, SizedRoute
from executor.domain.token import Token
from executor.plan import encode
from executor.routing.candidates import Candidate, pick, routes
from executor.routing.sizing import no_premium
from scripts._support.session import Session
from tests.support.ape_sessions import ACCOUNTS, OPERATOR

WHALE_ACCOUNT, STRANGER_ACCOUNT = 5, 3
UNISWAP_V2_ROUTER = "0x7a250d5630B4cF539739dF2C5dAcb4c659F2488D"
FOREVER = 4_000_000_000
WETH_ABI = [
    {"type": "function", "name": "deposit", "stateMutability": "payable", "inputs": [], "outputs": []},
    *(
        {
            "type": "function",
            "name": name,
            "stateMutability": "nonpayable",
            "inputs": [{"name": "who", "type": "address"}, {"name": "amount", "type": "uint256"}],
            "outputs": [{"name": "", "type": "bool"}],
        }
        for name in ("transfer", "approve")
    ),
]
ROUTER_ABI = [
    {
        "type": "function",
        "name": "swapExactTokensForTokens",
        "stateMutability": "nonpayable",
        "inputs": [
            {"name": "amountIn", "type": "uint256"},
            {"name": "amountOutMin", "type": "uint256"},
            {"name": "path", "type": "address[]"},
            {"name": "to", "type": "address"},
            {"name": "deadline", "type": "uint256"},
        ],
        "outputs": [{"name": "amounts", "type": "uint256[]"}],
    }
]


@dataclass(frozen=True)
class ForkDesk:
    """Settlement is in WETH throughout."""

    session: Session
    record: Deployment

    @property
    def router(self) -> Address:
        """The router."""
        return self.record.router

    def token(self, symbol: str) -> Token:
        """A token of the chain data."""
        return self.session.chain.token(symbol)

    def pools(self, dex: str) -> Sequence[Pool]:
        """The pools of WETH and USDC that the factory of `dex` names."""
        found = venues.find(self.session.chain.dex(dex), self.token("WETH"), self.token("USDC"))
        return self.session.node.read(found)

    def balance(self, who: Address) -> int:
        """Wei of WETH held by `who`."""
        return self.session.node.read(_balance(self.token("WETH").address, who))

    def open_gap(self, share: int = 10) -> None:
        """A whale sells a `share`-th of the WETH in Uniswap's V2 pair into it, by Uniswap's own router."""
        (pool,) = self.pools("uniswap_v2")
        state = self.session.node.read(venues.read(pool))
        assert isinstance(state, V2State)
        weth, usdc = self.token("WETH"), self.token("USDC")
        amount = (state.reserve0 if pool.token0 == weth else state.reserve1) // share
        whale = self.wrapped(WHALE_ACCOUNT, amount)
        Contract(weth.address, abi=WETH_ABI).approve(UNISWAP_V2_ROUTER, amount, sender=whale, **FEES)
        path = [weth.address, usdc.address]
        router = Contract(UNISWAP_V2_ROUTER, abi=ROUTER_ABI)
        router.swapExactTokensForTokens(amount, 0, path, whale, FOREVER, sender=whale, **FEES)

    def wrapped(self, index: int, amount: int) -> object:
        """The development account `index`, holding `amount` wei of WETH that it deposited."""
        account = accounts.test_accounts[index]
        account.provider.set_balance(account.address, amount + 10 * ETHER)
        Contract(self.token("WETH").address, abi=WETH_ABI).deposit(value=amount, sender=account, **FEES)
        return account

    def stock(self, amount: int) -> None:
        """Give the router `amount` wei of WETH."""
        owner = self.wrapped(WHALE_ACCOUNT, amount)
        Contract(self.token("WETH").address, abi=WETH_ABI).transfer(self.router, amount, sender=owner, **FEES)

    def best(
        self, buy: str, sell: str, *, cap: int | None = None, premium: Callable[[int], int] = no_premium
    ) -> Candidate | None:
        """The best way from WETH to USDC at `buy` and back at `sell`, gas left aside; None if none earns."""
        buy_pools, sell_pools = self.pools(buy), self.pools(sell)
        read = self.session.node.read
        states: dict[str, PoolState] = {
            pool.key: read(venues.read(pool)) for pool in (*buy_pools, *sell_pools)
        }
        ways = routes(self.token("WETH"), self.token("USDC"), buy_pools, sell_pools)
        while True:
            try:
                return pick(ways, states, gas_cost=lambda gas: 0, cap=cap, premium=premium)
            except TicksUnknownError as error:
                pool = Address(str(error.facts["pool"]))
                states[pool] = read(venues.extend(states[pool], bool(error.facts["toward_low"])))

    def plan(self, found: Candidate, funding: Funding, premium: int = 0) -> bytes:
        """The calldata that takes `found` and accepts not a wei less."""
        sized = SizedRoute(found.route, found.amounts, funding, premium)
        return encode(sized, settlement_index=0, minimum_profit=found.profit, deadline=FOREVER)

    def execute(self, plan: bytes) -> ReceiptAPI:
        """Send a plan as the operator."""
        index = int(ACCOUNTS[OPERATOR].removeprefix("TEST::"))
        limit = self.session.node.try_out(OPERATOR, self.router, plan).gas_limit
        operator = accounts.test_accounts[index]
        return operator.transfer(self.router, 0, data=plan, gas=limit, **FEES)


# Ape's guess of the next base fee has no margin on a node that it runs.
FEES = {"max_fee": 100 * 10**9, "max_priority_fee": 10**9}


def _balance(token: Address, who: Address) -> Reading[int]:
    (answer,) = yield (eth_call(token, "balanceOf(address)", who),)
    return decoded_int(answer) or 0
