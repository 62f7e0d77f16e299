"""get, get_bytes and env against a real binary and a real store."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys

import nbseal
from tests.support import StoreCase, canary


class GetTest(StoreCase):
    def test_the_value_comes_back_exactly(self) -> None:
        for value in (
            canary(),
            " spaces around ",
            "two\nlines\n",
            "schlüssel-鍵-🔑",
            '"quoted" \\ <&>',
            "x" * 70000,
        ):
            self.nbseal("set", "DB_PASSWORD", stdin=value.encode())
            got = nbseal.get("DB_PASSWORD")
            self.assertEqual(got, value)
            self.assertEqual((type(got), got.name), (nbseal.Secret, "DB_PASSWORD"))

    def test_a_changed_secret_is_seen_at_once(self) -> None:
        for value in (canary(), canary()):
            self.nbseal("set", "team/db", stdin=value.encode())
            self.assertEqual(nbseal.get("team/db"), value)

    def test_bytes(self) -> None:
        value = bytes(range(256))
        self.nbseal("set", "RAW", stdin=value)
        got = nbseal.get_bytes("RAW")
        self.assertEqual(got, value)
        self.assertEqual(repr(got), "<nbseal.SecretBytes RAW>")
        self.assertEqual(pickle.loads(pickle.dumps(got)), value)
        with self.assertRaises(nbseal.Error) as caught:
            nbseal.get("RAW")
        self.assertIn('nbseal.get_bytes("RAW")', str(caught.exception))
        self.assertIsNone(caught.exception.__context__)

    def test_unknown(self) -> None:
        with self.assertRaises(nbseal.UnknownSecret) as caught:
            nbseal.get("NOT_THERE")
        self.assertEqual(caught.exception.name, "NOT_THERE")
        self.assertIn("NOT_THERE", str(caught.exception))
        self.assertNotIn("\\n", str(caught.exception))

    def test_locked(self) -> None:
        self.nbseal("set", "A", stdin=b"x")
        os.remove(os.environ["NBSEAL_IDENTITY_FILE"])
        del os.environ["NBSEAL_IDENTITY_FILE"]
        with self.assertRaises(nbseal.StoreLocked) as caught:
            nbseal.get("A")
        self.assertIn("nbseal run --secret A -- jupyter lab", str(caught.exception))
        self.assertIn("NBSEAL_IDENTITY_FILE", str(caught.exception))

    def test_no_store(self) -> None:
        os.environ["NBSEAL_STORE"] = os.path.join(self.folder, "elsewhere")
        with self.assertRaises(nbseal.Error) as caught:
            nbseal.get("A")
        self.assertIn("nbseal init", str(caught.exception))

    def test_pickles_hold_the_name_and_fetch_again(self) -> None:
        value = canary()
        self.nbseal("set", "A", stdin=value.encode())
        data = [
            pickle.dumps({"k": [nbseal.get("A")]}, protocol)
            for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
        ]
        self.assertNotIn(value.encode(), b"".join(data))
        self.nbseal("set", "A", stdin=b"rotated")
        for pickled in data:
            again = pickle.loads(pickled)["k"][0]
            self.assertEqual((again, repr(again)), ("rotated", "<nbseal.Secret A>"))

    def test_the_module_runs_the_binary(self) -> None:
        args = [sys.executable, "-m", "nbseal"]
        env = {**os.environ, "PYTHONPATH": os.path.dirname(os.path.dirname(nbseal.__file__))}
        request = b'{"v":1,"names":["NOT_THERE"]}'
        done = subprocess.run(
            [*args, "get", "--batch"], input=request, env=env, capture_output=True, cwd=self.folder
        )
        self.assertEqual(done.returncode, 2)
        self.assertIn(b'"unknown"', done.stdout)
        env["NBSEAL_BINARY"] = os.path.join(self.folder, "none")
        done = subprocess.run(args, env=env, capture_output=True, cwd=self.folder)
        self.assertEqual(done.returncode, 2)
        self.assertIn(b"NBSEAL_BINARY", done.stderr)


class EnvTest(StoreCase):
    def setUp(self) -> None:
        super().setUp()
        self.values = {name: canary() for name in ("EV_A", "EV_B", "team/c")}
        for name, value in self.values.items():
            self.nbseal("set", name, stdin=value.encode())

    def test_sets_at_once_and_puts_back(self) -> None:
        os.environ["EV_A"] = "before"
        with nbseal.env("EV_A", "EV_B", EV_C="team/c") as result:
            got = [os.environ[name] for name in ("EV_A", "EV_B", "EV_C")]
            self.assertEqual(got, list(self.values.values()))
            self.assertEqual({type(value) for value in got}, {str})
            self.assertEqual(repr(result), "<nbseal.env EV_A, EV_B, EV_C>")
            child = subprocess.check_output(
                [sys.executable, "-c", "import os; print(os.environ['EV_C'])"], text=True
            )
            self.assertEqual(child.strip(), self.values["team/c"])
        self.assertEqual(os.environ["EV_A"], "before")
        self.assertNotIn("EV_B", os.environ)
        self.assertNotIn("EV_C", os.environ)
        result.restore()
        self.assertEqual(os.environ["EV_A"], "before")

    def test_puts_back_after_an_exception(self) -> None:
        with self.assertRaises(ZeroDivisionError):
            with nbseal.env("EV_A"):
                1 / 0
        self.assertNotIn("EV_A", os.environ)

    def test_all_or_nothing(self) -> None:
        self.nbseal("set", "EV_ZERO", stdin=b"a\0b")
        for names in (["EV_A", "NOT_THERE"], ["EV_A", "EV_ZERO"]):
            with self.assertRaises(nbseal.Error):
                nbseal.env(*names)
            self.assertNotIn("EV_A", os.environ)

    def test_every_other_byte_reaches_a_child(self) -> None:
        value = bytes(range(1, 256))
        self.nbseal("set", "EV_RAW", stdin=value)
        with nbseal.env("EV_RAW"):
            program = "import os, sys; sys.stdout.buffer.write(os.environb[b'EV_RAW'])"
            self.assertEqual(subprocess.check_output([sys.executable, "-c", program]), value)

    def test_what_cannot_be_a_variable(self) -> None:
        for call in (
            lambda: nbseal.env(),
            lambda: nbseal.env("team/c"),
            lambda: nbseal.env("EV_A", "EV_A"),
            lambda: nbseal.env("EV_A", EV_A="EV_B"),
            lambda: nbseal.env(**{"X=Y": "EV_A"}),
        ):
            self.assertRaises(ValueError, call)

    def test_is_not_pickled(self) -> None:
        with nbseal.env("EV_A") as result:
            self.assertRaises(TypeError, pickle.dumps, result)

    def test_under_run_an_overwritten_name_is_asked_for_again(self) -> None:
        os.environ.update({"NBSEAL_RUN": "EV_A,EV_B", "EV_A": "from run", "EV_B": "from run too"})
        self.assertEqual(nbseal.get("EV_A"), "from run")
        with nbseal.env("EV_B", EV_A="team/c"):
            self.assertEqual(os.environ["EV_A"], self.values["team/c"])
            self.assertEqual(nbseal.get("EV_A"), self.values["EV_A"])
            self.assertEqual(nbseal.get("EV_B"), "from run too")
        self.assertEqual(nbseal.get("EV_A"), "from run")
