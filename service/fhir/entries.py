"""The resources of a request, each decoded by itself, with its place and its names."""

from typing import Any, get_args

import msgspec
from msgspec import Raw, Struct, structs

from service.fhir import mending, wire
from service.fhir.addresses import Address, address
from service.fhir.at_once import UNREAD, Raws
from service.fhir.contents import Contents, Whole, contents_of, parted
from service.fhir.issues import Issues, Refused, refusal
from service.fhir.resource_types import KNOWN, READ

_Others = (
    wire.Condition
    | wire.Patient
    | wire.MedicationRequest
    | wire.MedicationStatement
    | wire.MedicationAdministration
    | wire.Medication
    | wire.DiagnosticReport
    | wire.Specimen
    | wire.Flag
)
Resource = wire.Observation | _Others
Found = Resource | wire.Bundle | wire.Parameters

_NAMES: dict[type, str] = {
    kind: str(kind.__struct_config__.tag) for kind in (wire.Observation, *get_args(_Others))
}

_DECODER: msgspec.json.Decoder[Found] = msgspec.json.Decoder(
    Resource | wire.Bundle | wire.Parameters
)
_THOROUGH: msgspec.json.Decoder[Any] = msgspec.json.Decoder(
    Whole | _Others | wire.Bundle | wire.Parameters
)
_LOOSE_BUNDLE = msgspec.json.Decoder(wire.LooseBundle)
_ENTRY = msgspec.json.Decoder(wire.BundleEntry)
_HEAD = msgspec.json.Decoder(wire.Head)

#: Without these a resource can not be understood, or would be misunderstood.
ESSENTIAL = frozenset(
    {
        "abatementBoolean",
        "clinicalStatus",
        "code",
        "contained",
        "doNotPerform",
        "entry",
        "focus",
        "intent",
        "medication",
        "medicationCodeableConcept",
        "medicationReference",
        "modifierExtension",
        "notGiven",
        "parameter",
        "specimen",
        "status",
        "subject",
        "taken",
        "verificationStatus",
        "wasNotGiven",
        "wasNotTaken",
    }
)

_NOT_READ = (
    "Resources of this type are not read: only Patient, Observation, DiagnosticReport, "
    "Condition and the medication resources hold what rules use."
)

_OTHERS_URL = (
    "The fullUrl is that of another type of resource, so it was passed over: this one is known by "
    "its id alone."
)


_EMPTY: Contents = wire.Content(), None


class Entry(Struct, frozen=True, gc=False):
    """One resource of the request.

    `resource` is None where a history says that it was deleted; `content` and `quantity` are
    those of an Observation. `expression` is its FHIRPath in the request, `full_url` as it was sent;
    `address` is what the request calls it, None where nothing does, and `key` is its address's
    key or else unlike any other.
    `version` and `updated` tell versions of one resource apart. `container` is the entry that
    a contained resource is inside of. `transaction`: conditional references are legal in it.
    """

    type: str
    resource: Resource | None
    sent: Raw | Raws
    expression: str
    key: str
    address: Address | None = None
    full_url: str = ""
    version: str = ""
    updated: str = ""
    container: "Entry | None" = None
    transaction: bool = False
    content: wire.Content = _EMPTY[0]
    quantity: wire.Quantity | None = None

    @property
    def raw(self) -> Raw:
        """The resource as it was sent."""
        return self.sent.at(self.expression) if isinstance(self.sent, Raws) else self.sent


class Place(Struct, frozen=True, gc=False):
    """Where in the request a resource is, and what its Bundle entry says of it.

    `url` is that of entry.request; `depth` counts the Bundles around.
    """

    expression: str
    full_url: str = ""
    url: str = ""
    version: str = ""
    updated: str = ""
    transaction: bool = False
    depth: int = 0


class OpenBundle(Struct, frozen=True):
    """A Bundle whose entries are decoded, with their places; what was no entry is left out.

    `raws` is there where the resources in them are decoded, too.
    """

    type: str | None
    implicit_rules: Any
    modifier_extension: tuple[Raw, ...] | None
    link: tuple[wire.Link, ...]
    issues: Any
    entries: list[tuple[int, wire.BundleEntry]]
    raws: Raws | None = None


