"""Reads a JSON list of cases on stdin; writes one JSON line for each that fails.

A case has a name, the code before and after and the values of its secrets. With
each call of nbseal.get put back to the value, and formatted strings without
other fields folded into constants, and without import nbseal, both must have
the same syntax tree; and the code after must compile.
"""

import ast
import json
import sys
import warnings

warnings.simplefilter("ignore")


class Fold(ast.NodeTransformer):
    """Puts values in place of calls of nbseal and joins what is constant."""

    def __init__(self, values):
        self.values = values

    def visit_Call(self, node):
        self.generic_visit(node)
        f = node.func
        if isinstance(f, ast.Attribute) and isinstance(f.value, ast.Name) and f.value.id == "nbseal":
            assert f.attr == "get"
            return ast.Constant(self.values[node.args[0].value])
        if isinstance(f, ast.Attribute) and f.attr == "encode" and getattr(f.value, "value", None) in self.values.values():
            return ast.Constant(f.value.value.encode())
        return node

    def visit_Import(self, node):
        return None if [a.name for a in node.names] == ["nbseal"] else node

    def visit_Constant(self, node):
        return ast.Constant(node.value)  # without the kind "u"

    def visit_FormattedValue(self, node):
        self.generic_visit(node)
        if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            if node.conversion == -1 and node.format_spec is None:
                return node.value
        return node

    def visit_JoinedStr(self, node):
        self.generic_visit(node)
        parts = []
        for v in node.values:
            if isinstance(v, ast.JoinedStr):
                parts.extend(v.values)
            elif isinstance(v, ast.Constant) and parts and isinstance(parts[-1], ast.Constant):
                parts[-1] = ast.Constant(parts[-1].value + v.value)
            else:
                parts.append(v)
        parts = [p for p in parts if not isinstance(p, ast.Constant) or p.value]
        if not parts:
            return ast.Constant("")
        if len(parts) == 1 and isinstance(parts[0], ast.Constant):
            return parts[0]
        return ast.JoinedStr(parts)


for case in json.load(sys.stdin):
    try:
        compile(case["before"], "cell", "exec")
        before = ast.dump(Fold(case["values"]).visit(ast.parse(case["before"])))
    except (SyntaxError, ValueError):
        continue
    try:
        compile(case["after"], "cell", "exec")
        after = ast.dump(Fold(case["values"]).visit(ast.parse(case["after"])))
        problem = None if before == after else "the trees differ"
    except Exception as e:
        problem = f"{type(e).__name__}: {e}"
    if problem:
        print(json.dumps({"name": case["name"], "problem": problem}))
