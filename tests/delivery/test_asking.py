"""GETs to a server that is busy, slow, broken or no FHIR server at all."""

from datetime import UTC, datetime

import pytest
from msgspec import structs

from service.delivery.asking import wait_asked
from service.delivery.login import authorization
from tests.delivery.called import LIMITS, Servers, refused

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


@pytest.mark.parametrize("behavior", ["busy", "busy-thrice", "bad-gateway", "gateway-timeout"])
def test_what_a_busy_server_refuses_is_asked_again(servers: Servers, behavior: str) -> None:
    run = servers.run(behavior)

    assert run.fetch() == servers.run("good").fetch()
    tries = 4 if behavior == "busy-thrice" else 2
    assert run.kinds().count("Observation") == tries


@pytest.mark.parametrize("behavior", ["hangs-up", "breaks-off"])
def test_what_breaks_off_is_asked_again(servers: Servers, behavior: str) -> None:
    run = servers.run(behavior)

    assert run.fetch() == servers.run("good").fetch()
    assert run.kinds().count("Observation") == 2


def test_the_wait_that_the_server_asks_for_comes_before_our_own(servers: Servers) -> None:
    """Our own would not end within the time that the fetch has."""
    run = servers.run("busy")

    fetched = run.fetch(limits=structs.replace(LIMITS, wait=1000, longest_wait=1000))

    assert fetched.issues == ()


@pytest.mark.parametrize(
    ("behavior", "code"),
    [("always-busy", "throttled"), ("always-unavailable", "throttled")],
)
def test_a_server_that_stays_busy_is_given_up(servers: Servers, behavior: str, code: str) -> None:
    run = servers.run(behavior)

    assert refused(run).code == code
    assert run.kinds() == ["metadata"] * 4


@pytest.mark.parametrize("behavior", ["always-hangs-up", "always-breaks-off"])
def test_a_connection_that_always_breaks_is_given_up(servers: Servers, behavior: str) -> None:
    run = servers.run(behavior)

    assert refused(run).code == "transient"
    assert run.kinds().count("Observation") == 4


def test_a_wait_that_is_too_long_is_not_waited(servers: Servers) -> None:
    run = servers.run("busy-for-an-hour")

    issue = refused(run)
    assert issue.code == "throttled"
    assert "3600 s" in issue.text
    assert run.kinds() == ["metadata"]


@pytest.mark.parametrize("behavior", ["hangs", "hangs-in-body"])
def test_a_server_that_falls_silent_is_given_up_and_not_asked_again(
    servers: Servers, behavior: str
) -> None:
    run = servers.run(behavior)

    assert refused(run, structs.replace(LIMITS, read=0.2)).code == "timeout"
    assert run.kinds().count("Observation") == 1


@pytest.mark.parametrize("behavior", ["hangs", "hangs-in-body"])
def test_the_fetch_as_a_whole_has_an_end(servers: Servers, behavior: str) -> None:
    run = servers.run(behavior)

    issue = refused(run, structs.replace(LIMITS, read=1000, total=1))
    assert issue.code == "timeout"
    assert "within 1 s" in issue.text


def test_waits_for_a_busy_server_count_as_well(servers: Servers) -> None:
    run = servers.run("always-unavailable")

    issue = refused(run, structs.replace(LIMITS, wait=1000, longest_wait=1000, total=0.5))
    assert issue.code == "timeout"


@pytest.mark.parametrize(
    ("behavior", "code", "said"),
    [
        ("500", "processing", "The server failed"),
        ("599", "processing", "The server failed"),
        ("400", "processing", "an OperationOutcome (too-costly)"),
        ("400-plain", "processing", "400"),
        ("401", "login", "wants a login"),
        ("403", "forbidden", "does not let this login"),
        ("404", "not-found", "nothing at this address"),
        ("204", "processing", "204"),
    ],
)
def test_any_other_status_is_told_and_not_asked_again(
    servers: Servers, behavior: str, code: str, said: str
) -> None:
    run = servers.run(behavior)

    issue = refused(run)
    assert issue.code == code
    assert said in issue.text
    assert run.kinds() == sorted(set(run.kinds()), key=run.kinds().index)


@pytest.mark.parametrize(
    ("behavior", "said"),
    [
        ("html", "a web page"),
        ("xml", "XML"),
        ("other-type", "something that is not FHIR's JSON"),
        ("no-type", "no type"),
    ],
)
def test_what_is_not_fhirs_json_is_refused_in_words(
    servers: Servers, behavior: str, said: str
) -> None:
    issue = refused(servers.run(behavior))

    assert issue.code == "structure"
    assert said in issue.text


@pytest.mark.parametrize("behavior", ["gzip", "json", "old-json"])
def test_json_by_its_other_names_and_packed_json_are_read(servers: Servers, behavior: str) -> None:
    assert servers.run(behavior).fetch() == servers.run("good").fetch()


@pytest.mark.parametrize("behavior", ["bomb", "huge"])
def test_no_more_is_read_than_the_limit_however_it_is_packed(
    servers: Servers, behavior: str
) -> None:
    issue = refused(servers.run(behavior))

    assert issue.code == "too-costly"
    assert "MYOFLAG_MAX_BODY_BYTES" in issue.text


def test_all_answers_count_toward_the_limit_together(servers: Servers) -> None:
    whole = servers.run("pages")
    size = len(whole.fetch().body)

    assert refused(servers.run("pages"), structs.replace(LIMITS, bytes=size)).code == "too-costly"


@pytest.mark.parametrize(
    "behavior", ["packed-otherwise", "packed-wrongly", "packed-in-part", "packed-and-more"]
)
def test_what_can_not_be_unpacked_is_refused(servers: Servers, behavior: str) -> None:
    assert "pack" in refused(servers.run(behavior)).text


@pytest.mark.parametrize("behavior", ["redirects", "redirects-here"])
def test_no_redirect_is_followed(servers: Servers, behavior: str) -> None:
    run = servers.run(behavior)

    issue = refused(run, authorization="Bearer secret")
    assert "redirect" in issue.text
    assert run.kinds().count("Observation") == 1
    assert {one["port"] for one in run.asked()} == {"first"}


@pytest.mark.parametrize(
    ("login", "sent"),
    [("", None), ("bearer abc", "Bearer abc"), ("basic mary:poppins", "Basic bWFyeTpwb3BwaW5z")],
)
def test_the_login_goes_with_each_request(servers: Servers, login: str, sent: str | None) -> None:
    run = servers.run("good")
    run.fetch(authorization(login))

    assert {one["headers"].get("authorization") for one in run.asked()} == {sent}


def test_a_server_that_is_not_there_is_told(servers: Servers) -> None:
    run = servers.run("good")
    gone = run._replace(base=structs.replace(run.base, url="http://127.0.0.1:1/fhir"))

    issue = refused(gone)
    assert issue.code == "transient"
    assert "can not be reached" in issue.text


def test_a_server_without_tls_is_told_where_it_should_speak_it(servers: Servers) -> None:
    run = servers.run("good")
    tls = run.base.url.replace("http:", "https:")

    issue = refused(run._replace(base=structs.replace(run.base, url=tls)))
    assert issue.code == "security"
    assert run.asked() == []


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("0", 0),
        (" 7 ", 7),
        ("Wed, 25 Nov 2026 12:00:30 GMT", 30),
        ("Wed, 25 Nov 2026 11:00:00 GMT", 0),
        ("soon", None),
        ("-3", None),
        ("1.5", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert wait_asked(header, NOW) == seconds
