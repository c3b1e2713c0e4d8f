import re
import shlex
import shutil
import subprocess
import sys
from datetime import UTC
from pathlib import Path

import pytest

from commands import FORECAST, run
from forecast.production.schedule.next_start import scheduled_retrains

UNITS = ["forecast-visits.service", "forecast-visits.timer", "forecast-visits-failure.service"]
MINE = b"MAILTO=me\n\n# odd   \n5 5 * * * echo 100\\%\n"


@pytest.fixture
def tab(tab):
    """Has lines of the user's own."""
    tab.write_bytes(MINE)
    return tab


def schedule(shop, *arguments, **environment):
    return run("schedule", "visits", *arguments, folder=shop.folder, **environment)


# Printing


def test_cron_line_has_all_that_cron_has_not(shop):
    done = schedule(shop, "--daily", "03:15", TZ="Europe/Berlin", LANG="de_DE.UTF-8", LC_ALL="")
    (line,) = done.out.splitlines()
    store = shop.folder / ".forecast"
    head, _, command = line.partition(" && ")
    assert head == f"15 3 * * * cd {shop.folder}"
    assert shlex.split(command) == [
        *(f"PATH={FORECAST.parent}:/usr/local/bin:/usr/bin:/bin", "LANG=de_DE.UTF-8", "TZ=Europe/Berlin"),
        *(str(FORECAST), "retrain", "visits", "-q", "--store", str(store), "--log-file", str(store / "visits.log")),
    ]
    assert "not by your TZ (Europe/Berlin)" in done.err
    assert done.err.endswith("Next      forecast schedule visits --cron '15 3 * * *' --install\n")


def test_two_words_of_weekly_need_no_quotes(shop):
    assert schedule(shop, "--weekly", "sun", "03:15").out == schedule(shop, "--weekly", "sun 03:15").out


def test_flags_of_retrain_are_passed_on_and_checked_now(shop):
    done = schedule(shop, "--daily", "3:15", "--log-file", "a.log", "--", "--min-gain", "0.01")
    assert done.out.endswith(f"--log-file {shop.folder}/a.log --min-gain 0.01\n")
    words = f"'15 3 * * *' --log-file {shop.folder}/a.log --install -- --min-gain 0.01\n"
    assert done.err.endswith(words)
    wrong = schedule(shop, "--daily", "3:15", "--", "--min-gian", "0.01")
    assert (wrong.code, wrong.out) == (2, "")
    assert "--min-gian" in wrong.err
    assert "hint:  forecast retrain --help" in wrong.err


def test_suggested_command_gives_the_same_line(shop, tmp_path):
    first = run("schedule", "visits", "--daily", "3:15", "--store", shop.folder / ".forecast", folder=tmp_path)
    words = shlex.split(first.err.partition("Next")[2])
    again = run(*(word for word in words[1:] if word != "--install"), folder=tmp_path)
    assert again.out == first.out


def test_units_are_printed_with_the_place_they_belong(shop):
    done = schedule(shop, "--daily", "03:15", "--kind", "systemd", TZ="Europe/Berlin")
    assert [Path(line[2:]).name for line in done.out.splitlines() if line.startswith("# /")] == UNITS
    assert "OnCalendar=*-*-* 03:15:00 Europe/Berlin" in done.out
    assert "enable --now forecast-visits.timer" in done.err


def test_units_are_written_and_replaced_with_consent_only(shop, tmp_path):
    arguments = ("--kind", "systemd", "-o", tmp_path / "units")
    assert schedule(shop, "--daily", "3:15", *arguments).code == 0
    assert sorted(path.name for path in (tmp_path / "units").iterdir()) == sorted(UNITS)
    assert schedule(shop, "--daily", "3:15", *arguments).code == 0  # the same units: nothing to ask
    changed = schedule(shop, "--daily", "4:15", *arguments)
    assert changed.code == 2
    assert "forecast-visits.timer exists already, and differs" in changed.err
    assert schedule(shop, "--daily", "4:15", *arguments, "--force").code == 0
    assert "04:15:00" in (tmp_path / "units/forecast-visits.timer").read_text()


def test_json_is_pinned(shop, tab, tmp_path):
    line = schedule(shop, "--daily", "3:15", "--json").document
    assert list(line) == ["schema_version", "name", "kind", "cron", "line"]
    units = schedule(shop, "--daily", "3:15", "--kind", "systemd", "-o", tmp_path / "u", "--json").document
    assert list(units) == ["schema_version", "name", "kind", "cron", "units", "files", "notes"]
    assert units["files"] == [str(tmp_path / "u" / name) for name in UNITS]
    installed = schedule(shop, "--daily", "3:15", "--install", "--yes", "--json").document
    assert list(installed) == ["schema_version", "name", "cron", "line", "installed", "changed", "kept"]
    assert installed["line"] == line["line"]
    removed = schedule(shop, "--remove", "--yes", "--json").document
    assert removed == {"schema_version": 1, "name": "visits", "installed": False, "changed": True, "kept": 0}


