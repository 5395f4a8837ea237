"""`executor quote`: what it says is what the same trade then earns, and it changes nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from devnet import ETHER, ETHEREUM
from executor.domain.errors import TicksUnknownError
from executor.engine import quoting
from executor.operations.exit_codes import ExitCode
from tests.engine.test_several_routes import OVER_DAI, OVER_USDC, OVER_USDT, several
from tests.operations.test_run import Ended, call, config
from tests.support.trading import SUSHI_V2, UNISWAP_V2, Trading, explicit, high_level

FIRST, SECOND = ETHEREUM.pool(UNISWAP_V2).address, ETHEREUM.pool(SUSHI_V2).address
ROUTE = f"WETH {FIRST} USDC {SECOND}"


def quoted(trading: Trading, *arguments: object, **changes: Any) -> Ended:
    """The command on the trading chain."""
    return call("quote", "--config", config(trading, **changes), *arguments)


def as_json(trading: Trading, *arguments: object, **changes: Any) -> dict[str, Any]:
    """What it prints for programs."""
    ended = quoted(trading, *arguments, "--json", **changes)
    assert ended.stderr == ""
    found: dict[str, Any] = json.loads(ended.stdout)
    assert (ended.code == ExitCode.OK) is found["ok"]
    return found


def test_a_route_is_quoted_to_the_wei_of_what_it_then_earns(trading: Trading) -> None:
    trading.open_gap()
    told = as_json(trading, "--route", ROUTE)
    path = trading.folder / "one.json"
    path.write_text(json.dumps(explicit()))
    (result,) = call("run", path, "--config", config(trading)).results

    assert result["status"] == "realised"
    assert told["gross_profit"] == result["realised_profit"] == told["simulation"]["profit"]
    assert told["amount_in"] == result["amount_in"]
    assert told["funding"] == result["funding"]
    # A pair that was traded in the same second writes less.
    assert abs(told["gas"] - int(result["gas_used"])) <= 15_000


def test_where_the_money_goes_adds_up(trading: Trading) -> None:
    trading.open_gap()
    told = as_json(trading, "--route", ROUTE, "--funding", "aave_v3")
    first, last = told["hops"][0], told["hops"][-1]
    gross = int(told["amount_out"]) - int(told["amount_in"]) - int(told["premium"])

    assert first["amount_in"] == told["amount_in"] and last["amount_out"] == told["amount_out"]
    assert first["amount_out"] == last["amount_in"]
    assert int(first["fee"]) == int(first["amount_in"]) * 3 // 1000
    assert 0 < float(first["price_impact_pct"]) < 100
    assert int(told["premium"]) > 0
    assert int(told["gross_profit"]) == gross
    assert int(told["gas_cost_wei"]) == told["gas"] * int(told["gas_price"]) + int(told["l1_fee"])
    assert int(told["net_profit"]) == gross - int(told["gas_cost"])


def test_what_would_be_divided_over_pools_is_quoted_part_by_part_to_the_wei(trading: Trading) -> None:
    trading.node.set_erc20_balance(ETHEREUM.tokens["WETH"], trading.router, 2_000 * ETHER)
    trading.open_gap(amount=1_200 * ETHER)
    path = trading.folder / "one.json"
    path.write_text(json.dumps(high_level(buy="uniswap_v3")))
    told = as_json(trading, path)
    alone = as_json(trading, path, "--funding", "callback_chain")
    text = quoted(trading, path).stdout
    (result,) = call("run", path, "--config", config(trading)).results
    first = [hop for hop in told["hops"] if hop["stage"] == 0]
    last = [hop for hop in told["hops"] if hop["stage"] == 1]

    assert told["divided"] and not alone["divided"]
    assert int(told["net_profit"]) > int(alone["net_profit"])
    assert (len(first), len(last)) == (2, 1)
    assert sum(int(hop["amount_in"]) for hop in first) == int(told["amount_in"])
    assert sum(int(hop["amount_out"]) for hop in first) == int(last[0]["amount_in"])
    assert last[0]["amount_out"] == told["amount_out"]
    assert all(int(hop["fee"]) > 0 and hop["gas"] > 0 for hop in told["hops"])
    assert {means["problem"] for means in told["means"][1:]} == {
        "a divided trade is paid out of the router's own money"
    }
    assert 0 < int(told["shortfall_bound"]) < int(told["gross_profit"]) // 10**6
    assert "divided over pools side by side" in text
    assert result["status"] == "realised"
    assert told["gross_profit"] == result["realised_profit"] == told["simulation"]["profit"]
    assert result["amount_in"] == told["amount_in"]


@pytest.mark.parametrize(
    ("second", "gap"),
    [(SUSHI_V2, 200), ("uniswap_v3 USDC/WETH 500", 2_000), ("balancer_v2 USDC/WETH", 100)],
)
def test_how_much_another_input_could_earn_more_is_told_with_its_proof(
    trading: Trading, second: str, gap: int
) -> None:
    """Whatever input is asked about instead, it earns no more than that."""
    trading.open_gap(second, amount=gap * ETHER)
    route = f"WETH {FIRST} USDC {ETHEREUM.pool(second).address}"
    told = as_json(trading, "--route", route, "--funding", "inventory")
    size, bound = int(told["amount_in"]), int(told["shortfall_bound"])
    others = (size - 1, size * 999 // 1000, size // 2)
    earned = [as_json(trading, "--route", route, "--amount", other) for other in others]

    assert 0 < bound < int(told["gross_profit"]) // 10**6
    assert all(int(other["gross_profit"]) <= int(told["gross_profit"]) + bound for other in earned)


def test_the_bound_on_other_inputs_says_up_to_which_input_it_holds(trading: Trading) -> None:
    trading.open_gap()
    own = as_json(trading, "--route", ROUTE, "--funding", "inventory")
    limited = as_json(trading, "--route", ROUTE, max_trade_size_usd="3000", fixed_prices_usd={"WETH": "3000"})
    asked = ("--route", ROUTE, "--amount", 2 * ETHER)
    free = as_json(trading, "--route", ROUTE, "--funding", "callback_chain")

    assert own["shortfall_cap"] == str(trading.balance())
    assert limited["shortfall_cap"] == str(ETHER)
    assert as_json(trading, *asked)["shortfall_cap"] == str(2 * ETHER)
    assert "another input of up to 2 WETH earns at most more" in quoted(trading, *asked).stdout
    assert free["shortfall_bound"] is not None and free["shortfall_cap"] is None


def test_a_size_whose_bound_no_reading_is_enough_for_is_quoted_without_one(
    trading: Trading, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a bound looks at lies further from the price than what the size itself needs."""
    pool = trading.desk.pool(UNISWAP_V2).key

    def never_enough(*_: object, **__: object) -> int:
        raise TicksUnknownError("the ticks end.", fix="read further", pool=pool, toward_low=True)

    trading.open_gap()
    told = as_json(trading, "--route", ROUTE)
    monkeypatch.setattr(quoting, "shortfall_of", never_enough)
    without = as_json(trading, "--route", ROUTE)

    assert told["shortfall_bound"] is not None
    assert (without["shortfall_bound"], without["shortfall_cap"]) == (None, None)
    assert without["amount_in"] == told["amount_in"]


