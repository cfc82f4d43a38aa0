"""Logins are none, a token, or a name with a password; anything else is told without it."""

import pytest

from service.delivery.login import authorization


@pytest.mark.parametrize(
    ("login", "header"),
    [
        ("", ""),
        ("  \n", ""),
        ("bearer abc.DEF-1_2~3+4/5==", "Bearer abc.DEF-1_2~3+4/5=="),
        ("Bearer abc\n", "Bearer abc"),
        ("basic mary:poppins", "Basic bWFyeTpwb3BwaW5z"),
        ("BASIC mary:pop:pins", "Basic bWFyeTpwb3A6cGlucw=="),
        ("basic m\u00e4ry:", "Basic bcOkcnk6"),
    ],
)
def test_a_login_becomes_a_header(login: str, header: str) -> None:
    assert authorization(login) == header


@pytest.mark.parametrize(
    "login",
    [
        "sesame-open",
        "bearer",
        "bearer sesame open",
        "bearer sesame\r\nX: y",
        "basic sesame",
        "basic :sesame",
        "basic mary:ses\name",
        "digest mary:sesame",
        "bearer s\u00e9same",
        "token s",
    ],
)
def test_a_login_that_can_not_be_is_told_without_being_repeated(login: str) -> None:
    with pytest.raises(ValueError, match="bearer TOKEN") as caught:
        authorization(login)

    assert "ses" not in str(caught.value)
