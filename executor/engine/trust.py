"""Which addresses of the chain data a trade leans on; on a real network each must pass its check before
anything is signed."""

from collections.abc import Iterator

from executor.chain.checks import require_checked
from executor.domain.address import Address
from executor.domain.chain import ChainData, KnownAddress
from executor.domain.pool import Pool
from executor.domain.pool_details import BalancerV2Details, BalancerV3Details
from executor.domain.split import Sized
from executor.engine.session import Session


async def require_trusted(session: Session, sized: Sized) -> None:
    """Raises SafetyError when an address that `sized` leans on has no check, or fails it.

    Each is asked once a session: names may repeat, as symbols in the names of pools that lend.
    """
    used = [
        known
        for known in leaned_on(session.chain, sized)
        if (known.name, known.address) not in session.trusted
    ]
    await require_checked(session.rpc, used, is_local=session.network.is_local)
    session.trusted.update((known.name, known.address) for known in used)


def leaned_on(chain: ChainData, sized: Sized) -> Iterator[KnownAddress]:
    """The known tokens, exchanges, lenders and price feeds of a trade, and the vaults and managers that hold
    its pools. What an opportunity names by address itself is not among them: the profit rule alone answers
    for it."""
    tokens = {leg.token_in.address for leg in sized.route.legs} | {chain.wrapped_native.address}
    for entries in chain.tokens.values():
        yield from (entry.known for entry in entries if entry.token.address in tokens)
    pools = (*(leg.pool for leg in sized.route.legs), *pools_lending(sized))
    for dex in dict.fromkeys(pool.dex for pool in pools):
        if dex in chain.dexes:
            yield chain.dexes[dex].known
    lending = {pool.address for pool in pools_lending(sized)}
    yield from (entry.known for entry in chain.flash_pools if entry.pool.address in lending)
    fundings = {payer.funding for payer in sized.payers}
    holders = {holder for leg in sized.route.legs for holder in _stands_at(leg.pool)}
    for funding, lender in chain.lenders.items():
        if funding in fundings or lender.known.address in holders:
            yield lender.known
    for token in (sized.route.settlement.address, chain.wrapped_native.address):
        feed = chain.feed_for(token)
        if feed is not None:
            yield feed.known
            if chain.sequencer_feed is not None:
                yield chain.sequencer_feed.known


def pools_lending(sized: Sized) -> tuple[Pool, ...]:
    """The pools that lend to the trade."""
    return tuple(payer.pool for payer in sized.payers if payer.pool is not None)


def _stands_at(pool: Pool) -> tuple[Address, ...]:
    """The pool's address, and its Vault's."""
    if isinstance(pool.details, BalancerV2Details | BalancerV3Details):
        return pool.address, pool.details.vault
    return (pool.address,)
