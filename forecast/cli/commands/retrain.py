"""`forecast retrain [NAME]... [DATA]`, one model or many."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from forecast.cli.grouping import grouped
from forecast.cli.input_data import in_address, read_options
from forecast.cli.options.arguments import issued_since, look_for_metrics
from forecast.cli.options.completion import complete_name
from forecast.cli.options.groups import DataFlags, OutputFlags
from forecast.cli.options.retrain import RetrainFlags
from forecast.cli.output.console import say
from forecast.cli.output.progress_notes import narrated
from forecast.cli.output.retrain import (
    RetrainMessage,
    lost_message,
    print_message,
    print_messages,
    retrain_message,
    retrain_sentence,
    tell_retrain,
)
from forecast.decoding import decode, encode
from forecast.durations import parse_duration
from forecast.errors import DataError, ExitCode, ForecastError, Stopped, UsageError, naming
from forecast.process import SystemClock, has_graphics_card, unasked_workers
from forecast.specs import LESSONS, Deadline

if TYPE_CHECKING:
    from forecast.experiment.retraining.request import RetrainRequest
    from forecast.production.notify import Alarm, Tell
    from forecast.production.store.store import Store
    from forecast.run import Run


Words = Annotated[
    list[str] | None,
    typer.Argument(
        autocompletion=complete_name,
        metavar="[NAME]... [DATA]",
        help="The model, which may be left out where there is one, and the newest data; left out: the file of the "
        "last train. Or several models, or patterns such as 'shop-*'.",
    ),
]


@grouped
def retrain_command(
    flags: RetrainFlags,
    told: OutputFlags,
    reading: DataFlags,
    words: Words = None,
) -> None:
    """Train a challenger on the newest data; it takes over only if it wins. Made for cron.

    forecast retrain sales

    forecast retrain sales newest.csv --min-new-rows 7 --warm

    forecast retrain --all --time-limit 50m -q --log-file retrain.log --ping-url https://hc-ping.com/UUID
    """
    from forecast.experiment.destinations import check_log
    from forecast.production.fleet import are_several
    from forecast.production.store.store import Store

    check_log(flags.log_file)
    look_for_metrics(flags.metrics_file)
    store, given = Store(told.store), tuple(words or ())
    if flags.all or are_several(given, store.names()):
        _retrain_all(given, store, flags, told, reading)
    else:
        if flags.workers is not None:
            raise UsageError("--workers is for several models, and one is retrained.", "--all, or no --workers")
        if flags.site is not None:
            raise UsageError("--site is of several models, and one is retrained.", "--all, or --report of this one")
        name, data = (*given, None, None)[:2]
        _retrain_one(name, data, store, flags, told, reading)


def _retrain_one(
    name: str | None, data: str | None, store: "Store", flags: RetrainFlags, output: OutputFlags, reading: DataFlags
) -> None:
    from forecast.execution.job import peak_memory
    from forecast.production.notify import watched
    from forecast.production.quality import gate_error
    from forecast.production.run_log import open_log
    from forecast.workflows.retrain import retrain
    from forecast.workflows.retrain_all import timed

    names = store.names()
    only = names[0] if len(names) == 1 else ""
    tell = _teller(flags, output)
    with watched(_alarm(flags), name if name in names else only, tell) as watch:
        flags.check_destination()
        if data is None and name is not None and name not in names:
            from forecast.experiment.input_data import name_and_data

            name, data = name_and_data(name, data, store)
        log = open_log(flags.log_file, SystemClock().now, peak_memory)
        data, reading = in_address(data, reading)
        request = _request(name, data, flags, reading)
        own = name or only
        with (
            naming(own),
            _measured((own,) if own in names else (), flags, store, tell),
            narrated("Retrain", output, device=flags.device, warns=False) as run,
        ):
            result = retrain(request, store, timed(run, flags.time_limit, own), log)
        watch.exit_code = result.record.exit_code or 0
        watch.message = ", ".join(result.alarms)
        watch.say("" if result.plan else retrain_sentence(result))
    tell_retrain(result, output)
    if result.alarms:
        raise gate_error(result.record.name, result.alarms)
    raise typer.Exit(watch.exit_code)


def _retrain_all(
    words: tuple[str, ...], store: "Store", flags: RetrainFlags, output: OutputFlags, reading: DataFlags
) -> None:
    """Retrains many models: the watchdog hears of them as one job, the command for a failure of each that failed."""
    from forecast.production.notify import Alarm, run_on_failure, watched
    from forecast.workflows.retrain_all import members

    tell, ended = _teller(flags, output), list[RetrainMessage]()
    with watched(Alarm() if flags.dry_run else Alarm(flags.ping_url), "", tell) as watch:
        flags.check_destination()
        for flag, is_given in (("--future", flags.future is not None), ("--freq, --id …", reading != DataFlags())):
            if is_given:
                message = f"{flag} says how one file is to be read, and several models are retrained."
                raise UsageError(message, "forecast retrain NAME DATA with it")
        names, asked = members(words, store, is_all=flags.all), flags.workers
        flags = _with_shared_search(replace(flags, workers=workers_of(flags, len(names))), len(names))
        if flags.site is not None:
            from forecast.workflows.report import check_site

            check_site(flags.site, "--site")
        with (
            _measured(names, flags, store, tell),
            narrated("Retrain", replace(output, verbose=False), device=flags.device, tells=False) as run,
            telling_what_was_done(ended, len(names)),
        ):
            for member in _each(names, store, flags, run):
                ended.append(member)
                watch.say(member.line)
                print_message(member, output)
                code, message = member.failure
                if message and flags.on_failure and not flags.dry_run:
                    run_on_failure(flags.on_failure, member.name, code, message, tell)
        watch.exit_code, summary = print_messages(ended, output)
        watch.say(summary)
        if flags.site is not None and not flags.dry_run:
            _write_site(flags.site, store, output, tell, asked)
    raise typer.Exit(watch.exit_code)


MANY = 8
"""Models that are worth starting other processes."""
LEAST_SEARCH = 20.0
"""Seconds below which a search has no time for anything but the recipe of before."""


def workers_of(flags: RetrainFlags, count: int) -> int:
    """Returns how many processes retrain so many models: as asked for, else some where models are many.

    A graphics card is not shared unasked: its memory is one's own.
    """
    if flags.workers is not None:
        return flags.workers
    return 1 if flags.device != "cpu" and has_graphics_card() else unasked_workers(count, MANY)


def _search_seconds(flags: RetrainFlags) -> float | None:
    """Returns how long settings are searched for; None for no search.

    Raises:
        UsageError: that leaves no time for anything.
    """
    if flags.tune is None:
        return None
    seconds = parse_duration("--tune", flags.tune).total_seconds()
    if seconds < LEAST_SEARCH:
        text = f"--tune {flags.tune} is too short to try anything but the champion's recipe."
        raise UsageError(text, f"--tune {LEAST_SEARCH:g}s or more")
    if flags.time_limit is not None and seconds >= flags.time_limit.limit:
        text = f"--tune {flags.tune} leaves nothing of --time-limit for training what is found."
        raise UsageError(text, f"--tune {max(LEAST_SEARCH, flags.time_limit.limit // 3):g}s, or a longer --time-limit")
    return seconds


def _with_shared_search(flags: RetrainFlags, count: int) -> RetrainFlags:
    """Returns the flags of each of several models: all have the same part of the time that settings are searched for.

    Raises:
        UsageError: it is too short to be shared.
    """
    seconds = _search_seconds(flags)
    if seconds is None or count < 2:
        return flags
    side_by_side = min(flags.workers or 1, count)
    own = seconds * side_by_side / count
    if own < LEAST_SEARCH:
        text = f"--tune {flags.tune} is for all {count} models together: {own:.3g} s each, too short to try anything."
        raise UsageError(text, f"--tune {LEAST_SEARCH * count / side_by_side:g}s or more, or fewer models")
    return replace(flags, tune=f"{own:.3f}s")


def _write_site(folder: Path, store: "Store", output: OutputFlags, tell: "Tell", workers: int | None) -> None:
    """Writes the site of all models; a disk that refuses fails no job."""
    from forecast.cli.commands.report import site_workers, tell_site
    from forecast.production.notify import UNWRITTEN
    from forecast.workflows.report import write_site

    try:
        with narrated("Site", replace(output, verbose=False), tells=False) as run:
            result = write_site(store, folder, run, site_workers(store, workers), "--site")
    except ForecastError as error:
        tell(UNWRITTEN, f"The site was not written: {error.message}")
        return
    if not output.quiet:
        tell_site(result)


@contextmanager
def telling_what_was_done(ended: Sequence[RetrainMessage], count: int) -> Iterator[None]:
    """Lets a signal that stops the block say that some models were done before, and are not as they were.

    Args:
        ended: those so far.
        count: of all of them.
    """
    try:
        yield
    except Stopped as stop:
        if ended and stop.truth == Stopped(stop.number).truth:
            stop.truth = f"{len(ended)} of {count} models were done: forecast history says what became of each."
        raise


def _each(names: tuple[str, ...], store: "Store", flags: RetrainFlags, run: "Run") -> Iterator[RetrainMessage]:
    """Yields what became of each model: in this process, or in several beside it."""
    from forecast.execution.job import peak_memory
    from forecast.production.run_log import open_log
    from forecast.workflows.retrain_all import retrain_all

    log, request = open_log(flags.log_file, run.clock.now, peak_memory), _request(None, None, flags, DataFlags())
    if (flags.workers or 1) == 1:
        for member in retrain_all(names, request, store, run, log, flags.time_limit):
            yield retrain_message(member)
        return
    from forecast.execution.executor import Workplace, open_executor
    from forecast.execution.job import JobOrder
    from forecast.workflows.retrain_all import allotted

    told = {key: str(value) if isinstance(value, Path) else value for key, value in vars(flags).items()}
    told |= {"time_limit": None, "workers": None, "site": None}
    shares = allotted(names, store, flags.time_limit, run.clock, flags.workers or 1)
    with open_executor(Workplace(flags.workers or 1), run) as executor:
        run.reporter.progress(f"{len(names)} models", 0.0)
        function = f"{retrain_job.__module__}:{retrain_job.__name__}"
        common = {"store": str(store.root.absolute()), "flags": told}
        futures = [executor.submit(JobOrder(time["name"], function, {**common, "time": time})) for time in shares]
        for place, future in enumerate(executor.as_completed(futures), start=1):
            done = future.result()
            yield (decode(RetrainMessage, done.value) if done.failure is None else lost_message(done.key, done.failure))
            run.reporter.progress(f"{place} of {len(names)} models", place / len(names))


def retrain_job(spec: Mapping[str, Any], run: "Run") -> Mapping[str, Any]:
    """Retrains one model in a process of its own: what ``retrain --all --workers`` orders.

    Args:
        spec: the store, the flags of the command, and of its time: when it ends, and the model's share of it.
        run: what to work with; the clock is that of the process, since a retrain is dated.
    """
    from forecast.execution.job import peak_memory
    from forecast.production.run_log import open_log
    from forecast.production.store.store import Store
    from forecast.workflows.retrain_all import retrain_all

    paths = {key: Path(spec["flags"][key]) for key in ("log_file",) if spec["flags"][key] is not None}
    flags, clock = RetrainFlags(**{**spec["flags"], **paths}), SystemClock()
    deadline = None
    if spec["time"]["ends"] is not None:
        left = (datetime.fromisoformat(spec["time"]["ends"]) - clock.now()).total_seconds()
        deadline = Deadline(min(left, spec["time"]["share"]), clock.seconds())
    own = replace(run, clock=clock, machine=replace(run.machine, device=flags.device))
    log, request = open_log(flags.log_file, clock.now, peak_memory), _request(None, None, flags, DataFlags())
    [member] = retrain_all((spec["time"]["name"],), request, Store(Path(spec["store"])), own, log, deadline)
    return dict(encode(retrain_message(member)))


@contextmanager
def _measured(names: Sequence[str], flags: RetrainFlags, store: "Store", tell: "Tell") -> Iterator[None]:
    """Writes the metrics of models after the block, however it ends; a disk that refuses fails no job."""
    try:
        yield
    finally:
        if flags.metrics_file is not None and not flags.dry_run:
            from forecast.production.metrics import write_metrics
            from forecast.production.notify import UNWRITTEN
            from forecast.production.status import statuses_of

            now = SystemClock().now()
            try:
                write_metrics(flags.metrics_file, statuses_of(store, names, now), now)
            except ForecastError as error:
                tell(UNWRITTEN, f"The metrics were not written: {error.message}")


def _alarm(flags: RetrainFlags) -> "Alarm":
    from forecast.production.notify import Alarm

    alarm = Alarm(flags.ping_url, flags.on_failure)
    return Alarm() if flags.dry_run else alarm


def _teller(flags: RetrainFlags, output: OutputFlags) -> "Tell":
    from forecast.execution.job import peak_memory
    from forecast.production.notify import UNHEARD
    from forecast.production.run_log import open_log

    def tell(event: str, sentence: str) -> None:
        if event != UNHEARD or not output.quiet:
            say(sentence, "Note")
        with suppress(DataError):
            open_log(flags.log_file, SystemClock().now, peak_memory)(event, {"reason": sentence})

    return tell


def _request(name: str | None, data: str | None, flags: RetrainFlags, reading: DataFlags) -> "RetrainRequest":
    from forecast.experiment.retraining.request import Change, RetrainRequest
    from forecast.production.promotion import Gate
    from forecast.production.quality import read_rules
    from forecast.production.store.retention import Retention
    from forecast.production.triggers import Rules, Tolerance

    if flags.force and flags.candidate_only:
        raise UsageError("--force and --candidate-only can't be used together.", "one of them")
    wait = parse_duration("--lock-timeout", flags.lock_timeout, may_be_zero=True)
    oldest = parse_duration("--max-age", flags.max_age, may_be_zero=True) if flags.max_age is not None else None
    how = {"refit_all": not flags.no_refit_all, "warm": flags.warm}
    return RetrainRequest(
        name=name,
        source=data,
        options=None if reading == DataFlags() else read_options(reading),
        change=Change(flags.model, flags.preset, flags.seed, flags.seeds, flags.min_holdout, **how),
        gate=Gate(flags.min_gain, flags.force, flags.candidate_only, flags.preset in LESSONS),
        rules=Rules(flags.min_new_rows, oldest, flags.on_drift),
        tolerance=Tolerance(flags.max_revision, flags.allow_shorter, flags.allow_cut_off, flags.allow_future),
        folder=Path(flags.output),
        table=flags.table,
        creates_table=flags.create_table,
        lock_timeout=wait.total_seconds(),
        dry_run=flags.dry_run,
        report=flags.report,
        future=flags.future,
        alarms=read_rules(flags.fail_if or ()),
        tune=_search_seconds(flags),
        kept=Retention(flags.keep, issued_since(flags.keep_issued, SystemClock().now())),
        ignores_anomalies=flags.anomalies == "ignore",
        exit_code_kept=ExitCode.NOT_PROMOTED if flags.detailed_exitcode else ExitCode.DONE,
    )
