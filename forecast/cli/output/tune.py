"""What `forecast tune` found: the best trials beside the default, what mattered, and what the confirmation said."""

from collections.abc import Mapping, Sequence
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any

from forecast.cli.options.groups import OutputFlags
from forecast.cli.output.console import (
    fitted_table,
    print_csv,
    print_json,
    say,
    say_commands,
    settle_form,
    with_lines,
    wrapped,
)
from forecast.cli.output.progress_notes import tell_files
from forecast.cli.output.streams import Style, Styled, write_out
from forecast.decoding import encode
from forecast.wording import counted, percent

if TYPE_CHECKING:
    from forecast.experiment.tuning.optuna_study import TriedSettings
    from forecast.workflows.tuning.tune import TuneResult

SHOWN = 8
"""Trials that the table shows beside the default; CSV and JSON have all."""
LEAST_WORDS = 20
OWN = ("trial", "state", "error", "vs_default")


def print_tuning(result: "TuneResult", output: OutputFlags) -> None:
    """Prints what came out to stdout, and to stderr what else there is to say.

    Args:
        result: of the tuning.
        output: in what form.
    """
    form = settle_form(output.form)
    if form == "json":
        print_json(tuning_json(result))
    elif form == "csv":
        from forecast.report.tables import csv_text

        names = [each.name for each in result.entry.space]
        rows = [
            (
                *_numbers(trial, result),
                *(trial.values[name] for name in names),
                trial.seconds,
                _full_error(trial, result),
            )
            for trial in _ranked(result)
        ]
        print_csv(csv_text((*OWN, *names, "seconds", "full_error"), rows))
    else:
        _print_table(result)
    if output.quiet:
        return
    if form != "table":
        say(result.verdict)
    if result.importances:
        ranked = sorted(result.importances.items(), key=lambda pair: -pair[1])
        say(", ".join(f"{name} {percent(share)}" for name, share in ranked[:5]), "Mattered")
    if result.settings:
        say(", ".join(result.settings.splitlines()), "Settings")
    tell_files([str(path) for path in result.files])
    say_commands(_next(result, output), "Next")


def _print_table(result: "TuneResult") -> None:
    ranked = _ranked(result)
    shown = [trial for place, trial in enumerate(ranked) if place < SHOWN or trial.number == 0]
    names = [each.name for each in result.entry.space]
    rows = [
        {
            "trial": "default" if trial.number == 0 else str(trial.number),
            "error": "–" if trial.error is None else f"{trial.error:.4f}",
            "vs default": _against_default(trial, result),
            "in full": _in_full(trial, result),
            **{name: _value(trial, name) for name in names},
            "s": f"{trial.seconds:.1f}",
        }
        for trial in shown
    ]
    told = ["error", "vs default", *(["in full"] if result.full else [])]
    text = fitted_table(rows, ["trial", *told, *names, "s"], ("s", *reversed(_by_worth(result))))
    changed = {one.name for one in result.entry.space if any(one.default != own.values.get(one.name) for own in shown)}
    if not changed <= set(text.splitlines()[0].split()):  # what a trial differs by would not be seen
        text = _table_of_changes(rows, shown, told, result)
    states: list[str] = [trial.state for trial in result.trials]
    parts = [
        f"{counted(states.count('stopped'), 'trial')} stopped early, clearly behind",
        f"{states.count('failed')} failed",
        f"{states.count('open')} begun and not ended",
    ]
    ended = [part for part, state in zip(parts, ("stopped", "failed", "open"), strict=True) if states.count(state)]
    styles: dict[int, Style] = {0: "faint"}
    head = f"\n  {counted(len(states), 'trial')} on the search folds{', ' + ', '.join(ended) if ended else ''}\n"
    write_out(head, *with_lines(text, styles), "\n", Styled(wrapped(result.verdict), "strong"))


