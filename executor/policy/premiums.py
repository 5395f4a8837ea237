"""What flash lenders took for their loans, from the logs of the transaction that borrowed.

Aave, Spark and Balancer V2 log the premium, a V3 pool what was paid on top; a pair is paid what the plan
says, and an ERC-3156 lender's share is what went to it less what came. The others lend for nothing.

Sources of the events: aave-v3-core `IPool.FlashLoan`, balancer-v2-monorepo `IVault.FlashLoan`, v3-core
`IUniswapV3PoolEvents.Flash` (Algebra's is the same).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from eth_hash.auto import keccak

from executor.domain.address import Address
from executor.domain.log import Log
from executor.plan.format import Opcode
from executor.plan.steps import Loan, PoolLoan
from executor.plan.steps.step import Step
from executor.policy.transfers import moves, party, word

AAVE_FLASH_LOAN = keccak(b"FlashLoan(address,address,address,uint256,uint8,uint256,uint16)")
BALANCER_FLASH_LOAN = keccak(b"FlashLoan(address,address,uint256,uint256)")
POOL_FLASH = keccak(b"Flash(address,address,uint256,uint256,uint256,uint256)")


def premiums(
    steps: Iterable[Step],
    logs: Sequence[Log],
    *,
    settlement: Address,
    router: Address,
    erc3156: Address | None = None,
) -> Mapping[Address, int]:
    """What all loans of a plan's `steps` cost by token, in its smallest unit. `logs` are the transaction's;
    `erc3156` is the chain's ERC-3156 lender.

    A loan whose log is not there counts as free.
    """
    unread = list(logs)
    paid: dict[Address, int] = {}
    for loan in _loans(steps):
        token = loan.token or settlement
        if isinstance(loan, PoolLoan):
            premium = _of_pool(loan, unread)
        elif loan.opcode is Opcode.AAVE_V3_LOAN:
            premium = _logged(unread, AAVE_FLASH_LOAN, token, loan.amount, amount_word=1, premium_word=3)
        elif loan.opcode is Opcode.BALANCER_V2_LOAN:
            premium = _logged(unread, BALANCER_FLASH_LOAN, token, loan.amount, amount_word=0, premium_word=1)
        elif loan.opcode is Opcode.ERC3156_LOAN and erc3156 is not None:
            premium = _net_paid(logs, token, router, erc3156)
        else:
            premium = 0
        paid[token] = paid.get(token, 0) + premium
    return {token: premium for token, premium in paid.items() if premium}


def _loans(steps: Iterable[Step]) -> Iterator[Loan | PoolLoan]:
    for step in steps:
        if isinstance(step, Loan | PoolLoan):
            yield step
        yield from _loans(step.inside)


def _of_pool(loan: PoolLoan, unread: list[Log]) -> int:
    if loan.opcode is Opcode.UNISWAP_V2_LOAN:
        return loan.cap - loan.amount
    lent, paid = (1, 3) if loan.token1 else (0, 2)
    for log in unread:
        if log.address == loan.pool and log.topics[:1] == (POOL_FLASH,) and word(log, lent) == loan.amount:
            unread.remove(log)
            return word(log, paid)
    return 0


def _logged(
    unread: list[Log], topic: bytes, token: Address, amount: int, *, amount_word: int, premium_word: int
) -> int:
    for log in unread:
        if log.topics[:1] != (topic,) or len(log.topics) < 3 or party(log.topics[2]) != token:
            continue
        if word(log, amount_word) == amount:
            unread.remove(log)
            return word(log, premium_word)
    return 0


def _net_paid(logs: Sequence[Log], token: Address, router: Address, lender: Address) -> int:
    net = 0
    for move in moves(logs, wrapped_native=None):
        if move.token == token and {move.source, move.target} == {router, lender}:
            net += move.amount if move.target == lender else -move.amount
    return net
