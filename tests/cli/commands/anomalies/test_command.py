"""`forecast anomalies`: what it prints, refuses and exits with."""

import csv
import json
from datetime import date, timedelta

import numpy as np
import pytest

from commands import run
from forecast.cli.commands.anomalies.command import parse_rate
from forecast.errors import UsageError
from forecast.workflows.anomalies.anomalies import check_rate


@pytest.mark.parametrize(("text", "rate"), [("1/1000", 0.001), ("0.02", 0.02), ("0.1%", 0.001), (" 1/4 ", 0.25)])
def test_rates_are_read_as_a_person_writes_them(text, rate):
    assert parse_rate(text) == pytest.approx(rate)


@pytest.mark.parametrize("text", ["often", "1/0", "", "1/1000/2", "nan"])
def test_what_is_no_rate_is_refused(text):
    with pytest.raises(UsageError, match="no rate of false alarms"):
        check_rate(parse_rate(text))


@pytest.mark.parametrize("rate", [0.0, -0.1, 0.51, 1.0])
def test_rates_outside_of_what_can_be_meant_are_refused(rate):
    with pytest.raises(UsageError, match=r"above 0 and up to 0\.5"):
        check_rate(rate)


SPOILT = 235


def rows(count):
    rng = np.random.default_rng(0)
    values = 100 + 10 * np.sin(2 * np.pi * np.arange(count) / 7) + rng.normal(0, 2, count)
    if count > SPOILT:
        values[SPOILT] += 60
    days = [date(2024, 1, 1) + timedelta(days=i) for i in range(count)]
    return "day,visits\n" + "".join(f"{day},{value:.1f}\n" for day, value in zip(days, values, strict=True))


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shop")
    (folder / "old.csv").write_text(rows(200))
    (folder / "new.csv").write_text(rows(240))
    (folder / "few.csv").write_text(rows(12))
    (folder / "other.csv").write_text(rows(240).replace("visits", "guests"))
    done = run("train", "old.csv", "--name", "visits", "--model", "smoothing", "--plots", "none", "-q", folder=folder)
    assert done.code == 0, done.err
    return folder


@pytest.mark.slow
def test_a_model_finds_in_newer_rows_what_it_did_not_expect(shop):
    words = ("anomalies", "visits", "--data", "new.csv", "--since", "2024-08-01", "--strict", "--json")
    done = run(*words, "--scores", "scores.csv", folder=shop)
    found = json.loads(done.out)
    assert done.code == 7
    assert (found["judged"], found["judged_by_model"], found["version"]) == (27, 27, "v1")
    episode = found["episodes"][0]  # the rarest
    assert (episode["kind"], episode["peak"]) == ("spike", str(date(2024, 1, 1) + timedelta(days=SPOILT)))
    scores = list(csv.DictReader((shop / "scores.csv").read_text().splitlines()))
    assert len(scores) == 27
    assert max(scores, key=lambda row: float(row["score"]))["timestamp"] == episode["peak"]
    assert all(0 < float(row["p_value"]) <= 1 for row in scores)


@pytest.mark.slow
def test_check_judges_by_the_rule_of_anomalies_where_a_model_of_that_file_is_there(shop):
    (shop / "seen.csv").write_text(rows(240))
    quick = run("check", "seen.csv", "--json", folder=shop).document
    assert quick["data"]["judged_by"] is None
    run("train", "seen.csv", "--name", "seen", "--model", "smoothing", "--plots", "none", "-q", folder=shop)
    found = run("check", "seen.csv", "--json", folder=shop).document
    assert found["data"]["judged_by"] == "seen v1"
    told = run("anomalies", "seen", "--json", folder=shop).document["episodes"]
    alone = sorted(episode["peak"] for episode in told if episode["kind"] in ("spike", "dip"))
    [finding] = [finding for finding in found["findings"] if finding["topic"] == "outliers"]
    assert [place["timestamp"][:10] for place in finding["places"]] == alone
    assert "that seen v1 did not expect" in finding["text"]


