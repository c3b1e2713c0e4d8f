"""`forecast score [NAME] [DATA]`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from forecast.cli.grouping import grouped
from forecast.cli.input_data import in_address, read_options
from forecast.cli.options.arguments import FailIf, OnlyName
from forecast.cli.options.groups import DataFlags, OutputFlags
from forecast.cli.output.console import print_csv, print_json, say, say_notes, settle_form
from forecast.cli.output.live_scores import live_scores_json, live_scores_table
from forecast.cli.output.streams import write_out
from forecast.errors import naming
from forecast.specs import PlotKind


@grouped
def score_command(
    output: OutputFlags,
    reading: DataFlags,
    name: OnlyName = None,
    data: Annotated[
        str | None,
        typer.Argument(metavar="DATA", help="The file with the actuals; left out: the one last trained on."),
    ] = None,
    plot: Annotated[PlotKind, typer.Option("--plot", help="Draw the error of each forecast over time.")] = "none",
    out_dir: Annotated[
        Path, typer.Option("--out-dir", metavar="DIR", help="Folder of the plot.", file_okay=False)
    ] = Path("forecasts"),
    fail_if: FailIf = None,
) -> None:
    """Score every forecast that train and retrain issued by what came true since.

    forecast score sales

    forecast score sales newest.csv

    forecast score sales --fail-if 'skill<0' --json
    """
    from forecast.experiment.input_data import name_and_data
    from forecast.production.quality import broken, gate_error, read_rules, unjudged
    from forecast.production.store.store import Store
    from forecast.report.tables import csv_text, live_columns, live_row
    from forecast.workflows.score import ScoreRequest, draw_scores, score

    store, rules = Store(output.store), read_rules(fail_if or ())
    model, source = name_and_data(name, data, store)
    source, reading = in_address(source, reading)
    with naming(model or ""):
        result = score(ScoreRequest(model, source, read_options(reading), datetime.now(UTC)), store)
    if not output.quiet:
        say_notes(result.notes)
    files = draw_scores(result, plot, out_dir)
    rows = [tuple(live_row(scores).values()) for scores in result.scores]
    form = settle_form(output.form)
    if form == "json":
        print_json(live_scores_json(result, files))
    elif form == "csv":
        print_csv(csv_text(live_columns(result.points.levels), rows))
    else:
        write_out(live_scores_table(result))
    if not output.quiet:
        for signal in result.drift:
            say(signal.sentence, "Drift")
        for path in files:
            say(str(path), "Plot")
        for text in unjudged(rules, result.figures):
            say(f"{text} can't be judged: nothing has come true of late.", "Note")
    if said := broken(rules, result.figures):
        raise gate_error(result.champion.name, said)
