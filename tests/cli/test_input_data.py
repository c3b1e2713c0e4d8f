"""From words and flags about data to what the readers take: tables and queries of databases."""

import pytest

from forecast.cli.input_data import flag_words, in_address
from forecast.cli.options.groups import DataFlags
from forecast.errors import UsageError


def test_table_goes_into_the_address_and_a_query_stays_a_flag():
    assert in_address("sqlite:///a.db", DataFlags(table="sales")) == ("sqlite:///a.db#sales", DataFlags())
    asked = DataFlags(query="select 1", target="n")
    assert in_address("sqlite:///a.db", asked) == ("sqlite:///a.db", asked)
    assert flag_words(DataFlags(table="sales", target="n")) == " --target n"


@pytest.mark.parametrize(
    ("data", "flags", "message"),
    [
        ("a.csv", {"table": "t"}, "--table says what is read of a database, and a.csv is none"),
        ("s3://b/a.csv", {"query": "q"}, "--query says what is read of a database, and s3://b/a.csv is none"),
        (None, {"query": "q"}, "and none is named"),
        ("sqlite:///a.db", {"query": "q", "table": "t"}, "both say what is read"),
    ],
)
def test_flag_of_a_database_without_one_is_refused(data, flags, message):
    with pytest.raises(UsageError, match=message):
        in_address(data, DataFlags(**flags))
