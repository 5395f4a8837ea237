"""A45: somebody else's signature is passed off as the router's.

A contract that says yes when it is asked whether a signature is its own can be made to give permits: to
Permit2, to tokens, to exchanges. The router answers no such question, at no time, and Permit2 holds no
allowance of it.
"""

from __future__ import annotations

from typing import Any

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_account.signers.local import LocalAccount

from devnet import abi
from executor.domain.address import to_address
from executor.plan.format import Opcode, Payer, Recipient, V2CallbackKind, V2Output, V3CallbackKind
from executor.plan.simulated import simulation_of
from executor.plan.steps import (
    CurveExchange,
    DodoV2Swap,
    ERC4626Deposit,
    MakerPSMSwap,
    PoolLoan,
    SolidlySwap,
    Step,
    Track,
    V2Swap,
)
from tests.attacks.bytecode import instructions
from tests.attacks.scene import MAX, THIEF, allowances, nothing_lost, refused, sent, why_refused
from tests.attacks.steps import turn_of
from tests.attacks.thieves import Act, accomplice, turns
from tests.contracts.schemes import plan_of
from tests.contracts.venues.hops import token
from tests.support.routers import FOREVER, OPERATOR, OWNER, Desk, Reverted, router_artifacts

AMOUNT = 10**18
QUESTIONS = (
    "isValidSignature(bytes32,bytes)",
    "isValidSignature(bytes,bytes)",
    "isValidSignatureNow(address,bytes32,bytes)",
    "validateUserOp((address,uint256,bytes,bytes,bytes32,uint256,bytes32,bytes,bytes),bytes32,uint256)",
    "supportsInterface(bytes4)",
    "canImplementInterfaceForAddress(bytes32,address)",
    "onERC721Received(address,address,uint256,bytes)",
    "onERC1155Received(address,address,uint256,uint256,bytes)",
    "tokensReceived(address,address,address,uint256,bytes,bytes)",
    "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)",
    "approve(address,uint256)",
    "setApprovalForAll(address,bool)",
    "transferFrom(address,address,uint256)",
    "multicall(bytes[])",
)
"""What a wallet would answer, and functions that a wallet would have."""
NEVER_CALLED = (
    "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)",
    "permit(address,address,uint256,uint256,bool,uint8,bytes32,bytes32)",
    "setApprovalForAll(address,bool)",
    "increaseAllowance(address,uint256)",
    "transferFrom(address,address,uint256)",
)
MAGIC_VALUES = (bytes.fromhex("1626ba7e"), bytes.fromhex("20c13b0b"))


@pytest.fixture
def forger() -> LocalAccount:
    """A thief's key."""
    key: LocalAccount = Account.create()
    return key


def test_the_router_answers_no_question_that_a_wallet_would(desk: Desk) -> None:
    with nothing_lost(desk):
        for signature in QUESTIONS:
            # Arguments of all zeros and of all ones; whoever asks.
            for filling in (b"\x00", b"\xff"):
                question = abi.selector(signature) + filling * 320
                for sender in (OPERATOR, OWNER):
                    with pytest.raises(Reverted, match="UnknownFunction"):
                        desk.call(question, sender=sender)
                assert why_refused(desk, THIEF, question).name == "UnknownFunction", signature
        refused(desk, THIEF, question)


@pytest.mark.parametrize("part", ["ArbRouter", "RouterControl", "RouterExtension", "RouterSimulator"])
def test_the_words_that_would_say_yes_and_the_calls_that_would_give_permits_are_in_no_code(part: str) -> None:
    code = router_artifacts()[part].deployed_bytecode
    constants = {immediate[:4] for _, immediate in instructions(code) if len(immediate) >= 4}
    assert constants.isdisjoint(MAGIC_VALUES)
    assert constants.isdisjoint(abi.selector(signature) for signature in NEVER_CALLED)


def typed(desk: Desk, name: str, contract: str, kind: str, fields: dict[str, Any], **more: Any) -> Any:
    """A message to sign, of one kind, whose fields are (type, value)."""
    domain = {
        "name": name,
        "chainId": desk.node.chain_id,
        "verifyingContract": contract,
        **more.pop("domain", {}),
    }
    kinds = {kind: [{"name": key, "type": pair[0]} for key, pair in fields.items()], **more}
    return encode_typed_data(domain, kinds, {key: pair[1] for key, pair in fields.items()})


