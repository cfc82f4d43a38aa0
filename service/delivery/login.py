"""How Myoflag logs in to a FHIR server: not at all, with a token, or with name and password."""

import re
from base64 import b64encode

FORM = "it is written `bearer TOKEN` or `basic NAME:PASSWORD`"

#: RFC 6750, 2.1
_TOKEN = re.compile(r"[A-Za-z0-9._~+/-]+=*")
#: RFC 7617: neither holds a control character, and the name no colon.
_PASSWORD = re.compile(r"[^\x00-\x1f\x7f:]+:[^\x00-\x1f\x7f]*")


def authorization(login: str) -> str:
    """The Authorization header of a login, "" for none. ValueError, which never repeats it."""
    if not login.strip():
        return ""
    scheme, _, secret = login.strip().partition(" ")
    secret = secret.strip()
    if scheme.lower() == "bearer" and _TOKEN.fullmatch(secret):
        return f"Bearer {secret}"
    if scheme.lower() == "basic" and _PASSWORD.fullmatch(secret):
        return f"Basic {b64encode(secret.encode()).decode()}"
    raise ValueError(FORM)
