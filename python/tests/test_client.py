"""The protocol's unhappy side, with programs that answer as no nbseal should.

The rules are in docs/spec/get.md.
"""

from __future__ import annotations

import base64
import json
import os
import signal
import sys
import threading
import time
import traceback
from unittest import mock

import nbseal
from nbseal import _client
from tests.support import SandboxCase, canary

READ = "import sys, os, time, json, base64\nrequest = json.load(sys.stdin)\n"


class ClientCase(SandboxCase):
    def fake(self, body: str) -> None:
        os.environ["NBSEAL_BINARY"] = self.program(READ + body)

    def answer(self, answer: object, code: int = 0) -> None:
        text = answer if isinstance(answer, str) else json.dumps(answer)
        self.fake(f"print({text!r})\nsys.exit({code})")

    def error(self, name: str = "A") -> nbseal.Error:
        with self.assertRaises(nbseal.Error) as caught:
            nbseal.get(name)
        self.assertIsNone(caught.exception.__context__)
        return caught.exception


class AnswerTest(ClientCase):
    def test_request(self) -> None:
        log = os.path.join(self.folder, "request")
        self.fake(
            f"json.dump([request, sys.argv[1:], os.getcwd()], open({log!r}, 'w'))\n"
            "print(json.dumps({'v': 1, 'new key': 0, 'values': {n: 'YQ==' for n in request['names']}}))"
        )
        os.environ["JPY_SESSION_NAME"] = "/work/q3.ipynb"
        with nbseal.env("A", B="x/y", C="x/y"):
            self.assertEqual([os.environ[name] for name in "ABC"], ["a", "a", "a"])
        with open(log, encoding="utf-8") as file:
            request, argv, folder = json.load(file)
        self.assertEqual(
            request, {"v": 1, "names": ["A", "x/y"], "notebook": os.path.normpath("/work/q3.ipynb")}
        )
        self.assertEqual((argv, folder), (["get", "--batch"], os.getcwd()))

    def test_answers_that_are_not_to_be_trusted(self) -> None:
        value = canary()
        coded = base64.b64encode(value.encode()).decode()
        bad = [
            ("", 0),
            ("", 2),
            (value, 0),
            ("[" * 100000, 0),
            (json.dumps({"v": 1, "values": {"A": coded}}) + "{}", 0),
            ([{"v": 1, "values": {"A": coded}}], 0),
            ({"values": {"A": coded}}, 0),
            ({"v": 2, "values": {"A": coded}}, 0),
            ({"v": True, "values": {"A": coded}}, 0),
            ({"v": "1", "values": {"A": coded}}, 0),
            ({"v": 1}, 0),
            ({"v": 1, "values": {"A": coded}, "error": {"code": "denied", "message": "no"}}, 2),
            ({"v": 1, "values": {"A": coded}}, 2),
            ({"v": 1, "values": {}}, 0),
            ({"v": 1, "values": [coded]}, 0),
            ({"v": 1, "values": {"A": coded, "B": coded}}, 0),
            ({"v": 1, "values": {"B": coded}}, 0),
            ({"v": 1, "values": {"A": None}}, 0),
            ({"v": 1, "values": {"A": coded + "!"}}, 0),
            ({"v": 1, "values": {"A": coded + "\n"}}, 0),
            ({"v": 1, "values": {"A": "é"}}, 0),
            ({"v": 1, "error": None}, 2),
            ({"v": 1, "error": {"code": ["denied"], "message": 7}}, 2),
        ]
        for answer, code in bad:
            with self.subTest(answer=str(answer)[:80], code=code):
                self.answer(answer, code)
                error = self.error()
                for text in (str(error), repr(error), *_with_locals(error)):
                    self.assertNotIn(value, text)
                    self.assertNotIn(coded, text)

    def test_codes(self) -> None:
        for code, kind in {
            "unknown": nbseal.UnknownSecret,
            "locked": nbseal.StoreLocked,
            "denied": nbseal.Denied,
            "no-store": nbseal.Error,
            "bad-request": nbseal.Error,
            "failed": nbseal.Error,
            "code of the future": nbseal.Error,
        }.items():
            with self.subTest(code=code):
                answer = {
                    "v": 1,
                    "error": {"code": code, "name": "A", "message": f"it is {code}\x1b[2J", "hint": "do"},
                }
                self.answer(answer, 2)
                error = self.error()
                self.assertIs(type(error), kind)
                self.assertEqual((error.name, error.message), ("A", f"it is {code}[2J"))
                self.assertEqual(error.hint == "do", code != "locked")

    def test_stderr_is_shown_when_there_is_no_answer(self) -> None:
        self.fake("sys.stderr.write('x' * 300000 + 'cannot map memory\\x1b[31m'); sys.exit(127)")
        text = str(self.error())
        self.assertIn("code 127", text)
        self.assertIn("cannot map memory[31m", text)
        self.assertLess(len(text), 3000)

    def test_a_program_that_dies(self) -> None:
        self.fake("os.kill(os.getpid(), 9)")
        self.assertIn("code -9", str(self.error()))

    def test_a_program_that_is_none(self) -> None:
        path = self.program("")
        with open(path, "wb") as file:
            file.write(b"\x7fELF")
        os.environ["NBSEAL_BINARY"] = path
        with self.assertRaises(nbseal.Error) as caught:
            nbseal.get("A")
        self.assertIn("does not start", str(caught.exception))

    def test_an_endless_answer_is_cut_off(self) -> None:
        pid = os.path.join(self.folder, "pid")
        self.fake(f"open({pid!r}, 'w').write(str(os.getpid()))\nwhile True: os.write(1, b'x' * 65536)")
        with mock.patch.object(_client, "MAX_ANSWER", 1 << 20):
            self.assertIn("more than 1048576 bytes", str(self.error()))
        self.assert_gone(pid)

    def test_a_program_that_hangs(self) -> None:
        pid = os.path.join(self.folder, "pid")
        note = f"open({pid!r}, 'w').write(str(os.getpid()))\n"
        for body in (
            "time.sleep(600)",
            """os.write(1, b'{"v":1,"values":{"A":"YQ=="}}'); os.close(1); time.sleep(600)""",
        ):
            with self.subTest(body=body), mock.patch.object(_client, "TIMEOUT", 2.0):
                self.fake(note + body)
                start = time.monotonic()
                self.assertIn("did not answer within 2 s", str(self.error()))
                self.assertLess(time.monotonic() - start, 30)
                self.assert_gone(pid)

    def test_a_program_that_reads_nothing(self) -> None:
        answer = {"v": 1, "error": {"code": "denied", "message": "no"}}
        os.environ["NBSEAL_BINARY"] = self.program(f"print({json.dumps(answer)!r})")
        with self.assertRaises(nbseal.Denied):
            nbseal.env(*(f"LONG_NAME_{number}_{'x' * 150}" for number in range(1000)))

    def test_an_interrupt_ends_the_program(self) -> None:
        pid = os.path.join(self.folder, "pid")
        self.fake(f"open({pid!r}, 'w').write(str(os.getpid()))\nprint('x', flush=True); time.sleep(600)")
        # A shell that runs the tests in the background has SIGINT ignored.
        self.addCleanup(
            signal.signal, signal.SIGINT, signal.signal(signal.SIGINT, signal.default_int_handler)
        )

        def interrupt() -> None:
            while not os.path.exists(pid) or not os.path.getsize(pid):
                time.sleep(0.01)
            os.kill(os.getpid(), signal.SIGINT)

        thread = threading.Thread(target=interrupt)
        thread.start()
        with self.assertRaises(KeyboardInterrupt):
            nbseal.get("A")
        thread.join()
        self.assert_gone(pid)

    def assert_gone(self, pid_file: str) -> None:
        with open(pid_file, encoding="ascii") as file, self.assertRaises(ProcessLookupError):
            os.kill(int(file.read()), 0)


