"""What `forecast retrain` says of its outcome: one line for a person, or one JSON object."""

import sys
from dataclasses import asdict
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
        own = {key: value for key, value in asdict(result.entry).items() if key not in {"fingerprint", "asked"}}
        more = {"challenged": result.before, "scored_on": result.scored_on or None, "plan": list(result.plan)}
        more |= {"notes": list(result.notes), "files": [str(path) for path in result.files]}
        print_json({"name": result.name, **own, **more})
        return
    if output.quiet:
        return
    if result.plan:
        write_out("".join(f"{line}\n" for line in (f"{result.name}, a dry run:", *(f"  {p}" for p in result.plan))))
        return
    write_out(wrapped(_sentences(result), on_terminal=sys.stdout.isatty()))
    say_notes(result.notes)
    for file in result.files:
        say(str(file), "Report" if file.suffix == ".html" else "Forecast")
    name, entry = result.name, result.entry
    if entry.outcome == "promoted":
        say_commands([f"forecast models rollback {name}{output.store_words}"], "Undo")
    elif entry.outcome == "candidate":
        say_commands([f"forecast models promote {name} {entry.challenger}{output.store_words}"], "Next")


def _sentences(result: "RetrainResult") -> str:
    entry = result.entry
    if entry.outcome == "nothing-new":
        if entry.fingerprint:
            return f"{result.name}: nothing new since {result.since}; {entry.champion} stays."
        return f"{result.name}: {entry.reason}, since {result.since}; {entry.champion} stays untouched."
    new = f"{counted(entry.new_rows or 0, 'new row')} since {result.since}"
    if not entry.trigger.endswith(("new row", "new rows")):  # what else made it worth training
        new += f"; {entry.trigger.rstrip('.')}"
    scores = f"Champion {result.before} {short(entry.champion_rmse)}, {result.entrant} {short(entry.challenger_rmse)}"
    outcome = {
        "promoted": f"{entry.challenger} is the champion now",
        "kept": f"{result.before} stays",
        "candidate": f"{entry.challenger} is saved as a candidate, {result.before} stays",
    }[entry.outcome]
    return f"{result.name}: {new}. {scores} on {result.scored_on}: {outcome}; {entry.reason}."
