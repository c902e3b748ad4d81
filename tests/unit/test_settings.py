"""Reading the settings: every wrong line is named in a sentence, and the environment wins."""

import dataclasses

import pytest
from limits import parse

from livechat.settings import (
    DEVELOPMENT_SECRET,
    Settings,
    SettingsError,
    for_development,
    from_mapping,
    origin_of,
    site_allowed,
)

GOOD = {
    "livechat.secret": "Zk3v9Qw1x_7rT5yU2pL8mN4bV6cX0aSd",
    "livechat.public_url": "https://chat.example",
    "livechat.allowed_sites": "https://shop.example",
}


def read(environ=None, **changes):
    """Read the settings of a real site, with changes; None removes a line."""
    ini = GOOD | {f"livechat.{name}": value for name, value in changes.items()}
    return from_mapping({key: text for key, text in ini.items() if text is not None}, environ or {})


def complaint(environ=None, **changes):
    with pytest.raises(SettingsError) as caught:
        read(environ, **changes)
    return str(caught.value)


def test_good_settings_are_read_and_typed():
    settings = read(
        trusted_proxies="2", guest_name="required", demo_shop="false", shop_name=" My Shop "
    )
    assert settings.trusted_proxies == 2
    assert settings.guest_name == "required"
    assert settings.demo_shop is False
    assert settings.shop_name == "My Shop"
    assert settings.allowed_sites == ("https://shop.example",)
    assert settings.identity_secret is None


def test_the_defaults_are_those_of_the_dataclass():
    assert dataclasses.replace(
        Settings(), secret=GOOD["livechat.secret"], public_url="https://chat.example"
    ) == read(allowed_sites=None)


def test_lines_of_other_programs_are_ignored():
    assert from_mapping(GOOD | {"pyramid.reload_templates": "true", "use": "egg:livechat"}, {})


def test_the_environment_wins_over_the_file():
    settings = read({"LIVECHAT_SHOP_NAME": "From outside", "LIVECHAT_NONSENSE": "x", "PATH": "y"})
    assert settings.shop_name == "From outside"
    assert read({"LIVECHAT_SECRET": "Q" * 8 + GOOD["livechat.secret"]}, secret="change me")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"secret": None}, ["livechat.secret is missing", "secrets.token_urlsafe"]),
        ({"secret": ""}, ["livechat.secret is missing"]),
        ({"secret": DEVELOPMENT_SECRET}, ["livechat.secret is still the sample value"]),
        ({"secret": "change me"}, ["livechat.secret is still the sample value"]),
        ({"secret": "short"}, ["livechat.secret is too weak", "32"]),
        ({"secret": "x" * 64}, ["livechat.secret is too weak"]),
        (
            {"hsts_seconds": "3600", "public_url": "http://chat.example.com"},
            ["livechat.hsts_seconds is for"],
        ),
        ({"hsts_seconds": "-1"}, ["livechat.hsts_seconds = -1: must be a whole number"]),
        ({"identity_secret": "short"}, ["livechat.identity_secret is too weak"]),
        ({"public_url": None}, ["livechat.public_url is missing"]),
        ({"public_url": ""}, ["livechat.public_url is missing"]),
        ({"public_url": "Change me, for example …"}, ["livechat.public_url is still the sample"]),
        ({"public_url": "chat.example"}, ["livechat.public_url = chat.example", "https://"]),
        ({"public_url": "ftp://chat.example"}, ["livechat.public_url"]),
        ({"demo_shop": "true"}, ["livechat.demo_shop is for development"]),
        ({"database_url": "mysql://x"}, ["livechat.database_url", "sqlite:///", "postgresql"]),
        ({"trusted_proxies": "one"}, ["livechat.trusted_proxies = one", "whole number"]),
        ({"trusted_proxies": "-1"}, ["livechat.trusted_proxies", "whole number"]),
        ({"trusted_proxies": "١"}, ["livechat.trusted_proxies", "whole number"]),
        ({"development": "maybe"}, ["livechat.development = maybe", "true or false"]),
        ({"guest_name": "asked"}, ["livechat.guest_name = asked", "optional, required or hidden"]),
        ({"allowed_sites": "shop.example"}, ["livechat.allowed_sites", "shop.example", "https://"]),
        ({"allowed_sites": "https://shop.example/page"}, ["livechat.allowed_sites"]),
        ({"allowed_sites": "*"}, ["livechat.allowed_sites"]),
        ({"allowed_sites": "https://*"}, ["livechat.allowed_sites"]),
        ({"allowed_sites": "https://a.example'; script-src *"}, ["livechat.allowed_sites"]),
        ({"limit_guest_sends": "many"}, ["livechat.limit_guest_sends", "240/minute"]),
        ({"limit_login_failures": "3/fortnight"}, ["livechat.limit_login_failures"]),
        ({"shop_nam": "x"}, ["livechat.shop_nam is not a livechat setting", "Check the spelling"]),
    ],
)
def test_wrong_settings_are_explained_in_a_sentence(changes, words):
    said = complaint(**changes)
    for word in words:
        assert word in said
    assert said.rstrip().endswith((".", "?", "hidden", "false", "number", "com"))


