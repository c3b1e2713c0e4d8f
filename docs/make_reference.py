"""Writes what pages take from the program: `python docs/make_reference.py`.

Pages hold it between `<!-- NAME -->` and `<!-- end of NAME -->`; the rest of them is written by hand.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from forecast.cli.app import EXIT_CODES, root_command
from forecast.cli.options.config_template import config_form
from forecast.cli.options.settings import commands_of, shared_options
from forecast.models.networks.cells import CELLS

ROOT = Path(__file__).resolve().parents[1]
SCHEMAS = ROOT / "forecast" / "texts" / "schemas"
MOST_KEYS = 16
"""Of an inner object are told in a row; the schema has all."""
RESULTS = ROOT / "benchmarks" / "RESULTS.md"
METHODS = ("AutoETS", "AutoTheta", "AutoARIMA", "seasonal-naive", "naive")
"""What the README's table shows beside ours, by their names in the results."""
HOLD_OUTS = {
    "tourism_monthly": "366 series of tourism, monthly",
    "m3_monthly": "1,428 series of M3, monthly",
    "m4_monthly_sub200": "200 series of M4, monthly",
    "nn5_daily": "111 cash machines, daily",
    "m4_hourly": "414 series of M4, hourly",
}
SINGLE = {
    "airline_passengers": "airline passengers",
    "champagne": "champagne sales",
    "car_sales": "car sales",
    "female_births": "daily births",
    "stocks5_daily": "five share prices",
}
MEANINGS = {
    "0": "also: the challenger did not win, or nothing was new",
    "1": "please report it, with `--debug`",
    "2": "a flag or an argument; the hint has the right one",
    "3": "the hint says what to install",
    "4": "a file, a model, a version",
    "5": "of the data or of `forecast.toml`; `forecast check FILE` tells more",
    "6": "not a number, or no memory",
    "7": "a gate that you asked for, such as `check --strict`",
    "10": "only if you ask for it",
    "75": "try again later, or `--lock-timeout 10m`",
    "129": "the terminal was closed",
    "130": "you stopped it; the store is as it was",
    "143": "somebody stopped it; the store is as it was",
}


def results_table() -> str:
    """Returns the README's table of errors, from benchmarks/RESULTS.md."""
    text = RESULTS.read_text(encoding="utf-8")
    ours = {row["set"]: row["MASE"] for row in _table(text.partition("\n## Official hold-outs\n")[2])}
    lines = ["| data | error | forecast | AutoETS | AutoTheta | AutoARIMA | seasonal naive | last value |"]
    lines += ["|---|---|---|---|---|---|---|---|"]
    for name, about in HOLD_OUTS.items():
        rows = _table(text.partition(f"\n### {name}\n")[2])
        found = {row["contender"]: row["MASE"] for row in rows}
        lines.append(_row(about, "MASE", [ours[name], *(found.get(each, "–") for each in METHODS)]))
    rows = _table(text[text.index("| set | forecast auto |") - 1 :])
    for row in rows:
        found, about = row | {"seasonal-naive": row["seasonal naive"]}, SINGLE[row["set"]]
        lines.append(_row(about, "RMSE", [found["forecast auto"], *(found[each] for each in METHODS)]))
    return "\n".join(lines)


def _table(text: str) -> list[dict[str, str]]:
    """Returns the first table of a text."""
    table = re.search(r"(?:^\|.*\n)+", text, re.MULTILINE)
    if table is None:
        raise ValueError("there is no table")
    head, _, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in table[0].splitlines())
    return [dict(zip(head, row, strict=True)) for row in rows]


def _row(about: str, error: str, cells: list[str]) -> str:
    numbers = [float(cell.replace(",", "")) if cell != "–" else float("inf") for cell in cells]
    best = min(numbers)
    shown = [f"**{cell}**" if number == best else cell for cell, number in zip(cells, numbers, strict=True)]
    return f"| {' | '.join([about, error, *shown])} |"


