import math

import pytest

from forecast.errors import UPGRADE
from forecast.production.store.json_document import NewerStoreError, format_document, parse_document


def test_a_document_comes_back_as_it_was_with_its_schema_first():
    content = {"spec": {"units": [50, 50], "rate": 0.1 + 0.2, "name": "größe\n"}, "none": None, "yes": True}
    document = parse_document(format_document(content))
    assert document == {"schema_version": 1, **content}
    assert next(iter(document)) == "schema_version"


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_values_that_json_cannot_say_are_refused(value):
    with pytest.raises(ValueError, match="not JSON compliant"):
        format_document({"rmse": value})


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (b"", "cut off or not JSON"),
        (b'{"schema_version": 1', "cut off or not JSON"),
        (b"\xff\xfe\x00", "cut off or not JSON"),
        (b"[" * 100_000, "nested too deeply"),
        (b"[1]", "no schema_version"),
        (b"{}", "no schema_version"),
        (b'{"schema_version": true}', "no schema_version"),
        (b'{"schema_version": "1"}', "no schema_version"),
    ],
)
def test_bytes_that_are_no_document_are_refused_with_the_reason(data, match):
    with pytest.raises(ValueError, match=match):
        parse_document(data)


def test_a_newer_schema_asks_for_an_upgrade():
    with pytest.raises(NewerStoreError, match="its schema is 2") as caught:
        parse_document(b'{"schema_version": 2}')
    assert (caught.value.hint, caught.value.exit_code) == (UPGRADE, 5)
