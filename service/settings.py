"""Every setting, typed, with its environment variable: MYOFLAG_ and the field's name.

Read once, at the start of a command; the rooms inside get plain arguments.
docs/operations.md tells each to the people who run the service.
"""

import re
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "MYOFLAG_"

#: Known to everybody, so the identifiers made with it hide nothing.
DEVELOPMENT_SITE_KEY = "myoflag-development-site-key"

#: Shorter secrets can be guessed.
SHORTEST_SECRET = 16

_BASE = re.compile(r"https?://[^\s?#]+[^\s?#/]")


def shipped(folder: str) -> Path:
    """A folder that comes with Myoflag: inside an installed package, beside it in a checkout."""
    package = Path(__file__).parent
    installed = package / folder
    return installed if installed.is_dir() else package.parent / folder


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, hide_input_in_errors=True, use_attribute_docstrings=True
    )

    host: str = "127.0.0.1"
    """Address that `serve` listens on; any other than loopback needs an API key."""

    port: int = Field(default=8080, ge=0, le=65535)
    """Port that `serve` listens on; 0 takes a free one."""

    api_keys_file: Path | None = None
    """File with the names and hashes of the keys that callers may present."""

    base: str = "https://myoflag.example"
    """Canonical base URL of this site's code systems and identifiers, without a closing slash."""

    site_key: SecretStr = SecretStr(DEVELOPMENT_SITE_KEY)
    """Secret that flag identifiers are keyed with, so that they can not be traced back."""

    fhir_version: Literal["4.0", "4.3", "5.0"] = "4.0"
    """FHIR version that a request is taken to be in, and is answered in, where it says none."""

    zone: ZoneInfo = ZoneInfo("UTC")
    """Time zone in which dates without a time, and times without a zone, are read."""

    snomed: bool = True
    """Whether flags and pages of rules carry SNOMED CT codes beside Myoflag's own."""

    rules: Path = Field(default_factory=lambda: shipped("rules"))
    """Folder that holds the rules."""

    local_codes: Path | None = None
    """File that tells what codes of a laboratory's own mean, and default units; none by default."""

    max_body_bytes: int = Field(default=32 * 1024 * 1024, ge=1)
    """Largest request body, in bytes; more is refused with 413."""

    max_body_seconds: float = Field(default=30, gt=0, allow_inf_nan=False)
    """Longest that the body of a request may take to arrive, in seconds; else 408."""

    max_entries: int = Field(default=20_000, ge=1)
    """Most entries of one Bundle; more is refused with 413."""

    # At 64, the recursion of readers and models stays below Python's limit.
    max_depth: int = Field(default=64, ge=8, le=64)
    """Deepest nesting of JSON objects and arrays; more is refused with 400."""

    # By default as FHIR has it: https://hl7.org/fhir/R4/datatypes.html#string
    max_text_bytes: int = Field(default=1024 * 1024, ge=1024)
    """Longest text in JSON, base64 aside, in bytes as written; more is refused with 413."""

    max_evaluation_seconds: float = Field(default=60, gt=0, allow_inf_nan=False)
    """Longest that the evaluation of a request may take, in seconds; else 504."""

    # Of the framework's 40 threads some are left for health checks.
    max_in_flight: int = Field(default=32, ge=1, le=32)
    """Most requests that are answered at once; more are refused with 429."""

    server_login: SecretStr = SecretStr("")
    """Login to the server of `evaluate --server`: `bearer TOKEN` or `basic NAME:PASSWORD`."""

    server_login_file: Path | None = None
    """File that holds that login instead."""

    server_seconds: float = Field(default=120, gt=0)
    """Longest time in seconds that fetching a record from a FHIR server may take."""

    large_body_bytes: int = Field(default=1024 * 1024, ge=1)
    """Size in bytes from which on a body is evaluated beside the server's own process."""

    large_body_processes: int = Field(default=1, ge=0)
    """Most processes that evaluate large bodies beside each worker; 0 for none."""

    workers: int = Field(default=1, ge=1)
    """Processes that answer requests."""

    worker_requests: int = Field(default=0, ge=0)
    """Requests after which a worker is replaced, or up to a tenth more; 0 for never."""

    drain_seconds: int = Field(default=25, ge=1)
    """Longest that requests in flight are still answered after the service was told to end."""

    # Longer than the minute for which most proxies keep theirs.
    keep_alive_seconds: int = Field(default=65, ge=1)
    """How long a connection without a request is kept open."""

    backlog: int = Field(default=2048, ge=1)
    """Most connections that wait to be accepted."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Least severe log line that is written."""

    @field_validator("host")
    @classmethod
    def _names_something(cls, host: str) -> str:
        if not host.strip():
            raise ValueError("an address or a name belongs here, such as 127.0.0.1")
        return host

    @field_validator("base")
    @classmethod
    def _can_be_extended(cls, base: str) -> str:
        if not _BASE.fullmatch(base):
            raise ValueError(
                "a URL belongs here, such as https://example.org/fhir, without a query, a "
                "fragment or a closing slash"
            )
        return base

    @field_validator("api_keys_file", "server_login_file", mode="before")
    @classmethod
    def _names_a_file(cls, value: object) -> object:
        # An empty path would be the working folder; one set empty by mistake must not be none.
        if isinstance(value, str) and not value.strip():
            raise ValueError("the path of a file belongs here")
        return value

    @field_validator("site_key")
    @classmethod
    def _hard_to_guess(cls, key: SecretStr) -> SecretStr:
        if len(key.get_secret_value()) < SHORTEST_SECRET:
            raise ValueError(f"a site key has at least {SHORTEST_SECRET} characters")
        return key


class SettingsError(ValueError):
    """Settings that can not be used: a line for each, with its variable and what would be right."""


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings of this process, whose environment is given.

    Raises SettingsError for a wrong value, and for a variable that no setting has: a
    misspelled MYOFLAG_SITE_KEY must not quietly leave the default in force.
    """
    known = {variable(name) for name in Settings.model_fields}
    ours = {name for name in map(str.upper, environment) if name.startswith(PREFIX)}
    problems = [
        f"{name}: there is no such setting; there are {', '.join(sorted(known))}"
        for name in sorted(ours - known)
    ]
    try:
        settings = Settings()
    except ValidationError as wrong:
        problems += [
            f"{variable(str(e['loc'][0]))}: {e['msg'].removeprefix('Value error, ')}"
            for e in wrong.errors()
        ]
    if problems:
        raise SettingsError("\n".join(problems))
    return settings


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return f"{PREFIX}{name.upper()}"


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address; of names, only localhost is trusted."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
