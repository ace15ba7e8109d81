"""Prometheus' own tool finds nothing wrong with the rules, and every alert fires and ends as deploy/ says."""

import subprocess
from pathlib import Path

import pytest
from programs import find

FOLDER = Path(__file__).parents[2] / "deploy/prometheus"


@pytest.mark.parametrize(
    "words",
    [
        ("check", "rules", "--lint=all", "--lint-fatal", "hotline.rules.yml"),
        ("check", "config", "prometheus.yml"),
        ("test", "rules", "hotline.tests.yml"),
    ],
    ids=["lint", "configuration", "alerts"],
)
def test_promtool(words: tuple[str, ...]) -> None:
    done = subprocess.run(
        [find("promtool"), *words], cwd=FOLDER, capture_output=True, text=True, check=False, timeout=280
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
    assert "SUCCESS" in done.stdout or "passed" in done.stdout
