"""Flags that several commands share, grouped: a command takes a group as one argument.

Each group is a dataclass of annotated fields; ``grouped`` spreads its fields into the command's signature,
where Typer finds them, and puts them together again when the command is called.
"""

import shlex
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from forecast.cli.options.arguments import check_levels, parse_time_limit, require_names, settle_deadline
from forecast.cli.options.completion import complete_column, complete_frequency
from forecast.cli.options.help import ALL, show_all
from forecast.cli.options.setting_values import LISTS
from forecast.cli.options.settings import Configuration, configure, read_given
from forecast.errors import UsageError
from forecast.interval_levels import LEVELS, level_text
from forecast.specs import (
    MOST,
    USUAL_STORE,
    Aggregate,
    Deadline,
    Decimal,
    Device,
    Fill,
    Form,
    Kind,
    Loss,
    Metric,
    Parents,
    PlotKind,
    Preset,
    Settings,
    ViewSet,
)


def _panel(title: str) -> Callable[..., Any]:
    def option(*names: str, help: str, **more: Any) -> Any:  # noqa: A002 - Typer's word
        return typer.Option(*names, help=help, rich_help_panel=title, **more)

    return option


_data, _scoring, _network, _output = _panel("Data"), _panel("Forecast"), _panel("Network"), _panel("Output")


@dataclass(frozen=True)
class DataFlags:
    """How the file is read, where it can't be told from the file."""

    time: Annotated[
        str | None,
        _data("--time", help="Date column; several: Date,Time.", metavar="COLUMN", autocompletion=complete_column),
    ] = None
    target: Annotated[
        str | None,
        _data(
            "--target",
            help="Column to forecast; several (a,b) make a series each.",
            metavar="COLUMN",
            autocompletion=complete_column,
        ),
    ] = None
    id: Annotated[
        str | None,
        _data(
            "--id", help="Column that names the series; several: a,b.", metavar="COLUMN", autocompletion=complete_column
        ),
    ] = None
    hierarchy: Annotated[
        str | None,
        _data(
            "--hierarchy",
            help="Forecast sums as well, and make all add up: 'state/region * item', columns of the id.",
            metavar="TREE",
        ),
    ] = None
    parents: Annotated[
        Parents | None,
        _data("--parents", help="With --hierarchy: sums that stand in the file (check: they must be right)."),
    ] = None
    freq: Annotated[
        str | None,
        _data(
            "--freq",
            help="Step between rows: 15min, h, D, B, W, MS, QS, YS …",
            metavar="CODE",
            autocompletion=complete_frequency,
        ),
    ] = None
    date_format: Annotated[
        str | None, _data("--date-format", help="How dates are written, such as %d/%m/%Y.", metavar="FORMAT")
    ] = None
    fill: Annotated[
        Fill | None,
        _data("--fill", help="What stands in a gap (interpolate; in sums 0); filled steps are never scored."),
    ] = None
    missing: Annotated[
        str | None,
        _data("--missing", help="What means 'not measured', such as -200,9999; none: keep all.", metavar="WORDS"),
    ] = None
    decimal: Annotated[Decimal | None, _data("--decimal", help="What separates decimals.")] = None
    encoding: Annotated[
        str | None,
        _data("--encoding", help="Of the text, where it is read as another: cp1251, shift_jis.", metavar="ENCODING"),
    ] = None
    sheet: Annotated[
        str | None,
        _data("--sheet", help="Of a workbook, by name or number, where several hold a table.", metavar="SHEET"),
    ] = None
    aggregate: Annotated[
        Aggregate | None, _data("--aggregate", help="Make one value of the rows of each step; see --freq.")
    ] = None
    keep_partial: Annotated[
        bool, _data("--keep-partial", help="With --aggregate: keep a first or last period that is not whole.")
    ] = False
    no_dates: Annotated[bool, _data("--no-dates", help="There are no dates: each row is one step.")] = False
    known: Annotated[
        str | None,
        _data(
            "--known",
            help="Covariates known in the future, such as promo,price.",
            metavar="COLUMNS",
            autocompletion=complete_column,
        ),
    ] = None
    past: Annotated[
        str | None,
        _data(
            "--past",
            help="Covariates seen up to the forecast only: a,b.",
            metavar="COLUMNS",
            autocompletion=complete_column,
        ),
    ] = None
    static: Annotated[
        str | None,
        _data(
            "--static",
            help="Traits of a series, such as region,size.",
            metavar="COLUMNS",
            autocompletion=complete_column,
        ),
    ] = None
    ignore: Annotated[
        list[str] | None,
        _data(
            "--ignore",
            help="Neither learn from nor score these days, such as 2020-03..2021-06; may come several times.",
            metavar="DATE[..DATE]",
        ),
    ] = None
    weight: Annotated[
        str | None,
        _data(
            "--weight",
            help="Column that says how much each row counts, in learning and in scores; 0: not at all.",
            metavar="COLUMN",
            autocompletion=complete_column,
        ),
    ] = None
    min: Annotated[
        str | None,
        _data(
            "--min",
            help="No forecast lies below: a number, or a column of numbers.",
            metavar="LIMIT",
            autocompletion=complete_column,
        ),
    ] = None
    max: Annotated[
        str | None,
        _data(
            "--max",
            help="No forecast lies above: a number, or a column, such as a capacity.",
            metavar="LIMIT",
            autocompletion=complete_column,
        ),
    ] = None
    table: Annotated[
        str | None, _data("--table", help="Of a database: read this table, NAME or SCHEMA.NAME.", metavar="NAME")
    ] = None
    query: Annotated[
        str | None, _data("--query", help="Of a database: read what this SELECT returns.", metavar="SQL")
    ] = None
    half_life: Annotated[
        str | None,
        _data(
            "--half-life",
            help="Learn half as much from what is so much older: 90d, 26w, 18mo, 1y.",
            metavar="DURATION",
        ),
    ] = None

    def __post_init__(self) -> None:
        """Refuses a list of names that has none.

        Raises:
            UsageError: there is such a list.
        """
        for name in LISTS:
            given = getattr(self, name, None)
            for text in given if isinstance(given, list | tuple) else [given]:
                require_names(f"--{name}", text)


