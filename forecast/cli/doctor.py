"""`forecast doctor`."""

import typer

from forecast.cli.console import print_json, settle_form, table, write_out
from forecast.cli.flags import OutputFlags, grouped
from forecast.errors import ExitCode


@grouped
def doctor_command(output: OutputFlags) -> None:
    """Say what is installed, what training will run on, and whether it works.

    forecast doctor

    forecast doctor --json

    forecast doctor --store /srv/forecast
    """
    from forecast.production.store import Store  # noqa: PLC0415 - heavy imports wait for their command
    from forecast.workflows.doctor import examine  # noqa: PLC0415
    from forecast.workflows.tables import csv_text  # noqa: PLC0415

    checks = examine(Store(output.store))
    failed = [check for check in checks if check.status == "failed"]
    form = settle_form(output.form)
    header = ("check", "status", "detail", "hint")
    rows = [(check.name, check.status, check.detail, check.hint) for check in checks]
    if form == "json":
        print_json({"ok": not failed, "checks": [dict(zip(header, row, strict=True)) for row in rows]})
    elif form == "csv":
        write_out(csv_text(header, rows))
    else:
        lines = [(name, status, detail + (f"  hint: {hint}" if hint else "")) for name, status, detail, hint in rows]
        write_out(table(header[:3], lines, left=3))
    if failed:
        raise typer.Exit(ExitCode.DEPENDENCY)
