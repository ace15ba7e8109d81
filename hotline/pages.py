"""Serves the pages inside our own event loop; a port that is taken, or a bad certificate, is said plainly."""

import asyncio
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import uvicorn
from fastapi import FastAPI

from crm.settings import WebSettings
from hotline.certificate import BadCertificate, check_certificate

log = logging.getLogger(__name__)
RENEWED_SECONDS: Final = 60.0  # how soon a renewed certificate is used


class PortTaken(Exception):
    """Somebody else listens there."""


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing: uvicorn would take Ctrl-C away from the program around it."""
        yield


class PageServer:
    """`bind`, then `start`; `stop` lets open answers end."""

    def __init__(self, app: FastAPI, host: str, port: int, web: WebSettings | None = None) -> None:
        self._host, self._port = host, port
        self._web = web or WebSettings()
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=2,
            server_header=False,
            proxy_headers=bool(self._web.trusted_proxies),
            forwarded_allow_ips=list(self._web.trusted_proxies),
            ssl_certfile=self._web.certificate,
            ssl_keyfile=self._web.key,
            # a browser that went to sleep or lost its network is found out within a few seconds: it cannot be rung
            ws_ping_interval=5.0,
            ws_ping_timeout=5.0,
            ws_max_size=64 * 1024,
            ws_per_message_deflate=False,
        )
        self._config = config
        self._server = _Server(config)
        self._socket: socket.socket | None = None
        self._tasks: list[asyncio.Task[None]] = []

    def bind(self) -> None:
        """Takes the port. Raises PortTaken, BadCertificate."""
        check_certificate(self._web.certificate, self._web.key)
        try:
            self._socket = socket.create_server((self._host, self._port), backlog=256)
        except OSError as error:
            raise PortTaken(
                f"port {self._port} cannot be used for the pages ({error.strerror}). End the program that has it, or"
                " set another web in [ports]."
            ) from error

    async def start(self) -> None:
        """Begins to answer."""
        if self._socket is None:
            raise RuntimeError("bind first")
        self._tasks = [asyncio.create_task(self._server.serve([self._socket]), name="pages")]
        if self._web.certificate is not None:
            self._tasks.append(asyncio.create_task(self._follow_certificate(), name="certificate"))

    async def stop(self) -> None:
        """Ends; event streams are told to by whoever feeds them."""
        if not self._tasks:
            if self._socket is not None:
                self._socket.close()
            return
        serving, *others = self._tasks
        for task in others:
            task.cancel()
        self._server.should_exit = True
        await serving

    async def _follow_certificate(self) -> None:
        """A renewed certificate is used for new connections, without a restart."""
        used = _written_at(self._web.certificate, self._web.key)
        while True:
            await asyncio.sleep(RENEWED_SECONDS)
            now = _written_at(self._web.certificate, self._web.key)
            if now == used or self._config.ssl is None or self._web.certificate is None:
                continue
            try:
                check_certificate(self._web.certificate, self._web.key)
                self._config.ssl.load_cert_chain(self._web.certificate, self._web.key)
            except (BadCertificate, OSError) as error:
                log.error("the new certificate is not used: %s", error)
            else:
                log.info("a new certificate is in use")
            used = now


def _written_at(*paths: Path | None) -> tuple[float, ...]:
    found = []
    for path in paths:
        try:
            found.append(path.stat().st_mtime if path else 0.0)
        except OSError:
            found.append(0.0)
    return tuple(found)
