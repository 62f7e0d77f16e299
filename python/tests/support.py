"""What the tests share: a real store, programs that do what no nbseal does, an environment to spoil."""

from __future__ import annotations

import os
import secrets
import stat
import subprocess
import sys
import tempfile
import textwrap
import unittest
from typing import Dict
from unittest import mock


def canary() -> str:
    """Return a value that occurs nowhere else; generated, so that no scanner finds it in this repository."""
    return "canary-" + secrets.token_hex(24)


def binary() -> str:
    """Return the path of the nbseal under test; without one the tests fail, they are not skipped."""
    path = os.environ.get("NBSEAL_BINARY", "")
    if not os.path.isabs(path) or not os.path.isfile(path):
        raise AssertionError(f"NBSEAL_BINARY must be the absolute path of an nbseal binary, not {path!r}")
    return path


class SandboxCase(unittest.TestCase):
    """A test with a directory and an environment of its own."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory(prefix="nbseal-test-")
        self.addCleanup(folder.cleanup)
        self.folder = os.path.realpath(folder.name)
        environ = mock.patch.dict(os.environ)
        environ.start()
        self.addCleanup(environ.stop)
        for name in ("NBSEAL_RUN", "JPY_SESSION_NAME"):
            os.environ.pop(name, None)

    def program(self, body: str, path: str = "fake-nbseal") -> str:
        """Write a program with this Python body and return its path."""
        path = os.path.join(self.folder, path)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"#!{sys.executable} -IS\n{textwrap.dedent(body)}")
        os.chmod(path, stat.S_IRWXU)
        return path


class StoreCase(SandboxCase):
    """A test with a real binary and a store of its own."""

    def setUp(self) -> None:
        super().setUp()
        os.environ.update(store_environment(self.folder))
        self.nbseal("init")

    def nbseal(self, *args: str, stdin: bytes = b"") -> bytes:
        """Run the binary; return what it wrote to stdout."""
        return run_nbseal(dict(os.environ), *args, stdin=stdin)


def store_environment(folder: str) -> Dict[str, str]:
    """Return the variables that keep a store and its identity below folder."""
    return {
        "NBSEAL_BINARY": binary(),
        "NBSEAL_STORE": os.path.join(folder, "data", "store"),
        "NBSEAL_IDENTITY_FILE": os.path.join(folder, "data", "identity.txt"),
        "XDG_DATA_HOME": os.path.join(folder, "xdg"),
    }


def run_nbseal(env: Dict[str, str], *args: str, stdin: bytes = b"") -> bytes:
    """Run the binary under test; it has to succeed."""
    os.makedirs(os.path.dirname(env["NBSEAL_STORE"]), exist_ok=True)
    done = subprocess.run([binary(), *args], input=stdin, env=env, capture_output=True, timeout=60)
    if done.returncode != 0:
        raise AssertionError(f"nbseal {args} ended with {done.returncode}: {done.stderr!r}")
    return done.stdout
