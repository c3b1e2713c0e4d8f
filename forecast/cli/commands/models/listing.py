"""`forecast models list|show`: what is in the store; the commands that change it are in ``changes``."""

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from forecast.cli.grouping import grouped
from forecast.cli.options.arguments import Name
from forecast.cli.options.groups import OutputFlags
from forecast.cli.output.console import fitted_table, print_csv, print_json, say, settle_form, with_lines
from forecast.cli.output.streams import Style, write_out
from forecast.widening import is_own_width, width_text

if TYPE_CHECKING:
    from forecast.workflows.models import Row

HEADER = ("name", "version", "champion", "model", "created", "training_end")
COLUMNS = (*HEADER, "widened")
CREATED, WIDTH, HEALTH = "created (UTC)", "intervals", "health"
FIRST_TO_GO = (CREATED, "training_end")
"""Columns that leave, in this order, until the table fits; CSV and JSON always have all."""


@grouped
def list_command(output: OutputFlags) -> None:
    """List the models and their champions.

    forecast models list

    forecast models list --json

    forecast models list --store /srv/forecast
    """
    from forecast.workflows.models import describe_champions, is_store

    if not output.quiet and not is_store(output.store):
        say(f"There is no store {output.store}, so it holds no model (forecast train DATA makes one)", "Note")
    _print_versions(describe_champions(output.store, datetime.now(UTC)), output, (*COLUMNS, HEALTH))


@grouped
def show_command(name: Name, output: OutputFlags) -> None:
    """List all versions of a model.

    forecast models show sales

    forecast models show sales --json

    forecast models show sales --store /srv/forecast
    """
    from forecast.workflows.models import describe_versions, early_note

    if not output.quiet and (note := early_note(output.store, name)):
        say(note, "Note")
    _print_versions(describe_versions(output.store, name), output)


def _print_versions(rows: list["Row"], output: OutputFlags, names: tuple[str, ...] = COLUMNS) -> None:
    from forecast.report.tables import csv_text

    form = settle_form(output.form)
    if form == "json":
        print_json({"models": rows})
        return
    if form == "csv":
        cells = [["" if row[column] is None else str(row[column]) for column in names] for row in rows]
        print_csv(csv_text(names, cells))
        return
    columns = [CREATED if name == "created" else name for name in HEADER]
    shown = [dict(zip(columns, (_readable(row[name]) for name in HEADER), strict=True)) for row in rows]
    widths = [float(row["widened"] or 1) for row in rows]
    if not all(map(is_own_width, widths)):
        columns.append(WIDTH)
        for cells_of, width in zip(shown, widths, strict=True):
            cells_of[WIDTH] = "" if is_own_width(width) else width_text(width)
    if HEALTH in names:
        columns.append(HEALTH)
        for cells_of, row in zip(shown, rows, strict=True):
            cells_of[HEALTH] = str(row[HEALTH])
    champions = [place for place, row in enumerate(rows) if row["champion"]]
    styles: dict[int, Style] = {1 + place: "strong" for place in champions if len(champions) < len(rows)}
    write_out(*with_lines(fitted_table(shown, columns, FIRST_TO_GO, left=len(columns)), {0: "faint", **styles}))


def _readable(value: str | bool | float | None) -> str:
    """Returns what a person needs of it: a mark for true, a time without its seconds and zone."""
    if isinstance(value, bool):
        return "✓" if value else ""
    return re.sub(r"(\d{4}-\d\d-\d\d)(?:T00:00:00$|T(\d\d:\d\d).*)", r"\1 \2", str(value)).rstrip()
