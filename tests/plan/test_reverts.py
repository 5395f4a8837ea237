"""Reverts, decoded by name down to the innermost reason."""

import re

import pytest
from eth_abi.abi import encode
from eth_hash.auto import keccak
from hypothesis import given
from hypothesis import strategies as st

from devnet.compiler import compile_files
from executor.domain.address import Address, to_address
from executor.plan import decode_revert
from executor.plan.batch import BatchEntry, decode_batch_revert
from executor.plan.encoding import encode_plan
from executor.plan.format import Opcode, Payer, Recipient, V2Output, V3Amount, V3CallbackKind
from executor.plan.header import DecodedPlan, Header
from executor.plan.reverts import REASONS, ROUTER_ERRORS, ErrorType, Hop, Meaning
from executor.plan.reverts.router import BATCH_PLAN_FAILED, CONTROL, RAISED_IN_CALLBACKS, SIMULATED, TRADE
from executor.plan.steps import Loan, PoolLoan, Step, Track, V2Swap, V3Swap, V4Unlock

POOL, INNER_POOL = to_address("0x" + "11" * 20), to_address("0x" + "22" * 20)
LENDER, TOKEN = to_address("0x" + "33" * 20), to_address("0x" + "44" * 20)
PARTS = ("ArbRouter", "RouterControl", "RouterExtension", "RouterSimulator")


def custom(signature: str, *values: object) -> bytes:
    kinds = signature[signature.index("(") + 1 : -1].split(",")
    return keccak(signature.encode())[:4] + encode(kinds, values)


def text(message: str) -> bytes:
    return custom("Error(string)", message)


def failed(target: str, reason: bytes) -> bytes:
    return custom("CallFailed(address,bytes)", target, reason)


def plan_of(*steps: Step) -> bytes:
    return encode_plan(DecodedPlan(Header(0, 0, 0), steps))


def v2(pool: Address) -> V2Swap:
    return V2Swap(pool, True, Payer.NONE, Recipient.ROUTER, V2Output.LITERAL, amount_out=1)


def v3(pool: Address, *inside: Step) -> V3Swap:
    return V3Swap(
        pool,
        True,
        V3CallbackKind.UNISWAP,
        V3Amount.EXACT_IN,
        Payer.NONE,
        Recipient.ROUTER,
        amount=1,
        continuation=inside,
    )


def canonical(argument: dict[str, object]) -> str:
    """An argument's type as the signature has it: tuples written out."""
    kind, components = str(argument["type"]), argument.get("components")
    if not isinstance(components, list):
        return kind
    return kind.replace("tuple", f"({','.join(canonical(part) for part in components)})")


def test_the_table_knows_every_error_of_the_router_and_its_parts_and_no_other() -> None:
    compiled = {
        (entry["name"], tuple((canonical(arg), arg["name"]) for arg in entry["inputs"]))
        for part in PARTS
        for entry in compile_files([f"contracts/{part}.sol"])[part].abi
        if entry["type"] == "error"
    }
    assert {(error.name, error.arguments) for error in ROUTER_ERRORS} == compiled


def test_the_figures_of_a_missed_profit_are_decoded_by_name() -> None:
    data = custom("ProfitBelowMinimum(address,uint256,uint256,uint256)", POOL, 100, 90, 5)
    decoded = decode_revert(data)
    assert decoded.name == "ProfitBelowMinimum"
    assert decoded.args == {"token": POOL.lower(), "balanceBefore": 100, "balanceAfter": 90, "minimum": 5}
    assert (decoded.code, decoded.meaning) == ("profit_below_minimum", Meaning.MOVED_PRICE)


def test_a_reason_wrapped_by_two_pools_is_unwrapped_and_the_way_is_kept() -> None:
    decoded = decode_revert(failed(POOL, failed(INNER_POOL, text("UniswapV2: K"))))
    assert (decoded.name, decoded.args) == ("Error", {"message": "UniswapV2: K"})
    assert (decoded.code, decoded.meaning) == ("uniswap_v2_invariant_broken", Meaning.MOVED_PRICE)
    assert decoded.through == (POOL, INNER_POOL)


def test_a_fork_that_changes_the_word_before_the_colon_is_understood() -> None:
    assert decode_revert(failed(POOL, text("Pancake: K"))).code == "uniswap_v2_invariant_broken"


def test_a_revert_without_a_reason_is_named_empty() -> None:
    assert decode_revert(b"").name == "Empty"


