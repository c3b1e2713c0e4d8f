import shlex
import subprocess
from pathlib import Path
from shutil import which

import pytest

from forecast.errors import UsageError
from forecast.production.schedule.cron_job import Job, cron_line, systemd_units, usual_log
from forecast.production.schedule.timetable import read_cron

NIGHTLY = read_cron("15 3 * * *")
AWKWARD = 'my shop\'s 100% $HOME "x" \\n ä'


def job(folder, *flags, program="/bin/echo", name="sales"):
    store = folder / ".forecast"
    environment = (("PATH", "/usr/bin:/bin"), ("LANG", "C.UTF-8"), ("TZ", "Europe/Berlin"))
    return Job(name, (program,), folder, store, usual_log(store, name), environment, flags)


def as_cron_reads(text, *, debian):
    """Returns a command after cron's own reading of it: Debian's makes one backslash of two, cronie's doesn't."""
    read, is_escaped = "", False
    for letter in text:
        if is_escaped and (letter == "%" or (debian and letter == "\\")):
            read = read[:-1] + letter
        else:
            assert letter != "%" or is_escaped, f"a bare % ends the command in {text}"
            read += letter
        is_escaped = not is_escaped and letter == "\\"
    return read


def as_cron_runs(line, *, debian=True):
    """Returns the command of a line as the shell gets it from cron(8), which gives it no more than this environment."""
    command = as_cron_reads(line.split(None, 5)[5], debian=debian)
    done = subprocess.run(
        ["/bin/sh", "-c", command], capture_output=True, text=True, check=True, env={"PATH": "/usr/bin:/bin"}, cwd="/"
    )
    return done.stdout


def test_line_runs_the_retrain_where_and_as_it_should(tmp_path):
    folder = tmp_path / AWKWARD
    folder.mkdir()
    program = folder / "forecast"
    program.write_text('#!/bin/sh\npwd; echo "$PATH|$LANG|$TZ"; printf "%s\\n" "$@"\n')
    program.chmod(0o755)
    line = cron_line(job(folder, "--on-failure", "mail -s 50% me", program=str(program)), NIGHTLY)
    assert line.startswith("15 3 * * * cd ")
    assert line.count("%") == line.count(r"\%") > 0
    assert as_cron_runs(line).splitlines() == [
        str(folder),
        "/usr/bin:/bin|C.UTF-8|Europe/Berlin",
        *("retrain", "sales", "-q", "--store", f"{folder}/.forecast", "--log-file", f"{folder}/.forecast/sales.log"),
        *("--on-failure", "mail -s 50% me"),
    ]


@pytest.mark.parametrize("debian", [True, False])
@pytest.mark.parametrize(
    "word",
    [
        r"back\%pct",
        r"a\\b",
        r"x\%\%y",
        "\\",
        "\\\\",
        "end\\",
        r"\'\\'%",
        "'\\'",
        "%",
        "%%",
        r"\\\%",
        r"\n\\n",
        r"%\%\\%'\%",
    ],
)
def test_backslashes_and_percents_come_through_every_cron(word, debian, tmp_path):
    folder = tmp_path / word
    folder.mkdir()
    program = tmp_path / "forecast"
    program.write_text('#!/bin/sh\npwd; printf "%s\\n" "$@"\n')
    program.chmod(0o755)
    told = as_cron_runs(cron_line(job(folder, word, program=str(program)), NIGHTLY), debian=debian).splitlines()
    assert (told[0], told[-1], told[5]) == (str(folder), word, f"{folder}/.forecast")


def test_line_too_long_for_cron_is_refused():
    with pytest.raises(UsageError, match="cron takes 998") as caught:
        cron_line(job(Path("/a" * 300)), NIGHTLY)
    assert "--kind systemd" in caught.value.hint


@pytest.mark.parametrize("wrong", ["two\nlines", "a\x00b", "tab\t"])
def test_words_that_no_line_can_hold_are_refused(wrong):
    with pytest.raises(UsageError, match="must be one printable line"):
        job(Path("/shop"), wrong)
    with pytest.raises(UsageError, match="must be one printable line"):
        job(Path("/") / wrong)


def test_units_hold_what_a_missed_night_and_a_failure_need():
    units = systemd_units(job(Path("/srv/shop")), read_cron("15 3 13 * fri"), "Europe/Berlin")
    assert list(units) == ["forecast-sales.service", "forecast-sales.timer", "forecast-sales-failure.service"]
    service, timer, failure = units.values()
    assert "OnCalendar=*-*-13 03:15:00 Europe/Berlin\nOnCalendar=Fri *-*-* 03:15:00 Europe/Berlin\n" in timer
    assert "Persistent=true\nRandomizedDelaySec=5min\n" in timer
    assert "WantedBy=timers.target" in timer
    assert "OnFailure=forecast-sales-failure.service" in service
    assert "WorkingDirectory=/srv/shop\nEnvironment=PATH=/usr/bin:/bin LANG=C.UTF-8 TZ=Europe/Berlin\n" in service
    assert "ExecStart=/bin/echo retrain sales -q --store /srv/shop/.forecast --log-file" in service
    assert "forecast history sales --store /srv/shop/.forecast" in failure


def test_frequent_retrains_are_not_delayed_for_minutes():
    assert (
        "RandomizedDelaySec=10s"
        in systemd_units(job(Path("/a")), read_cron("*/5 * * * *"), None)["forecast-sales.timer"]
    )


@pytest.mark.skipif(which("systemd-analyze") is None, reason="systemd-analyze is not installed")
@pytest.mark.parametrize("last", ["x\\", "x ", "x\\\\", "\\", " x  "])
def test_folder_that_ends_in_a_backslash_or_a_blank_is_the_folder(last, tmp_path):
    (tmp_path / last).mkdir()
    units = systemd_units(job(tmp_path / last), NIGHTLY, None)
    for file, text in units.items():
        (tmp_path / file).write_text(text, encoding="utf-8")
    service = units["forecast-sales.service"]
    assert f"\nWorkingDirectory={tmp_path / last}/\nEnvironment=" in service
    done = subprocess.run(
        ["systemd-analyze", "verify", tmp_path / "forecast-sales.service"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, [line for line in done.stderr.splitlines() if "forecast" in line]) == (0, [])


@pytest.mark.skipif(which("systemd-analyze") is None, reason="systemd-analyze is not installed")
@pytest.mark.parametrize("name", ["sales", "größe.2024-x_1"])
def test_systemd_accepts_the_units(name, tmp_path):
    folder = tmp_path / AWKWARD
    folder.mkdir()
    units = systemd_units(job(folder, "--on-failure", AWKWARD, name=name), NIGHTLY, "Europe/Berlin")
    for file, text in units.items():
        (tmp_path / file).write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", *(tmp_path / file for file in units)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, [line for line in done.stderr.splitlines() if "forecast" in line]) == (0, [])


def test_systemd_words_are_those_of_the_command():
    """A second reader of the quoting: without its own escapes, it is a shell's."""
    service = systemd_units(job(Path("/s") / AWKWARD), NIGHTLY, None)["forecast-sales.service"]
    (words,) = (line.removeprefix("ExecStart=") for line in service.splitlines() if line.startswith("ExecStart="))
    plain = words.replace("%%", "%").replace("$$", "$")
    assert tuple(shlex.split(plain)) == job(Path("/s") / AWKWARD).command
