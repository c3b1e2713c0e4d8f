"""`forecast retrain [NAME] [DATA]`."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from forecast.cli.duration import parse_duration
from forecast.cli.grouping import grouped
from forecast.cli.input_data import read_options
from forecast.cli.options.arguments import OnlyName
from forecast.cli.options.groups import DataFlags, OutputFlags
from forecast.cli.output.console import say
from forecast.cli.output.progress_notes import narrated
from forecast.cli.output.retrain import tell_retrain
from forecast.cli.retrain_flags import RetrainFlags
from forecast.errors import DataError, ExitCode, UsageError

if TYPE_CHECKING:
    from forecast.workflows.retrain import RetrainRequest


@grouped
def retrain_command(
    flags: RetrainFlags,
    output: OutputFlags,
    reading: DataFlags,
    name: OnlyName = None,
    data: Annotated[
        str | None, typer.Argument(metavar="DATA", help="The newest data; left out: the file of the last train.")
    ] = None,
) -> None:
    """Train a challenger on the newest data; it takes over only if it wins. Made for cron.

    forecast retrain sales

    forecast retrain sales newest.csv --min-new-rows 7 --warm

    forecast retrain sales -q --log-file retrain.log --ping-url https://hc-ping.com/UUID
    """
    from forecast.experiment.destinations import check_folder, check_log
    from forecast.production.notify import ENDED, Alarm, watched
    from forecast.production.run_log import open_log
    from forecast.production.store.store import Store
    from forecast.workflows.retrain import retrain

    check_log(flags.log_file)
    store = Store(output.store)
    names = store.names()
    alarm = Alarm(flags.ping_url, flags.on_failure)
    only = names[0] if len(names) == 1 else ""

    def tell(event: str, sentence: str) -> None:
        if event == ENDED or not output.quiet:
            say(sentence, "Note")
        with suppress(DataError):
            open_log(flags.log_file, lambda: datetime.now(UTC))(event, {"reason": sentence})

    with watched(Alarm() if flags.dry_run else alarm, name if name in names else only, tell) as watch:
        check_folder(flags.to, "-o")
        if data is None and name is not None and name not in names:
            from forecast.experiment.input_data import name_and_data

            name, data = name_and_data(name, data, store)
        log = open_log(flags.log_file, lambda: datetime.now(UTC))
        request = _request(name, data, flags, reading)
        with narrated("Retrain", output, warns=False) as reporter:
            result = retrain(request, store, lambda: datetime.now(UTC), reporter, log)
        watch.exit_code = result.entry.exit_code
    tell_retrain(result, output)
    raise typer.Exit(watch.exit_code)


def _request(name: str | None, data: str | None, flags: RetrainFlags, reading: DataFlags) -> "RetrainRequest":
    from forecast.production.promotion import Gate
    from forecast.production.triggers import Rules, Tolerance
    from forecast.workflows.retrain import Change, RetrainRequest

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
        gate=Gate(flags.min_gain, flags.force, flags.candidate_only),
        rules=Rules(flags.min_new_rows, oldest, flags.on_drift),
        tolerance=Tolerance(flags.max_revision, flags.allow_shorter, flags.allow_cut_off, flags.allow_future),
        folder=flags.to,
        device=flags.device,
        lock_timeout=wait.total_seconds(),
        dry_run=flags.dry_run,
        report=flags.report,
        future=flags.future,
        exit_code_kept=ExitCode.NOT_PROMOTED if flags.detailed_exitcode else ExitCode.DONE,
    )
