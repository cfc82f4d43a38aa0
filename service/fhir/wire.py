"""FHIR as it is read: of each resource only the elements that Myoflag uses.

Every element is optional and may be null; whether something is missing is for the readers to
say. Numbers stay Raw, as they were written; of elements of type Any only the presence matters.
Where STU3 or R5 has an element in another shape, both are read. `Bundle` and `Parameters`
hold their resources Raw, so that each is decoded by itself (see `mending`).
"""

from typing import Any, final

from msgspec import Raw, Struct


class Element(Struct, frozen=True, rename="camel", gc=False):
    """What all classes here share; see `service.record` for `gc`, which is also why lists are
    read as tuples.

    Readers of every entry ask for its `type`: isinstance is quick to say yes, and takes twenty
    times as long to say no.
    """


#: What an element that is kept Raw is where it was not sent.
NOT_SENT = (b"", b"null")
NULL = Raw(b"null")
_NOT_SENT_RAW = (Raw(), NULL)


def present(element: object) -> bool:
    """Whether an element that is kept Raw, or may be, was sent."""
    if type(element) is Raw:
        return len(element) > len(NULL) or element not in _NOT_SENT_RAW
    return element is not None


class Coding(Element, frozen=True):
    system: str | None = None
    code: str | None = None
    display: str | None = None


class CodeableConcept(Element, frozen=True):
    coding: tuple[Coding, ...] | None = None
    text: str | None = None


class Identifier(Element, frozen=True):
    use: str | None = None
    type: CodeableConcept | None = None
    system: str | None = None
    value: str | None = None


class Reference(Element, frozen=True):
    reference: str | None = None
    type: str | None = None
    identifier: Identifier | None = None
    display: str | None = None


class Period(Element, frozen=True):
    start: str | None = None
    end: str | None = None


class Quantity(Element, frozen=True):
    value: Raw = Raw()
    comparator: str | None = None
    unit: str | None = None
    system: str | None = None
    code: str | None = None


class Range(Element, frozen=True):
    low: Quantity | None = None
    high: Quantity | None = None


class Annotation(Element, frozen=True):
    text: str | None = None


class Meta(Element, frozen=True):
    version_id: str | None = None
    last_updated: str | None = None


class ReferenceRange(Element, frozen=True):
    modifier_extension: tuple[Raw, ...] | None = None
    low: Quantity | None = None
    high: Quantity | None = None
    type: CodeableConcept | None = None
    applies_to: tuple[CodeableConcept, ...] | None = None
    age: Range | None = None
    text: str | None = None


class Said(Element, frozen=True):
    """What Observations and their components have in common, beside a quantity and modifiers."""

    code: CodeableConcept | None = None
    value_codeable_concept: CodeableConcept | None = None
    value_string: str | None = None
    value_boolean: bool | None = None
    value_integer: int | None = None
    value_range: Range | None = None
    value_ratio: Any = None
    value_sampled_data: Any = None
    value_time: Any = None
    value_date_time: Any = None
    value_period: Any = None
    value_attachment: Any = None
    value_reference: Any = None
    data_absent_reason: CodeableConcept | None = None
    interpretation: tuple[CodeableConcept, ...] | CodeableConcept | None = None
    reference_range: tuple[ReferenceRange, ...] | None = None


@final
class Component(Said, frozen=True):
    """A part of an Observation that shares its subject, time and specimen."""

    modifier_extension: tuple[Raw, ...] | None = None
    value_quantity: Quantity | None = None


class Content(Said, frozen=True, eq=False):
    """What comes again and again around the numbers of one laboratory test.

    It is decoded once and, as far as it is `kept`, the same object from then on (see `contents`).
    """

    category: tuple[CodeableConcept, ...] | CodeableConcept | None = None
    component: tuple[Component, ...] | None = None
    kept: bool = False


class Related(Element, frozen=True):
    """STU3: how an Observation refers to others."""

    modifier_extension: tuple[Raw, ...] | None = None
    type: str | None = None
    target: Reference | None = None


class Resource(Element, frozen=True, tag_field="resourceType"):
    """What all resources share."""

    id: str | None = None
    meta: Meta | None = None
    implicit_rules: Any = None
    modifier_extension: tuple[Raw, ...] | None = None
    contained: tuple[Raw, ...] | None = None


