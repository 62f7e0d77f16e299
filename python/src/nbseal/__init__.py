"""Credentials in a notebook that do not show in the notebook.

    import nbseal

    password = nbseal.get("DB_PASSWORD")       # a str whose repr is masked
    nbseal.env("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")

The values come from the nbseal binary, which this package finds and starts; nothing is cached, logged or
written. Code in the notebook can still print a value: the mask is against accidents. A secret that cannot be
had is an nbseal.Error that says what to do next; there is no default value, so that a notebook never goes on
with the wrong credential.
"""

from __future__ import annotations

from typing import Optional

from ._client import fetch
from ._environment import Environment, env
from ._errors import BinaryNotFound, Denied, Error, StoreLocked, UnknownSecret
from ._secret import Secret, SecretBytes

__version__ = "0.1.0"

__all__ = [
    "BinaryNotFound",
    "Denied",
    "Environment",
    "Error",
    "Secret",
    "SecretBytes",
    "StoreLocked",
    "UnknownSecret",
    "env",
    "get",
    "get_bytes",
]


def get(name: str) -> Secret:
    """Return the secret called name.

    Raises:
        UnknownSecret: there is none.
        StoreLocked: the store needs a passphrase or a login, and nobody can be asked here.
        Denied: a rule refuses it to this notebook.
        BinaryNotFound: nbseal is not installed.
        Error: anything else, also a value that is not UTF-8.
    """
    value = _text(get_bytes(name))
    if value is None:
        raise Error(
            f"secret {name} is not UTF-8 text", name, f'nbseal.get_bytes("{name}") returns its bytes.'
        )
    return Secret(value, name)


def get_bytes(name: str) -> SecretBytes:
    """Return the secret called name as bytes. Raises what get raises, except that any bytes will do."""
    return fetch([name])[name]


def _text(value: bytes) -> Optional[str]:
    # The exception holds the value, so it must not become the context of another one.
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return None
