import json
import os
import re
import subprocess
import sys

import pytest

from commands import FORECAST, QUICK, launch, run
from forecast import __version__
from forecast.cli.app import EXIT_CODES
from forecast.errors import ExitCode
from forked import forks
from marks import slow, slow_but

COMMANDS = ("train", "compare", "predict", "doctor", "models")
ALL = (*((name,) for name in COMMANDS), *(("models", name) for name in ("list", "show", "rollback", "promote")))
WITH_WORK = [words for words in ALL if words != ("models",)]


@pytest.fixture(scope="module")
def on_terminal():
    """Returns what runs a command on a terminal: its code, and both streams together as a person sees them."""
    with forks("forecast.workflows.predict") as processes:
        yield processes.on_terminal


# Help and version


def test_version_is_one_line(tmp_path):
    assert launch("--version", folder=tmp_path).out == f"forecast {__version__}\n"


@pytest.mark.parametrize("words", [("models", "list", "-q"), ("--help",)])
def test_a_reader_that_has_had_enough_is_no_failure(words, tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as nobody:
        done = subprocess.run(
            [FORECAST, *words], stdout=nobody, stderr=subprocess.PIPE, cwd=tmp_path, check=False, timeout=60
        )
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("words", [(), *ALL])
@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_is_help_and_fits_eighty_columns(words, flag, tmp_path):
    done = run(*words, flag, folder=tmp_path, COLUMNS="80", TERMINAL_WIDTH="80")
    assert (done.code, done.err) == (0, "")
    assert max(map(len, done.out.splitlines())) <= 80
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", WITH_WORK)
def test_help_leads_with_three_examples_of_its_command(words, tmp_path):
    lines = [line.strip() for line in run(*words, "--help", folder=tmp_path).out.splitlines() if line.strip()]
    examples = [line for line in lines[: lines.index(next(line for line in lines if line.startswith("╭")))]
                if line.startswith("forecast ")]  # fmt: skip
    assert len(examples) == 3
    assert all(example.startswith(f"forecast {' '.join(words)}") for example in examples)


def test_general_help_lists_every_command_and_exit_code(tmp_path):
    text = " ".join(run("--help", folder=tmp_path).out.split())
    assert all(f"│ {name} " in text for name in COMMANDS)
    assert EXIT_CODES in text
    numbers = [int(number) for number in re.findall(r"(?:·|codes:) (\d+) ", EXIT_CODES)]
    assert numbers == [code.value for code in ExitCode]


@pytest.mark.parametrize("words", [(), ("models",), ("config",)])
def test_bare_program_shows_its_help_without_an_error(words, tmp_path):
    done = run(*words, folder=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert done.out.split() == run(*words, "--help", folder=tmp_path).out.split()


# Errors of usage


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (("trian", "sales.csv"), "No such command 'trian'. Did you mean 'train'?", "forecast --help"),
        (
            ("score", "--data", "x.csv"),
            "forecast score has no flag --data: the file with the data stands behind the name of the model.",
            "forecast score NAME FILE",
        ),
        (
            ("train", "--file=x.csv"),
            "forecast train has no flag --file: the file with the data stands by itself.",
            "forecast train FILE",
        ),
        (
            ("predict", "sales", "--input", "x.csv"),
            "forecast predict has no flag --input; its data is named by --data.",
            "forecast predict --data FILE",
        ),
        (("models", "list", "--data", "x"), "No such option: --data.", "forecast models list --help"),
        (("--verison",), "No such option: --verison. Did you mean '--version'?", "forecast --help"),
        (("predict", "--json=yes"), "Option '--json' does not take a value.", "--help"),
    ],
)
def test_usage_error_is_text_or_json(arguments, message, hint, tmp_path):
    done = run(*arguments, folder=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"error: {message}\nhint:  ")
    assert done.err.endswith(f"{hint}\n")
    as_json = run(*arguments, "--format", "json", folder=tmp_path)
    assert as_json.code == 2
    assert as_json.error["message"] == message


def test_option_without_its_value_is_an_error(tmp_path):
    done = run("predict", "--output", folder=tmp_path)
    assert done.code == 2
    assert done.err.startswith("error: Option '--output' requires an argument.\n")


