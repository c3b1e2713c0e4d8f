import json
from dataclasses import asdict, dataclass
from typing import Literal

import pytest

from forecast.data.frequency import Frequency
from forecast.decoding import Document, MayLack, PartialDocument, decode, encode, fits
from forecast.errors import UsageError
from forecast.specs import ModelSpec, Settings


@dataclass(frozen=True)
class Leaf:
    size: int
    share: float = 0.5
    word: Literal["a", "b"] = "a"

    def __post_init__(self):
        if self.size < 0:
            raise UsageError("A size is not below 0.")


@dataclass(frozen=True)
class Tree:
    leaves: tuple[Leaf, ...]
    names: dict[str, int | None]
    pair: tuple[int, str] | None = None


@dataclass(frozen=True, kw_only=True)
class Kept(Document):
    rows: int
    note: MayLack[str] = None
    share: float | None = None


@dataclass(frozen=True, kw_only=True)
class Early(PartialDocument):
    rows: int
    kept: Kept
    closed: bool = False


TREE = {"leaves": [{"size": 1}, {"size": 2, "share": 1, "word": "b"}], "names": {"x": None}, "pair": [3, "c"]}


def plain(record):
    """Returns a record as JSON has it; what earlier programs did not know is left out where it is none."""
    document = json.loads(json.dumps(asdict(record)))
    for known in (document, document.get("overrides", {})):
        for later in ("weight_decay", "views", "is_closing"):
            if known.get(later, 0) is None:
                del known[later]
    return document


def test_records_are_built_from_what_they_became_as_json():
    tree = decode(Tree, TREE)
    assert tree == Tree((Leaf(1), Leaf(2, 1.0, "b")), {"x": None}, (3, "c"))
    for one in (tree, Settings(), ModelSpec("gru", 8, 3), Frequency("week", phase=259200)):
        assert decode(type(one), plain(one)) == one


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"leaves": 3}, "leaves is 3, not a list"),
        ({"leaves": [{}]}, r"leaves\.0\.size is missing"),
        ({"leaves": [{"size": True}]}, r"leaves\.0\.size is True, not a whole number"),
        ({"leaves": [{"size": 1.0}]}, r"leaves\.0\.size is 1\.0, not a whole number"),
        ({"leaves": [{"size": 10**400}]}, r"leaves\.0\.size is a number that is too large, not a whole number"),
        ({"leaves": [{"size": 1, "share": float("nan")}]}, r"leaves\.0\.share is nan, not a number"),
        ({"leaves": [{"size": 1, "share": 10**400}]}, r"share is a number that is too large, not a number"),
        ({"leaves": [{"size": 1, "word": "c"}]}, r"leaves\.0\.word is 'c', not one of a, b"),
        ({"leaves": [{"size": 1, "word": []}]}, r"leaves\.0\.word is a list of 0, not one of a, b"),
        ({"leaves": [{"size": 1, "more": 2}]}, r"leaves\.0\.more is nothing that this program knows"),
        ({"leaves": [{"size": -1}]}, r"leaves\.0 makes no sense: A size is not below 0$"),
        ({"names": []}, "names is a list of 0, not an object"),
        ({"names": {"x": "y" * 99}}, r"names\.x is 'y{39}…, not a whole number"),
        ({"pair": [3]}, "pair is a list of 1, not a list of 2"),
        ({"pair": [3, "\ud800"]}, r"pair\.1 is .*, not a text"),
    ],
)
def test_what_does_not_fit_is_named_by_its_place(change, words):
    with pytest.raises(ValueError, match=words):
        decode(Tree, TREE | change)


def test_documents_leave_aside_what_they_do_not_know_and_leave_out_what_they_have_not():
    assert decode(Kept, {"rows": 3, "of a newer program": [1]}) == Kept(rows=3)
    assert encode(Kept(rows=3)) == {"rows": 3, "share": None}
    assert encode(Kept(rows=3, note="")) == {"rows": 3, "note": "", "share": None}
    assert not fits(Kept, {"rows": 3, "note": None})  # no program writes null there
    assert not fits(Kept, {})
    assert not fits(Kept, None)


def test_a_partial_document_has_what_it_was_given_and_raises_for_the_rest():
    early = decode(Early, {"kept": {"rows": 1}}, lacks=KeyError)
    assert (early.kept.rows, early.closed, early.get("rows"), early.get("kept")) == (1, False, None, Kept(rows=1))
    with pytest.raises(KeyError, match="rows"):
        early.rows  # noqa: B018 - asking is the test
    with pytest.raises(AttributeError, match="Early has no row"):
        early.row  # noqa: B018
    assert encode(early) == {"kept": {"rows": 1, "share": None}, "closed": False}
    assert not fits(Early, {"closed": 1})


def test_what_is_encoded_is_what_asdict_says_as_json_has_it():
    for one in (Tree((Leaf(1),), {"x": 2}, (3, "c")), Settings(), ModelSpec("gru", 8, 3)):
        assert encode(one) == plain(one)
