"""Every change that the scripts send is a function of the router, with arguments that it decodes."""

from collections.abc import Callable

import pytest
from eth_abi.abi import decode
from eth_hash.auto import keccak

from devnet import ETHEREUM
from devnet.compiler import compile_files
from executor.domain.address import ZERO_ADDRESS, Address
from executor.domain.deployment import Part
from scripts._support import changes
from scripts._support.build import build_part
from scripts._support.changes import ALL, Change
from tests.support.ape_sessions import STRANGER

WETH = Address(ETHEREUM.tokens["WETH"])
EXPECTED: list[tuple[Change, str, tuple[object, ...]]] = [
    (changes.set_operator(STRANGER), "setPrimaryOperator(address)", (STRANGER.lower(),)),
    (changes.set_operator(ZERO_ADDRESS), "setPrimaryOperator(address)", (ZERO_ADDRESS,)),
    (changes.allow_operator(STRANGER, True), "allowOperator(address,bool)", (STRANGER.lower(), True)),
    (changes.allow_operator(STRANGER, False), "allowOperator(address,bool)", (STRANGER.lower(), False)),
    (changes.set_pauser(STRANGER), "setPauser(address)", (STRANGER.lower(),)),
    (changes.offer_ownership(STRANGER), "transferOwnership(address)", (STRANGER.lower(),)),
    (changes.accept_ownership(), "acceptOwnership()", ()),
    (changes.pause(), "pause()", ()),
    (changes.unpause(), "unpause()", ()),
    (
        changes.withdraw_token(WETH, STRANGER, 7),
        "withdraw(address,address,uint256)",
        (WETH.lower(), STRANGER.lower(), 7),
    ),
    (changes.withdraw_native(STRANGER, ALL), "withdrawNative(address,uint256)", (STRANGER.lower(), ALL)),
]


@pytest.fixture(scope="module")
def functions() -> dict[bytes, tuple[str, list[str]]]:
    """The functions of the router's control part by selector: signature and argument types."""
    abi = compile_files(["contracts/RouterControl.sol"])["RouterControl"].abi
    found = {}
    for entry in abi:
        if entry["type"] == "function":
            types = [argument["type"] for argument in entry["inputs"]]
            signature = f"{entry['name']}({','.join(types)})"
            found[keccak(signature.encode())[:4]] = (signature, types)
    return found


@pytest.mark.parametrize(
    ("change", "signature", "arguments"), EXPECTED, ids=[entry[0].what for entry in EXPECTED]
)
def test_a_change_is_a_call_of_the_router(
    functions: dict[bytes, tuple[str, list[str]]],
    change: Change,
    signature: str,
    arguments: tuple[object, ...],
) -> None:
    found, types = functions[change.data[:4]]
    assert found == signature
    assert decode(types, change.data[4:]) == arguments


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda: changes.set_operator(ZERO_ADDRESS), "leave no primary operator"),
        (lambda: changes.set_pauser(ZERO_ADDRESS), "leave no pauser"),
        (lambda: changes.offer_ownership(ZERO_ADDRESS), "withdraw the offer of ownership"),
        (lambda: changes.withdraw_native(STRANGER, ALL), f"withdraw all wei to {STRANGER}"),
        (lambda: changes.withdraw_token(WETH, STRANGER, 7), f"withdraw 7 of {WETH} to {STRANGER}"),
    ],
)
def test_a_change_says_in_words_what_it_does(change: Callable[[], Change], words: str) -> None:
    assert change().what == words


@pytest.mark.parametrize("part", list(Part))
def test_scripts_deploy_the_bytes_that_everything_else_tests(part: Part) -> None:
    build = build_part(part)
    assert build.init_code == compile_files([f"contracts/{part}.sol"])[part].bytecode
    assert build.compiler.startswith("v0.8.28+commit.")
    assert build.standard_input["settings"]["metadata"] == {"bytecodeHash": "none"}
    assert not [name for name in build.standard_input["sources"] if name.startswith(("/", ".."))]