def permit2_transfer(desk: Desk, signer: LocalAccount) -> bytes:
    """Permit2, asked to take the router's WETH on the strength of somebody's signature."""
    permit2, weth = desk.book.contracts["permit2"], desk.book.tokens["WETH"]
    permitted = [{"name": "token", "type": "address"}, {"name": "amount", "type": "uint256"}]
    fields = {
        "permitted": ("TokenPermissions", {"token": weth, "amount": AMOUNT}),
        "spender": ("address", THIEF),
        "nonce": ("uint256", 0),
        "deadline": ("uint256", FOREVER),
    }
    message = typed(desk, "Permit2", permit2, "PermitTransferFrom", fields, TokenPermissions=permitted)
    signature = bytes(signer.sign_message(message).signature)
    return abi.encode_call(
        "permitTransferFrom(((address,uint256),uint256,uint256),(address,uint256),address,bytes)",
        ((weth, AMOUNT), 0, FOREVER),
        (THIEF, AMOUNT),
        desk.router,
        signature,
    )


def permit2_permit(desk: Desk, signer: LocalAccount) -> bytes:
    """Permit2, asked to let the thief spend what the router may have allowed it."""
    permit2, weth = desk.book.contracts["permit2"], desk.book.tokens["WETH"]
    kinds = ("address", "uint160", "uint48", "uint48")
    details = [
        {"name": name, "type": kind}
        for name, kind in zip(("token", "amount", "expiration", "nonce"), kinds, strict=True)
    ]
    granted = {"token": weth, "amount": AMOUNT, "expiration": FOREVER, "nonce": 0}
    fields = {
        "details": ("PermitDetails", granted),
        "spender": ("address", THIEF),
        "sigDeadline": ("uint256", FOREVER),
    }
    message = typed(desk, "Permit2", permit2, "PermitSingle", fields, PermitDetails=details)
    signature = bytes(signer.sign_message(message).signature)
    return abi.encode_call(
        "permit(address,((address,uint160,uint48,uint48),address,uint256),bytes)",
        desk.router,
        ((weth, AMOUNT, FOREVER, 0), THIEF, FOREVER),
        signature,
    )


def usdc_permit(desk: Desk, signer: LocalAccount) -> bytes:
    """USDC, asked to take somebody's signature for the router's."""
    usdc = desk.book.tokens["USDC"]
    fields = {
        "owner": ("address", desk.router),
        "spender": ("address", THIEF),
        "value": ("uint256", MAX),
        "nonce": ("uint256", 0),
        "deadline": ("uint256", FOREVER),
    }
    message = typed(desk, "USD Coin", usdc, "Permit", fields, domain={"version": "2"})
    signed = signer.sign_message(message)
    signature = "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)"
    r, s = (word.to_bytes(32, "big") for word in (signed.r, signed.s))
    return abi.encode_call(signature, desk.router, THIEF, MAX, FOREVER, signed.v, r, s)


def usdc_authorization(desk: Desk, signer: LocalAccount) -> bytes:
    """USDC, asked to move the router's dollars on somebody's signature."""
    usdc = desk.book.tokens["USDC"]
    fields = {
        "from": ("address", desk.router),
        "to": ("address", THIEF),
        "value": ("uint256", 10**9),
        "validAfter": ("uint256", 0),
        "validBefore": ("uint256", FOREVER),
        "nonce": ("bytes32", bytes(32)),
    }
    kind = "TransferWithAuthorization"
    signed = signer.sign_message(typed(desk, "USD Coin", usdc, kind, fields, domain={"version": "2"}))
    values = [value for _, value in fields.values()]
    r, s = (word.to_bytes(32, "big") for word in (signed.r, signed.s))
    return abi.encode_call(
        "transferWithAuthorization(address,address,uint256,uint256,uint256,bytes32,uint8,bytes32,bytes32)",
        *values,
        signed.v,
        r,
        s,
    )


def forgeries(desk: Desk, signer: LocalAccount) -> list[tuple[str, bytes]]:
    """Where each forged permit is handed in."""
    permit2, usdc = desk.book.contracts["permit2"], desk.book.tokens["USDC"]
    return [
        (permit2, permit2_transfer(desk, signer)),
        (permit2, permit2_permit(desk, signer)),
        (usdc, usdc_permit(desk, signer)),
        (usdc, usdc_authorization(desk, signer)),
    ]


