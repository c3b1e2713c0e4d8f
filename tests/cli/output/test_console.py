import io
import json
import sys

from forecast.cli.output import console
from forecast.cli.output.console import ProgressLine, print_json, say_notes, say_with_flags, table, wrapped


def test_table_aligns_names_left_and_numbers_right():
    assert table(["model", "RMSE"], [["rnn", "1.5"], ["ensemble", "12.25"]]) == (
        "  model      RMSE\n  rnn         1.5\n  ensemble  12.25\n"
    )
    assert table(["model", "RMSE"], []) == "  model  RMSE\n"


def test_notes_wrap_behind_their_label(monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    assert wrapped("one two three four five six", "Read") == "Read      one two three four\n          five six\n"
    assert (
        wrapped("one two three four five six", "Read", on_terminal=False) == "Read      one two three four five six\n"
    )


def test_the_same_note_is_said_once(capsys):
    say_notes(["usual values for promo", "2 series are new", "usual values for promo"])
    assert capsys.readouterr().err.splitlines() == ["Note      usual values for promo", "Note      2 series are new"]


def test_numbers_keep_their_unit_when_lines_end(monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    assert wrapped("gru is behind by 4.5 %, a tie (p = 0.42).") == "gru is behind by\n4.5 %, a tie\n(p = 0.42).\n"


def test_flags_stand_at_the_right_edge_or_below(monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    err = io.StringIO()
    monkeypatch.setattr(sys, "stderr", err)
    say_with_flags("7 steps", "(--season)", "Season")
    say_with_flags("12 steps from a window of 48", "(--horizon)", "Forecast")
    say_with_flags("nothing to change", "", "Note")
    lines = err.getvalue().splitlines()
    assert lines[0] == "Season    7 steps             (--season)"
    assert lines[1:3] == ["Forecast  12 steps from a window of 48", f"{'(--horizon)':>40}"]
    assert lines[3] == "Note      nothing to change"


def test_json_turns_what_it_lacks_into_null(capsys):
    print_json({"a": float("nan"), "b": [1.5, float("inf")], "c": ({"d": float("-inf")},), "e": "ü"})
    out = capsys.readouterr().out
    assert json.loads(out) == {"schema_version": 1, "a": None, "b": [1.5, None], "c": [{"d": None}], "e": "ü"}
    assert "ü" in out


def test_progress_without_a_terminal_is_a_line_now_and_then(capsys, monkeypatch):
    clock = iter([0.0, 3.0, 11.0, 11.0, 12.0, 22.0, 22.0])
    monkeypatch.setattr(console.time, "monotonic", lambda: next(clock))
    with ProgressLine("Training", quiet=False) as bar:
        for share in (0.1, 0.2, 0.3, 0.4):
            bar.update("rnn", share)
    assert capsys.readouterr().err == "Training  rnn: 20 %\nTraining  rnn: 40 %\n"


def test_quiet_progress_says_nothing(capsys):
    with ProgressLine("Training", quiet=True) as bar:
        bar.update("rnn", 0.5)
    assert capsys.readouterr().err == ""
