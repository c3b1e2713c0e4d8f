"""What a stranger's names may do to a terminal: nothing."""

import io
import json
import sys
from types import SimpleNamespace

import pytest

from forecast.cli.options.completion import complete_column
from forecast.cli.output import streams
from forecast.cli.output.console import json_text, print_csv, say, say_commands, say_with_flags, table, wrapped
from forecast.errors import LONGEST, LONGEST_HINT, DataError, printable, shortened

NASTY = [
    *("\x1b]0;PWNED\x07", "\x1b[2J", "\x08\x08", "a\rb", "a\nb", "a\tb", "\x7f", "\x9b31m"),
    *("\u202e", "\u2066", "\u200e", "\u061c", "\u2028", "\u2029", "\ufeff", "\u200b", "\U000e0041", "\udc80"),
]
HARMLESS = ["Köln", "東京", "a\xa0b", "नमस्\u200dते", "می\u200cخواهم", "👩\u200d🔬", "[red]x[/]", "=1+1"]


class Terminal(io.StringIO):
    def isatty(self):
        return True


def on_terminal(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    out, notes = Terminal(), Terminal()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", notes)
    return out, notes


@pytest.mark.parametrize("text", NASTY)
def test_no_table_note_or_error_passes_on_what_steers_a_terminal(monkeypatch, text):
    out, notes = on_terminal(monkeypatch)
    streams.write_out(table(("id", text), [(text, "1"), ("b", text)]))
    say(f"a {text} b", "Note")
    say_commands([f"forecast {text}"], "Next")
    lines = (out.getvalue() + notes.getvalue()).split("\n")
    assert len(lines) == 3 + 1 + 1 + 1
    assert all(printable(line) == line for line in lines)
    assert printable(DataError(text, text).message) == DataError(text, text).message


@pytest.mark.parametrize("text", NASTY)
def test_what_goes_by_every_formatter_is_still_harmless(monkeypatch, text):
    terminal = on_terminal(monkeypatch)
    monkeypatch.delenv("NO_COLOR")
    streams.write_out(text)
    streams.write_note(streams.Styled("error:", "bad"), text)
    shown = terminal[0].getvalue() + terminal[1].getvalue().removeprefix("\x1b[31merror:\x1b[0m")
    assert printable(shown.replace("\n", "")) == shown.replace("\n", "")


@pytest.mark.parametrize("text", NASTY)
def test_what_stands_out_steers_nothing_but_its_own_colour(monkeypatch, text):
    out, _ = on_terminal(monkeypatch)
    monkeypatch.delenv("NO_COLOR")
    streams.write_out(streams.Styled(f"{text}\n", "good"))
    shown = out.getvalue().removeprefix("\x1b[1;32m").removesuffix("\x1b[0m\n")
    assert "\x1b" not in shown
    assert printable(shown.replace("\n", "")) == shown.replace("\n", "")


@pytest.mark.parametrize(
    ("environment", "is_coloured"),
    [
        ({}, True),
        ({"TERM": "dumb"}, False),
        ({"NO_COLOR": "1"}, False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, True),
    ],
)
def test_labels_that_matter_stand_out_on_a_terminal_unless_asked_not_to(environment, is_coloured, monkeypatch):
    _, notes = on_terminal(monkeypatch)
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    say_with_flags("3 steps are missing", "(--fill)", "Warning")
    say("as it is", "Read")
    seen = notes.getvalue()
    assert ("\x1b[1;33mWarning\x1b[0m" in seen) == ("\x1b[2m(--fill)\x1b[0m\n" in seen) == is_coloured
    assert seen.endswith("Read      as it is\n")


def test_nothing_stands_out_in_a_pipe_but_by_force(monkeypatch):
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    assert not streams.has_colours(io.StringIO())
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert streams.has_colours(io.StringIO())


@pytest.mark.parametrize("text", HARMLESS)
def test_what_people_write_stays_as_it_is(monkeypatch, text):
    terminal = on_terminal(monkeypatch)
    assert printable(text) == text
    say(text)
    assert terminal[1].getvalue() == f"{text}\n".replace("\xa0", " ")


@pytest.mark.parametrize("text", NASTY[:-1])
def test_json_holds_the_very_text_without_what_steers(text):
    written = json_text({"id": text}, indent=2)
    assert json.loads(written) == {"id": text}
    assert printable(written.replace("\n", "")) == written.replace("\n", "")


@pytest.mark.parametrize("text", NASTY[:-1])
def test_csv_is_exact_in_a_pipe_and_harmless_on_a_terminal(monkeypatch, text):
    terminal = on_terminal(monkeypatch)
    quoted = f'id,v\n"{text}",1\n'
    print_csv(quoted)
    lines = terminal[0].getvalue().splitlines()
    assert len(lines) == 2
    assert all(printable(line) == line for line in lines)
    pipe = io.StringIO()
    monkeypatch.setattr(sys, "stdout", pipe)
    print_csv(quoted)
    assert pipe.getvalue() == quoted


def test_the_shell_is_not_offered_what_steers_it(tmp_path, monkeypatch):
    (tmp_path / "x.csv").write_text("date,v\x1b[2J,sales\n2024-01-01,1,2\n")
    monkeypatch.chdir(tmp_path)

    context = SimpleNamespace(params={"data": "x.csv"}, args=())
    assert complete_column(context, "") == ["date", "sales"]


def test_errors_that_quote_a_whole_file_are_shortened():
    error = DataError("fields: " + "," * 3_000_000 + " end", "each: " + "x" * 3_000_000)
    assert (len(error.message), len(error.hint)) == (LONGEST, LONGEST_HINT)
    assert error.message.startswith("fields: ,,")
    assert error.message.endswith(", end")
    assert shortened("as it is") == "as it is"


def test_notes_and_cells_are_shortened():
    assert len(wrapped("x" * 3_000_000, "Note", on_terminal=False)) < 2_100
    assert max(map(len, table(("id",), [["x" * 3_000_000]]).splitlines())) < 210
