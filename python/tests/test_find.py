"""Which binary is run, and which never."""

from __future__ import annotations

import os
import sysconfig
from unittest import mock

import nbseal
from nbseal import _find
from tests.support import SandboxCase


class FindTest(SandboxCase):
    def setUp(self) -> None:
        super().setUp()
        os.environ.pop("NBSEAL_BINARY", None)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.folder)
        os.environ["PATH"] = ""
        # Nothing is installed for certain on whatever machine runs this.
        patch = mock.patch.object(_find, "_installed", return_value=iter(()))
        self.installed = patch.start()
        self.addCleanup(patch.stop)

    def tried(self) -> str:
        with self.assertRaises(nbseal.BinaryNotFound) as caught:
            _find.find_binary()
        for place in caught.exception.tried:
            self.assertIn(place, str(caught.exception))
        return str(caught.exception)

    def test_order(self) -> None:
        chosen, shipped, found = (
            self.program("", f"{name}/nbseal") for name in ("chosen", "shipped", "path")
        )
        os.environ["PATH"] = os.path.dirname(found)
        self.assertEqual(_find.find_binary(), found)
        self.installed.side_effect = lambda: iter([os.path.join(self.folder, "none"), shipped])
        self.assertEqual(_find.find_binary(), shipped)
        os.environ["NBSEAL_BINARY"] = chosen
        self.assertEqual(_find.find_binary(), chosen)

    def test_a_chosen_binary_is_that_or_none(self) -> None:
        os.environ["PATH"] = os.path.dirname(self.program("", "path/nbseal"))
        self.program("", "here")
        for chosen in ("here", "./here", os.path.join(self.folder, "missing"), self.folder):
            os.environ["NBSEAL_BINARY"] = chosen
            self.assertIn(f"{chosen} (NBSEAL_BINARY)", self.tried())

    def test_never_from_here(self) -> None:
        self.program("", "nbseal")
        self.program("", "bin/nbseal")
        for path in (
            "",
            ".",
            "bin",
            "./bin",
            f"{os.pathsep}",
            self.folder,
            os.path.join(self.folder, "bin", ".."),
        ):
            os.environ["PATH"] = path
            self.assertIn("passed over", self.tried())

    def test_not_executable(self) -> None:
        path = self.program("", "path/nbseal")
        os.chmod(path, 0o644)
        os.environ["PATH"] = os.path.dirname(path)
        self.assertIn(f"{path} (PATH): not executable", self.tried())


class InstalledTest(SandboxCase):
    def test_places(self) -> None:
        places = list(_find._installed())
        package = os.path.dirname(nbseal.__file__)
        self.assertEqual(places[0], os.path.join(package, "bin", "nbseal"))
        self.assertIn(os.path.join(sysconfig.get_path("scripts"), "nbseal"), places)
        self.assertIn(os.path.join(os.path.dirname(package), "bin", "nbseal"), places)
        self.assertEqual(len(places), len(set(places)))
        for place in places:
            self.assertTrue(os.path.isabs(place), place)
