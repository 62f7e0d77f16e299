"""Secrets as environment variables, and back again."""

from __future__ import annotations

import os
import re
from types import TracebackType
from typing import Dict, Mapping, NoReturn, Optional, SupportsIndex, Type

from ._client import check_name, fetch
from ._errors import Error
from ._secret import Secret

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Environment:
    """Variables that were set by nbseal.env; as a context manager it puts the previous ones back at the end.

    It shows nothing as the last expression of a cell, and elsewhere the names of the variables only.
    """

    __slots__ = ("_previous",)

    def __init__(self, values: Mapping[str, str]) -> None:
        self._previous: Dict[str, Optional[str]] = {}
        for variable, value in values.items():
            self._previous[variable] = os.environ.get(variable)
            if not _put(variable, value):
                self.restore()
                raise Error(f"the system refuses to set the environment variable {variable}")

    def restore(self) -> None:
        """Put back what the variables were before, or unset them. A second call does nothing."""
        while self._previous:
            variable, value = self._previous.popitem()
            if value is None:
                os.environ.pop(variable, None)
            else:
                os.environ[variable] = value

    def __enter__(self) -> Environment:
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        traceback: Optional[TracebackType],
    ) -> None:
        self.restore()

    def __repr__(self) -> str:
        return f"<nbseal.env {', '.join(self._previous) or '(restored)'}>"

    def _ipython_display_(self) -> None:
        """Show nothing."""

    # What it remembers may be secrets too.
    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError("cannot pickle what nbseal.env returns")


def _put(variable: str, value: str) -> bool:
    # The exception's frames hold the value, so it must not become the context of another one.
    try:
        os.environ[variable] = str(value)
        return True
    except (OSError, ValueError):
        return False


def env(*names: str, **aliases: str) -> Environment:
    """Set environment variables to secrets, right away.

    env("A", B="team/b") sets A to the secret A, and B to the secret team/b. All are asked for at once, and
    none is set unless all were had. Child processes inherit them, and os.environ shows them to whoever looks.

    Args:
        names: secrets whose names are variables too: letters, digits and _.
        aliases: variable="name of the secret".

    Returns:
        A context manager: leaving it puts the previous variables back. Otherwise they stay until the process
        ends.

    Raises:
        Error: or one of its subclasses; nothing was set.
        ValueError: no names, the same variable twice, or a name that cannot be that of a variable.
    """
    wanted: Dict[str, str] = {}
    for name in names:
        check_name(name)
        if not _VARIABLE.fullmatch(name):
            raise ValueError(
                f'{name} cannot be the name of a variable; give it one: nbseal.env(VARIABLE="{name}")'
            )
        if name in wanted or name in aliases:
            raise ValueError(f"variable {name} is given twice")
        wanted[name] = name
    for variable in aliases:
        if not _VARIABLE.fullmatch(variable):
            raise ValueError(f"{variable!r} cannot be the name of a variable")
    wanted.update(aliases)
    if not wanted:
        raise ValueError("nbseal.env needs the name of at least one secret")
    secrets = fetch(list(wanted.values()))
    values: Dict[str, str] = _without_overwritten(wanted)
    for variable, name in wanted.items():
        value = _as_variable(secrets[name], name)
        if value is None:
            raise Error(
                f"secret {name} cannot be an environment variable: it holds a zero byte or is not text",
                name,
                f'Use nbseal.get_bytes("{name}").',
            )
        values[variable] = value
    return Environment(values)


def _without_overwritten(wanted: Mapping[str, str]) -> Dict[str, str]:
    """Take a variable that is to hold another secret out of NBSEAL_RUN, or get would return the wrong one."""
    listed = [name for name in os.environ.get("NBSEAL_RUN", "").split(",") if name]
    kept = [name for name in listed if wanted.get(name, name) == name]
    return {} if kept == listed else {"NBSEAL_RUN": ",".join(kept)}


def _as_variable(value: bytes, name: str) -> Optional[Secret]:
    """Return value as os.environ wants it, which keeps every byte on Unix, or None if it cannot be one."""
    try:
        return None if 0 in value else Secret(os.fsdecode(value), name)
    except UnicodeDecodeError:
        return None
