"""Values that the plan tests share."""

import pytest

from executor.domain.address import to_address
from executor.plan.format import Payer, Recipient, V2Output
from executor.plan.steps import V2Swap


@pytest.fixture
def example_swap() -> V2Swap:
    pool = to_address("0x" + "ab" * 20)
    return V2Swap(
        pool, True, Payer.SETTLEMENT, Recipient.ROUTER, V2Output.COMPUTED, fee_bps=30, amount_in=10**18
    )
