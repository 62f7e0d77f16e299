"""Reads a JSON list of cases on stdin; writes one JSON line for each that fails.

A case has a name, the code before and after and the values of its secrets. Both
run with a module nbseal whose get returns the value; what they leave in r must
be equal, and so must its type but for a Secret in place of a str.
"""

import json
import os
import sys
import types
import warnings

warnings.simplefilter("ignore")


class Secret(str):
    """A str that does not show itself."""

    def __repr__(self):
        return "<Secret>"


def run(code, values):
    module = types.ModuleType("nbseal")
    module.get = lambda name: Secret(values[name])
    sys.modules["nbseal"] = module
    names = {"os": os}
    exec(compile(code, "cell", "exec"), names)
    return names["r"]


def kind(v):
    return str if isinstance(v, Secret) else type(v)


for case in json.load(sys.stdin):
    try:
        before = run(case["before"], {})
        after = run(case["after"], case["values"])
        same = before == after and kind(before) is kind(after)
        problem = None if same else "the values differ"
    except Exception as e:
        problem = f"{type(e).__name__}: {e}"
    if problem:
        print(json.dumps({"name": case["name"], "problem": problem}))
