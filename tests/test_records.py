from dataclasses import dataclass

import pytest

from forecast.records import Records


@dataclass(frozen=True)
class Part:
    name: str


def parts():
    return Records("no.such.package", ("first", "second-one"))


def test_names_are_known_without_importing_anything():
    known = parts()
    assert list(known) == ["first", "second-one"]
    assert len(known) == 2
    assert "second-one" in known
    assert "third" not in known


def test_record_is_imported_from_the_module_of_its_name_when_it_is_asked_for(monkeypatch, tmp_path):
    package = tmp_path / "kinds_of_parts"
    package.mkdir()
    (package / "second_one.py").write_text("from test_parts import Part\nRECORD = Part('second-one')\n")
    (tmp_path / "test_parts.py").write_text("class Part:\n    def __init__(self, name): self.name = name\n")
    monkeypatch.syspath_prepend(tmp_path)
    known = Records("kinds_of_parts", ("second-one",))
    assert known["second-one"].name == "second-one"
    assert known["second-one"] is known["second-one"]


def test_registered_record_comes_last_and_another_of_its_name_takes_its_place():
    known, one, other = parts(), Part("third"), Part("third")
    known.register(one)
    assert list(known) == ["first", "second-one", "third"]
    assert known["third"] is one
    known.register(other)
    assert known["third"] is other
    assert len(known) == 3


def test_unknown_name_is_a_key_error():
    with pytest.raises(KeyError):
        parts()["third"]
