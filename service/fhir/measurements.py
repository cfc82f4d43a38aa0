"""One measured value: number, unit, range and flag, each only as far as it can be trusted."""

from decimal import Decimal
from functools import lru_cache

from msgspec import Struct, structs

from service.fhir import wire
from service.fhir.contents import KeptQuantity
from service.fhir.interpretations import Flagged, flagged
from service.fhir.issues import Issues, Spot
from service.fhir.lexicon import Bounds, Lexicon, Meant
from service.fhir.patients import Chart
from service.fhir.ranges import AsWritten, interval_of, is_for_all, units_of
from service.fhir.specimens import says_hemolyzed
from service.fhir.values import (
    Unreadable,
    Value,
    is_of_time,
    is_plain,
    quantity_value,
    value_of,
)
from service.knowledge.units import accepted, convert, scale
from service.record import Amount, Comparator, Interval, Moment

_NO_VALUE = "There is no value and no reason for that."
_NOT_READ = "So the result can not be read."
_BY_FLAG = "So the laboratory's flag alone was used."
_FROM_TEXT = "The value is text and was read as a number; a Quantity would be certain."
_NO_UNIT = "The value has no unit, so it can not be read. It needs a UCUM code."
_ONLY_UNIT = "The value has no unit; {}, the only one that it is reported in, was taken."
_DEFAULT_UNIT = "The value has no unit; that of this site's table of local codes, {}, was taken."
_NOT_DEFAULT = (
    "The value has no unit, and the laboratory's own range is in another one than this site's "
    "table of local codes tells ({}), so that one was not taken."
)
_UNIT_BY_NAME = "The value has no unit; the one that its name tells, {}, was taken."
_NOT_BY_NAME = (
    "The value has no unit, and the laboratory's own range is in another one than its name tells "
    "({}), so that one was not taken."
)
_NOT_ONLY = (
    "The value has no unit, and the laboratory's own range is in another one than that in which "
    "such a value is reported ({}), so that one was not taken."
)
_RANGE_OF_ANOTHER = (
    "The name may mean something else than {}, and the laboratory's own range is not one of that; "
    "so the result can not be read."
)
_NAMES_ANOTHER_UNIT = (
    "The unit of the value is not the one that its name tells ({}), so the value can not be read."
)
_UNKNOWN_UNIT = (
    "The unit is not known, so the value can not be read. A UCUM code in code, with system "
    "http://unitsofmeasure.org, would be certain."
)
_EXCRETED = (
    "The unit is that of what is excreted in a time, as in collected urine, so neither the value "
    "nor its range or flag was read as of blood."
)
_TWO_UNITS = "Code and text of the unit name different units, so the value can not be read."
_CONTRADICTORY = "The interpretations contradict each other, so none was used."
_RANGE_ALONE = (
    "The value was compared with the laboratory's own range, which is in the same unit; only on "
    "which side of it the value lies was used."
)
_RANGE_AND_FLAG = (
    "The laboratory's own range and its flag contradict each other, and the unit can not be read; "
    "neither was used."
)
_NO_SIDE = (
    "The laboratory flags the result as abnormal and not on which side, and there is no value "
    "that can be read; so it was not used."
)
_OFF_SCALE = (
    "The laboratory says that the value is beyond what it can measure; it was read as flagged low "
    "or high."
)
_NORMAL_SLIP = (
    "The laboratory's flag says normal beside a value that is not plausible; it was not used."
)
_MISPRINT = (
    "The value and its range are both outside of {}, all that is plausible for {}: more likely "
    "their unit is a misprint."
)
_UNREAD = "The interpretation is none that tells of low, normal or high; it was not used."
_QUALITY_FAILED = "The laboratory's quality control failed, so the value was not used."
_HELD = "The laboratory holds the result for review; it was read as preliminary."


