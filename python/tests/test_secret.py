"""What a Secret shows, and that it is a str in every other respect."""

from __future__ import annotations

import copy
import json
import pickle
import pprint
import reprlib
import traceback
import unittest
import urllib.request
from string import Template

import nbseal
from nbseal import Secret, SecretBytes
from tests.support import canary


class SecretTest(unittest.TestCase):
    def setUp(self) -> None:
        self.value = canary()
        self.secret = Secret(self.value, "DB_PASSWORD")

    def test_repr_is_masked_everywhere(self) -> None:
        s = self.secret
        error = traceback.TracebackException.from_exception(_raise_with_locals(s), capture_locals=True)
        shown = [
            repr(s),
            ascii(s),
            f"{s!r}",
            "%r" % s,
            repr([s, (s,), {s: s}, {s}]),
            pprint.pformat({"k": [s] * 9}),
        ]
        shown += [reprlib.repr(s), reprlib.repr([s]), repr(copy.deepcopy({"k": s})), "".join(error.format())]
        for text in shown:
            self.assertIn("<nbseal.Secret DB_PASSWORD>", text)
            self.assertNotIn(self.value, text)

    def test_the_value_where_it_is_asked_for(self) -> None:
        s, value = self.secret, self.value
        for text in (
            str(s),
            f"{s}",
            f"{s:s}",
            "%s" % s,
            "{}".format(s),
            "" + s,
            "".join([s]),
            Template("$s").substitute(s=s),
        ):
            self.assertEqual(text, value)
            self.assertIs(type(text), str)
        self.assertEqual(json.dumps({s: s}), f'{{"{value}": "{value}"}}')
        self.assertEqual(f"{s:>60}", value.rjust(60))
        request = urllib.request.Request("http://localhost/", headers={"Authorization": s})
        self.assertEqual(request.get_header("Authorization"), value)

    def test_hash_and_equality_are_those_of_str(self) -> None:
        self.assertEqual(self.secret, self.value)
        self.assertEqual({self.value: 1}[self.secret], 1)
        self.assertIsInstance(self.secret, str)

    def test_copies_are_the_same(self) -> None:
        self.assertIs(copy.copy(self.secret), self.secret)
        self.assertIs(copy.deepcopy([self.secret])[0], self.secret)

    def test_parts_are_masked_too(self) -> None:
        s, value = Secret(f"  user:{self.value}\n", "URL"), f"  user:{self.value}\n"
        parts = [
            s.strip(),
            s.lstrip(),
            s.rstrip(),
            s[2:],
            s[::-1],
            s[:4],
            s.removeprefix("  "),
            s.removesuffix("\n"),
        ]
        plain = [
            value.strip(),
            value.lstrip(),
            value.rstrip(),
            value[2:],
            value[::-1],
            value[:4],
            value[2:],
            value[:-1],
        ]
        parts += [*s.split(":"), *s.rsplit(":", 1), *s.splitlines(), *s.partition(":"), *s.rpartition(":")]
        plain += [
            *value.split(":"),
            *value.rsplit(":", 1),
            *value.splitlines(),
            *value.partition(":"),
            *value.rpartition(":"),
        ]
        self.assertEqual(parts, plain)
        self.assertEqual({repr(part) for part in parts}, {"<nbseal.Secret URL (part)>"})
        self.assertEqual(s.strip().split(":")[1], self.value)
        for part in parts:
            self.assertRaises(TypeError, pickle.dumps, part)
            self.assertEqual(copy.deepcopy(part), part)
        self.assertIs(self.secret.strip(), self.secret)
        self.assertEqual(s[2], "u")

    def test_what_is_made_from_it_is_plain(self) -> None:
        for made in (
            self.secret.upper(),
            self.secret + "x",
            "x" + self.secret,
            self.secret.replace("-", "_"),
        ):
            self.assertIs(type(made), str)

    def test_pickle_holds_no_value(self) -> None:
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            data = pickle.dumps([self.secret, SecretBytes(self.value.encode(), "B")], protocol)
            self.assertNotIn(self.value.encode(), data)
            self.assertIn(b"DB_PASSWORD", data)

    def test_bytes(self) -> None:
        b = SecretBytes(self.value.encode(), "KEY")
        for text in (repr(b), str(b), f"{b}", "%s" % b, repr([b]), repr(copy.deepcopy([b]))):
            self.assertIn("<nbseal.SecretBytes KEY>", text)
        self.assertEqual(b, self.value.encode())
        self.assertEqual(b.decode(), self.value)

    def test_no_attribute_can_be_added(self) -> None:
        with self.assertRaises(AttributeError):
            self.secret.note = "x"  # type: ignore[attr-defined]
        with self.assertRaises(AttributeError):
            self.secret.name = "x"  # type: ignore[misc]


class ErrorTest(unittest.TestCase):
    def test_errors_survive_pickle(self) -> None:
        for error in (
            nbseal.UnknownSecret("no X", "X", "do this"),
            nbseal.BinaryNotFound(["/a: no such file"]),
        ):
            again = pickle.loads(pickle.dumps(error))
            self.assertEqual(
                (type(again), str(again), again.__dict__), (type(error), str(error), error.__dict__)
            )

    def test_text(self) -> None:
        self.assertEqual(str(nbseal.UnknownSecret("no X", "X", "do this")), "no X\ndo this")
        self.assertTrue(issubclass(nbseal.UnknownSecret, (KeyError)))
        for kind in (nbseal.UnknownSecret, nbseal.StoreLocked, nbseal.Denied, nbseal.BinaryNotFound):
            self.assertTrue(issubclass(kind, nbseal.Error))


def _raise_with_locals(secret: Secret) -> Exception:
    password, table = secret, {"password": secret}
    try:
        raise RuntimeError(f"{len(password)} {len(table)}")
    except RuntimeError as err:
        return err
