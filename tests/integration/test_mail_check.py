"""``hotline doctor`` says whether letters can be sent, and those that come back be read."""

from pathlib import Path

import pytest
from mail_box import MailBox
from mail_peer import MailPeer

from hotline.mail_check import check_mail
from hotline.settings import Settings, parse
from hotline.settings_file import first_settings


def settings_for(folder: Path, peer: MailPeer, box: MailBox) -> Settings:
    text = first_settings().replace("\n[site]\n", '\n[site]\nstate_folder = "."\n', 1)
    mail = f'server = "127.0.0.1"\nport = {peer.port}\nsecurity = "none"\nsender = "1169@hotline.test"\n'
    back = f'server = "127.0.0.1"\nport = {box.port}\nsecurity = "none"\nusername = "1169"\npassword_env = "BOX"\n'
    text = text.replace("\n[mail]\n", f"\n[mail]\n{mail}", 1).replace("\n[bounces]\n", f"\n[bounces]\n{back}", 1)
    return parse(text, folder / "hotline.toml")


def test_mail_is_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOX", "geheim")
    with MailBox(letters=[b"From: a@b.test\r\n\r\nhello\r\n"]) as box:
        with MailPeer() as peer:
            settings = settings_for(tmp_path, peer, box)
            assert [(check.name, check.ok) for check in check_mail(settings)] == [
                ("mail server 127.0.0.1", True),
                ("mailbox 127.0.0.1", True),
            ]
            assert peer.seen == []
            assert box.seen == set()
        monkeypatch.setenv("BOX", "wrong")
        server, mailbox = check_mail(settings)
    assert not server.ok
    assert "[mail]" in server.remedy
    assert not mailbox.ok
    assert "user name and password" in mailbox.detail
    monkeypatch.delenv("BOX")
    *_, mailbox = check_mail(settings)
    assert "environment variable BOX" in mailbox.detail


def test_without_mail_there_is_nothing_to_look_at(tmp_path: Path) -> None:
    assert list(check_mail(parse(first_settings(), tmp_path / "hotline.toml"))) == []