@dataclass(frozen=True)
class SettingsFlags:
    """What is forecast, how it is scored, and the network's settings."""

    horizon: Annotated[int | None, _scoring("--horizon", help="Steps to forecast.", min=1, metavar="STEPS")] = None
    window: Annotated[int | None, _scoring("--window", help="Steps the network sees.", min=1, metavar="STEPS")] = None
    season: Annotated[
        int | None, _scoring("--season", help="Steps in one season; 1 for none.", min=1, metavar="STEPS")
    ] = None
    folds: Annotated[
        int | None,
        _scoring("--folds", help="Origins at which the forecast is scored.", min=1, max=50, metavar="N"),
    ] = None
    levels: Annotated[
        str,
        _scoring(
            "--levels",
            help="Of the intervals, in per cent, such as 50,80,95.",
            metavar="LEVELS",
            callback=check_levels,
        ),
    ] = ",".join(map(level_text, LEVELS))
    kind: Annotated[
        Kind, _scoring("--kind", help="price: returns from the last value; sales: never below 0, checked.")
    ] = Settings.kind
    no_calendar: Annotated[
        bool, _scoring("--no-calendar", help="Don't look at dates for effects, such as those of the month's end.")
    ] = False
    country: Annotated[
        str | None,
        _scoring("--country", help="Look at its holidays, and the days around: DE, US-CA.", metavar="COUNTRY"),
    ] = None
    preset: Annotated[Preset, _network("--preset", help="Time for accuracy; 'tutorial' is the textbook way.")] = (
        Settings.preset
    )
    segment: Annotated[
        int | None,
        _network(
            "--segment", help="Observations that enter one recurrent step; 1 for a step each.", min=1, metavar="STEPS"
        ),
    ] = None
    units: Annotated[
        int | None, _network("--units", help="Units of a recurrent layer.", min=1, max=MOST["units"], metavar="N")
    ] = None
    layers: Annotated[
        int | None, _network("--layers", help="Stacked recurrent layers.", min=1, max=MOST["layers"], metavar="N")
    ] = None
    dropout: Annotated[float | None, _network("--dropout", help="Share of inputs dropped.", metavar="SHARE")] = None
    recurrent_dropout: Annotated[
        float | None, _network("--recurrent-dropout", help="Share of states dropped.", metavar="SHARE")
    ] = None
    loss: Annotated[Loss | None, _network("--loss", help="What training makes small.")] = None
    steps: Annotated[
        int | None, _network("--steps", help="Training steps of a network.", min=1, max=MOST["steps"], metavar="N")
    ] = None
    batch_size: Annotated[
        int | None, _network("--batch-size", help="Windows in one step.", min=1, max=MOST["batch-size"], metavar="N")
    ] = None
    learning_rate: Annotated[
        float | None, _network("--learning-rate", help="Highest learning rate of Adam.", metavar="RATE")
    ] = None
    weight_decay: Annotated[
        float | None, _network("--weight-decay", help="Draws weights to 0, times the learning rate.", metavar="SHARE")
    ] = None
    views: Annotated[ViewSet | None, _network("--views", help="How windows are shown to the networks.")] = None
    seed: Annotated[
        int,
        _network("--seed", help="First seed; the same gives the same numbers.", min=0, max=MOST["seed"], metavar="N"),
    ] = Settings.seed
    seeds: Annotated[int | None, _network("--seeds", help="Networks a view.", min=1, max=100, metavar="N")] = None
    metric: Annotated[Metric, _network("--metric", help="Error by which views and models are chosen.")] = (
        Settings.metric
    )
    device: Annotated[
        Device,
        _network(
            "--device",
            help="auto takes a GPU where there is one; NumPy trains networks too small to be worth TensorFlow's start.",
        ),
    ] = "auto"

    time_limit: Annotated[
        Deadline | None,
        _network(
            "--time-limit",
            help="Take this long in all, such as 60s, 2m or 1.5h: what is trained is chosen to fit.",
            metavar="TIME",
            parser=parse_time_limit,
            callback=settle_deadline,
        ),
    ] = None

    def settings(self) -> Settings:
        """Returns the settings of a run."""
        return Settings.of({**vars(self), "calendar": not self.no_calendar})


