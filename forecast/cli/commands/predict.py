"""`forecast predict [NAME]`."""

from shutil import get_terminal_size
from typing import TYPE_CHECKING

from forecast.cli.grouping import grouped
from forecast.cli.options.arguments import OnlyName, as_given, require_names
from forecast.cli.options.groups import OutputFlags
from forecast.cli.options.predict import PredictFlags
from forecast.cli.output.console import Cell, print_csv, print_json, say, say_notes, settle_form, table, write_result
from forecast.cli.output.streams import write_out
from forecast.cli.output.what_if import print_what_if, tell_what_if, what_if_json
from forecast.errors import UsageError
from forecast.probabilities import read_levels, read_quantiles
from forecast.process import start_run
from forecast.wording import counted, short

if TYPE_CHECKING:
    from forecast.workflows.predict import PredictRequest

HIDDEN = ("model", "version", "origin")
"""Columns that the table leaves to its heading."""


@grouped
def predict_command(
    output: OutputFlags,
    flags: PredictFlags,
    name: OnlyName = None,
) -> None:
    """Forecast from the end of the data with the champion, without TensorFlow.

    forecast predict sales

    forecast predict sales --data newest.csv --future next_month.csv -o next_month_sales.csv

    forecast predict sales --quantiles 0.1,0.5,0.9

    forecast predict sales --set promo=1,price=-10% --at 2024-12-20..2024-12-24
    """
    from forecast.experiment.destinations import FORECASTS, check_free
    from forecast.experiment.outputs import forecast_table
    from forecast.experiment.stored_forecast import AskedQuantiles
    from forecast.production.store.store import Store
    from forecast.workflows.predict import PredictRequest, predict

    to = flags.to
    ending = check_free(to, FORECASTS, force=flags.force)
    require_names("--series", flags.series)
    only = as_given(flags.series)
    asked = AskedQuantiles(
        None if flags.levels is None else read_levels(flags.levels),
        () if flags.quantiles is None else read_quantiles(flags.quantiles),
    )
    request = PredictRequest(name, flags.data, flags.horizon, flags.version, flags.future, only, asked)
    if flags.values:
        _refuse_distribution(flags)
        _what_if(request, flags, output, ending)
        return
    if flags.at:
        raise UsageError("--at says when --set holds, and nothing is set.", f"--set COLUMN=VALUE --at {flags.at}")
    result = predict(request, Store(output.store), start_run())
    if output.verbose:
        say(f"{result.version.name} {result.version.label}, by forecast {result.version.program}", "Trained")
    if not output.quiet:
        say_notes(result.notes)
    made = forecast_table(result.forecasts, result.panel, result.model, result.version.label)
    steps, series = result.forecasts.point.shape[1], len(result.panel)
    name_of = {"name": result.version.name, "version": result.version.label, "model": result.model}
    rows = made.records()
    document = {**name_of, "forecasts": rows, "files": [str(to)] if to else []}
    if to is not None:
        write_result(to, ending, made, document)
        if not output.quiet:
            say(
                f"{to}: {counted(steps, 'step')} of {series:,} series, by {result.model} {result.version.label}",
                "Wrote",
            )
        if output.form != "json":
            return
    form = settle_form(output.form)
    if form == "csv":
        print_csv(made.csv())
        return
    if form == "json":
        print_json(document)
        return
    write_out(f"  {result.version.name} {result.version.label}, {result.model}\n" + _fitted(rows))


def _refuse_distribution(flags: PredictFlags) -> None:
    """Refuses questions about one forecast where there are two.

    Raises:
        UsageError: there is one.
    """
    for flag, given in (("--levels", flags.levels), ("--quantiles", flags.quantiles)):
        if given is not None:
            message = f"{flag} tells how sure one forecast is, and --set makes two of it."
            raise UsageError(message, f"--set without {flag}, or {flag} without --set")


def _what_if(request: "PredictRequest", flags: PredictFlags, output: OutputFlags, ending: str) -> None:
    from forecast.production.store.store import Store
    from forecast.workflows.what_if import Question, what_if

    result = what_if(request, Question(tuple(flags.values or ()), flags.at), Store(output.store), start_run())
    tell_what_if(result, output)
    if flags.to is not None:
        write_result(flags.to, ending, result.table(), what_if_json(result, flags))
    print_what_if(result, flags, output)


def _fitted(rows: list[dict[str, Cell]]) -> str:
    """Returns the table in as many columns as the terminal holds; the name of a lone series says nothing."""
    columns = [name for name in rows[0] if name not in HIDDEN and any(row[name] is not None for row in rows)]
    if len({row["series_id"] for row in rows}) == 1:
        columns.remove("series_id")
    while True:
        text = table(columns, [[short(row[column]) for column in columns] for row in rows], left=columns.index("step"))
        if columns[-1] == "forecast" or max(map(len, text.splitlines())) <= get_terminal_size((80, 24)).columns:
            return text
        del columns[-2 if columns[-1].startswith("upper_") else -1 :]
