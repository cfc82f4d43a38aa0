"""Codes of outside systems, as far as they can be checked by their looks: form and check digit."""

import re

_LOINC = re.compile(r"[1-9][0-9]{0,6}-[0-9]")
_SNOMED = re.compile(r"[1-9][0-9]{5,17}")
_RXNORM = re.compile(r"[1-9][0-9]{0,7}")
_ATC = re.compile(r"[A-Z]([0-9]{2}([A-Z]([A-Z]([0-9]{2})?)?)?)?\*?")
_ICD10 = re.compile(r"[A-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?\*?")

# Verhoeff's scheme: the multiplication table of the dihedral group of order 10, and
# the permutation that is applied by position.
_TIMES = (
    "0123456789",
    "1234067895",
    "2340178956",
    "3401289567",
    "4012395678",
    "5987604321",
    "6598710432",
    "7659821043",
    "8765932104",
    "9876543210",
)
_PERMUTED = (
    "0123456789",
    "1576283094",
    "5803796142",
    "8916043527",
    "9453126870",
    "4286573901",
    "2793806415",
    "7046913258",
)


def check_loinc(code: str) -> None:
    """ValueError unless a LOINC code has its form and its check digit (modulus 10)."""
    _match(_LOINC, code, "a LOINC code, as in 2951-2")
    digits = [int(digit) for digit in code[-3::-1]]
    doubled = sum(sum(divmod(digit * 2, 10)) for digit in digits[::2])
    if (doubled + sum(digits[1::2]) + int(code[-1])) % 10:
        raise ValueError(f'"{code}" is no LOINC code: its check digit is wrong')


def check_snomed(code: str) -> None:
    """ValueError unless a SNOMED CT identifier has its form and its check digit (Verhoeff)."""
    _match(_SNOMED, code, "a SNOMED CT code, as in 396331005")
    check = 0
    for place, digit in enumerate(reversed(code)):
        check = int(_TIMES[check][int(_PERMUTED[place % 8][int(digit)])])
    if check:
        raise ValueError(f'"{code}" is no SNOMED CT code: its check digit is wrong')


def check_rxnorm(code: str) -> None:
    """ValueError unless a code has the form of an RxNorm concept identifier."""
    _match(_RXNORM, code, "an RxNorm code, as in 25480")


def check_atc(code: str) -> None:
    """ValueError unless a code has the form of an ATC code, or of its beginning and "*"."""
    _match(_ATC, code, "an ATC code, as in N02BF01 or N02BF*")


def check_icd10(code: str) -> None:
    """ValueError unless a code has the form of an ICD-10 code, or of its beginning and "*"."""
    _match(_ICD10, code, "an ICD-10 code, as in K90.0 or F10.2*")


def _match(form: re.Pattern[str], code: str, what: str) -> None:
    if not form.fullmatch(code):
        raise ValueError(f'"{code}" is not {what}')
