"""Which pools a log is handed to."""

from __future__ import annotations

from executor.domain.address import Address
from executor.domain.log import Log
from executor.domain.pool import Pool, VenueKind
from executor.domain.pool_details import BalancerV3Details, V4Details
from executor.market.interest import Interest
from tests.support.market import DAI, USDC, WETH, address, v2_pool

MANAGER, VAULT = address(7), address(8)
FIRST, SECOND = (
    Pool("uniswap_v4", VenueKind.UNISWAP_V4, MANAGER, WETH, token, 3_000, 60, details=V4Details(3_000, 60))
    for token in (USDC, DAI)
)
WEIGHTED = Pool(
    "balancer_v3",
    VenueKind.BALANCER_V3,
    address(9),
    WETH,
    USDC,
    3_000,
    details=BalancerV3Details(VAULT, (WETH.address, USDC.address)),
)
PAIR = v2_pool()


def log(emitter: Address, *names: str) -> Log:
    """A log whose topics behind the event's are these, as 32 bytes each."""
    topics = (bytes(32), *(bytes.fromhex(name[2:]).rjust(32, b"\0") for name in names))
    return Log(emitter, topics, b"", 1, "0x1", 0)


def interest() -> Interest:
    found = Interest()
    for pool in (FIRST, SECOND, WEIGHTED, PAIR):
        found.add(pool)
    return found


def test_a_log_of_a_contract_that_pools_share_goes_to_the_pool_that_it_names() -> None:
    assert list(interest().keys(log(MANAGER, FIRST.identity))) == [FIRST.key]
    assert list(interest().keys(log(VAULT, WEIGHTED.address))) == [WEIGHTED.key]
    assert list(interest().keys(log(MANAGER, "0x" + "77" * 32))) == []


def test_a_log_that_names_no_pool_goes_to_all_that_share_the_contract() -> None:
    assert list(interest().keys(log(MANAGER))) == [FIRST.key, SECOND.key]


def test_a_pools_own_logs_go_to_it_whatever_they_name() -> None:
    assert list(interest().keys(log(PAIR.address, "0x" + "77" * 20))) == [PAIR.key]
    assert list(interest().keys(log(WEIGHTED.address))) == [WEIGHTED.key]
    assert list(interest().keys(log(address(77)))) == []


def test_logs_are_wanted_of_nobody_once_the_last_pool_has_gone() -> None:
    found = interest()
    assert found.emitters == {MANAGER, VAULT, WEIGHTED.address, PAIR.address}
    found.remove(FIRST)
    assert list(found.keys(log(MANAGER))) == [SECOND.key]
    for pool in (SECOND, WEIGHTED, PAIR):
        found.remove(pool)
    assert found.emitters == frozenset()