def _table_of_changes(
    rows: Sequence[Mapping[str, str]], trials: "Sequence[TriedSettings]", told: Sequence[str], result: "TuneResult"
) -> str:
    """Returns the table with what each trial changes of the default, in words, in place of a column a setting."""
    from forecast.experiment.tuning.search_space import changes_in_words

    words = [changes_in_words(result.entry.space, trial.values) for trial in trials]
    beside = sum(2 + max(len(name), *(len(row[name]) for row in rows)) for name in (*told, "trial"))
    room = max(LEAST_WORDS, get_terminal_size((80, 24)).columns - beside - 4)
    cells = [own if len(own) <= room else f"{own[: room - 1]}…" for own in words]
    wide = [{**row, "changes": own} for row, own in zip(rows, cells, strict=True)]
    return fitted_table(wide, ["trial", "changes", *told], (), left=2)


def tuning_json(result: "TuneResult") -> dict[str, Any]:
    """Returns the JSON document."""
    entry, tuned = result.entry, result.tuned
    return {
        "name": entry.name,
        "data": {"source": entry.source, "rows": entry.rows, "fingerprint": entry.fingerprint},
        "search": {
            "folds": entry.folds,
            "confirm": entry.confirm,
            "horizon": entry.horizon,
            "until": entry.searched_to,
            "space": encode(entry.space),
            "rung": encode(entry.rung),
        },
        "trials": [
            {
                "trial": trial.number,
                "state": trial.state,
                "error": trial.error,
                "full_error": _full_error(trial, result),
                "values": dict(trial.values),
                "seconds": trial.seconds,
                "why": trial.why,
            }
            for trial in result.trials
        ],
        "best": result.best.number if result.best else None,
        "importances": result.importances,
        "confirmation": None if result.confirmation is None else encode(result.confirmation),
        "model": tuned.model,
        "settings": dict(tuned.changes),
        "verdict": result.verdict,
        "files": [str(path) for path in result.files],
    }


def _ranked(result: "TuneResult") -> list["TriedSettings"]:
    return sorted(result.trials, key=lambda trial: (trial.error is None, trial.state != "whole", trial.error or 0.0))


def _numbers(trial: "TriedSettings", result: "TuneResult") -> Sequence[Any]:
    default = result.trials[0].error
    against = None if trial.error is None or not default else trial.error / default - 1
    return trial.number, trial.state, trial.error, against


def _against_default(trial: "TriedSettings", result: "TuneResult") -> str:
    *_, against = _numbers(trial, result)
    if trial.number == 0 or against is None:
        return "–"
    return f"{percent(against, 1, signed=True)}{'' if trial.state == 'whole' else ' about'}"


def _full_error(trial: "TriedSettings", result: "TuneResult") -> float | None:
    """Returns the error of settings that were trained in full; None where they were not."""
    return result.full[trial.number].error if trial.number in result.full else None


def _in_full(trial: "TriedSettings", result: "TuneResult") -> str:
    """Returns how settings that were trained in full did beside the default that was, too."""
    own, default = result.full.get(trial.number), result.full.get(0)
    if own is None or own.error is None:
        return ""
    if own.number == 0 or default is None or not default.error:
        return f"{own.error:.4f}"
    return f"{percent(own.error / default.error - 1, 1, signed=True)}{'' if own.state == 'whole' else ' about'}"


def _by_worth(result: "TuneResult") -> list[str]:
    return sorted((each.name for each in result.entry.space), key=lambda name: -result.importances.get(name, 0.0))


def _value(trial: "TriedSettings", name: str) -> str:
    """Returns a setting as the table shows it; of a network without a cell, none that only cells have."""
    from forecast.experiment.tuning.search_space import CELL, OF_HIGHWAY
    from forecast.specs import LINEAR

    value = trial.values[name]
    if trial.values.get(CELL) == LINEAR and name not in {CELL, *OF_HIGHWAY}:
        return "–"
    return value if isinstance(value, str) else f"{value:g}"


def _next(result: "TuneResult", output: OutputFlags) -> tuple[str, ...]:
    import shlex

    name, store = result.entry.name, output.store_words
    if result.late:
        return (f"{result.late}{store}",)
    more = f"forecast tune --resume --name {name} --trials {2 * len(result.trials)}{store}"
    if not result.tuned.changes:
        return (more,)
    return f"forecast train {shlex.quote(result.entry.source)} --tuned {name}{store}", more