class Measurement(Struct, frozen=True, gc=False):
    """What a value tells; `amount` is None where no number can be trusted."""

    amount: Amount | None
    printed: str
    comparator: Comparator = ""
    interval: Interval | None = None
    flag: str = ""
    marks: tuple[str, ...] = ()


#: A unit, and the least and the greatest value that is plausible in it.
_Scale = tuple[str, Bounds | None]


class Assay:
    """One test as a laboratory reports it, without a number: all else is found out once."""

    #: So many ways to write a unit are remembered, each of no more letters than that.
    _MOST = 20
    _LONGEST = 200

    def __init__(self, said: wire.Said, meant: Meant) -> None:
        self.said = said
        self.meant = meant
        self.form = meant.form
        #: What its code, or the lack of a known one, adds to each result.
        self.marks = meant.measured[0].marks if meant.measured else ("by-name",)
        self.laboratory = flagged(said.interpretation)
        self.is_plain = is_plain(said)
        ranges = said.reference_range
        self._is_for_all = not ranges or is_for_all(ranges)
        #: Whether it comes again, and what a quantity tells beside it is the same of every patient.
        self.is_usual = (
            isinstance(said, wire.Content) and said.kept and self.is_plain and self._is_for_all
        )
        self._scales: dict[tuple[str, str, str], _Scale] = {}
        self._intervals: dict[str, Interval] = {}

    def scale(self, value: Value, lexicon: Lexicon, spot: Spot) -> _Scale | None:
        """The unit of a value and what is plausible in it; None where it can not be trusted."""
        written = (value.system, value.code, value.unit)
        if scale := self._scales.get(written):
            return scale
        unit = _unit_of(value, self.meant, lexicon, spot)
        if unit is None:
            return None
        scale = (
            unit,
            lexicon.plausible(self.meant.analyte, unit, self.meant.form, self.meant.plausible),
        )
        if len(self._scales) < self._MOST and sum(map(len, written)) <= self._LONGEST:
            self._scales[written] = scale
        return scale

    def interval(
        self, unit: str, lexicon: Lexicon, spot: Spot, *, chart: Chart, moment: Moment | None
    ) -> Interval | None:
        """The laboratory's range for a patient, in the unit of the value."""
        ranges = self.said.reference_range
        if not ranges:
            return None
        if not (interval := self._intervals.get(unit)):
            interval = interval_of(ranges, unit, lexicon, spot, chart=chart, moment=moment)
            if interval and self._is_for_all:
                self._intervals[unit] = interval
        return interval


def measure(
    assay: Assay,
    quantity: wire.Quantity | None,
    lexicon: Lexicon,
    spot: Spot,
    *,
    chart: Chart,
    moment: Moment | None,
) -> Measurement:
    """The value of an Observation or component, at `spot`, that means an analyte."""
    known = None
    if type(quantity) is KeptQuantity and assay.is_usual:
        known = _known(assay, quantity, lexicon)
    return known or _measure(assay, quantity, lexicon, spot, chart=chart, moment=moment)


_ANYBODY = Chart("", "")


@lru_cache(maxsize=4096)
def _known(assay: Assay, quantity: KeptQuantity, lexicon: Lexicon) -> Measurement | None:
    """What a quantity tells wherever it comes again; None where something must be said of it."""
    issues = Issues()
    spot = Spot(issues, "", "")
    found = _measure(assay, quantity, lexicon, spot, chart=_ANYBODY, moment=None)
    return None if issues.told() else found