def exit_codes() -> str:
    """Returns the table of exit codes."""
    said = EXIT_CODES.removeprefix("Exit codes: ").split(" · ")
    codes = [each.split(" ", 1) for each in said]
    return "\n".join(["| code | means | |", "|---|---|---|", *(f"| {c} | {m} | {MEANINGS[c]} |" for c, m in codes)])


def settings() -> str:
    """Returns the file that `forecast config init` writes."""
    context = root_command().make_context("forecast", ["config", "init"])
    return f"```toml\n{config_form(shared_options(commands_of(context)), None).strip()}\n```"


def equations() -> str:
    """Returns the equations of each cell, as `forecast explain --teach` prints them."""
    lines = []
    for name, cell in CELLS.items():
        lines += [f"### {name.upper()}", "", "```text", *cell.equations, "```", ""]
        lines += ["| gate or state | symbol |", "|---|---|"]
        lines += [f"| {gate} | {symbol} |" for gate, symbol in cell.symbols.items()]
        lines += [
            "",
            f"Weights, with U units and F inputs: {cell.formula}. Multiplications a step: {cell.step_formula}.",
            "",
        ]
    return "\n".join(lines).strip()


def json_documents() -> str:
    """Returns a table of fields for each command, from the schemas that `forecast config schema` prints."""
    lines = []
    for path in sorted(SCHEMAS.glob("*.json")):
        schema = json.loads(path.read_text(encoding="utf-8"))
        lines += [f"### {schema['title']}".removesuffix(" --json"), "", "| field | holds |", "|---|---|"]
        lines += [f"| `{name}`{'' if always else ' *'} | {holds} |" for name, holds, always in _fields(schema)] + [""]
    return "\n".join(lines).strip()


def _fields(schema: Mapping[str, Any]) -> Iterator[tuple[str, str, bool]]:
    """Yields the name of each field, what it holds, and whether it is always there."""
    shared = schema.get("$defs", {})
    kinds = schema.get("anyOf", [schema])
    found: dict[str, list[str]] = {}
    for kind in kinds:
        for name, field in kind["properties"].items():
            found.setdefault(name, []).append(_holds(field, shared))
    for name, holds in found.items():
        yield name, "<br>or ".join(dict.fromkeys(holds)), all(name in kind.get("required", ()) for kind in kinds)


def _holds(field: Mapping[str, Any], shared: Mapping[str, Any]) -> str:
    """Returns in words what a field holds; of objects their keys."""
    if "$ref" in field:
        field = shared[field["$ref"].rpartition("/")[2]]
    if "const" in field:
        return f"`{json.dumps(field['const'])}`"
    if "enum" in field:
        return ", ".join(f"`{json.dumps(value)}`" for value in field["enum"])
    if "anyOf" in field:
        return " or ".join(dict.fromkeys(_holds(each, shared) for each in field["anyOf"]))
    if field.get("type") == "array":
        return f"a list: {_holds(field.get('items', {}), shared)}"
    if field.get("properties"):
        keys = list(field["properties"])
        more = ", …" if len(keys) > MOST_KEYS or field.get("patternProperties") else ""
        return ", ".join(f"`{key}`" for key in keys[:MOST_KEYS]) + more
    kinds = field.get("type", "anything")
    return " or ".join([kinds] if isinstance(kinds, str) else kinds)


PARTS: dict[str, Callable[[], str]] = {
    "results": results_table,
    "exit codes": exit_codes,
    "settings": settings,
    "equations": equations,
    "json documents": json_documents,
}


def written(text: str) -> str:
    """Returns a page with its parts as they are today."""
    for name, make in PARTS.items():
        part = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
        if part.search(text):
            made = make()
            text = part.sub(lambda found, made=made: f"{found[1]}{made}\n{found[2]}", text)
    return text


def pages() -> list[Path]:
    """Returns the README and the pages of the site."""
    return [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


if __name__ == "__main__":
    for page in pages():
        old = page.read_text(encoding="utf-8")
        if (new := written(old)) != old:
            page.write_text(new, encoding="utf-8")
            print(page.relative_to(ROOT))
