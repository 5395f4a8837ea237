"""Terms as the lenders of the full tier tell them, and what each really takes and has."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devnet import BASE_FULL, ETHEREUM_FULL, AddressBook, Node, PoolRecord, abi
from devnet.place import Placer
from executor.config.chains import load_chain
from executor.domain.address import Address, to_address
from executor.domain.lender import LenderTerms, Rounding
from executor.domain.pool import Pool, VenueKind
from executor.domain.route import Funding
from executor.domain.token import Token
from executor.lenders import premium, read_pool_terms, read_terms, uniswap_v2_flash, uniswap_v3_flash
from tests.contracts.lenders.loans import odd_contracts
from tests.support.answers import read_from
from tests.support.market import address

WETH, USDC, DAI = (to_address(ETHEREUM_FULL.tokens[symbol]) for symbol in ("WETH", "USDC", "DAI"))
STA = to_address(ETHEREUM_FULL.tokens["STA"])
FREE = {
    Funding.BALANCER_V3: "balancer_v3_vault",
    Funding.MORPHO_BLUE: "morpho_blue",
    Funding.UNISWAP_V4: "uniswap_v4_pool_manager",
}


def contract(name: str) -> Address:
    return to_address(ETHEREUM_FULL.contracts[name])


def terms_of(node: Node, funding: Funding, name: str, token: Address) -> LenderTerms:
    return read_from(node, read_terms(funding, contract(name), token))


@pytest.mark.parametrize("funding", FREE)
def test_a_free_lender_lends_all_that_it_holds_for_nothing(
    ethereum_full_node: Node, funding: Funding
) -> None:
    terms = terms_of(ethereum_full_node, funding, FREE[funding], WETH)

    assert terms.funding is funding
    assert terms.enabled
    assert terms.available == ethereum_full_node.erc20_balance(WETH, contract(FREE[funding])) > 0
    assert premium(10**24, terms) == 0


@pytest.mark.parametrize("funding", FREE)
def test_a_free_lender_lends_no_token_that_it_has_none_of(ethereum_full_node: Node, funding: Funding) -> None:
    terms = terms_of(ethereum_full_node, funding, FREE[funding], STA)

    assert terms.problem == "has none of the token"


def test_what_was_given_to_balancers_vault_cannot_be_borrowed(ethereum_full: Node) -> None:
    """Its own record of its reserves is what counts."""
    before = terms_of(ethereum_full, Funding.BALANCER_V3, "balancer_v3_vault", WETH)
    vault = contract("balancer_v3_vault")
    ethereum_full.set_erc20_balance(WETH, vault, before.available + 10**18)

    assert terms_of(ethereum_full, Funding.BALANCER_V3, "balancer_v3_vault", WETH) == before


def test_spark_is_read_as_a_market_of_its_own(ethereum_full_node: Node) -> None:
    terms = terms_of(ethereum_full_node, Funding.SPARK, "spark_pool", WETH)

    assert terms.funding is Funding.SPARK
    assert (terms.rate, terms.rate_unit, terms.rounding) == (5, 10_000, Rounding.HALF_UP)
    assert terms.available > 0


def test_makers_shape_lends_for_its_fee(ethereum_full_node: Node) -> None:
    free = terms_of(ethereum_full_node, Funding.ERC3156, "maker_dss_flash", DAI)
    dear = terms_of(ethereum_full_node, Funding.ERC3156, "erc3156_lender_with_fee", WETH)

    assert free.available > 0
    assert premium(10**24, free) == 0
    assert premium(10**18, dear) == 9 * 10**14


@pytest.mark.parametrize("amount", [0, 1, 9_999, 10_001, 123_456_789, 10**18 + 7])
def test_the_fee_read_of_makers_shape_is_at_most_one_unit_above_what_it_asks(
    ethereum_full_node: Node, amount: int
) -> None:
    lender = contract("erc3156_lender_with_fee")
    terms = terms_of(ethereum_full_node, Funding.ERC3156, "erc3156_lender_with_fee", WETH)
    call = abi.encode_call("flashFee(address,uint256)", WETH, amount)
    asked = int.from_bytes(ethereum_full_node.call(lender, call), "big")

    assert asked <= premium(amount, terms) <= asked + 1


def test_makers_shape_lends_no_token_that_it_does_not_list(ethereum_full_node: Node) -> None:
    terms = terms_of(ethereum_full_node, Funding.ERC3156, "maker_dss_flash", STA)

    assert terms.problem == "has none of the token"


@pytest.mark.parametrize(
    ("base_fee", "problem"), [(0, "takes a fee that is no fixed share"), (1, "does not tell its fee")]
)
def test_a_fee_that_cannot_be_foretold_is_not_paid(ethereum_full: Node, base_fee: int, problem: str) -> None:
    lender = Placer(ethereum_full).deploy(odd_contracts()["CraftyLender"], "(uint8)", base_fee)
    terms = read_from(ethereum_full, read_terms(Funding.ERC3156, to_address(lender), WETH))

    assert terms.problem == problem


def pool_of(record: PoolRecord, kind: VenueKind, book: AddressBook = ETHEREUM_FULL) -> Pool:
    token0, token1 = (Token(1, to_address(token), book.symbol(token), 18) for token in record.tokens)
    return Pool(record.venue, kind, to_address(record.address), token0, token1, record.fee)


def asked_fee(node: Node, pool: Pool) -> int:
    """What the pool itself says that it takes."""
    return int.from_bytes(node.call(pool.address, abi.encode_call("fee()")), "big")


@pytest.mark.parametrize("name", ["uniswap_v3 USDC/WETH 3000", "pancake_v3 USDC/WETH 500"])
def test_a_v3_pool_lends_what_it_holds_for_its_fee(ethereum_full_node: Node, name: str) -> None:
    pool = pool_of(ETHEREUM_FULL.pool(name), VenueKind.UNISWAP_V3)
    terms = read_from(ethereum_full_node, uniswap_v3_flash.read_terms(pool, WETH))

    assert terms.enabled
    assert terms.available == ethereum_full_node.erc20_balance(WETH, pool.address)
    assert premium(10**6, terms) == asked_fee(ethereum_full_node, pool)


def test_slipstreams_pool_lends_as_uniswaps(base_full_node: Node) -> None:
    pool = pool_of(BASE_FULL.pool("slipstream WETH/USDC 500"), VenueKind.UNISWAP_V3, BASE_FULL)
    weth = to_address(BASE_FULL.tokens["WETH"])
    terms = read_from(base_full_node, uniswap_v3_flash.read_terms(pool, weth))

    assert (terms.rate, terms.enabled) == (asked_fee(base_full_node, pool), True)


@pytest.mark.parametrize(
    ("place", "token", "problem"),
    [
        (to_address(ETHEREUM_FULL.pool("uniswap_v3 USDC/WETH 500").address), DAI, "does not hold the token"),
        (WETH, WETH, "does not answer as a V3 pool"),
        (address(77), WETH, "does not answer as a V3 pool"),
    ],
    ids=["another token", "a token", "nothing"],
)
def test_what_is_no_pool_of_the_token_lends_nothing(
    ethereum_full_node: Node, place: Address, token: Address, problem: str
) -> None:
    known = pool_of(ETHEREUM_FULL.pool("uniswap_v3 USDC/WETH 500"), VenueKind.UNISWAP_V3)
    asked = uniswap_v3_flash.read_terms(replace(known, address=place), token)
    terms = read_from(ethereum_full_node, asked)

    assert (terms.problem, terms.available) == (problem, 0)


def pair(name: str) -> Pool:
    return pool_of(ETHEREUM_FULL.pool(name), VenueKind.UNISWAP_V2)


@pytest.mark.parametrize("name", ["uniswap_v2 USDC/WETH", "pancake_v1 USDC/WETH", "own_v2_fork USDC/WETH"])
def test_a_pair_lends_less_than_its_reserve_for_its_fee(ethereum_full_node: Node, name: str) -> None:
    pool = pair(name)
    terms = read_from(ethereum_full_node, uniswap_v2_flash.read_terms(pool, WETH))

    assert terms.available == ethereum_full_node.erc20_balance(WETH, pool.address) - 1
    assert premium(997_000, terms) == -(-997_000 * pool.fee // (1_000_000 - pool.fee))


def test_a_pair_lends_only_what_it_trades(ethereum_full_node: Node) -> None:
    pool = pair("uniswap_v2 USDC/WETH")
    terms = read_from(ethereum_full_node, uniswap_v2_flash.read_terms(pool, DAI))

    assert terms.problem == "does not hold the token"


def test_the_pools_of_the_chain_data_that_lend_ask_what_they_are_said_to(ethereum_full_node: Node) -> None:
    lending = [
        each.pool for each in load_chain("ethereum").flash_pools if each.funding is Funding.UNISWAP_V3_FLASH
    ]
    assert [asked_fee(ethereum_full_node, pool) for pool in lending] == [pool.fee for pool in lending]


def test_a_known_pool_that_is_not_there_lends_nothing(ethereum_full_node: Node) -> None:
    lending = load_chain("ethereum").flash_pools[0]
    gone = replace(lending.pool, address=address(77))
    terms = read_from(ethereum_full_node, read_pool_terms(lending.funding, gone, WETH))

    assert (terms.problem, terms.available) == ("does not answer as a V3 pool", 0)


def test_a_known_pool_without_liquidity_at_its_price_lends_nothing(ethereum_full: Node) -> None:
    """`UniswapV3Pool.flash` demands some, whatever the pool holds."""
    lending = load_chain("ethereum").flash_pools[0]
    liquidity_slot = "0x" + "00" * 31 + "04"
    ethereum_full.rpc("anvil_setStorageAt", lending.pool.address, liquidity_slot, "0x" + "00" * 32)
    terms = read_from(ethereum_full, read_pool_terms(lending.funding, lending.pool, USDC))

    assert (terms.problem, terms.available) == ("has nothing to lend", 0)


def test_what_is_no_pools_funding_has_no_pool_to_read() -> None:
    lending = load_chain("ethereum").flash_pools[0]
    with pytest.raises(KeyError):
        read_pool_terms(Funding.AAVE_V3, lending.pool, WETH)
