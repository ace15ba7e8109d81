"""A real Prometheus for tests, with the rules of deploy/, its clock wound up."""

import json
import re
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

from programs import find

RULES = Path(__file__).parents[1] / "deploy/prometheus/hotline.rules.yml"


def quick(rules: str, times: Mapping[str, str]) -> str:
    """The rules with every window and every ``for`` and ``interval`` replaced: what takes days takes seconds."""

    def shorter(found: re.Match[str]) -> str:
        return found[1] + times[found[2]] + found[3]

    text = re.sub(r"(\[)(\d+[smhd])(\])", shorter, rules)
    return re.sub(r"((?:for|interval): )(\d+[smhd])()$", shorter, text, flags=re.MULTILINE)


class Prometheus:
    """Scrapes one target (``host:port``) several times a second, until the block ends."""

    def __init__(self, folder: Path, target: str, rules: str, scrape: str = "500ms") -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "rules.yml").write_text(rules, "utf-8")
        configuration = {
            "global": {"scrape_interval": scrape, "scrape_timeout": scrape, "evaluation_interval": "500ms"},
            "rule_files": ["rules.yml"],
            "scrape_configs": [{"job_name": "hotline", "static_configs": [{"targets": [target]}]}],
        }
        (folder / "prometheus.yml").write_text(json.dumps(configuration), "utf-8")  # JSON is YAML too
        with socket.create_server(("127.0.0.1", 0)) as free:
            self._port = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        with (self._folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [
                    *("setpriv", "--pdeathsig=KILL", find("prometheus"), "--config.file=prometheus.yml"),
                    *("--storage.tsdb.path=data", f"--web.listen-address=127.0.0.1:{self._port}"),
                ],
                cwd=self._folder, stdout=log, stderr=log,
            )  # fmt: skip
        self.until(self._is_ready, 30, "Prometheus is ready")
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}/-/ready", timeout=5):
                return True
        except (urllib.error.URLError, OSError):
            return False

    def ask(self, what: str, **parameters: object) -> Any:
        """``data`` of an answer of its API. Fails with what Prometheus says."""
        address = f"http://127.0.0.1:{self._port}/api/v1/{what}?{urllib.parse.urlencode(parameters, doseq=True)}"
        try:
            with urllib.request.urlopen(address, timeout=30) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{what} {parameters}: {error.read().decode()}") from error

    def firing(self) -> set[str]:
        """Names of the alerts that fire now."""
        return {alert["labels"]["alertname"] for alert in self.ask("alerts")["alerts"] if alert["state"] == "firing"}

    def value(self, query: str) -> float | None:
        """The one value of a query now."""
        found = self.ask("query", query=query)["result"]
        return float(found[0]["value"][1]) if found else None

    def until(self, condition: Callable[[], object], seconds: float, what: str) -> None:
        """Asks until it is so. Raises AssertionError."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
            time.sleep(0.1)
