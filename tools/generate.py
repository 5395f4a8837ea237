"""Writes the files that are generated: the plan format's Solidity constants and its page, the published JSON
Schemas, and the compiled lens.
"""

import json
from pathlib import Path

from devnet.compiler import compile_files
from executor.chain.lens_code import LensCode, lens_text
from executor.engine.opportunity_schema import opportunity_schema
from executor.operations.execution_schema import execution_schema
from executor.plan.documentation import plan_format
from executor.plan.generate import extension_solidity, solidity

PROJECT = Path(__file__).resolve().parent.parent


def generated() -> dict[str, str]:
    """Text of each generated file by its path in the checkout."""
    schemas = {"opportunity": opportunity_schema(), "execution": execution_schema()}
    texts = {
        f"docs/{name}.schema.json": json.dumps(schema, indent=2) + "\n" for name, schema in schemas.items()
    }
    return {
        "contracts/base/ExtensionFormat.sol": extension_solidity(),
        "contracts/base/PlanFormat.sol": solidity(),
        "docs/plan-format.md": plan_format(),
        "executor/chain/lens_code.json": lens_text(compiled_lens()),
        **texts,
    }


def compiled_lens() -> LensCode:
    """The lens as its sources are now, compiled as the project's contracts are."""
    made = compile_files(["contracts/lens/MarketLens.sol", "contracts/lens/MarketLensOnce.sol"])
    return LensCode(made["MarketLens"].deployed_bytecode, made["MarketLensOnce"].bytecode)


def main() -> None:
    """Write every file that differs and name it."""
    for name, text in generated().items():
        path = PROJECT / name
        if not path.is_file() or path.read_text() != text:
            path.write_text(text)
            print(f"wrote {name}")


if __name__ == "__main__":
    main()
