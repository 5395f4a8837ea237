"""What an OP stack chain takes for putting a transaction's data on its parent chain. It comes on top of gas
and cannot be capped.
"""

from executor.chain.blocks import Block
from executor.chain.reading import read
from executor.chain.rpc import Rpc
from executor.domain.abi import decoded_int, eth_call
from executor.domain.address import Address
from executor.domain.call import Reading
from executor.domain.chain import L2Kind
from executor.domain.errors import NodeError

GAS_PRICE_ORACLE = Address("0x420000000000000000000000000000000000000F")
"""OP stack predeploy GasPriceOracle."""


def read_data_fee(unsigned_transaction: bytes, gas_limit: int) -> Reading[int | None]:
    """`getL1Fee` of the unsigned envelope plus `getOperatorFee` of the gas limit (where the chain has one),
    in wei; None where there is no oracle.
    """
    l1_answer, operator_answer = yield (
        eth_call(GAS_PRICE_ORACLE, "getL1Fee(bytes)", unsigned_transaction),
        eth_call(GAS_PRICE_ORACLE, "getOperatorFee(uint256)", gas_limit),
    )
    l1_fee = decoded_int(l1_answer)
    return None if l1_fee is None else l1_fee + (decoded_int(operator_answer) or 0)


async def data_fee(
    rpc: Rpc,
    l2: L2Kind,
    *,
    unsigned_transaction: bytes,
    gas_limit: int,
    is_local: bool,
    block: Block = "latest",
) -> int:
    """The data and operator fee in wei: 0 on an L1, on Arbitrum (where data count as gas), and on a local
    node without the oracle (development nodes charge none).

    Raises NodeError when a real OP stack chain does not answer.
    """
    if l2 is not L2Kind.OP_STACK:
        return 0
    fee = await read(rpc, read_data_fee(unsigned_transaction, gas_limit), block)
    if fee is None and not is_local:
        raise NodeError(
            "The chain's gas price oracle does not answer.",
            fix="check rpc_url: is this an OP stack chain?",
            oracle=GAS_PRICE_ORACLE,
        )
    return fee or 0
