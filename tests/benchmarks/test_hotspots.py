"""The profile of the router's own gas, against what is known of a trade by other means."""

from collections import Counter

from benchmarks.building import loop_market
from benchmarks.hotspots import hotspots
from benchmarks.loops import V2_V3
from benchmarks.overhead import plan
from devnet.compiler import PROJECT

COLD_STORAGE_READ = 2_100
COLD_ACCOUNT, WARM_ACCOUNT = 2_600, 100


def test_a_trade_pays_for_one_cold_storage_read_and_for_each_account_once() -> None:
    """EIP-2929: the token, the pair and the pool are cold at their first call and warm afterwards."""
    with loop_market(traced=True) as market:
        found = hotspots(market, plan(market.sized(V2_V3)))
    instructions = Counter[str]()
    for (_, _, instruction), gas in found.items():
        instructions[instruction] += gas
    assert instructions["SLOAD"] == COLD_STORAGE_READ
    # Of the token: the balance before and after, and the payment; of pair and pool: one swap each.
    assert instructions["CALL"] + instructions["STATICCALL"] == 3 * COLD_ACCOUNT + 2 * WARM_ACCOUNT
    assert all((PROJECT / file).is_file() for file, _, _ in found if file)
