"""Settings come from the environment, typed, and a mistake in one is told."""

from pathlib import Path

import pytest

from service.settings import (
    Settings,
    SettingsError,
    is_loopback,
    read_settings,
    shipped,
)


def read(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Settings:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return read_settings(variables)


def test_the_service_listens_on_loopback_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch)

    assert is_loopback(settings.host)
    assert settings.api_keys_file is None


def test_secrets_do_not_print(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(
        monkeypatch,
        MYOFLAG_SITE_KEY="a-site-key-nobody-may-see",
    )

    assert "nobody-may-see" not in repr(settings)


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("MYOFLAG_PORT", "99999", "less than or equal to 65535"),
        ("MYOFLAG_PORT", "tcp://10.0.0.7:80", "valid integer"),
        ("MYOFLAG_ZONE", "Mars/Olympus", "invalid timezone"),
        ("MYOFLAG_API_KEYS_FILE", "", "the path of a file belongs here"),
        ("MYOFLAG_SITE_KEY", "short", "a site key has at least 16 characters"),
        ("MYOFLAG_HOST", "", "such as 127.0.0.1"),
        ("MYOFLAG_HOST", " ", "such as 127.0.0.1"),
        ("MYOFLAG_BASE", "https://example.org/fhir/", "such as https://example.org/fhir, without"),
        ("MYOFLAG_BASE", "https://example.org/fhir\n", "such as https://example.org/fhir, without"),
        ("MYOFLAG_BASE", "https://example.org?a=b", "such as https://example.org/fhir, without"),
        ("MYOFLAG_BASE", "example.org", "such as https://example.org/fhir, without"),
        ("MYOFLAG_MAX_DEPTH", "65", "less than or equal to 64"),
        ("MYOFLAG_MAX_BODY_BYTES", "0", "greater than or equal to 1"),
        ("MYOFLAG_MAX_BODY_SECONDS", "0", "greater than 0"),
        ("MYOFLAG_MAX_BODY_SECONDS", "inf", "finite number"),
        ("MYOFLAG_MAX_TEXT_BYTES", "1000", "greater than or equal to 1024"),
        ("MYOFLAG_MAX_EVALUATION_SECONDS", "nan", "finite number"),
        ("MYOFLAG_MAX_IN_FLIGHT", "33", "less than or equal to 32"),
        ("MYOFLAG_WORKERS", "0", "greater than or equal to 1"),
        ("MYOFLAG_WORKER_REQUESTS", "-1", "greater than or equal to 0"),
        ("MYOFLAG_DRAIN_SECONDS", "0", "greater than or equal to 1"),
        ("MYOFLAG_KEEP_ALIVE_SECONDS", "a minute", "valid integer"),
        ("MYOFLAG_BACKLOG", "0", "greater than or equal to 1"),
        ("MYOFLAG_LARGE_BODY_BYTES", "1 MiB", "valid integer"),
        ("MYOFLAG_LARGE_BODY_PROCESSES", "-1", "greater than or equal to 0"),
        ("MYOFLAG_LOG_LEVEL", "loud", "'debug', 'info', 'warning' or 'error'"),
        ("MYOFLAG_SNOMED", "perhaps", "valid boolean"),
        ("MYOFLAG_FHIR_VERSION", "3.0", "'4.0', '4.3' or '5.0'"),
        ("MYOFLAG_FHIR_VERSION", "R5", "'4.0', '4.3' or '5.0'"),
    ],
)
def test_a_wrong_value_is_told_with_its_variable(
    variable: str, value: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SettingsError) as caught:
        read(monkeypatch, **{variable: value})

    assert str(caught.value).startswith(f"{variable}: ")
    assert said in str(caught.value)


def test_a_wrong_secret_is_told_without_the_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError) as caught:
        read(monkeypatch, MYOFLAG_SITE_KEY="swordfish")

    assert "swordfish" not in str(caught.value)


def test_a_variable_that_no_setting_has_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError) as caught:
        read(monkeypatch, MYOFLAG_SITEKEY="a-misspelled-secret-is-no-secret")

    assert str(caught.value).startswith("MYOFLAG_SITEKEY: there is no such setting")
    assert "MYOFLAG_SITE_KEY" in str(caught.value)


def test_all_mistakes_are_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(SettingsError) as caught:
        read(monkeypatch, MYOFLAG_PORT="none", MYOFLAG_ZONE="none", MYOFLAG_COLOR="red")

    assert len(str(caught.value).splitlines()) == 3


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1", "localhost"])
def test_loopback_is_this_machine_alone(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "192.168.1.4", "example.org", "localhost.example.org", ""]
)
def test_whatever_else_can_be_reached_from_outside(host: str) -> None:
    assert not is_loopback(host)


def test_a_checkout_takes_its_own_rules() -> None:
    assert (shipped("rules") / "ruleset.yaml").is_file()
    assert isinstance(shipped("fhir_samples"), Path)
