"""`python -m tests.conformance`: writes docs/conformance.md from what the service answers now."""

from service.evaluation import open_site
from service.settings import Settings
from tests.conformance.forms import DOCUMENT, document

if __name__ == "__main__":
    DOCUMENT.write_text(document(open_site(Settings())), encoding="utf-8")
