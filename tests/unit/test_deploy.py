"""What deploy/ starts beside the hotline: fixed versions, nothing open to the world, paths that exist."""

import re
from pathlib import Path

from hotline.settings import Settings

DEPLOY = Path(__file__).parents[2] / "deploy"
COMPOSE = (DEPLOY / "compose.yml").read_text("utf-8")


def test_versions_are_fixed() -> None:
    images = re.findall(r"image: (\S+)", COMPOSE)
    assert len(images) == 2
    assert all(re.fullmatch(r"[a-z/-]+:v?\d+\.\d+\.\d+", image) for image in images)


def test_what_is_mounted_is_there() -> None:
    for source in re.findall(r"- \./(\S+?):", COMPOSE):
        assert (DEPLOY / source).is_dir(), source
    for name in re.findall(r"rule_files:\n  - (\S+)", (DEPLOY / "prometheus/prometheus.yml").read_text()):
        assert (DEPLOY / "prometheus" / name).is_file()


def test_nothing_listens_beyond_the_machine() -> None:
    assert "--web.listen-address=127.0.0.1:" in COMPOSE
    assert "GF_SERVER_HTTP_ADDR: 127.0.0.1" in COMPOSE
    assert "ports:" not in COMPOSE
    assert "GRAFANA_ADMIN_PASSWORD:?" in COMPOSE, "no password is given away"


def test_prometheus_scrapes_where_the_pages_are() -> None:
    port = Settings.model_fields["ports"].get_default(call_default_factory=True).web
    assert f'targets: ["127.0.0.1:{port}"]' in (DEPLOY / "prometheus/prometheus.yml").read_text()


def test_dashboards_find_their_source() -> None:
    """The data source that is provisioned is the one that every panel names."""
    source = (DEPLOY / "grafana/provisioning/datasources/hotline.yml").read_text()
    assert "uid: hotline-prometheus" in source
    assert "url: http://127.0.0.1:9090" in source
    provider = (DEPLOY / "grafana/provisioning/dashboards/hotline.yml").read_text()
    path = re.search(r"path: (\S+)", provider)
    assert path is not None
    assert f"./grafana/dashboards:{path[1]}:ro" in COMPOSE
