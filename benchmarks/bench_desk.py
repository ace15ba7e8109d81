"""The desk: from a ring to what is seen of it, pops to two hundred desks at once, the weight of the page."""

import asyncio
import gzip
import importlib
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, Page, Response, sync_playwright

from benchmarks.report import Figure, Section
from benchmarks.trial import percentile
from crm.database import writing
from crm.people.models import Profile
from crm.people.numbers import normalise
from crm.people.service import create_person

REPOSITORY = Path(__file__).parents[1]
CALLS, QUICK_CALLS = 50, 12
DESKS, RATE, SECONDS, QUICK_SECONDS = 200, 20.0, 30.0, 10.0
PROFILE_TARGET_MS, PAINT_TARGET_MS, WEIGHT_TARGET_KB, POP_TARGET_MS = 100.0, 1000.0, 150.0, 100.0
ACTION_TARGET_MS = 100.0
CALLER, NAME = "0812340001", "สมหมาย ใจดี"
WATCH = """() => {
  const at = () => (performance.timeOrigin + performance.now()) / 1000;
  window.seen = { ringing: [], profile: [] };
  new MutationObserver(() => {
    if (document.getElementById("state").dataset.state === "ringing") window.seen.ringing.push(at());
  }).observe(document.getElementById("state"), { attributes: true });
  new MutationObserver(() => {
    if (document.getElementById("who-name").textContent === "NAME") window.seen.profile.push(at());
  }).observe(document.getElementById("who-name"), { childList: true, characterData: true, subtree: true });
}""".replace("NAME", NAME)

# What an agent asks of the service by a key or a click; a break and back go through Asterisk.
ACTIONS: tuple[tuple[str, str, Any], ...] = (
    ("POST", "/api/telephone/pause", {"reason": "lunch"}),
    ("POST", "/api/telephone/ready", {}),
    ("GET", "/api/topics?q=ราคา", None),
    ("GET", "/api/people?q=สมหมาย", None),
    ("GET", "/api/directory?q=กฎหมาย", None),
    ("GET", "/api/knowledge/search?q=ถิ่นกำเนิด", None),
    ("GET", "/api/desk/state", None),
)
ACT = """async ([actions, times]) => {
  const { ask } = await import("/static/office.js");
  const taken = [];
  for (let time = 0; time < times; time += 1) {
    for (const [method, path, body] of actions) {
      const begun = performance.now();
      await ask(method, path, body ?? undefined);
      taken.push((performance.now() - begun) / 1000);
    }
  }
  return taken;
}"""


@dataclass
class Measured:
    """Seconds, one of each a call; ``lost``: rings that never reached their desk."""

    ring: list[float] = field(default_factory=list)
    profile: list[float] = field(default_factory=list)
    pops: list[float] = field(default_factory=list)
    profiles: list[float] = field(default_factory=list)
    rings: int = 0
    lost: int = 0
    actions: list[float] = field(default_factory=list)
    weight: int = 0
    styles: int = 0
    paint_ms: list[float] = field(default_factory=list)


def run(folder: Path, root: Path, quick: bool, say: Callable[[str], None]) -> Section:
    """Pops first, then calls in a real browser."""
    for part in ("tests", "tests/asterisk", "tests/browser"):
        sys.path.insert(0, str(REPOSITORY / part))
    folder.mkdir(parents=True)
    measured = Measured()
    seconds = QUICK_SECONDS if quick else SECONDS
    say(f"{DESKS} desks, {RATE:g} calls a second for {seconds:g} s")
    asyncio.run(_pops(folder, seconds, measured))
    _calls(folder, QUICK_CALLS if quick else CALLS, measured, say)
    return report(measured)


# --- two hundred desks


