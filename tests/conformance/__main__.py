"""`python -m tests.conformance`: writes docs/conformance.md from what the service answers now."""

from service import logs
from service.evaluation import open_site
from service.settings import Settings
from tests.conformance.page import PAGE, page

if __name__ == "__main__":
    logs.configure("error")
    PAGE.write_text(page(open_site(Settings())), encoding="utf-8")
