"""Which faults there are: a walk over the compiler's syntax tree of a source unit. No input or output."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

Tree = dict[str, Any]
Edit = tuple[int, int, str]

RELATED = {
    "<": ("<=", ">="),
    "<=": ("<", ">"),
    ">": (">=", "<="),
    ">=": (">", "<"),
    "==": ("!=",),
    "!=": ("==",),
    "&&": ("||",),
    "||": ("&&",),
    "+": ("-",),
    "-": ("+",),
    "*": ("/",),
    "/": ("*",),
    "&": ("|",),
    "|": ("&",),
    "<<": (">>",),
    ">>": ("<<",),
}
ASSIGNED = {"|=": ("=", "&="), "&=": ("=", "|="), "+=": ("-=",), "-=": ("+=",)}
YUL_RELATED = {
    "lt": "gt",
    "gt": "lt",
    "and": "or",
    "or": "and",
    "add": "sub",
    "sub": "add",
    "shl": "shr",
    "shr": "shl",
    "mul": "add",
    "iszero": "",
}
DECLARATIONS = (
    "ImportDirective",
    "PragmaDirective",
    "EventDefinition",
    "ErrorDefinition",
    "StructDefinition",
)
# Types hold literals (lengths of arrays) that are no values of the program.
NOT_CODE = ("typeName", "typeDescriptions", "documentation", "parameters", "returnParameters")


@dataclass(frozen=True)
class Mutant:
    """One fault: `old` at byte `start` of `unit` replaced by `new`.

    `line` is the text of the line it starts in, without indentation, `nth` says which of several equal pieces
    of it is meant, from one, and `function` is where it stands.
    """

    unit: str
    function: str
    start: int
    old: str
    new: str
    line: str
    nth: int = 1

    @property
    def name(self) -> str:
        """What a person reads, and what the list of equivalent mutants names it by."""
        old = " ".join(self.old.split())
        which = f" ({self.nth})" if self.nth > 1 else ""
        return f"{self.function}: `{old}`{which} -> `{self.new}` in `{self.line}`"

    def applied(self, text: str) -> str:
        """The unit's text with the fault in it."""
        raw = text.encode()
        end = self.start + len(self.old.encode())
        return (raw[: self.start] + self.new.encode() + raw[end:]).decode()


def mutants(unit: str, text: str, tree: Tree) -> list[Mutant]:
    """Every fault of a source unit, in the order of its text, each once. `tree` is its AST."""
    raw = text.encode()
    found: dict[tuple[int, str, str], Mutant] = {}
    for function, node in _nodes(tree, ""):
        for start, end, new in _edits(node, raw):
            old = raw[start:end].decode()
            line_start = raw.rfind(b"\n", 0, start) + 1
            line = raw[line_start : _line_end(raw, start)].decode().strip()
            nth = raw[line_start:start].decode().count(old) + 1
            found.setdefault((start, old, new), Mutant(unit, function, start, old, new, line, nth))
    return [found[key] for key in sorted(found)]


def _line_end(raw: bytes, start: int) -> int:
    end = raw.find(b"\n", start)
    return len(raw) if end < 0 else end


def _nodes(node: Any, function: str) -> Iterator[tuple[str, Tree]]:
    """Every node of the tree inside a function or a constant, with the name of what it stands in."""
    if isinstance(node, list):
        for child in node:
            yield from _nodes(child, function)
    elif isinstance(node, dict) and node.get("nodeType") not in DECLARATIONS:
        function = _named(node) or function
        if function and "nodeType" in node:
            yield function, node
        for key, child in node.items():
            if key not in NOT_CODE:
                yield from _nodes(child, function)


def _named(node: Tree) -> str:
    """The name of the function, modifier or constant that the node is, if it is one."""
    kind = node.get("nodeType")
    if kind in ("FunctionDefinition", "ModifierDefinition"):
        return str(node["name"] or node["kind"])
    return str(node["name"]) if kind == "VariableDeclaration" and node.get("constant") else ""


