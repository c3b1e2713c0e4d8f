"""Processes of their own without the second in which Python and its libraries start.

One process imports the command line and what its commands use, and forks for each run: the child has its own streams,
folder, environment, signals and end.
"""

import contextlib
import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
from dataclasses import dataclass
from types import SimpleNamespace

from places import HELPERS, ROOT

PARENT = """
import importlib, json, os, signal, sys, traceback
for name in json.loads(sys.argv[1]):
    importlib.import_module(name)
dict(importlib.import_module("forecast.cli.app").root_command().commands)  # each is built once, and not by each child

def begin(order):
    os.setsid()
    for number, path in enumerate(order["streams"]):
        os.dup2(os.open(path, os.O_RDWR | os.O_NOCTTY), number)
    sys.stdin = open(0, encoding="utf-8", closefd=False)
    sys.stdout, sys.stderr = (
        open(n, "w", encoding="utf-8", closefd=False, buffering=1 if os.isatty(n) else -1) for n in (1, 2)
    )
    for number in order["ignored"]:
        signal.signal(number, signal.SIG_IGN)
    os.environ.clear()
    os.environ.update(order["environment"])
    os.chdir(order["folder"])
    sys.argv = order["words"]
    exec(order["script"], {"__name__": "__main__"})

for line in sys.stdin:
    if (child := os.fork()) == 0:
        code = 1
        try:
            begin(json.loads(line))
        except SystemExit as end:
            code = end.code
        except BaseException:
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
MAIN = "from forecast.cli import main; main()"


@dataclass(frozen=True)
class Forks:
    """Runs scripts in children of a process that has imported the libraries already."""

    process: subprocess.Popen

    def run(self, *words, folder, script=MAIN):
        """Runs a script, the command line where none is given, to its end; it has no standard input."""
        out, err = folder.parent / "out", folder.parent / "err"
        out.write_text("")
        err.write_text("")
        self._begin(words, folder, (os.devnull, str(out), str(err)), script, os.environ)
        return SimpleNamespace(returncode=self._end(), stdout=out.read_text(), stderr=err.read_text())

    def on_terminal(self, *words, folder, answers="", columns=80, stdin=None, **environment):
        """Runs the command line where answers are typed; returns the exit code and what the terminal shows."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 60, columns, 0, 0))
        plain = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "LINES", "NO_COLOR"}}
        terminal = os.ttyname(theirs)
        streams = (stdin or terminal, terminal, terminal)
        os.write(ours, answers.encode())
        self._begin(words, folder, streams, MAIN, {**plain, "TERM": "xterm", **environment})
        seen = b""
        while ready := select.select([ours, self.process.stdout], [], [])[0]:
            if ours not in ready:  # it has ended, and all that it wrote was read
                break
            seen += os.read(ours, 65536)
        os.close(theirs)
        os.close(ours)
        return self._end(), seen.decode().replace("\r\n", "\n")

    def _begin(self, words, folder, streams, script, environment):
        ignored = [number for number in (signal.SIGHUP, signal.SIGTERM) if signal.getsignal(number) is signal.SIG_IGN]
        order = {"words": ["forecast", *map(str, words)], "folder": str(folder), "streams": streams,
                 "script": script, "environment": dict(environment), "ignored": ignored}  # fmt: skip
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()

    def _end(self):
        return int(self.process.stdout.readline())


@contextlib.contextmanager
def forks(*modules):
    """Yields what forks from a process that has imported the command line and the modules."""
    command = [sys.executable, "-c", PARENT, json.dumps(["forecast.cli.app", *modules])]
    path = {**os.environ, "PYTHONPATH": str(HELPERS)}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, text=True, cwd=ROOT, env=path, stdin=pipe, stdout=pipe) as process:
        yield Forks(process)
        process.stdin.close()
