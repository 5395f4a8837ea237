"""What a call costs beside its gas."""

from executor.chain.data_fee import oracle_fee
from executor.domain.decision import Simulation
from executor.engine.market import Market
from executor.engine.session import Session
from executor.policy.data_fee import DataCost, data_cost
from executor.submission.log import get_logger
from executor.wallet.signer import TransactionFields, unsigned_envelope

_LOG = get_logger(__name__)
_SOME_NONCE = 0xA1B2C3
"""As many bytes as nonces of busy wallets have."""


async def call_data_cost(
    session: Session, calldata: bytes, simulation: Simulation, market: Market
) -> DataCost:
    """What an L2 takes for putting the call's data on its parent chain, with the operator's fee; nothing
    elsewhere.

    Reckoned without asking. Where the chain's oracle disagreed about a sample it is asked about this call,
    and the higher figure counts. Raises NodeError.
    """
    terms = market.gas.data
    if terms is None:
        return DataCost()
    envelope = unsigned_envelope(
        TransactionFields(
            chain_id=session.chain.chain_id,
            nonce=_SOME_NONCE,
            to=session.router,
            data=calldata,
            value=0,
            gas_limit=simulation.gas_limit,
            max_fee_per_gas=market.fees.max_fee_per_gas,
            max_priority_fee_per_gas=market.fees.max_priority_fee_per_gas,
        )
    )
    parameters = terms.parameters
    ours = data_cost(
        envelope, gas_used=simulation.gas_used, gas_limit=simulation.gas_limit, parameters=parameters
    )
    if terms.oracle_agrees:
        return ours
    theirs = await oracle_fee(session.rpc, envelope, simulation.gas_limit, market.head)
    _LOG.warning(
        "data_fee_disagrees", chain=session.name, ours=ours.held, oracle=theirs, fork=parameters.fork.name
    )
    return ours.at_least(theirs)