class Observation(Resource, frozen=True, tag="Observation"):
    """What tells one result from the next; its quantity and content, below, are as they were sent.

    They are decoded by themselves (see `contents`).
    """

    identifier: tuple[Identifier, ...] | None = None
    status: str | None = None
    subject: Reference | None = None
    focus: tuple[Reference, ...] | None = None
    effective_date_time: str | None = None
    effective_instant: str | None = None
    effective_period: Period | None = None
    effective_timing: Any = None
    issued: str | None = None
    note: tuple[Annotation, ...] | None = None
    comment: str | None = None
    body_site: CodeableConcept | None = None
    specimen: Reference | None = None
    has_member: tuple[Reference, ...] | None = None
    related: tuple[Related, ...] | None = None
    value_quantity: Raw = NULL
    code: Raw = NULL
    category: Raw = NULL
    interpretation: Raw = NULL
    reference_range: Raw = NULL
    value_codeable_concept: Raw = NULL
    value_string: Raw = NULL
    value_boolean: Raw = NULL
    value_integer: Raw = NULL
    value_range: Raw = NULL
    value_ratio: Raw = NULL
    value_sampled_data: Raw = NULL
    value_time: Raw = NULL
    value_date_time: Raw = NULL
    value_period: Raw = NULL
    value_attachment: Raw = NULL
    value_reference: Raw = NULL
    data_absent_reason: Raw = NULL
    component: Raw = NULL


class Condition(Resource, frozen=True, tag="Condition"):
    identifier: tuple[Identifier, ...] | None = None
    clinical_status: CodeableConcept | str | None = None
    verification_status: CodeableConcept | str | None = None
    category: tuple[CodeableConcept, ...] | CodeableConcept | None = None
    code: CodeableConcept | None = None
    subject: Reference | None = None
    onset_date_time: str | None = None
    onset_period: Period | None = None
    onset_age: Any = None
    onset_range: Any = None
    onset_string: Any = None
    abatement_date_time: str | None = None
    abatement_period: Period | None = None
    abatement_age: Any = None
    abatement_range: Any = None
    abatement_string: Any = None
    abatement_boolean: bool | None = None
    recorded_date: str | None = None
    asserted_date: str | None = None


class PatientLink(Element, frozen=True):
    """That there is another record of the same person."""

    type: str | None = None


class Patient(Resource, frozen=True, tag="Patient"):
    identifier: tuple[Identifier, ...] | None = None
    active: bool | None = None
    gender: str | None = None
    birth_date: str | None = None
    deceased_boolean: bool | None = None
    deceased_date_time: str | None = None
    link: tuple[PatientLink, ...] | None = None
    # STU3
    animal: Any = None


class Timing(Element, frozen=True):
    """When doses are due: the time that they span, and how often a day."""

    class Repeat(Element, frozen=True):
        bounds_period: Period | None = None
        frequency: Raw = Raw()
        period: Raw = Raw()
        period_unit: str | None = None

    modifier_extension: tuple[Raw, ...] | None = None
    repeat: Repeat | None = None
    code: CodeableConcept | None = None


class DoseAndRate(Element, frozen=True):
    dose_quantity: Quantity | None = None


class Dosage(Element, frozen=True):
    modifier_extension: tuple[Raw, ...] | None = None
    sequence: Raw = Raw()
    text: str | None = None
    timing: Timing | None = None
    route: CodeableConcept | None = None
    as_needed_boolean: bool | None = None
    as_needed_codeable_concept: CodeableConcept | None = None
    dose_and_rate: tuple[DoseAndRate, ...] | None = None
    # STU3
    dose_quantity: Quantity | None = None


class CodeableReference(Element, frozen=True):
    """R5: a concept or a reference."""

    concept: CodeableConcept | None = None
    reference: Reference | None = None


class Medicated(Resource, frozen=True):
    """What MedicationRequest, MedicationStatement and MedicationAdministration have in common."""

    identifier: tuple[Identifier, ...] | None = None
    status: str | None = None
    medication_codeable_concept: CodeableConcept | None = None
    medication_reference: Reference | None = None
    medication: CodeableReference | None = None
    subject: Reference | None = None


class MedicationRequest(Medicated, frozen=True, tag="MedicationRequest"):
    # R5
    effective_dose_period: Period | None = None
    status_changed: str | None = None
    intent: str | None = None
    do_not_perform: bool | None = None
    authored_on: str | None = None
    dosage_instruction: tuple[Dosage, ...] | None = None


class Adherence(Element, frozen=True):
    """R5: whether the medicine is being taken."""

    modifier_extension: tuple[Raw, ...] | None = None
    code: CodeableConcept | None = None


class MedicationStatement(Medicated, frozen=True, tag="MedicationStatement"):
    taken: str | None = None
    # DSTU2
    was_not_taken: bool | None = None
    adherence: Adherence | None = None
    effective_date_time: str | None = None
    effective_period: Period | None = None
    dosage: tuple[Dosage, ...] | None = None
    # R5
    effective_timing: Timing | None = None


