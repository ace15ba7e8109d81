"""A router between us and the others: what Asterisk is told, what a browser is told, what `hotline doctor` says."""

import base64
import hashlib
import hmac
import itertools
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from rendered import files

from dialplan.nat import NatSettings
from dialplan.sections import Ports
from hotline.nat_check import System, check_addresses
from hotline.settings import Settings, SettingsError, parse

NOW = datetime(2026, 11, 26, 2, 0, tzinfo=UTC)
OUTSIDE, INSIDE = "203.0.113.10", "192.168.1.10"
ROUTER = {"external_address": OUTSIDE, "internal_address": INSIDE}
EVERYWHERE = {"bind": "0.0.0.0"}
TRUNK = {"name": "provider", "host": "198.51.100.7"}


def section(text: str, name: str) -> list[str]:
    """The lines of a section of Asterisk's configuration."""
    lines = text.splitlines()
    rest = lines[lines.index(f"[{name}]") + 1 :]
    return list(itertools.takewhile(lambda line: not line.startswith("["), rest))


def site(**sections: Any) -> Settings:
    given = {"numbers": [{"number": "1169", "queue": "q"}], "queues": [{"name": "q"}], "trunks": [TRUNK]}
    return Settings(**{**given, **sections})


def test_without_a_router_nothing_is_translated() -> None:
    rendered = files(ports=EVERYWHERE)
    assert "external_" not in rendered["pjsip.conf"]
    assert "local_net" not in rendered["pjsip.conf"]
    assert "ice_host_candidates" not in rendered["rtp.conf"]


def test_browsers_are_offered_the_public_address_only_where_some_work_elsewhere() -> None:
    """A browser in the house that cannot reach it stayed silent in a trial."""
    assert "ice_host_candidates" not in files(ports=EVERYWHERE, nat=ROUTER)["rtp.conf"]


def test_behind_a_router_others_are_told_its_public_address_and_those_in_the_house_ours() -> None:
    rendered = files(ports=EVERYWHERE, nat={**ROUTER, "browsers_outside": True})
    transport = section(rendered["pjsip.conf"], "udp")
    assert f"external_signaling_address = {OUTSIDE}" in transport
    assert f"external_media_address = {OUTSIDE}" in transport
    assert "external_signaling_port = 5060" in transport
    assert "local_net = 192.168.0.0/16" in transport
    assert "local_net = 127.0.0.0/8" in transport
    assert not any(line.startswith("external") for line in section(rendered["pjsip.conf"], "ws"))
    assert f"{INSIDE} => {OUTSIDE},include_local_address" in section(rendered["rtp.conf"], "ice_host_candidates")


def test_one_address_to_listen_on_needs_no_second_setting() -> None:
    rendered = files(
        ports={"bind": INSIDE}, nat={"external_address": OUTSIDE, "external_sip_port": 15060, "browsers_outside": True}
    )
    assert f"{INSIDE} => {OUTSIDE},include_local_address" in rendered["rtp.conf"]
    assert "external_signaling_port = 15060" in rendered["pjsip.conf"]


def test_our_own_address_is_among_the_local_ones_whatever_the_settings_say() -> None:
    """Asterisk translates only an address of its own that is local: otherwise the SDP would name the inner one."""
    rendered = files(ports=EVERYWHERE, nat={**ROUTER, "local_networks": ["10.0.0.0/8"]})
    transport = section(rendered["pjsip.conf"], "udp")
    assert any(line.startswith(f"local_net = {INSIDE}/32") for line in transport)


def test_a_trunk_behind_a_router_of_its_own_is_answered_where_it_comes_from() -> None:
    of = {**TRUNK, "behind_nat": True}
    assert "rewrite_contact = yes" in section(files(trunks=[of])["pjsip.conf"], "provider")
    assert "rewrite_contact = yes" not in section(files(trunks=[TRUNK])["pjsip.conf"], "provider")
    for line in ("rtp_symmetric = yes", "force_rport = yes"):
        assert line in section(files(trunks=[TRUNK])["pjsip.conf"], "provider")


@pytest.mark.parametrize(
    ("ports", "nat", "says"),
    [
        ({}, {"external_address": OUTSIDE}, "nobody outside reaches 127.0.0.1: set bind in [ports]"),
        ({}, ROUTER, "nobody outside reaches 127.0.0.1: set bind in [ports]"),
        (EVERYWHERE, {"external_address": OUTSIDE}, "needs internal_address"),
        (EVERYWHERE, {"internal_address": INSIDE}, "needs external_address"),
        (EVERYWHERE, {"external_sip_port": 5070}, "needs external_address"),
        (EVERYWHERE, {"browsers_outside": "yes"}, "needs external_address"),
        ({}, {"turn_servers": ["turn:t.example.com"]}, "needs turn_secret_env"),
        (EVERYWHERE, {"external_address": "203.0.113.300"}, "no address of a machine"),
        (EVERYWHERE, {"external_address": "router.example.com"}, "must be an IPv4 address"),
        (EVERYWHERE, {**ROUTER, "local_networks": ["10.0.0.0/33"]}, "10.0.0.0/33"),
        ({}, {"stun_servers": ["stun.example.com"]}, "must be written as stun:stun.example.com:3478"),
        ({}, {"turn_servers": ["turn:a b"]}, "must be written as turn:turn.example.com:3478"),
        ({}, {"turn_secret_env": "my secret"}, "must be the name of an environment variable"),
    ],
)
def test_what_does_not_fit_is_told_with_its_line(ports: dict[str, Any], nat: dict[str, Any], says: str) -> None:
    text = """[[numbers]]
number = "1169"
queue = "q"
[[trunks]]
name = "provider"
host = "192.0.2.1"
[[queues]]
name = "q"
"""
    for name, values in (("ports", ports), ("nat", nat)):
        rows = (f"{key} = {value if isinstance(value, int | list) else repr(value)}" for key, value in values.items())
        text += f"[{name}]\n" + "".join(f"{row}\n" for row in rows)
    with pytest.raises(SettingsError) as refused:
        parse(text, Path("hotline.toml"))
    [problem] = refused.value.problems
    assert problem.startswith("line ")
    assert "nat." in problem
    assert says in problem


