"""ERC-4626 vaults with real shares: what the vault previews is what the receiver gets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from devnet import abi
from devnet.place import Placer
from devnet.protocols import erc4626
from executor.domain.address import Address, to_address
from executor.plan.format import Payer, Recipient
from executor.plan.steps import ERC4626Deposit, ERC4626Redeem
from tests.contracts.venues.hops import (
    RECEIVER,
    allowance,
    ask,
    execute,
    gift,
    hand,
    held,
    pay_last,
    place,
    quirks,
    token,
    tracking,
)
from tests.support.routers import STRANGER, Desk, Reverted

VAULTS = [("sDAI", "DAI", 1_234_567 * 10**15), ("steakUSDC", "USDC", 98_765 * 10**4)]


def previewed_shares(desk: Desk, vault: Address, assets: int) -> int:
    """The shares that the vault says it would give."""
    return ask(desk, vault, "previewDeposit(uint256)", assets)


def previewed_assets(desk: Desk, vault: Address, shares: int) -> int:
    """The assets that the vault says it would give."""
    return ask(desk, vault, "previewRedeem(uint256)", shares)


def deposit(vault: Address, amount: int | None) -> ERC4626Deposit:
    """Of the settlement token, for the router."""
    return ERC4626Deposit(vault, Payer.SETTLEMENT, Recipient.ROUTER, amount_in=amount)


@pytest.mark.parametrize(("share", "asset", "amount"), VAULTS)
def test_a_deposit_gives_the_shares_that_the_vault_previews(
    desk: Desk, share: str, asset: str, amount: int
) -> None:
    vault, paid = token(desk, share), token(desk, asset)
    desk.node.set_erc20_balance(paid, desk.router, amount)
    expected = previewed_shares(desk, vault, amount)
    execute(desk, deposit(vault, amount), gift(desk, paid, amount), settlement=asset)
    assert held(desk, vault) == expected > 0
    assert held(desk, paid) == amount
    assert allowance(desk, paid, vault) == 0


@pytest.mark.parametrize(("share", "asset", "amount"), VAULTS)
def test_a_redemption_gives_the_assets_that_the_vault_previews(
    desk: Desk, share: str, asset: str, amount: int
) -> None:
    vault, got = token(desk, share), token(desk, asset)
    shares = previewed_shares(desk, vault, amount)
    desk.node.set_erc20_balance(vault, desk.router, shares)
    expected = previewed_assets(desk, vault, shares)
    redeem = ERC4626Redeem(vault, got, Recipient.ROUTER, shares=shares)
    before = held(desk, got)
    execute(desk, tracking(vault, redeem, gift(desk, vault, shares)))
    assert held(desk, got) - before == expected > 0
    assert held(desk, vault) == shares


@pytest.mark.parametrize(("share", "asset", "amount"), VAULTS)
def test_there_and_back_hands_each_steps_output_to_the_next(
    desk: Desk, share: str, asset: str, amount: int
) -> None:
    vault, paid = token(desk, share), token(desk, asset)
    desk.node.set_erc20_balance(paid, desk.router, amount)
    back = previewed_assets(desk, vault, previewed_shares(desk, vault, amount))
    assert back <= amount
    given = gift(desk, paid, amount)
    sink = pay_last(desk, paid)
    # The sink is paid what the redemption gave, out of what the gift left.
    there_and_back = tracking(
        vault,
        deposit(vault, amount),
        ERC4626Redeem(vault, paid, Recipient.ROUTER),
        replace(sink, payer=Payer.SETTLEMENT, token=None),
    )
    execute(desk, there_and_back, given, settlement=asset)
    assert held(desk, paid, sink.pool) == back
    assert held(desk, paid) == amount
    assert held(desk, vault) == 0


@pytest.mark.parametrize("decimals", [0, 36])
@pytest.mark.parametrize("answer", [0, 1], ids=["true", "nothing"])
def test_a_vault_of_any_asset_gives_what_it_previews(desk: Desk, decimals: int, answer: int) -> None:
    asset = place(desk, "QuirkyToken", "(uint8)", decimals)
    quirks(desk, asset, answer=answer, zero_first=True)
    vault, amount = vault_of(desk, asset), 7 * 10 ** max(0, decimals - 4)
    hand(desk, asset, desk.router, amount)
    expected = previewed_shares(desk, vault, amount)
    execute(desk, tracking(asset, deposit_tracked(vault, asset, amount), gift(desk, asset, amount)))
    assert held(desk, vault) == expected > 0
    assert allowance(desk, asset, vault) == 0


def test_what_a_taxed_redemption_left_is_what_the_next_step_gets(desk: Desk) -> None:
    asset = place(desk, "QuirkyToken", "(uint8)", 18)
    vault, amount = vault_of(desk, asset), 10**18
    hand(desk, asset, desk.router, amount)
    quirks(desk, asset, fee_bps=100)
    sink = pay_last(desk, asset)
    hops = (deposit_tracked(vault, asset, amount), ERC4626Redeem(vault, asset, Recipient.ROUTER), sink)
    execute(desk, tracking(asset, tracking(vault, *hops), gift(desk, asset, 2 * amount)))
    # The vault got 1 % less than it credited, on half of its shares; each way out takes 1 % more.
    worth = amount * 1_990 // 2_000
    assert held(desk, asset, sink.pool) == worth * 99 // 100 * 99 // 100
    assert held(desk, vault) == 0


def deposit_tracked(vault: Address, asset: Address, amount: int) -> ERC4626Deposit:
    """Of a tracked asset, for the router."""
    return ERC4626Deposit(vault, Payer.TRACKED, Recipient.ROUTER, amount_in=amount, asset=asset)


def vault_of(desk: Desk, asset: Address) -> Address:
    """OpenZeppelin's vault over a quirky token, in which somebody has some already."""
    signature, terms = "(address,string,string,uint8)", (asset, "Quirky vault", "vQUIRK", 0)
    vault = to_address(Placer(desk.node).deploy(erc4626.code()["SavingsVault"], signature, *terms))
    hand(desk, asset, to_address(STRANGER), 10**18)
    desk.node.send(STRANGER, asset, abi.encode_call("approve(address,uint256)", vault, 10**18))
    desk.node.send(STRANGER, vault, abi.encode_call("deposit(uint256,address)", 10**18, STRANGER))
    return vault


