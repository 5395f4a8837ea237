"""What a transaction costs in the next blocks: what to offer for gas, and what its data cost."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from executor.chain.blocks import block_param, refuses_block_hash
from executor.chain.data_fee import DataTerms, parse_terms, terms_calls
from executor.chain.quantities import answer_error, member, quantity, to_quantity
from executor.chain.rpc import Call, NodeRefusedError, Rpc, results
from executor.config.settings import ChainSettings
from executor.domain.fee_rules import FeeRules
from executor.domain.market import BlockHead
from executor.policy.fees import Fees, choose_fees
from executor.policy.gas_levels import GasJudgement, GasStanding, L2GasThresholds, follow
from executor.policy.priority import PERCENTILES, Urgency, priority_fee

HISTORY_BLOCKS = 15
"""Blocks whose tips are looked at: enough for a median, few enough to follow the market."""

_HISTORY = "eth_feeHistory"
_SUGGESTED = "eth_maxPriorityFeePerGas"


@dataclass(frozen=True, slots=True)
class GasMarket:
    """`data`: the terms for data on an OP stack chain, None elsewhere."""

    fees: Fees
    data: DataTerms | None = None


class GasWatch:
    """Remembers from block to block how good a chain's gas was called, for one session."""

    def __init__(self) -> None:
        self._standing: GasStanding | None = None

    def judge(self, price: int, block: int, thresholds: L2GasThresholds) -> GasJudgement:
        """How good gas is at `price` wei, at that block."""
        self._standing = follow(self._standing, price, block, thresholds)
        return self._standing.judgement


async def read_gas(
    rpc: Rpc, settings: ChainSettings, rules: FeeRules, head: BlockHead, *, is_local: bool
) -> GasMarket:
    """What the blocks after `head` cost, in one batch. Raises NodeError.

    The next base fee is the higher of the header's rule and the node's own word: nodes know forks that we do
    not, and local nodes take orders. The tip is the settings', else what was paid lately, at least what the
    chain asks; where nothing was paid lately, what the node suggests.
    """
    param = block_param(rpc, head)
    answers = await rpc.batch(_calls(rules, head, param))
    if any(refuses_block_hash(rpc, param, answer) for answer in answers):
        answers = await rpc.batch(_calls(rules, head, block_param(rpc, head)))
    history, suggested, *data = answers
    tip = settings.priority_fee
    if tip is None:
        tip = _tip(history, Urgency[settings.bids.urgency.upper()], rules.least_priority_fee, suggested)
    expected = replace(head, next_base_fee=max(head.next_base_fee, _told_base_fee(history)))
    fees = choose_fees(
        expected,
        priority_fee=tip,
        blocks=settings.bids.horizon_blocks,
        ceiling=settings.bids.max_fee_per_gas,
    )
    terms = parse_terms(data, rules.data, is_local=is_local) if rules.data.is_op_stack else None
    return GasMarket(fees, terms)


def _calls(rules: FeeRules, head: BlockHead, param: object) -> list[Call]:
    return [
        (_HISTORY, (to_quantity(HISTORY_BLOCKS), to_quantity(head.number), list(PERCENTILES))),
        (_SUGGESTED, ()),
        *(terms_calls(param) if rules.data.is_op_stack else ()),
    ]


def _tip(history: object, urgency: Urgency, least: int, suggested: object) -> int:
    """What to offer above the base fee, in wei per gas."""
    rewards, empty = _rewards(history)
    if all(empty):
        return max(least, quantity(results([suggested])[0], _SUGGESTED))
    return priority_fee(rewards, empty, urgency, floor=least)


def _rewards(history: object) -> tuple[list[list[int]], list[bool]]:
    """The tips paid in each block, and which blocks were empty; nothing where the node does not tell."""
    if not isinstance(history, Mapping) or history.get("reward") is None:
        return [], []
    rows, ratios = history["reward"], member(history, "gasUsedRatio", _HISTORY)
    if not isinstance(rows, list) or not isinstance(ratios, list) or len(rows) > len(ratios):
        raise answer_error(f"{_HISTORY}.reward", "is no list of as many rows as blocks")
    if not all(isinstance(row, list) for row in rows):
        raise answer_error(f"{_HISTORY}.reward", "is no list of rows")
    return (
        [[quantity(tip, f"{_HISTORY}.reward") for tip in row] for row in rows],
        [not ratio for ratio in ratios[: len(rows)]],
    )


def _told_base_fee(history: object) -> int:
    """The base fee of the next block by eth_feeHistory; 0 where the node does not have that method."""
    if isinstance(history, NodeRefusedError):
        return 0
    fees = member(history, "baseFeePerGas", _HISTORY)
    if not isinstance(fees, list) or not fees:
        raise answer_error(f"{_HISTORY}.baseFeePerGas", "is no list of fees")
    return quantity(fees[-1], f"{_HISTORY}.baseFeePerGas")
