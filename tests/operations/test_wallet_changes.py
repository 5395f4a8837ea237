"""`executor wallet approve|revoke|refill|sweep`: exact, once, within limits, and proven on the chain."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from eth_account import Account

from devnet import ETHER, ETHEREUM
from executor.domain.abi import eth_call
from executor.domain.address import Address, to_address
from executor.domain.intent import Purpose
from executor.journal.books import Books
from executor.journal.database import FILE_NAME, Database
from executor.journal.flags import set_stop
from executor.operations.exit_codes import ExitCode
from executor.wallet.development import DEVELOPMENT_ADDRESSES
from tests.operations.test_run import COMMAND, ROOT, Ended, call, config, run, written
from tests.support.proxy import Answer, ChangingProxy, Request
from tests.support.routers import OWNER
from tests.support.trading import OPERATOR, Trading, explicit

SPENDER = to_address("0x00000000000000000000000000000000000000e5")
OTHER_SPENDER = to_address("0x00000000000000000000000000000000000000e6")
SECOND, OWNER_INDEX = DEVELOPMENT_ADDRESSES[5], 7
TWO_WALLETS: dict[str, Any] = {"wallets": [{"development_account": 5}]}
WETH, USDC = (to_address(ETHEREUM.tokens[symbol]) for symbol in ("WETH", "USDC"))
PASSPHRASE = "correct horse battery staple"
UNCLEAR = {"code": -32603, "message": "internal error"}


def wallet(trading: Trading, *arguments: object, **changes: Any) -> Ended:
    return call("wallet", *arguments, "--config", config(trading, **changes))


def steps(trading: Trading, *arguments: object, **changes: Any) -> list[dict[str, Any]]:
    """What the command says that it did."""
    ended = wallet(trading, *arguments, "--json", **changes)
    assert ended.code == ExitCode.OK, ended.stderr
    found = json.loads(ended.stdout)["steps"]
    assert isinstance(found, list)
    return found


def allowance(trading: Trading, owner: str = OPERATOR, token: str = WETH, spender: str = SPENDER) -> int:
    data = eth_call(to_address(token), "allowance(address,address)", owner, spender).data
    return int.from_bytes(trading.node.call(token, data), "big")


def nonce(trading: Trading, who: str) -> int:
    return int(trading.node.rpc("eth_getTransactionCount", who, "latest"), 16)


def test_an_approval_is_exact_and_proven(trading: Trading) -> None:
    (step,) = steps(trading, "approve", "WETH", SPENDER, 7 * ETHER)

    assert (step["before"], step["after"]) == ("0", str(7 * ETHER))
    assert allowance(trading) == 7 * ETHER
    (sent,) = step["transaction_hashes"]
    assert trading.node.rpc("eth_getTransactionReceipt", sent)["status"] == "0x1"


def test_an_approval_that_stands_is_not_sent_again(trading: Trading) -> None:
    steps(trading, "approve", "WETH", SPENDER, 5)
    (step,) = steps(trading, "approve", WETH.lower(), SPENDER, 5)

    assert step["transaction_hashes"] == []
    assert trading.nonce() == 1


def test_a_dry_run_says_before_and_after_and_sends_nothing(trading: Trading) -> None:
    (step,) = steps(trading, "approve", "USDC", SPENDER, 2_500_000, "--dry-run")
    shown = wallet(trading, "approve", "USDC", SPENDER, 2_500_000, "--dry-run").stdout

    assert (step["before"], step["after"], step["transaction_hashes"]) == ("0", "2500000", [])
    assert "could take 0 USDC" in shown
    assert "now 2.5 USDC (would be sent)" in shown
    assert trading.nonce() == 0


def test_a_standing_allowance_is_raised_only_by_who_knows_it(trading: Trading) -> None:
    steps(trading, "approve", "WETH", SPENDER, 5)
    for more in ((), ("--standing", 4)):
        ended = wallet(trading, "approve", "WETH", SPENDER, 6, *more)
        assert ended.code == ExitCode.USAGE
        assert "--standing 5" in ended.stderr
        assert allowance(trading) == 5

    steps(trading, "approve", "WETH", SPENDER, 6, "--standing", 5)
    assert allowance(trading) == 6
    steps(trading, "approve", "WETH", SPENDER, 2)
    assert allowance(trading) == 2


@pytest.mark.parametrize("amount", ["1.5", "-1", "all", str(2**256 - 1), str(2**255)])
def test_what_is_no_exact_amount_is_refused(trading: Trading, amount: str) -> None:
    ended = (
        wallet(trading, "approve", "WETH", SPENDER, "--", amount)
        if amount == "-1"
        else wallet(trading, "approve", "WETH", SPENDER, amount)
    )

    assert ended.code == ExitCode.USAGE
    assert trading.nonce() == 0


def test_nothing_is_approved_to_the_router(trading: Trading) -> None:
    ended = wallet(trading, "approve", "WETH", trading.router, 5)

    assert ended.code == ExitCode.USAGE
    assert "send tokens to the router" in ended.stderr
    assert trading.nonce() == 0


def test_a_token_that_changes_allowances_only_from_zero_is_given_its_two_steps(trading: Trading) -> None:
    usdt = ETHEREUM.tokens["USDT"]
    steps(trading, "approve", "USDT", SPENDER, 9)
    (step,) = steps(trading, "approve", "USDT", SPENDER, 4)

    assert len(step["transaction_hashes"]) == 2
    assert allowance(trading, token=usdt) == 4


def test_the_named_operator_approves(trading: Trading) -> None:
    steps(trading, "approve", "WETH", SPENDER, 5, "--wallet", "wallets.0", **TWO_WALLETS)
    steps(trading, "approve", "USDC", SPENDER, 6, "--wallet", SECOND, **TWO_WALLETS)

    assert allowance(trading, SECOND) == 5
    assert allowance(trading, SECOND, USDC) == 6
    assert allowance(trading) == 0
    ended = wallet(trading, "approve", "WETH", SPENDER, 5, "--wallet", "wallets.3", **TWO_WALLETS)
    assert "wallets.0" in ended.stderr


def test_a_revocation_leaves_nothing_to_take(trading: Trading) -> None:
    steps(trading, "approve", "WETH", SPENDER, 5)
    (step,) = steps(trading, "revoke", "WETH", SPENDER)

    assert (step["before"], step["after"]) == ("5", "0")
    assert allowance(trading) == 0


def test_everything_that_was_ever_approved_is_found_and_revoked(trading: Trading) -> None:
    unlimited = 2**256 - 1
    for owner, token, spender, amount in (
        (OPERATOR, WETH, SPENDER, unlimited),
        (OPERATOR, USDC, OTHER_SPENDER, 3),
        (SECOND, WETH, OTHER_SPENDER, 4),
        (SECOND, USDC, SPENDER, 5),
        (SECOND, USDC, SPENDER, 0),
    ):
        trading.node.send(owner, token, eth_call(token, "approve(address,uint256)", spender, amount).data)
    planned = steps(trading, "revoke", "--all", "--dry-run", **TWO_WALLETS)
    done = steps(trading, "revoke", "--all", **TWO_WALLETS)

    assert {(one["wallet"], one["symbol"], one["spender"]) for one in done} == {
        (OPERATOR, "WETH", SPENDER),
        (OPERATOR, "USDC", OTHER_SPENDER),
        (SECOND, "WETH", OTHER_SPENDER),
    }
    assert len(planned) == len(done)
    assert [one for one in planned if one["transaction_hashes"]] == []
    for owner in (OPERATOR, SECOND):
        for token in (WETH, USDC):
            assert not any(allowance(trading, owner, token, who) for who in (SPENDER, OTHER_SPENDER))
    assert steps(trading, "revoke", "--all", **TWO_WALLETS) == []


def test_a_stop_holds_for_approvals_too(trading: Trading) -> None:
    steps(trading, "approve", "WETH", SPENDER, 5)
    database = Database.open(trading.folder / "journal" / FILE_NAME)
    set_stop(database, None, "night")
    database.close()
    ended = wallet(trading, "approve", "WETH", SPENDER, 2)

    assert ended.code == ExitCode.USAGE
    assert "night" in ended.stderr
    assert allowance(trading) == 5


def test_beside_a_running_executor_commands_look_and_do_not_send(trading: Trading) -> None:
    low(trading)
    owned = Database.open(trading.folder / "journal" / FILE_NAME)
    try:
        (planned,) = steps(trading, "refill", "--dry-run", **TWO_WALLETS)
        ended = wallet(trading, "refill", **TWO_WALLETS)
    finally:
        owned.close()

    assert planned["to"] == SECOND
    assert ended.code == ExitCode.USAGE
    assert "in use" in ended.stderr
    assert trading.nonce() == 0


def test_a_command_that_was_killed_is_not_carried_out_twice(trading: Trading) -> None:
    path = config(trading)
    arguments = ["wallet", "approve", "WETH", SPENDER, "5", "--config", str(path)]
    trading.node.rpc("evm_setAutomine", False)
    try:
        with subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
        ) as process:
            wait_for_pool(trading, process)
            process.send_signal(signal.SIGKILL)
        # Out it is, and a revocation that knew nothing of it would find nothing to revoke.
        trading.node.rpc("anvil_setIntervalMining", 1)
        (step,) = steps(trading, "revoke", "WETH", SPENDER)
    finally:
        trading.node.rpc("anvil_setIntervalMining", 0)
        trading.node.rpc("evm_setAutomine", True)

    assert (step["before"], step["after"]) == ("5", "0")
    assert allowance(trading) == 0
    assert trading.nonce() == 2


def test_money_that_a_killed_command_has_sent_is_not_sent_again(trading: Trading) -> None:
    low(trading)
    path = config(trading, **TWO_WALLETS)
    trading.node.rpc("evm_setAutomine", False)
    try:
        with subprocess.Popen(
            [*COMMAND, "wallet", "refill", "--config", str(path)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
        ) as process:
            wait_for_pool(trading, process)
            process.send_signal(signal.SIGKILL)
        trading.node.rpc("anvil_setIntervalMining", 1)
        again = steps(trading, "refill", **TWO_WALLETS)
    finally:
        trading.node.rpc("anvil_setIntervalMining", 0)
        trading.node.rpc("evm_setAutomine", True)

    assert again == []
    assert trading.node.balance(SECOND) == ETHER // 10
    assert trading.nonce() == 1


def test_an_executor_takes_over_what_a_killed_command_has_left(trading: Trading) -> None:
    trading.open_gap()
    path = config(trading, lanes={"resend_seconds": 1})
    arguments = ["wallet", "approve", "WETH", SPENDER, "5", "--config", str(path)]
    trading.node.rpc("evm_setAutomine", False)
    try:
        with subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=subprocess.DEVNULL,
        ) as process:
            wait_for_pool(trading, process)
            process.send_signal(signal.SIGKILL)
        # Nobody holds it any more: behind its nonce nothing would ever be mined.
        trading.node.rpc("anvil_dropAllTransactions")
    finally:
        trading.node.rpc("evm_setAutomine", True)
    ended = run(trading, written(trading, json.dumps(explicit())), lanes={"resend_seconds": 1})

    assert ended.statuses == ["realised"]
    assert (allowance(trading), trading.nonce()) == (5, 2)
    database = Database.open_reading(trading.folder / "journal" / FILE_NAME)
    purposes = [booking.purpose for booking in Books(database).all_standing()]
    database.close()
    assert sorted(purposes) == [Purpose.APPROVAL, Purpose.TRADE]


async def test_money_whose_transaction_never_reached_a_node_is_sent_once(trading: Trading) -> None:
    low(trading)

    def lost(request: Request) -> Answer | None:
        is_sending = request["method"] == "eth_sendRawTransaction"
        return {"jsonrpc": "2.0", "id": request["id"], "error": UNCLEAR} if is_sending else None

    async with ChangingProxy(trading.node.url, withhold=lost) as proxy:
        path = config(trading, rpc_url=proxy.url, max_execution_time_seconds=1, **TWO_WALLETS)
        first = await asyncio.to_thread(call, "wallet", "refill", "--config", path)
        assert first.code == ExitCode.PENDING, first
        assert "its fate is open" in first.stderr
        assert trading.node.balance(SECOND) == ETHER // 100
    path = config(trading, **TWO_WALLETS)
    second = await asyncio.to_thread(call, "wallet", "refill", "--config", path)

    assert second.code == ExitCode.OK, second
    assert trading.node.balance(SECOND) == ETHER // 10
    assert trading.nonce() == 1


def wait_for_pool(trading: Trading, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        if trading.node.rpc("txpool_status")["pending"] != "0x0":
            return
        assert process.poll() is None, "it ended before it sent"
        time.sleep(0.1)
    raise AssertionError("nothing was sent")


def low(trading: Trading, who: str = SECOND, wei: int = ETHER // 100) -> None:
    trading.node.set_balance(who, wei)


def test_a_low_operator_is_refilled_from_a_rich_one(trading: Trading) -> None:
    low(trading)
    before = trading.node.balance(OPERATOR)
    (step,) = steps(trading, "refill", **TWO_WALLETS)

    assert (step["kind"], step["wallet"], step["to"]) == ("transfer", OPERATOR, SECOND)
    assert trading.node.balance(SECOND) == ETHER // 10
    assert before - trading.node.balance(OPERATOR) >= int(step["amount"]) == ETHER // 10 - ETHER // 100
    assert steps(trading, "refill", **TWO_WALLETS) == []


def test_refills_of_a_day_stay_within_their_limit(trading: Trading) -> None:
    limited = {**TWO_WALLETS, "gas_money": {"most_per_day": "0.12"}}
    low(trading)
    steps(trading, "refill", **limited)
    low(trading)
    (step,) = steps(trading, "refill", **limited)

    assert int(step["amount"]) == ETHER * 12 // 100 - (ETHER // 10 - ETHER // 100)
    low(trading)
    assert steps(trading, "refill", **limited) == []


def test_a_wallets_own_wrapped_coin_comes_first(trading: Trading) -> None:
    low(trading)
    trading.node.send(SECOND, WETH, eth_call(WETH, "deposit()").data, value=ETHER // 200)
    before = trading.node.balance(SECOND)
    unwrapped, sent = steps(trading, "refill", **TWO_WALLETS)

    assert (unwrapped["kind"], unwrapped["wallet"]) == ("unwrap", SECOND)
    assert int(unwrapped["amount"]) == ETHER // 200
    assert int(unwrapped["amount"]) + int(sent["amount"]) == ETHER // 10 - before


def test_a_planned_refill_opens_no_key_and_sends_nothing(trading: Trading) -> None:
    low(trading)
    (step,) = steps(trading, "refill", "--dry-run", **TWO_WALLETS)

    assert step["transaction_hashes"] == []
    assert nonce(trading, OPERATOR) == 0


def test_a_sweep_leaves_what_is_kept_and_the_rest_goes_to_the_owner(trading: Trading) -> None:
    low(trading)
    before = trading.node.balance(OWNER)
    (step,) = steps(trading, "sweep", **TWO_WALLETS)

    assert (step["wallet"], step["to"]) == (OPERATOR, to_address(OWNER))
    assert trading.node.balance(OWNER) - before == int(step["amount"])
    kept = trading.node.balance(OPERATOR)
    assert ETHER // 5 <= kept < ETHER // 5 + ETHER // 100
    assert trading.node.balance(SECOND) == ETHER // 100


def test_a_sweep_goes_where_the_settings_say_and_never_to_an_operator(trading: Trading) -> None:
    (step,) = steps(trading, "sweep", gas_money={"sweep_to": SPENDER})
    assert trading.node.balance(SPENDER) == int(step["amount"])

    ended = wallet(trading, "sweep", gas_money={"sweep_to": SECOND}, **TWO_WALLETS)
    assert ended.code == ExitCode.USAGE
    assert "operator" in ended.stderr


def test_nothing_is_swept_to_an_owner_that_one_node_alone_tells(trading: Trading) -> None:
    by_address = {"deployment": None, "router": trading.router}
    assert "one node alone" in wallet(trading, "sweep", **by_address).stderr

    trading.desk.send(OWNER, "transferOwnership(address)", SECOND)
    trading.desk.send(SECOND, "acceptOwnership()")
    assert "the deployment file says" in wallet(trading, "sweep").stderr
    assert trading.nonce() == 0


def test_a_price_that_would_empty_the_wallet_is_not_paid(trading: Trading) -> None:
    trading.node.set_base_fee(2_000 * 10**9)
    ended = wallet(trading, "approve", "WETH", SPENDER, 5)

    assert ended.code == ExitCode.USAGE
    assert "wait for lower prices" in ended.stderr
    assert trading.nonce() == 0


@pytest.fixture
def owner_wallet(trading: Trading) -> Path:
    """A keystore of the router's owner, who has taken the router over."""
    owner = DEVELOPMENT_ADDRESSES[OWNER_INDEX]
    trading.desk.send(OWNER, "transferOwnership(address)", owner)
    trading.desk.send(owner, "acceptOwnership()")
    key = bytes.fromhex(trading.node.accounts[OWNER_INDEX].private_key[2:])
    path = trading.folder / "owner.json"
    path.write_text(json.dumps(Account.encrypt(key, PASSPHRASE, kdf="pbkdf2", iterations=1024)))
    return path


