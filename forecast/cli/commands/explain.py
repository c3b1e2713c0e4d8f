"""`forecast explain [NAME]`, `explain DATA --models rnn,lstm,gru`, `explain --lesson memory` and `--memory-test`."""

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from forecast.cli.grouping import grouped
from forecast.cli.input_data import find_data
from forecast.cli.options.completion import complete_name
from forecast.cli.options.groups import DataFlags, OutputFlags, SettingsFlags
from forecast.cli.output.explain import print_explanation, print_memory_test, tell_explanation
from forecast.cli.output.progress_notes import narrated
from forecast.errors import UsageError
from forecast.models.networks.cells import CELLS
from forecast.name_lists import split_names

if TYPE_CHECKING:
    from forecast.evaluation.explain.explanation import Explanation, Focus
from dataclasses import dataclass, fields

from forecast.cli.options.arguments import ModelVersion
from forecast.cli.options.completion import complete_models
from forecast.process import start_run
from forecast.specs import Lesson, PlotKind

EVERY_CELL = ",".join(CELLS)


@dataclass(frozen=True)
class SubjectFlags:
    """What is looked into."""

    models: Annotated[
        str | None,
        typer.Option(
            "--models", autocompletion=complete_models, metavar="CELLS", help="Train these on DATA and explain them."
        ),
    ] = None
    data: Annotated[
        str | None, typer.Option("--data", metavar="FILE", help="Windows for a saved model from this file instead.")
    ] = None
    version: ModelVersion = None
    series: Annotated[
        str | None, typer.Option("--series", metavar="ID", help="Series to show; left out: the most typical one.")
    ] = None
    lags: Annotated[
        int | None, typer.Option("--lags", min=1, metavar="STEPS", help="Lags to draw, up to the window.")
    ] = None
    lesson: Annotated[
        Lesson | None, typer.Option("--lesson", help="What a gate is for, on a task that needs a memory: 20 seconds.")
    ] = None
    memory_test: Annotated[
        bool, typer.Option("--memory-test", help="The same at length: how each cell begins, up to 200 steps; minutes.")
    ] = False


@dataclass(frozen=True)
class PageFlags:
    """What is left behind, and where."""

    teach: Annotated[bool, typer.Option("--teach", help="Add the equations with this data's numbers.")] = False
    to: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="DIR", help="Folder of page, panels and numbers.", file_okay=False),
    ] = None
    force: Annotated[bool, typer.Option("--force", "-f", help="Replace the page that is in that folder.")] = False
    plots: Annotated[PlotKind, typer.Option("--plots", help="Kind of the panels; none: numbers only.")] = "png"


def refuse(flags: SubjectFlags, names: tuple[str, ...], why: str) -> None:
    """Refuses flags that can't apply.

    Raises:
        UsageError: one of them was given.
    """
    for field in fields(flags):
        if field.name in names and getattr(flags, field.name) != field.default:
            flag = {"version": "model-version"}.get(field.name, field.name)
            raise UsageError(f"--{flag} can't apply {why}.", "leave it out")


FORECASTS = "forecasts"
"""Where results go when nobody says otherwise."""


@grouped
def explain_command(
    output: OutputFlags,
    page: PageFlags,
    subject: SubjectFlags,
    reading: DataFlags,
    settings: SettingsFlags,
    name: Annotated[
        str | None,
        typer.Argument(
            autocompletion=complete_name, metavar="MODEL-OR-DATA", help="A saved model, or a file to train cells on."
        ),
    ] = None,
) -> None:
    """See why: how far back a network looks, what passes its gates, and where gradients vanish, on your own data.

    forecast explain sales

    forecast explain sales.csv --models rnn,lstm,gru --teach -o why

    forecast explain --lesson memory
    """
    from forecast.evaluation.explain.explanation import Focus
    from forecast.experiment.destinations import check_folder
    from forecast.workflows.pages.explain import check_page, explain_files

    if page.to is not None:
        check_page(page.to, force=page.force)
    elif not has_own_data(subject):
        check_folder(Path(FORECASTS), "-o")
    if has_own_data(subject):
        _test_memory(name, page, subject, settings, output)
        return
    focus = Focus(subject.series, subject.lags)
    if subject.models is not None or _is_data(name, output):
        explanation = _trained(name, subject, (reading, settings), output, focus)
    else:
        if reading != DataFlags() or settings != SettingsFlags():
            raise UsageError(
                "Flags of data and training can't apply to a saved model.",
                f"forecast explain DATA --models {EVERY_CELL}",
            )
        explanation = _saved(name, subject, output, focus)
    lesson: tuple[str, ...] = ()
    if page.teach:
        from forecast.evaluation.explain.equations import equation_lines

        lesson = equation_lines(explanation.cell_reports, explanation.subjects, explanation.series)
    files = explain_files(explanation, lesson, page.plots, _command())
    tell_explanation(explanation, output)
    paths = _written(page.to or Path(FORECASTS) / f"{explanation.stem}-explain", files)
    print_explanation(explanation, lesson, paths, output)


