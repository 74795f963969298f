"""Settings: defaults, every problem at once, and no secret in sight."""

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from bulkmail.adapters.settings import read_settings
from bulkmail.errors import SettingsError

HERE = {"BULKMAIL_HOME": "/nowhere/workspace"}


def encoded(public_key):
    return base64.b64encode(public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def test_nothing_set_is_a_rehearsal_in_a_folder_beside(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = read_settings({})
    assert settings.rehearsal
    assert settings.home == tmp_path / "workspace"
    assert settings.database_url == f"sqlite:///{tmp_path}/workspace/bulkmail.sqlite3"
    assert settings.public_url == "http://127.0.0.1:8501"
    assert settings.sendgrid_host == "https://api.sendgrid.com"
    assert settings.dns is None


def test_a_key_ends_the_rehearsal():
    assert not read_settings(HERE | {"SENDGRID_API_KEY": "SG.x"}).rehearsal


def test_secrets_are_not_in_the_repr():
    settings = read_settings(
        HERE | {"SENDGRID_API_KEY": "SG.secret", "BULKMAIL_DATABASE_URL": "postgresql://user:hidden@host/bulkmail"}
    )
    assert "SG.secret" not in repr(settings)
    assert "hidden" not in repr(settings)


@pytest.mark.parametrize(
    ("said", "months"),
    [
        ("", {}),
        ("24", {("", ""): 24}),
        ("24; gb 36; CA consent_express never", {("", ""): 24, ("GB", ""): 36, ("CA", "consent_express"): 0}),
        (" consent_implied_inquiry 6 ;", {("", "consent_implied_inquiry"): 6}),
    ],
)
def test_how_long_consent_lasts_is_said_by_country_and_basis(said, months):
    settings = read_settings(HERE | {"BULKMAIL_CONSENT_MONTHS": said, "BULKMAIL_COUNTRY": "hk"})
    assert (settings.consent_months, settings.country) == (months, "HK")
    assert read_settings(HERE).country == "MO"


@pytest.mark.parametrize("said", ["long", "0", "-3", "GB", "GB 36 40", "nowhere 12", "1201", "٢٤", "CA hope 6"])
def test_a_time_that_cannot_be_read_is_refused_with_the_entry_that_is_wrong(said):
    with pytest.raises(SettingsError, match="BULKMAIL_CONSENT_MONTHS") as raised:
        read_settings(HERE | {"BULKMAIL_CONSENT_MONTHS": f"24; {said}"})
    assert said in str(raised.value)


@pytest.mark.parametrize("country", ["Macau", "M", "12", "澳門"])
def test_a_country_is_two_letters(country):
    with pytest.raises(SettingsError, match="BULKMAIL_COUNTRY"):
        read_settings(HERE | {"BULKMAIL_COUNTRY": country})


def test_all_problems_are_named_at_once():
    wrong = {
        "BULKMAIL_DATABASE_URL": "mysql://host/bulkmail",
        "BULKMAIL_PUBLIC_URL": "mail.example.org",
        "BULKMAIL_DNS": "127.0.0.1:port",
        "SENDGRID_API_KEY": "SG. x",
        "SENDGRID_HOST": "http://api.example.org",
        "SENDGRID_WEBHOOK_KEY": "%%%",
    }
    with pytest.raises(SettingsError) as raised:
        read_settings(HERE | wrong)
    for name in wrong:
        assert name in str(raised.value)
    assert "SG. x" not in str(raised.value)


@pytest.mark.parametrize("url", ["not a url", "sqlite://", "sqlite:///:memory:", "oracle://host/db", "postgresql"])
def test_a_database_that_cannot_keep_the_journal_is_refused(url):
    with pytest.raises(SettingsError, match="BULKMAIL_DATABASE_URL"):
        read_settings(HERE | {"BULKMAIL_DATABASE_URL": url})


@pytest.mark.parametrize("url", ["postgres://u@h/d", "postgresql://u@h/d", "postgresql+psycopg://u@h/d"])
def test_every_spelling_of_postgresql_gets_our_driver(url):
    assert read_settings(HERE | {"BULKMAIL_DATABASE_URL": url}).database_url == "postgresql+psycopg://u@h/d"


@pytest.mark.parametrize(
    "url", ["ftp://a.example", "https://", "https://a.example/?q", "https://a:b@c", "http://[1", "http://a:x"]
)
def test_a_public_address_that_cannot_be_a_link_is_refused(url):
    with pytest.raises(SettingsError, match="BULKMAIL_PUBLIC_URL"):
        read_settings(HERE | {"BULKMAIL_PUBLIC_URL": url})


def test_a_public_address_loses_its_last_slash():
    assert (
        read_settings(HERE | {"BULKMAIL_PUBLIC_URL": "https://m.example.org/u/"}).public_url
        == "https://m.example.org/u"
    )


@pytest.mark.parametrize(
    ("value", "server"),
    [("127.0.0.1:5353", ("127.0.0.1", 5353)), ("dns.example.org", ("dns.example.org", 53)), ("[::1]:54", ("::1", 54))],
)
def test_a_name_server_is_a_host_and_a_port(value, server):
    assert read_settings(HERE | {"BULKMAIL_DNS": value}).dns == server


@pytest.mark.parametrize("value", [":53", "host:0", "host:70000", "host:53/x", "[::1"])
def test_a_name_server_that_is_none_is_refused(value):
    with pytest.raises(SettingsError, match="BULKMAIL_DNS"):
        read_settings(HERE | {"BULKMAIL_DNS": value})


def test_the_key_may_travel_unprotected_on_this_machine_only():
    key = HERE | {"SENDGRID_API_KEY": "SG.x"}
    assert read_settings(key | {"SENDGRID_HOST": "http://127.0.0.1:9"}).sendgrid_host == "http://127.0.0.1:9"
    with pytest.raises(SettingsError, match="SENDGRID_HOST"):
        read_settings(key | {"SENDGRID_HOST": "http://proxy.example.org"})


def test_a_webhook_key_is_a_public_key_on_a_curve():
    curve = encoded(ec.generate_private_key(ec.SECP256R1()).public_key())
    assert read_settings(HERE | {"SENDGRID_WEBHOOK_KEY": curve}).webhook_key == curve
    other = encoded(rsa.generate_private_key(public_exponent=65537, key_size=1024).public_key())
    for wrong in (other, curve[:-8], "ключ", "AAAA"):
        with pytest.raises(SettingsError, match="SENDGRID_WEBHOOK_KEY"):
            read_settings(HERE | {"SENDGRID_WEBHOOK_KEY": wrong})


def test_a_home_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(SettingsError, match="BULKMAIL_HOME"):
        read_settings({"BULKMAIL_HOME": str(tmp_path / "file")})


@pytest.mark.parametrize(
    ("url", "kind", "place"),
    [
        ("", "SQLite", "/nowhere/workspace/bulkmail.sqlite3"),
        ("sqlite:////data/mail.db", "SQLite", "/data/mail.db"),
        ("postgres://user:hidden@db.example.org:5433/mail?options=hidden", "PostgreSQL", "db.example.org:5433/mail"),
        ("postgresql:///mail?host=/run&password=hidden", "PostgreSQL", "mail"),
    ],
)
def test_where_the_database_is_can_be_told_without_its_secrets(url, kind, place):
    settings = read_settings(HERE | {"BULKMAIL_DATABASE_URL": url})
    assert (settings.database_kind, settings.database_place) == (kind, place)


def test_links_on_this_machine_are_for_this_machine():
    assert read_settings(HERE).links_stay_here
    assert not read_settings(HERE | {"BULKMAIL_PUBLIC_URL": "https://mail.example.org"}).links_stay_here


def test_without_a_key_no_other_machine_is_named():
    with pytest.raises(SettingsError, match="no SENDGRID_API_KEY"):
        read_settings({"SENDGRID_HOST": "https://api.example.org"})
    assert read_settings({"SENDGRID_HOST": "http://localhost:8502"}).rehearsal


@pytest.mark.parametrize("key", ["", "SG.a"])
def test_a_host_that_cannot_be_read_is_one_problem(key):
    with pytest.raises(SettingsError, match="SENDGRID_HOST is not a web address"):
        read_settings({"SENDGRID_HOST": "http://[::1", "SENDGRID_API_KEY": key})


# ---------------------------------------------------------------- sign-in

OIDC = {
    "BULKMAIL_OIDC_ISSUER": "https://login.example.edu",
    "BULKMAIL_OIDC_CLIENT_ID": "bulkmail",
    "BULKMAIL_OIDC_CLIENT_SECRET": "hidden-too",
}


def test_nobody_signs_in_until_a_provider_is_named():
    assert read_settings(HERE).sign_in is None


def test_sign_in_takes_all_of_its_settings_and_keeps_its_secret():
    settings = read_settings(HERE | OIDC | {"BULKMAIL_APP_URL": "https://mail.example.edu/"})
    assert settings.sign_in.app_url == "https://mail.example.edu"
    assert settings.sign_in.role_claim == "bulkmail_role"
    assert "hidden-too" not in repr(settings)


@pytest.mark.parametrize("missing", OIDC)
def test_half_a_sign_in_is_a_problem_and_not_none(missing):
    with pytest.raises(SettingsError, match=missing):
        read_settings(HERE | {name: value for name, value in OIDC.items() if name != missing})


def test_a_provider_without_https_is_for_this_machine_alone():
    with pytest.raises(SettingsError, match="forgers"):
        read_settings(HERE | OIDC | {"BULKMAIL_OIDC_ISSUER": "http://login.example.edu"})
    assert read_settings(HERE | OIDC | {"BULKMAIL_OIDC_ISSUER": "http://127.0.0.1:9000"}).sign_in


@pytest.mark.parametrize("given", ["-1", "many", "1.5"])
def test_a_number_of_people_is_a_number(given):
    with pytest.raises(SettingsError, match="SECOND_PERSON"):
        read_settings(HERE | {"BULKMAIL_SECOND_PERSON_ABOVE": given})
