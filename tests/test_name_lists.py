import pytest

from forecast.name_lists import UnknownNameError, find_names, flag_value, join_names, pieces_of, split_names

COLUMNS = ("date", "Load, MW", "price", "a", "b", "a,b", 'say "x", please')


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (["Load, MW"], ("Load, MW",)),
        (["load,mw"], ("Load, MW",)),
        (['"Load, MW",price'], ("Load, MW", "price")),
        (["Load, MW,price"], ("Load, MW", "price")),
        (["price , Load, MW"], ("price", "Load, MW")),
        (["a,b"], ("a,b",)),
        (['"a","b"'], ("a", "b")),
        (["b,a"], ("b", "a")),
        (["a", "b"], ("a", "b")),
        (["price,a,b"], ("price", "a,b")),
        (['say "x", please'], ('say "x", please',)),
        (['price,"say ""x"", please"'], ("price", 'say "x", please')),
        (["Price"], ("price",)),
        ([], ()),
    ],
)
def test_a_name_is_tried_whole_then_quotes_are_heeded_then_commas_part(wanted, found):
    assert find_names(wanted, COLUMNS) == found


@pytest.mark.parametrize(
    ("wanted", "unknown"),
    [("Load", "Load"), ("Load, MX", "Load, MX"), ("price,Load", "Load"), ("a,x", "x"), ('"Load",price', "Load")],
)
def test_what_is_no_name_is_named(wanted, unknown):
    with pytest.raises(UnknownNameError) as error:
        find_names([wanted], COLUMNS)
    assert error.value.name == unknown


def test_case_counts_where_it_should():
    assert find_names(["shop 1,b"], ["shop 1", "Shop 1", "b"], fold=False) == ("shop 1", "b")
    with pytest.raises(UnknownNameError):
        find_names(["SHOP 1"], ["shop 1"], fold=False)


@pytest.mark.parametrize("names", [("a", "price"), ("Load, MW",), ("Load, MW", "price"), ('say "x", please', "a,b")])
def test_names_joined_are_found_again(names):
    assert find_names([join_names(names)], COLUMNS) == names
    assert pieces_of([join_names(names)]) == pieces_of(names)


def test_a_shell_gets_the_list_whole():
    assert flag_value(["a", "b"]) == "a,b"
    assert flag_value(["Load, MW", "price"]) == "'\"Load, MW\",price'"
    assert split_names(" a, ,b,") == ("a", "b")
    assert split_names(None) == ()
