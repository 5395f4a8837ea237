"""The last look before a key signs: development keys for local nodes and forks, all other keys for real
networks.
"""

from executor.domain.address import Address
from executor.domain.errors import SafetyError
from executor.wallet.development import is_development


def check_signer(network_is_local: bool, signer_address: Address) -> None:
    """Raise SafetyError when `signer_address` must not sign there.

    A fork bears its upstream's chain id: what a real key signs on it is valid on the real chain, so chain ids
    decide nothing here.
    """
    development = is_development(signer_address)
    if network_is_local and not development:
        raise SafetyError(
            f"{signer_address} may not sign on a local or forked node: "
            "what it signs would be valid on the real chain too.",
            fix="set wallet: {development_account: 0} for this node, or point rpc_url at the real network",
            signer=signer_address,
        )
    if not network_is_local and development:
        raise SafetyError(
            f"{signer_address} is a development account, whose key everybody knows: "
            "it may not sign on a real network.",
            fix="set wallet.keystore or wallet.ape_account to a key of your own",
            signer=signer_address,
        )
