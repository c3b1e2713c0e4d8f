"""Issued forecasts of a store, night by night, and how wide the champion's next intervals become by them."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from forecast.data.reading.reader import ReadOptions, read_panel
from forecast.decoding import encode
from forecast.experiment.retraining.live import drift_since, read_live, width_since
from forecast.production.store.store import Store
from forecast.widening import USUAL, Widening

NOW = datetime(2026, 1, 2, 3, 15, tzinfo=UTC)
SERIES = 5
HALF = {80: 1.2815515655446004, 95: 1.959963984540054}
FIRST = np.datetime64("2025-01-01")
NIGHTS, CHANGE = 130, 40


@dataclass(eq=False)
class Nights:
    """A model of several series that nobody trained: each night it issues the next day, 50, and how sure that is."""

    folder: Path
    truths: np.ndarray  # (days, series)
    distribution: bool = True

    def __post_init__(self):
        self.models = Store(self.folder / "store").model("shop")
        data = self.folder / "days.csv"
        self.until(CHANGE // 2)
        reading = read_panel(str(data), ReadOptions())
        entry = {
            "source": str(data),
            "fingerprint": reading.fingerprint,
            "options": encode(ReadOptions()),
            "settled": encode(reading.settled),
            "columns": encode(reading.columns),
            "frequency": encode(reading.panel.frequency),
            "target": reading.panel.target,
            "fill": reading.panel.fill,
            "training_end": str(FIRST),
        }
        self.manifest = {"model": "gru", "season": 1, "data": entry}
        self.publish(distribution=self.distribution)

    def publish(self, *, distribution=True, widening=USUAL):
        board = json.dumps({"leaderboard": [{"model": "gru", "rmse": 1.0}]}).encode()
        manifest = self.manifest | (
            {"distribution": {"symmetry": "level"}} if distribution else {"widths": {"80": 1.0}}
        )
        version = self.models.publish({"metrics.json": board}, manifest, NOW, champion=True, widening=widening)
        self.label = version.label
        return version

    def until(self, day):
        """Writes the file as it is after so many days, and returns it read."""
        path = self.folder / "days.csv"
        names = [f"s{i}" for i in range(self.truths.shape[1])]
        lines = [f"{FIRST + t},{n},{v}" for t in range(day) for n, v in zip(names, self.truths[t], strict=True)]
        path.write_text("day,shop,sales\n" + "\n".join(lines) + "\n")
        return read_panel(str(path), ReadOptions())

    def issue(self, day, factor=1.0):
        """Issues a forecast of a day, known up to the one before, and returns whether each truth lay inside of 80 %."""
        head = "series_id,timestamp,step,forecast,lower_80,upper_80,lower_95,upper_95,model,version,origin"
        rows = [head if factor == 1 else f"{head},widened"]
        for i in range(self.truths.shape[1]):
            bounds = ",".join(str(50 + side * factor * HALF[level]) for level in HALF for side in (-1, 1))
            row = f"s{i},{FIRST + day},1,50.0,{bounds},gru,{self.label},{FIRST + day - 1}"
            rows.append(row if factor == 1 else f"{row},{factor}")
        table = "".join(f"{row}\n" for row in rows).encode()
        self.models.issue(table, self.models.champion(), NOW + timedelta(days=int(day)))
        return np.abs(self.truths[day] - 50) <= factor * HALF[80]

    def learn(self, day):
        """Learns from what is known before a day, as `retrain` does, and returns it with the points."""
        reading = self.until(day)
        points, _ = read_live(self.models, reading, None)
        return width_since(self.models, self.models.champion(), points), points, reading.panel

    def live(self, *, until=NIGHTS, every=10):
        """Issues each night and learns each tenth; returns which truths were held, (nights, series), and factors."""
        held, factors = [], []
        for day in range(CHANGE // 2, until):
            if day % every == 0:
                self.models.widen(self.models.champion(), self.learn(day)[0])
            factors.append(self.models.widening().factor)
            held.append(self.issue(day, factors[-1]))
        return np.array(held), np.array(factors)


def truths(size=2.0, seed=0, series=SERIES):
    """Normal errors around 50 whose size changes on a day."""
    made = np.random.default_rng(seed).normal(size=(NIGHTS, series))
    made[CHANGE:] *= size
    return 50 + made


@pytest.mark.slow
def test_intervals_hold_what_they_promise_again_after_errors_have_doubled(tmp_path):
    """Within three retrains of ten nights each; without, they go on holding about half."""
    nights = Nights(tmp_path, truths())
    held, factors = nights.live()
    late = slice(CHANGE // 2 + 30, None)
    assert len(held[late]) == 60
    assert abs(held[late].mean() - 0.8) < 0.05
    own = np.abs(nights.truths[CHANGE + 30 :] - 50) <= HALF[80]
    assert own.mean() < 0.55
    assert 1.7 < factors[-1] < 2.3


def test_where_nothing_changes_intervals_stay_as_wide_as_they_were(tmp_path):
    nights = Nights(tmp_path, truths(1.0))
    held, factors = nights.live(until=90)
    assert np.abs(np.log(factors)).max() < np.log(1.1)
    assert abs(held.mean() - 0.8) < 0.05


def test_what_a_factor_has_mended_is_no_drift_and_what_it_has_not_is(tmp_path):
    nights = Nights(tmp_path, truths(2.0, series=15))
    for day in range(CHANGE // 2, CHANGE + 60):
        nights.issue(day)
    widening, points, panel = nights.learn(CHANGE + 60)
    champion = nights.models.champion()
    assert "coverage" in {signal.name for signal in drift_since(champion, points, panel)}
    assert "coverage" not in {signal.name for signal in drift_since(champion, points, panel, widening.factor)}
    assert "coverage" in {signal.name for signal in drift_since(champion, points, panel, 0.6)}


def test_versions_with_two_widths_teach_their_successor_with_a_distribution_nothing(tmp_path):
    nights = Nights(tmp_path, truths(2.0), distribution=False)
    for day in range(CHANGE // 2, CHANGE + 30):
        nights.issue(day)
    early = nights.models.champion()
    assert nights.learn(CHANGE + 30)[0].factor > 1.3
    late = nights.publish()
    _, points, _ = nights.learn(CHANGE + 30)
    assert width_since(nights.models, late, points) == Widening()
    assert width_since(nights.models, early, points).factor > 1.3


def test_what_a_later_version_issued_says_nothing_of_one_that_is_back_in_use(tmp_path):
    nights = Nights(tmp_path, truths(2.0))
    first = nights.models.champion()
    nights.publish()
    for day in range(CHANGE, CHANGE + 40):
        nights.issue(day)
    second, points, _ = nights.learn(CHANGE + 40)
    assert second.factor > 1.3
    assert width_since(nights.models, first, points).factor == 1.0


def test_of_bytes_without_end_only_the_newest_issued_are_read(tmp_path):
    nights = Nights(tmp_path, truths(2.0))
    for day in range(CHANGE, CHANGE + 12):
        nights.issue(day)
    reading = nights.until(CHANGE + 12)
    size = len(nights.models.issued().tables[-1].data)
    days = [{int(d) for d in read_live(nights.models, reading, None, most)[0].origins} for most in (None, 5 * size, 1)]
    assert [len(own) for own in days] == [12, 5, 1]
    assert max(days[0]) == max(days[1]) == max(days[2])


@pytest.mark.parametrize("column", ["nonsense", "0.1", "7", ""])
def test_a_table_that_was_widened_by_nothing_that_can_be_is_left_out(tmp_path, column):
    nights = Nights(tmp_path, truths())
    for day in (CHANGE, CHANGE + 1):
        nights.issue(day)
    good = nights.models.issued().tables[-1].data.decode().splitlines()
    table = "\n".join([f"{good[0]},widened", *(f"{row},{column}" for row in good[1:])]) + "\n"
    nights.models.issue(table.encode(), nights.models.champion(), NOW + timedelta(days=999))
    points, notes = read_live(nights.models, nights.until(CHANGE + 2), 1)
    assert len(points.steps) == 2 * SERIES
    assert "is left out: it is" in notes[0]
    assert set(points.widened) == {1.0}
