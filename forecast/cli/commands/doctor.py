"""`forecast doctor`."""

import typer

from forecast.cli.grouping import grouped
from forecast.cli.options.groups import OutputFlags
from forecast.cli.output.console import print_csv, print_json, settle_form, wrapped
from forecast.cli.output.streams import Style, Styled, write_out
from forecast.errors import ExitCode
from forecast.process import start_run

STANDS_OUT: dict[str, Style] = {"failed": "bad", "note": "caution"}


@grouped
def doctor_command(output: OutputFlags) -> None:
    """Say what is installed, what training will run on, and whether it works.

    forecast doctor

    forecast doctor --json

    forecast doctor --store /srv/forecast
    """
    from forecast.production.store.store import Store
    from forecast.report.tables import csv_text
    from forecast.workflows.doctor import examine

    checks = examine(Store(output.store), start_run())
    failed = [check for check in checks if check.status == "failed"]
    form = settle_form(output.form)
    header = ("check", "status", "detail", "hint")
    rows = [(check.name, check.status, check.detail, check.hint) for check in checks]
    if form == "json":
        print_json({"ok": not failed, "checks": [dict(zip(header, row, strict=True)) for row in rows]})
    elif form == "csv":
        print_csv(csv_text(header, rows))
    else:
        for row in rows:
            line = _line(*row)
            write_out(Styled(line, STANDS_OUT[row[1]]) if row[1] in STANDS_OUT else line)
    if failed:
        raise typer.Exit(ExitCode.DEPENDENCY)


def _line(name: str, status: str, detail: str, hint: str) -> str:
    head = f"  {name:<12}  {status:<6}  "
    return wrapped(detail + (f"; hint: {hint}" if hint else ""), head, label_width=len(head))