async def _pops(folder: Path, seconds: float, measured: Measured) -> None:
    (folder / "room").mkdir()
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.desks", str(folder / "room"), str(DESKS)),
        cwd=REPOSITORY,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**24,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "tests")},
    )
    assert program.stdin
    assert program.stdout
    room = json.loads(await program.stdout.readline())
    heard: dict[str, dict[str, float]] = {}
    limits = httpx.Limits(max_connections=DESKS + 10, max_keepalive_connections=DESKS + 10)
    async with httpx.AsyncClient(base_url=room["url"], timeout=None, limits=limits, trust_env=False) as client:
        ready = asyncio.Barrier(DESKS + 1)
        desks = [asyncio.create_task(_listen(client, cookie, heard, ready)) for cookie in room["cookies"]]
        await ready.wait()
        program.stdin.write(f"{RATE} {seconds}\n".encode())
        told = json.loads(await program.stdout.readline())
        for desk in desks:
            desk.cancel()
        await asyncio.gather(*desks, return_exceptions=True)
    program.stdin.write(b"\n")
    await program.wait()
    measured.rings = len(told)
    measured.lost = sum(call not in heard for call in told)
    for call, at in told.items():
        if call in heard:
            measured.pops.append(heard[call]["ring"] - at)
            measured.profiles.append(heard[call].get("profile", float("inf")) - at)


async def _listen(client: httpx.AsyncClient, cookie: str, heard: dict[str, dict[str, float]], ready: Any) -> None:
    async with client.stream("GET", "/desk/events", headers={"Cookie": f"hotline_session={cookie}"}) as answer:
        told = False
        async for line in answer.aiter_lines():
            if not line.startswith("data: "):
                continue
            message = json.loads(line[6:])
            if message["kind"] == "hello" and not told:
                told = True
                await ready.wait()
            elif message["kind"] == "call" and message["call"]["phase"] == "ringing":
                seen = heard.setdefault(message["call"]["call_id"], {})
                seen["ring"] = time.time()
                if message.get("profile"):
                    seen["profile"] = seen["ring"]
            elif message["kind"] == "profile":
                heard.setdefault(message["call_id"], {})["profile"] = time.time()


# --- one desk in a real browser


def _calls(folder: Path, calls: int, measured: Measured, say: Callable[[str], None]) -> None:
    product_module = importlib.import_module("desk_product")
    programs = importlib.import_module("programs")
    with (
        product_module.desk_product(folder / "product", wrap_up_seconds=0) as product,
        sync_playwright() as playwright,
    ):
        _somebody(product)
        arguments = ["--no-sandbox", "--no-proxy-server", *product_module.BROWSER_FLAGS]
        browser = playwright.chromium.launch(
            executable_path=programs.find("chromium"), args=arguments, env=programs.environment()
        )
        _weigh(product, browser, measured)
        with product.desk(browser) as page:
            page.evaluate(WATCH)
            for number in range(calls):
                _one_call(product, product_module, page, measured if number else Measured())  # the first warms up
                if number % 10 == 9:
                    say(f"call {number + 1} of {calls}")
            page.evaluate(ACT, [ACTIONS, 1])
            measured.actions = page.evaluate(ACT, [ACTIONS, calls])
        browser.close()


def _somebody(product: Any) -> None:
    with writing(product.whole.engine) as connection:
        profile = Profile(display_name=NAME, first_name="สมหมาย", last_name="ใจดี")
        create_person(connection, profile, datetime.now(UTC), normalise(CALLER))


def _one_call(product: Any, module: Any, page: Page, measured: Measured) -> None:
    page.evaluate(
        "() => { seen.ringing = []; seen.profile = []; document.getElementById('who-name').textContent = ''; }"
    )
    call = product.outside.call(CALLER)
    _until(page, "seen.ringing.length && seen.profile.length")
    seen = page.evaluate("window.seen")
    measured.ring.append(seen["ringing"][0] - call.began_at)
    measured.profile.append(seen["profile"][0] - seen["ringing"][0])
    product.outside.do(call.hang_up())
    module.available(page)


