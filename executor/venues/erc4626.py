"""Vaults of ERC-4626: assets into shares and back, at the vault's own preview.

Source: ERC-4626. `previewDeposit` and `previewRedeem` promise at most what `deposit` and `redeem` give in the
same transaction, fees included.
"""

from dataclasses import dataclass

from executor.domain.abi import decoded_address, decoded_int, eth_call
from executor.domain.address import Address
from executor.domain.call import Reading
from executor.domain.errors import PoolNotFoundError
from executor.domain.pool_details import ERC4626Details
from executor.venues.quoting import one_quote


@dataclass(frozen=True, slots=True)
class ERC4626State:
    """`total_assets` and `total_shares` in their smallest units; `most_deposited` (assets) and
    `most_redeemed` (shares) are what the vault takes of one account now.
    """

    total_assets: int
    total_shares: int
    most_deposited: int
    most_redeemed: int


def details(vault: Address) -> Reading[ERC4626Details]:
    """The vault's asset. Raises PoolNotFoundError if it does not answer as a vault."""
    answers = yield (eth_call(vault, "asset()"), eth_call(vault, "convertToShares(uint256)", 1))
    asset = decoded_address(answers[0])
    if asset is None or decoded_int(answers[1]) is None:
        raise _no_vault(vault)
    return ERC4626Details(asset)


def quote(vault: Address, pool_details: ERC4626Details, token_in: Address, amount_in: int) -> Reading[int]:
    """The shares for `amount_in` of the asset, or the assets for that many shares; smallest units. Raises
    MathsError if the vault refuses, PoolNotFoundError for any other token.
    """
    if token_in not in (pool_details.asset, vault):
        raise PoolNotFoundError(
            f"vault {vault} takes {pool_details.asset} and its own shares, not {token_in}.",
            fix="name the vault's asset or the vault",
            vault=vault,
            token=token_in,
        )
    name = "previewRedeem" if token_in == vault else "previewDeposit"
    call = eth_call(vault, f"{name}(uint256)", amount_in)
    return (yield from one_quote(call, vault, amount_in))


def read_state(vault: Address, account: Address) -> Reading[ERC4626State]:
    """What the vault holds, and what it takes of `account`. Raises PoolNotFoundError if it does not tell."""
    answers = yield (
        eth_call(vault, "totalAssets()"),
        eth_call(vault, "totalSupply()"),
        eth_call(vault, "maxDeposit(address)", account),
        eth_call(vault, "maxRedeem(address)", account),
    )
    assets, shares, deposit, redeem = (decoded_int(answer) for answer in answers)
    if assets is None or shares is None or deposit is None or redeem is None:
        raise _no_vault(vault)
    return ERC4626State(assets, shares, deposit, redeem)


def _no_vault(vault: Address) -> PoolNotFoundError:
    return PoolNotFoundError(
        f"{vault} does not answer as an ERC-4626 vault.", fix="check the vault's address", vault=vault
    )
