"""A5: the callback's data bring their own proof: a factory and an init-code hash from which the caller's
address follows by CREATE2, so that a check of that address proves nothing.
"""

from __future__ import annotations

from eth_utils.crypto import keccak

from devnet import abi
from devnet.node import ETHER
from executor.domain.address import Address, to_address
from tests.attacks.callbacks import calls, swap_data
from tests.attacks.scene import THIEF, attackers, nothing_lost, sent
from tests.attacks.thieves import refusal, try_all
from tests.support.routers import Desk, router_artifacts

AMOUNT = 5 * ETHER
# Deploys what it is sent behind a salt, on every chain at this address.
CREATE2_FACTORY = "0x4e59b44847b379578588920cA78FbF26c0B4956C"


def pool_with_a_proof(desk: Desk, salt: bytes) -> tuple[Address, bytes]:
    """A thief's contract whose address follows from a factory, a salt and a hash; and the hash."""
    code = attackers("Thieves")["Accomplice"].bytecode
    sent(desk, THIEF, salt + code, to=CREATE2_FACTORY)
    proof = keccak(b"\xff" + bytes.fromhex(CREATE2_FACTORY[2:]) + salt + keccak(code))
    return to_address("0x" + proof[-20:].hex()), keccak(code)


def proofs(desk: Desk, pool: Address, code_hash: bytes, salt: bytes) -> list[bytes]:
    """The forms in which peers were handed such a proof: by word, packed, and in the router's own form."""
    weth, usdc = desk.book.tokens["WETH"], desk.book.tokens["USDC"]
    words = abi.encode(
        "(address,bytes32,bytes32,address,address,uint24,address)",
        CREATE2_FACTORY,
        code_hash,
        salt,
        usdc,
        weth,
        3000,
        desk.router,
    )
    packed = b"".join(bytes.fromhex(it[2:]) for it in (CREATE2_FACTORY, usdc, weth)) + code_hash + salt
    return [words, packed, swap_data(desk, AMOUNT) + packed, bytes.fromhex(pool[2:]) + words]


def test_an_address_that_its_own_data_prove_opens_nothing(desk: Desk) -> None:
    weth, usdc = (bytes.fromhex(desk.book.tokens[symbol][2:]) for symbol in ("WETH", "USDC"))
    salt = keccak(usdc.rjust(32, b"\0") + weth.rjust(32, b"\0"))
    pool, code_hash = pool_with_a_proof(desk, salt)
    assert desk.node.code(pool)
    with nothing_lost(desk, pool):
        for data in proofs(desk, pool, code_hash, salt):
            known = calls(desk, AMOUNT, pool, swap=data, loan=data)
            assert try_all(desk, pool, desk.router, [*known.values()]) == 0
            assert refusal(desk, pool).name == "CallbackNotRegistered"


def test_the_router_derives_no_address(desk: Desk) -> None:
    """There is no check of the kind that could be fooled: no factory's question and no init-code hash of a
    real pool stands in its code.
    """
    init_code_hashes = (
        "96e8ac4277198ff8b6f785478aa9a39f403cb768dd02cbee326c3e7da348845f",
        "e34f199b19b2b4f47f68442619d555527d244f78a3297ea89325f843f87b8b54",
        "6ce8eb472fa82df5469c6ab6d485f17c3ad13c8cd7af59b3d4a8026c5ce0f7e2",
    )
    asked = [
        abi.selector(name)
        for name in ("getPool(address,address,uint24)", "getPair(address,address)", "factory()")
    ]
    for part in router_artifacts().values():
        assert not [hash_ for hash_ in init_code_hashes if bytes.fromhex(hash_) in part.deployed_bytecode]
        # PUSH4 and the selector.
        assert not [selector for selector in asked if b"\x63" + selector in part.deployed_bytecode]