def told(text: str) -> int:
    reading, writing = os.pipe()
    os.write(writing, f"{text}\n".encode())
    os.close(writing)
    return reading


def withdraw(trading: Trading, path: Path, *more: object) -> list[dict[str, Any]]:
    return steps(trading, "sweep", "--owner-wallet", path, "--fd", told(PASSPHRASE), *more)


def held(trading: Trading, who: Address, token: str = WETH) -> int:
    return trading.node.erc20_balance(token, who)


def test_the_owner_takes_what_he_names(trading: Trading, owner_wallet: Path) -> None:
    owner, inventory = DEVELOPMENT_ADDRESSES[OWNER_INDEX], trading.balance()
    (step,) = withdraw(trading, owner_wallet, "--withdraw", f"WETH={ETHER}")

    assert int(step["amount"]) == ETHER == held(trading, owner)
    assert trading.balance() == inventory - ETHER
    withdraw(trading, owner_wallet, "--withdraw", "WETH")
    assert trading.balance() == 0
    assert held(trading, owner) == inventory


def test_more_than_the_router_holds_is_refused(trading: Trading, owner_wallet: Path) -> None:
    ended = wallet(
        trading, "sweep", "--owner-wallet", owner_wallet, "--withdraw", f"WETH={trading.balance() + 1}"
    )

    assert ended.code == ExitCode.USAGE
    assert "ask for no more" in ended.stderr


def test_without_booked_profit_the_inventory_stays(trading: Trading, owner_wallet: Path) -> None:
    assert withdraw(trading, owner_wallet) == []


def test_another_key_than_the_owners_takes_nothing(trading: Trading) -> None:
    key = bytes.fromhex(trading.node.accounts[OWNER_INDEX].private_key[2:])
    path = trading.folder / "stranger.json"
    path.write_text(json.dumps(Account.encrypt(key, PASSPHRASE, kdf="pbkdf2", iterations=1024)))
    ended = wallet(trading, "sweep", "--owner-wallet", path, "--fd", told(PASSPHRASE), "--withdraw", "WETH")

    assert ended.code == ExitCode.USAGE
    assert "router's owner is" in ended.stderr