@dataclass(frozen=True)
class OutputFlags:
    """Where results go and in what form."""

    store: Annotated[
        Path, _output("--store", help="Folder of the trained models.", envvar="FORECAST_STORE", metavar="DIR")
    ] = Path(USUAL_STORE)
    format: Annotated[Form, _output("--format", help="auto: a table on a terminal, CSV in a pipe.")] = "auto"
    json: Annotated[bool, _output("--json", help="Short for --format json.")] = False
    quiet: Annotated[bool, _output("--quiet", "-q", help="Say nothing but the result and warnings.")] = False
    verbose: Annotated[bool, _output("--verbose", "-v", help="Say more: settings, choices, seconds.")] = False
    debug: Annotated[bool, _output("--debug", help="Show where in the program an error comes from.")] = False
    config: Annotated[
        Configuration | None,
        _output(
            "--config",
            help="File of settings; else the nearest forecast.toml, from this folder upwards.",
            metavar="FILE",
            parser=read_given,
            callback=configure,
            is_eager=True,  # it settles the defaults of the other flags
        ),
    ] = None
    help_all: Annotated[bool, _output(ALL, help="Show all flags and exit.", callback=show_all, is_eager=True)] = False

    def check(self) -> None:
        """Refuses flags that contradict each other; what a variable or the file says of the form gives way.

        Raises:
            UsageError: two do.
        """
        configured = self.config.settings.get("format") if self.config else None
        asked = "auto" if configured and configured.value == self.format else self.format
        for is_wrong, message in (
            (self.quiet and self.verbose, "--quiet and --verbose can't be used together."),
            (self.json and asked not in {"auto", "json"}, f"--json and --format {asked} can't be used together."),
        ):
            if is_wrong:
                raise UsageError(message, "one of them")

    @property
    def form(self) -> Form:
        """How the result is printed, ``--json`` heeded."""
        return "json" if self.json else self.format

    @property
    def configured(self) -> tuple[str, str] | None:
        """The data that a variable or the file of settings names, and which of them does."""
        data = self.config.settings.get("data") if self.config else None
        return (data.value, data.origin) if data else None

    @property
    def store_words(self) -> str:
        """What a command that is recommended needs to find the same store."""
        from forecast.production.store.lock import copied_from

        configured = self.config.settings.get("store") if self.config else None
        place = copied_from(self.store) or str(self.store)
        is_found = self.store == OutputFlags().store or (configured and str(configured.value).rstrip("/") == place)
        return "" if is_found else f" --store {shlex.quote(place)}"


@dataclass(frozen=True)
class PlotFlags:
    """What a run leaves behind, and where; a dry run leaves nothing."""

    plots: Annotated[PlotKind, _output("--plots", help="Kind of the plots.")] = "png"
    out_dir: Annotated[
        Path, _output("--out-dir", help="Folder of plots and forecasts.", metavar="DIR", file_okay=False)
    ] = Path("forecasts")
    report: Annotated[bool, _output("--report", help="Write one HTML page of it all into the folder.")] = False
    log_dir: Annotated[
        Path | None,
        _output("--log-dir", help="Log the trainings for TensorBoard, and MLflow.", metavar="DIR", file_okay=False),
    ] = None
    dry_run: Annotated[
        bool, _output("--dry-run", "-n", help="Say what would be done and how long it takes; write nothing.")
    ] = False
