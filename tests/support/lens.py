"""The lens as its sources are now, lent to an address for one call: what a new venue's lens is tried with."""

from __future__ import annotations

from functools import cache

from devnet import Node, abi, compiler
from tools.generate import compiled_lens

KINDS = {
    "uniswap_v2": 1,
    "uniswap_v3": 2,
    "uniswap_v4": 3,
    "solidly": 4,
    "curve": 5,
    "balancer_v2": 6,
    "balancer_v3": 7,
    "erc4626": 8,
}
LENS = "0x00000000000000000000000000000000004c656e73"[:42]


@cache
def lens_code() -> bytes:
    """The runtime code of contracts/lens/MarketLens.sol."""
    return compiled_lens().runtime


@cache
def creation_code() -> bytes:
    """The creation code of contracts/lens/MarketLensOnce.sol."""
    return compiled_lens().creation


def packed(*requests: tuple[str, bytes]) -> bytes:
    """Requests, each the name of its kind and the bytes for that venue's lens, as MarketLens takes them."""
    return b"".join(
        bytes([KINDS[kind]]) + len(request).to_bytes(2, "big") + request for kind, request in requests
    )


def unpacked(answers: bytes) -> list[bytes | None]:
    """The answer to each request, None where the pool did not answer."""
    found: list[bytes | None] = []
    while answers:
        end = 4 + int.from_bytes(answers[1:4], "big")
        found.append(answers[4:end] if answers[0] else None)
        answers = answers[end:]
    return found


def ask_lens(node: Node, *requests: tuple[str, bytes]) -> list[bytes | None]:
    """The answers of the lens at the newest block, its code lent to an address."""
    call = {"to": LENS, "data": "0x" + abi.encode_call("read(bytes)", packed(*requests)).hex()}
    answer = node.rpc("eth_call", call, "latest", {LENS: {"code": "0x" + lens_code().hex()}})
    return unpacked(bytes(abi.decode("(bytes)", bytes.fromhex(answer[2:]))[0]))


def ask_lens_once(node: Node, *requests: tuple[str, bytes]) -> list[bytes | None]:
    """The same answers, from a call that creates the lens."""
    data = creation_code() + abi.encode("(bytes)", packed(*requests))
    answer = node.rpc("eth_call", {"data": "0x" + data.hex()}, "latest")
    return unpacked(bytes(abi.decode("(bytes)", bytes.fromhex(answer[2:]))[0]))


@cache
def multicall_code() -> bytes:
    """Multicall3's `aggregate3`, by this project: no package holds the original's bytecode."""
    source = """
    pragma solidity 0.8.28;
    contract Multicall3 {
        struct Call3 { address target; bool allowFailure; bytes callData; }
        struct Result { bool success; bytes returnData; }
        function aggregate3(Call3[] calldata calls) external payable returns (Result[] memory results) {
            results = new Result[](calls.length);
            for (uint256 i; i < calls.length; ++i) {
                (results[i].success, results[i].returnData) = calls[i].target.call(calls[i].callData);
                require(results[i].success || calls[i].allowFailure, "Multicall3: call failed");
            }
        }
    }
    """
    version, settings = compiler.project_settings()
    made = compiler.compile({"Multicall3.sol": source}, version=version, settings=settings)
    return made["Multicall3"].deployed_bytecode
