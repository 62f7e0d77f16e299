"""Finding the nbseal binary, without ever running one that a repository brought along.

The order is: $NBSEAL_BINARY, the binary installed with this package, PATH. The working directory and relative
entries of PATH are passed over. The idea of looking where the installer of this very package puts programs,
and of naming every place tried, is ruff's (https://github.com/astral-sh/ruff, folder python/ruff).
"""

from __future__ import annotations

import os
import sys
import sysconfig
from typing import Iterator, List

from ._errors import BinaryNotFound

_EXECUTABLE = "nbseal.exe" if os.name == "nt" else "nbseal"


def find_binary() -> str:
    """Return the absolute path of the binary.

    Raises:
        BinaryNotFound: no place has one, or $NBSEAL_BINARY is set and is not one.
    """
    tried: List[str] = []
    chosen = os.environ.get("NBSEAL_BINARY")
    if chosen:
        # Someone who names a binary must not silently get another one.
        reason = _unusable(chosen)
        if reason:
            raise BinaryNotFound([f"{chosen} (NBSEAL_BINARY): {reason}"])
        return chosen
    for path in _installed():
        reason = _unusable(path)
        if not reason:
            return path
        tried.append(f"{path}: {reason}")
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        path = os.path.join(folder, _EXECUTABLE)
        reason = "passed over, it is the working directory" if _is_here(folder) else _unusable(path)
        if not reason:
            return path
        tried.append(f"{path} (PATH): {reason}")
    raise BinaryNotFound(tried)


def _unusable(path: str) -> str:
    """Say why path is not a binary to run, or return an empty string."""
    if not os.path.isabs(path):
        return "passed over, not an absolute path"
    if not os.path.isfile(path):
        return "no such file"
    if not os.access(path, os.X_OK):
        return "not executable"
    return ""


def _is_here(folder: str) -> bool:
    try:
        return os.path.isabs(folder) and os.path.samefile(folder, os.curdir)
    except OSError:
        return False


def _installed() -> Iterator[str]:
    """Yield the paths where an installer puts the binary of this package, without repetition."""
    package = os.path.dirname(os.path.abspath(__file__))
    folders = [
        os.path.join(package, "bin"),
        sysconfig.get_path("scripts"),
        # A virtual environment that sees the packages of the interpreter it was made from.
        sysconfig.get_path("scripts", vars={"base": sys.base_prefix}),
        sysconfig.get_path("scripts", scheme=_user_scheme()),
        # pip install --target
        os.path.join(os.path.dirname(package), "bin"),
    ]
    for folder in dict.fromkeys(folders):
        yield os.path.join(folder, _EXECUTABLE)


def _user_scheme() -> str:
    if sys.version_info >= (3, 10):
        return sysconfig.get_preferred_scheme("user")
    if os.name == "nt":
        return "nt_user"
    return "osx_framework_user" if getattr(sys, "_framework", "") else "posix_user"
