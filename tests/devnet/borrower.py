"""A contract that borrows from each lender of the local chains and pays back."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from devnet import Node, abi
from devnet.artifacts import Artifact
from devnet.compiler import compile_files
from devnet.roles import account

CONTRACTS = Path(__file__).parent / "contracts"
STRANGER = account("stranger")


@lru_cache(maxsize=1)
def borrower_artifact() -> Artifact:
    settings = {"optimizer": {"enabled": True, "runs": 200}, "evmVersion": "cancun"}
    return compile_files(["Borrower.sol"], base_path=CONTRACTS, version="0.8.28", settings=settings)[
        "Borrower"
    ]


class Borrower:
    """A deployed borrower with a little of the token to pay fees from."""

    def __init__(self, node: Node, token: str, fee_money: int) -> None:
        self.node, self.token, self.fee_money = node, token, fee_money
        receipt = node.send(STRANGER, None, borrower_artifact().bytecode)
        self.address = str(receipt["contractAddress"])
        node.set_erc20_balance(token, self.address, fee_money)

    def borrow(self, signature: str, *arguments: object) -> tuple[int, int]:
        """(held during the loan beyond the fee money, fee paid), both in smallest units."""
        self.node.send(STRANGER, self.address, abi.encode_call(signature, *arguments))
        held, fee = (
            abi.decode("(uint256)", self.node.call(self.address, abi.encode_call(name)))[0]
            for name in ("held()", "fee()")
        )
        assert self.node.erc20_balance(self.token, self.address) == self.fee_money - fee
        return held - self.fee_money, fee
