"""The rows of the benchmark and their Markdown: promises first, then the geometric means, then set by set."""

from collections.abc import Sequence
from dataclasses import dataclass

from datasets import SINGLE, Dataset
from report import number, table
from scoring import NAIVE2_ON_M4_HOURLY, Scores, geometric_mean

OURS = "forecast auto"
CLASSICAL = ("AutoETS", "AutoARIMA", "AutoTheta", "seasonal-naive")
MOST_OF_EACH, MOST_OF_BEST = 0.95, 1.05
"""What the geometric means over the single series may be: against each of CLASSICAL, and against the best."""


@dataclass(frozen=True)
class Row:
    """One contender on one set; None where it was not measured. Seconds are of one command or process."""

    contender: str
    scores: Scores | None = None
    seconds: float | None = None
    work: float | None = None  # seconds without imports
    megabytes: float | None = None
    note: str = ""
    cpu_seconds: float | None = None


@dataclass(frozen=True)
class SetResult:
    """All contenders on one set."""

    dataset: Dataset
    about: str  # a sentence on what was scored
    rows: tuple[Row, ...]

    def scores(self, contender: str) -> Scores | None:
        """Returns a contender's scores, None where it has none."""
        return next((row.scores for row in self.rows if row.contender == contender), None)

    def measures(self, contender: str) -> dict[str, float]:
        """Returns the scores that floors are about, by name."""
        scores, reference = self.scores(contender), self.scores(self.dataset.reference)
        if scores is None:
            return {}
        found = {"smape": scores.smape, "mase": scores.mase}
        if self.dataset.name == "m4_hourly":
            found["owa"] = scores.owa(NAIVE2_ON_M4_HOURLY)
        if reference:
            found["ratio"] = scores.rmse_pooled / reference.rmse_pooled
        return found


def render(results: Sequence[SetResult], machine: str, changes: Sequence[str]) -> str:
    """Returns the whole report.

    Args:
        results: set by set.
        machine: what it was run on, and when.
        changes: what was not left at its default.
    """
    parts = [
        "# Benchmark\n",
        f"{machine}\n",
        "Made by `python benchmarks/run.py`: both sides in turn, each contender in a process of its own. `×` columns "
        f"are the contender's figure over that of `{OURS}` (above 1: ours is better)."
        + (f" Not at their defaults: {'; '.join(changes)}.\n" if changes else "\n"),
        "## Promises\n",
        _promises(results),
    ]
    single = [result for result in results if result.dataset.name in SINGLE]
    if single:
        parts += ["## Single series\n", _single(single)]
    for result in results:
        parts += [f"## {result.dataset.name}\n", f"{result.about}\n", _set_table(result)]
    return "\n".join(parts)


def _promises(results: Sequence[SetResult]) -> str:
    rows = []
    for result in results:
        own = next((row for row in result.rows if row.contender == OURS), None)
        limits = {**result.dataset.floors, "seconds": result.dataset.seconds}
        found = result.measures(OURS) | ({"seconds": own.seconds} if own and own.seconds else {})
        for measure, limit in limits.items():
            value = found.get(measure)
            kept = "not measured" if value is None else "yes" if value <= limit else "**no**"
            name = f"RMSE / {result.dataset.reference}" if measure == "ratio" else measure
            rows.append([result.dataset.name, name, f"{limit:g}", number(value), kept])
    return table(["set", "measure", "at most", OURS, "kept"], rows)


def _single(results: Sequence[SetResult]) -> str:
    """Returns the geometric means, over the sets that have all of CLASSICAL, of our RMSE over theirs."""
    whole = [result for result in results if all(result.scores(name) for name in CLASSICAL)]
    if not whole:
        return f"Needs {', '.join(CLASSICAL)} on at least one set.\n"
    rows = []
    for ours in (row.contender for row in whole[0].rows if row.contender.startswith("forecast ")):
        ratios: dict[str, list[float]] = {name: [] for name in (*CLASSICAL, "best")}
        for result in whole:
            own, theirs = result.scores(ours), [result.scores(name).rmse_pooled for name in CLASSICAL]  # type: ignore[union-attr]
            if own:
                for name, rmse in zip(ratios, [*theirs, min(theirs)], strict=True):
                    ratios[name].append(own.rmse_pooled / rmse)
        if len(ratios["best"]) == len(whole):
            limits = {name: MOST_OF_BEST if name == "best" else MOST_OF_EACH for name in ratios}
            means = {name: geometric_mean(each) for name, each in ratios.items()}
            rows.append([ours, *(number(mean) + " ✗" * (mean > limits[name]) for name, mean in means.items())])
    names = ", ".join(result.dataset.name for result in whole)
    text = (
        f"Pooled RMSE over the rolling origins, ours over theirs, geometric mean over {names}. At most {MOST_OF_EACH} "
        f"against each and {MOST_OF_BEST} against the best of the four, picked afterwards; ✗ marks what is above.\n\n"
    )
    return text + table(["", *CLASSICAL, "best of the four"], rows)


def _set_table(result: SetResult) -> str:
    own = next((row for row in result.rows if row.contender == OURS), Row(OURS))
    hourly = result.dataset.name == "m4_hourly"
    headers = ["contender", "sMAPE", "MASE", "RMSE pooled", "RMSE mean", *(["OWA"] if hourly else [])]
    headers += ["seconds", "less imports", "CPU s", "peak MB", "MASE ×", "RMSE ×", "seconds ×", "CPU ×", "note"]
    rows = []
    for row in result.rows:
        scores, ours = row.scores, own.scores
        errors = (scores.smape, scores.mase, scores.rmse_pooled, scores.rmse_mean) if scores else [None] * 4
        cells = [number(value) for value in errors]
        if hourly:
            cells.append(number(scores.owa(NAIVE2_ON_M4_HOURLY) if scores else None))
        cells += [number(row.seconds, 1), number(row.work, 1), number(row.cpu_seconds, 1), number(row.megabytes, 0)]
        cells.append(number(scores.mase / ours.mase if scores and ours else None))
        cells.append(number(scores.rmse_pooled / ours.rmse_pooled if scores and ours else None))
        for cost, least in ((row.seconds, own.seconds), (row.cpu_seconds, own.cpu_seconds)):
            cells.append(number(cost / least if cost and least else None, 2))
        rows.append([row.contender, *cells, row.note])
    return table(headers, rows)
