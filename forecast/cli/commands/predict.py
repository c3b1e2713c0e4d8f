"""`forecast predict [NAME]`."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from forecast.cli.grouping import grouped
from forecast.cli.options.arguments import OnlyName, as_given, require_names
from forecast.cli.options.groups import OutputFlags
from forecast.cli.options.predict import NAMED, PredictFlags, by_shards, folder_of, refuse_beside_shards
from forecast.cli.output.console import print_json, say, say_commands, say_notes, write_result
from forecast.cli.output.panels import print_panel
from forecast.cli.output.predicted import (
    extent_of,
    paths_extent,
    paths_json,
    predicted_json,
    print_predicted,
    print_what_if,
    tell_what_if,
    template_extent,
    template_json,
    what_if_json,
)
from forecast.cli.output.progress_notes import narrated
from forecast.errors import UsageError
from forecast.process import start_run
from forecast.wording import joined

if TYPE_CHECKING:
    from forecast.experiment.stored_forecast import PredictResult
    from forecast.production.store.store import Store
    from forecast.report.tables import ResultTable
    from forecast.workflows.pages.predicted import PictureRequest
    from forecast.workflows.predict import PredictRequest

PictureKind = Literal["png", "svg", "pdf"]
BESIDE_TEMPLATE = ("values", "at", "levels", "quantiles", "cost", "total", "total_by", "paths", "plot", "to")
"""What is asked of a forecast, and not of a plan."""


@grouped
def predict_command(
    output: OutputFlags,
    flags: PredictFlags,
    name: OnlyName = None,
) -> None:
    """Forecast from the end of the data with the champion, without TensorFlow.

    forecast predict sales --data newest.csv --future next_month.csv -o next_month_sales.csv

    forecast predict sales --quantiles 0.1,0.5,0.9

    forecast predict sales --set promo=1,price=-10% --at 2024-12-20..2024-12-24
    """
    from forecast.experiment.decisions.asked import Asked
    from forecast.experiment.destinations import FORECASTS, TABLES, check_free
    from forecast.workflows.predict import PredictRequest

    _check_picture(flags)
    flags.check_address()
    if by_shards(flags):
        _predict_panel(name, flags, output)
        return
    if flags.template is not None:
        _template(name, flags, output)
        return
    ending = check_free(flags.to, FORECASTS if flags.paths is None else TABLES, force=flags.force)
    require_names("--series", flags.series)
    only = as_given(flags.series)
    asked = Asked.of(flags.levels, flags.quantiles, flags.cost, flags.total, flags.total_by, flags.level)
    request = PredictRequest(name, flags.data, flags.horizon, flags.version, flags.future, only, asked)
    if flags.values:
        _refuse_others("--set", flags)
        _what_if(request, flags, output, ending)
        return
    if flags.at:
        raise UsageError("--at says when --set holds, and nothing is set.", f"--set COLUMN=VALUE --at {flags.at}")
    if flags.paths is not None:
        _refuse_others("--paths", flags)
        _paths(request, flags, output, ending)
        return
    _predict(request, flags, output, ending)


def _predict_panel(name: str | None, flags: PredictFlags, output: OutputFlags) -> None:
    """Forecasts a folder of shards; where some could not be, says which, once the others are told."""
    from forecast.execution.executor import Workplace
    from forecast.experiment.decisions.asked import Asked
    from forecast.experiment.panels.panel_forecast import Share
    from forecast.production.store.store import Store
    from forecast.workflows.predict import ByShards, PredictRequest, predict_panel

    refuse_beside_shards(flags)
    to, flag = folder_of(flags)
    asked = Asked.of(flags.levels, flags.quantiles, level=flags.level)
    request = PredictRequest(name, flags.data, flags.horizon, flags.version, asked=asked)
    place = Workplace(flags.workers or 1, flags.cluster)
    share = Share.parse(flags.shard) if flags.shard is not None else Share()
    how = ByShards(to, flag, place, share, flags.force, flags.dry_run)
    with narrated("Shards", output) as run:
        result = predict_panel(request, how, Store(output.store), run)
    print_panel(result, output)
    result.check()


def _template(name: str | None, flags: PredictFlags, output: OutputFlags) -> None:
    """Writes the rows that ``--future`` wants."""
    from forecast.experiment.decisions.asked import Asked
    from forecast.experiment.destinations import SHEETS, check_free
    from forecast.experiment.outputs import write_content
    from forecast.production.store.store import Store
    from forecast.workflows.predict import PredictRequest, predict_template

    assert flags.template is not None
    for other in BESIDE_TEMPLATE:
        if getattr(flags, other) is not None:
            flag = NAMED.get(other, f"--{other.replace('_', '-')}")
            message = (
                f"--future-template writes a plan to be edited and forecasts nothing, and {flag} asks of a forecast."
            )
            raise UsageError(message, f"leave out {flag}; then forecast predict --future {flags.template} {flag} …")
    ending = check_free(flags.template, SHEETS, force=flags.force, flag="--future-template")
    require_names("--series", flags.series)
    series = as_given(flags.series)
    asked = Asked.of(level=flags.level)
    request = PredictRequest(name, flags.data, flags.horizon, flags.version, flags.future, series, asked)
    result = predict_template(request, ending, Store(output.store), start_run())
    write_content(flags.template, result.content)
    if output.form == "json":
        print_json(template_json(result, str(flags.template)))
    if not output.quiet:
        say_notes(result.notes)
        say(template_extent(result, str(flags.template)), "Wrote")
        told = {
            "--data": flags.data,
            "--version": flags.version,
            "--horizon": flags.horizon,
            "--future": flags.template,
        }
        words = "".join(f" {flag} {shlex.quote(str(value))}" for flag, value in told.items() if value is not None)
        say_commands([f"forecast predict {result.version.name}{words}{output.store_words}"], "Next")


def _paths(request: "PredictRequest", flags: PredictFlags, output: OutputFlags, ending: str) -> None:
    from forecast.experiment.outputs import write_content
    from forecast.production.store.store import Store
    from forecast.workflows.predict import predict_paths

    if flags.to is None or flags.paths is None:
        raise UsageError("--paths writes into a file, and none is named.", f"--paths {flags.paths} -o paths.parquet")
    result = predict_paths(request, flags.paths, ending, Store(output.store), start_run())
    if not output.quiet:
        say_notes(result.notes)
    write_content(flags.to, result.drawn.content)
    if not output.quiet:
        say(f"{flags.to}: {paths_extent(result)}, by {result.model} {result.version.label}", "Wrote")
    if output.form == "json":
        print_json(paths_json(result, str(flags.to)))


def _predict(request: "PredictRequest", flags: PredictFlags, output: OutputFlags, ending: str) -> None:
    from forecast.experiment.outputs import write_rows
    from forecast.experiment.stored_forecast import result_table
    from forecast.production.store.store import Store
    from forecast.workflows.predict import predict, predict_drawn

    store, to = Store(output.store), flags.to
    pictures: dict[Path, bytes] = {}
    if flags.plot is None:
        result = predict(request, store, start_run())
    else:
        from forecast.workflows.pages.predicted import PARTS

        path, picture = _picture(request, flags, store, PARTS)
        result, drawn = predict_drawn(request, picture, store, start_run())
        pictures = {_ended(path, end): content for end, content in drawn.items()}
    if output.verbose:
        say(f"{result.version.name} {result.version.label}, by forecast {result.version.program}", "Trained")
    if not output.quiet:
        say_notes(result.notes)
    made, written = result_table(result, result.version.label), flags.destination
    document = predicted_json(result, made, [*([written] if written else []), *map(str, pictures)])
    if flags.address is not None:
        write_rows(flags.address, result.version.name, made, create=flags.create_table)
    elif to is not None:
        _write_forecast(to, ending, result, made, document)
    if written is not None and not output.quiet:
        say(f"{written}: {extent_of(result)}, by {result.model} {result.version.label}", "Wrote")
    _write_pictures(pictures, output)
    is_asked = any(each is not None for each in (flags.levels, flags.quantiles, flags.cost))
    print_predicted(result, made, document, output, is_written=written is not None, is_asked=is_asked)


def _write_forecast(
    to: Path, ending: str, result: "PredictResult", made: "ResultTable", document: dict[str, Any]
) -> None:
    """Writes a forecast as the ending of its file says; a workbook has sheets of its own."""
    from forecast.experiment.destinations import WORKBOOK
    from forecast.experiment.outputs import write_content

    if ending != WORKBOOK:
        write_result(to, ending, made, document)
        return
    from forecast.workflows.pages.forecast_workbook import predicted_workbook  # XlsxWriter

    write_content(to, predicted_workbook(result))


def _check_picture(flags: PredictFlags) -> None:
    """Refuses what says how a picture is drawn where none is, and a picture of paths.

    Raises:
        UsageError: it was asked for.
    """
    for name, value in (("--size", flags.size), ("--label", flags.label)):
        if value is not None and flags.plot is None:
            raise UsageError(f"{name} says how the picture is drawn, and none is.", f"--plot png {name} {value}")
    if flags.plot is not None and flags.paths is not None:
        raise UsageError("--plot draws one forecast, and --paths makes many futures of it.", "--plot without --paths")


def _picture(
    request: "PredictRequest", flags: PredictFlags, store: "Store", second: str
) -> "tuple[Path, PictureRequest]":
    """Returns the file of a picture and how it is drawn, before any work is done for it.

    Args:
        request: what is forecast.
        flags: that were given.
        store: of the models.
        second: how the name of the second picture ends.

    Raises:
        UsageError: it has another ending than those of pictures, or it, or the second, is there already.
    """
    from forecast.experiment.destinations import PICTURES, check_free, picture_path
    from forecast.experiment.input_data import only_model
    from forecast.workflows.pages.predicted import PictureRequest

    path = picture_path(flags.plot or "", flags.to, request.name or only_model(store, "predict"))
    ending = check_free(path, PICTURES, force=flags.force, flag="--plot")
    check_free(_ended(path, second), PICTURES, force=flags.force, flag="--plot")
    return path, PictureRequest(cast(PictureKind, ending.removeprefix(".")), flags.size or "page", flags.label)


def _ended(path: Path, end: str) -> Path:
    return path.with_name(f"{path.stem}{end}{path.suffix}")


def _write_pictures(pictures: dict[Path, bytes], output: OutputFlags) -> None:
    from forecast.experiment.outputs import write_content

    for path, content in pictures.items():
        write_content(path, content)
    if pictures and not output.quiet:
        say(joined(list(map(str, pictures))), "Drew")


def _refuse_others(flag: str, flags: PredictFlags) -> None:
    """Refuses questions about one forecast where there are several.

    Args:
        flag: that makes several.
        flags: what was asked.

    Raises:
        UsageError: there is such a question.
    """
    for name in ("levels", "quantiles", "cost", "total", "total_by", *(["paths"] if flag == "--set" else [])):
        other = f"--{name.replace('_', '-')}"
        if getattr(flags, name) is not None:
            message = f"{other} asks about one forecast, and {flag} makes several of it."
            raise UsageError(message, f"{flag} without {other}, or {other} without {flag}")


def _what_if(request: "PredictRequest", flags: PredictFlags, output: OutputFlags, ending: str) -> None:
    from forecast.production.store.store import Store
    from forecast.workflows.what_if import Question, what_if

    store, asked = Store(output.store), tuple(flags.values or ())
    drawn = None
    if flags.plot is not None:
        from forecast.workflows.pages.predicted import WATERFALL

        drawn = _picture(request, flags, store, WATERFALL)
    result = what_if(request, Question(asked, flags.at, is_split=drawn is not None), store, start_run())
    pictures: dict[Path, bytes] = {}
    if drawn is not None and result.waterfall is not None:
        from forecast.workflows.pages.predicted import what_if_pictures

        path, picture = drawn
        words = ", ".join(asked) + (f" at {flags.at}" if flags.at else "")
        forecasts = (result.panel, result.changed, result.forecasts, result.what_if)
        made = what_if_pictures(*forecasts, words, result.waterfall, picture)
        pictures = {_ended(path, end): content for end, content in made.items()}
    tell_what_if(result, output)
    document = what_if_json(result, flags, [*([str(flags.to)] if flags.to else []), *map(str, pictures)])
    if flags.to is not None:
        write_result(flags.to, ending, result.table(), document)
    _write_pictures(pictures, output)
    print_what_if(result, flags, output, document)
