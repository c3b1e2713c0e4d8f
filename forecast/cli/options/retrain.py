"""The flags of `retrain`: when it is worth training, what a challenger has to prove, and what a job needs."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from forecast.addresses import is_address
from forecast.cli.options.arguments import FailIf, MetricsFile, parse_time_limit, settle_deadline
from forecast.cli.options.completion import complete_network
from forecast.errors import UsageError
from forecast.specs import MOST, Deadline, Device, Preset


def _group(title: str) -> Any:
    return lambda *names, **more: typer.Option(*names, rich_help_panel=title, **more)


_when, _challenge, _checks, _job = (
    _group("When it is worth training"), _group("The fight"), _group("Data that looks wrong"), _group("Jobs"),
)  # fmt: skip


@dataclass(frozen=True)
class TriggerFlags:
    """When it is worth training; any rule that fires is enough. Without one: any new row."""

    min_new_rows: Annotated[
        int | None, _when("--min-new-rows", min=1, metavar="N", help="Only if so many rows are new.")
    ] = None
    max_age: Annotated[
        str | None,
        _when("--max-age", metavar="TIME", help="Only if the champion is so old, such as 7d, and a row is new."),
    ] = None
    on_drift: Annotated[
        bool, _when("--on-drift", help="Only if live errors, intervals or values are not what they were.")
    ] = False


@dataclass(frozen=True)
class GateFlags:
    """How the challenger is made and what it has to prove."""

    model: Annotated[
        str | None,
        _challenge(
            "--model", autocompletion=complete_network, metavar="MODEL", help="Any of compare; default: the champion's."
        ),
    ] = None
    preset: Annotated[Preset | None, _challenge("--preset", help="Time for accuracy; default: the champion's.")] = None
    seed: Annotated[
        int | None,
        _challenge("--seed", min=0, max=MOST["seed"], metavar="N", help="First seed; default: the champion's."),
    ] = None
    seeds: Annotated[int | None, _challenge("--seeds", min=1, max=100, metavar="N", help="Networks a view.")] = None
    device: Annotated[Device, _challenge("--device", help="auto takes a GPU where there is one.")] = "auto"
    warm: Annotated[bool, _challenge("--warm", help="One more challenger starts from the champion's weights.")] = False
    tune: Annotated[
        str | None,
        _challenge("--tune", metavar="TIME", help="Search settings so long, such as 5m: one more challenger has them."),
    ] = None
    min_gain: Annotated[
        float,
        _challenge("--min-gain", min=0, max=0.99, metavar="SHARE", help="Promote only if the RMSE falls by 0.02 …"),
    ] = 0.0
    min_holdout: Annotated[
        int | None,
        _challenge("--min-holdout", min=1, metavar="STEPS", help="Newest steps to score on; default: one horizon."),
    ] = None
    no_refit_all: Annotated[
        bool, _challenge("--no-refit-all", help="Publish the winner as it fought, without the newest rows.")
    ] = False
    force: Annotated[bool, _challenge("--force", "-f", help="Train, and promote whatever the scores are.")] = False
    candidate_only: Annotated[bool, _challenge("--candidate-only", help="Publish, but never promote.")] = False


@dataclass(frozen=True)
class CheckFlags:
    """What is allowed knowingly; without these, such data is refused and the champion stays."""

    allow_shorter: Annotated[bool, _checks("--allow-shorter", help="Fewer rows than last time.")] = False
    allow_cut_off: Annotated[bool, _checks("--allow-cut-off", help="A last line without a line break.")] = False
    allow_future: Annotated[bool, _checks("--allow-future", help="Dates that are still to come.")] = False
    anomalies: Annotated[
        Literal["keep", "ignore"],
        _checks(
            "--anomalies",
            help="ignore: new spikes and dips that the champion did not expect are neither learned from nor scored.",
        ),
    ] = "keep"
    max_revision: Annotated[
        float, _checks("--max-revision", min=0, max=1, metavar="SHARE", help="Old values that may have changed.")
    ] = 0.05


@dataclass(frozen=True)
class JobFlags:
    """What a scheduled job needs."""

    output: Annotated[
        str,
        _job(
            "--output", "-o", metavar="DIR", help="Folder of the forecast file; or a table: postgresql://HOST/DB#TABLE."
        ),
    ] = "forecasts"
    create_table: Annotated[
        bool, _job("--create-table", help="Make the table of -o in the database, if it is not there.")
    ] = False
    future: Annotated[
        str | None,
        _job("--future", metavar="FILE", help="Known columns of the steps to come; the rest is as usual."),
    ] = None
    report: Annotated[bool, _job("--report", help="Write NAME-report.html into the folder after each run.")] = False
    site: Annotated[
        Path | None,
        _job(
            "--site",
            metavar="DIR",
            file_okay=False,
            help="With several models: a page each and an index, after the run.",
        ),
    ] = None
    dry_run: Annotated[bool, _job("--dry-run", "-n", help="Say what would be read, trained and written.")] = False
    detailed_exitcode: Annotated[bool, _job("--detailed-exitcode", help="Exit 10 when not promoted.")] = False
    all: Annotated[bool, _job("--all", help="Every model of the store, the stalest first.")] = False
    workers: Annotated[
        int | None,
        _job(
            "--workers",
            min=1,
            max=1024,
            metavar="N",
            help="Many models in so many processes; left out, up to 4 from 8 models on.",
        ),
    ] = None
    time_limit: Annotated[
        Deadline | None,
        _job(
            "--time-limit",
            metavar="TIME",
            help="All of it ends by then, such as 50m; models whose turn did not come are first the next time.",
            parser=parse_time_limit,
            callback=settle_deadline,
        ),
    ] = None
    fail_if: FailIf = None
    keep: Annotated[
        int | None, _job("--keep", min=1, metavar="N", help="So many of the newest versions stay, and the champion.")
    ] = None
    keep_issued: Annotated[
        str | None, _job("--keep-issued", metavar="DURATION", help="Issued forecasts stay so long, such as 2y.")
    ] = None
    metrics_file: MetricsFile = None
    lock_timeout: Annotated[
        str, _job("--lock-timeout", metavar="TIME", help="Wait so long for another run, such as 10m.")
    ] = "0"
    log_file: Annotated[
        Path | None, _job("--log-file", metavar="FILE", help="Append what happens as JSON lines.", dir_okay=False)
    ] = None
    ping_url: Annotated[
        str | None, _job("--ping-url", metavar="URL", help="Gets /start, then /<exit code> (healthchecks.io).")
    ] = None
    on_failure: Annotated[
        str | None,
        _job(
            "--on-failure",
            metavar="CMD",
            help="Run it on failure, 60 s at most; it finds FORECAST_NAME, _MESSAGE, _EXIT_CODE.",
        ),
    ] = None


@dataclass(frozen=True)
class RetrainFlags(JobFlags, CheckFlags, GateFlags, TriggerFlags):
    """All of them, as one argument of the command."""

    @property
    def table(self) -> str | None:
        """The address of a table that takes the forecasts; None for files in a folder."""
        return self.output if is_address(self.output) else None

    def check_destination(self) -> None:
        """Refuses a place where no forecast can be written, before any work is done for it.

        Raises:
            UsageError: it is one, or a flag asks of a folder what is no folder, or of a table what is none.
            DataError: the folder is where one may not look or write.
        """
        from forecast.experiment.destinations import check_folder

        if self.table is None:
            if self.create_table:
                message = "--create-table makes a table in the database of -o, and none is named."
                raise UsageError(message, "-o postgresql://USER@HOST/DB#TABLE --create-table")
            check_folder(Path(self.output), "-o")
            return
        from forecast.data.files.remote.forecast_table import check_forecast_table

        check_forecast_table(self.table)
        if self.report:
            message = "--report writes a page into the folder of -o, and that is a table of a database."
            raise UsageError(message, "forecast report NAME after the run, or --site DIR with several models")
