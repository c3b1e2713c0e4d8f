from datetime import UTC, datetime
from types import SimpleNamespace

import numpy as np
import pytest

from forecast.data.panel import panel_from_series
from forecast.decoding import decode
from forecast.experiment.retraining.continuity import (
    Continuation,
    EarlierData,
    SuspiciousError,
    check_revision,
    check_whole,
    compare_with_record,
    pack_record,
)
from forecast.production.store.manifest import ManifestData
from forecast.production.triggers import Tolerance
from tiny import awkward_panel, wave, with_values

NOW = datetime(2026, 1, 2, tzinfo=UTC)


def compared(old, new):
    return compare_with_record(new, list(old.series_ids), pack_record(old))


def panel(values, first=0, name="a", freq="D"):
    return panel_from_series([values], freq, series_ids=[name], first=[first])


def test_the_same_panel_has_nothing_new(awkward):
    assert compared(awkward, awkward) == Continuation(0, 0, int(awkward.observed.sum()))


def test_new_rows_are_counted_and_gaps_are_not():
    values = np.append(wave(40), [np.nan, 3.0, 4.0])
    assert compared(panel(values[:40]), panel(values)) == Continuation(2, 0, 40)


@pytest.mark.parametrize("change", [1e-3, -1.0, 100.0, np.nan])
def test_changed_values_are_counted_wherever_they_are(awkward, change):
    values = awkward.values.copy()
    where = np.flatnonzero(awkward.observed)[::7]
    values[where] += change
    found = compared(awkward, with_values(awkward, values)).revised
    assert len(where) - 2 <= found <= len(where)  # one change in 255 goes unseen


def test_a_value_that_fills_a_gap_is_no_revision():
    holed = wave(40)
    holed[10] = np.nan
    assert compared(panel(holed), panel(wave(40))).revised == 0


def test_noise_of_the_last_digits_is_no_revision():
    values = wave(400)
    assert compared(panel(values), panel(values * (1 + 1e-15))).revised <= 1


@pytest.mark.parametrize("skipped", [1, 13, 39])
def test_a_file_that_begins_later_is_compared_where_both_have_values(skipped):
    values = wave(45)
    assert compared(panel(values[:40]), panel(values[skipped:], skipped)) == Continuation(5, 0, 40 - skipped)


def test_a_file_that_begins_earlier_is_compared_where_both_have_values():
    values = wave(45)
    assert compared(panel(values[10:40], 10), panel(values)) == Continuation(5, 0, 30)


def test_a_file_that_begins_after_the_old_one_ended_is_all_new():
    values = wave(50)
    assert compared(panel(values[:20]), panel(values[30:], 30)) == Continuation(20, 0, 0)


def test_a_lone_series_may_be_called_otherwise():
    assert compared(panel(wave(40)), panel(wave(43), name="b")) == Continuation(3, 0, 40)


def test_a_new_series_is_new_and_a_lost_one_is_not_compared():
    old = awkward_panel()
    kept = old.select([0, 2])
    assert compared(kept, old).new_rows == int(old.observed.sum() - kept.observed.sum())
    assert compared(old, kept) == Continuation(0, 0, int(kept.observed.sum()))


def test_huge_and_tiny_values_are_remembered_without_a_warning():
    values = np.array([1e300, -1e300, 5e-324, 0.0, -0.0, 1.0])
    assert compared(panel(values), panel(np.abs(values) * [1, -1, 1, 1, 1, 1])) == Continuation(0, 0, 6)


def reading(values=None, *, rows=40, closed=True, freq="D", first=20_000):
    data = panel(wave(40) if values is None else values, first, freq=freq)
    return SimpleNamespace(source="shop.csv", rows=rows, is_closed=closed, panel=data)


def before(rows=40, end="2024-01-01T00:00:00", **data):
    return EarlierData(
        decode(ManifestData, {"training_end": end, "closed": True, **data}), rows, datetime(2025, 1, 1, tzinfo=UTC)
    )


def test_a_sequel_passes():
    check_whole(reading(rows=41), before(), NOW, Tolerance())
    check_whole(reading(closed=False), before(closed=False), NOW, Tolerance())  # it never had a line break
    check_revision(reading(), Continuation(1, 2, 40), Tolerance())


@pytest.mark.parametrize(
    ("bad", "message", "allowed"),
    [
        (reading(rows=39), "has 39 rows, but had 40 last time", Tolerance(shorter=True)),
        (reading(closed=False), "no line break", Tolerance(cut_off=True)),
        (reading(first=20_450), "ends on 2026-02-05, which is still to come", Tolerance(future=True)),
    ],
)
def test_what_is_suspicious_is_refused_unless_allowed(bad, message, allowed):
    with pytest.raises(SuspiciousError, match=message):
        check_whole(bad, before(), NOW, Tolerance())
    check_whole(bad, before(), NOW, allowed)


def test_this_month_stamped_with_its_end_and_tomorrow_in_another_time_zone_are_not_the_future():
    check_whole(reading(freq="ME", first=672 - 39), before(), NOW, Tolerance())  # 2026-01-31
    check_whole(reading(first=20_455 + 1 - 39), before(), NOW, Tolerance())  # 2026-01-03
    with pytest.raises(SuspiciousError, match="2026-02-28"):
        check_whole(reading(freq="ME", first=672 - 38), before(), NOW, Tolerance())


def test_dates_that_were_fictitious_from_the_start_are_taken_as_they_are():
    check_whole(reading(first=30_000), before(end="2051-01-01T00:00:00"), NOW, Tolerance())


@pytest.mark.parametrize(("revised", "hint"), [(3, "0.08"), (40, "1")])
def test_a_rewritten_past_is_refused_with_the_share_that_would_be_needed(revised, hint):
    with pytest.raises(SuspiciousError, match=f"{revised} of 40 old values") as raised:
        check_revision(reading(), Continuation(0, revised, 40), Tolerance())
    assert raised.value.hint == f"--max-revision {hint} if that is right"
    check_revision(reading(), Continuation(0, revised, 40), Tolerance(max_revision=float(hint)))
