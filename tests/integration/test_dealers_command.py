"""K1: tables of dealers from the command line, whole or not at all."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hotline.cli import cli
from hotline.settings_file import first_settings

GOOD = "code,ชื่อ,สินค้า,จังหวัด,โทรศัพท์\nD1,บริษัท กล้วยไม้ไทย จำกัด,กล้วยไม้,นครปฐม,034-123-456\nD2,ร้านเซรามิก,จานชาม,ลำปาง,\n"


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hotline.toml").write_text(first_settings(), "utf-8")
    return tmp_path


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["dealers", *arguments])


def test_check_import_export_and_in_again(house: Path) -> None:
    (house / "d.csv").write_text(GOOD, "utf-8")
    checked = _run("check", "d.csv")
    assert checked.exit_code == 0, checked.output
    assert "2 lines: 2 new, 0 changed, 0 the same" in checked.output
    assert "2 new" in _run("import", "d.csv").output
    found = CliRunner().invoke(cli, ["knowledge", "search", "ตัวแทนกล้วยไม้"])
    assert "dealer/" in found.output  # at once
    for name in ("out.csv", "out.xlsx"):
        assert _run("export", name).exit_code == 0
        again = _run("check", name)
        assert "2 lines: 0 new, 0 changed, 2 the same" in again.output, again.output
    assert "+6634123456" in _run("export", "-").output
    assert _run("export", "out.doc").exit_code == 2


def test_every_fault_is_told_and_nothing_is_half_imported(house: Path) -> None:
    (house / "d.csv").write_text(GOOD + "D3,ร้านผิด,x,y,ไม่ใช่เบอร์\nD1,ซ้ำ,,,\n,ไม่มีรหัส,,,\n", "utf-8")
    for command in ("check", "import"):
        refused = _run(command, "d.csv")
        assert refused.exit_code == 1
        for line in ("line 4: telephones", "line 5: code (D1): this code is there already", "line 6: code: is missing"):
            assert line in refused.output
    (house / "good.csv").write_text(GOOD, "utf-8")
    assert "2 lines: 2 new" in _run("check", "good.csv").output


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("d.csv", b"a,b\n1,2\n", "headings"),
        ("d.xlsx", b"PK\x03\x04" + bytes(40), "not taken"),
        ("d.pdf", b"%PDF-1.4\n", "no table"),
        ("d.csv", b"", "not taken"),
    ],
)
def test_what_is_no_table(house: Path, name: str, content: bytes, said: str) -> None:
    (house / name).write_bytes(content)
    refused = _run("import", name)
    assert refused.exit_code == 1
    assert said in refused.output