def _measure(
    assay: Assay,
    quantity: wire.Quantity | None,
    lexicon: Lexicon,
    spot: Spot,
    *,
    chart: Chart,
    moment: Moment | None,
) -> Measurement:
    laboratory = assay.laboratory
    if assay.is_plain and quantity:
        value: Value | Unreadable | None = quantity_value(quantity)
    else:
        value = value_of(assay.said, quantity)
    if laboratory.contradictory or laboratory.failed or laboratory.held or laboratory.unread:
        _say_flags(laboratory, spot)
    marks: tuple[str, ...] = ("preliminary",) if laboratory.held else ()
    if not isinstance(value, Value):
        flag = _flag_alone(laboratory, spot)
        printed = _say_unreadable(value, _BY_FLAG if flag else _NOT_READ, spot)
        if assay.said.value_string and says_hemolyzed(assay.said.value_string, lexicon):
            marks += ("hemolyzed",)
        return Measurement(None, printed, flag=flag, marks=marks)
    if laboratory.failed:
        return Measurement(None, value.printed, marks=marks)
    if default := _default_unit(value, assay, lexicon, spot):
        unit, taken, mark = default
        spot.information("informational", taken.format(unit), ".value")
        value = structs.replace(value, unit=unit, printed=f"{value.printed} {unit}")
        marks += (mark,)
    scale = assay.scale(value, lexicon, spot)
    if scale is None and _is_excreted(value):
        return Measurement(None, value.printed, marks=marks)
    if scale is None:
        own = interval_of(
            assay.said.reference_range or (),
            AsWritten(value.code, value.unit),
            lexicon,
            spot,
            chart=chart,
            moment=moment,
        )
        return _without_unit(value, own, laboratory, marks, spot)
    if value.from_text:
        spot.information("informational", _FROM_TEXT, ".value")
    own = assay.interval(scale[0], lexicon, spot, chart=chart, moment=moment)
    return _on_scale(value, scale, own, assay, lexicon, marks, spot)


def _on_scale(
    value: Value,
    scale: _Scale,
    own: Interval | None,
    assay: Assay,
    lexicon: Lexicon,
    marks: tuple[str, ...],
    spot: Spot,
) -> Measurement:
    """What a number in a unit that can be read tells, as far as it is plausible."""
    unit, bounds = scale
    if own and assay.meant.plausible:
        bounds = _narrowed(value, scale, own, assay, lexicon, spot)
        if bounds is None:
            return Measurement(None, value.printed, marks=marks)
    if not bounds or not bounds[0] <= value.number <= bounds[1]:
        return _implausible(value, scale, own, assay, lexicon, marks, spot)
    return Measurement(
        Amount(value.number, unit),
        value.printed,
        value.comparator,
        own,
        assay.laboratory.flag,
        marks,
    )


def _narrowed(
    value: Value, scale: _Scale, own: Interval, assay: Assay, lexicon: Lexicon, spot: Spot
) -> Bounds | None:
    """What is plausible under a name that may mean something else, by the laboratory's own range.

    None where that range is one of the other thing, and the value could be of either.
    """
    unit, bounds = scale
    if not bounds or not _is_all_beyond(own, bounds):
        return lexicon.plausible(assay.meant.analyte, unit, assay.form)
    if not bounds[0] <= value.number <= bounds[1]:
        return bounds
    name = lexicon.analyte(assay.meant.analyte).name
    spot.warning("conflict", _RANGE_OF_ANOTHER.format(name), ".referenceRange")
    return None


def _is_all_beyond(own: Interval, bounds: Bounds) -> bool:
    """Whether a range, too, can not be in its unit: zero fits any."""
    ends = [end for end in (own.low, own.high) if end]
    return bool(ends) and not any(bounds[0] <= end <= bounds[1] for end in ends)


def _without_unit(
    value: Value, own: Interval | None, laboratory: Flagged, marks: tuple[str, ...], spot: Spot
) -> Measurement:
    """A number whose unit can not be read: the laboratory's own range tells on which side it is.

    Its flag does where the range does not; where the two contradict each other, neither does.
    """
    side, flag = _side(value, own), laboratory.flag
    if not side:
        flag = _flag_alone(laboratory, spot)
        return Measurement(None, value.printed, flag=flag, marks=marks)
    if flag and side not in flag and (side == "N" or flag not in {"A", "AA"}):
        spot.warning("conflict", _RANGE_AND_FLAG, ".interpretation")
        return Measurement(None, value.printed, marks=marks)
    spot.information("informational", _RANGE_ALONE, ".referenceRange")
    flag = flag if flag in {"LL", "HH"} else side
    return Measurement(None, value.printed, interval=own, flag=flag, marks=(*marks, "range-only"))


