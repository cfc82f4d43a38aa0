"""A Flag that is written, with what it came from."""

from typing import Any

from msgspec import Struct

from service.fhir.earlier import EarlierFlag
from service.record import Assessment, Cause


class Written(Struct):
    """One Flag of an answer and its fullUrl there.

    `cause` is what it names, None for one that ends; `earlier` is the Flag that was sent along.
    """

    flag: dict[str, Any]
    url: str
    assessment: Assessment
    cause: Cause | None = None
    earlier: EarlierFlag | None = None
