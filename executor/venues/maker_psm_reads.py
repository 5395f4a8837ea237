"""How peg stability modules of Maker are known and read.

Sources: `DssLitePsm` of makerdao/dss-lite-psm, `UsdsPsmWrapper` of makerdao/usds-wrappers, `DssPsm` of
makerdao/dss-psm. A module quotes nothing: it is believed where what it says of itself fits together and fits
its tokens. The older DssPsm mints its DAI up to a debt ceiling and keeps its gem in an adapter that pulls it;
such a module is known, and refused when it is read.
"""

from executor.domain.abi import decoded_address, decoded_int, eth_call
from executor.domain.address import Address
from executor.domain.call import Reading
from executor.domain.dex import Dex
from executor.domain.errors import PoolNotFoundError
from executor.domain.pool import Pool, PoolIdentity, VenueKind
from executor.domain.pool_details import MakerPSMDetails
from executor.domain.token import Token
from executor.venues.maker_psm_state import HALTED, WAD, MakerPSMState
from executor.venues.pairing import ordered

DECIMALS = 18
"""Of DAI and USDS."""


def details(module: Address) -> Reading[MakerPSMDetails]:
    """What the module trades, and where that lies. Raises PoolNotFoundError if it does not answer as one."""
    names = ("dai", "gem", "pocket", "psm", "gemJoin")
    answers = yield tuple(eth_call(module, f"{name}()") for name in names)
    dai, gem, pocket, behind, adapter = (decoded_address(answer) for answer in answers)
    if dai is not None and gem is not None and pocket is not None:
        return (yield from _lite(module, dai, gem, pocket, behind or module))
    if dai is not None and adapter is not None:
        return (yield from _older(module, dai, adapter))
    raise _no_module(module)


def read(pool: Pool) -> Reading[MakerPSMState]:
    """Its fees, and what it can pay. Raises PoolNotFoundError if it does not answer, or is of the older
    kind.
    """
    found = pool.details
    assert isinstance(found, MakerPSMDetails)
    if found.minted:
        raise PoolNotFoundError(
            f"{pool.address} is a peg stability module of the older kind: it mints DAI up to a debt ceiling.",
            fix="trade at the LitePSM that took its place",
            pool=pool.address,
        )
    answers = yield (
        eth_call(pool.address, "tin()"),
        eth_call(pool.address, "tout()"),
        eth_call(found.cash, "balanceOf(address)", found.till),
        eth_call(found.gem, "balanceOf(address)", found.pocket),
        eth_call(found.gem, "allowance(address,address)", found.pocket, found.till),
    )
    values = [number for number in map(decoded_int, answers) if number is not None]
    if len(values) < len(answers) or any(WAD < fee < HALTED for fee in values[:2]):
        raise _no_module(pool.address)
    return MakerPSMState(pool, *values)


def extend(state: MakerPSMState, toward_low: bool) -> Reading[MakerPSMState]:
    """There is nothing more to read: the state as it is."""
    yield from ()
    return state


def lens_request(pool: Pool, reach: tuple[int, int]) -> bytes:
    """Nothing: no lens reads these modules, whose five answers come in one trip."""
    return b""


def lens_state(pool: Pool, answer: bytes) -> MakerPSMState:
    """No lens answers. Raises PoolNotFoundError always."""
    raise _no_module(pool.address)


def find(dex: Dex, token_a: Token, token_b: Token) -> Reading[tuple[Pool, ...]]:
    """The one module of an exchange whose factory is the module itself. Raises PoolNotFoundError if it trades
    other tokens.
    """
    token0, token1 = ordered(token_a, token_b)
    found = yield from details(dex.factory)
    if {token0.address, token1.address} != {found.dai, found.gem}:
        raise PoolNotFoundError(
            f"{dex.name} does not trade {token0.symbol} for {token1.symbol}.",
            fix="name another exchange, or the pools themselves",
            dex=dex.name,
            factory=dex.factory,
        )
    return (Pool(dex.name, VenueKind.MAKER_PSM, dex.factory, token0, token1, 0, details=found),)


def identify(address: Address) -> Reading[PoolIdentity]:
    """What the code at `address` says of itself. Raises PoolNotFoundError if it is no such module."""
    found = yield from details(address)
    token0, token1 = sorted((found.dai, found.gem), key=lambda each: int(each, 16))
    return PoolIdentity(address, token0, token1, factory=address, details=found)


def belongs(dex: Dex, identity: PoolIdentity) -> Reading[bool]:
    """True of the module that the exchange is."""
    yield from ()
    return identity.address == dex.factory


def _lite(
    module: Address, dai: Address, gem: Address, pocket: Address, till: Address
) -> Reading[MakerPSMDetails]:
    """A LitePSM, or the wrapper of the one at `till`, if both and the tokens say the same."""
    *addresses, factor, behind, halted, coarse, fine = yield (
        *(eth_call(till, f"{name}()") for name in ("gem", "pocket", "dai")),
        eth_call(module, "to18ConversionFactor()"),
        eth_call(till, "to18ConversionFactor()"),
        eth_call(till, "HALTED()"),
        eth_call(gem, "decimals()"),
        eth_call(dai, "decimals()"),
    )
    same_gem, same_pocket, cash = (decoded_address(answer) for answer in addresses)
    coarser = _coarser(decoded_int(coarse), decoded_int(fine))
    units = {decoded_int(factor), decoded_int(behind)}
    if coarser is None or cash is None or units != {10**coarser} or decoded_int(halted) != HALTED:
        raise _no_module(module)
    if (same_gem, same_pocket) != (gem, pocket):
        raise _no_module(module)
    return MakerPSMDetails(gem, dai, coarser, pocket, till, cash)


def _older(module: Address, dai: Address, adapter: Address) -> Reading[MakerPSMDetails]:
    """A DssPsm, whose adapter holds the gem."""
    answers = yield (eth_call(adapter, "gem()"), eth_call(adapter, "dec()"), eth_call(dai, "decimals()"))
    gem = decoded_address(answers[0])
    coarser = _coarser(*map(decoded_int, answers[1:]))
    if gem is None or coarser is None:
        raise _no_module(module)
    return MakerPSMDetails(gem, dai, coarser, adapter, module, dai, minted=True)


def _coarser(gem: int | None, dai: int | None) -> int | None:
    return DECIMALS - gem if gem is not None and gem <= DECIMALS == dai else None


def _no_module(module: Address) -> PoolNotFoundError:
    return PoolNotFoundError(
        f"{module} does not answer as a peg stability module of Maker.",
        fix="check the module's address",
        pool=module,
    )