def _side(value: Value, interval: Interval | None) -> str:
    """On which side of the laboratory's own range a value lies, as its flag would say it.

    L, H, or N inside of two bounds; "" where that is not certain. Both are in one unit.
    """
    if not interval:
        return ""
    low, high, number, comparator = interval.low, interval.high, value.number, value.comparator
    if low is not None and comparator in _UP_TO and _is_beyond(low - number, comparator == "<"):
        return "L"
    if high is not None and comparator in _FROM and _is_beyond(number - high, comparator == ">"):
        return "H"
    is_inside = low is not None and high is not None and low <= number <= high
    return "N" if is_inside and not comparator else ""


#: Comparators of values that are surely as low, or as high, as the number.
_UP_TO = frozenset({"", "<", "<="})
_FROM = frozenset({"", ">", ">="})


def _is_beyond(distance: Decimal, strictly: bool) -> bool:
    return distance > 0 or (strictly and distance == 0)


def _flag_alone(laboratory: Flagged, spot: Spot) -> str:
    """The laboratory's flag of a result without a value that can be read.

    "" where it does not tell on which side the result is.
    """
    flag = "" if laboratory.failed else laboratory.flag
    if flag in {"A", "AA"}:
        spot.warning("business-rule", _NO_SIDE, ".interpretation")
        return ""
    if flag or laboratory.failed or not laboratory.off_scale:
        return flag
    spot.information("informational", _OFF_SCALE, ".interpretation")
    return laboratory.off_scale


def _say_flags(laboratory: Flagged, spot: Spot) -> None:
    if laboratory.contradictory:
        spot.warning("conflict", _CONTRADICTORY, ".interpretation")
    if laboratory.failed:
        spot.warning("business-rule", _QUALITY_FAILED, ".interpretation")
    if laboratory.held:
        spot.information("informational", _HELD, ".interpretation")
    if laboratory.unread:
        spot.information("not-supported", _UNREAD, ".interpretation")


def _say_unreadable(value: Unreadable | None, cost: str, spot: Spot) -> str:
    if value is None:
        spot.information("required", f"{_NO_VALUE} {cost}")
        return ""
    text = f"{value.why} {cost}"
    if value.severity == "warning":
        spot.warning(value.code, text, value.path)
    else:
        spot.information(value.code, text, value.path)
    return value.printed


def _default_unit(
    value: Value, assay: Assay, lexicon: Lexicon, spot: Spot
) -> tuple[str, str, str] | None:
    """The unit of a value without one, how that is told, and its mark.

    Its name or the site's own table tells it, or it is reported in one alone. None where the
    laboratory's own range, sent beside the value, is in another one.
    """
    if value.unit or value.code:
        return None
    meant = assay.meant
    table = next((one.unit for one in meant.measured if one.unit), "")
    if meant.unit:
        unit, taken, mark, refused = meant.unit, _UNIT_BY_NAME, "unit-by-name", _NOT_BY_NAME
    elif table:
        unit, taken, mark, refused = table, _DEFAULT_UNIT, "default-unit", _NOT_DEFAULT
    elif only := lexicon.only_units.get(meant.analyte):
        unit, taken, mark, refused = only, _ONLY_UNIT, "only-unit", _NOT_ONLY
    else:
        return None
    if not all(
        _means_the_same(other, unit, meant, lexicon)
        for other in units_of(assay.said.reference_range or (), lexicon)
    ):
        spot.warning("conflict", refused.format(unit), ".referenceRange")
        return None
    return unit, taken, mark


