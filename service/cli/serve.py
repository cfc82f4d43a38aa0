"""myoflag serve: the HTTP interface."""

import socket
from typing import Annotated

import structlog
import typer

from service import __version__, logs
from service.cli import exits
from service.cli.keys import keyring_or_leave
from service.cli.site import open_or_leave, settings_or_leave
from service.settings import DEVELOPMENT_SITE_KEY, is_loopback

log = structlog.stdlib.get_logger()


def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen on; MYOFLAG_HOST where it is missing.")
    ] = "",
    port: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=65535,
            help="Port to listen on, 0 for a free one; MYOFLAG_PORT where it is missing.",
        ),
    ] = None,
    without_authentication: Annotated[
        bool,
        typer.Option(
            "--without-authentication",
            help="Listen beyond loopback although no API key is configured: something in front "
            "of the service decides who may ask.",
        ),
    ] = False,
) -> None:
    """Start the HTTP service.

    On any address but loopback it starts only with an API key configured
    (MYOFLAG_API_KEYS_FILE), or with --without-authentication.
    """
    # The framework takes longer to load than all rules; no other command waits for it.
    import uvicorn  # noqa: PLC0415

    from service.api.app import create_app  # noqa: PLC0415
    from service.api.limits import Limits  # noqa: PLC0415

    settings = settings_or_leave()
    host = host or settings.host
    if not (settings.api_keys_file or without_authentication or is_loopback(host)):
        exits.leave(
            exits.USAGE,
            f"{host} can be reached from other machines, and no API key is configured. Set "
            "MYOFLAG_API_KEYS_FILE, or say --without-authentication where something in front of "
            "the service decides who may ask.",
        )
    logs.configure(settings.log_level)
    keyring = keyring_or_leave(settings.api_keys_file) if settings.api_keys_file else None
    site = open_or_leave(settings)
    listener = _listen(host, settings.port if port is None else port)
    if settings.site_key.get_secret_value() == DEVELOPMENT_SITE_KEY:
        log.warning("MYOFLAG_SITE_KEY is not set: flag identifiers can be traced back")
    if keyring and not keyring.keys():
        log.warning("MYOFLAG_API_KEYS_FILE holds no key: every evaluation is refused")
    log.info(
        "listening",
        host=host,
        port=listener.getsockname()[1],
        service_version=__version__,
        rules_version=site.knowledge.ruleset.version,
        rules_digest=site.knowledge.digest,
    )
    # A request's log line is written by Border; uvicorn's own would hold the URL.
    limits = Limits(
        settings.max_body_seconds, settings.max_evaluation_seconds, settings.max_in_flight
    )
    config = uvicorn.Config(
        create_app(site, keyring, limits),
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
    )
    uvicorn.Server(config).run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        exits.leave(exits.START, f"Can not listen on {host} port {port}: {error.strerror}.")