def test_every_wrong_line_is_named_not_only_the_first():
    said = complaint(secret="change me", trusted_proxies="x", nonsense="1").splitlines()
    assert len(said) == 3
    said = complaint(secret=None, public_url=None, demo_shop="yes").splitlines()
    assert len(said) == 3


def test_a_secret_is_never_printed():
    assert "hush-hush" not in complaint(secret="hush-hush")
    assert "hush-hush" not in complaint(identity_secret="hush-hush")


def test_development_needs_no_settings():
    settings = for_development({})
    assert settings.development
    assert settings.demo_shop
    assert settings.public_url is None
    assert for_development({"LIVECHAT_SHOP_NAME": "x"}).shop_name == "x"


def test_sites_are_listed_one_per_line_or_in_one_line():
    settings = read(
        allowed_sites="\n  https://A.example\n https://b.example/, http://c.example:80 "
    )
    sites = ("https://a.example", "https://b.example", "http://c.example")
    assert settings.allowed_sites == sites
    assert read(allowed_sites="https://d.example:443").allowed_sites == ("https://d.example",)


@pytest.mark.parametrize(
    "field", [f for f in vars(Settings()) if f.startswith("limit_") and "streams" not in f]
)
def test_the_default_limits_are_valid_for_the_library(field):
    assert parse(getattr(Settings(), field)).amount > 0


@pytest.mark.parametrize("text", ["240/minute", "10/15minutes", "1/second", "5/2hours", "9/day"])
def test_limits_accepted_by_the_settings_are_valid_for_the_library(text):
    assert parse(read(limit_guest_sends=text).limit_guest_sends)


@pytest.mark.parametrize(
    ("origin", "pattern", "allowed"),
    [
        ("https://shop.example", "https://shop.example", True),
        ("https://SHOP.example", "https://shop.example", True),
        ("http://shop.example", "https://shop.example", False),
        ("https://shop.example:8443", "https://shop.example", False),
        ("https://shopxexample", "https://shop.example", False),
        ("https://a.shop.example", "https://*.shop.example", True),
        ("https://a.b-c.shop.example", "https://*.shop.example", True),
        ("https://shop.example", "https://*.shop.example", False),
        ("https://.shop.example", "https://*.shop.example", False),
        ("https://evil.example/a.shop.example", "https://*.shop.example", False),
        ("https://evil.example?a.shop.example", "https://*.shop.example", False),
        ("https://a.shop.example.evil", "https://*.shop.example", False),
        ("https://xshop.example", "https://*.shop.example", False),
        ("http://localhost:3000", "http://localhost:*", True),
        ("http://localhost", "http://localhost:*", True),
        ("http://localhost:3000x", "http://localhost:*", False),
        ("http://localhost.evil:3000", "http://localhost:*", False),
        ("http://localhost:3000\n", "http://localhost:*", False),
        ("http://localhost:3000@evil", "http://localhost:*", False),
        ("null", "http://localhost:*", False),
        ("", "http://localhost:*", False),
    ],
)
def test_site_patterns_match_the_documented_origins(origin, pattern, allowed):
    assert site_allowed(origin, (pattern,)) is allowed


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://Shop.Example/a?b#c", "https://shop.example"),
        ("https://shop.example:443/", "https://shop.example"),
        ("http://shop.example:80", "http://shop.example"),
        ("http://shop.example:8080/x", "http://shop.example:8080"),
        ("http://[::1]:6543/", "http://[::1]:6543"),
        ("https://user:pw@shop.example/", "https://shop.example"),
        ("ftp://shop.example", None),
        ("javascript:alert(1)", None),
        ("http://", None),
        ("http://[::1", None),
        ("http://x:99999", None),
        ("", None),
    ],
)
def test_an_origin_is_written_as_browsers_write_it(url, origin):
    assert origin_of(url) == origin