class NameTest(ClientCase):
    def test_no_name_is_not_asked_for_and_not_quoted(self) -> None:
        os.environ["NBSEAL_BINARY"] = "/nowhere"
        for name in (
            "",
            "/A",
            "A/",
            "A//B",
            "../A",
            "A/../B",
            "-A",
            "A B",
            "A\n",
            "é",
            "A" * 201,
            canary() + "/+=",
        ):
            with self.subTest(name=name), self.assertRaises(ValueError) as caught:
                nbseal.get(name)
            if name:
                self.assertNotIn(repr(name), str(caught.exception))
        with self.assertRaises(TypeError):
            nbseal.get(7)  # type: ignore[arg-type]
        with self.assertRaises(ValueError):
            _client.fetch([f"N{number}" for number in range(1001)])


class RunTest(ClientCase):
    def test_the_environment_of_run_is_enough(self) -> None:
        os.environ.update(
            {"NBSEAL_BINARY": "/nowhere", "NBSEAL_RUN": "A,B,GONE", "A": "from run", "AB": "not"}
        )
        secret = nbseal.get("A")
        self.assertEqual((secret, repr(secret)), ("from run", "<nbseal.Secret A>"))
        for name in ("AB", "GONE"):
            with self.assertRaises(nbseal.BinaryNotFound):
                nbseal.get(name)


class NotebookTest(SandboxCase):
    def setUp(self) -> None:
        super().setUp()
        here = os.getcwd()
        self.addCleanup(os.chdir, here)
        os.makedirs(os.path.join(self.folder, "team", "deep"))
        self.notebook = os.path.join(self.folder, "team", "q3.ipynb")
        open(self.notebook, "w").close()

    def test_jupyter_server(self) -> None:
        os.chdir(os.path.join(self.folder, "team"))
        self.assertIsNone(_client.notebook_path())
        for session, path in {
            self.notebook: self.notebook,
            "team/q3.ipynb": self.notebook,
            "q3.ipynb": self.notebook,
            "team/other.ipynb": None,
            "console-1-0123": None,
            "team/\udcff.ipynb": None,
        }.items():
            os.environ["JPY_SESSION_NAME"] = session
            self.assertEqual(_client.notebook_path(), path, repr(session))

    def test_vs_code(self) -> None:
        shell = mock.Mock(user_ns={"__vsc_ipynb_file__": self.notebook})
        with mock.patch.dict(sys.modules, IPython=mock.Mock(get_ipython=lambda: shell)):
            self.assertEqual(_client.notebook_path(), self.notebook)
        with mock.patch.dict(sys.modules, IPython=mock.Mock(get_ipython=lambda: None)):
            self.assertIsNone(_client.notebook_path())


def _with_locals(error: BaseException) -> list[str]:
    return list(traceback.TracebackException.from_exception(error, capture_locals=True).format())
