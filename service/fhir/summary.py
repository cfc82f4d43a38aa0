"""What was looked at and found for one patient, in one informational issue.

Without it, no flags could mean "looked, and found nothing" or "looked at nothing".
"""

from service.fhir.wording import graded
from service.knowledge.model import Knowledge
from service.record import Assessment, Finding, Issue, Tally


def summary(assessment: Assessment, knowledge: Knowledge) -> Issue:
    """At which moment the patient was judged, what was read, used and found."""
    # The worst value of some hours may be a cause's evidence, and no longer the newest finding.
    evidence = (piece for cause in assessment.causes for piece in cause.evidence)
    shown = (*assessment.findings, *(piece for piece in evidence if type(piece) is Finding))
    findings = sorted({graded(finding, knowledge) for finding in shown})
    causes = [f"{cause.name} (priority {cause.priority})" for cause in assessment.causes]
    said = (
        f"Judged at {assessment.moment.isoformat().replace('+00:00', 'Z')}.",
        _read(assessment.tally),
        f"Findings: {'; '.join(findings) or 'none'}.",
        f"Possible causes of myoclonus: {'; '.join(causes) or 'none'}.",
    )
    expression = assessment.patient.expression
    return Issue("information", "informational", " ".join(said), (expression,))


def _read(tally: Tally) -> str:
    read = (
        f"Read {_count(tally.observations, 'observation')} "
        f"({_count(tally.results, 'usable result')}), "
        f"{_count(tally.conditions, 'condition')} ({_count(tally.problems, 'known problem')}) "
        f"and {_count(tally.medications, 'medication')} "
        f"({_count(tally.treatments, 'known treatment')})."
    )
    if tally.results or tally.problems or tally.treatments:
        return read
    return f"{read} Nothing among them could be judged."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
