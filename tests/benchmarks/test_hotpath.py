"""What the figures of the hot path stand on: both paths make the same transaction, the one asked for."""

from __future__ import annotations

from dataclasses import replace

from eth_account import Account
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from hexbytes import HexBytes
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.hotpath_bytes import Asked, Web3Path, ours, plan_of, route
from executor.plan import decode
from executor.wallet.signer import LocalSigner
from tests.support.page_encoder import page_encoded

ACCOUNT = Account.create()


@given(st.integers(0, 2**32), st.integers(21_000, 10**7), st.integers(1, 10**12), st.integers(1, 10**20))
def test_web3_and_we_make_the_same_bytes_of_the_same_arguments(
    nonce: int, gas: int, fee: int, amount: int
) -> None:
    sized = replace(route(), amounts=(amount, *route().amounts[1:-1], amount + 10**15))
    asked = Asked(sized, nonce=nonce, gas_limit=gas, max_fee=fee, tip=fee // 2)
    assert ours(LocalSigner(ACCOUNT), asked) == Web3Path(ACCOUNT)(asked)


def test_what_is_measured_is_a_whole_route_of_three_hops() -> None:
    sized = route()
    calldata = plan_of(sized)
    assert len(sized.route.legs) == 3
    assert sized.gross_profit > 0
    assert page_encoded(decode(calldata)) == calldata
    raw = ours(LocalSigner(ACCOUNT), Asked(sized))
    assert bytes(TypedTransaction.from_bytes(HexBytes(raw)).as_dict()["data"]) == calldata
