"""Names as they are compared: one spelling for what laboratories and clinicians print in many."""

import re
import unicodedata
from functools import lru_cache

#: British beginnings, middles and endings of medical words, and the American ones.
_AMERICAN = (
    ("coeliac", "celiac"),
    ("oedema", "edema"),
    ("oesoph", "esoph"),
    ("oestr", "estr"),
    ("foet", "fet"),
    ("rrhoea", "rrhea"),
    ("pnoea", "pnea"),
    ("aemi", "emi"),
    ("haem", "hem"),
    ("caerulo", "cerulo"),
    ("caec", "cec"),
    ("faec", "fec"),
    ("aetiol", "etiol"),
    ("anaesth", "anesth"),
    ("paed", "ped"),
    ("gynaec", "gynec"),
    ("sulph", "sulf"),
    ("leucocyt", "leukocyt"),
    ("aluminium", "aluminum"),
    ("tumour", "tumor"),
    ("behaviour", "behavior"),
    ("colour", "color"),
    ("centre", "center"),
    ("fibre", "fiber"),
    ("litre", "liter"),
    ("ionis", "ioniz"),
    ("dialysed", "dialyzed"),
    ("judgement", "judgment"),
    ("favour", "favor"),
    ("neighbour", "neighbor"),
    ("recognis", "recogniz"),
    ("hospitalis", "hospitaliz"),
)
_LIGATURES = str.maketrans({"\N{LATIN SMALL LETTER AE}": "ae", "\N{LATIN SMALL LIGATURE OE}": "oe"})
_BETWEEN = re.compile(r"[^\w%]+|_+")

#: What codes are called comes again and again; what is longer is somebody's prose.
_LONGEST_REMEMBERED = 100


def fold_name(text: str) -> str:
    """A name in lower case, American spelling and single spaces, without accents and punctuation.

    "Coeliac  disease (adult)" and "celiac disease, adult" are one name.
    """
    return _remembered(text) if len(text) <= _LONGEST_REMEMBERED else _folded(text)


def _folded(text: str) -> str:
    letters = text.lower() if text.isascii() else _without_accents(text)
    return american(_BETWEEN.sub(" ", letters).strip())


def _without_accents(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).casefold().translate(_LIGATURES)
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


_remembered = lru_cache(maxsize=4096)(_folded)


def american(text: str) -> str:
    """A text in lower case, with British spellings of medical words made American."""
    for british, usual in _AMERICAN:
        text = text.replace(british, usual)
    return text
