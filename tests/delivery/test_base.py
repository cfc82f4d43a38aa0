"""Which base addresses a login may be sent to, and which links stay on the same server."""

import pytest

from service.delivery.base import read_base


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://fhir.example.org/r4", "https://fhir.example.org/r4"),
        ("https://fhir.example.org/r4/", "https://fhir.example.org/r4"),
        ("https://fhir.example.org", "https://fhir.example.org"),
        ("HTTPS://FHIR.Example.org:8443/R4", "https://fhir.example.org:8443/R4"),
        ("https://10.20.30.40:9443/fhir", "https://10.20.30.40:9443/fhir"),
        ("https://[fd12::1]/fhir", "https://[fd12::1]/fhir"),
        ("https://ehr.hospital.local/fhir", "https://ehr.hospital.local/fhir"),
        ("http://localhost:8080/fhir", "http://localhost:8080/fhir"),
        ("http://127.0.0.1:8080/fhir", "http://127.0.0.1:8080/fhir"),
        ("http://[::1]:8080/fhir", "http://[::1]:8080/fhir"),
    ],
)
def test_an_address_is_https_or_this_machine(text: str, url: str) -> None:
    assert read_base(text).url == url


@pytest.mark.parametrize(
    "text",
    [
        "",
        "fhir.example.org/r4",
        "//fhir.example.org/r4",
        "https://",
        "https:///fhir",
        "file:///etc/passwd",
        "ftp://fhir.example.org",
        "http://fhir.example.org/r4",
        "http://10.20.30.40/fhir",
        "http://localhost.example.org/fhir",
        "https://mary:poppins@fhir.example.org",
        "https://mary@fhir.example.org",
        "https://fhir.example.org/r4?tenant=1",
        "https://fhir.example.org/r4?",
        "https://fhir.example.org/r4#top",
        "https://fhir.example.org./r4",
        "https://metadata.google.internal/fhir",
        "https://2130706433/fhir",
        "https://0x7f000001/fhir",
        "https://0x7f.1/fhir",
        "https://127.1/fhir",
        "https://010.0.0.1/fhir",
        "https://[fhir/r4",
        "https://fhir.example.org:99999999/r4",
        "https://fhir.exa\nmple.org/r4",
    ],
)
def test_another_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"[a-z]") as caught:
        read_base(text)

    assert "poppins" not in str(caught.value)


BASE = read_base("https://fhir.example.org/r4")
PAGE = "https://fhir.example.org/r4/Observation?patient=1"


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("https://fhir.example.org/r4?page=2", "https://fhir.example.org/r4?page=2"),
        ("https://fhir.example.org:443/r4?page=2", "https://fhir.example.org/r4?page=2"),
        ("HTTPS://FHIR.EXAMPLE.ORG/r4?page=2", "https://fhir.example.org/r4?page=2"),
        ("/r4?page=2", "https://fhir.example.org/r4?page=2"),
        ("?page=2", "https://fhir.example.org/r4/Observation?page=2"),
        ("https://fhir.example.org/r4?page=2#top", "https://fhir.example.org/r4?page=2"),
    ],
)
def test_a_link_to_the_same_server_is_followed(link: str, url: str) -> None:
    assert BASE.on_same_server(link, PAGE) == url


@pytest.mark.parametrize(
    "link",
    [
        "https://fhir.example.com/r4?page=2",
        "https://fhir.example.org:8443/r4?page=2",
        "http://fhir.example.org/r4?page=2",
        "http://fhir.example.org:443/r4?page=2",
        "//elsewhere.example/r4?page=2",
        "https://fhir.example.org@elsewhere.example/r4",
        "https://mary:poppins@fhir.example.org/r4",
        "https://fhir.example.org.elsewhere.example/r4",
        "https://169.254.169.254/latest",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "https://[broken",
        "https://fhir.example.org\\@elsewhere.example/",
    ],
)
def test_a_link_elsewhere_is_not_followed(link: str) -> None:
    assert BASE.on_same_server(link, PAGE) is None
