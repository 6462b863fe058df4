"""Settings from the environment or a profile; everything that is wrong at once; secrets never shown."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from allocation.engine.errors import SettingError
from allocation.oms.fluent import FluentSettings, load_settings
from allocation.oms.fluent.settings import PLATFORM_TYPES, PREFIX

SECRET, PASSWORD = "secret-in-env-11", "password-in-env-22"
GOOD = {
    "BASE_URL": "https://acct.sandbox.api.fluentretail.com",
    "CLIENT_ID": "ACCT",
    "CLIENT_SECRET": SECRET,
    "USERNAME": "robot",
    "PASSWORD": PASSWORD,
    "RETAILER_ID": "34",
}


def environ(**changes: str | None) -> dict[str, str]:
    return {PREFIX + name: value for name, value in (GOOD | changes).items() if value is not None}


def problems(**changes: str | None) -> dict[str, str]:
    with pytest.raises(SettingError) as refused:
        load_settings(environ(**changes))
    assert SECRET not in str(refused.value)
    assert PASSWORD not in str(refused.value)
    assert refused.value.__cause__ is None
    return {str(problem.path[0]).removeprefix(PREFIX): problem.message for problem in refused.value.problems}


def test_settings_of_the_environment_and_their_defaults() -> None:
    settings = load_settings(environ() | {"PATH": "/bin", "ALLOCATION_FLUENT_ORDER_TYPE": ""})
    assert settings.model_dump(exclude={"client_secret", "password"}) == {
        "base_url": "https://acct.sandbox.api.fluentretail.com",
        "client_id": "ACCT",
        "username": "robot",
        "retailer_id": "34",
        "account": "acct",
        "catalogue": "DEFAULT:34",
        "product_catalogue": "PC:MASTER:34",
        "hold_type": "PREORDER",
        "hold_mapping": None,
        "order_type": "HD",
        "connect_timeout_s": 5,
        "read_timeout_s": 60,
        "write_timeout_s": 30,
        "pool_timeout_s": 30,
        "connections_max": 8,
        "page_size_max": 500,
    }
    assert settings.client_secret.get_secret_value() == SECRET
    assert settings.password.get_secret_value() == PASSWORD


def test_settings_that_are_set() -> None:
    settings = load_settings(environ(ACCOUNT="other", CATALOGUE="DEFAULT:1", READ_TIMEOUT_S="2.5", PAGE_SIZE_MAX="100"))
    assert (settings.account, settings.catalogue) == ("other", "DEFAULT:1")
    assert (settings.read_timeout_s, settings.page_size_max) == (2.5, 100)


def test_everything_that_is_missing_is_told_at_once() -> None:
    with pytest.raises(SettingError) as refused:
        load_settings({})
    assert [problem.path for problem in refused.value.problems] == [(PREFIX + name,) for name in GOOD]
    assert "name a profile" in str(refused.value)


def test_everything_that_is_wrong_is_told_at_once_with_the_variable() -> None:
    told = problems(
        BASE_URL="http://example.com",
        CLIENT_ID="A B",
        RETAILER_ID="ACME",
        HOLD_TYPE="reserved",
        READ_TIMEOUT_S="soon",
        PAGE_SIZE_MAX="0",
        PAGE_SIZ="1",
        PASSWORD=None,
    )
    assert list(told) == [
        "PAGE_SIZ",
        "BASE_URL",
        "CLIENT_ID",
        "PASSWORD",
        "RETAILER_ID",
        "HOLD_TYPE",
        "READ_TIMEOUT_S",
        "PAGE_SIZE_MAX",
    ]
    assert told["PAGE_SIZ"] == "unknown variable, did you mean ALLOCATION_FLUENT_PAGE_SIZE_MAX?"
    assert told["READ_TIMEOUT_S"] == "must be a number of seconds"


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("http://acct.api.fluentretail.com", "must begin with https://"),
        ("http://127.0.0.1.evil.example", "must begin with https://"),
        ("http://localhost.evil.example", "must begin with https://"),
        ("ftp://acct.example.com", "must begin with https://"),
        ("acct.example.com", "must begin with https://"),
        ("https://", "must begin with https://"),
        ("https://acct.example.com:port", "is no address"),
        ("https://acct.example.com/graphql", "must end after the host"),
        ("https://acct.example.com?x=1", "must end after the host"),
        (f"https://robot:{PASSWORD}@acct.example.com", "holds a user name or password"),
    ],
)
def test_addresses_that_are_refused(address: str, message: str) -> None:
    assert message in problems(BASE_URL=address)["BASE_URL"]


@pytest.mark.parametrize(
    ("address", "account"),
    [
        ("http://127.0.0.1:8080", "ACCT"),
        ("http://localhost:8080/", "ACCT"),
        ("http://[::1]:8080", "ACCT"),
        ("https://shop.api.fluentcommerce.com/", "shop"),
    ],
)
def test_addresses_that_are_taken_and_their_account(address: str, account: str) -> None:
    settings = load_settings(environ(BASE_URL=address))
    assert settings.base_url == address.rstrip("/")
    assert settings.account == account


@pytest.mark.parametrize("name", PLATFORM_TYPES)
def test_a_hold_is_never_of_a_type_that_the_platform_counts(name: str) -> None:
    assert "counted by the platform" in problems(HOLD_TYPE=name)["HOLD_TYPE"]


def test_settings_are_frozen_and_know_no_others() -> None:
    settings = load_settings(environ())
    with pytest.raises(ValueError, match="frozen"):
        settings.username = "other"  # type: ignore[misc]
    with pytest.raises(ValueError, match="extra"):
        FluentSettings(**settings.model_dump(), color="red")


def test_secrets_are_not_shown() -> None:
    settings = load_settings(environ())
    for shown in (
        repr(settings),
        str(settings),
        settings.model_dump_json(),
        repr(settings.model_dump()),
        f"{settings}",
    ):
        assert SECRET not in shown
        assert PASSWORD not in shown
    assert pickle.loads(pickle.dumps(settings)) == settings
    with pytest.raises(ValueError, match="base_url") as refused:
        FluentSettings.model_validate({"client_secret": [SECRET], "password": {"x": PASSWORD}})
    assert SECRET not in str(refused.value)
    assert PASSWORD not in str(refused.value)


PROFILE: dict[str, dict[str, Any]] = {
    "profile.json": {
        "baseUrl": "https://shop.api.fluentretail.com",
        "id": "SHOP",
        "clientSecret": "secret-in-file-33",
        "user": "admin",
    },
    "user.admin.json": {"username": "shop_admin", "password": "password-in-file-44"},
    "user.clerk.json": {"username": "shop_clerk", "password": "password-in-file-55"},
    "retailer.UK.json": {"id": 7, "user": "clerk"},
    "retailer.DE.json": {"id": "8"},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, body in PROFILE.items():
        file = tmp_path / "shop" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(body))
    (tmp_path / ".cache").mkdir()
    return tmp_path


def of_profile(folder: Path, profile: str = "shop", retailer: str | None = "DE", **env: str) -> FluentSettings:
    return load_settings({"FLUENT_PROFILE_DIR": str(folder)} | env, profile, retailer)


def profile_problems(folder: Path, profile: str = "shop", retailer: str | None = "DE") -> str:
    with pytest.raises(SettingError) as refused:
        of_profile(folder, profile, retailer)
    for secret in ("secret-in-file-33", "password-in-file-44", "password-in-file-55"):
        assert secret not in str(refused.value)
    return str(refused.value)


def test_a_profile(folder: Path) -> None:
    settings = of_profile(folder)
    assert (settings.base_url, settings.client_id) == ("https://shop.api.fluentretail.com", "SHOP")
    assert (settings.username, settings.password.get_secret_value()) == ("shop_admin", "password-in-file-44")
    assert (settings.retailer_id, settings.account, settings.catalogue) == ("8", "shop", "DEFAULT:8")


def test_the_retailers_user_wins(folder: Path) -> None:
    settings = of_profile(folder, retailer="UK")
    assert (settings.retailer_id, settings.username) == ("7", "shop_clerk")


def test_profile_and_retailer_may_be_named_in_the_environment(folder: Path) -> None:
    settings = of_profile(folder, "", None, ALLOCATION_FLUENT_PROFILE="shop", ALLOCATION_FLUENT_RETAILER="UK")
    assert settings.retailer_id == "7"


def test_a_profiles_credentials_are_never_mixed_with_the_environments(folder: Path) -> None:
    settings = of_profile(folder, **environ(CATALOGUE="MINE", ACCOUNT="acct"))
    assert (settings.account, settings.username, settings.retailer_id) == ("shop", "shop_admin", "8")
    assert settings.client_secret.get_secret_value() == "secret-in-file-33"
    assert settings.catalogue == "MINE"


def test_profiles_are_looked_for_at_home(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.rename(folder.parent / ".fluentcommerce")
    monkeypatch.setattr(Path, "home", lambda: folder.parent)
    assert load_settings({}, "shop", "DE").retailer_id == "8"


def test_one_retailer_need_not_be_named(folder: Path) -> None:
    assert "2 retailers (DE, UK); name one" in profile_problems(folder, retailer=None)
    assert "no retailer 'FR'; known: DE, UK" in profile_problems(folder, retailer="FR")
    (folder / "shop" / "retailer.UK.json").unlink()
    assert of_profile(folder, retailer=None).retailer_id == "8"


@pytest.mark.parametrize("name", ["other", "../shop", ".cache", "shop/", ".", "a" * 300])
def test_a_profile_that_is_none(folder: Path, name: str) -> None:
    told = profile_problems(folder, name)
    assert "known: shop" in told
    assert "is not set" not in told


def test_no_profiles_at_all(tmp_path: Path) -> None:
    assert "known: none" in profile_problems(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("profile.json", "secret-in-file-33 {", "is no JSON"),
        ("profile.json", '["secret-in-file-33"]', "must be an object"),
        ("profile.json", "[" * 50_000, "is no JSON"),
        ("profile.json", '{"x": "' + "y" * 200_000 + '"}', "is no JSON"),
        ("profile.json", '{"baseUrl": "http://x.example", "id": "A", "user": "admin"}', "clientSecret: is missing"),
        ("profile.json", '{"baseUrl": "http://x.example", "id": "A", "user": "admin"}', "must begin with https://"),
        ("profile.json", "{}", "names a user"),
        ("user.admin.json", '{"username": "x", "password": ["password-in-file-44"]}', "must be text"),
        ("user.admin.json", '{"username": "x"}', "password: is missing"),
        ("retailer.DE.json", '{"id": "DE"}', "must be a number"),
        ("retailer.DE.json", '{"id": "8", "user": "../x"}', "names a user"),
        ("retailer.DE.json", '{"id": "8", "user": "ghost"}', "cannot be read"),
    ],
)
def test_a_damaged_profile_is_told_with_its_file(folder: Path, file: str, content: str, message: str) -> None:
    (folder / "shop" / file).write_text(content)
    told = profile_problems(folder)
    assert message in told
    assert str(folder / "shop") in told
