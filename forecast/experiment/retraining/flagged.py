"""Values that `forecast anomalies` flags, left out before a model learns or is scored: ``--anomalies ignore``.

    spike or dip                               left out, in its series alone, as ``--ignore SERIES@DATE`` would
    new level, burst, shape                    learned from: that may be how things are now
    the newest values, two or more in a row    learned from: nobody knows yet whether they stay

The version keeps the words of ``--ignore``, so that every later forecast of it leaves out the same values.
"""

from dataclasses import dataclass, replace

from forecast.data.read_options import ReadOptions
from forecast.data.reading.ignored_spans import ignoring, words_of
from forecast.data.reading.reader import Reading
from forecast.errors import UsageError
from forecast.evaluation.anomalies.flagged import flagged_values
from forecast.experiment.versions.anomaly_input import input_of_file, input_of_version, trained_until
from forecast.experiment.versions.stored_model import StoredModel
from forecast.run import Run
from forecast.wording import counted, listed


@dataclass(frozen=True)
class LeftOut:
    """Which values are left out.

    Attributes:
        words: of ``--ignore``, a word a value.
        note: what is to be said of it.
    """

    words: tuple[str, ...]
    note: str

    def of(self, options: ReadOptions) -> ReadOptions:
        """Returns options that leave them out, too."""
        return replace(options, ignore=(*(options.ignore or ()), *self.words)) if self.words else options


ALL_STAYS = LeftOut((), "")


def without_flagged(reading: Reading, stored: StoredModel | None, run: Run) -> tuple[Reading, LeftOut]:
    """Returns a reading without the values that are flagged, and which these are.

    Args:
        reading: to be learned from.
        stored: the model that judges what came after its training; None for the file alone, which is judged whole.
        run: what to forecast with.

    Raises:
        UsageError: series are sums of others.
    """
    panel = reading.panel
    if panel.hierarchy is not None:
        message = "--anomalies ignore leaves out values of single series, and here series are sums of others."
        raise UsageError(message, "--anomalies keep, or no --hierarchy")
    if stored is None:
        given, until, by = input_of_file(panel), panel.first - 1, "what lies around"
    else:
        given, until = input_of_version(stored, panel, run), trained_until(stored, panel)
        by = f"{stored.version.name} {stored.version.label}"
    places = flagged_values(given, until, run.machine.threads)
    if not places.size:
        return reading, LeftOut((), f"no value is left out (--anomalies ignore): {by} expected all")
    words = words_of(panel, places)
    verb = "is" if places.size == 1 else "are"
    note = f"{counted(places.size, 'value')} that {by} did not expect {verb} neither learned from nor scored "
    left_out = LeftOut(words, f"{note}(--anomalies ignore): {listed(list(words), 5)}")
    hidden, _ = ignoring(panel, words, is_settled=True)
    whole = reading.whole if reading.whole is not None else panel
    return replace(reading, panel=hidden, whole=whole, settled=left_out.of(reading.settled)), left_out
