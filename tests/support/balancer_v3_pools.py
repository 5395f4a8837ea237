"""Pools of Balancer V3's Vault, made by its real factories on the local mainnet, and their storage."""

from __future__ import annotations

from collections.abc import Sequence

from eth_utils.crypto import keccak

from devnet import ETHEREUM_FULL, Node, abi, deal
from devnet.book import NATIVE
from devnet.errors import RpcError
from devnet.roles import account
from executor.domain.address import Address, to_address
from executor.domain.pool import Pool, VenueKind
from executor.domain.token import Token
from executor.venues import balancer_v3
from executor.venues.pairing import ordered
from tests.support.answers import read_from
from tests.support.balancer_v2_pools import STORED_RATE

STANDARD, WITH_RATE = 0, 1
REGISTERED_AND_INITIALISED = 0b11
RECOVERY_BIT = 3
SWAP_HOOK_BITS = {"adjusted amounts": 9, "a dynamic fee": 11, "before a swap": 12, "after a swap": 13}
LIQUIDITY_HOOK_BIT = 15
FOREVER = 2**48 - 1
NEVER = 2**63
# Name, symbol, tokens, weights or amplification, roles, swap fee, hooks, donations, proportional only, salt.
TOKEN_CONFIG, ROLES = "(address,uint8,address,bool)", "(address,address,address)"
CREATE = f"create(string,string,{TOKEN_CONFIG}[],{{0}},{ROLES},uint256,address,bool,bool,bytes32)"
INITIALIZE = "initialize(address,address[],uint256[],uint256,bool,bytes)"
ADD = "addLiquidityUnbalanced(address,uint256[],uint256,bool,bytes)"
REMOVE = "removeLiquiditySingleTokenExactIn(address,uint256,address,uint256,bool,bytes)"
QUERY = "query{0}(address,address,address,uint256,address,bytes)"
EXACT_IN, EXACT_OUT = "SwapSingleTokenExactIn", "SwapSingleTokenExactOut"
NOBODY = "0x" + "00" * 20
TRADE = "(address,address,address,uint256,uint256,uint256,bool,bytes)"


