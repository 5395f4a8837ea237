"""The full tier: a real swap or loan at each protocol that it adds to the lean one."""

from __future__ import annotations

import pytest

from devnet import BASE, BASE_FULL, ETHEREUM, ETHEREUM_FULL, Node, abi
from devnet.book import AddressBook
from devnet.books import book_of
from devnet.liquidity import tokens_for
from tests.devnet.borrower import Borrower


@pytest.mark.parametrize(
    ("chain", "book"),
    [("ethereum", ETHEREUM), ("ethereum_full", ETHEREUM_FULL), ("base", BASE), ("base_full", BASE_FULL)],
)
def test_a_node_finds_the_book_of_its_tier(
    chain: str, book: AddressBook, request: pytest.FixtureRequest
) -> None:
    assert book_of(request.getfixturevalue(f"{chain}_node")) is book


def test_a_fork_of_the_full_tier_finds_its_book_too(ethereum_full_node: Node) -> None:
    with Node.fork(ethereum_full_node.url) as fork:
        assert book_of(fork) is ETHEREUM_FULL


@pytest.mark.parametrize(
    ("chain", "symbol"),
    [
        ("ethereum_full", "WETH"),
        ("ethereum_full", "USDC"),
        ("ethereum_full", "DAI"),
        ("base_full", "WETH"),
        ("base_full", "USDC"),
    ],
)
def test_morpho_lends_for_nothing(chain: str, symbol: str, request: pytest.FixtureRequest) -> None:
    node: Node = request.getfixturevalue(chain)
    book = book_of(node)
    token = book.tokens[symbol]
    borrower = Borrower(node, token, 0)
    amount = tokens_for(book, token, 90_000_000)
    signature = "borrowMorpho(address,address,uint256)"
    assert borrower.borrow(signature, book.contracts["morpho_blue"], token, amount) == (amount, 0)


@pytest.mark.parametrize(
    ("chain", "symbol"),
    [
        ("ethereum_full", "WETH"),
        ("ethereum_full", "USDC"),
        ("ethereum_full", "DAI"),
        ("ethereum_full", "USDT"),
        ("base_full", "WETH"),
    ],
)
def test_the_balancer_v3_vault_lends_for_nothing(
    chain: str, symbol: str, request: pytest.FixtureRequest
) -> None:
    node: Node = request.getfixturevalue(chain)
    book = book_of(node)
    token = book.tokens[symbol]
    borrower = Borrower(node, token, 0)
    amount = tokens_for(book, token, 5_000_000)
    signature = "borrowBalancerV3(address,address,uint256)"
    assert borrower.borrow(signature, book.contracts["balancer_v3_vault"], token, amount) == (amount, 0)


def test_every_balancer_v3_contract_fits_under_the_size_limit(ethereum_full_node: Node) -> None:
    sizes = {
        name: len(ethereum_full_node.code(address))
        for name, address in ETHEREUM_FULL.contracts.items()
        if name.startswith("balancer_v3")
    }
    assert len(sizes) == 7
    assert max(sizes.values()) <= 24_576


def test_a_balancer_v3_pool_has_the_weights_of_the_book(ethereum_full_node: Node) -> None:
    pool = ETHEREUM_FULL.pool("balancer_v3 DAI/WETH")
    answer = ethereum_full_node.call(pool.address, abi.encode_call("getNormalizedWeights()"))
    assert abi.decode("(uint256[])", answer)[0] == tuple(weight * 10**16 for weight in pool.weights)
