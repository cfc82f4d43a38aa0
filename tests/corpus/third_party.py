"""Real third-party data, beside the project: the files, and what a client would send of them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
CLOCK = datetime(2026, 11, 22, tzinfo=UTC)
CENSUS = CORPUS / "census.tsv"
_ABOUT = {"MANIFEST.tsv", "VARIATION.md", CENSUS.name}


def files() -> list[Path]:
    return sorted(path for path in CORPUS.rglob("*") if path.is_file() and path.name not in _ABOUT)


def name(path: Path) -> str:
    return path.relative_to(CORPUS).as_posix()


def body(path: Path) -> bytes:
    """The file as a client would send it: lines of NDJSON in one Bundle, all else as it is."""
    raw = path.read_bytes()
    if path.suffix != ".ndjson":
        return raw
    entries = b",".join(b'{"resource":' + line + b"}" for line in raw.splitlines() if line.strip())
    return b'{"resourceType":"Bundle","type":"collection","entry":[' + entries + b"]}"


def document(path: Path) -> dict[str, Any]:
    """The JSON object of a file; an empty one where it is none."""
    try:
        sent = json.loads(body(path).decode("utf-8-sig"))
    except ValueError:
        return {}
    return sent if isinstance(sent, dict) else {}
