"""Taking tokens home: all or some, tokens or ETH, paused or not, by the owner alone."""

from pathlib import Path

import pytest

from devnet import ETHER, ETHEREUM, Node
from executor.domain.deployment import Deployment
from executor.domain.errors import AddressError, FieldError, OpportunityError
from scripts._support import changes
from scripts._support.changes import ALL
from scripts._support.errors import RoleError
from scripts._support.router import Router
from scripts._support.withdrawing import amount_of, withdraw
from tests.support.ape_sessions import OPERATOR, OWNER, STRANGER, session_on

WETH, USDC = ETHEREUM.tokens["WETH"], ETHEREUM.tokens["USDC"]


def test_all_of_a_token_goes_to_the_owner(ethereum: Node, deployed: Deployment, tmp_path: Path) -> None:
    ethereum.set_erc20_balance(WETH, deployed.router, 3 * ETHER)
    before = ethereum.erc20_balance(WETH, OWNER)
    with session_on(ethereum) as session:
        taken = withdraw(Router.find(session, folder=tmp_path, address=None), "WETH", ALL, OWNER)
    assert taken == 3 * ETHER
    assert ethereum.erc20_balance(WETH, OWNER) - before == 3 * ETHER
    assert ethereum.erc20_balance(WETH, deployed.router) == 0


def test_a_part_goes_to_another_account_while_paused(
    ethereum: Node, deployed: Deployment, tmp_path: Path
) -> None:
    ethereum.set_erc20_balance(USDC, deployed.router, 5_000_000)
    with session_on(ethereum) as session:
        router = Router.find(session, folder=tmp_path, address=None)
        router.apply(changes.pause())
        assert withdraw(router, USDC, 2_000_001, STRANGER) == 2_000_001
    assert ethereum.erc20_balance(USDC, STRANGER) == 2_000_001
    assert ethereum.erc20_balance(USDC, deployed.router) == 2_999_999


def test_native_coin_is_taken_too(ethereum: Node, deployed: Deployment, tmp_path: Path) -> None:
    ethereum.set_balance(deployed.router, 2 * ETHER)
    before = ethereum.balance(STRANGER)
    with session_on(ethereum) as session:
        assert (
            withdraw(Router.find(session, folder=tmp_path, address=None), "native", ALL, STRANGER)
            == 2 * ETHER
        )
    assert ethereum.balance(STRANGER) - before == 2 * ETHER


def test_an_operator_can_take_nothing(ethereum: Node, deployed: Deployment, tmp_path: Path) -> None:
    ethereum.set_erc20_balance(WETH, deployed.router, ETHER)
    with session_on(ethereum, OPERATOR) as session, pytest.raises(RoleError, match="Only the owner"):
        withdraw(Router.find(session, folder=tmp_path, address=None), "WETH", ALL, OPERATOR)
    assert ethereum.erc20_balance(WETH, deployed.router) == ETHER


@pytest.mark.parametrize(
    ("token", "amount", "problem"),
    [
        ("WETH", ETHER + 1, f"the router holds {ETHER} smallest units of WETH"),
        ("USDC", ALL, "the router holds 0 smallest units of USDC"),
        (STRANGER, ALL, "does not tell balances"),
    ],
)
def test_more_than_there_is_is_refused(
    ethereum: Node, deployed: Deployment, tmp_path: Path, token: str, amount: int, problem: str
) -> None:
    ethereum.set_erc20_balance(WETH, deployed.router, ETHER)
    with session_on(ethereum) as session, pytest.raises(FieldError, match=problem):
        withdraw(Router.find(session, folder=tmp_path, address=None), token, amount, OWNER)


def test_an_unknown_token_is_named(ethereum: Node, deployed: Deployment, tmp_path: Path) -> None:
    with session_on(ethereum) as session:
        router = Router.find(session, folder=tmp_path, address=None)
        with pytest.raises(OpportunityError, match="TOKEN: 'WBTCC' is no token known"):
            withdraw(router, "WBTCC", ALL, OWNER)
        with pytest.raises(AddressError, match="TOKEN: '0x12' is not an address"):
            withdraw(router, "0x12", ALL, OWNER)


@pytest.mark.parametrize("text", ["1.5", "1e18", "-1", "0", "", "²", "every"])
def test_an_amount_is_all_or_whole_smallest_units(text: str) -> None:
    with pytest.raises(FieldError, match=f"--amount: {text!r} is no amount"):
        amount_of(text)


def test_amounts_are_exact() -> None:
    assert amount_of("all") == ALL
    assert amount_of("2290871001927031") == 2_290_871_001_927_031
