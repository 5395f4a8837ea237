"""How vaults of ERC-4626 are read, and by which rule they count shares.

Sources: ERC-4626; OpenZeppelin's `ERC4626` (shares + 10^offset for assets + 1, since 4.9), Solmate's (shares
for assets), and vaults that keep a rate of 27 decimals (Maker's savings tokens, Aave's static tokens). It
is taken from what the vault converts, and believed only if the previews follow it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from executor.domain.abi import decoded, decoded_address, decoded_int, eth_call
from executor.domain.address import Address, to_address
from executor.domain.call import Reading
from executor.domain.dex import Dex
from executor.domain.errors import PoolNotFoundError
from executor.domain.pool import Pool, PoolIdentity
from executor.domain.pool_details import ERC4626Details
from executor.venues.erc4626_state import ERC4626State
from executor.venues.quoting import one_quote

RAY = 10**27
"""What a rate of 27 decimals counts as one."""

SOMEBODY = to_address("0x000000000000000000000000000000000000dEaD")
"""Whose deposits the vault is asked about: it is the same for all, but in vaults of a closed circle."""

NO_ANSWER = 2**256 - 1
"""What a lens puts where the vault reverted."""

MOST_HELD = 2**224
"""More than any vault has: beyond, what previews are asked of would not fit a word."""

_ANSWERS = 12


def details(vault: Address) -> Reading[ERC4626Details]:
    """The vault's asset. Raises PoolNotFoundError if it does not answer as a vault."""
    answers = yield (eth_call(vault, "asset()"), eth_call(vault, "convertToShares(uint256)", 1))
    asset = decoded_address(answers[0])
    if asset is None or decoded_int(answers[1]) is None:
        raise _no_vault(vault)
    return ERC4626Details(asset)


def quote(vault: Address, pool_details: ERC4626Details, token_in: Address, amount_in: int) -> Reading[int]:
    """The shares for `amount_in` of the asset, or the assets for that many shares; smallest units, by the
    vault's own preview.

    Raises MathsError if the vault refuses, PoolNotFoundError for any other token.
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


def read(pool: Pool) -> Reading[ERC4626State]:
    """What the vault holds, by which rule it counts, and what it takes. Raises PoolNotFoundError if it does
    not answer as a vault.
    """
    vault = pool.address
    held = yield (eth_call(vault, "totalAssets()"), eth_call(vault, "totalSupply()"))
    assets, supply = (decoded_int(answer) for answer in held)
    if assets is None or supply is None or max(assets, supply) > MOST_HELD:
        raise _no_vault(vault)
    answers = yield (
        eth_call(vault, "maxDeposit(address)", SOMEBODY),
        eth_call(vault, "convertToAssets(uint256)", RAY),
        eth_call(vault, "convertToShares(uint256)", assets + 1),
        eth_call(vault, "convertToShares(uint256)", assets),
        *(eth_call(vault, "previewDeposit(uint256)", amount) for amount in _deposits(assets)),
        *(eth_call(vault, "previewRedeem(uint256)", amount) for amount in _redemptions(supply)),
    )
    return _state(pool, assets, supply, [decoded_int(answer) for answer in answers])


def extend(state: ERC4626State, toward_low: bool) -> Reading[ERC4626State]:
    """There is nothing more to read: the state as it is."""
    yield from ()
    return state


def lens_request(pool: Pool, reach: tuple[int, int]) -> bytes:
    """What a lens is asked: the vault. How far sizes reach plays no part."""
    return bytes.fromhex(pool.address[2:])


def lens_state(pool: Pool, answer: bytes) -> ERC4626State:
    """The state that a lens answers. Raises PoolNotFoundError if the answer is malformed."""
    values = decoded(answer, *("uint256",) * _ANSWERS)
    if values is None:
        raise _no_vault(pool.address)
    assets, supply, *answers = (int(str(value)) for value in values)
    most, *others = answers
    return _state(pool, assets, supply, [most, *(None if each == NO_ANSWER else each for each in others)])


def identify(address: Address) -> Reading[PoolIdentity]:
    """What the code at `address` says of itself. Raises PoolNotFoundError if there is no vault."""
    found = yield from details(address)
    token0, token1 = sorted((found.asset, address), key=lambda each: int(each, 16))
    return PoolIdentity(address, token0, token1, details=found)


def belongs(dex: Dex, identity: PoolIdentity) -> Reading[bool]:
    """No factory calls a vault its own."""
    yield from ()
    return False


def _deposits(assets: int) -> tuple[int, int, int]:
    return 1, assets // 7 + 3, 10**6 * assets + 11


def _redemptions(supply: int) -> tuple[int, int, int]:
    return 1, supply // 7 + 3, 10**6 * supply + 11


def _state(pool: Pool, assets: int, supply: int, answers: Sequence[int | None]) -> ERC4626State:
    """The state by the first rule that all previews follow, else one that is not exact."""
    most, rate, with_one, without, *previews = answers
    known = ERC4626State(pool, 0, 0, pooled=True, most_deposited=most or 0, supply=supply)
    for rule in _rules(known, assets, rate, with_one, without):
        expected = [each * rule.shares // rule.assets for each in _deposits(assets)]
        expected += [each * rule.assets // rule.shares for each in _redemptions(supply)]
        if expected == previews:
            return rule
    return replace(known, exact=False)


def _rules(
    known: ERC4626State, assets: int, rate: int | None, with_one: int | None, without: int | None
) -> Iterator[ERC4626State]:
    """The rules that may be the vault's. What it gives for all of its assets tells the shares they count for,
    those included that nobody holds yet.
    """
    if with_one:
        yield replace(known, shares=with_one, assets=assets + 1)
    if without and assets:
        yield replace(known, shares=without, assets=assets)
    if rate:
        yield replace(known, shares=RAY, assets=rate, pooled=False)


def _no_vault(vault: Address) -> PoolNotFoundError:
    return PoolNotFoundError(
        f"{vault} does not answer as an ERC-4626 vault.", fix="check the vault's address", vault=vault
    )
