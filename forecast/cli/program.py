"""One run of the command line: the one place that turns an error into words and a number."""

import atexit
import os
import sys
import time
import warnings
from dataclasses import dataclass, field
from itertools import pairwise
from signal import SIGINT, Signals
from typing import Any, NoReturn

import typer

from forecast.addresses import hide_all_secrets
from forecast.cli.options.usage_errors import refuse_empty, usage_error
from forecast.cli.output.console import json_text, wrapped
from forecast.cli.output.question import hints_of
from forecast.cli.output.streams import Styled, discard_output, prepare_streams, telling_of_stdout, write_note
from forecast.cli.signals import listen, listen_no_more, stop_received
from forecast.errors import ExitCode, ForecastError, Stopped, exit_code_of, printable, worded


@dataclass
class Invocation:
    """One run: made at its start, filled in while its words are read.

    Attributes:
        began: on the clock of ``time.monotonic``; the start of the program counts.
        is_json: whether errors are JSON too; a file of settings may have asked for it.
    """

    began: float = field(default_factory=time.monotonic)
    is_json: bool = False


def run_program(arguments: list[str] | None, began: float) -> NoReturn:
    """Runs the command line and exits.

    Args:
        arguments: words of a caller inside Python; None for those of the process, whose signals are heard then.
        began: when the program did, on the clock of ``time.monotonic``.
    """
    given = hide_all_secrets(sys.argv[1:] if arguments is None else arguments, os.environ)
    codes: list[int] = []
    if arguments is None:
        sys.argv[1:] = given  # what a page says of its command
        atexit.register(_leave, codes)  # the first to register is the last to be called
    if arguments is None and "--debug" not in given:
        warnings.simplefilter("ignore")  # of libraries: not the user's concern
    prepare_streams()
    try:
        code = _run(given, Invocation(began, _wants_json(given)), hears_signals=arguments is None)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has had enough: `forecast predict | head`
        discard_output(sys.stdout)
        code = ExitCode.DONE
    codes.append(code)
    sys.exit(code)


def _leave(codes: list[int]) -> None:
    """Ends the process where its exit code is known, without taking Python apart.

    A thread of a library (Arrow's, TensorFlow's) that wants the interpreter while it is taken apart would abort the
    process, seldom and on a busy machine, after all its work was done: cron would see signal 6.
    """
    if codes:
        write_note("")  # run_program has flushed the output; this flushes the rest
        os._exit(codes[0])


def _run(arguments: list[str], run: Invocation, *, hears_signals: bool) -> int:
    from forecast.cli.app import root_command

    program = root_command()
    try:
        if hears_signals:
            listen()
        return _invoke(program, arguments, run)
    except Stopped as stop:
        return _tell_stop(stop)
    finally:
        if hears_signals:
            listen_no_more()


def _invoke(program: Any, arguments: list[str], run: Invocation) -> int:
    try:
        refuse_empty(arguments)
        with telling_of_stdout():
            code = program(arguments, prog_name="forecast", standalone_mode=False, obj=run)
    except ForecastError as error:
        if "--debug" in arguments:
            raise
        return _report(error, arguments, run)
    except typer.exceptions.TyperException as error:
        complaint = usage_error(error)
        return _report(complaint, arguments, run) if complaint else ExitCode.DONE
    except BrokenPipeError:
        raise
    except SystemExit as ending:  # Typer calls it a failure that the reader has had enough
        if isinstance(ending.__context__, BrokenPipeError):
            raise ending.__context__ from None
        raise
    except Exception as error:  # the outermost boundary: a user never sees a traceback unasked
        if "--debug" in arguments:
            raise
        return _report(worded(error), arguments, run)
    if code == ExitCode.INTERRUPTED:
        raise Stopped(SIGINT)
    return int(code or 0)


def _tell_stop(stop: Stopped) -> int:
    by = "" if stop.number == SIGINT else f" by {Signals(stop.number).name}"
    head = f"{stop.name}: stopped" if stop.name else "Stopped"
    write_note(f"{head}{by}. {stop.truth}\n")
    return exit_code_of(stop)


def _report(error: ForecastError, arguments: list[str], run: Invocation) -> int:
    """Writes an error as two lines, or as JSON where JSON was asked for, and returns its exit code."""
    if stop := stop_received():  # which a library made another error of
        return _tell_stop(stop)
    hints = hints_of(error, arguments)
    if run.is_json:
        words = [word for word in arguments if not word.startswith("-")]
        content = {"code": int(error.exit_code), "message": error.message, "hint": ", or ".join(hints)}
        content |= {"command": words[0] if words else ""}
        write_note(json_text({"error": content}) + "\n")
        return error.exit_code
    text = wrapped(error.message, "error:", sys.stderr.isatty(), label_width=7)
    write_note(Styled("error:", "bad"), text.removeprefix("error:"))
    for label, hint in zip(("hint:", *[""] * len(hints)), hints, strict=False):  # not wrapped: commands to be copied
        write_note(f"{label:<7}{printable(hint)}\n")
    return error.exit_code


def _wants_json(arguments: list[str]) -> bool:
    pairs = pairwise(arguments)
    return "--json" in arguments or "--format=json" in arguments or ("--format", "json") in pairs