@pytest.mark.parametrize("role", ["nobody", "owner", "operator"])
def test_nobodys_signature_passes_for_the_routers(desk: Desk, forger: LocalAccount, role: str) -> None:
    """Not even that of a key which is its owner or operator."""
    if role == "owner":
        desk.send(OWNER, "transferOwnership(address)", forger.address)
        desk.send(forger.address, "acceptOwnership()")
    elif role == "operator":
        desk.send(OWNER, "setPrimaryOperator(address)", forger.address)
    with nothing_lost(desk, forger.address):
        for target, call in forgeries(desk, forger):
            refused(desk, THIEF, call, to=target)


def test_the_same_permits_work_for_who_signs_for_himself(desk: Desk, forger: LocalAccount) -> None:
    """Else a mistake in the forged ones would be all that the refusals show."""
    weth, permit2 = desk.book.tokens["WETH"], desk.book.contracts["permit2"]
    desk.node.set_erc20_balance(weth, forger.address, AMOUNT)
    approve = abi.encode_call("approve(address,uint256)", permit2, MAX)
    sent(desk, forger.address, approve, to=weth)
    own = permit2_transfer(desk, forger).replace(
        bytes.fromhex(desk.router[2:]), bytes.fromhex(forger.address[2:])
    )
    before = desk.node.erc20_balance(weth, THIEF)
    sent(desk, THIEF, own, to=permit2)
    assert desk.node.erc20_balance(weth, THIEF) - before == AMOUNT


def test_not_in_the_middle_of_a_plan_either(desk: Desk, forger: LocalAccount) -> None:
    """The thief's pool has its turn in a running plan, and asks and forges then."""
    acts = [Act(target, call) for target, call in forgeries(desk, forger)]
    acts += [Act(desk.router, abi.selector(signature) + bytes(320)) for signature in QUESTIONS]
    thief = accomplice(desk, *acts)
    with nothing_lost(desk, thief, forger.address):
        sent(desk, OPERATOR, plan_of(turn_of(thief)), gas=12_000_000)
        assert turns(desk, thief) == (1, 0)


def test_not_in_the_middle_of_a_rehearsal_either(desk: Desk) -> None:
    """While a simulation runs, calls that the router does not know go on to the simulator."""
    for signature in QUESTIONS:
        act = Act(desk.router, abi.selector(signature) + bytes(320), must=True)
        thief = accomplice(desk, act)
        with pytest.raises(Reverted, match="UnknownFunction"):
            desk.call(simulation_of(plan_of(turn_of(thief))), sender=OPERATOR)


def at_permit2(desk: Desk) -> dict[str, Step]:
    """Permit2 in the place of each venue and lender that is paid by an allowance or a transfer."""
    permit2, usdc = to_address(desk.book.contracts["permit2"]), token(desk, "USDC")
    dai, router, pays = token(desk, "DAI"), Recipient.ROUTER, Payer.SETTLEMENT
    v3, v2 = V3CallbackKind.UNISWAP, V2CallbackKind.UNISWAP
    return {
        "exchange": CurveExchange(permit2, 0, 1, usdc, pays, router, AMOUNT),
        "exchange by uint256": CurveExchange(permit2, 0, 1, usdc, pays, router, AMOUNT, uint256_indexes=True),
        "vault": ERC4626Deposit(permit2, pays, router, AMOUNT),
        "vault, tracked": Track(dai, (ERC4626Deposit(permit2, Payer.TRACKED, router, AMOUNT, dai),)),
        "peg module": MakerPSMSwap(permit2, 12, usdc, pays, router, AMOUNT),
        "pair": V2Swap(permit2, True, pays, router, V2Output.LITERAL, 0, AMOUNT, 1),
        "solidly": SolidlySwap(permit2, True, token(desk, "WETH"), pays, router, AMOUNT),
        "dodo": DodoV2Swap(permit2, True, usdc, pays, router, AMOUNT),
        "loan": PoolLoan(Opcode.UNISWAP_V3_LOAN, permit2, AMOUNT, AMOUNT, (), False, v3),
        "pair's loan": PoolLoan(Opcode.UNISWAP_V2_LOAN, permit2, AMOUNT, AMOUNT, (), False, v2),
    }


def test_no_plan_gives_permit2_an_allowance_that_lasts(desk: Desk) -> None:
    with nothing_lost(desk):
        for name, step in at_permit2(desk).items():
            refused(desk, OPERATOR, plan_of(step))
            assert allowances(desk, []) == {}, name