def _span(node: Tree) -> tuple[int, int]:
    start, length, _ = (int(part) for part in node["src"].split(":"))
    return start, start + length


def _edits(node: Tree, raw: bytes) -> Iterator[Edit]:
    kind = node["nodeType"]
    rule = RULES.get(kind)
    if rule is not None:
        yield from rule(node, raw)


def _binary(node: Tree, raw: bytes) -> Iterator[Edit]:
    left, right = _span(node["leftExpression"])[1], _span(node["rightExpression"])[0]
    operator = node["operator"]
    at = raw.find(operator.encode(), left, right)
    for new in RELATED.get(operator, ()):
        yield at, at + len(operator), new


def _assignment(node: Tree, raw: bytes) -> Iterator[Edit]:
    left, right = _span(node["leftHandSide"])[1], _span(node["rightHandSide"])[0]
    operator = node["operator"]
    at = raw.find(operator.encode(), left, right)
    for new in ASSIGNED.get(operator, ()):
        yield at, at + len(operator), new


def _unary(node: Tree, raw: bytes) -> Iterator[Edit]:
    start, _ = _span(node)
    if node["operator"] in ("!", "~"):
        yield start, start + 1, ""


def _condition(node: Tree, raw: bytes) -> Iterator[Edit]:
    start, end = _span(node["condition"])
    yield start, end, "true"
    yield start, end, "false"


def _choice(node: Tree, raw: bytes) -> Iterator[Edit]:
    yield from (
        (*_span(node), raw[slice(*_span(node[key]))].decode())
        for key in ("trueExpression", "falseExpression")
    )


def _statement(node: Tree, raw: bytes) -> Iterator[Edit]:
    start, end = _span(node)
    if raw[end : end + 1] == b";":
        end += 1
    yield start, end, "{}"


def _modifier(node: Tree, raw: bytes) -> Iterator[Edit]:
    if node.get("kind") == "modifierInvocation":
        yield (*_span(node), "")


def _number(node: Tree, raw: bytes) -> Iterator[Edit]:
    start, end = _span(node)
    old = raw[start:end].decode()
    if node.get("kind") == "number" and old.replace("_", "").isalnum():
        try:
            value = int(old.replace("_", ""), 0)
        except ValueError:
            return
        yield start, end, str(value + 1) if not old.startswith("0x") else hex(value + 1)


def _sender(node: Tree, raw: bytes) -> Iterator[Edit]:
    start, end = _span(node)
    if raw[start:end] == b"msg.sender":
        yield start, end, "tx.origin"


def _yul_call(node: Tree, raw: bytes) -> Iterator[Edit]:
    start, end = _span(node["functionName"])
    name = raw[start:end].decode()
    if name in YUL_RELATED:
        yield start, end, YUL_RELATED[name]


def _yul_statement(node: Tree, raw: bytes) -> Iterator[Edit]:
    yield (*_span(node), "{}")


def _yul_condition(node: Tree, raw: bytes) -> Iterator[Edit]:
    start, end = _span(node["condition"])
    yield start, end, "1"
    yield start, end, "0"


Rule = Callable[[Tree, bytes], Iterator[Edit]]
RULES: dict[str, Rule] = {
    "BinaryOperation": _binary,
    "Assignment": _assignment,
    "UnaryOperation": _unary,
    "IfStatement": _condition,
    "Conditional": _choice,
    "ExpressionStatement": _statement,
    "RevertStatement": _statement,
    "EmitStatement": _statement,
    "ModifierInvocation": _modifier,
    "Literal": _number,
    "MemberAccess": _sender,
    "YulFunctionCall": _yul_call,
    "YulLiteral": _number,
    "YulExpressionStatement": _yul_statement,
    "YulAssignment": _yul_statement,
    "YulIf": _yul_condition,
}