@pytest.mark.slow
def test_retrain_leaves_out_what_the_champion_did_not_expect_and_predict_does_so_ever_after(shop):
    spike = str(date(2024, 1, 1) + timedelta(days=SPOILT))
    words = ("retrain", "visits", "new.csv", "--force", "--log-file", "log.jsonl", "--json")
    done = json.loads(run(*words, "--anomalies", "ignore", folder=shop).out)
    log = [json.loads(line) for line in (shop / "log.jsonl").read_text().splitlines()]
    [values] = [line["values"] for line in log if line["event"] == "flagged"]
    assert spike in values
    assert done["left_out"] == len(values)
    assert spike in " ".join(done["notes"])
    issued = (shop / "forecasts" / "visits.csv").read_text()
    assert run("predict", "visits", "--data", "new.csv", folder=shop).out == issued
    again = json.loads(run(*words, folder=shop).out)
    assert again["left_out"] is None


@pytest.mark.slow
def test_a_file_alone_is_judged_whole_and_drawn(shop):
    done = run("anomalies", "new.csv", "--format", "csv", "--plot", "svg", folder=shop)
    episode = next(csv.DictReader(done.out.splitlines()))  # the rarest
    assert (episode["kind"], episode["onset"]) == ("spike", str(date(2024, 1, 1) + timedelta(days=SPOILT)))
    assert (shop / "forecasts" / "new-anomalies.svg").stat().st_size > 1_000
    assert done.code == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("few.csv",), 5, "12 values of a series say too little of what is usual: 30 are needed."),
        (("new.csv", "--since", "2031-01-01"), 2, "--since 2031-01-01 lies outside of the data"),
        (("new.csv", "--rate", "0.6"), 2, "above 0 and up to 0.5"),
        (("visits", "--data", "other.csv"), 5, "has no column 'visits'"),
        (("visits", "--target", "visits"), 2, "read as when it was trained"),
        (("new.csv", "--data", "old.csv"), 2, "--data is for a model"),
    ],
)
def test_what_can_not_be_done_is_said_with_a_way_out(shop, words, code, says):
    done = run("anomalies", *words, folder=shop)
    assert done.code == code
    assert says in done.err
    assert "hint:" in done.err


@pytest.mark.parametrize("known", [(), ("--known", "promo,closed")])
def test_days_off_and_promotions_are_expected_once_they_are_named(known, tmp_path):
    rng, lines = np.random.default_rng(1), []
    for i in range(300):
        promo, closed = int(rng.random() < 0.08), int(rng.random() < 0.04)
        value = (100 + 10 * np.sin(2 * np.pi * i / 7) + rng.normal(0, 2)) * (1.6 if promo else 1) * (1 - closed)
        lines.append(f"{date(2024, 1, 1) + timedelta(days=i)},{promo},{closed},{value + 70 * (i == SPOILT):.1f}\n")
    (tmp_path / "shop.csv").write_text("day,promo,closed,sales\n" + "".join(lines))
    words = ("anomalies", "shop.csv", "--target", "sales", "--kind", "point", *known, "--format", "csv")
    found = run(*words, folder=tmp_path).rows
    if known:
        assert [row["onset"] for row in found] == ["2024-08-23"]
    else:
        assert len(found) > 5


def test_on_a_narrow_terminal_each_reason_stands_below_its_row(monkeypatch):
    from forecast.cli.commands.anomalies.output import _fitting

    row, reason = ["S01", "2022-01-20", "spike", "sales 5,200, 1,460 to 2,210 expected, a Thursday", "0 %"], 3
    shown = []
    for room in ("120", "60"):
        monkeypatch.setenv("COLUMNS", room)
        shown.append(_fitting(["series", "from", "what", "why", "false"], [row]))
    wide, narrow = shown
    assert len(wide.splitlines()) == 2
    assert row[reason] in wide.splitlines()[1]
    assert max(map(len, narrow.splitlines())) <= 60
    assert "why" not in narrow.splitlines()[0]
    assert " ".join(narrow.split()).endswith(f"S01 2022-01-20 spike 0 % {row[reason]}")
