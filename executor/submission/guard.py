"""May this be sent to that network at all?"""

from executor.chain.network import Network
from executor.domain.chain import ChainData
from executor.domain.errors import SafetyError


def check_public(chain: ChainData, network: Network, *, allow_public: bool) -> None:
    """Raises SafetyError where sending means to show the transaction to everybody, unless the user has said
    so.

    A copied arbitrage is a lost one. Local and forked nodes are nobody's pool.
    """
    if chain.public_mempool and not network.is_local and not allow_public:
        raise SafetyError(
            f"sending on {chain.name} would show the transaction in its public mempool, where it can be "
            "copied.",
            fix=f"set chains.{chain.name}.allow_public: true if you accept that, or use --dry-run",
            chain=chain.name,
        )
