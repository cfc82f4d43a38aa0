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


#: What senders add to the name of a test without changing what is measured.
_ADDED = frozenset(
    {"level", "levels", "concentration", "value", "test", "of", "in", "the", "de", "en", "el", "di"}
    | {"nel", "nella", "del", "nivel", "niveles", "livello", "concentracion", "concentrazione"}
    # "Natrium i. S." is short for "im Serum"; EDTA and heparin tell of the tube.
    | {"lvl", "im", "i", "der", "des", "du", "dans", "le", "taux", "dosage", "spiegel"}
    | {"konzentration", "edta", "heparin"}
)
#: Words of specimens, antibodies and quantities that are written in many ways. Of serum and plasma
#: no rule tells the one from the other.
_ONE_WORD = {
    **dict.fromkeys(("plasma", "serico", "serica", "suero", "sierico", "sierica"), "serum"),
    **dict.fromkeys(("siero", "plasmatico", "plasmatica", "seric", "sr"), "serum"),
    # As in S-Calcium, P-Glucose and fP-Glucose, the usual names in northern Europe.
    **dict.fromkeys(("s", "p", "sericos", "plasmaticos"), "serum"),
    **dict.fromkeys(("serique", "seriques", "plasmatique", "plasmatiques"), "serum"),
    **dict.fromkeys(("sangre", "sangue", "sanguineo", "sanguinea", "ematico", "ematica"), "blood"),
    # BGA is the German and Swiss name of a blood gas analyzer's results.
    **dict.fromkeys(("blut", "bga", "sang", "sanguin", "sanguine"), "blood"),
    "vollblut": "whole blood",
    **dict.fromkeys(("arterioso", "arteriosa", "art", "arteriell", "arteriel"), "arterial"),
    **dict.fromkeys(("arterielle", "arterieller"), "arterial"),
    **dict.fromkeys(("venoso", "venosa", "ven", "venos", "veineux", "veineuse"), "venous"),
    **dict.fromkeys(("kapillar", "capillaire", "capilar", "capillare"), "capillary"),
    **dict.fromkeys(("totale", "totales", "tot", "gesamt", "totaux"), "total"),
    **dict.fromkeys(("frei", "freie", "freies", "libre", "libero", "libera", "livre"), "free"),
    **dict.fromkeys(("ioniziert", "ioniziertes", "ionize", "ioniz"), "ionized"),
    **dict.fromkeys(("korrigiert", "korrigiertes", "korr", "corr", "corrige"), "corrected"),
    **dict.fromkeys(("corrigee", "corregido", "corregida", "corretto", "corretta"), "corrected"),
    **dict.fromkeys(("vit", "vitamina", "vitamine"), "vitamin"),
    **dict.fromkeys(("nuchtern", "ayunas", "jejum"), "fasting"),
    **dict.fromkeys(("glukose", "glukos", "glucosa", "glucosio", "glicose"), "glucose"),
    **dict.fromkeys(("anti", "ab", "abs", "antibodies", "anticuerpos", "anticorpi"), "antibody"),
    **dict.fromkeys(("ak", "antikorper", "ac", "anticorps"), "antibody"),
}


def words_of_test(name: str) -> tuple[str, ...]:
    """The words of a folded name of a test, each once and in order, in one way of writing.

    "Calcium (total), serum level" and "serum total calcium" have the same words.
    """
    words = {one for word in name.split(" ") for one in _ONE_WORD.get(word, word).split(" ")}
    return tuple(sorted(words - _ADDED))


def american(text: str) -> str:
    """A text in lower case, with British spellings of medical words made American."""
    for british, usual in _AMERICAN:
        text = text.replace(british, usual)
    return text