def test_who_pays_and_why_not_others_is_told(trading: Trading) -> None:
    trading.open_gap()
    trading.node.set_erc20_balance(ETHEREUM.tokens["WETH"], trading.router, 0)
    told = as_json(trading, "--route", ROUTE)
    means = {entry["funding"]: entry for entry in told["means"]}

    assert told["means"][0]["funding"] == told["funding"]
    assert means["inventory"]["problem"] == "the router holds 0 of WETH"
    assert int(means["aave_v3"]["premium"]) > 0


def test_pools_that_lend_are_told_one_by_one_with_what_each_takes_or_why_it_cannot(trading: Trading) -> None:
    trading.open_gap()
    told = as_json(trading, "--route", ROUTE)
    text = quoted(trading, "--route", ROUTE).stdout.replace("\n", "")
    means = {entry["pool"]: entry for entry in told["means"] if entry["pool"]}
    asked = as_json(trading, "--route", ROUTE, "--funding", "uniswap_v3_flash")
    cheap, busy = ETHEREUM.pool("uniswap_v3 USDC/WETH 500").address, FIRST

    assert means[cheap]["funding"] == "uniswap_v3_flash"
    assert int(means[cheap]["premium"]) == -(-int(told["amount_in"]) * 500 // 10**6)
    assert means[cheap]["gas"] > 0 and not means[cheap]["problem"]
    assert means[busy]["funding"] == "uniswap_v2_flash"
    assert means[busy]["problem"] == "is locked by the route's own legs"
    assert ETHEREUM.pool("uniswap_v3 DAI/USDC 100").address not in means
    assert "uniswap_v3_flash" in text
    assert (asked["funding"], asked["means"][0]["pool"] in means) == ("uniswap_v3_flash", True)
    assert int(asked["premium"]) > 0
    assert asked["simulation"]["profit"] == asked["gross_profit"]
    assert "was not asked for" in {entry["problem"] for entry in asked["means"]}


def test_several_routes_are_quoted_route_by_route_with_those_that_are_left_out(trading: Trading) -> None:
    trading.open_gap()
    trading.open_gap("uniswap_v2 WETH/USDT", amount=100 * ETHER)
    path = trading.folder / "one.json"
    path.write_text(json.dumps(several(OVER_USDC, OVER_DAI, OVER_USDT)))
    told = as_json(trading, path)
    text = quoted(trading, path).stdout
    (result,) = call("run", path, "--config", config(trading)).results
    routes = {each["route"]: each for each in told["routes"]}

    assert [(hop["route"], hop["stage"]) for hop in told["hops"]] == [(0, 0), (0, 1), (2, 0), (2, 1)]
    assert int(told["total_in"]) == sum(int(each["amounts"][0]) for each in routes.values())
    assert int(told["total_out"]) == sum(int(each["amounts"][-1]) for each in routes.values())
    assert told["amount_in"] == result["amount_in"] != told["total_in"]
    assert [told[name] for name in ("total_in", "total_out")] == result["details"]["amounts"]
    assert [told[name] for name in ("total_in", "total_out")] == [
        result["details"][name] for name in ("total_in", "total_out")
    ]
    assert [each["payers"] for each in told["routes"]] == [
        each["payers"] for each in result["details"]["routes"]
    ]
    assert int(told["gross_profit"]) == int(told["total_out"]) - int(told["total_in"])
    assert "goes in of all routes together" in text and "goes in at most at once" in text
    assert [each["route"] for each in told["left_out"]] == [1]
    assert "earns anything" in told["left_out"][0]["why"]
    for place in routes:
        first = next(each for each in told["means"] if each["route"] == place)
        assert [first["funding"]] == routes[place]["funding"]
    assert "route after route" in text and "Routes that are left out" in text and "(taken)" in text
    assert result["status"] == "realised"
    assert told["gross_profit"] == result["realised_profit"] == told["simulation"]["profit"]


def test_an_opportunity_in_a_file_and_on_standard_input_is_quoted(trading: Trading) -> None:
    trading.open_gap()
    path = trading.folder / "one.json"
    path.write_text(json.dumps(high_level()))
    from_file = as_json(trading, path)
    ended = call("quote", "-", "--json", "--config", config(trading), stdin=json.dumps(high_level()))

    assert json.loads(ended.stdout) == from_file
    assert from_file["ok"]


def test_a_pair_is_searched_for_its_best_way(trading: Trading) -> None:
    """Over every pool that the exchanges of the chain data have: never worse than one that was named."""
    trading.open_gap()
    named, best = as_json(trading, "--route", ROUTE), as_json(trading, "--pair", "WETH/USDC")

    assert best["proven_best"] is True
    assert int(best["net_profit"]) >= int(named["net_profit"])
    assert best["hops"][-1]["pool"] == SECOND
    assert best["simulation"]["profit"] == best["gross_profit"]


def test_where_nothing_is_to_be_earned_it_says_so_with_the_figures(trading: Trading) -> None:
    told = as_json(trading, "--route", ROUTE, "--amount", 10**18)

    assert not told["ok"]
    assert told["amount_in"] == str(10**18)
    assert int(told["net_profit"]) < 0
    assert "earns nothing" in told["refusal"]


def test_a_loan_that_was_asked_for_has_its_premium_in_a_loss_too(trading: Trading) -> None:
    told = as_json(trading, "--route", ROUTE, "--amount", 10**18, "--funding", "aave_v3")
    free = as_json(trading, "--route", ROUTE, "--amount", 10**18)

    assert int(told["premium"]) > 0
    assert int(told["gross_profit"]) == int(free["gross_profit"]) - int(told["premium"])


def test_people_see_tables(trading: Trading) -> None:
    trading.open_gap()
    text = quoted(trading, "--route", ROUTE).stdout

    for words in ("Where the money goes", "Who pays", "net profit", "price impact", "(taken)", "USD"):
        assert words in text


def test_looking_sends_and_writes_nothing(trading: Trading) -> None:
    trading.open_gap()
    block = trading.node.block_number
    as_json(trading, "--pair", "WETH/USDC")

    assert trading.node.block_number == block
    assert trading.nonce() == 0
    assert not (trading.folder / "journal").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "needs one thing to quote"),
        (["--route", ROUTE, "--pair", "WETH/USDC"], "needs one thing to quote"),
        (["--route", "WETH"], "is no route"),
        (["--route", f"WETH {FIRST} USDC"], "is no route"),
        (["--route", f"WETH {FIRST} NOPE {SECOND}"], "legs[1].token_in"),
        (["--route", "WETH 0x00 USDC 0x01"], "legs[0].pool"),
        (["--pair", "WETH"], "is no pair"),
        (["--pair", "WETH/NOPE"], "'NOPE' is no token known"),
        (["--pair", "WETH/WETH"], "is the quote token itself"),
        (["--pair", "USDC/USDT"], "pair"),
        (["--route", ROUTE, "--amount", "1.5"], "amount"),
        (["--route", ROUTE, "--funding", "friends"], "funding"),
        (["--route", ROUTE, "--chain", "base"], "'base' is not configured"),
        (["nowhere.json"], "cannot be read"),
    ],
)
def test_a_wrong_question_gets_one_line_with_the_fix(
    trading: Trading, arguments: list[str], told: str
) -> None:
    ended = quoted(trading, *arguments)

    assert ended.code == ExitCode.USAGE
    assert ended.stdout == ""
    assert told in ended.stderr
    assert "Fix: " in ended.stderr
    assert "Traceback" not in ended.stderr
