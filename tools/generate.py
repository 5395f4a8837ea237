"""Writes the files that are generated: the plan format's Solidity constants and its page, and the published
JSON Schemas.
"""

import json
from pathlib import Path

from executor.engine.opportunity_schema import opportunity_schema
from executor.operations.execution_schema import execution_schema
from executor.plan.documentation import plan_format
from executor.plan.generate import solidity

PROJECT = Path(__file__).resolve().parent.parent


def generated() -> dict[str, str]:
    """Text of each generated file by its path in the checkout."""
    schemas = {"opportunity": opportunity_schema(), "execution": execution_schema()}
    texts = {
        f"docs/{name}.schema.json": json.dumps(schema, indent=2) + "\n" for name, schema in schemas.items()
    }
    return {"contracts/base/PlanFormat.sol": solidity(), "docs/plan-format.md": plan_format(), **texts}


def main() -> None:
    """Write every file that differs and name it."""
    for name, text in generated().items():
        path = PROJECT / name
        if not path.is_file() or path.read_text() != text:
            path.write_text(text)
            print(f"wrote {name}")


if __name__ == "__main__":
    main()
