"""What is signed is what was asked, for the chain that was named, and a real node takes it."""

import dataclasses
from collections.abc import Iterator
from typing import Any, cast

import pytest
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from eth_utils.crypto import keccak
from hexbytes import HexBytes
from hypothesis import given
from hypothesis import strategies as st

from devnet import Node
from executor.domain.address import Address, to_address
from executor.domain.errors import SafetyError, WalletError
from executor.wallet.development import DEVELOPMENT_ADDRESSES, development_signer, is_development
from executor.wallet.guard import check_signer
from executor.wallet.signer import LocalSigner, TransactionFields, unsigned_envelope

STRANGER = Address("0x00000000000000000000000000000000000000E5")
FIELDS = TransactionFields(
    chain_id=31337,
    nonce=0,
    to=STRANGER,
    data=b"",
    value=7,
    gas_limit=50_000,
    max_fee_per_gas=10**11,
    max_priority_fee_per_gas=10**9,
)
words = st.integers(min_value=0, max_value=2**256 - 1)


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with Node.empty() as running:
        yield running


@st.composite
def transactions(draw: st.DrawFn) -> TransactionFields:
    fee = draw(words)
    return TransactionFields(
        chain_id=draw(st.integers(min_value=1, max_value=2**63)),
        nonce=draw(st.integers(min_value=0, max_value=2**63)),
        to=to_address("0x" + draw(st.binary(min_size=20, max_size=20)).hex()),
        data=draw(st.one_of(st.binary(max_size=2), st.binary(max_size=300))),
        value=draw(words),
        gas_limit=draw(st.integers(min_value=21_000, max_value=2**63)),
        max_fee_per_gas=fee,
        max_priority_fee_per_gas=draw(st.integers(min_value=0, max_value=fee)),
    )


SIGNER = development_signer(0)
ACCOUNT: LocalAccount = Account.create()


@given(transactions())
def test_the_signed_bytes_say_what_was_asked_and_who_signed(fields: TransactionFields) -> None:
    signed = SIGNER.sign(fields)
    decoded: dict[str, Any] = TypedTransaction.from_bytes(HexBytes(signed.raw)).as_dict()
    assert decoded["chainId"] == fields.chain_id
    assert decoded["nonce"] == fields.nonce
    assert decoded["value"] == fields.value
    assert decoded["gas"] == fields.gas_limit
    assert decoded["maxFeePerGas"] == fields.max_fee_per_gas
    assert decoded["maxPriorityFeePerGas"] == fields.max_priority_fee_per_gas
    assert bytes(decoded["data"]) == fields.data
    assert Account.recover_transaction(signed.raw) == signed.sender == SIGNER.address
    assert signed.hash == "0x" + keccak(signed.raw).hex()


@given(transactions())
def test_the_unsigned_envelope_is_what_is_hashed_and_signed(fields: TransactionFields) -> None:
    assert keccak(unsigned_envelope(fields)) == TypedTransaction.from_dict(fields.as_dict()).hash()


def test_signing_twice_gives_the_same_bytes() -> None:
    assert SIGNER.sign(FIELDS) == SIGNER.sign(FIELDS)


def test_a_real_node_takes_what_was_signed(node: Node) -> None:
    fields = dataclasses.replace(
        FIELDS, nonce=int(node.rpc("eth_getTransactionCount", SIGNER.address, "latest"), 16)
    )
    signed = SIGNER.sign(fields)
    assert node.rpc("eth_sendRawTransaction", "0x" + signed.raw.hex()) == signed.hash
    receipt = node.wait_for(signed.hash)
    assert receipt["status"] == "0x1"
    assert to_address(receipt["from"]) == SIGNER.address
    assert node.balance(STRANGER) == 7


def test_another_chain_refuses_what_was_signed(node: Node) -> None:
    signed = SIGNER.sign(dataclasses.replace(FIELDS, chain_id=1))
    with pytest.raises(Exception, match="chain id"):
        node.rpc("eth_sendRawTransaction", "0x" + signed.raw.hex())


@pytest.mark.parametrize(
    "changes",
    [
        {"chain_id": 0},
        {"nonce": -1},
        {"value": -1},
        {"value": 2**256},
        {"gas_limit": 20_999},
        {"max_fee_per_gas": 2**256},
        {"max_priority_fee_per_gas": 10**12},
    ],
)
def test_fields_out_of_bounds_are_refused_by_name(changes: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=next(iter(changes))):
        dataclasses.replace(FIELDS, **changes)  # type: ignore[arg-type]


class _AnothersAccount:
    """Says that it is one account and holds the key of another."""

    address = STRANGER

    def __init__(self, holder: LocalAccount) -> None:
        self.key = holder.key


def test_a_key_that_does_not_sign_as_its_address_makes_no_signer(operator: LocalAccount) -> None:
    with pytest.raises(WalletError, match="not the signer's") as caught:
        LocalSigner(cast(LocalAccount, _AnothersAccount(operator)))
    assert caught.value.facts["signer"] == STRANGER


@given(transactions())
def test_the_bytes_are_those_of_eth_account(fields: TransactionFields) -> None:
    theirs = ACCOUNT.sign_transaction(cast(Any, fields.as_dict()))
    ours = LocalSigner(ACCOUNT).sign(fields)
    assert ours.raw == bytes(theirs.raw_transaction)
    assert ours.hash == "0x" + bytes(theirs.hash).hex()


def test_the_development_accounts_are_those_of_a_development_node(node: Node) -> None:
    assert [account.address for account in node.accounts] == list(DEVELOPMENT_ADDRESSES[:10])


@pytest.mark.parametrize("index", [0, 1, 9, 19])
def test_a_development_signer_signs_as_the_address_of_its_index(index: int) -> None:
    assert development_signer(index).address == DEVELOPMENT_ADDRESSES[index]


@pytest.mark.parametrize("index", [-1, 20])
def test_there_are_twenty_development_signers(index: int) -> None:
    with pytest.raises(WalletError, match="0 to 19"):
        development_signer(index)


def test_on_a_local_node_only_development_keys_sign(operator: LocalAccount) -> None:
    own = LocalSigner(operator)
    check_signer(True, DEVELOPMENT_ADDRESSES[3])
    with pytest.raises(SafetyError, match="local or forked") as caught:
        check_signer(True, own.address)
    assert "development_account" in caught.value.fix


def test_on_a_real_network_development_keys_never_sign(operator: LocalAccount) -> None:
    check_signer(False, LocalSigner(operator).address)
    for address in DEVELOPMENT_ADDRESSES:
        with pytest.raises(SafetyError, match="everybody knows"):
            check_signer(False, address)


def test_an_own_key_is_no_development_key(operator: LocalAccount) -> None:
    assert not is_development(to_address(operator.address))
