"""Writes the demo's notebook, as somebody in a hurry would have: with credentials in its cells.

The credentials are made here at random and open nothing but the demo's own service. They come out on standard
output, one a line, the service's token first.

    notebook.py NOTEBOOK
"""

import json
import secrets
import string
import sys

LETTERS = string.ascii_letters + string.digits


def random(alphabet: str, length: int) -> str:
    return "".join(secrets.choice(alphabet) for _ in range(length))


def main() -> None:
    token = random("0123456789abcdef", 40)
    openai = "sk-proj-" + random(LETTERS, 74) + "T3BlbkFJ" + random(LETTERS, 74)
    hugging_face = "hf_" + random(string.ascii_letters, 34)
    database = random(LETTERS, 6) + "-" + random(LETTERS, 9)

    def lines(text: str) -> list:
        return text.strip("\n").splitlines(keepends=True)

    def code(text: str) -> dict:
        return {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": lines(text)}

    def markdown(text: str) -> dict:
        return {"cell_type": "markdown", "metadata": {}, "source": lines(text)}

    cells = [
        markdown("# Air quality\nFine dust at the city's stations, read from the sensor service."),
        code(f"""
import json
import os
import urllib.request

SENSOR_API_TOKEN = "{token}"
BASE = os.environ["SENSOR_SERVICE"]
"""),
        code("""
def fetch(path):
    request = urllib.request.Request(BASE + path, headers={"Authorization": f"Bearer {SENSOR_API_TOKEN}"})
    with urllib.request.urlopen(request) as response:
        return json.load(response)

readings = fetch("/readings")
print(f"{SENSOR_API_TOKEN=}")
"""),
        code("""
worst = max(readings, key=lambda r: r["pm25"])
print(f"{len(readings)} stations, worst: {worst['station']} with {worst['pm25']} µg/m³")
"""),
        markdown("## What comes next\nSummaries by a language model, archive in the warehouse."),
        code(f"""
os.environ["OPENAI_API_KEY"] = "{openai}"
options = dict(model="small", hf_token="{hugging_face}")
engine_url = "postgresql://analyst:{database}@warehouse.example.org:5432/air"
options
"""),
    ]
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    notebook = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 4}
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        json.dump(notebook, file, ensure_ascii=False, indent=1)
        file.write("\n")
    print(token, openai, hugging_face, database, sep="\n")


if __name__ == "__main__":
    main()