def _means_the_same(unit: str | None, default: str, meant: Meant, lexicon: Lexicon) -> bool:
    """Whether a number means the same of an analyte in two units, as in mmol/L and meq/L."""
    if unit is None or unit == default:
        return unit == default
    form = meant.form
    one, knowledge = Decimal(1), lexicon.knowledge
    try:
        return convert(knowledge, meant.analyte, one, unit, default, form=form, to_form=form) == 1
    except ValueError:
        return False


def _unit_of(value: Value, meant: Meant, lexicon: Lexicon, spot: Spot) -> str | None:
    """The unit of a value, where it is one that the analyte and its code can have."""
    if not value.unit and not value.code:
        if "1" in lexicon.analyte(meant.analyte).units:
            return "1"
        spot.warning("required", _NO_UNIT, ".value")
        return None
    unit = lexicon.unit(value.system, value.code, value.unit)
    if unit is None:
        said = _EXCRETED if _is_excreted(value) else _UNKNOWN_UNIT
        spot.warning("code-invalid", said, ".value")
        return None
    if value.code and value.unit and value.unit != value.code:
        printed = lexicon.unit("", "", value.unit)
        if printed and printed != unit and not _is_same(printed, unit, lexicon):
            spot.warning("conflict", _TWO_UNITS, ".value")
            return None
    if meant.unit and not _means_the_same(unit, meant.unit, meant, lexicon):
        spot.warning("conflict", _NAMES_ANOTHER_UNIT.format(meant.unit), ".value")
        return None
    for measured in meant.measured or (None,):
        if accepted(lexicon.knowledge, meant.analyte, measured, unit):
            return unit
    analyte = lexicon.analyte(meant.analyte)
    if unit not in analyte.units:
        text = f"{analyte.name} is read in {_listed(analyte.units)}, not in {unit}."
    else:
        text = f"A value in {unit} does not fit the code, which is {meant.measured[0].name}."
    spot.warning("business-rule", f"{text} So the value can not be read.", ".value")
    return None


def _is_excreted(value: Value) -> bool:
    return is_of_time(value.code) or is_of_time(value.unit)


def _listed(units: tuple[str, ...]) -> str:
    return ", ".join(units[:-1]) + f" or {units[-1]}" if len(units) > 1 else units[0]


def _is_same(one: str, other: str, lexicon: Lexicon) -> bool:
    units = lexicon.knowledge.units
    return units[one].dimension == units[other].dimension and (
        scale(units[one]) == scale(units[other])
    )


def _implausible(
    value: Value,
    scale: _Scale,
    own: Interval | None,
    assay: Assay,
    lexicon: Lexicon,
    marks: tuple[str, ...],
    spot: Spot,
) -> Measurement:
    """A number that can not be, which says nothing of the flag: that is of the laboratory's own.

    A critical result must not be lost with it; but nothing is normal that nobody can read. Where
    the range can not be either, only their unit is wrong, and both are in the same.
    """
    unit, bounds = scale
    analyte = lexicon.analyte(assay.meant.analyte)
    plausible = assay.meant.plausible or analyte.plausible
    if own and bounds and _is_all_beyond(own, bounds):
        spot.warning("value", _MISPRINT.format(plausible, analyte.name), ".value")
        return _without_unit(value, own, assay.laboratory, marks, spot)
    flag = _flag_alone(assay.laboratory, spot)
    if flag == "N":
        spot.information("business-rule", _NORMAL_SLIP, ".interpretation")
        flag = ""
    if bounds:
        text = (
            f"The value is outside of {plausible}, all that is plausible for "
            f"{analyte.name}: more likely a wrong unit or a slip."
        )
    else:
        text = f"{unit} does not convert to {analyte.unit} for {analyte.name}."
    spot.warning("value", f"{text} {_BY_FLAG if flag else _NOT_READ}", ".value")
    if not flag:
        return Measurement(None, value.printed, marks=marks)
    return Measurement(None, value.printed, flag=flag, marks=(*marks, "implausible"))