def _written(folder: Path, files: Mapping[str, bytes]) -> list[str]:
    from forecast.experiment.destinations import check_folder
    from forecast.experiment.outputs import write_all

    check_folder(folder)
    return [str(path) for path in write_all(folder, files)]


def _command() -> str:
    return shlex.join(["forecast", *sys.argv[1:]])


def _is_data(name: str | None, output: OutputFlags) -> bool:
    """Tells whether the argument is a file rather than the name of a model."""
    from forecast.experiment.input_data import name_and_data
    from forecast.production.store.store import Store

    return name_and_data(name, None, Store(output.store))[1] is not None


def _saved(name: str | None, subject: SubjectFlags, output: OutputFlags, focus: "Focus") -> "Explanation":
    from forecast.production.store.store import Store
    from forecast.workflows.explain import ModelRequest, explain_model

    return explain_model(ModelRequest(name, subject.data, subject.version, focus), Store(output.store), start_run())


def _trained(
    name: str | None,
    subject: SubjectFlags,
    flags: tuple[DataFlags, SettingsFlags],
    output: OutputFlags,
    focus: "Focus",
) -> "Explanation":
    from forecast.workflows.explain import DataRequest, explain_data

    reading, settings = flags
    refuse(subject, ("data", "version"), "where cells are trained on DATA")
    if settings.time_limit is not None:
        raise UsageError("--time-limit can't apply here.", "--steps with a smaller number, or --preset fast")
    if settings.levels != SettingsFlags.levels:
        raise UsageError("--levels can't apply here: nothing is forecast that has intervals.", "leave it out")
    source, options = find_data(name, reading, output)
    cells = split_names(subject.models if subject.models is not None else EVERY_CELL)
    request = DataRequest(source, options, settings.settings(), cells, focus)
    with narrated("Training", output, device=settings.device) as run:
        return explain_data(request, run)


def has_own_data(subject: SubjectFlags) -> bool:
    """Tells whether an experiment was asked for that makes its own data."""
    return subject.memory_test or subject.lesson is not None


def _test_memory(
    name: str | None, page: PageFlags, subject: SubjectFlags, settings: SettingsFlags, output: OutputFlags
) -> None:
    from forecast.workflows.explain import memory_lesson, memory_test
    from forecast.workflows.pages.explain import memory_test_files

    flag, what = ("--lesson memory", "lesson") if subject.lesson else ("--memory-test", "memory test")
    refuse(subject, ("models", "data", "version", "series", "lags"), f"to the {what}, which has its own data")
    if subject.lesson and subject.memory_test:
        raise UsageError("--memory-test is --lesson memory at length: one of them at a time.", "leave out one of them")
    if name is not None or page.teach:
        raise UsageError(f"The {what} takes no data and has no equations.", f"forecast explain {flag}")
    with narrated("Memory", output) as run:
        found, words = (memory_lesson if subject.lesson else memory_test)(settings.seed, run)
    files = memory_test_files(found, words, page.plots, _command(), is_lesson=subject.lesson is not None)
    paths = _written(page.to or Path(FORECASTS) / ("memory-lesson" if subject.lesson else "memory-test"), files)
    print_memory_test(found, words, paths, output)