def test_the_plan_of_a_batch_that_failed_is_counted() -> None:
    data = custom("BatchPlanFailed(uint256,bytes)", 3, failed(POOL, text("LOK")))
    decoded = decode_revert(data)
    assert (decoded.plan_index, decoded.code) == (3, "uniswap_v3_pool_locked")


@pytest.mark.parametrize("kept", range(0, 200, 20))
def test_a_reason_that_was_cut_off_still_says_through_whom_it_came(kept: int) -> None:
    whole = failed(POOL, failed(INNER_POOL, text("x" * 100)))
    assert decode_revert(whole[: 100 + kept]).through[0] == POOL


def test_what_a_token_said_to_the_pool_manager_is_read_as_what_the_manager_makes_of_it() -> None:
    wrapped = custom(
        "WrappedError(address,bytes4,bytes,bytes)",
        TOKEN,
        b"\xa9\x05\x9c\xbb",
        text("no"),
        keccak(b"ERC20TransferFailed()")[:4],
    )
    plan = plan_of(Loan(Opcode.UNISWAP_V4_LOAN, 1, 1, ()))
    decoded = decode_revert(failed(LENDER, wrapped), plan)
    assert (decoded.code, decoded.meaning) == ("uniswap_v4_erc20_transfer_failed", Meaning.LENDER_DRY)


def test_the_hop_is_found_by_the_way_that_the_revert_took() -> None:
    plan = plan_of(Loan(Opcode.AAVE_V3_LOAN, 1, 1, (Track(TOKEN, (v2(POOL), v3(INNER_POOL, v2(POOL)))),)))
    outer = decode_revert(failed(LENDER, failed(POOL, text("UniswapV2: K"))), plan)
    inner = decode_revert(failed(LENDER, failed(INNER_POOL, failed(POOL, text("UniswapV2: K")))), plan)
    assert outer.hop == Hop(2, Opcode.UNISWAP_V2_SWAP, POOL)
    assert inner.hop == Hop(4, Opcode.UNISWAP_V2_SWAP, POOL)
    assert decode_revert(failed(LENDER, text("26")), plan).hop == Hop(0, Opcode.AAVE_V3_LOAN, None)


def test_a_hop_that_cannot_be_told_from_another_is_called_uncertain() -> None:
    twice = decode_revert(failed(POOL, text("UniswapV2: K")), plan_of(v2(POOL), v2(POOL)))
    assert twice.hop == Hop(0, Opcode.UNISWAP_V2_SWAP, POOL, certain=False)


def test_a_refusal_of_the_router_itself_is_found_by_the_pool_that_it_names() -> None:
    data = custom("NoReserves(address)", INNER_POOL)
    assert decode_revert(data, plan_of(v2(POOL), v2(INNER_POOL))).hop == Hop(
        1, Opcode.UNISWAP_V2_SWAP, INNER_POOL
    )
    paid = custom("TokenCallFailed(address,bytes4,address,uint256)", TOKEN, b"\x00" * 4, POOL, 5)
    assert decode_revert(failed(LENDER, paid), plan_of(V4Unlock((v2(POOL),)))).hop == Hop(
        1, Opcode.UNISWAP_V2_SWAP, POOL
    )


def test_the_same_text_means_what_the_hops_own_protocol_means_by_it() -> None:
    short = failed(POOL, text("L"))
    swap, loan = v3(POOL), PoolLoan(Opcode.UNISWAP_V3_LOAN, POOL, 1, 1, ())
    assert decode_revert(short, plan_of(swap)).meaning is Meaning.NO_LIQUIDITY
    assert decode_revert(short, plan_of(loan)).meaning is Meaning.LENDER_DRY


def test_a_lender_that_runs_into_an_overflow_does_not_have_as_much() -> None:
    panic = failed(LENDER, custom("Panic(uint256)", 0x11))
    assert (
        decode_revert(panic, plan_of(Loan(Opcode.BALANCER_V3_LOAN, 1, 1, ()))).meaning is Meaning.LENDER_DRY
    )
    assert decode_revert(panic, plan_of(v2(LENDER))).meaning is Meaning.UNKNOWN


def test_no_two_errors_of_different_meaning_have_one_selector() -> None:
    by_selector: dict[bytes, set[Meaning]] = {}
    reasons = {id(each): each for entry in REASONS.values() for each in entry}.values()
    for error in (*ROUTER_ERRORS, *(error for each in reasons for error in each.errors)):
        by_selector.setdefault(error.selector, set()).add(error.meaning)
    assert all(len(meanings) == 1 for meanings in by_selector.values())


