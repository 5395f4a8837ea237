"""What is generated from the plan format: the Solidity constants, as text. `make generate` writes them to
their file.
"""

from executor.plan.format import solidity_constants


def solidity() -> str:
    """The text of contracts/base/PlanFormat.sol."""
    lines = [
        "// SPDX-License-Identifier: MIT",
        "pragma solidity 0.8.28;",
        "",
        "/// @notice Numbers of the plan format.",
        "/// @dev Generated from executor/plan/format.py by `make generate`; a test compares the two.",
        "library PlanFormat {",
    ]
    for constant in solidity_constants():
        lines += [
            f"    /// {constant.notice}",
            f"    uint256 internal constant {constant.name} = 0x{constant.value:02x};",
        ]
    return "\n".join([*lines, "}", ""])