def test_a_tracked_asset_pays_and_the_shares_go_to_whom_they_should(desk: Desk) -> None:
    vault, dai, amount = token(desk, "sDAI"), token(desk, "DAI"), 5 * 10**18
    desk.node.set_erc20_balance(dai, desk.router, amount)
    expected = previewed_shares(desk, vault, amount)
    hop = ERC4626Deposit(vault, Payer.TRACKED, Recipient.EXPLICIT, amount_in=amount, asset=dai, to=RECEIVER)
    execute(desk, tracking(dai, hop, gift(desk, dai, amount)))
    assert held(desk, vault, RECEIVER) == expected
    assert held(desk, vault) == 0


def test_redeemed_assets_go_to_whom_they_should(desk: Desk) -> None:
    vault, dai, shares = token(desk, "sDAI"), token(desk, "DAI"), 5 * 10**18
    desk.node.set_erc20_balance(vault, desk.router, shares)
    expected = previewed_assets(desk, vault, shares)
    hop = ERC4626Redeem(vault, dai, Recipient.EXPLICIT, shares=shares, to=RECEIVER)
    execute(desk, tracking(vault, hop, gift(desk, vault, shares)))
    assert held(desk, dai, RECEIVER) == expected


def test_shares_that_are_not_tracked_cannot_be_redeemed(desk: Desk) -> None:
    vault = token(desk, "sDAI")
    desk.node.set_erc20_balance(vault, desk.router, 10**18)
    hop = ERC4626Redeem(vault, token(desk, "DAI"), Recipient.EXPLICIT, shares=10**18, to=RECEIVER)
    with pytest.raises(Reverted) as refused:
        execute(desk, hop)
    assert refused.value.reason.name == "TokenNotTracked"


def test_a_vault_of_another_tokens_shares_cannot_take_them_unseen(desk: Desk) -> None:
    vault = place(desk, "VaultOfOtherShares", "(address)", token(desk, "DAI"))
    desk.node.set_erc20_balance(token(desk, "DAI"), vault, 10**18)
    shares = to_address(f"0x{ask(desk, vault, 'share()'):040x}")
    hand(desk, shares, desk.router, 10**18)
    hop = ERC4626Redeem(vault, token(desk, "DAI"), Recipient.EXPLICIT, shares=10**18, to=RECEIVER)
    with pytest.raises(Reverted) as refused:
        execute(desk, tracking(vault, hop))
    assert refused.value.reason.name == "SharesMissing"
    assert held(desk, shares) == 10**18


def test_a_token_that_stakes_its_callers_balance_cannot_take_it_unseen(desk: Desk) -> None:
    stolen, bait = place(desk, "SelfStakingToken"), place(desk, "SelfStakingToken")
    hand(desk, stolen, desk.router, 10**18)
    hop = ERC4626Deposit(stolen, Payer.TRACKED, Recipient.EXPLICIT, amount_in=10**18, asset=bait, to=RECEIVER)
    with pytest.raises(Reverted) as refused:
        execute(desk, tracking(bait, hop))
    assert refused.value.reason.name == "SharesMissing"
    assert held(desk, stolen) == 10**18
