from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecast.errors import DataError, DependencyError, LockedError
from forecast.production.schedule import crontab
from forecast.production.schedule.crontab import (
    editing,
    marks_of,
    read_crontab,
    with_block,
    without_block,
    write_crontab,
)

MARKS, OTHER = marks_of("sales", Path("/srv/shop/.forecast")), marks_of("sales", Path("/srv/shop2/.forecast"))
LINE = "15 3 * * * forecast retrain sales -q --store /srv/shop/.forecast"
crontabs = st.binary(max_size=200).map(lambda content: content + b"\n" if content else b"")


@given(crontabs, crontabs)
def test_all_other_lines_stay_byte_for_byte(before, after):
    installed = with_block(before, MARKS, LINE) + after
    assert installed.startswith(before)
    assert without_block(installed, MARKS) == before + after


@given(crontabs, crontabs)
def test_installing_again_changes_the_line_in_its_place_and_nothing_else(before, after):
    installed = with_block(before, MARKS, LINE) + after
    assert with_block(installed, MARKS, LINE) == installed
    assert (
        with_block(installed, MARKS, "0 4 * * * x retrain sales -q --store y")
        == with_block(before, MARKS, "0 4 * * * x retrain sales -q --store y") + after
    )


def test_removing_what_is_not_there_changes_nothing():
    other = with_block(b"MAILTO=me\n", OTHER, LINE)
    assert without_block(other, MARKS) == other


def test_models_of_one_name_in_two_stores_have_a_line_each():
    both = with_block(with_block(b"", MARKS, LINE), OTHER, LINE)
    assert both.count(LINE.encode()) == 2
    assert without_block(both, MARKS) == with_block(b"", OTHER, LINE)


def test_last_line_without_its_end_gets_one():
    assert with_block(b"# no end", MARKS, LINE).startswith(b"# no end\n# forecast: sales in /srv/shop/.forecast (")


@pytest.mark.parametrize("broken", [MARKS.first, MARKS.last, MARKS.last + MARKS.first, 2 * (MARKS.first + MARKS.last)])
@pytest.mark.parametrize(
    "edit", [lambda crontab: with_block(crontab, MARKS, LINE), lambda crontab: without_block(crontab, MARKS)]
)
def test_block_that_somebody_took_apart_is_left_alone(broken, edit):
    with pytest.raises(DataError, match="are not a pair any more") as caught:
        edit(broken)
    assert "crontab -e" in caught.value.hint


def test_crontab_is_read_written_and_removed(tab):
    assert read_crontab() == b""
    write_crontab(b"# \xff\n")
    assert read_crontab() == tab.read_bytes() == b"# \xff\n"
    write_crontab(b"")
    assert not tab.exists()


def test_refusal_of_cron_is_told_and_the_old_one_stays(tab):
    write_crontab(b"# mine\n")
    with pytest.raises(DataError, match="can't be changed: bad minute"):
        write_crontab(b"refuse\n")
    assert read_crontab() == b"# mine\n"


def test_machine_without_cron_is_told_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(DependencyError, match="crontab is not installed") as caught:
        read_crontab()
    assert caught.value.hint == "apt-get install cron, or --kind systemd"


def test_user_who_may_not_use_cron_is_told(tab):
    (tab.parent / "crontab").write_text("#!/bin/sh\necho 'you are not allowed' >&2; exit 1\n")
    with pytest.raises(DataError, match="can't be read: you are not allowed"):
        read_crontab()


def test_one_edits_at_a_time_and_the_other_gives_up_in_the_end(tab, monkeypatch):
    monkeypatch.setattr(crontab, "PATIENCE", 0.1)
    with editing(), pytest.raises(LockedError, match="has been editing your crontab"), editing():
        pass
    with editing():
        pass


@pytest.mark.parametrize("home", ["/nonexistent", ""])
def test_user_without_a_home_is_kept_apart_all_the_same(tab, home, monkeypatch):
    monkeypatch.setattr(crontab, "_home", lambda: home)
    test_one_edits_at_a_time_and_the_other_gives_up_in_the_end(tab, monkeypatch)
