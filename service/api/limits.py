"""What keeps one caller from taking all of the service."""

from msgspec import Struct


class Limits(Struct, frozen=True):
    """Seconds that a body may take to arrive, and its evaluation; requests at the same time."""

    body_seconds: float = 30
    evaluation_seconds: float = 60
    in_flight: int = 32
