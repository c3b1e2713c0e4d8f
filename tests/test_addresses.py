"""Addresses: what they name, and that no password in one is seen by anything that could show it."""

import pytest

from forecast.addresses import (
    check_scheme,
    hide_all_secrets,
    hide_secrets,
    is_address,
    is_database,
    stem_of_address,
    with_table,
)
from forecast.errors import UsageError

SECRET = "s3cr-et"


@pytest.mark.parametrize(
    ("given", "shown", "kept"),
    [
        ("postgresql://me:{}@h:5432/db#sales", "postgresql://me:${{DATABASE_PASSWORD}}@h:5432/db#sales", SECRET),
        ("--data=mysql://me:{}@h/d?x=a@b", "--data=mysql://me:${{DATABASE_PASSWORD}}@h/d?x=a@b", SECRET),
        ("-opostgresql://me:{}@h/d#f", "-opostgresql://me:${{DATABASE_PASSWORD}}@h/d#f", SECRET),
        ("postgresql://me:{}%2F@h/db", "postgresql://me:${{DATABASE_PASSWORD}}@h/db", f"{SECRET}/"),
        ("postgresql://me:{}/x@h/db", "postgresql://me:${{DATABASE_PASSWORD}}@h/db", f"{SECRET}/x"),
        ("postgresql://me:{}?x@h/db", "postgresql://me:${{DATABASE_PASSWORD}}@h/db", f"{SECRET}?x"),
        ("postgresql://me:{}#x@h/db#t", "postgresql://me:${{DATABASE_PASSWORD}}@h/db#t", f"{SECRET}#x"),
        ("postgresql://me:{}@x@h/db", "postgresql://me:${{DATABASE_PASSWORD}}@h/db", f"{SECRET}@x"),
        ("postgresql:///db?user=me&password={}", "postgresql:///db?user=me&password=${{URL_PASSWORD}}", SECRET),
        ("postgresql+psycopg://me:{}@h/db", "postgresql+psycopg://me:${{DATABASE_PASSWORD}}@h/db", SECRET),
        ("https://me:{}@h/x.csv", "https://me:${{URL_PASSWORD}}@h/x.csv", SECRET),
        ("https://{}@h/x.csv", "https://${{URL_PASSWORD}}@h/x.csv", SECRET),
        ("https://h/x?v=1&X-Amz-Signature={}", "https://h/x?v=1&X-Amz-Signature=${{URL_X_AMZ_SIGNATURE}}", SECRET),
        ("az://c/x.csv?sig={}&se=2", "az://c/x.csv?sig=${{URL_SIG}}&se=2", SECRET),
    ],
)  # fmt: skip
def test_password_goes_into_the_environment_and_leaves_its_name(given, shown, kept):
    environ = {}
    hidden = hide_secrets(given.format(SECRET), environ)
    assert hidden == shown.format()
    assert list(environ.values()) == [kept]
    assert hide_secrets(hidden, environ) == hidden


@pytest.mark.parametrize(
    "given",
    [
        *("postgresql://h:5432/db", "postgresql://me@h/db", "postgresql://me:${PW}@h/db#t", "s3://bucket/a@b.csv"),
        *("https://h:80/a@b.csv", "postgresql://me:${file:/run/secrets/pw}@h/db", "sales.csv", "--time=a:b@c"),
        "mysql://h:3306/d?x=a@b",
    ],
)
def test_address_without_a_password_stays_as_it_is(given):
    environ = {}
    assert hide_secrets(given, environ) == given
    assert environ == {}


def test_two_passwords_have_a_variable_each_and_one_of_the_users_is_left_alone():
    environ = {"DATABASE_PASSWORD": "his own"}
    one, two = (hide_secrets(f"postgresql://me:{each}@h/db", environ) for each in ("a1", "b2"))
    assert one == "postgresql://me:${DATABASE_PASSWORD_2}@h/db"
    assert two == "postgresql://me:${DATABASE_PASSWORD_3}@h/db"
    assert environ == {"DATABASE_PASSWORD": "his own", "DATABASE_PASSWORD_2": "a1", "DATABASE_PASSWORD_3": "b2"}


@pytest.mark.parametrize(
    ("address", "stem"),
    [
        ("postgresql://me@h/shop#public.sales", "sales"),
        ("postgresql://me@h/shop", "shop"),
        ("sqlite:////tmp/x/shop.db#%22a.b%22", "b"),
        ("s3://bucket/a/sales.csv.gz", "sales.csv.gz"),
        ("https://h", "h"),
    ],
)
def test_results_are_called_by_the_table_or_the_file(address, stem):
    assert stem_of_address(address) == stem


def test_table_replaces_another_in_an_address():
    assert with_table("sqlite:///shop.db#old", "new one") == "sqlite:///shop.db#new%20one"


@pytest.mark.parametrize("text", ["C:\\sales.csv", "a:b", "./s3:/x", "sales.csv", "-", "1://x"])
def test_path_is_no_address(text):
    assert not is_address(text)


def test_scheme_is_read_in_any_case_and_without_its_driver():
    assert is_database("PostgreSQL+psycopg2://h/db")


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("postgrsql://h/db", "Nothing here reads postgrsql:// addresses. Did you mean 'postgresql'"),
        ("ftp://h/x.csv", "Nothing here reads ftp://"),
        ("file:///tmp/a%20b.csv", "is a file on this machine"),
    ],
)
def test_address_that_nothing_reads_is_refused(address, message):
    with pytest.raises(UsageError, match=message):
        check_scheme(address)


def test_what_is_called_or_run_keeps_its_address():
    environ = {}
    words = ["retrain", "--ping-url", "https://me:p1@h/x?token=t", "--on-failure=https://me:p2@h", "https://me:p3@h/x"]
    hidden = hide_all_secrets(words, environ)
    assert hidden == [*words[:4], "https://me:${URL_PASSWORD}@h/x"]
    assert environ == {"URL_PASSWORD": "p3"}
