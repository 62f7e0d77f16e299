"""Reads a JSON list of paths on stdin; writes one JSON line per file.

Each line holds the path, the text and a list of [start, end, value] of its
string literals in code points, as Python's own tokenize finds them. The value
is null for formatted strings and those with a lone surrogate, and a list of
numbers for bytes.
"""

import ast
import io
import json
import sys
import tokenize
import warnings

warnings.simplefilter("ignore")


def literals(text):
    lines = io.StringIO(text).readlines()
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    begin, depth = None, 0
    for tok in tokenize.generate_tokens(io.StringIO(text).readline):
        name = tokenize.tok_name[tok.type]
        start = starts[tok.start[0] - 1] + tok.start[1]
        end = starts[tok.end[0] - 1] + tok.end[1]
        if name in ("FSTRING_START", "TSTRING_START"):  # Python 3.12, 3.14
            begin, depth = (start if depth == 0 else begin), depth + 1
        elif name in ("FSTRING_END", "TSTRING_END"):
            depth -= 1
            if depth == 0:
                yield begin, end, None
        elif name == "STRING" and depth == 0:
            yield start, end, value(text[start:end])


def value(source):
    if "f" in source[: source.find(source[-1])].lower():
        return None
    v = ast.literal_eval(source)
    if isinstance(v, bytes):
        return list(v)
    try:
        v.encode()
    except UnicodeEncodeError:
        return None
    return v


for path in json.load(sys.stdin):
    try:
        with tokenize.open(path) as f:
            text = f.read()
        ast.parse(text)
        found = list(literals(text))
    except (SyntaxError, UnicodeDecodeError, ValueError):
        continue
    print(json.dumps({"path": path, "text": text, "literals": found}))
