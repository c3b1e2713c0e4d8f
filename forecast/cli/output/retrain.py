"""What `forecast retrain` says of its outcome: one line for a person, or one JSON object."""

import sys
from typing import TYPE_CHECKING

from forecast.cli.options.groups import OutputFlags
from forecast.cli.output.console import print_json, say, say_commands, say_notes, wrapped
from forecast.cli.output.streams import write_out
from forecast.wording import counted, short

if TYPE_CHECKING:
    from forecast.experiment.retraining.request import RetrainResult


def tell_retrain(result: "RetrainResult", output: OutputFlags) -> None:
    """Says what became of the champion: nothing under ``-q``, unless JSON was asked for."""
    if output.form == "json":
        more = {"plan": list(result.plan), "notes": list(result.notes), "files": [str(path) for path in result.files]}
        print_json({**result.record.answer(), **more})
        return
    if output.quiet:
        return
    record, name = result.record, result.record.name
    if result.plan:
        write_out("".join(f"{line}\n" for line in (f"{name}, a dry run:", *(f"  {p}" for p in result.plan))))
        return
    write_out(wrapped(_sentences(result), on_terminal=sys.stdout.isatty()))
    say_notes(result.notes)
    for file in result.files:
        say(str(file), "Report" if file.suffix == ".html" else "Forecast")
    if record.outcome == "promoted":
        say_commands([f"forecast models rollback {name}{output.store_words}"], "Undo")
    elif record.outcome == "candidate":
        say_commands([f"forecast models promote {name} {record.challenger}{output.store_words}"], "Next")


def _sentences(result: "RetrainResult") -> str:
    record = result.record
    if record.outcome == "nothing-new":
        if record.fingerprint:
            return f"{record.name}: nothing new since {result.since}; {record.champion} stays."
        return f"{record.name}: {record.reason}, since {result.since}; {record.champion} stays untouched."
    new, why = f"{counted(record.new_rows or 0, 'new row')} since {result.since}", record.trigger or ""
    if not why.endswith(("new row", "new rows")):  # what else made it worth training
        new += f"; {why.rstrip('.')}"
    champion, challenger = short(record.champion_rmse), short(record.challenger_rmse)
    scores = f"Champion {record.challenged} {champion}, {result.entrant} {challenger}"
    outcome = {
        "promoted": f"{record.challenger} is the champion now",
        "kept": f"{record.challenged} stays",
        "candidate": f"{record.challenger} is saved as a candidate, {record.challenged} stays",
    }[record.outcome or ""]
    return f"{record.name}: {new}. {scores} on {record.scored_on}: {outcome}; {record.reason}."
