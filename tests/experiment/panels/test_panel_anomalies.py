"""What was not expected in a folder of shards: gathered among all, the same bytes whoever does it."""

import csv
import json
from datetime import date, timedelta

import numpy as np
import pytest

from commands import run
from forecast.experiment.panels.episode_table import EPISODE_COLUMNS
from forecast.experiment.panels.panel_anomalies import EPISODES, _gathered

SPOILT, STEPS = 150, 160


def row(series, p_value):
    return ",".join([series, "spike", *("2024-01-01",) * 2, "1", "2024-01-01", *("1",) * 6, str(p_value), "1", "why"])


def test_false_discoveries_are_counted_among_the_episodes_of_all_shards(tmp_path):
    head = ",".join(EPISODE_COLUMNS)
    (tmp_path / "a.csv").write_text("\n".join([head, row("x", 0.001), row("y", 0.0001)]))
    (tmp_path / "b.csv").write_text("\n".join([head, row("z", 0.01)]))
    table, *counts = _gathered(tmp_path, ["a.csv", "b.csv"], 200)
    assert counts == [3, 2]
    rows = list(csv.DictReader(table.splitlines()))
    assert [each["series_id"] for each in rows] == ["y", "x", "z"]
    rates = [float(each["false_discovery_rate"]) for each in rows]
    assert rates == pytest.approx([0.0001 * 200, 0.001 * 200 / 2, 0.01 * 200 / 3])


def lines(count):
    yield "day,shop,visits"
    for shop in range(6):
        values = 100 + 10 * np.sin(2 * np.pi * np.arange(STEPS) / 7) + np.random.default_rng(shop).normal(0, 2, STEPS)
        values[SPOILT] += 60 * (shop == 4)
        yield from (f"{date(2024, 1, 1) + timedelta(days=i)},S{shop},{values[i]:.1f}" for i in range(count))


@pytest.mark.slow
def test_one_worker_two_and_an_array_of_tasks_write_the_same_bytes_and_a_second_run_has_nothing_to_do(tmp_path):
    (tmp_path / "old.csv").write_text("\n".join(lines(140)))
    (tmp_path / "new.csv").write_text("\n".join(lines(STEPS)))
    run("shard", "new.csv", "panel", "--shards", "2", "--id", "shop", "-q", folder=tmp_path)
    run("train", "old.csv", "--name", "shops", "--model", "smoothing", "--plots", "none", "-q", folder=tmp_path)
    words = ("anomalies", "shops", "--data", "panel", "--since", "2024-05-20", "--json")
    one, two, again = (
        json.loads(run(*words, "-o", folder, "--workers", workers, folder=tmp_path).out)
        for folder, workers in (("one", "1"), ("two", "2"), ("one", "2"))
    )
    assert [each["kept"] for each in (one, two, again)] == [0, 0, 2]
    assert one["judged"] == two["judged"] == again["judged"] == 6 * 20
    names = sorted(path.name for path in (tmp_path / "one").glob("*.csv"))
    assert names == ["episodes.csv", "part-00000.csv", "part-00001.csv"]
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    first, last = (run(*words, "-o", "parts", "--shard", part, folder=tmp_path).document for part in ("1/2", "2/2"))
    assert (first["files"], first["judged"] + 6 * 20 - last["judged"] > 0) == ([], True)
    assert (tmp_path / "parts" / EPISODES).read_bytes() == (tmp_path / "one" / EPISODES).read_bytes()
    assert {key: last[key] for key in ("judged", "series", "episodes", "sure")} == {
        key: one[key] for key in ("judged", "series", "episodes", "sure")
    }
    rarest = next(csv.DictReader((tmp_path / "one" / EPISODES).read_text().splitlines()))
    assert (rarest["series_id"], rarest["kind"]) == ("S4", "spike")