def decode(raw: Raw) -> tuple[Found, Contents, tuple[mending.Fault, ...]]:
    """A resource, the contents of an Observation, and the faults of elements that were left out.

    Raises BrokenError where it can not be understood, msgspec.DecodeError where it is not JSON.
    """
    try:
        found = _DECODER.decode(raw)
        return found, contents_of(found) if type(found) is wire.Observation else _EMPTY, ()
    except msgspec.DecodeError:
        found, faults = mending.decode(_THOROUGH, raw, ESSENTIAL)
    return (*parted(found), faults) if isinstance(found, Whole) else (found, _EMPTY, faults)


class Gathering:
    """The entries of one request while they are found; no more than `most`.

    `others` are the types of resources that are not read, by their addresses' keys.
    """

    def __init__(self, most: int, issues: Issues) -> None:
        self.most = most
        self.issues = issues
        self.entries: list[Entry] = []
        self.others: dict[str, str] = {}
        self._counted = 0

    def count(self, entries: int) -> None:
        """Refuse the request once its Bundles hold too many entries."""
        self._counted += entries
        if self._counted > self.most:
            text = f"The request holds more than {self.most} entries. Send it in parts."
            raise refusal(413, "too-costly", text)

    def add(self, raw: Raw, place: Place) -> OpenBundle | None:
        """Decode a resource and keep it; a Bundle is handed back, to be read by the caller."""
        try:
            found, contents, faults = decode(raw)
        except mending.BrokenError as broken:
            return self._broken(raw, place, broken.fault)
        if faults:
            self.tell(faults, place.expression)
        return self._put(found, contents, raw, place)

    def take(self, found: Any, place: Place, raws: Raws) -> OpenBundle | None:  # noqa: ANN401
        """Keep a resource that was decoded with the Bundle that it is in, as `add` does."""
        if type(found) is wire.Observation:
            try:
                contents = contents_of(found)
            except msgspec.DecodeError:
                return self.add(raws.at(place.expression), place)
            self.keep(found, contents, raws, place)
        elif kind := UNREAD.get(type(found)):
            self._pass_over(kind, place)
        else:
            return self._put(found, _EMPTY, raws, place)
        return None

    def _put(
        self, found: Found, contents: Contents, sent: Raw | Raws, place: Place
    ) -> OpenBundle | None:
        if type(found) is wire.Bundle:
            return open_bundle(found)
        if type(found) is wire.Parameters:
            self.issues.information("not-supported", _NOT_READ, place.expression)
        else:
            self.keep(found, contents, sent, place)
        return None

    def _pass_over(self, kind: str, place: Place) -> None:
        self.issues.information("not-supported", _NOT_READ, place.expression)
        if named := address(place.full_url):
            self.others[named.key] = kind

    def _broken(self, raw: Raw, place: Place, fault: mending.Fault) -> OpenBundle | None:
        kind = type_of(raw)
        if kind == "Bundle":
            return self.loose_bundle(raw, place)
        if kind in READ:
            self.issues.error("structure", fault.text, place.expression + fault.fhir_path)
        elif kind in KNOWN:
            self._pass_over(kind, place)
        elif kind:
            text = "The resourceType is none of FHIR's; the resource was not read."
            self.issues.error("code-invalid", text, place.expression)
        else:
            text = "This has no resourceType, so it is no resource and was not read."
            self.issues.error("required", text, place.expression)
        return None

    def loose_bundle(self, raw: Raw, place: Place) -> OpenBundle | None:
        """A Bundle with something in it that is not FHIR: what can be read of it."""
        try:
            loose, faults = mending.decode(_LOOSE_BUNDLE, raw, {"entry", "modifierExtension"})
        except mending.BrokenError as broken:
            path = place.expression + broken.fault.fhir_path
            self.issues.error("structure", broken.fault.text, path)
            return None
        self.tell(faults, place.expression)
        opened = OpenBundle(
            loose.type,
            loose.implicit_rules,
            loose.modifier_extension,
            loose.link or (),
            loose.issues,
            [],
        )
        for i, one in enumerate(loose.entry or ()):
            expression = f"{place.expression}.entry[{i}]"
            try:
                entry, faults = mending.decode(
                    _ENTRY, one, {"modifierExtension", "resource", "request"}
                )
            except mending.BrokenError as broken:
                self.issues.error(
                    "structure", broken.fault.text, expression + broken.fault.fhir_path
                )
            else:
                self.tell(faults, expression)
                opened.entries.append((i, entry))
        return opened

    def tell(self, faults: tuple[mending.Fault, ...], expression: str) -> None:
        """Say which elements of a resource were left out for being of the wrong JSON type."""
        for fault in faults:
            text = f"{fault.text} The element was passed over."
            self.issues.error("structure", text, expression + fault.fhir_path)

    def keep(
        self,
        resource: Resource,
        contents: Contents,
        sent: Raw | Raws,
        place: Place,
        container: Entry | None = None,
    ) -> None:
        """Add a decoded resource, and those that it contains."""
        kind = _NAMES[type(resource)]
        url = address(place.full_url) if place.full_url else None
        if url and url.type and url.type != kind and (url.type in KNOWN or not url.root):
            self.issues.warning("invalid", _OTHERS_URL, place.expression)
            place, url = structs.replace(place, full_url=""), None
        named = url or _address(resource, kind, place)
        if container:
            key = f"{container.key}#{resource.id or place.expression}"
        else:
            key = named.key if named else f"#{place.expression}"
        meta = resource.meta
        content, quantity = contents
        entry = Entry(
            kind,
            resource,
            sent,
            place.expression,
            key,
            named,
            place.full_url,
            (meta and meta.version_id) or place.version,
            (meta and meta.last_updated) or place.updated,
            container,
            place.transaction,
            content,
            quantity,
        )
        self.entries.append(entry)
        if resource.contained:
            self._contained(resource.contained, entry, place)

    def _contained(self, contained: tuple[Raw, ...], container: Entry, place: Place) -> None:
        for i, raw in enumerate(contained):
            inside = Place(f"{container.expression}.contained[{i}]", transaction=place.transaction)
            try:
                found, contents, faults = decode(raw)
            except mending.BrokenError as broken:
                self._broken(raw, inside, broken.fault)
                continue
            self.tell(faults, inside.expression)
            if isinstance(found, wire.Bundle | wire.Parameters):
                self.issues.information("not-supported", _NOT_READ, inside.expression)
            else:
                self.keep(found, contents, raw, inside, container)


