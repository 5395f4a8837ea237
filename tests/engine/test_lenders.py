"""Every lender that stands at one address funds a trade from end to end, with no money of the router's."""

from __future__ import annotations

from pathlib import Path

import pytest

from devnet import Node
from executor.domain.execution import Status
from executor.domain.route import Funding
from executor.engine.executor import Executor
from executor.lenders import LENDERS
from tests.support.trading import Trading, deploy_trading, explicit


@pytest.fixture
def trading(ethereum_full: Node, tmp_path: Path) -> Trading:
    """On the full tier, where all of them stand; the router holds nothing."""
    made = deploy_trading(ethereum_full, tmp_path, inventory=0)
    made.open_gap()
    return made


@pytest.mark.parametrize("funding", [name for name in LENDERS if name is not Funding.ERC3156])
async def test_a_lender_funds_a_trade_to_the_wei(trading: Trading, funding: Funding) -> None:
    """Maker's shape, which lends DAI alone, has no part in a trade that begins with WETH."""
    async with Executor(trading.settings()) as executor:
        execution = await executor.execute(explicit(funding=funding.value))
    assert execution.status is Status.REALISED, execution.reasons
    assert execution.funding == funding
    assert execution.realised_profit == execution.expected_profit == trading.balance() > 0


async def test_makers_shape_is_refused_for_a_token_that_it_does_not_lend(trading: Trading) -> None:
    async with Executor(trading.settings()) as executor:
        execution = await executor.execute(explicit(funding="erc3156"))
    assert execution.status is not Status.REALISED
    assert "has none of the token" in str(execution.reasons)
