"""`myoflag evaluate --server`: a patient's record from a FHIR server, as an input to evaluate."""

import re
from pathlib import Path

from service.cli.inputs import Input, Sent
from service.delivery.asking import Limits
from service.delivery.base import Base, read_base
from service.delivery.fetching import fetch
from service.delivery.login import authorization
from service.settings import Settings

#: FHIR's ids, with the liberties that real servers take. Dots alone would be a path.
_ID = re.compile(r"(?!\.+$)[A-Za-z0-9\-._]{1,128}")


class OnServer(Input, frozen=True):
    """The record of one patient; `name` is the server's base address, which names nobody."""

    base: Base
    patient: str
    authorization: str
    seconds: float
    entries: int

    def read(self, limit: int) -> Sent:
        """Fetches the record. Refused where not all of it came."""
        limits = Limits(total=self.seconds, entries=self.entries, bytes=limit)
        fetched = fetch(self.base, self.patient, self.authorization, limits)
        return Sent(fetched.body, fetched.issues)


def on_server(server: str, patient: str, settings: Settings) -> OnServer:
    """The input that a command line names. ValueError for what can not be asked."""
    try:
        base = read_base(server)
    except ValueError as wrong:
        raise ValueError(f"--server: {wrong}.") from None
    if not _ID.fullmatch(patient):
        raise ValueError("--patient is the id of a Patient resource, as in 12345.")
    try:
        login = authorization(_login(settings))
    except ValueError as wrong:
        raise ValueError(f"The login for the server: {wrong}.") from None
    return OnServer(base.url, base, patient, login, settings.server_seconds, settings.max_entries)


def _login(settings: Settings) -> str:
    login = settings.server_login.get_secret_value()
    file: Path | None = settings.server_login_file
    if not file:
        return login
    if login:
        raise ValueError("set MYOFLAG_SERVER_LOGIN or MYOFLAG_SERVER_LOGIN_FILE, not both")
    try:
        login = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise ValueError("the file of MYOFLAG_SERVER_LOGIN_FILE can not be read") from None
    if not login.strip():
        raise ValueError("the file of MYOFLAG_SERVER_LOGIN_FILE is empty")
    return login
