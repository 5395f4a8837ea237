"""What a call costs beside its gas."""

from executor.chain.data_fee import data_fee
from executor.domain.decision import Simulation
from executor.engine.session import Session
from executor.engine.sizing import Market
from executor.wallet.signer import TransactionFields, unsigned_envelope


async def call_data_fee(session: Session, calldata: bytes, simulation: Simulation, market: Market) -> int:
    """What an L2 takes for putting the call's data on its parent chain, in wei; 0 elsewhere. Raises
    NodeError.
    """
    envelope = unsigned_envelope(
        TransactionFields(
            chain_id=session.chain.chain_id,
            nonce=0,
            to=session.router,
            data=calldata,
            value=0,
            gas_limit=simulation.gas_limit,
            max_fee_per_gas=market.fees.max_fee_per_gas,
            max_priority_fee_per_gas=market.fees.max_priority_fee_per_gas,
        )
    )
    return await data_fee(
        session.rpc,
        session.chain.l2,
        unsigned_transaction=envelope,
        gas_limit=simulation.gas_limit,
        is_local=session.network.is_local,
        block=market.head,
    )
