"""Reverts, decoded by name down to the innermost reason."""

from eth_abi.abi import encode
from eth_hash.auto import keccak
from hypothesis import given
from hypothesis import strategies as st

from devnet.compiler import compile_files
from executor.plan import decode_revert
from executor.plan.reverts import ROUTER_ERRORS

POOL, INNER_POOL = "0x" + "11" * 20, "0x" + "22" * 20


def custom(signature: str, *values: object) -> bytes:
    kinds = signature[signature.index("(") + 1 : -1].split(",")
    return keccak(signature.encode())[:4] + encode(kinds, values)


def test_the_table_knows_every_error_of_the_router_and_no_other() -> None:
    abi = compile_files(["contracts/ArbRouter.sol"])["ArbRouter"].abi
    compiled = {
        (entry["name"], tuple((arg["type"], arg["name"]) for arg in entry["inputs"]))
        for entry in abi
        if entry["type"] == "error"
    }
    assert {(error.name, error.arguments) for error in ROUTER_ERRORS} == compiled


def test_the_figures_of_a_missed_profit_are_decoded_by_name() -> None:
    data = custom("ProfitBelowMinimum(address,uint256,uint256,uint256)", POOL, 100, 90, 5)
    decoded = decode_revert(data)
    assert decoded.name == "ProfitBelowMinimum"
    assert decoded.args == {"token": POOL, "balanceBefore": 100, "balanceAfter": 90, "minimum": 5}


def test_a_reason_wrapped_by_two_pools_is_unwrapped_and_the_way_is_kept() -> None:
    reason = custom("Error(string)", "UniswapV2: K")
    inner = custom("CallFailed(address,bytes)", INNER_POOL, reason)
    decoded = decode_revert(custom("CallFailed(address,bytes)", POOL, inner))
    assert (decoded.name, decoded.args) == ("Error", {"message": "UniswapV2: K"})
    assert decoded.through == (POOL, INNER_POOL)


def test_a_revert_without_a_reason_is_named_empty() -> None:
    assert decode_revert(b"").name == "Empty"


@given(st.binary(max_size=200))
def test_no_bytes_make_the_decoder_fail(data: bytes) -> None:
    assert decode_revert(data).name


@given(st.sampled_from(ROUTER_ERRORS), st.binary(max_size=200))
def test_known_selectors_with_damaged_arguments_do_not_make_the_decoder_fail(
    error: object, body: bytes
) -> None:
    assert decode_revert(error.selector + body).name  # type: ignore[attr-defined]
