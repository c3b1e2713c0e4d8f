"""A store at an address: every command either reads a copy, is refused before it begins, or has none."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from forecast.cli.app import COMMANDS
from forecast.cli.grouping import READERS, WRITERS, with_near_store
from forecast.cli.options.groups import OutputFlags
from forecast.errors import UsageError
from forecast.production.backup import store_copy
from forecast.production.backup.store_copy import StoreCopy

STORELESS = {"init", "schema", "shard", "show_settings", "skill", "uninstall"}
AT_ADDRESS = replace(OutputFlags(), store=Path("s3://bucket/store"))


def functions(commands=COMMANDS):
    for each in commands:
        if not each.inside:
            yield each.place.partition(":")[2].removesuffix("_command")
        yield from functions(each.inside)


def test_every_command_is_known_to_read_to_write_or_to_have_no_store():
    assert {*functions()} - STORELESS == READERS | WRITERS
    assert not READERS & WRITERS


@pytest.mark.parametrize("command", sorted(WRITERS))
def test_command_that_writes_is_refused_before_anything_is_fetched(command):
    with pytest.raises(UsageError, match=f"{command} needs a store on this machine, and s3://bucket/store can only"):
        with_near_store(AT_ADDRESS, command, None)


def test_command_that_reads_gets_the_copy_and_says_so_on_stderr(monkeypatch, tmp_path, capsys):
    asked = []

    def copy(address, cache, name):
        asked.append((address, name))
        return StoreCopy(tmp_path, address, 3, 100, ("shop v2 is not whole",))

    monkeypatch.setattr(store_copy, "copy_store", copy)
    assert with_near_store(AT_ADDRESS, "predict", "shop").store == tmp_path
    assert asked == [("s3://bucket/store", "shop")]
    told = capsys.readouterr()
    assert told.out == ""
    assert "s3://bucket/store, from a copy that is only read: 3 files fetched" in " ".join(told.err.split())
    assert "shop v2 is not whole" in told.err
    assert with_near_store(OutputFlags(), "predict", None).store == OutputFlags().store


def test_next_command_names_the_address_and_not_the_copy(tmp_path):
    (tmp_path / "copied-from.json").write_text('{"address": "s3://bucket/store"}')
    output = replace(OutputFlags(), store=tmp_path)
    assert output.store_words == " --store s3://bucket/store"
    told = SimpleNamespace(settings={"store": SimpleNamespace(value="s3://bucket/store")})
    assert replace(output, config=told).store_words == ""
