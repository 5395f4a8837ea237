"""How long a chain's blocks may still change, and how long is waited between two steps for a nonce."""

from executor.engine.session import Session
from executor.policy.lifecycle import Pace


def pace_of(session: Session) -> Pace:
    """The settings' pace; finality is the chain's own where they name none, and none at all on a local node,
    which reorganises only when it is told to.
    """
    own = session.settings
    chains_own = own.confirmations if session.network.is_local else session.chain.fees.finality_blocks
    return Pace(
        finality_blocks=max(own.lanes.finality_blocks or chains_own, own.confirmations),
        settle_blocks=own.lanes.settle_blocks,
        bump_blocks=own.lanes.bump_blocks,
        resend_seconds=own.lanes.resend_seconds,
    )
