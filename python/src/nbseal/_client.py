"""Asking the binary: the client's side of docs/spec/get.md.

Names and values go over private pipes and nowhere else. Nothing is kept: a secret that was changed is seen
at the next call. Whatever is wrong with an answer is an error that does not quote it. No frame that a
traceback could show has a value in a local variable, except masked; that is why reading an answer returns
problems instead of raising them.
"""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
import threading
import time
from typing import IO, Any, Dict, List, Optional, Sequence, Tuple, Type

from ._errors import Denied, Error, StoreLocked, UnknownSecret
from ._find import find_binary
from ._secret import SecretBytes

VERSION = 1
TIMEOUT = 120.0  # seconds from start to answer, a passphrase typed on a terminal included
MAX_ANSWER = 64 << 20  # bytes
MAX_STDERR = 64 << 10  # bytes kept, the last ones
MAX_NAMES = 1000
MAX_NAME = 200  # bytes

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*")
_CODES: Dict[str, Type[Error]] = {"unknown": UnknownSecret, "locked": StoreLocked, "denied": Denied}
_HINTS = {
    "unknown": "In a terminal, `nbseal list` shows the names there are and `nbseal set NAME` adds one.",
    "no-store": "In a terminal, `nbseal init` makes one.",
    "denied": "The section [notebooks] of nbseal.toml says which notebooks get which names.",
}


def fetch(names: Sequence[str]) -> Dict[str, SecretBytes]:
    """Return the values of names, all or none.

    Args:
        names: at most 1,000 names; repetitions count once.

    Raises:
        Error: or one of its subclasses; no value was had.
        ValueError: a name that no secret can have. It is not quoted, for it may be a value given by mistake.
    """
    values: Dict[str, SecretBytes] = {}
    asked: List[str] = []
    for name in dict.fromkeys(names):
        check_name(name)
        value = _from_run(name)
        if value is None:
            asked.append(name)
        else:
            values[name] = value
    if asked:
        values.update(_ask(asked))
    return values


def check_name(name: str) -> None:
    """Raise TypeError or ValueError, without quoting it, if name is none that a secret can have."""
    if not isinstance(name, str):
        raise TypeError(f"the name of a secret is a str, not {type(name).__name__}")
    if len(name) > MAX_NAME or not _NAME.fullmatch(name):
        raise ValueError(
            "not a name of a secret: letters, digits and _ . - in segments joined by /, "
            f"beginning with a letter or _, at most {MAX_NAME} in all (and not its value)"
        )


def _from_run(name: str) -> Optional[SecretBytes]:
    """Return what `nbseal run` put into the environment under name, if it did."""
    if name not in os.environ.get("NBSEAL_RUN", "").split(",") or name not in os.environ:
        return None
    return SecretBytes(os.fsencode(os.environ[name]), name)


def _ask(names: List[str]) -> Dict[str, SecretBytes]:
    if len(names) > MAX_NAMES:
        raise ValueError(f"at most {MAX_NAMES} names at a time, not {len(names)}")
    request: Dict[str, object] = {"v": VERSION, "names": names}
    notebook = notebook_path()
    if notebook:
        request["notebook"] = notebook
    binary = find_binary()
    run = _Run([binary, "get", "--batch"], json.dumps(request).encode("ascii"))
    problem = run.finish(TIMEOUT)
    if problem:
        raise Error(f"{binary} {problem}", hint=run.complaint())
    values, error = _read_answer(run, names)
    if error:
        raise error
    return values


class _Drain:
    """Reads a pipe to its end in a thread of its own.

    Past `keep` bytes it forgets the oldest, or, if `strict`, stops reading.
    """

    def __init__(self, pipe: IO[bytes], keep: int, strict: bool) -> None:
        self._pipe, self._keep, self._strict = pipe, keep, strict
        self._data = bytearray()
        self.overflow = False
        # A grandchild may hold the pipe open for good; it must not hold up the end of the interpreter.
        self._thread = threading.Thread(target=self._read, name="nbseal-get", daemon=True)
        self._thread.start()

    def _read(self) -> None:
        with self._pipe as pipe:
            while True:
                chunk = os.read(pipe.fileno(), 1 << 16)
                if not chunk:
                    return
                self._data += chunk
                self.overflow = self.overflow or len(self._data) > self._keep
                if self.overflow and self._strict:
                    self._data.clear()
                    return
                del self._data[: -self._keep]

    def ended(self, seconds: float) -> bool:
        """Wait at most so long for the end of the pipe; tell whether it was reached."""
        self._thread.join(max(seconds, 0))
        return not self._thread.is_alive()

    def take(self) -> bytes:
        """Return what was read and forget it."""
        data, self._data = bytes(self._data), bytearray()
        return data


