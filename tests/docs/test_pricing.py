"""The page on prices says what the chain data say."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from executor.chain.data_fee import TOLERANCE_BPS
from executor.chain.following import MOST_POOLS
from executor.config.chains import chain_names, load_chain
from executor.domain.fee_rules import BaseFeeKind, FeeRules
from executor.engine.followed import IDLE_SECONDS
from executor.engine.gas_market import HISTORY_BLOCKS
from executor.market.book import DEPTH
from executor.policy.gas_levels import CALM_BLOCKS, MARGIN_BPS
from executor.policy.priority import Urgency

PAGE = (Path(__file__).parent.parent.parent / "docs" / "pricing.md").read_text(encoding="utf-8")


def in_words(rules: FeeRules) -> str:
    most = Fraction(rules.base_fee.elasticity - 1, rules.base_fee.denominator)
    return {
        BaseFeeKind.GAS: f"from the block's gas, {most} at most",
        BaseFeeKind.HEADER: f"from the block's gas, by the terms in its header, else {most} at most",
        BaseFeeKind.TOLD: f"only the node can tell, {most} at most",
        BaseFeeKind.FIXED: "never moves",
    }[rules.base_fee.kind]


def test_the_table_of_fees_is_that_of_the_chain_data() -> None:
    for name in chain_names():
        rules = load_chain(name).fees
        tip = f"{Decimal(rules.least_priority_fee).scaleb(-9).normalize():f}"
        row = (name, in_words(rules), tip, rules.gas.most_per_transaction, rules.data, rules.finality_blocks)
        assert f"| {' | '.join(str(cell) for cell in row)} |\n" in PAGE


def test_the_figures_in_the_text_are_those_of_the_code() -> None:
    percentiles = [f"{urgency.percentile}th" for urgency in Urgency]
    assert f"the last {HISTORY_BLOCKS} blocks" in PAGE
    assert "{}, {} or {} percentile".format(*percentiles) in PAGE
    assert f"in the last {IDLE_SECONDS:.0f} seconds, {MOST_POOLS} at most" in PAGE
    assert f"kept for {DEPTH} blocks" in PAGE
    assert f"more than {TOLERANCE_BPS // 100} % off" in PAGE
    assert re.search(rf"only {MARGIN_BPS // 100} % below .* after {CALM_BLOCKS} blocks", PAGE)
