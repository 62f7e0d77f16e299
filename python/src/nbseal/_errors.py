"""What can go wrong, as exceptions whose text says what to do next and never holds a value."""

from __future__ import annotations

from typing import Iterable, Optional


class Error(Exception):
    """A secret could not be had.

    Attributes:
        message: what happened.
        name: the secret that it is about, or None.
        hint: what to do next, or None.
    """

    def __init__(self, message: str, name: Optional[str] = None, hint: Optional[str] = None) -> None:
        super().__init__(message)
        self.message = message
        self.name = name
        self.hint = hint

    # Also keeps UnknownSecret from KeyError's own text, which is quoted.
    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class UnknownSecret(Error, KeyError):
    """No secret has this name."""


class StoreLocked(Error):
    """The store needs a passphrase or a login, and nobody can be asked here."""


class Denied(Error):
    """The manifest, or whoever was asked, refuses this secret to this notebook."""


class BinaryNotFound(Error):
    """There is no nbseal binary in any of the places where one is looked for.

    Attributes:
        tried: the places, in order, each with the reason why it was passed over.
    """

    def __init__(self, tried: Iterable[str]) -> None:
        self.tried = list(tried)
        super().__init__(
            "\n  ".join(["found no nbseal binary; tried, in this order:", *self.tried]),
            hint="Install nbseal, or set NBSEAL_BINARY to the absolute path of the binary.",
        )
        # So that a copy made by pickle is built from the list again.
        self.args = (self.tried,)
