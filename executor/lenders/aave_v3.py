"""Aave V3: `Pool.flashLoanSimple`. The premium is in basis points.

Sources: aave-v3-core 1.19.3 and aave-v3-origin, `FlashLoanLogic`, `PercentageMath`, `ReserveConfiguration`.
The rounding changed from half up to up with pool revision 9 (V3.5); the virtual balance that bounds a loan
came with V3.1.
"""

from executor.domain.abi import decoded_address, decoded_int, eth_call
from executor.domain.address import Address
from executor.domain.call import Reading
from executor.domain.lender import LenderTerms, Rounding
from executor.domain.route import Funding

BASIS_POINTS = 10_000

GAS_OVERHEAD = 122_000
"""Gas over own money of a trade funded by `flashLoanSimple` of V3.0, measured; V3.6 needs about 17,000 less.
"""

ROUNDS_UP_FROM_REVISION = 9

_ACTIVE, _PAUSED, _FLASH_LOANS = 1 << 56, 1 << 60, 1 << 63
_ATOKEN_FIELD = 8


def read_terms(address: Address, token: Address, funding: Funding = Funding.AAVE_V3) -> Reading[LenderTerms]:
    """Read the terms of the Pool at `address`, of a market of this shape, for `token`.

    Where the Pool keeps no virtual balance (before V3.1), what is available is the balance of its aToken.
    Never raises: a lender that does not answer comes back with a `problem`.
    """
    answers = yield (
        eth_call(address, "FLASHLOAN_PREMIUM_TOTAL()"),
        eth_call(address, "POOL_REVISION()"),
        eth_call(address, "getConfiguration(address)", token),
        eth_call(address, "getVirtualUnderlyingBalance(address)", token),
        eth_call(address, "getReserveData(address)", token),
    )
    premium, revision, configuration, available = (decoded_int(answer) for answer in answers[:4])
    if premium is None or configuration is None:
        return LenderTerms(
            funding, address, token, 0, BASIS_POINTS, Rounding.UP, 0, "does not answer as an Aave V3 Pool"
        )
    if available is None:
        available = yield from _balance_of_atoken(token, answers[4])
    rounding = Rounding.UP if (revision or 0) >= ROUNDS_UP_FROM_REVISION else Rounding.HALF_UP
    problem = _problem(configuration, available)
    return LenderTerms(funding, address, token, premium, BASIS_POINTS, rounding, available, problem)


def _balance_of_atoken(token: Address, reserve_data: bytes | None) -> Reading[int]:
    atoken = decoded_address(reserve_data[32 * _ATOKEN_FIELD :]) if reserve_data is not None else None
    if atoken is None:
        return 0
    answers = yield (eth_call(token, "balanceOf(address)", atoken),)
    return decoded_int(answers[0]) or 0


def _problem(configuration: int, available: int) -> str:
    if not configuration & _ACTIVE:
        return "does not list the token"
    if configuration & _PAUSED:
        return "has paused the token"
    if not configuration & _FLASH_LOANS:
        return "has flash loans of the token switched off"
    return "" if available else "has none of the token"
