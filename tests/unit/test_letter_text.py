"""What an article says in a letter without HTML: nothing of its meaning is lost with its marks (H6)."""

import pytest
from hypothesis import given
from hypothesis.strategies import text

from crm.knowledge.markdown import letter_text


@pytest.mark.parametrize(
    ("markdown", "written"),
    [
        ("ขอ**หนังสือรับรอง**ก่อน", "ขอหนังสือรับรองก่อน"),
        ("ขอที่ [กรม](https://www.dft.go.th/?a=1&b=2)", "ขอที่ กรม (https://www.dft.go.th/?a=1&b=2)"),
        ("[https://a.test](https://a.test)", "https://a.test"),
        ("[เขียนถึงเรา](mailto:a@b.test)", "เขียนถึงเรา (a@b.test)"),
        ("[โทร](javascript:alert(1))", "[โทร](javascript:alert(1))"),
        ("1. ลงทะเบียน\n2. ยื่นแบบ\n\n   - สค.1\n   - สค.2\n3. รับ", "1. ลงทะเบียน\n2. ยื่นแบบ\n   • สค.1\n   • สค.2\n3. รับ"),
        ("4. สี่\n5. ห้า", "4. สี่\n5. ห้า"),
        ("|แบบ|บาท|\n|-|-:|\n|สค.1|200|\n||300|", "แบบ | บาท\nสค.1 | 200\n | 300"),
        ("บรรทัด\nต่อไป\n\n> อ้าง", "บรรทัด\nต่อไป\nอ้าง"),
        ("<script>alert(1)</script> & <b>", "<script>alert(1)</script> & <b>"),
        ("", ""),
    ],
)
def test_steps_columns_and_links_are_written_out(markdown: str, written: str) -> None:
    assert letter_text(markdown) == written


@given(text(max_size=200))
def test_whatever_is_written_can_be_sent(markdown: str) -> None:
    assert "\n\n" not in letter_text(markdown)