class MedicationAdministration(Medicated, frozen=True, tag="MedicationAdministration"):
    not_given: bool | None = None
    # DSTU2
    was_not_given: bool | None = None
    effective_date_time: str | None = None
    effective_period: Period | None = None
    # R5 spells the first of these with one r.
    occurence_date_time: str | None = None
    occurrence_date_time: str | None = None
    occurence_period: Period | None = None
    occurrence_period: Period | None = None
    dosage: Dosage | None = None
    occurence_timing: Timing | None = None
    occurrence_timing: Timing | None = None


class Ingredient(Element, frozen=True):
    """What a product contains, in the shapes of R4 and R5."""

    modifier_extension: tuple[Raw, ...] | None = None
    item_codeable_concept: CodeableConcept | None = None
    item_reference: Reference | None = None
    item: CodeableReference | None = None


class Medication(Resource, frozen=True, tag="Medication"):
    status: str | None = None
    code: CodeableConcept | None = None
    form: CodeableConcept | None = None
    # R5
    dose_form: CodeableConcept | None = None
    ingredient: tuple[Ingredient, ...] | None = None


class DiagnosticReport(Resource, frozen=True, tag="DiagnosticReport"):
    identifier: tuple[Identifier, ...] | None = None
    status: str | None = None
    subject: Reference | None = None
    effective_date_time: str | None = None
    effective_period: Period | None = None
    issued: str | None = None
    specimen: tuple[Reference, ...] | None = None
    result: tuple[Reference, ...] | None = None
    conclusion: Any = None
    conclusion_code: Any = None
    # STU3
    coded_diagnosis: Any = None
    presented_form: Any = None


class Collection(Element, frozen=True):
    modifier_extension: tuple[Raw, ...] | None = None
    body_site: Any = None


class Specimen(Resource, frozen=True, tag="Specimen"):
    type: CodeableConcept | None = None
    subject: Reference | None = None
    collection: Collection | None = None
    condition: tuple[CodeableConcept, ...] | None = None


class Extension(Element, frozen=True):
    """Of an extension, the values that those of a Flag have."""

    url: str | None = None
    value_reference: Reference | None = None
    value_codeable_concept: CodeableConcept | None = None


class Flag(Resource, frozen=True, tag="Flag"):
    identifier: tuple[Identifier, ...] | None = None
    status: str | None = None
    code: CodeableConcept | None = None
    subject: Reference | None = None
    period: Period | None = None
    extension: tuple[Extension, ...] | None = None


class Link(Element, frozen=True):
    relation: str | None = None


class EntryRequest(Element, frozen=True):
    modifier_extension: tuple[Raw, ...] | None = None
    method: str | None = None
    url: str | None = None


class EntryResponse(Element, frozen=True):
    modifier_extension: tuple[Raw, ...] | None = None
    etag: str | None = None
    last_modified: str | None = None


class EntrySearch(Element, frozen=True):
    modifier_extension: tuple[Raw, ...] | None = None
    mode: str | None = None


class BundleEntry(Element, frozen=True):
    modifier_extension: tuple[Raw, ...] | None = None
    full_url: str | None = None
    resource: Raw = Raw()
    request: EntryRequest | None = None
    response: EntryResponse | None = None
    search: EntrySearch | None = None


@final
class Bundle(Element, frozen=True, tag="Bundle", tag_field="resourceType"):
    implicit_rules: Any = None
    modifier_extension: tuple[Raw, ...] | None = None
    type: str | None = None
    link: tuple[Link, ...] | None = None
    # R5
    issues: Any = None
    entry: tuple[BundleEntry, ...] | None = None


class LooseBundle(Element, frozen=True):
    """A Bundle with an entry that is not one: entries are Raw, to be decoded one by one."""

    implicit_rules: Any = None
    modifier_extension: tuple[Raw, ...] | None = None
    type: str | None = None
    link: tuple[Link, ...] | None = None
    issues: Any = None
    entry: tuple[Raw, ...] | None = None


class Parameter(Element, frozen=True):
    """One parameter of `Parameters`; any one kind of value."""

    modifier_extension: tuple[Raw, ...] | None = None
    name: str | None = None
    resource: Raw = Raw()
    value_instant: str | None = None
    value_date_time: str | None = None
    value_date: str | None = None
    value_string: str | None = None
    value_code: str | None = None
    value_boolean: bool | None = None


@final
class Parameters(Element, frozen=True, tag="Parameters", tag_field="resourceType"):
    implicit_rules: Any = None
    modifier_extension: tuple[Raw, ...] | None = None
    parameter: tuple[Raw, ...] | None = None


class Head(Element, frozen=True):
    """What tells what an object is."""

    resource_type: Raw = Raw()
