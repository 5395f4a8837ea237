"""What is generated from the plan format: the Solidity constants, as text. `make generate` writes them to
their files.
"""

from collections.abc import Sequence

from executor.plan.format import Constant, extension_constants, solidity_constants


def solidity() -> str:
    """The text of contracts/base/PlanFormat.sol."""
    return _library("PlanFormat", "Numbers of the plan format.", solidity_constants())


def extension_solidity() -> str:
    """The text of contracts/base/ExtensionFormat.sol."""
    notice = "Numbers of the plan format that only the extension needs."
    return _library("ExtensionFormat", notice, extension_constants())


def _library(name: str, notice: str, constants: Sequence[Constant]) -> str:
    lines = [
        "// SPDX-License-Identifier: MIT",
        "pragma solidity 0.8.28;",
        "",
        f"/// @notice {notice}",
        "/// @dev Generated from executor/plan/format.py by `make generate`; a test compares the two.",
        f"library {name} {{",
    ]
    for constant in constants:
        lines += [
            f"    /// {constant.notice}",
            f"    uint256 internal constant {constant.name} = 0x{constant.value:02x};",
        ]
    return "\n".join([*lines, "}", ""])
