"""Terms as the real lenders tell them."""

from __future__ import annotations

import pytest

from devnet import ETHEREUM, Node, abi
from devnet.roles import account
from executor.domain.address import Address, to_address
from executor.domain.lender import Rounding
from executor.domain.route import Funding
from executor.lenders import LENDERS, premium, read_terms
from tests.support.answers import read_from
from tests.support.market import address

WETH = to_address(ETHEREUM.tokens["WETH"])
STA = to_address(ETHEREUM.tokens["STA"])
POOL = to_address(ETHEREUM.contracts["aave_v3_pool"])
VAULT = to_address(ETHEREUM.contracts["balancer_v2_vault"])
COLLECTOR = to_address(ETHEREUM.contracts["balancer_v2_protocol_fees_collector"])


def atoken_of(node: Node, token: Address) -> str:
    data = node.call(POOL, abi.encode_call("getReserveData(address)", token))
    return str(abi.decode("(address)", data[32 * 8 : 32 * 9])[0])


def test_aave_lends_at_five_basis_points_what_its_atoken_holds(ethereum_node: Node) -> None:
    terms = read_from(ethereum_node, read_terms(Funding.AAVE_V3, POOL, WETH))

    assert (terms.rate, terms.rate_unit) == (5, 10_000)
    assert terms.available == ethereum_node.erc20_balance(WETH, atoken_of(ethereum_node, WETH)) > 0
    assert terms.enabled
    assert terms.rounding is Rounding.HALF_UP
    assert premium(10**18, terms) == 5 * 10**14


def test_balancer_lends_for_nothing_what_its_vault_holds(ethereum_node: Node) -> None:
    terms = read_from(ethereum_node, read_terms(Funding.BALANCER_V2, VAULT, WETH))

    assert terms.rate == 0
    assert terms.available == ethereum_node.erc20_balance(WETH, VAULT) > 0
    assert terms.enabled
    assert premium(10**24, terms) == 0


def test_a_token_that_aave_does_not_list_is_not_lent(ethereum_node: Node) -> None:
    terms = read_from(ethereum_node, read_terms(Funding.AAVE_V3, POOL, STA))

    assert not terms.enabled
    assert terms.problem == "does not list the token"


def test_a_token_that_the_vault_has_none_of_is_not_lent(ethereum_node: Node) -> None:
    terms = read_from(ethereum_node, read_terms(Funding.BALANCER_V2, VAULT, STA))

    assert terms.problem == "has none of the token"


@pytest.mark.parametrize(
    ("call", "argument", "problem"),
    [
        ("setReserveFlashLoaning(address,bool)", False, "has flash loans of the token switched off"),
        ("setReservePause(address,bool)", True, "has paused the token"),
    ],
)
def test_what_aave_has_switched_off_is_not_lent(
    ethereum: Node, call: str, argument: bool, problem: str
) -> None:
    provider = ETHEREUM.contracts["aave_v3_addresses_provider"]
    configurator = abi.decode("(address)", ethereum.call(provider, abi.encode_call("getPoolConfigurator()")))[
        0
    ]
    admin = abi.decode("(address)", ethereum.call(provider, abi.encode_call("getACLAdmin()")))[0]
    ethereum.send(admin, configurator, abi.encode_call(call, WETH, argument))
    terms = read_from(ethereum, read_terms(Funding.AAVE_V3, POOL, WETH))

    assert terms.problem == problem


def test_a_fee_that_balancers_governance_switches_on_is_read(ethereum: Node) -> None:
    governance, change = account("balancer admin"), "setFlashLoanFeePercentage(uint256)"
    action = ethereum.call(COLLECTOR, abi.encode_call("getActionId(bytes4)", abi.selector(change)))
    authorizer = ETHEREUM.contracts["balancer_v2_authorizer"]
    grant = abi.encode_call("grantRole(bytes32,address)", action, governance)
    ethereum.send(governance, authorizer, grant)
    ethereum.send(governance, COLLECTOR, abi.encode_call(change, 10**15))
    terms = read_from(ethereum, read_terms(Funding.BALANCER_V2, VAULT, WETH))

    assert terms.rate == 10**15
    assert premium(1_001, terms) == 2


@pytest.mark.parametrize("funding", list(LENDERS))
@pytest.mark.parametrize("where", [WETH, address(77)], ids=["a token", "nothing"])
def test_an_address_that_is_no_lender_lends_nothing(
    ethereum_node: Node, funding: Funding, where: Address
) -> None:
    terms = read_from(ethereum_node, read_terms(funding, where, WETH))

    assert not terms.enabled
    assert "does not answer" in terms.problem
    assert terms.available == 0
