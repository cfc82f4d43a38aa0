"""myoflag serve: the HTTP interface."""

import logging
import socket
from functools import partial
from typing import Annotated

import structlog
import typer

from service import __version__, logs
from service.cli import exits
from service.cli.keys import keyring_or_leave
from service.cli.site import open_or_leave, settings_or_leave
from service.settings import DEVELOPMENT_SITE_KEY, is_loopback

log = structlog.stdlib.get_logger()

#: Seconds without a sign of life, after which a worker is replaced. On a busy machine it may
#: take some to start.
_HUNG = 30


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
    workers: Annotated[
        int | None,
        typer.Option(
            min=1, help="Processes that answer requests; MYOFLAG_WORKERS where it is missing."
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

    from service.cli.workers import Workers, application  # noqa: PLC0415

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
    config = uvicorn.Config(
        # All workers judge by the rules of this moment, those too that replace another later
        # on. So with the keys: a file that is broken by then keeps no worker from starting.
        partial(application, site, settings, keyring),
        factory=True,
        workers=workers or settings.workers,
        limit_max_requests=settings.worker_requests or None,
        limit_max_requests_jitter=settings.worker_requests // 10,
        timeout_graceful_shutdown=settings.drain_seconds,
        timeout_keep_alive=settings.keep_alive_seconds,
        timeout_worker_healthcheck=_HUNG,
        backlog=settings.backlog,
        # A request's log line is written by Border; uvicorn's own would hold the URL.
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        ws="none",
    )
    if config.workers == 1 and not settings.worker_requests:
        uvicorn.Server(config).run(sockets=[listener])
        return
    # Here alone, it tells which workers died and were replaced.
    logging.getLogger("uvicorn.error").setLevel(settings.log_level.upper())
    supervisor = Workers(config, sockets=[listener])
    supervisor.run()
    if supervisor.failed():
        exits.leave(exits.START, "A worker process could not start; the log tells why.")


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        exits.leave(exits.START, f"Can not listen on {host} port {port}: {error.strerror}.")
