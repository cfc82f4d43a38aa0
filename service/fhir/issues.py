"""What must be said about a request while it is read."""

from msgspec import Struct

from service.record import Issue, Severity


class Refused(Exception):  # noqa: N818 - a refusal is an answer, not a failure of ours
    """A request of which nothing can be evaluated: the HTTP status and what to tell the sender."""

    def __init__(self, status: int, issues: tuple[Issue, ...]) -> None:
        super().__init__(status, issues)
        self.status = status
        self.issues = issues


def refusal(status: int, code: str, text: str, *expression: str) -> Refused:
    """A refusal with one issue."""
    return Refused(status, (Issue("error", code, text, expression),))


class Issues:
    """The issues of one request, in the making.

    What is told of several elements of one patient in the same words becomes one issue
    with all their expressions, so that a sender's habit is one line and not a thousand.
    """

    def __init__(self) -> None:
        self._told: dict[tuple[Severity, str, str, str], dict[str, None]] = {}

    def error(self, code: str, text: str, expression: str, patient: str = "") -> None:
        """An element that is broken and costs its entry."""
        self._tell("error", code, text, expression, patient)

    def warning(self, code: str, text: str, expression: str, patient: str = "") -> None:
        """Something that could matter and was not used, or was used with doubt."""
        self._tell("warning", code, text, expression, patient)

    def information(self, code: str, text: str, expression: str, patient: str = "") -> None:
        """Something harmless that the sender should know of."""
        self._tell("information", code, text, expression, patient)

    def _tell(
        self, severity: Severity, code: str, text: str, expression: str, patient: str
    ) -> None:
        self._told.setdefault((severity, code, text, patient), {})[expression] = None

    def told(self) -> tuple[Issue, ...]:
        """All of them, in the order in which they came up; "" points at nothing."""
        return tuple(
            Issue(severity, code, text, tuple(filter(None, expressions)), patient)
            for (severity, code, text, patient), expressions in self._told.items()
        )


class Spot(Struct, frozen=True, gc=False):
    """An element of one patient's data, of which, or of what is below it, something may be told."""

    issues: Issues
    expression: str
    patient: str

    def warning(self, code: str, text: str, path: str = "") -> None:
        """As `Issues.warning`, of the element at `path` (".unit", ".low.value") below this one."""
        self.issues.warning(code, text, self.expression + path, self.patient)

    def information(self, code: str, text: str, path: str = "") -> None:
        """As `Issues.information`, of the element at `path` below this one."""
        self.issues.information(code, text, self.expression + path, self.patient)

    def at(self, path: str) -> "Spot":
        """The element at `path` below this one."""
        return Spot(self.issues, self.expression + path, self.patient)