def _until(page: Page, expression: str, seconds: float = 20.0) -> None:
    """Polls: the page's content policy forbids what playwright's own waiting does."""
    deadline = time.monotonic() + seconds
    while not page.evaluate(expression):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{expression}: not within {seconds:g} s")
        page.wait_for_timeout(20)


def _weigh(product: Any, browser: Browser, measured: Measured) -> None:
    for number in range(3):
        context = browser.new_context()
        product.log_in(context, "malee")
        page = context.new_page()
        own: dict[str, bytes] = {}
        page.on("response", partial(_keep, own))
        page.goto(product.url("/desk"))
        _until(page, "performance.getEntriesByName('first-contentful-paint').length")
        paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        measured.paint_ms.append(paint)
        page.wait_for_timeout(1000)
        if not number:
            scripts = [body for url, body in own.items() if ".js" in url and "/vendor/" not in url]
            measured.weight = sum(len(gzip.compress(body, 6)) for body in scripts)
            measured.styles = sum(len(gzip.compress(body, 6)) for url, body in own.items() if ".css" in url)
        context.close()


def _keep(own: dict[str, bytes], answer: Response) -> None:
    if "/static/" in answer.url and (".js" in answer.url or ".css" in answer.url):
        own[answer.url] = answer.body()


# --- what came of it


def report(measured: Measured) -> Section:
    """The figures of this module."""
    pops, profiles = sorted(measured.pops), sorted(measured.profiles)
    ring, shown = sorted(measured.ring), sorted(measured.profile)
    paint, weight = max(measured.paint_ms), measured.weight / 1000
    late = percentile(shown, 0.95) * 1000
    acted = percentile(sorted(measured.actions), 0.95) * 1000
    pop_late = percentile(pops, 0.99) * 1000
    return Section(
        "The desk",
        figures=[
            Figure("INVITE → the desk shows that it rings, p95", percentile(ring, 0.95) * 1000, "ms", "", None),
            Figure("INVITE → the desk shows that it rings, p50", percentile(ring, 0.5) * 1000, "ms", "", None),
            Figure("ring shown → name, last contacts, ratings and cards shown, p95", late, "ms",
                   f"≤ {PROFILE_TARGET_MS:g} ms", late <= PROFILE_TARGET_MS),
            Figure("an action (break and back, searches, state) → answered at the page, p95", acted,
                   "ms", f"≤ {ACTION_TARGET_MS:g} ms", acted <= ACTION_TARGET_MS),
            Figure("the same, slowest", max(measured.actions) * 1000, "ms", "", None),
            Figure(f"{DESKS} desks, {RATE:g} calls a second: ring told → pop at its desk, p99", pop_late, "ms",
                   f"≤ {POP_TARGET_MS:g} ms", pop_late <= POP_TARGET_MS),
            Figure("the same, p50", percentile(pops, 0.5) * 1000, "ms", "", None),
            Figure("the same: ring told → profile at its desk, p99", percentile(profiles, 0.99) * 1000, "ms", "", None),
            Figure(f"pops lost of {measured.rings}", measured.lost, "", "0", measured.lost == 0),
            Figure("the page's own script, gzip, without JsSIP", weight, "kB", f"< {WEIGHT_TARGET_KB:g} kB",
                   weight < WEIGHT_TARGET_KB),
            Figure("first paint, nothing kept, slowest of three", paint, "ms", f"< {PAINT_TARGET_MS:g} ms",
                   paint < PAINT_TARGET_MS),
        ],
        notes=[
            f"{len(ring)} calls through Asterisk to one desk in real Chromium; the caller has a record. What is seen is"
            " what a watcher of the page's elements sees.",
            f"{DESKS} desks are event streams of one process; calls are told to the office as events, without Asterisk,"
            " by another; every caller has a record and is looked up.",
            f"Styles {measured.styles / 1000:.0f} kB gzip.",
        ],
    )  # fmt: skip