def test_every_code_is_one_word_of_lower_case_letters() -> None:
    codes = [decode_revert(error.selector).code for error in ROUTER_ERRORS if not error.arguments]
    codes += [decode_revert(failed(POOL, text(message))).code for message in ("LOK", "BAL#528", "26")]
    assert all(re.fullmatch(r"[a-z0-9_]+", code) for code in codes)
    assert "balancer_v2_loan_too_large" in codes


@given(st.binary(max_size=200), st.binary(max_size=60))
def test_no_bytes_make_the_decoder_fail(data: bytes, calldata: bytes) -> None:
    assert decode_revert(data, calldata).name


ALL_ERRORS = [
    *ROUTER_ERRORS,
    *(error for entry in REASONS.values() for each in entry for error in each.errors),
]


@given(st.sampled_from(ALL_ERRORS), st.binary(max_size=200))
def test_known_selectors_with_damaged_arguments_do_not_make_the_decoder_fail(
    error: ErrorType, body: bytes
) -> None:
    assert decode_revert(error.selector + body, plan_of(v2(POOL))).name
    assert decode_revert(BATCH_PLAN_FAILED.selector + body).name


def test_a_text_with_other_bytes_than_zeros_behind_it_is_read() -> None:
    """As Uniswap V2's compiler leaves the free memory pointer behind a text of more than a word."""
    clean = text("UniswapV2: INSUFFICIENT_INPUT_AMOUNT")
    assert clean.endswith(bytes(28))
    decoded = decode_revert(failed(POOL, clean[:-1] + b"\x80"), plan_of(v2(POOL)))
    assert decoded == decode_revert(failed(POOL, clean), plan_of(v2(POOL)))
    assert decoded.args == {"message": "UniswapV2: INSUFFICIENT_INPUT_AMOUNT"}


def test_a_text_that_is_cut_off_or_lies_elsewhere_is_not_guessed_at() -> None:
    clean = text("UniswapV2: INSUFFICIENT_INPUT_AMOUNT")
    for spoilt in (clean[:-40], clean[:68], clean[:4] + bytes([1]) + clean[5:]):
        assert decode_revert(spoilt).name == "Unknown"


def bare(name: str) -> bytes:
    """An error of the router's with zeros for its figures."""
    (error,) = [error for error in ROUTER_ERRORS if error.name == name]
    zeros = {"address": TOKEN, "bytes": b"", "bytes4": bytes(4), "bytes32": bytes(32)}
    kinds = [kind for kind, _ in error.arguments]
    return error.selector + encode(kinds, [[] if "[]" in kind else zeros.get(kind, 0) for kind in kinds])


TO_THE_SENDER = sorted(error.name for error in (*TRADE, *CONTROL, BATCH_PLAN_FAILED, SIMULATED))


@pytest.mark.parametrize("name", TO_THE_SENDER)
def test_what_the_router_says_to_the_sender_alone_is_not_believed_of_a_contract_on_the_way(name: str) -> None:
    """Else a false pool could stop the executor: the router is paused, the sender is no operator."""
    assert decode_revert(bare(name), plan_of(v2(POOL))).name in (name, "Empty")
    for steps in (v2(POOL), v3(POOL, v2(INNER_POOL)), Loan(Opcode.AAVE_V3_LOAN, 1, 1, (v2(POOL),))):
        for calldata in (plan_of(steps), None):
            told = decode_revert(failed(POOL, bare(name)), calldata)
            assert (told.name, told.through, told.plan_index) == ("Unknown", (POOL,), None)
            assert told.meaning is Meaning.UNKNOWN


@pytest.mark.parametrize("name", sorted(error.name for error in RAISED_IN_CALLBACKS))
def test_what_the_router_says_in_a_callback_is_understood_through_the_pool_that_it_was_said_to(
    name: str,
) -> None:
    told = decode_revert(failed(POOL, bare(name)), plan_of(v3(POOL, v2(INNER_POOL))))
    assert (told.name, told.through) == (name, (POOL,))


def test_a_plan_of_a_batch_is_counted_by_the_router_and_by_no_pool() -> None:
    """Else it could have another plan's calldata read, or another plan dropped."""
    nested = custom("BatchPlanFailed(uint256,bytes)", 1, text("UniswapV2: K"))
    batch = custom("BatchPlanFailed(uint256,bytes)", 0, failed(POOL, nested))
    entries = [BatchEntry(plan_of(v2(POOL)), 1), BatchEntry(plan_of(v2(INNER_POOL)), 1)]
    told = decode_batch_revert(batch, entries)
    assert (told.plan_index, told.name, told.through) == (0, "Unknown", (POOL,))
    assert told.hop == Hop(0, Opcode.UNISWAP_V2_SWAP, POOL)
    assert decode_revert(failed(POOL, nested), plan_of(v2(POOL))).plan_index is None
    twice = custom("BatchPlanFailed(uint256,bytes)", 0, nested)
    assert decode_revert(twice).plan_index == 0


def test_a_pool_that_names_a_lender_which_is_not_called_inside_of_it_is_not_believed() -> None:
    """Else it could have any lender left out."""
    forged = failed(POOL, failed(LENDER, text("26")))
    lent = Loan(Opcode.AAVE_V3_LOAN, 1, 1, (v3(POOL),))
    for steps, told in (
        (v2(POOL), decode_revert(forged, plan_of(v2(POOL)))),
        (v3(POOL), decode_revert(forged, plan_of(v3(POOL)))),
        (v3(POOL), decode_revert(forged, plan_of(v3(POOL, v2(INNER_POOL))))),
        (lent, decode_revert(failed(LENDER, forged), plan_of(lent))),
    ):
        assert told.through[-1] == POOL, steps
        assert (told.name, told.meaning) == ("Unknown", Meaning.UNKNOWN), steps
    nowhere = decode_revert(failed(INNER_POOL, forged), plan_of(v2(POOL)))
    assert (nowhere.through, nowhere.hop) == ((INNER_POOL,), None)


def test_a_pool_on_the_route_cannot_say_that_the_plans_lender_is_dry() -> None:
    """It may speak as a lender would, or be a vault that passes on what a lender behind it said."""
    plan = plan_of(Loan(Opcode.AAVE_V3_LOAN, 1, 1, (v2(POOL),)))
    for words in (text("26"), text("BAL#528"), custom("ERC3156ExceededMaxLoan(uint256)", 5)):
        told = decode_revert(failed(LENDER, failed(POOL, words)), plan)
        assert (told.hop, told.meaning) == (Hop(1, Opcode.UNISWAP_V2_SWAP, POOL), Meaning.NO_LIQUIDITY)


def test_what_a_token_said_to_the_pool_manager_is_nobody_elses_word() -> None:
    """Neither the router's own, nor what came through another contract."""
    plan = plan_of(V4Unlock((v2(POOL),)))
    for inside in (failed(POOL, text("UniswapV2: K")), bare("TokenNotTracked")):
        wrapped = custom("WrappedError(address,bytes4,bytes,bytes)", TOKEN, bytes(4), inside, b"")
        told = decode_revert(failed(LENDER, wrapped), plan)
        assert (told.name, told.through) == ("Unknown", (LENDER,))


@pytest.mark.parametrize("lender", [Opcode.UNISWAP_V4_LOAN, Opcode.BALANCER_V3_LOAN])
def test_a_lender_that_is_asked_for_the_money_in_its_own_callback_may_refuse_there(lender: Opcode) -> None:
    loan = Loan(lender, 1, 1, (v2(POOL),))
    overflow = custom("Panic(uint256)", 0x11)
    told = decode_revert(failed(LENDER, failed(LENDER, overflow)), plan_of(loan))
    assert (told.meaning, told.through, told.hop) == (
        Meaning.LENDER_DRY,
        (LENDER, LENDER),
        Hop(0, lender, None),
    )
    for other in (INNER_POOL, POOL):
        forged = failed(LENDER, failed(POOL, failed(other, overflow)))
        assert decode_revert(forged, plan_of(loan)).through == (LENDER, POOL)


def test_of_two_loans_the_one_is_found_that_called_the_pool() -> None:
    """As where several routes borrow, each for itself."""
    first = Loan(Opcode.AAVE_V3_LOAN, 1, 1, (v2(POOL),))
    second = Loan(Opcode.AAVE_V3_LOAN, 1, 1, (Track(TOKEN, (v3(POOL, v2(INNER_POOL)),)),))
    reason = failed(LENDER, failed(POOL, failed(INNER_POOL, text("UniswapV2: K"))))
    told = decode_revert(reason, plan_of(first, second))
    assert (told.code, told.through) == ("uniswap_v2_invariant_broken", (LENDER, POOL, INNER_POOL))
    assert told.hop == Hop(5, Opcode.UNISWAP_V2_SWAP, INNER_POOL)
    dry = decode_revert(failed(LENDER, text("26")), plan_of(first, second))
    assert dry.hop == Hop(0, Opcode.AAVE_V3_LOAN, None, certain=False)