def test_a_browser_asks_nobody_unless_told_to() -> None:
    assert NatSettings().ice_servers("1001", None, NOW) == []


def test_a_browsers_servers_and_a_password_for_turn_that_ends() -> None:
    """As coturn checks it: HMAC-SHA1 of ``expiry:user`` with the secret that both know."""
    nat = NatSettings(
        stun_servers=("stun:stun.example.com:3478",),
        turn_servers=("turn:turn.example.com:3478?transport=tcp", "turns:turn.example.com:5349"),
        turn_secret_env="TURN_SECRET",
    )
    stun, turn = nat.ice_servers("1001", "shared", NOW)
    assert stun == {"urls": ["stun:stun.example.com:3478"]}
    until, _, user = turn["username"].partition(":")
    assert user == "1001"
    assert int(until) == NOW.timestamp() + 12 * 3600
    expected = hmac.new(b"shared", turn["username"].encode(), hashlib.sha1).digest()
    assert base64.b64decode(turn["credential"]) == expected
    assert nat.ice_servers("1001", None, NOW) == [stun]  # the secret is not known: better without than refused


def test_who_is_reached_without_the_router() -> None:
    nat = NatSettings()
    assert nat.is_local("10.1.2.3")
    assert nat.is_local("127.0.0.2")
    assert not nat.is_local(OUTSIDE)
    assert not nat.is_local("2001:db8::1")
    assert nat.inside(Ports(bind="::")) == ""
    assert nat.inside(Ports(bind=INSIDE)) == INSIDE


# --- what `hotline doctor` says


def looked(settings: Settings, own: str = INSIDE) -> tuple[bool, str, str]:
    system = System(
        resolve=lambda host: {"sip.example.com": "198.51.100.7", "gone.example.com": None}.get(host, host),
        own_address=lambda _other: own,
        is_ours=lambda address: address == own,
    )
    check = check_addresses(settings, system)
    return check.ok, check.detail, check.remedy


def test_the_first_file_is_well() -> None:
    trunk = {"name": "provider", "host": "127.0.0.2"}
    assert looked(site(trunks=[trunk]))[0]


def test_a_trunk_elsewhere_cannot_reach_loopback() -> None:
    ok, detail, remedy = looked(site())
    assert not ok
    assert "listens on 127.0.0.1 only: trunk provider" in detail
    assert "bind" in remedy


def test_a_router_that_nobody_told_us_of_is_found() -> None:
    ok, detail, remedy = looked(site(ports=EVERYWHERE, trunks=[{**TRUNK, "host": "sip.example.com"}]))
    assert not ok
    assert "we are 192.168.1.10, trunk provider is 198.51.100.7" in detail
    assert "UDP 5060 and 10000-20000" in remedy
    assert "external_address in [nat]" in remedy
    assert "internal_address to 192.168.1.10" in remedy


@pytest.mark.parametrize("host", ["192.168.1.1", "gone.example.com"])
def test_a_trunk_in_the_house_or_unknown_needs_no_router(host: str) -> None:
    assert looked(site(ports=EVERYWHERE, trunks=[{**TRUNK, "host": host}]))[0]


def test_a_public_address_of_our_own_needs_no_router() -> None:
    assert looked(site(ports=EVERYWHERE), own=OUTSIDE)[0]


def test_behind_a_router_that_is_set_up() -> None:
    ok, detail, _ = looked(site(ports=EVERYWHERE, nat=ROUTER))
    assert ok
    assert f"outside we are {OUTSIDE}:5060" in detail
    assert "must pass UDP 5060 and 10000-20000 to us" in detail


def test_an_address_that_is_not_this_machines() -> None:
    ok, detail, remedy = looked(site(ports=EVERYWHERE, nat=ROUTER), own="192.168.1.11")
    assert not ok
    assert "192.168.1.10 is not an address of this machine" in detail
    assert "internal_address" in remedy


@pytest.mark.parametrize("seconds", [0, 300])
def test_the_routers_memory_is_short(seconds: int) -> None:
    ok, detail, remedy = looked(site(ports=EVERYWHERE, nat=ROUTER, trunks=[{**TRUNK, "check_seconds": seconds}]))
    assert not ok
    assert "the router forgets the way to us" in detail
    assert "check_seconds" in remedy


def test_a_secret_for_turn_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TURN_SECRET", raising=False)
    turn = {"turn_servers": ["turn:turn.example.com"], "turn_secret_env": "TURN_SECRET"}
    settings = site(ports=EVERYWHERE, nat={**ROUTER, **turn})
    assert "TURN_SECRET" in looked(settings)[2]
    monkeypatch.setenv("TURN_SECRET", "shared")
    assert looked(settings)[0]


def test_the_system_itself_is_asked() -> None:
    """Without stand-ins: loopback is this machine's, a network for documents is not."""
    assert check_addresses(site(trunks=[{"name": "provider", "host": "localhost"}])).ok
    nat = {"external_address": OUTSIDE, "internal_address": "192.0.2.77"}
    assert not check_addresses(site(ports=EVERYWHERE, nat=nat)).ok
