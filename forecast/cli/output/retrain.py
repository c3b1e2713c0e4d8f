"""What `forecast retrain` says of its outcome: one line for a person, or one JSON object."""

import shlex
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from forecast.cli.options.groups import OutputFlags
from forecast.cli.output.console import print_json, say, say_commands, say_notes, wrapped
from forecast.cli.output.streams import Styled, write_note, write_out
from forecast.decoding import Document
from forecast.errors import ExitCode
from forecast.wording import counted, listed, short

if TYPE_CHECKING:
    from forecast.execution.job import Failure
    from forecast.experiment.retraining.request import RetrainResult
    from forecast.workflows.retrain_all import Retrained


def tell_retrain(result: "RetrainResult", output: OutputFlags) -> None:
    """Says what became of the champion: nothing under ``-q``, unless JSON was asked for."""
    if output.form == "json":
        print_json(retrain_json(result))
        return
    if output.quiet:
        return
    record, name = result.record, result.record.name
    if result.plan:
        write_out("".join(f"{line}\n" for line in (f"{name}, a dry run:", *(f"  {p}" for p in result.plan))))
        return
    said = wrapped(retrain_sentence(result), on_terminal=sys.stdout.isatty())
    write_out(Styled(said, "good" if record.outcome == "promoted" else "strong"))
    say_notes(f"{name}: {note}" for note in result.notes)
    if result.changed:
        say(result.changed, "Changed")
    for file in result.files:
        say(str(file), "Report" if str(file).endswith(".html") else "Forecast")
    if record.outcome == "promoted":
        say_commands([f"{_program()} models rollback {name}{output.store_words}"], "Undo")
    elif record.outcome == "candidate":
        say_commands([f"{_program()} models promote {name} {record.challenger}{output.store_words}"], "Next")


def _program() -> str:
    """Returns the words by which a command begins that needs the cells which this one was given."""
    from forecast.experiment.versions.own_code import given_cells  # numpy, which a run without news does without

    return shlex.join(("forecast", *given_cells()))


def retrain_json(result: "RetrainResult") -> dict[str, Any]:
    """Returns what became of a champion as a document."""
    more: dict[str, Any] = {"plan": list(result.plan), "notes": list(result.notes), "alarms": list(result.alarms)}
    more["changed"] = result.changed or None
    more |= {"files": [str(path) for path in result.files]}
    return {**result.record.answer(), **more}


@dataclass(frozen=True)
class RetrainMessage(Document):
    """What is said of one model of many; it crosses from one process to another.

    Attributes:
        said: on stdout.
        document: of ``--json``.
    """

    name: str
    said: str
    document: dict[str, Any]

    @property
    def line(self) -> str:
        """What a watchdog is told of it."""
        error = self.document["error"]
        return f"error: {self.name}: {error['message']}" if error else self.said

    @property
    def failure(self) -> tuple[int, str]:
        """Its exit code, and why it failed: the error, or the quality rules that are broken; empty where it did not."""
        error = self.document["error"]
        message = error["message"] if error else ", ".join(self.document.get("alarms", ()))
        return self.document["exit_code"], message


def retrain_message(member: "Retrained") -> RetrainMessage:
    """Returns what is said of one model of many."""
    error, result = member.error, member.result
    why = None if error is None else {"code": int(error.exit_code), "message": error.message, "hint": error.hint}
    document: dict[str, Any] = {"name": member.name, **(retrain_json(result) if result else {})}
    document |= {"exit_code": member.exit_code, "error": why, "postponed": member.is_postponed}
    said = ""
    if result is not None:
        said = f"{member.name}: {'; '.join(result.plan)}" if result.plan else retrain_sentence(result)
    return RetrainMessage(member.name, said, document)


def lost_message(name: str, failure: "Failure") -> RetrainMessage:
    """Returns what is said of a model whose worker could not even say what went wrong."""
    why = {"code": failure.code, "message": failure.message, "hint": failure.hint}
    return RetrainMessage(name, "", {"name": name, "exit_code": failure.code, "error": why, "postponed": False})


def print_message(member: RetrainMessage, output: OutputFlags) -> None:
    """Says in a line what became of one model of many, as soon as it is known; of an error, even where quiet."""
    error = member.document["error"]
    if output.form == "json":
        return
    if error is not None:
        text = wrapped(f"{member.name}: {error['message']}", "error:", sys.stderr.isatty(), label_width=7)
        write_note(Styled("error:", "bad"), text.removeprefix("error:"))
        if error["hint"]:
            write_note(f"{'hint:':<7}{error['hint']}\n")
    if member.said and not output.quiet:
        write_out(wrapped(member.said, on_terminal=sys.stdout.isatty()))
        say_notes(f"{member.name}: {note}" for note in member.document["notes"])
        if changed := member.document.get("changed"):
            say(f"{member.name}: {changed}", "Changed")
    if alarms := member.document.get("alarms"):
        write_note(Styled("error:", "bad"), f" {member.name}: {', '.join(alarms)}.\n")


def print_messages(members: Sequence[RetrainMessage], output: OutputFlags) -> tuple[int, str]:
    """Says what became of all of many models; returns the exit code, 6 where one failed, and what it said."""
    told = [member.document for member in members]
    failed = [each["name"] for each in told if each["error"] is not None]
    postponed = [each["name"] for each in told if each["postponed"]]
    code = int(ExitCode.TRAINING) if failed else max((each["exit_code"] for each in told), default=0)
    outcomes = Counter(each["outcome"] for each in told if "outcome" in each)
    parts = [f"{count} {OUTCOMES.get(outcome, outcome)}" for outcome, count in outcomes.items()]
    late = "first the next time, since the time was up"
    alarmed = [each["name"] for each in told if each.get("alarms")]
    for names, what in ((alarmed, "broke a rule"), (postponed, late), (failed, "failed")):
        parts += [f"{len(names)} {what}: {listed(names)}"] if names else []
    summary = f"{counted(len(members), 'model')}: {'; '.join(parts)}."
    if output.form == "json":
        print_json({"models": told, "failed": failed, "postponed": postponed, "exit_code": code})
    elif code not in {ExitCode.DONE, ExitCode.NOT_PROMOTED} or not output.quiet:
        say(summary, "All")
    return code, summary


OUTCOMES = {
    "promoted": "promoted",
    "kept": "kept their champion",
    "candidate": "with a candidate",
    "nothing-new": "with nothing new",
    "dry-run": "would be retrained",
}
"""What became of models, to stand after how many."""


def retrain_sentence(result: "RetrainResult") -> str:
    """Returns what became of the champion; that it is worse than seasonal naive comes first."""
    from forecast.production.quality import below_naive, figures_of

    alarm = below_naive(figures_of(result.record))
    said = _outcome(result)
    return f"{result.record.name}: {alarm}. {said.removeprefix(f'{result.record.name}: ')}" if alarm else said


def _outcome(result: "RetrainResult") -> str:
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
    tuned = f" Tuned: {record.tuned}." if record.tuned else ""
    outcome = {
        "promoted": f"{record.challenger} is the champion now",
        "kept": f"{record.champion} stays",
        "candidate": f"{record.challenger} is saved as a candidate, {record.champion} stays",
    }[record.outcome or ""]
    return f"{record.name}: {new}. {scores} on {record.scored_on}: {outcome}; {record.reason}.{tuned}"
