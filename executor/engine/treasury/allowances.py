"""Setting what somebody may take from a wallet: exactly, and proven by reading it afterwards."""

from dataclasses import dataclass

from executor.chain.approvals import UNLIMITED
from executor.chain.calls import call
from executor.chain.reading import read
from executor.domain.abi import decoded_int, eth_call
from executor.domain.address import Address
from executor.domain.call import Reading
from executor.domain.errors import FieldError, RevertError, SafetyError, WalletError
from executor.domain.intent import Purpose
from executor.engine.reverts import revert_names
from executor.engine.treasury.desk import Desk
from executor.engine.treasury.view import View

_YES = (1).to_bytes(32, "big")


@dataclass(frozen=True, slots=True)
class AllowanceChange:
    """`spender` may take `after` of `token` (smallest unit) from `owner`, and `before` could take `before`;
    `hashes`: the transactions that it took.
    """

    owner: Address
    token: Address
    spender: Address
    before: int
    after: int
    hashes: tuple[str, ...] = ()


async def plan_allowance(
    view: View, owner: Address, token: Address, spender: Address, amount: int, standing: int | None
) -> AllowanceChange:
    """What setting the allowance to `amount` would change. Sends nothing.

    A standing allowance is raised only by who says how much is `standing` now: otherwise two who raise it, or
    one who does not know of it, would give more than they think. Raises SafetyError, WalletError, FieldError
    or NodeError.
    """
    if not 0 <= amount < UNLIMITED:
        raise FieldError("AMOUNT", f"{amount} has no bound", fix="approve what is needed and no more")
    if spender == view.router and amount:
        raise SafetyError(
            "the router takes nothing from wallets: an allowance to it can only be lost sight of.",
            fix="send tokens to the router instead, where it is to trade with them",
            router=view.router,
        )
    before = await read_allowance(view, owner, token, spender)
    if amount > before > 0 and standing != before:
        known = "" if standing is None else f" (not {standing})"
        raise WalletError(
            f"{spender} may take {before} of {token} from {owner} already{known}; {amount} would be more.",
            fix=f"revoke it first, or say --standing {before} if it is to be raised",
            before=before,
            amount=amount,
        )
    return AllowanceChange(owner, token, spender, before, amount)


async def set_allowance(desk: Desk, change: AllowanceChange) -> AllowanceChange:
    """Carry out what `plan_allowance` has planned, by no transaction, one, or two where the token changes an
    allowance only from zero. The amounts are absolute: to repeat it changes nothing.

    Raises WalletError when the allowance is another one afterwards, and whatever `Desk.do` raises.
    """
    hashes = []
    for amount in await _steps(desk.view, change):
        data = eth_call(change.token, "approve(address,uint256)", change.spender, amount).data
        _, receipt = await desk.do(change.owner, change.token, data, 0, Purpose.APPROVAL)
        hashes.append(receipt.transaction_hash)
        after = await read_allowance(
            desk.view, change.owner, change.token, change.spender, receipt.block_number
        )
        # Less is what the spender has taken at once.
        if after > amount:
            raise WalletError(
                f"{change.spender} may take {after} of {change.token}, although {amount} was set.",
                fix="look at the token: its allowances are not what they say",
                hash=receipt.transaction_hash,
            )
    return AllowanceChange(
        change.owner, change.token, change.spender, change.before, change.after, tuple(hashes)
    )


async def read_allowance(
    view: View, owner: Address, token: Address, spender: Address, block: int | str = "latest"
) -> int:
    """What `spender` may take. Raises FieldError where the address is no token, NodeError."""
    return await read(view.rpc, _allowance(owner, token, spender), block)


def _allowance(owner: Address, token: Address, spender: Address) -> Reading[int]:
    (answer,) = yield (eth_call(token, "allowance(address,address)", owner, spender),)
    allowance = decoded_int(answer)
    if allowance is None:
        raise FieldError(
            "TOKEN", f"{token} does not tell allowances", fix="give the address of an ERC-20 token"
        )
    return allowance


async def _steps(view: View, change: AllowanceChange) -> tuple[int, ...]:
    """The amounts to approve one after the other."""
    if change.before == change.after:
        return ()
    try:
        await _try(view, change)
    except RevertError:
        if change.before and change.after:
            return 0, change.after
        raise
    return (change.after,)


async def _try(view: View, change: AllowanceChange) -> None:
    """Raises RevertError where the token would not take the approval, or answers no."""
    data = eth_call(change.token, "approve(address,uint256)", change.spender, change.after).data
    answer = await call(view.rpc, to=change.token, calldata=data, sender=change.owner, decode=revert_names)
    if answer and answer[:32] != _YES:
        raise RevertError(
            f"the token {change.token} refuses the approval.",
            fix="see the token's documentation; nothing was sent",
        )