def _address(resource: Resource, kind: str, place: Place) -> Address | None:
    """What the request calls a resource without a fullUrl: its id, else the URL it is put to."""
    if resource.id:
        return Address(f"{kind}/{resource.id}", f"{kind}/{resource.id}", "", kind, resource.id)
    found = address(place.url)
    return found if found and found.type == kind else None


def open_bundle(bundle: wire.Bundle, raws: Raws | None = None) -> OpenBundle:
    """A Bundle that decoded as a whole."""
    return OpenBundle(
        bundle.type,
        bundle.implicit_rules,
        bundle.modifier_extension,
        bundle.link or (),
        bundle.issues,
        list(enumerate(bundle.entry or ())),
        raws,
    )


def type_name(resource: Resource) -> str:
    """The resourceType of a decoded resource."""
    return _NAMES[type(resource)]


def type_of(raw: Raw) -> str:
    """The resourceType of an object, "" where there is none."""
    try:
        kind = msgspec.json.decode(_HEAD.decode(raw).resource_type or b'""')
    except msgspec.ValidationError:
        return ""
    return kind if isinstance(kind, str) else ""


def not_fhir(raw: Raw) -> Refused:
    """The refusal of a whole body that is JSON, but nothing that can be evaluated."""
    kind = type_of(raw)
    if kind in KNOWN:
        text = (
            f"{kind} alone can not be evaluated. Send a Bundle with a patient's Observations, "
            "Conditions and medications, or one of these."
        )
        return refusal(422, "not-supported", text, kind)
    if kind:
        text = "The resourceType is none of FHIR's."
        return refusal(400, "code-invalid", text, "resourceType")
    if bytes(raw).lstrip()[:1] != b"{":
        text = "The body is JSON, but no object. Send a FHIR Bundle, a resource or Parameters."
        return refusal(400, "structure", text)
    text = "The body has no resourceType, so it is not FHIR."
    return refusal(400, "required", text)
