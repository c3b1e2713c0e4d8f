"""What a dry run says: one line a thing that would be done."""

from typing import TYPE_CHECKING

from forecast.cli.options.groups import OutputFlags
from forecast.cli.output.console import print_csv, print_json, settle_form, width
from forecast.cli.output.streams import write_out
from forecast.errors import printable
from forecast.wording import counted

if TYPE_CHECKING:
    from forecast.workflows.dry_run import DryRun

COLUMNS = ("verb", "what", "seconds")


def print_dry_run(result: "DryRun", output: OutputFlags) -> None:
    """Prints what would be done, and about how long it would take, to stdout."""
    from forecast.report.tables import csv_text

    rows = [(step.verb, step.what, step.seconds) for step in result.steps]
    form = settle_form(output.form)
    if form == "json":
        steps = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
        print_json({"dry_run": True, "steps": steps, "networks": result.networks, "seconds": result.seconds,
                    "files": list(result.files)})  # fmt: skip
    elif form == "csv":
        print_csv(csv_text(COLUMNS, rows))
    else:
        write_out("".join(_line(*row) for row in rows) + _total(result))


def _line(verb: str, what: str, seconds: float | None) -> str:
    text = f"  {verb:<7} {printable(what)}"
    time = "" if seconds is None else f"{seconds:.1f} s"
    return f"{text}{time:>{max(width() - len(text), len(time) + 1)}}\n" if time else f"{text}\n"


def _total(result: "DryRun") -> str:
    limit = f", at most {result.limit:g} s" if result.limit else ""
    networks = f"{counted(result.networks, 'network')}, about" if result.networks else "About"
    return f"  A dry run: nothing was written. {networks} {result.seconds:.0f} s{limit}.\n"
