"""How real senders differ: specimens that are not the patient's blood.

What must not be read outnumbers what must. A row begins with the words that tell it.
"""

import pytest

from service.evaluation import Site
from tests.fhir.sent import observation
from tests.fhir.varied import read, results


@pytest.mark.parametrize(
    "display",
    [
        "Dialysis circuit, arterial line",
        "ECMO circuit",
        "Post-filter blood",
        "Dialysate",
        "Urine",
        "CSF",
        "Ascitic fluid",
        "Quality control material",
        "Calibrator",
        "Donor blood",
        "Apheresis product",
    ],
)
def test_a_result_of_a_specimen_that_is_not_of_the_patient_is_told_and_not_used(
    site: Site, display: str
) -> None:
    found = read(site, observation(specimen={"display": display}))

    assert found.records[0].results == ()
    assert [issue for issue in found.issues if "specimen" in issue.text.lower()]


@pytest.mark.parametrize(
    "display", ["Serum", "Post-dialysis blood", "Venous blood", "Plasma, lithium heparin"]
)
def test_a_result_of_the_patients_blood_is_used(site: Site, display: str) -> None:
    assert results(site, observation(specimen={"display": display})) == ["sodium 120 mmol/L"]