def test_program_without_a_script_is_started_through_python(shop, monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python3"))
    assert f" {tmp_path}/python3 -m forecast retrain visits -q " in schedule(shop, "--daily", "3:15").out


# The crontab


def test_install_twice_change_and_remove(shop, tab):
    first = schedule(shop, "--daily", "3:15", "--install", "--yes")
    assert "The retrain of visits is in your crontab now" in first.err
    installed = tab.read_bytes()
    assert installed.startswith(MINE)
    assert schedule(shop, "--daily", "3:15").out.encode() in installed
    assert "in your crontab already" in schedule(shop, "--daily", "3:15", "--install", "--yes").err
    assert tab.read_bytes() == installed
    schedule(shop, "--daily", "4:15", "--install", "--yes")
    assert tab.read_bytes() == installed.replace(b"\n15 3 * * *", b"\n15 4 * * *")
    assert "is out of your crontab" in schedule(shop, "--remove", "--yes").err
    assert tab.read_bytes() == MINE
    again = schedule(shop, "--remove", "--yes")
    assert (again.code, again.out) == (0, "")
    assert "was not in your crontab" in again.err


@pytest.mark.parametrize(("answer", "installs"), [("y\n", True), ("n\n", False), ("\n", False), ("", False)])
def test_terminal_is_asked(shop, tab, answer, installs, monkeypatch):
    monkeypatch.setattr("forecast.cli.output.schedule._on_terminal", lambda: True)
    done = run("schedule", "visits", "--daily", "3:15", "--install", folder=shop.folder, stdin=answer.encode())
    assert done.code == 0
    assert (tab.read_bytes() != MINE) == installs
    assert ("Your crontab is as it was." in done.err) != installs


def test_no_terminal_and_no_consent_changes_nothing(shop, tab):
    for arguments in (("--daily", "3:15", "--install"), ("--remove",)):
        done = schedule(shop, *arguments)
        assert (done.code, done.out) == (2, "")
        assert "only with your consent" in done.err
        assert "hint:  --yes" in done.err
    assert tab.read_bytes() == MINE


def test_model_that_is_gone_can_still_be_removed(shop, tab):
    schedule(shop, "--daily", "3:15", "--install", "--yes")
    tab.write_bytes(tab.read_bytes().replace(b"visits", b"gone"))
    run("schedule", "gone", "--remove", "--yes", folder=shop.folder)
    assert tab.read_bytes() == MINE


def test_one_store_in_several_spellings_has_one_block(shop, tab, tmp_path):
    (tmp_path / "link").symlink_to(shop.folder)
    spellings = (shop.folder, tmp_path / "link", shop.folder / ".." / shop.folder.name, f"{shop.folder}//")
    for i, folder in enumerate(spellings):
        schedule(shop, "--daily", f"{i}:15", "--install", "--yes", "--store", f"{folder}/.forecast")
        assert tab.read_bytes().count(b"end of visits") == 1
        assert b"\n15 %d * * *" % i in tab.read_bytes()
    assert schedule(shop, "--remove", "--yes", "--store", tmp_path / "link/.forecast").code == 0
    assert tab.read_bytes() == MINE


def test_blocks_that_an_older_program_wrote_under_two_spellings_become_one(shop, tab):
    schedule(shop, "--daily", "3:15", "--install", "--yes")
    block = tab.read_bytes().removeprefix(MINE)
    other = block.replace(f"{shop.folder}/.".encode(), f"{shop.folder}/../{shop.folder.name}/.".encode())
    tab.write_bytes(other + MINE + other.replace(b"/../", b"/./../"))
    schedule(shop, "--daily", "3:15", "--install", "--yes")
    assert tab.read_bytes() == block + MINE


def test_lines_of_the_user_between_the_marks_are_kept_and_said(shop, tab):
    schedule(shop, "--daily", "3:15", "--install", "--yes")
    first, line, last = tab.read_bytes().removeprefix(MINE).splitlines(keepends=True)
    second = line.replace(b"15 3", b"15 12")  # of the user's own making
    tab.write_bytes(MINE + first + b"MAILTO=other\n" + line + second + b"# note\n" + last)
    done = schedule(shop, "--daily", "4:15", "--install", "--yes")
    assert "3 lines of your own stood between the marks: kept" in done.err
    ours = line.replace(b"15 3", b"15 4")
    assert tab.read_bytes() == MINE + b"MAILTO=other\n" + first + ours + last + second + b"# note\n"
    tab.write_bytes(first + b"# mine\n" + line + last)
    assert schedule(shop, "--remove", "--yes", "--json").document["kept"] == 1
    assert tab.read_bytes() == b"# mine\n"


def test_line_that_is_not_there_after_all_is_no_success(shop, tab):
    program = tab.parent / "crontab"
    program.write_text(
        "#!/bin/sh\n[ $1 = -l ] && echo '# mine'\ncat > /dev/null\n"
    )  # as one that is overwritten at once
    done = schedule(shop, "--daily", "3:15", "--install", "--yes")
    assert done.code == 5
    assert "Your crontab was changed by another program just then" in done.err


@pytest.mark.slow
def test_parallel_installs_lose_no_block(tab):
    """Six processes at once, and a crontab program that waits until others have read as well, or nobody comes."""
    program = tab.parent / "crontab"
    program.write_text(program.read_text().replace("  -l)", "  -l) sleep 0.2;"))
    script = (
        "import sys; from pathlib import Path; from forecast.production.schedule.cron_job import Job\n"
        "from forecast.production.schedule.timetable import read_cron\n"
        "from forecast.workflows.schedule import SchedulePlan, install_line\n"
        "job = Job(sys.argv[1], ('/bin/echo',), Path('/'), Path('/store'), Path('/log'), ())\n"
        "assert install_line(SchedulePlan(job, read_cron('15 3 * * *'), None)).is_changed\n"
    )
    names = [f"m{i}" for i in range(6)]
    running = [subprocess.Popen([sys.executable, "-c", script, name]) for name in names]
    assert [process.wait() for process in running] == [0] * 6
    for name in names:
        assert f"retrain {name} -q".encode() in tab.read_bytes()
    assert tab.read_bytes().startswith(MINE)


# Time zones


@pytest.mark.parametrize(
    "tz", ["Europe/Berlin", ":Europe/Berlin", "/usr/share/zoneinfo/Europe/Berlin", ":/usr/share/zoneinfo/Europe/Berlin"]
)
def test_zone_is_the_timers_in_each_form_that_names_it(shop, tz):
    done = schedule(shop, "--daily", "03:15", "--kind", "systemd", TZ=tz)
    assert "OnCalendar=*-*-* 03:15:00 Europe/Berlin\n" in done.out
    assert f"TZ={tz}" in done.out
    assert "Note" not in done.err


@pytest.mark.parametrize("tz", ["CET-1CEST,M3.5.0,M10.5.0/3", ":CET-1CEST,M3.5.0,M10.5.0/3", "<+03>-3"])
def test_zone_without_a_name_is_said_to_be_none_of_the_timers(shop, tz):
    done = schedule(shop, "--daily", "03:15", "--kind", "systemd", TZ=tz)
    assert f"TZ={tz}" in done.out
    told = " ".join(done.err.split())
    assert f"systemd knows no time zone {tz}" in told
    assert "the timer goes by the machine's clock" in told
    assert "not by your TZ" in " ".join(schedule(shop, "--daily", "03:15", TZ=tz).err.split())


def test_time_that_summer_time_skips_is_said(shop):
    done = schedule(shop, "--daily", "02:30", "--kind", "systemd", TZ="Europe/Berlin")
    assert "the clock in Europe/Berlin jumps over 02:30" in " ".join(done.err.split())
    assert "03:00 is there each day" in " ".join(done.err.split())


# Errors


@pytest.mark.parametrize(
    ("arguments", "code", "message", "hint"),
    [
        ((), 2, "When should it be retrained?", "--daily 03:15"),
        (("--daily", "3:15", "--cron", "@daily"), 2, "--daily and --cron can't be used together", "one of them"),
        (("--daily", "25:00"), 2, "'25:00' is no time of day", "--daily 23:00"),
        (("--daily", "3:15", "--install", "--remove"), 2, "--install and --remove can't be used together", "one of"),
        (("--daily", "3:15", "--remove"), 2, "--remove needs no time", "--remove alone"),
        (("--daily", "3:15", "--kind", "systemd", "--install"), 2, "are for cron", "--kind systemd -o DIR"),
        (("--daily", "3:15", "--yes"), 2, "--yes goes with --install or --remove", "--install --yes"),
        (("--daily", "3:15", "-o", "units"), 2, "--output is for systemd units", "--kind systemd"),
        (("--daily", "3:15", "--force"), 2, "--force goes with --output", "-o DIR --force"),
        (("--daily", "3:15", "--kind", "at"), 2, "--kind", "forecast schedule --help"),
    ],
)
def test_error_has_its_number_sentence_and_hint(arguments, code, message, hint, shop):
    done = schedule(shop, *arguments)
    assert (done.code, done.out) == (code, "")
    said, advised = done.err.splitlines()
    assert message in said
    assert hint in advised


def test_model_that_is_not_there_is_an_error_now_and_not_at_night(shop):
    done = run("schedule", "vists", "--daily", "3:15", folder=shop.folder)
    assert done.code == 4
    assert "There is no model 'vists'. Did you mean 'visits'?" in done.err


def test_machine_without_cron_is_a_missing_dependency(shop, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    done = schedule(shop, "--daily", "3:15", "--install", "--yes")
    assert done.code == 3
    assert "hint:  apt-get install cron, or --kind systemd" in done.err


def test_copied_store_is_another_store(shop, tab, tmp_path):
    shutil.copytree(shop.folder, tmp_path / "copy")
    for folder in (shop.folder, tmp_path / "copy"):
        run("schedule", "visits", "--daily", "3:15", "--install", "--yes", folder=folder)
    assert tab.read_bytes().count(b"15 3 * * *") == 2


LIMITS = ("--nice", "10", "--timeout", "2h", "--jitter", "10m")


def test_all_models_are_one_line_with_its_limits(shop):
    words = ("schedule", "--all", "--daily", "03:15")
    line = run(*words, "-q", folder=shop.folder).out
    assert " retrain --all -q --store " in line
    assert line.rstrip().endswith("/.forecast/retrain-all.log")
    limited = run(*words, *LIMITS, folder=shop.folder, TZ="UTC")
    waits = re.search(r"\* sleep (\d+) && cd ", limited.out)
    assert 0 < int(waits[1]) <= 600
    assert " nice -n 10 timeout -k 60 7200 " in limited.out
    again = next(line.split()[2:] for line in limited.err.splitlines() if line.startswith("Next"))
    assert "--all --cron" in " ".join(again)
    assert {"--nice", "--timeout", "--jitter"} <= {*again}
    with_flags = run(*words, "-q", "--", "--workers", "2", "--time-limit", "50m", folder=shop.folder).out
    assert with_flags.rstrip().endswith("--workers 2 --time-limit 50m")
    assert run(*words, "--", "--wrkers", "2", folder=shop.folder).code == 2


def test_all_models_are_one_unit_with_its_limits(shop):
    more = ("--memory-max", "4G", "--user", "forecast")
    words = ("schedule", "--all", "--daily", "03:15", "--kind", "systemd", *LIMITS, *more)
    units = run(*words, "--json", folder=shop.folder).document["units"]
    assert set(units) == {"forecast---all.service", "forecast---all.timer", "forecast---all-failure.service"}
    service = units["forecast---all.service"].splitlines()
    assert {"Nice=10", "MemoryMax=4G", "TimeoutStartSec=7200", "User=forecast"} <= {*service}
    assert "RandomizedDelaySec=600s" in units["forecast---all.timer"]
    assert "forecast status --store" in units["forecast---all-failure.service"]


def test_what_the_crontab_and_timers_say_is_when_the_next_run_is(shop, tab):
    assert (
        run("schedule", "--all", "--daily", "03:15", "--install", "--yes", "-q", folder=shop.folder, TZ="UTC").code == 0
    )
    assert "\n# forecast: end of --all in " in tab.read_text()
    models = run("status", "--json", folder=shop.folder).document["models"]
    assert [model["next_run"] is not None for model in models] == [True]
    assert run("schedule", "--all", "--remove", "--yes", "-q", folder=shop.folder).code == 0
    assert tab.read_bytes() == MINE
    units = run("schedule", "--all", "--daily", "04:30", "--kind", "systemd", "--json", folder=shop.folder, TZ="UTC")
    timers = {Path("forecast---all.timer"): units.document["units"]["forecast---all.timer"]}
    found = scheduled_retrains((shop.folder / ".forecast").absolute(), b"", timers, UTC)
    assert found["--all"].timetable.cron == "30 4 * * *"
    assert scheduled_retrains(shop.folder / "other", b"", timers, UTC) == {}


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (("visits", "--all"), "--all is every model, and 'visits' is named", "--all alone"),
        ((), "Missing argument 'NAME'", "--all for all models"),
        (("--all", "--memory-max", "4G"), "cron has no --memory-max", "--kind systemd"),
        (("--all", "--user", "me"), "cron has no --user", "--kind systemd"),
        (("--all", "--memory-max", "lots", "--kind", "systemd"), "'lots' is no size of memory", "--memory-max 4G"),
        (("--all", "--user", "a b", "--kind", "systemd"), "'a b' is no name of a user", "--user forecast"),
        (("--all", "--timeout", "soon"), "--timeout 'soon' is not a length of time", "--timeout"),
    ],
)
def test_what_no_schedule_can_hold_is_refused(words, message, hint, shop):
    done = run("schedule", *words, "--daily", "03:15", folder=shop.folder)
    assert (done.code, done.out) == (2, "")
    assert message in done.err
    assert hint in done.err
