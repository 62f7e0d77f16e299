"""python -m nbseal: runs the binary with the arguments given."""

from __future__ import annotations

import os
import subprocess
import sys

from . import BinaryNotFound
from ._find import find_binary


def main() -> int:
    """Become the binary where the system can do that; else run it and return its exit code."""
    try:
        binary = find_binary()
    except BinaryNotFound as err:
        print(f"nbseal: {err}", file=sys.stderr)
        return 2
    argv = [binary, *sys.argv[1:]]
    if os.name == "nt":
        return subprocess.call(argv)
    os.execv(binary, argv)


if __name__ == "__main__":
    sys.exit(main())
