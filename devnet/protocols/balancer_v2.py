"""Balancer V2: authorizer, vault, queries, pool factories and pools with mainnet's addresses and ids."""

from __future__ import annotations

from devnet import abi, artifacts
from devnet.addresses import NATIVE, AddressBook, PoolRecord
from devnet.errors import BuildError
from devnet.liquidity import side_amount, tokens_for
from devnet.manifest import BALANCER_V2
from devnet.place import Placer, require_address
from devnet.protocols.tokens import TREASURY
from devnet.roles import account

VENUE = "balancer_v2"
TASKS = "dist/tasks/"
PAUSE_WINDOW_SECONDS = 7_776_000
BUFFER_PERIOD_SECONDS = 2_592_000
AMPLIFICATION = 200
MILLIONTH = 10**12
HALF = 10**18 // 2
INIT_JOIN = 0
DEPOSIT_INTERNAL = 0
INTERNAL_USD = 10_000_000

# Nonce at which the factory created the pool on mainnet: its address follows from it.
FACTORY_NONCES = {
    "balancer_v2 USDC/WETH": 15,
    "balancer_v2 DAI/WETH": 16,
    "balancer_v2 DAI/USDC/USDT": 1,
}
WEIGHTED = "deprecated/20210418-weighted-pool/bytecode/WeightedPool2TokensFactory.json"
STABLE = "deprecated/20210624-stable-pool/bytecode/StablePoolFactory.json"


def build(place: Placer, book: AddressBook) -> None:
    """Deploy the vault and what belongs to it, then open the book's pools."""
    contracts = book.contracts
    vault, admin = contracts["balancer_v2_vault"], account("balancer admin")
    authorizer = contracts.get("balancer_v2_authorizer", account("balancer authorizer"))
    place.construct_at(authorizer, _code("20210418-authorizer/bytecode/Authorizer.json"), "(address)", admin)
    windows = (PAUSE_WINDOW_SECONDS, BUFFER_PERIOD_SECONDS)
    place.construct_at(
        vault,
        _code("20210418-vault/bytecode/Vault.json"),
        "(address,address,uint256,uint256)",
        *(authorizer, book.tokens["WETH"]),
        *windows,
    )
    collector = place.read_address(vault, "getProtocolFeesCollector()")
    require_address("Balancer's fee collector", collector, contracts["balancer_v2_protocol_fees_collector"])
    for name, path in (
        ("balancer_v2_queries", "20220721-balancer-queries/artifact/BalancerQueries.json"),
        ("balancer_v2_weighted_pool_2_tokens_factory", WEIGHTED),
        ("balancer_v2_stable_pool_factory", STABLE),
    ):
        if name in contracts:
            place.construct_at(contracts[name], _code(path), "(address)", vault)
    pools = [pool for pool in book.pools if pool.venue == VENUE]
    if not pools:
        _deposit(place, book, vault)
        return
    counter = _pool_counter_slot(place, vault)
    for pool in pools:
        _open(place, book, vault, pool, counter)


def _code(path: str) -> artifacts.Artifact:
    return artifacts.load(BALANCER_V2, TASKS + path)


def _pool_counter_slot(place: Placer, vault: str) -> int:
    """The storage slot of the vault's pool counter, a part of pool ids: the one that a registration moves."""
    with place.node.isolated():
        before = [place.node.storage(vault, slot) for slot in range(16)]
        place.call(place.deployer, vault, "registerPool(uint8)", 0)
        after = [place.node.storage(vault, slot) for slot in range(16)]
    moved = [slot for slot in range(16) if after[slot] == before[slot] + 1]
    if len(moved) != 1:
        raise BuildError("Balancer's pool counter was not found", "look for it in the vault's storage layout")
    return moved[0]


def _open(place: Placer, book: AddressBook, vault: str, pool: PoolRecord, counter: int) -> None:
    assert pool.pool_id is not None
    place.node.set_storage(vault, counter, int(pool.pool_id[-20:], 16))
    kind = "stable_pool" if pool.stable else "weighted_pool_2_tokens"
    factory = book.contracts[f"balancer_v2_{kind}_factory"]
    place.set_nonce(factory, FACTORY_NONCES[pool.name])
    title = " ".join(book.symbol(token) for token in pool.tokens)
    names, tokens, fee = (f"Balancer {title}", title), list(pool.tokens), pool.fee * MILLIONTH
    if pool.stable:
        signature = "create(string,string,address[],uint256,uint256,address)"
        place.call(place.deployer, factory, signature, *names, tokens, AMPLIFICATION, fee, NATIVE)
    else:
        signature = "create(string,string,address[],uint256[],uint256,bool,address)"
        place.call(place.deployer, factory, signature, *names, tokens, [HALF, HALF], fee, False, NATIVE)
    found = "0x" + place.read(pool.address, "getPoolId()", "(bytes32)")[0].hex()
    if found != pool.pool_id:
        raise BuildError(f"{pool.name} has the id {found}, not {pool.pool_id}", "correct one of them")
    _join(place, book, vault, pool)


def _deposit(place: Placer, book: AddressBook, vault: str) -> None:
    """Money in the vault of a chain without pools: a user's internal balance, which can be lent too."""
    operations = []
    for token in book.tokens.values():
        _allow(place, vault, token)
        amount = tokens_for(book, token, INTERNAL_USD)
        operations.append((DEPOSIT_INTERNAL, token, amount, TREASURY, TREASURY))
    signature = "manageUserBalance((uint8,address,uint256,address,address)[])"
    place.call(TREASURY, vault, signature, operations)


def _allow(place: Placer, vault: str, token: str) -> None:
    place.call(TREASURY, token, "approve(address,uint256)", vault, 0)
    place.call(TREASURY, token, "approve(address,uint256)", vault, 2**256 - 1)


def _join(place: Placer, book: AddressBook, vault: str, pool: PoolRecord) -> None:
    amounts = [side_amount(book, pool, token) for token in pool.tokens]
    for token in pool.tokens:
        _allow(place, vault, token)
    request = (list(pool.tokens), amounts, abi.encode("(uint256,uint256[])", INIT_JOIN, amounts), False)
    signature = "joinPool(bytes32,address,address,(address[],uint256[],bytes,bool))"
    place.call(TREASURY, vault, signature, bytes.fromhex(str(pool.pool_id)[2:]), TREASURY, TREASURY, request)
