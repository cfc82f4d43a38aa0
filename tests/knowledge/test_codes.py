from collections.abc import Callable

import pytest

from service.knowledge.codes import (
    check_atc,
    check_icd10,
    check_loinc,
    check_rxnorm,
    check_snomed,
)


@pytest.mark.parametrize(
    ("check", "code"),
    [
        (check_loinc, "2951-2"),
        (check_loinc, "1742-6"),
        (check_loinc, "94500-6"),
        (check_snomed, "17450006"),
        (check_snomed, "396331005"),
        (check_snomed, "34101000119105"),
        (check_rxnorm, "25480"),
        (check_atc, "N02BF01"),
        (check_atc, "A02BC*"),
        (check_icd10, "K90.0"),
        (check_icd10, "F10*"),
        (check_icd10, "F10.2*"),
        (check_icd10, "C4A.0"),
        (check_icd10, "T42.6X5A"),
    ],
)
def test_real_codes_pass(check: Callable[[str], None], code: str) -> None:
    check(code)


@pytest.mark.parametrize(
    ("check", "code"),
    [
        (check_loinc, "2951-3"),
        (check_loinc, "2915-2"),
        (check_loinc, "29512"),
        (check_loinc, "02951-2"),
        (check_loinc, "2951-2 "),
        (check_loinc, "LP15099-2"),
        (check_snomed, "17450007"),
        (check_snomed, "17540006"),
        (check_snomed, "K90.0"),
        (check_snomed, "12345"),
        (check_snomed, "017450006"),
        (check_rxnorm, "0"),
        (check_rxnorm, "N02"),
        (check_atc, "n02bf01"),
        (check_atc, "N02BF1"),
        (check_atc, "*"),
        (check_icd10, "K90.0."),
        (check_icd10, "k90.0"),
        (check_icd10, "K9"),
        (check_icd10, "K90.*0"),
        (check_icd10, "F102"),
    ],
)
def test_mistyped_codes_are_refused(check: Callable[[str], None], code: str) -> None:
    with pytest.raises(ValueError, match=code.strip()[:1].replace("*", r"\*")):
        check(code)
