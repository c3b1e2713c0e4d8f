"""What `forecast explain` prints: the findings and a row a cell, or a row a lag of the memory test."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from forecast.cli.options.groups import OutputFlags
from forecast.cli.output.console import fitted_table, print_csv, print_json, say, say_notes, settle_form, wrapped
from forecast.cli.output.streams import write_out
from forecast.wording import short

if TYPE_CHECKING:
    from forecast.evaluation.explain.explanation import Explanation
    from forecast.evaluation.explain.memory_test import MemoryTestResult

HEADERS = {
    "lags_50": "50 % lags",
    "lags_90": "90 % lags",
    "whole_lags_90": "whole 90 %",
    "half_life": "half-life",
    "median_tau": "median τ",
    "idle_units": "idle",
    "spectral_radius": "radius",
    "parameters": "params",
    "predict_ms": "ms",
}
FIRST_TO_GO = ("networks", "saturated", "ms", "radius", "params", "idle", "window")


def tell_explanation(explanation: "Explanation", output: OutputFlags) -> None:
    """Says on stderr what is explained, and what is to be known of it."""
    if not output.quiet:
        say(explanation.title, "Explains")
        say_notes(explanation.notes)


def print_explanation(
    explanation: "Explanation", lesson: Sequence[str], paths: Sequence[str], output: OutputFlags
) -> None:
    """Prints the findings, and says where the page is.

    Args:
        explanation: what was found.
        lesson: lines of ``--teach``; none for no lesson.
        paths: of the files that were written.
        output: flags of it.
    """
    from forecast.workflows.pages.explain_tables import (
        SUMMARY,
        explain_document,
        plain_json,
        summary_rows,
        summary_texts,
    )

    form = settle_form(output.form)
    if form == "json":
        document = {**explain_document(explanation), "lesson": list(lesson)}
        print_json({**plain_json(document), "files": paths})
    elif form == "csv":
        _write_csv(SUMMARY, summary_rows(explanation))
    else:
        cells = [
            {HEADERS.get(key, key): value for key, value in row.items()} for row in summary_texts(explanation, short)
        ]
        text = fitted_table(cells, list(cells[0]), FIRST_TO_GO)
        said = "".join(
            wrapped(f"{s.text} [{s.panel}]", f"{i}.", label_width=3) for i, s in enumerate(explanation.sentences, 1)
        )
        write_out(f"{text}\n{said}" + ("\n" + "\n".join(lesson) + "\n" if lesson else ""))
    _tell(paths, output)


def print_memory_test(
    found: "MemoryTestResult", words: Sequence[str], paths: Sequence[str], output: OutputFlags
) -> None:
    """Prints the table of the memory test or of the lesson and what it means, and says where its page is."""
    from forecast.evaluation.explain.memory_test import PASS
    from forecast.workflows.pages.explain_tables import RECALL, recall_document, recall_rows

    form, rows = settle_form(output.form), recall_rows(found)
    if form == "json":
        print_json({**recall_document(found, words), "files": paths})
    elif form == "csv":
        _write_csv(RECALL, rows)
    else:
        shown = [
            {
                "cell": cell,
                **({"changed": setup} if len(found.rates[cell]) > 1 else {}),
                **{str(lag): f"{100 * row.mean():.0f}" for lag, row in zip(found.lags, rates, strict=True)},
                "gives up": short(found.gives_up(cell, setup)),
            }
            for cell in found.cells
            for setup, rates in found.rates[cell].items()
        ]
        text = fitted_table(shown, list(shown[0]), (), left=2)
        said = wrapped(" ".join(words))
        head = f"right answers in % by lag; guessing gives 50, and a cell gives up below {100 * PASS:.0f}"
        write_out(f"  {head}\n{text}\n{said}")
    _tell(paths, output)


def _tell(paths: Sequence[str], output: OutputFlags) -> None:
    if not output.quiet:
        page = next((path for path in paths if path.endswith(".html")), None)
        say(page or paths[0], "Page" if page else "Numbers")


def _write_csv(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> None:
    from forecast.report.tables import csv_text

    print_csv(csv_text(list(columns), [[row[name] for name in columns] for row in rows]))
