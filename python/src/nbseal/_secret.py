"""Strings and bytes that work like any other and do not show themselves.

The mask covers what shows a value without being asked for it: repr, and with it the last expression of a
cell, containers, tracebacks, debuggers; and the few inspectors that call str. It covers pickles, which hold
the name.

It does not cover what is asked for: print(secret), f"{secret}", json.dumps, logging. Nor what is made from a
secret by other means than cutting: secret.upper(), "x" + secret, secret.encode(), list(secret), a regular
expression's groups, numpy arrays. It does not hide anything from code that runs in the same process.
"""

from __future__ import annotations

import sys
from typing import Any, Callable, FrozenSet, List, Optional, SupportsIndex, Tuple, Type, Union

# Modules that show variables by calling str on them where repr was to be expected: %whos; `secret?` and the
# contextual help of front ends; tables of pandas.
_INSPECTORS: FrozenSet[str] = frozenset(
    ["IPython.core.magics.namespace", "IPython.core.oinspect", "pandas.io.formats.printing"]
)
# The functions that JupyterLab's variable inspector extension defines in the user's module, to the same end
# (https://github.com/jupyterlab-contrib/jupyterlab-variableInspector, src/inspectorscripts.ts).
_INSPECTING = "_jupyterlab_variableinspector_"


def _again(kind: Type[Any], name: str) -> Any:
    """Fetch a secret that was pickled; pickles name this function, so it keeps its name and place."""
    from . import get, get_bytes

    return get(name) if issubclass(kind, str) else get_bytes(name)


class Secret(str):
    """A secret as text: a str whose repr is masked.

    str(), format() and everything that takes a str see the value. Pickling stores the name and unpickling
    fetches the value again, so that joblib, dill and %store write no plaintext. What is cut out of a secret
    (slices, strip, split and their like) is a Secret too; it cannot be pickled, as its name does not say what
    was cut.

    Attributes:
        name: the name it was asked for by.
    """

    __slots__ = ("_name", "_whole")
    _name: str
    _whole: bool

    def __new__(cls, value: str, name: str) -> Secret:
        """Mask value, the whole of the secret called name."""
        self = super().__new__(cls, value)
        self._name = name
        self._whole = True
        return self

    @property
    def name(self) -> str:
        """The name it was asked for by."""
        return self._name

    def __repr__(self) -> str:
        return f"<nbseal.Secret {self._name}{'' if self._whole else ' (part)'}>"

    def __str__(self) -> str:
        return repr(self) if _shown_by_inspector() else super().__str__()

    def __format__(self, spec: str) -> str:
        return format(super().__str__(), spec)

    def __reduce_ex__(self, protocol: SupportsIndex) -> Tuple[Callable[..., Any], Tuple[Type[Any], str]]:
        if not self._whole:
            raise TypeError(f"cannot pickle a part of secret {self._name}; pickle the whole and cut it again")
        return _again, (Secret, self._name)

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def _part(self, value: str) -> Secret:
        if value == self:
            return self
        part = Secret(value, self._name)
        part._whole = False
        return part

    def __getitem__(self, key: Union[SupportsIndex, slice]) -> str:
        value = super().__getitem__(key)
        return self._part(value) if isinstance(key, slice) else value

    def strip(self, chars: Optional[str] = None, /) -> Secret:
        """As str.strip, masked."""
        return self._part(super().strip(chars))

    def lstrip(self, chars: Optional[str] = None, /) -> Secret:
        """As str.lstrip, masked."""
        return self._part(super().lstrip(chars))

    def rstrip(self, chars: Optional[str] = None, /) -> Secret:
        """As str.rstrip, masked."""
        return self._part(super().rstrip(chars))

    def removeprefix(self, prefix: str, /) -> Secret:
        """As str.removeprefix, masked."""
        return self._part(super().removeprefix(prefix))

    def removesuffix(self, suffix: str, /) -> Secret:
        """As str.removesuffix, masked."""
        return self._part(super().removesuffix(suffix))

    def split(self, sep: Optional[str] = None, maxsplit: SupportsIndex = -1) -> List[str]:
        """As str.split, each piece masked."""
        return [self._part(piece) for piece in super().split(sep, maxsplit)]

    def rsplit(self, sep: Optional[str] = None, maxsplit: SupportsIndex = -1) -> List[str]:
        """As str.rsplit, each piece masked."""
        return [self._part(piece) for piece in super().rsplit(sep, maxsplit)]

    def splitlines(self, keepends: bool = False) -> List[str]:
        """As str.splitlines, each line masked."""
        return [self._part(piece) for piece in super().splitlines(keepends)]

    def partition(self, sep: str, /) -> Tuple[str, str, str]:
        """As str.partition, each piece masked."""
        before, middle, after = super().partition(sep)
        return self._part(before), self._part(middle), self._part(after)

    def rpartition(self, sep: str, /) -> Tuple[str, str, str]:
        """As str.rpartition, each piece masked."""
        before, middle, after = super().rpartition(sep)
        return self._part(before), self._part(middle), self._part(after)


class SecretBytes(bytes):
    """A secret as bytes: bytes whose repr and str are masked.

    It pickles as Secret does. What is cut out of it or decoded from it is plain.

    Attributes:
        name: the name it was asked for by.
    """

    name: str

    def __new__(cls, value: bytes, name: str) -> SecretBytes:
        """Mask value, the whole of the secret called name."""
        self = super().__new__(cls, value)
        self.name = name
        return self

    def __repr__(self) -> str:
        return f"<nbseal.SecretBytes {self.name}>"

    # The str of bytes is their repr, which nobody asks for to get at the value.
    __str__ = __repr__

    def __reduce_ex__(self, protocol: SupportsIndex) -> Tuple[Callable[..., Any], Tuple[Type[Any], str]]:
        return _again, (SecretBytes, self.name)

    def __copy__(self) -> SecretBytes:
        return self

    def __deepcopy__(self, memo: object) -> SecretBytes:
        return self


def _shown_by_inspector() -> bool:
    """Tell whether the caller of Secret.__str__ is code that lists variables."""
    try:
        caller = sys._getframe(2)
        return caller.f_globals.get("__name__") in _INSPECTORS or caller.f_code.co_name.startswith(
            _INSPECTING
        )
    except ValueError:  # called by the interpreter itself, as for atexit.register(str, secret)
        return False
