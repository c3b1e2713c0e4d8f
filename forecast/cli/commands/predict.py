"""`forecast predict [NAME]`."""

from pathlib import Path
from typing import TYPE_CHECKING

from forecast.cli.grouping import grouped
from forecast.cli.options.arguments import OnlyName, as_given, require_names
from forecast.cli.options.groups import OutputFlags
from forecast.cli.options.predict import PredictFlags
from forecast.cli.output.console import say, say_notes, write_result
from forecast.cli.output.predicted import predicted_json, print_predicted
from forecast.cli.output.what_if import print_what_if, tell_what_if, what_if_json
from forecast.errors import UsageError
from forecast.process import start_run
from forecast.wording import counted

if TYPE_CHECKING:
    from forecast.workflows.predict import PredictRequest


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
    from forecast.experiment.stored_forecast import AskedQuantiles
    from forecast.workflows.predict import PredictRequest

    ending = check_free(flags.to, FORECASTS, force=flags.force)
    require_names("--series", flags.series)
    only = as_given(flags.series)
    asked = AskedQuantiles.of(flags.levels, flags.quantiles, flags.cost)
    request = PredictRequest(name, flags.data, flags.horizon, flags.version, flags.future, only, asked)
    if flags.values:
        _refuse_distribution(flags)
        _what_if(request, flags, output, ending)
        return
    if flags.at:
        raise UsageError("--at says when --set holds, and nothing is set.", f"--set COLUMN=VALUE --at {flags.at}")
    _predict(request, flags.to, output, ending)


def _predict(request: "PredictRequest", to: Path | None, output: OutputFlags, ending: str) -> None:
    from forecast.experiment.outputs import forecast_table
    from forecast.production.store.store import Store
    from forecast.workflows.predict import predict

    result = predict(request, Store(output.store), start_run())
    if output.verbose:
        say(f"{result.version.name} {result.version.label}, by forecast {result.version.program}", "Trained")
    if not output.quiet:
        say_notes(result.notes)
    made = forecast_table(result.forecasts, result.panel, result.model, result.version.label, result.beside)
    document = predicted_json(result, made, [str(to)] if to else [])
    if to is not None:
        write_result(to, ending, made, document)
        if not output.quiet:
            steps, label = counted(result.forecasts.point.shape[1], "step"), result.version.label
            say(f"{to}: {steps} of {len(result.panel):,} series, by {result.model} {label}", "Wrote")
    print_predicted(result, made, document, output, is_written=to is not None)


def _refuse_distribution(flags: PredictFlags) -> None:
    """Refuses questions about one forecast where there are two.

    Raises:
        UsageError: there is one.
    """
    for flag, given in (("--levels", flags.levels), ("--quantiles", flags.quantiles), ("--cost", flags.cost)):
        if given is not None:
            message = f"{flag} asks about one forecast, and --set makes two of it."
            raise UsageError(message, f"--set without {flag}, or {flag} without --set")


def _what_if(request: "PredictRequest", flags: PredictFlags, output: OutputFlags, ending: str) -> None:
    from forecast.production.store.store import Store
    from forecast.workflows.what_if import Question, what_if

    result = what_if(request, Question(tuple(flags.values or ()), flags.at), Store(output.store), start_run())
    tell_what_if(result, output)
    if flags.to is not None:
        write_result(flags.to, ending, result.table(), what_if_json(result, flags))
    print_what_if(result, flags, output)
