"""What callers may send and what they may ask to get: FHIR's JSON, by either of its names."""

from collections.abc import Sequence
from email.message import Message

FHIR_JSON = "application/fhir+json"
JSON = "application/json"

#: Versions whose resources Myoflag reads, as the fhirVersion parameter names them.
FHIR_VERSIONS = ("4.0", "4.3")

#: A form, which is what curl says of any body unless it is told otherwise.
_FORM = "application/x-www-form-urlencoded"


def why_unreadable(content_type: str | None) -> str | None:
    """What is wrong with a request's Content-Type, or None."""
    if not content_type:
        return f"The request says no Content-Type; send {FHIR_JSON}."
    header = Message()
    header["content-type"] = content_type
    media_type = header.get_content_type()
    if media_type not in {FHIR_JSON, JSON}:
        hint = ""
        if media_type.endswith("xml"):
            hint = " FHIR's XML is not read."
        elif media_type == _FORM:
            hint = f" With curl: -H 'Content-Type: {FHIR_JSON}' --data-binary @bundle.json"
        return f"The body must be {FHIR_JSON} or {JSON}.{hint}"
    charset = header.get_param("charset", "utf-8")
    if str(charset).lower() not in {"utf-8", "utf8"}:
        return "FHIR's JSON is always UTF-8; leave the charset out or say charset=utf-8."
    version = str(header.get_param("fhirversion", FHIR_VERSIONS[0]))
    if not version.startswith(FHIR_VERSIONS):
        return f"FHIR {' and '.join(FHIR_VERSIONS)} are read; fhirVersion says another."
    return None


def answer_type(accept: Sequence[str]) -> str | None:
    """Which of the two names to answer under, or None where the caller takes neither.

    `accept` are the values of all Accept headers; none means that anything is welcome.
    """
    ranges = [
        part.partition(";")[0].strip().lower() for value in accept for part in value.split(",")
    ]
    if not ranges or {FHIR_JSON, "application/*", "*/*"} & set(ranges):
        return FHIR_JSON
    return JSON if JSON in ranges else None
