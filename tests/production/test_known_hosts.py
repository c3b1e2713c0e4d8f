"""A store of a stranger has no variable of mine sent to him, and my own goes on as it did."""

import pytest

from forecast.addresses import host_of, is_made_name, references
from forecast.errors import UsageError
from forecast.production.known_hosts import checked_source, remember, state_file


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/${AWS_SECRET_ACCESS_KEY}",
        "https://${AWS_SECRET_ACCESS_KEY}.evil.example/x.csv",
        "https://me:${AWS_SECRET_ACCESS_KEY}@evil.example/x.csv",
        "https://evil.example/x.csv?token=${AWS_SECRET_ACCESS_KEY}",
        "https://evil.example/x.csv?v=${URL_TOKEN}",
        "https://evil.example/${DATABASE_PASSWORD}",
        "https://evil.example/#${DATABASE_PASSWORD}",
        "postgresql://${DATABASE_PASSWORD}.evil.example/db",
        "postgresql://me:${PGPASSWORD}@evil.example/db",
        "postgresql://me:${file:/home/me/.ssh/id_ed25519}@evil.example/db",
        "https://evil.example/${file:/etc/passwd}",
        "s3://evil/${AWS_SECRET_ACCESS_KEY}.csv",
    ],
)
def test_stranger_s_store_has_no_variable_and_no_file_looked_up(address):
    with pytest.raises(UsageError, match="which nobody here typed") as error:
        checked_source(address, "forecast retrain shop")
    assert error.value.hint == f"if it is to go there: forecast retrain shop '{address}'"


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://me:${DATABASE_PASSWORD}@db/shop#sales",
        "postgresql://me:${DATABASE_PASSWORD_2}@db/shop",
        "https://${URL_PASSWORD}@h/x.csv",
        "https://h/x?v=1&X-Amz-Signature=${URL_X_AMZ_SIGNATURE}",
        "postgresql://db/shop",
        "s3://bucket/sales.csv",
        "sqlite:///${HOME}/shop.db#sales",
        "/home/me/${x}.csv",
        "sales.csv",
    ],
)
def test_what_was_a_password_that_was_written_out_goes_on_where_nobody_typed_anything(address):
    assert checked_source(address, "forecast retrain shop") == address


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://ann:${SHOP_PASSWORD}@db.example:5432/shop#sales",
        "https://h/${CUSTOMER}/sales.csv?sig=${SIG}",
        "postgresql://ann:${file:/run/secrets/shop}@db.example/shop",
    ],
)
def test_variable_that_was_typed_for_a_host_goes_to_that_host_alone(address):
    remember(address)
    assert checked_source(address, "") == address
    with pytest.raises(UsageError):
        checked_source(address.replace("db.example", "evil.example").replace("//h/", "//evil/"), "")
    remember(address)
    kept = state_file().read_text().splitlines()
    assert len(kept) == len({*kept}) == len(references(address))


def test_password_that_was_typed_for_one_host_does_not_go_to_another():
    remember("postgresql://me:${DATABASE_PASSWORD}@db/shop")
    with pytest.raises(UsageError, match="would send the variable DATABASE_PASSWORD to evil"):
        checked_source("postgresql://me:${DATABASE_PASSWORD}@evil/shop", "")


def test_home_that_can_not_be_written_keeps_nobody_from_training(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    remember("postgresql://me:${SHOP}@db/shop")
    with pytest.raises(UsageError):
        checked_source("postgresql://me:${SHOP}@db/shop", "")


def test_address_tells_what_it_has_looked_up_and_where():
    address = "postgresql://me:${file:/a/b?c}@Db:5/shop?sslmode=${MODE}&password=${P}#${T}"
    assert references(address) == (("file:/a/b?c", True), ("MODE", False), ("P", True), ("T", False))
    assert host_of(address) == "db:5"
    assert references("nothing/${X}") == ()
    assert host_of("sqlite:////srv/a.db") == "//srv/a.db"


@pytest.mark.parametrize(("name", "is_made"), [("URL_SIG", True), ("URL_X_AMZ_SIGNATURE_3", True), ("URL_HOME", False)])
def test_names_that_passwords_get_are_known(name, is_made):
    assert is_made_name(name) is is_made