def test_error_under_json_is_one_line_of_json(tmp_path):
    for words in (("--json",), ("--format", "json"), ("--format=json",)):
        done = run("predict", "nobody", *words, folder=tmp_path)
        assert len(done.err.splitlines()) == 1
        assert json.loads(done.err)["error"]["code"] == done.code == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("check", "--store", ""), "--store is empty."),
        (("check", "--target="), "--target is empty."),
        (("predict", "-o", " "), "-o is empty."),
        (("predict", ""), "An argument is empty."),
        (("check", "--target", ","), "--target ',' names nothing."),
        (("check", "--time", " , "), "--time ' , ' names nothing."),
        (("predict", "--series", ","), "--series ',' names nothing."),
    ],
)
def test_empty_value_is_refused(arguments, message, tmp_path):
    done = run(*arguments, folder=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith(f"error: {message}\nhint:  ")


@pytest.mark.parametrize(
    "words", slow_but(["config init"], ["predict", "config init", "doctor", "models list --config /etc/x.toml"])
)
def test_working_directory_that_was_removed_is_not_found(words, tmp_path):
    done = in_shell(f"mkdir gone; cd gone; rmdir ../gone; forecast {words} --store {tmp_path}", tmp_path)
    assert (done.returncode, done.stdout) == (4, b"")
    assert done.stderr.decode() == (
        "error: The working directory was removed.\nhint:  cd to a folder that is there, and run it again\n"
    )


# Streams


def in_shell(command, folder, **environment):
    return subprocess.run(
        ["bash", "-c", command.replace("forecast", f"'{FORECAST}'", 1)],
        cwd=folder, capture_output=True, check=False, env={**os.environ, **environment},
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize(
    "words", slow_but(["predict", "--version"], ["predict", "", "--help", "--version", "train --help"])
)
def test_disk_that_is_full_is_an_error_of_one_sentence(words, shop):
    done = in_shell(f"forecast {words} > /dev/full", shop.folder)
    assert done.returncode == 5
    assert done.stderr.decode() == (
        "error: The result can't be written: No space left on device.\nhint:  free some space, and run it again\n"
    )


@pytest.mark.slow
@pytest.mark.parametrize(("command", "code"), [("forecast predict >&-", 0), slow("forecast predict nobody 2>&-", 4)])
def test_closed_stream_is_no_error(command, code, shop):
    done = in_shell(command, shop.folder)
    assert (done.returncode, done.stdout, done.stderr) == (code, b"", b"")


END = r"""
import atexit, sys
from forecast.cli import main, program
class Last:
    def __del__(self):
        print("taken apart", flush=True)
last = Last()
sys.stdout.write("begun\n")  # not flushed
program.prepare_streams = lambda: atexit.register(print, "tidied up")  # as a library may at any time
sys.argv = ["forecast", *sys.argv[1:]]
main()
"""


def ended(*words, folder):
    done = subprocess.run([sys.executable, "-c", END, *words], cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.splitlines(), done.stderr


@pytest.mark.slow
def test_process_ends_without_python_being_taken_apart(tmp_path):
    """A thread of Arrow that wanted the interpreter just then aborted `forecast score`, once in 120 busy runs."""
    code, lines, note = ended("predict", "nobody", folder=tmp_path)
    assert code == 4
    assert lines == ["begun", "tidied up"]
    assert note.startswith("error: ")


@pytest.mark.slow
def test_bug_under_debug_still_shows_its_traceback_at_the_end(tmp_path):
    code, lines, note = ended("predict", "nobody", "--debug", folder=tmp_path)
    assert code == 1
    assert note.startswith("Traceback")
    assert lines == ["begun", "tidied up", "taken apart"]


def test_results_in_a_pipe_are_utf_8_whatever_the_locale(shop):
    done = in_shell("forecast models list --format table", shop.folder, PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert "✓" in done.stdout.decode()


# Colour and terminals


@pytest.mark.slow
@pytest.mark.parametrize(
    ("environment", "is_coloured"),
    [
        ({}, True),
        ({"NO_COLOR": "1"}, False),
        slow({"TERM": "dumb"}, False),
        slow({"TERM": "dumb", "FORCE_COLOR": "1"}, True),
    ],
)
def test_errors_are_red_on_a_terminal_unless_asked_not_to(environment, is_coloured, tmp_path, on_terminal):
    code, seen = on_terminal("predict", "nobody", folder=tmp_path, **environment)
    assert code == 4
    assert seen.startswith("\x1b[31merror:\x1b[0m " if is_coloured else "error: ")
    assert ("\x1b" in seen) == is_coloured


def test_no_color_outweighs_force_color(tmp_path):
    done = run("predict", "nobody", folder=tmp_path, NO_COLOR="1", FORCE_COLOR="1")
    assert done.err.startswith("error: ")
    assert run("predict", "nobody", folder=tmp_path, FORCE_COLOR="1").err.startswith("\x1b[31merror:")


@pytest.mark.slow
def test_terminal_gets_a_table_and_a_pipe_csv(shop, on_terminal):
    code, seen = on_terminal("predict", folder=shop.folder)
    assert code == 0
    assert seen.startswith("\x1b[1m  visits v1, gru\x1b[0m\n")
    assert re.search(r"^  2024-03-12 +12 +\d\d\.\d +\d\d\.\d ", seen, re.MULTILINE), "the digits that matter"
    assert on_terminal("predict", "--format", "csv", folder=shop.folder)[1].startswith("series_id,")


@pytest.mark.slow
def test_training_on_a_terminal_shows_a_bar_that_is_gone_at_the_end(shop, tmp_path, on_terminal):
    command = ("train", shop.data, "--model", "gru", *QUICK, "--plots", "none", "--store", tmp_path / "a store")
    code, seen = on_terminal(*command, folder=tmp_path)
    assert code == 0
    assert "━" in seen
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", seen.split("━")[-1])
    assert "scored on 1 fold × 12 steps" in plain
    assert max(len(line) for line in plain.splitlines() if str(tmp_path) not in line) <= 80


@pytest.mark.slow
@pytest.mark.parametrize("environment", [{"TERM": "dumb"}, {"NO_COLOR": "1"}])
def test_plain_terminals_get_no_escapes(environment, shop, tmp_path, on_terminal):
    command = ("train", shop.data, "--model", "gru", *QUICK, "--plots", "none")
    code, seen = on_terminal(*command, folder=tmp_path, **environment)
    assert code == 0
    assert not re.search(r"\x1b\[[0-9;]*m", seen)