class _Run:
    """One run of the binary."""

    def __init__(self, argv: List[str], request: bytes) -> None:
        try:
            self._process = subprocess.Popen(
                argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0
            )
        except OSError as err:
            raise Error(f"{argv[0]} does not start: {err.strerror}") from None
        assert self._process.stdin and self._process.stdout and self._process.stderr
        self._stderr = _Drain(self._process.stderr, MAX_STDERR, strict=False)
        self._stdout = _Drain(self._process.stdout, MAX_ANSWER, strict=True)
        # A thread, as a program that does not read its stdin would stop us here.
        threading.Thread(
            target=_send, args=(self._process.stdin, request), name="nbseal-get", daemon=True
        ).start()

    @property
    def code(self) -> int:
        """The exit code, once finished."""
        return int(self._process.returncode)

    def finish(self, seconds: float) -> str:
        """Wait for the answer and the end of the process; return what went wrong, or an empty string."""
        deadline = time.monotonic() + seconds
        late = f"did not answer within {seconds:g} s"
        try:
            if not self._stdout.ended(deadline - time.monotonic()):
                return late
            if self._stdout.overflow:
                return f"answered with more than {MAX_ANSWER} bytes"
            try:
                self._process.wait(max(deadline - time.monotonic(), 0.001))
            except subprocess.TimeoutExpired:
                return late
            return ""
        finally:
            # Also on KeyboardInterrupt: nothing is left running that could ask or answer later.
            if self._process.poll() is None:
                self._process.kill()
                self._process.wait()

    def take(self) -> bytes:
        """Return the answer and forget it."""
        return self._stdout.take()

    def complaint(self) -> Optional[str]:
        """Return the end of what was written to stderr, for people, or None."""
        self._stderr.ended(1)
        text = self._stderr.take().decode("utf-8", "replace").strip()
        return _printable(text[-2000:]) or None


def _send(pipe: IO[bytes], request: bytes) -> None:
    """Write the request and close the pipe; a program that does not want it says so in its answer."""
    try:
        with pipe:
            view = memoryview(request)
            while view:
                view = view[pipe.write(view) :]
    except OSError:
        pass


def _read_answer(run: _Run, names: Sequence[str]) -> Tuple[Dict[str, SecretBytes], Optional[Error]]:
    """Return the values, or none and the error to raise."""
    try:
        answer = json.loads(run.take().decode("utf-8"))
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        return {}, Error(f"nbseal ended with code {run.code} and no answer", hint=run.complaint())
    version = answer.get("v")
    if type(version) is not int or version != VERSION:
        return {}, Error(
            "the nbseal binary and the Python package speak different versions of the protocol",
            hint="Install the same release of both.",
        )
    if ("values" in answer) == ("error" in answer):
        return {}, _misfit("it has not exactly one of values and error")
    if "error" in answer:
        return {}, _refusal(answer["error"], names)
    if run.code != 0:
        return {}, _misfit(f"it has values, yet the exit code is {run.code}")
    values = answer["values"]
    if not isinstance(values, dict) or values.keys() != set(names):
        return {}, _misfit("it has other names than those asked for")
    result: Dict[str, SecretBytes] = {}
    for name, text in values.items():
        value = _decode(text)
        if value is None:
            return {}, _misfit(f"the value of {name} is not base64")
        result[name] = SecretBytes(value, name)
    return result, None


def _decode(text: object) -> Optional[bytes]:
    if not isinstance(text, str):
        return None
    try:
        return base64.b64decode(text, validate=True)
    except ValueError:
        return None


def _misfit(what: str) -> Error:
    return Error(f"the answer of the nbseal binary is not to be trusted: {what}")


def _refusal(error: Any, names: Sequence[str]) -> Error:
    """Turn the error of an answer into an exception."""
    fields = error if isinstance(error, dict) else {}
    code, message, name, hint = (
        field if isinstance(field, str) else ""
        for field in map(fields.get, ("code", "message", "name", "hint"))
    )
    kind = _CODES.get(code, Error)
    about = name if name in names else (names[0] if len(names) == 1 else None)
    if kind is StoreLocked:
        options = " ".join(f"--secret {name}" for name in names)
        hint = (
            f"Start Jupyter under: nbseal run {options} -- jupyter lab\n"
            "or set NBSEAL_IDENTITY_FILE to the path of an identity file before Jupyter is started."
        )
    return kind(
        _printable(message) or f"nbseal failed ({_printable(code)})",
        about,
        _printable(hint or _HINTS.get(code, "")) or None,
    )


def _printable(text: str) -> str:
    """Drop what could steer a terminal; line breaks stay."""
    return "".join(char for char in text if char.isprintable() or char == "\n")


def notebook_path() -> Optional[str]:
    """Return the absolute path of the notebook that this kernel belongs to, as far as the front end tells.

    VS Code's Jupyter extension puts it into the user's namespace; Jupyter Server since 1.19 into
    JPY_SESSION_NAME, older releases relative to a root that they do not tell. After a rename both may still
    have the old path.
    """
    ipython = sys.modules.get("IPython")
    get_ipython = getattr(ipython, "get_ipython", None)
    shell = get_ipython() if get_ipython else None
    candidates = [
        shell.user_ns.get("__vsc_ipynb_file__") if shell else None,
        os.environ.get("JPY_SESSION_NAME"),
    ]
    for path in candidates:
        if isinstance(path, str) and path.endswith(".ipynb") and _is_unicode(path):
            return os.path.normpath(path) if os.path.isabs(path) else _below_an_ancestor(path)
    return None


def _is_unicode(path: str) -> bool:
    """Tell whether JSON can carry path: a byte that is not UTF-8 stands in a str as half a surrogate pair."""
    return path == path.encode("utf-8", "replace").decode("utf-8")


def _below_an_ancestor(path: str) -> Optional[str]:
    """Find the server's root, the working directory or above it, by the notebook that is below it."""
    try:
        folder = os.getcwd()
    except OSError:  # it was removed
        return None
    while True:
        candidate = os.path.normpath(os.path.join(folder, path))
        if os.path.isfile(candidate):
            return candidate
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent
