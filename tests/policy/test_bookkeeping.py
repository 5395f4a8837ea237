"""The books of a transaction: entries that add up to what accounts really gained."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from executor.domain.address import Address, to_address
from executor.domain.booking import NATIVE, Entry, Holding, Kind
from executor.domain.log import Log
from executor.plan.format import Opcode
from executor.plan.steps import Loan, PoolLoan, Step
from executor.policy.bookkeeping import (
    TIP_PAID,
    BlockChange,
    Mined,
    Ours,
    Trade,
    entries_of,
    total,
    with_blocks_word,
)
from executor.policy.premiums import AAVE_FLASH_LOAN, BALANCER_FLASH_LOAN, POOL_FLASH, premiums
from executor.policy.transfers import DEPOSIT, TRANSFER, WITHDRAWAL


def account(number: int) -> Address:
    return to_address(f"0x{number:040x}")


ROUTER, OPERATOR, SECOND_OPERATOR = account(0xA0), account(0xB1), account(0xB2)
POOL, BUILDER, LENDER, OWNER = account(0xC0), account(0xD0), account(0xE0), account(0xF0)
WETH, USDC, TAXED = account(0x10), account(0x11), account(0x12)
OURS = Ours(ROUTER, frozenset({OPERATOR, SECOND_OPERATOR}), WETH)


def topic(address: Address) -> bytes:
    return bytes(12) + bytes.fromhex(address[2:])


def words(*values: int) -> bytes:
    return b"".join(value.to_bytes(32, "big") for value in values)


def log(emitter: Address, *topics: bytes, data: bytes = b"") -> Log:
    return Log(emitter, topics, data, 7, "0x" + "ab" * 32, 0)


def transfer(token: Address, source: Address, target: Address, amount: int) -> Log:
    return log(token, TRANSFER, topic(source), topic(target), data=words(amount))


def tip_paid(to: Address, amount: int) -> tuple[Log, Log]:
    return (
        log(WETH, WITHDRAWAL, topic(ROUTER), data=words(amount)),
        log(ROUTER, TIP_PAID, topic(to), data=words(amount)),
    )


def mined(*logs: Log, **changes: object) -> Mined:
    values: dict[str, object] = {
        "sender": OPERATOR,
        "to": ROUTER,
        "value": 0,
        "success": True,
        "gas_cost": 1_000,
        "logs": logs,
        **changes,
    }
    return Mined(**values)  # type: ignore[arg-type]


def test_a_trade_is_booked_with_its_premium_and_its_tip_apart() -> None:
    logs = (
        transfer(WETH, LENDER, ROUTER, 10_000),
        transfer(WETH, ROUTER, POOL, 10_000),
        transfer(WETH, POOL, ROUTER, 10_500),
        transfer(WETH, ROUTER, LENDER, 10_009),
        *tip_paid(BUILDER, 91),
    )
    booked = entries_of(mined(*logs), OURS, Trade(WETH, {WETH: 9}))
    assert set(booked) == {
        Entry(ROUTER, Kind.GROSS, WETH, 500),
        Entry(ROUTER, Kind.PREMIUM, WETH, -9),
        Entry(ROUTER, Kind.TIP, WETH, -91),
        Entry(OPERATOR, Kind.GAS, NATIVE, -1_000),
    }
    assert total([entry for entry in booked if entry.account == ROUTER], WETH) == 400


def test_a_tip_to_a_wallet_of_ours_is_ours_again() -> None:
    logs = (transfer(WETH, POOL, ROUTER, 500), *tip_paid(SECOND_OPERATOR, 200))
    booked = entries_of(mined(*logs), OURS, Trade(WETH))
    assert Entry(ROUTER, Kind.TIP, WETH, -200) in booked
    assert Entry(SECOND_OPERATOR, Kind.REBATE, NATIVE, 200) in booked
    assert sum(entry.amount for entry in booked if entry.kind is not Kind.GAS) == 500


def test_another_contracts_event_of_that_name_is_no_tip() -> None:
    stranger = log(POOL, TIP_PAID, topic(OPERATOR), data=words(10**30))
    booked = entries_of(mined(stranger), OURS, Trade(WETH))
    assert {entry.kind for entry in booked} == {Kind.GAS}


def test_what_a_trade_leaves_of_other_tokens_is_a_residue() -> None:
    logs = (transfer(USDC, POOL, ROUTER, 300), transfer(USDC, ROUTER, POOL, 298))
    assert Entry(ROUTER, Kind.RESIDUE, USDC, 2) in entries_of(mined(*logs), OURS, Trade(WETH))


def test_a_reverted_transaction_costs_gas_alone() -> None:
    booked = entries_of(mined(success=False, value=77), OURS, Trade(WETH))
    assert booked == (Entry(OPERATOR, Kind.GAS, NATIVE, -1_000),)


def test_the_parts_of_an_l2s_cost_stand_apart_and_add_up() -> None:
    booked = entries_of(mined(gas_cost=1_000, l1_fee=300, operator_fee=50), OURS, Trade(WETH))
    assert set(booked) == {
        Entry(OPERATOR, Kind.GAS, NATIVE, -650),
        Entry(OPERATOR, Kind.L1_FEE, NATIVE, -300),
        Entry(OPERATOR, Kind.OPERATOR_FEE, NATIVE, -50),
    }


def test_a_sweep_is_a_transfer_and_no_loss() -> None:
    booked = entries_of(mined(to=OWNER, value=5_000), OURS)
    assert Entry(OPERATOR, Kind.TRANSFER, NATIVE, -5_000) in booked


def test_a_refill_between_our_wallets_comes_to_nothing() -> None:
    booked = entries_of(mined(to=SECOND_OPERATOR, value=5_000), OURS)
    assert Entry(SECOND_OPERATOR, Kind.TRANSFER, NATIVE, 5_000) in booked
    assert total(booked, NATIVE, {Kind.TRANSFER}) == 0


def test_a_transfer_to_oneself_costs_gas_alone() -> None:
    booked = entries_of(mined(to=OPERATOR, value=0), OURS)
    assert booked == (Entry(OPERATOR, Kind.GAS, NATIVE, -1_000),)


def test_a_wallet_that_unwraps_gets_native_coin_for_wrapped() -> None:
    booked = entries_of(mined(log(WETH, WITHDRAWAL, topic(OPERATOR), data=words(40)), to=WETH), OURS)
    assert Entry(OPERATOR, Kind.TRANSFER, WETH, -40) in booked
    assert Entry(OPERATOR, Kind.TRANSFER, NATIVE, 40) in booked


def test_a_wallet_that_wraps_gets_wrapped_coin_for_native() -> None:
    deposit = log(WETH, DEPOSIT, topic(OPERATOR), data=words(40))
    booked = entries_of(mined(deposit, to=WETH, value=40), OURS)
    assert Entry(OPERATOR, Kind.TRANSFER, WETH, 40) in booked
    assert Entry(OPERATOR, Kind.TRANSFER, NATIVE, -40) in booked


def test_logs_of_another_shape_move_nothing() -> None:
    """A token that logs two numbers, one that numbers its pieces, one without parties."""
    odd = (
        log(USDC, TRANSFER, topic(POOL), topic(ROUTER), data=words(5, 6)),
        log(USDC, TRANSFER, topic(POOL), topic(ROUTER), words(7)),
        log(USDC, TRANSFER, data=words(8)),
        log(USDC),
    )
    assert {entry.kind for entry in entries_of(mined(*odd), OURS, Trade(WETH))} == {Kind.GAS}


def test_a_deposit_into_anything_but_the_wrapped_coin_is_no_gain() -> None:
    vault = log(POOL, DEPOSIT, topic(ROUTER), data=words(40))
    assert {entry.kind for entry in entries_of(mined(vault), OURS, Trade(WETH))} == {Kind.GAS}


def test_a_taxed_token_that_only_passed_through_leaves_nothing() -> None:
    """It logs the whole amount and delivers less."""
    logs = (transfer(TAXED, POOL, ROUTER, 1_000), transfer(TAXED, ROUTER, POOL, 970))
    booked = entries_of(mined(*logs), OURS, Trade(WETH))
    corrected, unclear = with_blocks_word(
        booked, WETH, {(ROUTER, TAXED): BlockChange(actual=0, logged=30, shared=False)}
    )
    assert total(corrected, TAXED) == 0
    assert not [entry for entry in corrected if entry.token == TAXED]
    assert unclear == ()


def test_what_a_settlement_token_keeps_of_the_profit_is_told_apart() -> None:
    booked = entries_of(mined(transfer(TAXED, POOL, ROUTER, 1_000)), OURS, Trade(TAXED))
    corrected, _ = with_blocks_word(
        booked, TAXED, {(ROUTER, TAXED): BlockChange(actual=970, logged=1_000, shared=False)}
    )
    assert Entry(ROUTER, Kind.GROSS, TAXED, 1_000) in corrected
    assert Entry(ROUTER, Kind.UNLOGGED, TAXED, -30) in corrected


def test_a_balance_that_others_moved_too_is_reported_and_not_booked() -> None:
    booked = entries_of(mined(transfer(WETH, POOL, ROUTER, 10)), OURS, Trade(WETH))
    shared: dict[Holding, BlockChange] = {(ROUTER, WETH): BlockChange(actual=25, logged=20, shared=True)}
    corrected, unclear = with_blocks_word(booked, WETH, shared)
    assert corrected == booked
    assert len(unclear) == 1
    assert "25" in unclear[0]


@dataclass
class World:
    """A model of the chain: balances, and the logs that its transfers leave."""

    held: Counter[tuple[Address, Address | None]] = field(default_factory=Counter)
    logs: list[Log] = field(default_factory=list)

    def move(self, token: Address, source: Address, target: Address, amount: int, kept: int = 0) -> None:
        self.held[source, token] -= amount
        self.held[target, token] += amount - kept
        self.logs.append(transfer(token, source, target, amount))

    def wrap(self, who: Address, amount: int) -> None:
        self.held[who, None] -= amount
        self.held[who, WETH] += amount
        self.logs.append(log(WETH, DEPOSIT, topic(who), data=words(amount)))

    def unwrap(self, who: Address, amount: int) -> None:
        self.held[who, None] += amount
        self.held[who, WETH] -= amount
        self.logs.append(log(WETH, WITHDRAWAL, topic(who), data=words(amount)))

    def pay(self, source: Address, target: Address, amount: int) -> None:
        """Native coin, which leaves no log."""
        self.held[source, None] -= amount
        self.held[target, None] += amount

    def tip(self, to: Address, amount: int) -> None:
        self.unwrap(ROUTER, amount)
        self.pay(ROUTER, to, amount)
        self.logs.append(log(ROUTER, TIP_PAID, topic(to), data=words(amount)))


ERC20S = (WETH, USDC, TAXED)
TOKENS: tuple[Address | None, ...] = (*ERC20S, NATIVE)
AMOUNT = st.integers(0, 2**130)
PARTIES = st.sampled_from([ROUTER, POOL, LENDER, OPERATOR, SECOND_OPERATOR])
SWAPS = st.tuples(st.sampled_from([WETH, USDC, TAXED]), PARTIES, PARTIES, AMOUNT)


def _taxed(token: Address, amount: int) -> int:
    return amount * 3 // 100 if token == TAXED else 0


@given(
    st.lists(SWAPS, max_size=12),
    st.sampled_from([WETH, USDC, TAXED]),
    st.dictionaries(st.sampled_from([WETH, USDC]), AMOUNT, max_size=2),
    st.lists(st.tuples(st.sampled_from([BUILDER, OPERATOR, SECOND_OPERATOR]), AMOUNT), max_size=2),
    st.tuples(AMOUNT, AMOUNT, AMOUNT),
    AMOUNT,
    AMOUNT,
)
def test_the_entries_of_a_trade_add_up_to_what_every_account_gained(
    swaps: list[tuple[Address, Address, Address, int]],
    settlement: Address,
    premiums_paid: dict[Address, int],
    tips: list[tuple[Address, int]],
    costs: tuple[int, int, int],
    to_v4: int,
    from_v4: int,
) -> None:
    """For router and wallets, in every token, to the unit; taxes hit the router alone, whose balances are
    read. Native coin that goes to a pool leaves no log."""
    world = World()
    for token, source, target, amount in swaps:
        world.move(token, source, target, amount, _taxed(token, amount) if target == ROUTER else 0)
    world.unwrap(ROUTER, to_v4)
    world.pay(ROUTER, POOL, to_v4)
    world.pay(POOL, ROUTER, from_v4)
    world.wrap(ROUTER, from_v4)
    for to, amount in tips:
        world.tip(to, amount)
    world.pay(OPERATOR, BUILDER, sum(costs))
    trade = Trade(settlement, premiums_paid)
    booked = entries_of(
        mined(*world.logs, gas_cost=sum(costs), l1_fee=costs[1], operator_fee=costs[2]), OURS, trade
    )
    logged = World(logs=world.logs)
    for token in ERC20S:
        gained = total([one for one in booked if one.account == ROUTER], token)
        logged.held[ROUTER, token] = gained
    changes: dict[Holding, BlockChange] = {
        (ROUTER, held): BlockChange(world.held[ROUTER, held], logged.held[ROUTER, held], shared=False)
        for held in TOKENS
    }
    booked, unclear = with_blocks_word(booked, settlement, changes)
    assert unclear == ()
    for who in OURS.accounts:
        for held in TOKENS:
            mine = total([entry for entry in booked if entry.account == who], held)
            assert mine == world.held[who, held], (who, held)


@given(
    st.lists(st.tuples(st.sampled_from([WETH, USDC]), PARTIES, PARTIES, AMOUNT), max_size=8),
    st.sampled_from([OWNER, SECOND_OPERATOR, OPERATOR, POOL]),
    AMOUNT,
    AMOUNT,
)
def test_the_entries_of_a_wallets_own_business_add_up_too(
    transfers: list[tuple[Address, Address, Address, int]], to: Address, value: int, gas: int
) -> None:
    world = World()
    for token, source, target, amount in transfers:
        world.move(token, source, target, amount)
    world.pay(OPERATOR, to, value)
    world.pay(OPERATOR, BUILDER, gas)
    booked = entries_of(mined(*world.logs, to=to, value=value, gas_cost=gas), OURS)
    for who in OURS.accounts:
        for held in TOKENS:
            mine = total([entry for entry in booked if entry.account == who], held)
            assert mine == world.held[who, held], (who, held)
    assert {entry.kind for entry in booked} <= {Kind.GAS, Kind.TRANSFER}


def loan(opcode: Opcode, *inside: Step, token: Address | None = None, amount: int = 1_000) -> Loan:
    return Loan(opcode, amount, 2 * amount, inside, token)


def paid(step: Step, *logs: Log, erc3156: Address | None = None) -> dict[Address, int]:
    return dict(premiums([step], logs, settlement=WETH, router=ROUTER, erc3156=erc3156))


def test_aaves_event_tells_the_premium() -> None:
    event = log(
        LENDER,
        AAVE_FLASH_LOAN,
        topic(ROUTER),
        topic(WETH),
        words(0),
        data=topic(ROUTER) + words(1_000, 0, 5),
    )
    assert paid(loan(Opcode.AAVE_V3_LOAN), event) == {WETH: 5}


def test_balancers_event_tells_the_premium() -> None:
    event = log(LENDER, BALANCER_FLASH_LOAN, topic(ROUTER), topic(USDC), data=words(1_000, 7))
    assert paid(loan(Opcode.BALANCER_V2_LOAN, token=USDC), event) == {USDC: 7}


def test_a_v3_pool_tells_what_was_paid_on_top_of_each_token() -> None:
    event = log(POOL, POOL_FLASH, topic(ROUTER), topic(ROUTER), data=words(0, 1_000, 0, 11))
    step = PoolLoan(Opcode.UNISWAP_V3_LOAN, POOL, 1_000, 1_020, (), token1=True)
    assert paid(step, event) == {WETH: 11}


def test_a_v3_pools_loan_of_another_amount_is_not_taken_for_ours() -> None:
    event = log(POOL, POOL_FLASH, topic(ROUTER), topic(ROUTER), data=words(999, 0, 11, 0))
    assert paid(PoolLoan(Opcode.UNISWAP_V3_LOAN, POOL, 1_000, 1_020, ()), event) == {}


def test_a_pair_is_paid_what_the_plan_says() -> None:
    assert paid(PoolLoan(Opcode.UNISWAP_V2_LOAN, POOL, 1_000, 1_004, ())) == {WETH: 4}


def test_an_erc3156_lenders_premium_is_what_went_to_it_less_what_came() -> None:
    logs = (transfer(WETH, LENDER, ROUTER, 1_000), transfer(WETH, ROUTER, LENDER, 1_002))
    assert paid(loan(Opcode.ERC3156_LOAN), *logs, erc3156=LENDER) == {WETH: 2}


def test_loans_within_loans_are_added_up_and_free_ones_cost_nothing() -> None:
    events = [
        log(LENDER, BALANCER_FLASH_LOAN, topic(ROUTER), topic(WETH), data=words(1_000, 7)),
        log(LENDER, BALANCER_FLASH_LOAN, topic(ROUTER), topic(WETH), data=words(1_000, 8)),
    ]
    inner = loan(Opcode.MORPHO_BLUE_LOAN, loan(Opcode.BALANCER_V2_LOAN))
    assert paid(loan(Opcode.BALANCER_V2_LOAN, inner), *events) == {WETH: 15}


def test_the_same_loan_to_another_amount_is_not_taken_for_ours() -> None:
    event = log(LENDER, BALANCER_FLASH_LOAN, topic(POOL), topic(WETH), data=words(999, 7))
    assert paid(loan(Opcode.BALANCER_V2_LOAN), event) == {}
