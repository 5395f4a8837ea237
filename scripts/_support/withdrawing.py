"""Takes tokens and ETH out of the router and checks that they arrived."""

import click

from executor.domain.abi import decoded_int, eth_call
from executor.domain.address import Address, to_address
from executor.domain.call import Reading
from executor.domain.errors import FieldError
from scripts._support.changes import ALL, withdraw_native, withdraw_token
from scripts._support.router import Router

NATIVE = "native"


def amount_of(text: str) -> int:
    """Smallest units, or ALL. Raises FieldError: a decimal point would leave open what unit is meant."""
    if text == "all":
        return ALL
    if not text.isascii() or not text.isdecimal() or int(text) == 0:
        raise FieldError(
            "--amount", f"{text!r} is no amount", fix="write the token's smallest units in digits, or all"
        )
    return int(text)


def withdraw(router: Router, token: str, amount: int, to: Address) -> int:
    """Send `amount` smallest units of `token`, or ALL, to `to`; how much left the router.

    `token` is a symbol, an address or `native`. Raises RoleError unless the account is the owner,
    FieldError when there is less than asked.
    """
    router.require_owner()
    address = None if token.lower() == NATIVE else _token_address(router, token)
    held = _held(router, address, router.address)
    if held == 0 or (amount != ALL and amount > held):
        raise FieldError(
            "--amount", f"the router holds {held} smallest units of {token}", fix="ask for no more than that"
        )
    router.apply(withdraw_native(to, amount) if address is None else withdraw_token(address, to, amount))
    left = _held(router, address, router.address)
    click.echo(f"taken: {held - left}, left in the router: {left} (smallest units of {token})")
    return held - left


def _token_address(router: Router, token: str) -> Address:
    return (
        to_address(token, "TOKEN")
        if token.startswith("0x")
        else router.session.chain.token(token, "TOKEN").address
    )


def _held(router: Router, token: Address | None, who: Address) -> int:
    node = router.session.node
    return node.balance(who) if token is None else node.read(_balance(token, who))


def _balance(token: Address, who: Address) -> Reading[int]:
    (answer,) = yield (eth_call(token, "balanceOf(address)", who),)
    balance = decoded_int(answer)
    if balance is None:
        raise FieldError(
            "TOKEN", f"{token} does not tell balances", fix="give the address of an ERC-20 token"
        )
    return balance
