"""Where the money of a quoted trade goes at venues that tell their fee in their own way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from executor.domain.address import to_address
from executor.domain.pool import Pool, VenueKind
from executor.domain.pool_details import MakerPSMDetails
from executor.domain.route import Funding, Leg, Route, SizedRoute
from executor.domain.token import Token
from executor.engine.quoted_hops import Hop, hops_of
from executor.venues import maker_psm
from executor.venues.maker_psm import MakerPSMState

DAI = Token(1, to_address("0x" + "01" * 20), "DAI", 18)
GEM = Token(1, to_address("0x" + "02" * 20), "GEM", 6)
MODULE, POCKET = to_address("0x" + "03" * 20), to_address("0x" + "04" * 20)
DETAILS = MakerPSMDetails(GEM.address, DAI.address, 12, POCKET, MODULE, DAI.address)
POOL = Pool("unnamed", VenueKind.MAKER_PSM, MODULE, DAI, GEM, 0, details=DETAILS)
STATE = MakerPSMState(POOL, 10**15, 3 * 10**15, 10**24, 10**12)


def there_and_back(state: MakerPSMState, amount: int) -> tuple[Hop, ...]:
    """DAI into gem and back, at two modules that stand alike."""
    other = replace(POOL, address=POCKET)
    bought = maker_psm.amount_out(state, True, amount)
    amounts = (amount, bought, maker_psm.amount_out(state, False, bought))
    route = Route((Leg(POOL, DAI), Leg(other, GEM)))
    states = {POOL.key: state, other.key: replace(state, pool=other)}
    return hops_of(SizedRoute(route, amounts, Funding.INVENTORY), states)


@pytest.mark.parametrize("tin", [0, 10**15])
@pytest.mark.parametrize("tout", [0, 3 * 10**15])
def test_a_peg_modules_fee_is_told_of_what_goes_in(tin: int, tout: int) -> None:
    bought, sold = there_and_back(replace(STATE, tin=tin, tout=tout), 1_003 * 10**18)

    # The gem, the fee, and what is too little for another unit of the gem.
    unit = DETAILS.unit
    assert bought.fee is not None and 0 <= bought.amount_in - bought.fee - bought.amount_out * unit < 2 * unit
    assert sold.fee is not None and 0 <= sold.amount_out - (sold.amount_in - sold.fee) * unit <= unit
    assert (bought.fee > 0, sold.fee > 0) == (tout > 0, tin > 0)
    assert max(bought.impact, sold.impact) < 10**-9
