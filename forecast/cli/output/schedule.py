"""What `forecast schedule` does with a plan: prints it, writes it, or edits the crontab after consent."""

import shlex
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from forecast.cli.options.groups import OutputFlags
from forecast.cli.output.console import print_json, say, say_commands, say_notes
from forecast.cli.output.streams import write_note, write_out
from forecast.errors import UsageError, printable_lines
from forecast.wording import counted

if TYPE_CHECKING:
    from forecast.workflows.schedule import Edit, SchedulePlan


def print_line(plan: "SchedulePlan", output: OutputFlags) -> None:
    """Prints the crontab line, and how to install it."""
    if output.form == "json":
        print_json({"name": plan.job.name, "kind": "cron", "cron": plan.timetable.cron, "line": plan.line})
        return
    write_out(f"{plan.line}\n")
    if not output.quiet:
        _note(plan)
        log = [] if plan.job.has_usual_log else ["--log-file", str(plan.job.log)]
        more = ["--", *plan.job.flags] if plan.job.flags else []
        again = [
            "forecast",
            *plan.cells,
            "schedule",
            plan.job.name,
            "--cron",
            plan.timetable.cron,
            *log,
            *plan.job.limits.flags,
            "--install",
            *more,
        ]
        head, dashes, tail = shlex.join(again).partition(" -- ")
        say_commands([f"{head}{output.store_words}{dashes}{tail}"], "Next")


def give_units(plan: "SchedulePlan", folder: Path | None, output: OutputFlags, *, force: bool) -> None:
    """Prints the systemd units, or writes them into a folder, and says what makes systemd heed them."""
    from forecast.workflows.schedule import activation, unit_folder, write_units

    units, home = plan.units, unit_folder(plan.job.limits)
    files = write_units(units, folder, force=force) if folder else ()
    if output.form == "json":
        document = {"name": plan.job.name, "kind": "systemd", "cron": plan.timetable.cron, "units": units}
        notes = plan.systemd_notes(datetime.now(UTC))
        print_json({**document, "files": [str(path) for path in files], "notes": list(notes)})
        return
    if not files:
        write_out("\n".join(f"# {home / name}\n{text}" for name, text in units.items()))
    if not output.quiet:
        say_notes(plan.systemd_notes(datetime.now(UTC)))
        for path in files:
            say(str(path), "Wrote")
        is_home = folder is not None and folder.expanduser().resolve() == home
        copies = [f"cp {shlex.join(map(str, files))} {home}"] if files and not is_home else []
        timer = next(name for name in units if name.endswith(".timer"))
        say_commands([*copies, *activation(timer, plan.job.limits)], "Next")


def install(plan: "SchedulePlan", output: OutputFlags, *, yes: bool) -> None:
    """Puts the line into the user's crontab."""
    from forecast.workflows.schedule import install_line

    name = plan.job.name
    line = plan.line
    _ask_consent(f"{line}\nPut this line into your crontab?", yes=yes)
    edit = install_line(plan)
    if output.form == "json":
        document = {"name": name, "cron": plan.timetable.cron, "line": line, "installed": True}
        print_json({**document, "changed": edit.is_changed, "kept": edit.kept})
    elif not output.quiet:
        _note(plan)
        state = "is in your crontab now" if edit.is_changed else "was in your crontab already, just so"
        say(f"The retrain of {_whose(name)} {state}. Its log: {plan.job.log}")
        _tell_foreign_lines(edit)
        look = "status" if name.startswith("-") else f"history {name}"
        say_commands([f"forecast {look}{output.store_words}"], "Next")


def remove(name: str, output: OutputFlags, *, yes: bool) -> None:
    """Takes the line out of the user's crontab."""
    from forecast.workflows.schedule import remove_line

    _ask_consent(f"Take the retrain of {_whose(name)} out of your crontab?", yes=yes)
    edit = remove_line(name, output.store)
    if output.form == "json":
        print_json({"name": name, "installed": False, "changed": edit.is_changed, "kept": edit.kept})
    elif not output.quiet:
        state = (
            "is out of your crontab" if edit.is_changed else f"was not in your crontab (for the store {output.store})"
        )
        say(f"The retrain of {_whose(name)} {state}.")
        _tell_foreign_lines(edit)


def _whose(name: str) -> str:
    """Returns what is retrained, in words; no model's name begins with a dash."""
    return "all models" if name.startswith("-") else name


def _tell_foreign_lines(edit: "Edit") -> None:
    if edit.kept:
        say(f"{counted(edit.kept, 'line')} of your own stood between the marks: kept, beside them now.", "Note")


def _note(plan: "SchedulePlan") -> None:
    if plan.cron_note:
        say(plan.cron_note, "Note")


def _ask_consent(question: str, *, yes: bool) -> None:
    if yes:
        return
    if not _on_terminal():
        raise UsageError("Your crontab is edited only with your consent, and there is no terminal to ask on.", "--yes")
    if not _is_yes(printable_lines(question)):
        write_note("Your crontab is as it was.\n")
        raise typer.Exit


def _is_yes(question: str) -> bool:
    """Returns whether the answer is yes; an answer that ends before it began (Ctrl-D, a closed terminal) is no."""
    try:
        return typer.confirm(question, err=True)
    except typer.Abort:
        write_note("\n")
        return False


def _on_terminal() -> bool:
    return sys.stdin is not None and sys.stdin.isatty()
