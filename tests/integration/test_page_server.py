"""One port, one certificate: pages over https, or behind a proxy that says who asks."""

import asyncio
import shutil
import socket
import ssl
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI, Request

from crm.settings import WebSettings
from crm.web.addresses import nearby
from crm.web.app import create_app
from hotline import pages
from hotline.certificate import BadCertificate, holds_until
from hotline.pages import PageServer

CERTIFICATES = Path(__file__).parent / "certificates"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def application() -> FastAPI:
    app = create_app(metrics=lambda: b"hotline_up 1\n", near=nearby(["192.0.2.0/24"], behind_proxies=True))

    @app.get("/who")
    async def who(request: Request) -> dict[str, str]:
        return {"address": request.client.host if request.client else "", "scheme": request.url.scheme}

    return app


async def ask(port: int, path: str, web: WebSettings, certificate: str | None = None, **headers: str) -> httpx.Response:
    verify: ssl.SSLContext | bool = False
    if certificate is not None:
        verify = ssl.create_default_context(cafile=str(CERTIFICATES / certificate))
    scheme = "https" if web.certificate else "http"
    async with httpx.AsyncClient(verify=verify, trust_env=False) as client:
        return await client.get(f"{scheme}://127.0.0.1:{port}{path}", headers=headers)


async def served(web: WebSettings, path: str, **more: str) -> httpx.Response:
    port = free_port()
    server = PageServer(application(), "127.0.0.1", port, web)
    server.bind()
    await server.start()
    try:
        return await ask(port, path, web, **more)
    finally:
        await server.stop()


def own(certificate: str = "first.pem", key: str = "first.key.pem") -> WebSettings:
    return WebSettings(certificate=CERTIFICATES / certificate, key=CERTIFICATES / key)


def test_pages_over_https() -> None:
    answer = asyncio.run(served(own(), "/who", certificate="first.pem"))
    assert answer.json() == {"address": "127.0.0.1", "scheme": "https"}
    assert answer.headers["strict-transport-security"] == "max-age=31536000"


def test_without_https_nothing_is_said_about_it() -> None:
    answer = asyncio.run(served(WebSettings(), "/who"))
    assert answer.json()["scheme"] == "http"
    assert "strict-transport-security" not in answer.headers


@pytest.mark.parametrize(
    ("web", "said"),
    [
        (own(certificate="none.pem"), "No such file"),
        (own(key="second.key.pem"), "cannot be used together"),
        (own(key="locked.key.pem"), "cannot be used together"),
        (own(certificate="README.md"), "must be PEM"),
    ],
)
def test_a_bad_certificate_is_said_before_anything_starts(web: WebSettings, said: str) -> None:
    with pytest.raises(BadCertificate, match=said):
        PageServer(application(), "127.0.0.1", free_port(), web).bind()


def test_certificate_and_key_belong_together() -> None:
    with pytest.raises(ValueError, match="set both, or none"):
        WebSettings(certificate=CERTIFICATES / "first.pem")


def test_a_renewed_certificate_is_used_without_a_restart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages, "RENEWED_SECONDS", 0.02)
    web = WebSettings(certificate=tmp_path / "c.pem", key=tmp_path / "k.pem")

    def put(name: str) -> None:
        shutil.copy(CERTIFICATES / f"{name}.key.pem", tmp_path / "k.pem")
        shutil.copy(CERTIFICATES / f"{name}.pem", tmp_path / "c.pem")

    async def play() -> None:
        put("first")
        port = free_port()
        server = PageServer(application(), "127.0.0.1", port, web)
        server.bind()
        await server.start()
        try:
            assert (await ask(port, "/who", web, certificate="first.pem")).status_code == 200
            put("second")
            async with asyncio.timeout(10):
                while True:
                    try:
                        assert (await ask(port, "/who", web, certificate="second.pem")).status_code == 200
                        break
                    except httpx.ConnectError:
                        await asyncio.sleep(0.02)
        finally:
            await server.stop()

    asyncio.run(play())


FORWARDED = {"x-forwarded-for": "192.0.2.7", "x-forwarded-proto": "https"}


def test_a_trusted_proxy_says_who_asks() -> None:
    web = WebSettings(trusted_proxies=("127.0.0.0/8",))
    answer = asyncio.run(served(web, "/who", **FORWARDED))
    assert answer.json() == {"address": "192.0.2.7", "scheme": "https"}
    assert "strict-transport-security" in answer.headers
    assert asyncio.run(served(web, "/metrics", **FORWARDED)).status_code == 200
    elsewhere = FORWARDED | {"x-forwarded-for": "203.0.113.9"}
    assert asyncio.run(served(web, "/metrics", **elsewhere)).status_code == 403


def test_anyone_else_may_say_what_they_like() -> None:
    web = WebSettings(trusted_proxies=("198.51.100.1",))
    assert asyncio.run(served(web, "/who", **FORWARDED)).json() == {"address": "127.0.0.1", "scheme": "http"}


@pytest.mark.parametrize(
    ("file", "until"), [("first.pem", "2126"), ("leaf.pem", "2046-11-21"), ("README.md", None), ("none.pem", None)]
)
def test_how_long_a_certificate_holds(file: str, until: str | None) -> None:
    """Also one that is signed by another, with its chain behind it."""
    found = holds_until(CERTIFICATES / file)
    assert (found is None) == (until is None)
    assert str(found).startswith(until or "None")