class V3Workshop:
    """Makes pools on a full local mainnet."""

    def __init__(self, node: Node) -> None:
        self.node, self.book = node, ETHEREUM_FULL
        self.vault = self.book.contracts["balancer_v3_vault"]
        self.router = self.book.contracts["balancer_v3_router"]
        self.permit2 = self.book.contracts["permit2"]
        self.owner = account("owner of balancer v3 pools")
        self._made = 0
        self._slot: int | None = None

    def token(self, symbol: str) -> Token:
        """A token of the book."""
        return Token(
            self.book.chain_id, to_address(self.book.tokens[symbol]), symbol, self.book.decimals[symbol]
        )

    def make(
        self, symbols: Sequence[str], shape: int | Sequence[int], fee: int, rates: Sequence[int] = ()
    ) -> Address:
        """A pool of these tokens, by rising address; `shape` is its amplification or its weights. Each of
        `rates` that is not 0 comes from a provider that `set_rate` changes, and pays yield fees.
        """
        tokens = sorted((self.token(symbol).address for symbol in symbols), key=lambda each: int(each, 16))
        configs = [
            (token, WITH_RATE, self.set_rate(token, rate), True) if rate else (token, STANDARD, NATIVE, False)
            for token, rate in zip(tokens, rates or [0] * len(tokens), strict=True)
        ]
        stable = isinstance(shape, int)
        value = shape if isinstance(shape, int) else list(shape)
        factory = self.book.contracts[f"balancer_v3_{'stable' if stable else 'weighted'}_pool_factory"]
        self._made += 1
        salt = self._made.to_bytes(32)
        owners = (NATIVE, self.owner, NATIVE)
        call = abi.encode_call(
            CREATE.format("uint256" if stable else "uint256[]"),
            *("a pool", "POOL", configs, value, owners, fee),
            *(NATIVE, False, False, salt),
        )
        self.node.send(self.owner, factory, call, gas=16_000_000)
        (made,) = abi.decode("(address[])", self.node.call(factory, abi.encode_call("getPools()")))
        return to_address(made[-1])

    def set_rate(self, token: str, rate: int) -> str:
        """The provider of a token's rate, which tells `rate` (18 decimals) from now on."""
        provider = account(f"provider of the rate of {token} for v3")
        self.node.set_code(provider, STORED_RATE)
        self.node.set_storage(provider, 0, rate)
        return provider

    def pool(self, address: Address, sold: str, bought: str) -> Pool:
        """The pool as the executor knows it, with the pair of these two."""
        found = read_from(self.node, balancer_v3.details(address))
        token0, token1 = ordered(self.token(sold), self.token(bought))
        return Pool("balancer_v3", VenueKind.BALANCER_V3, address, token0, token1, 0, details=found)

    def start(self, address: Address, amounts: Sequence[int]) -> None:
        """The first liquidity."""
        tokens = read_from(self.node, balancer_v3.details(address)).tokens
        for token, amount in zip(tokens, amounts, strict=True):
            self.allow(self.owner, token, amount)
        call = abi.encode_call(INITIALIZE, address, list(tokens), list(amounts), 0, False, b"")
        self.node.send(self.owner, self.router, call)

    def add(self, address: Address, amounts: Sequence[int]) -> None:
        """More liquidity, out of proportion, so that fees are due."""
        tokens = read_from(self.node, balancer_v3.details(address)).tokens
        for token, amount in zip(tokens, amounts, strict=True):
            self.allow(self.owner, token, amount)
        self.node.send(self.owner, self.router, abi.encode_call(ADD, address, list(amounts), 0, False, b""))

    def remove(self, address: Address, shares: int, token: Address) -> None:
        """Liquidity out, in one token, so that fees are due."""
        self.node.send(self.owner, address, abi.encode_call("approve(address,uint256)", self.router, shares))
        call = abi.encode_call(REMOVE, address, shares, token, 1, False, b"")
        self.node.send(self.owner, self.router, call)

    def allow(self, owner: str, token: str, amount: int) -> None:
        """Tokens to pay with, and the router's right to take them."""
        deal.ensure_balance(self.node, token, owner, amount)
        for allowed in (0, amount):
            self.node.send(owner, token, abi.encode_call("approve(address,uint256)", self.permit2, allowed))
        allowance = abi.encode_call(
            "approve(address,address,uint160,uint48)", token, self.router, amount, FOREVER
        )
        self.node.send(owner, self.permit2, allowance)

    def set_aggregate_fees(self, address: Address, swap_fee: int, yield_fee: int) -> None:
        """The protocol's parts of fees and of what rates add, as its fee controller sets them."""
        controller = self.book.contracts["balancer_v3_protocol_fee_controller"]
        for name, fee in (("Swap", swap_fee), ("Yield", yield_fee)):
            signature = f"updateAggregate{name}FeePercentage(address,uint256)"
            self.node.send(controller, self.vault, abi.encode_call(signature, address, fee))

    def set_balances(self, address: Address, balances: Sequence[int], live: Sequence[int]) -> None:
        """Put balances, as they are and live as last stored, into the Vault's storage."""
        if self._slot is None:
            self._slot = self._find_slot(address)
        for place, (balance, last) in enumerate(zip(balances, live, strict=True)):
            self.node.set_storage(self.vault, _key(address, self._slot, place), last << 128 | balance)

    def set_flag(self, address: Address, bit: int) -> None:
        """Set one bit of the pool's configuration in the Vault's storage, which is told as `PoolConfigConst`
        orders it.
        """
        for slot in range(40):
            key = "0x" + keccak(bytes(12) + bytes.fromhex(address[2:]) + slot.to_bytes(32)).hex()
            word = self.node.storage(self.vault, key)
            if word & REGISTERED_AND_INITIALISED == REGISTERED_AND_INITIALISED and word >> 128:
                self.node.set_storage(self.vault, key, word | 1 << bit)
                return
        raise AssertionError("the pool's configuration was not found in the Vault's storage")

    def query(self, kind: str, pool: Pool, zero_for_one: bool, amount: int) -> int | None:
        """What the router's query tells of the Vault's swap; None where the Vault refuses."""
        tokens = (pool.token0.address, pool.token1.address)
        sold, bought = tokens if zero_for_one else tokens[::-1]
        call = abi.encode_call(QUERY.format(kind), pool.address, sold, bought, amount, self.owner, b"")
        try:
            return int.from_bytes(self.node.call(self.router, call, from_=NOBODY))
        except RpcError:
            return None

    def trade(self, kind: str, pool: Pool, zero_for_one: bool, amount: int) -> int:
        """Somebody trades; what they got, or for EXACT_OUT what they paid."""
        sold, bought = pool.token0, pool.token1
        if not zero_for_one:
            sold, bought = bought, sold
        exact = kind == EXACT_IN
        most = amount if exact else 10**6 * 10**sold.decimals
        self.allow(self.owner, sold.address, most)
        told = bought.address if exact else sold.address
        before = self.node.erc20_balance(told, self.owner)
        name = kind[0].lower() + kind[1:]
        swap = (pool.address, sold.address, bought.address, amount, 0 if exact else most, NEVER, False, b"")
        self.node.send(self.owner, self.router, abi.encode_call(name + TRADE, *swap))
        return abs(self.node.erc20_balance(told, self.owner) - before)

    def _find_slot(self, address: Address) -> int:
        """The storage slot of the Vault's balances: the one under which the pool's stand."""
        answer = self.node.call(self.vault, abi.encode_call("getPoolTokenInfo(address)", address))
        types = "(address[],(uint8,address,bool)[],uint256[],uint256[])"
        balance = abi.decode(types, answer)[2][0]
        for slot in range(40):
            found = self.node.storage(self.vault, _key(address, slot, 0))
            if balance and found & (2**128 - 1) == balance:
                return slot
        raise AssertionError("the Vault's balances were not found in its storage")


def _key(address: Address, slot: int, place: int) -> str:
    inner = keccak(bytes(12) + bytes.fromhex(address[2:]) + slot.to_bytes(32))
    return "0x" + keccak(place.to_bytes(32) + inner).hex()
