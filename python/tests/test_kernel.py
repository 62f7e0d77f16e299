"""What a real ipykernel sends back: the value only when a cell asks for it."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import unittest
from typing import Any, Dict, List

import nbformat
from nbclient.client import NotebookClient

import nbseal
from tests.support import canary, run_nbseal, store_environment

# Each cell by the name of its test; none of them asks for the value.
CELLS = {
    "expression": "s",
    "list": "[s, (s,), {s}]",
    "dict": '{"k": s, "nested": {"k": [s] * 40}}',
    "long list": "[s] * 2000",
    "repr": "print(repr(s), ascii(s), [s])",
    "display": "from IPython.display import display; display(s, [s])",
    "fetched": 'nbseal.get("CANARY")',
    "bytes": 'nbseal.get_bytes("CANARY")',
    "bytes printed": 'print(nbseal.get_bytes("CANARY"))',
    "stripped": "s.strip(), s[:30], s[-30:], s.split('-')[-1]",
    "whos": "b = nbseal.get_bytes('CANARY'); part = s[1:]\n%whos",
    "inspect": "i = get_ipython(); print(i.object_inspect_text('s'), i.object_inspect_mime('s', 1))",
    "pinfo": "%pinfo s",
    "pprint": "%pprint\n[s]",
    "env": 'nbseal.env("CANARY")',
    "env alias": 'e = nbseal.env(OTHER="CANARY")\ne',
    "env repr": "print(repr(e), [e]); [e]",
    "env undone": "with nbseal.env('CANARY') as x: pass\nx",
    "plain traceback": "%xmode Context\ndef f(password): return [password][1]\nf(s)",
    "verbose traceback": "%xmode Verbose\ndef g(p):\n    d = {'k': p}\n    return d[p]\ng(s)",
    "traceback of a part": "def h(password):\n    part = password[2:]\n    return part + 1\nh(s)",
    "error of get": 'nbseal.get("NOT_THERE")',
    "error of env": 'nbseal.env("CANARY", "NOT_THERE")',
    "error of text": 'nbseal.get("RAW")',
    "store": "%store s",
    "dataclass": (
        "import dataclasses\n@dataclasses.dataclass\nclass C:\n    user: str\n    password: str\nC('me', s)"
    ),
    "variable inspector": "def _jupyterlab_variableinspector_x(value): return str(value)\n"
    "print(_jupyterlab_variableinspector_x(s))",
    "namespace": "import types; types.SimpleNamespace(s=s)",
    "locals": "dict(globals())['s'], vars(), locals()",
    "history": "%history -o",
    "outputs": "Out",
}
FAIL = {name for name in CELLS if "traceback" in name or "error" in name}
# Cells that do ask: the proof that a value would be seen here.
ASKING = {
    "print": "print(s)",
    "format": "f'{s}'",
    "json": "import json; json.dumps([s])",
    "upper": "s.upper()",
}


class KernelTest(unittest.TestCase):
    """One kernel runs all cells; each test looks at what came back."""

    folder: str
    value: str
    outputs: Dict[str, List[Any]]

    @classmethod
    def setUpClass(cls) -> None:
        cls.folder = tempfile.mkdtemp(prefix="nbseal-kernel-")
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        cls.value = canary()
        source = os.path.dirname(os.path.dirname(nbseal.__file__))
        env = {**os.environ, **store_environment(cls.folder), "PYTHONPATH": source}
        for name in ("NBSEAL_RUN", "JPY_SESSION_NAME"):
            env.pop(name, None)
        env.update(IPYTHONDIR=os.path.join(cls.folder, "ipython"), HOME=cls.folder)
        run_nbseal(env, "init")
        run_nbseal(env, "set", "CANARY", stdin=cls.value.encode())
        run_nbseal(env, "set", "RAW", stdin=cls.value.encode() + b"\xff")
        # The history is to hold what the first cells showed, not what was asked for.
        history, outputs = (
            "get_ipython().history_manager.writeout_cache()",
            "%config HistoryManager.db_log_output",
        )
        sources = {
            "log": f"{outputs} = True",
            "setup": 'import nbseal\ns = nbseal.get("CANARY")',
            **CELLS,
            "no log": f"{history}\n{outputs} = False",
            **ASKING,
        }
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(text) for text in sources.values()]
        )
        client = NotebookClient(
            notebook,
            timeout=120,
            kernel_name="python3",
            allow_errors=True,
            ipython_hist_file=os.path.join(cls.folder, "history.sqlite"),
        )
        client.execute(env=env, cwd=cls.folder)
        cls.outputs = dict(zip(sources, (cell.outputs for cell in notebook.cells)))

    def test_cells_that_do_not_ask(self) -> None:
        self.assertEqual(self.outputs["setup"], [])
        for name in CELLS:
            with self.subTest(cell=name):
                text = json.dumps(self.outputs[name])
                self.assertNotIn(self.value, text)
                # Half of it would be bad enough.
                self.assertNotIn(self.value[8:24], text)
                self.assertNotIn(self.value[-16:], text)
                failed = any(output["output_type"] == "error" for output in self.outputs[name])
                self.assertEqual(failed, name in FAIL, text)

    def test_cells_that_ask(self) -> None:
        for name in ASKING:
            text = json.dumps(self.outputs[name])
            self.assertIn(self.value.upper() if name == "upper" else self.value, text, name)

    def test_what_is_shown_instead(self) -> None:
        mask = "<nbseal.Secret CANARY>"
        for name in (
            "expression",
            "list",
            "dict",
            "repr",
            "display",
            "fetched",
            "whos",
            "inspect",
            "verbose traceback",
        ):
            self.assertIn(mask, json.dumps(self.outputs[name]), name)
        self.assertEqual([output["data"] for output in self.outputs["expression"]], [{"text/plain": mask}])

    def test_env_shows_nothing(self) -> None:
        for name in ("env", "env alias", "env undone"):
            self.assertEqual(self.outputs[name], [], name)
        self.assertIn("<nbseal.env OTHER>", json.dumps(self.outputs["env repr"]))

    def test_nothing_on_disk(self) -> None:
        seen, masked = [], 0
        for folder, _, names in os.walk(self.folder):
            for name in names:
                with open(os.path.join(folder, name), "rb") as file:
                    data = file.read()
                seen.append(name)
                self.assertFalse(self.value.encode() in data, f"{name} holds the value")
                masked += data.count(b"<nbseal.Secret CANARY>") if name == "history.sqlite" else 0
        self.assertGreater(masked, 0, "the history holds no outputs")
        self.assertIn("s", seen, "%store wrote nothing")
