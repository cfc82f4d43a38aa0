"""The sample bundles as examples for the OpenAPI page."""

from pathlib import Path
from typing import Any

from msgspec import json


def examples(folder: Path) -> dict[str, Any]:
    """Each sample bundle under its file's name, in OpenAPI's shape."""
    return {
        file.stem: {"summary": file.stem.replace("-", " "), "value": json.decode(file.read_bytes())}
        for file in sorted(folder.glob("*.json"))
    }
