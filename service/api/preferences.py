"""Prefer: handling=strict, after RFC 7240. Any other preference is ignored, as it says."""

from collections.abc import Sequence
from urllib.request import parse_http_list

#: Lenient is what happens unless strict is asked for; either is confirmed when it was named.
_HANDLINGS = {"lenient", "strict"}


def handling(prefer: Sequence[str]) -> str:
    """How the caller wants the body handled: "strict", "lenient", or "" where it does not say.

    `prefer` are the values of all Prefer headers. Of several such preferences the first counts.
    """
    for value in prefer:
        for preference in parse_http_list(value):
            name, _, wanted = preference.partition(";")[0].partition("=")
            if name.strip().lower() == "handling":
                wanted = wanted.strip().strip('"').lower()
                return wanted if wanted in _HANDLINGS else ""
    return ""


def applied(prefer: Sequence[str]) -> dict[str, str]:
    """The header that confirms which handling was applied, if the caller named one."""
    named = handling(prefer)
    return {"Preference-Applied": f"handling={named}"} if named else {}
