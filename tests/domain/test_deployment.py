"""Where a router stands follows from who deploys it, who owns it and the chain's constants."""

from dataclasses import replace

import pytest
from eth_abi.abi import decode

from executor.config.chains import load_chain
from executor.domain.address import ZERO_ADDRESS, Address
from executor.domain.deployment import (
    Part,
    PlacedPart,
    RouterConstants,
    create2_address,
    place_parts,
    router_constants,
    router_salt,
)
from executor.domain.errors import ConfigError

OWNER = Address("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266")
TOKEN = Address("0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2")
LENDER = Address("0xBA12222222228d8Ba445958a75a0704d566BF2C8")
CONSTANTS = "(address[4],address,address,address,address,address,address,address,address)"
INIT_CODES = {part: part.encode() for part in Part}


def placed_parts(constants: RouterConstants, changed: Part | None = None) -> tuple[PlacedPart, ...]:
    """The parts as CREATE2 places them; `changed` has one byte more of code."""
    codes = {part: code + b"\0" * (part is changed) for part, code in INIT_CODES.items()}
    return place_parts(codes, OWNER, constants, lambda code: create2_address(LENDER, bytes(32), code))


@pytest.mark.parametrize(
    ("deployer", "salt", "code", "expected"),
    [
        (ZERO_ADDRESS, "00" * 32, "00", "0x4D1A2e2bB4F88F0250f26Ffff098B0b30B26BF38"),
        (
            "0xdeadbeef00000000000000000000000000000000",
            "00" * 32,
            "00",
            "0xB928f69Bb1D91Cd65274e3c79d8986362984fDA3",
        ),
        (
            "0x00000000000000000000000000000000deadbeef",
            "00" * 28 + "cafebabe",
            "deadbeef",
            "0x60f3f640a8508fC6a86d45DF051962668E1e8AC7",
        ),
        (ZERO_ADDRESS, "00" * 32, "", "0xE33C0C7F7df4809055C3ebA6c09CFe4BaF1BD9e0"),
    ],
)
def test_addresses_are_those_of_the_examples_in_eip_1014(
    deployer: str, salt: str, code: str, expected: str
) -> None:
    assert create2_address(Address(deployer), bytes.fromhex(salt), bytes.fromhex(code)) == expected


def test_the_salt_is_the_deployers_address_in_a_word() -> None:
    assert router_salt(OWNER).hex() == "00" * 12 + OWNER[2:].lower()


def test_every_part_gets_the_constants_with_zero_in_empty_places() -> None:
    constants = RouterConstants((TOKEN,), TOKEN, balancer_v2_vault=LENDER)
    expected = ((TOKEN.lower(), *[ZERO_ADDRESS] * 3), TOKEN.lower(), *[ZERO_ADDRESS] * 2, LENDER.lower())
    for placed in placed_parts(constants):
        types = {Part.EXTENSION: (CONSTANTS,), Part.ROUTER: ("address", CONSTANTS, "address", "address")}
        values = decode(types.get(placed.part, (CONSTANTS, "address")), placed.arguments)
        fixed = values[1] if placed.part is Part.ROUTER else values[0]
        assert fixed == (*expected, *[ZERO_ADDRESS] * 4)


def test_each_part_is_built_with_the_addresses_of_the_parts_that_it_reaches() -> None:
    extension, simulator, control, router = placed_parts(RouterConstants((TOKEN,), TOKEN))
    assert decode((CONSTANTS, "address"), simulator.arguments)[1] == extension.address.lower()
    assert decode((CONSTANTS, "address"), control.arguments)[1] == simulator.address.lower()
    owner, _, *reached = decode(("address", CONSTANTS, "address", "address"), router.arguments)
    assert owner == OWNER.lower()
    assert reached == [extension.address.lower(), control.address.lower()]


def test_the_routers_address_follows_from_the_code_of_every_part() -> None:
    constants = RouterConstants((TOKEN,), TOKEN)
    routers = {placed_parts(constants)[-1].address}
    for changed in Part:
        routers.add(placed_parts(constants, changed)[-1].address)
    assert len(routers) == 1 + len(Part)


def test_a_creation_code_is_the_compiled_code_and_then_the_arguments() -> None:
    for placed in placed_parts(RouterConstants((TOKEN,), TOKEN)):
        assert placed.creation_code == INIT_CODES[placed.part] + placed.arguments


@pytest.mark.parametrize("name", ["ethereum", "base", "sepolia"])
def test_each_chain_names_the_tokens_and_lenders_that_its_router_is_built_with(name: str) -> None:
    chain = load_chain(name)
    constants = router_constants(chain)
    assert constants.settlement_tokens == tuple(token.address for token in chain.settlement)
    assert constants.settlement_tokens[0] == chain.wrapped_native.address
    assert constants.aave_v3_pool is not None
    assert set(constants.lenders().values()) - {None} == {
        lender.known.address for lender in chain.lenders.values()
    }


def test_a_list_of_settlement_tokens_that_does_not_fit_is_refused_by_name() -> None:
    chain = load_chain("ethereum")
    with pytest.raises(ConfigError, match="ethereum: settlement: a router takes 1 to 4"):
        router_constants(replace(chain, settlement=(*chain.settlement, chain.settlement[0])))
    with pytest.raises(ConfigError, match="here are 0"):
        router_constants(replace(chain, settlement=()))
