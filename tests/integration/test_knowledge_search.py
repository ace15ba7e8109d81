"""H5: what is published is found at once, on both databases, however it is asked; imports are whole or nothing."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import Engine, func, select

from crm.database import reading, writing
from crm.knowledge.importing import external_ids, import_lines, read_lines
from crm.search.models import Entry, Kind, search_passages, search_postings
from crm.search.service import find, forget, write_entries
from hotline.cli import cli
from hotline.settings_file import first_settings

NOW = datetime(2026, 11, 26, 5, tzinfo=UTC)
TEXTS = {
    1: ("การจดทะเบียนเครื่องหมายการค้า", "ยื่นคำขอด้วยแบบ ก.01 ค่าคำขอรายการละ 1,000 บาท", ("จดโลโก้ร้าน",)),
    2: ("หนังสือรับรองถิ่นกำเนิดสินค้า", "Certificate of Origin ใช้ลดภาษีศุลกากร ออกภายใน 1 วันทำการ", ()),
    3: ("การส่งออกผลไม้สดไปจีน", "ทุเรียน มังคุด และลำไยต้องมาจากสวนที่ได้รับรอง GAP", ()),
    4: ("เวลาให้บริการสายตรง 1169", "วันทำการจันทร์ถึงศุกร์ เวลา 08.30-16.30 น.", ()),
}


def _write(engine: Engine, kind: Kind = Kind.ARTICLE, shelf: str = "article") -> None:
    with writing(engine) as connection:
        write_entries(
            connection,
            [
                Entry(kind=kind, ref=ref, shelf=shelf, title=title, body=body, also=also)
                for ref, (title, body, also) in TEXTS.items()
            ],
        )


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("เครื่องหมายการค้าจดยังไงคะ", 1),
        ("เครืองหมายการคา", 1),  # no tone marks, a mark left out
        ("อยากจดโลโก้ร้าน", 1),
        ("trademark", 1),
        ("certificate of orijin", 2),
        ("หนัง สือรับ รองถิ่นก\u0e4d\u0e32เนิด", 2),
        ("ซีโอ", 2),
        ("ส่งทุเรียนไปจีน", 3),
        ("สายตรง ๑๑๖๙ เปิดกี่โมง", 4),
        ("g;]kwshp[ibdki", 4),  # เวลาให้บริการ with the keyboard in English
    ],
)
def test_found_first_however_it_is_asked(sqlite_engine: Engine, asked: str, expected: int) -> None:
    _write(sqlite_engine)
    with reading(sqlite_engine) as connection:
        found = find(connection, asked, shelves=["article"])
    assert [one.ref for one in found][:1] == [expected]


def test_a_change_is_found_at_once_and_what_is_gone_leaves_nothing(engine: Engine) -> None:
    _write(engine)
    with writing(engine) as connection:
        new = Entry(kind=Kind.ARTICLE, ref=1, shelf="article", title="อนุสิทธิบัตร", body="อายุ 6 ปี")
        write_entries(connection, [new])
    with reading(engine) as connection:
        assert [one.ref for one in find(connection, "อนุสิทธิบัตร", shelves=["article"])] == [1]
        assert 1 not in [one.ref for one in find(connection, "โลโก้", shelves=["article"])]
    with writing(engine) as connection:
        forget(connection, Kind.ARTICLE, TEXTS)
        assert connection.scalar(select(func.count()).select_from(search_postings)) == 0
        assert connection.scalar(select(func.count()).select_from(search_passages)) == 0


def test_a_shelf_that_is_not_asked_for_is_not_read(engine: Engine) -> None:
    _write(engine, Kind.DOCUMENT, "restricted")
    with reading(engine) as connection:
        assert find(connection, "เครื่องหมายการค้า", shelves=["article", "document"]) == []
        assert find(connection, "เครื่องหมายการค้า", shelves=[]) == []
        assert [one.ref for one in find(connection, "เครื่องหมายการค้า", shelves=["restricted"])][:1] == [1]


def test_both_databases_give_the_same_order(sqlite_engine: Engine, engine: Engine) -> None:
    asked = ["ค่าธรรมเนียม", "จดทะเบียน", "รับรอง", "วันทำการ", "ภาษี customs"]
    orders = []
    for one in (sqlite_engine, engine):
        _write(one)
        with reading(one) as connection:
            orders.append([[hit.ref for hit in find(connection, question, shelves=["article"])] for question in asked])
    assert orders[0] == orders[1]
    assert all(orders[0])


@pytest.mark.parametrize("asked", ["", " ", "ๆ", "\x00", "%", "'; DROP TABLE people; --", "ก" * 5000, "🙂"])
def test_nothing_that_is_typed_breaks_it(engine: Engine, asked: str) -> None:
    _write(engine)
    with reading(engine) as connection:
        assert isinstance(find(connection, asked, shelves=["article"]), list)


def test_an_import_again_replaces_and_a_faulty_line_imports_nothing(engine: Engine) -> None:
    lines, faults = read_lines(['{"id": "a", "text": "ใบรับรองสุขอนามัยพืช"}', '{"id": "b", "title": "ข", "text": "ข้าว"}'])
    assert faults == []
    with writing(engine) as connection:
        assert import_lines(connection, lines, NOW, None, "somchai", published=True) == (2, 0)
    again, _ = read_lines(['{"id": "a", "text": "ใบอนุญาตส่งออกมันสำปะหลัง"}'])
    with writing(engine) as connection:
        assert import_lines(connection, again, NOW, None, "somchai", published=True) == (0, 1)
    with reading(engine) as connection:
        assert len(find(connection, "มันสำปะหลัง", shelves=["article"])) == 1
        assert find(connection, "สุขอนามัยพืช", shelves=["article"]) == []
    _, faults = read_lines(
        [
            "{",
            "[]",
            '{"id": "x"}',
            '{"id": 7, "text": "ok"}',
            '{"id": "7", "text": "again"}',
            '{"id": "y", "text": 3}',
            "",
        ]
    )
    assert [fault.number for fault in faults] == [1, 2, 3, 5, 6]


def test_commands_import_and_search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("hotline.toml").write_text(first_settings(), "utf-8")
    rows = [
        {"id": f"t{ref}", "title": one[0], "text": one[1], "also_asked_as": list(one[2])} for ref, one in TEXTS.items()
    ]
    Path("texts.jsonl").write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), "utf-8")
    run = CliRunner()
    bad = run.invoke(cli, ["knowledge", "import", "-"], input='{"id": "a"}\n')
    assert bad.exit_code == 1
    assert "line 1: `text` is missing" in bad.output
    done = run.invoke(cli, ["knowledge", "import", "--published", "texts.jsonl"])
    assert done.exit_code == 0, done.output
    assert "4 new" in done.output
    one = run.invoke(cli, ["knowledge", "search", "--json", "--limit", "10", "ทุเรียนไปจีน"])
    assert json.loads(one.output)["ids"][0] == "t3"
    Path("asked.jsonl").write_text('{"id": 5, "question": "จดโลโก้"}\n"เปิดกี่โมง"\nใบซีโอ\n', "utf-8")
    many = run.invoke(cli, ["knowledge", "search", "--json", "--questions", "asked.jsonl"])
    answers = [json.loads(line) for line in many.output.splitlines()]
    assert [answer["ids"][0] for answer in answers] == ["t1", "t4", "t2"]
    assert answers[0]["id"] == 5
    drafts = run.invoke(cli, ["knowledge", "import", "-"], input='{"id": "d", "text": "ร่างเรื่องแฟรนไชส์"}')
    assert drafts.exit_code == 0
    assert "Nothing found" in run.invoke(cli, ["knowledge", "search", "แฟรนไชส์"]).output


def _house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    monkeypatch.chdir(tmp_path)
    Path("hotline.toml").write_text(first_settings(), "utf-8")
    return CliRunner()


def _known(run: CliRunner, question: str = "ข้าวหอม") -> list[str | int]:
    ids: list[str | int] = json.loads(run.invoke(cli, ["knowledge", "search", "--json", question]).output)["ids"]
    return ids


def test_files_as_other_machines_write_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mark of UTF-8, lines that end as Windows ends them, empty lines, numbers for ids, halves of letters."""
    run = _house(tmp_path, monkeypatch)
    lines = ['{"id": 1, "text": "ส่งออกข้าวหอมมะลิ"}', "", "   ", '{"id": " s", "text": "ก\\ud800ข", "title": null}']
    Path("a.jsonl").write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
    for said in ("2 new, 0 with a new version", "0 new, 2 with a new version"):
        done = run.invoke(cli, ["knowledge", "import", "--published", "a.jsonl"])
        assert done.exit_code == 0, done.output
        assert said in done.output
    assert _known(run) == [1]
    assert _known(run, "ก?ข") == [" s"]
    asked = ['{"id": 5, "question": "ข้าวหอม"}', "", '{"id": "q", "question": ""}', "[1]", "ข้าวหอม", '"ข้าวหอม"']
    Path("q.jsonl").write_bytes(b"\xef\xbb\xbf" + "\r\n".join(asked).encode())
    answers = run.invoke(cli, ["knowledge", "search", "--questions", "q.jsonl"]).output.splitlines()
    assert [json.loads(line)["ids"] for line in answers] == [[1], [], [], [1], [1]]
    assert [json.loads(line).get("id") for line in answers] == [5, "q", None, None, None]
    empty = run.invoke(cli, ["knowledge", "import", "-"], input="")
    assert (empty.exit_code, "0 new" in empty.output) == (0, True)
    assert _known(run, "") == []


def test_ids_are_given_back_as_they_were_given(engine: Engine) -> None:
    """A number stays a number, a text a text; whoever imports it the other way has it the other way from then on."""
    told = [
        '{"id": 7, "text": "ส่งออกข้าวหอม"}',
        '{"id": "08", "text": "ส่งออกข้าวเหนียว"}',
        f'{{"id": {10**30}, "text": "ก"}}',
    ]
    for lines, expected in ((told, [7, "08", 10**30]), (['{"id": "7", "text": "ข้าว"}'], ["7", "08", 10**30])):
        read, faults = read_lines(lines)
        assert faults == []
        with writing(engine) as connection:
            import_lines(connection, read, NOW, None, "somchai", published=True)
        with reading(engine) as connection:
            names = external_ids(connection, [1, 2, 3])
        assert [names[one] for one in sorted(names)] == expected


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"id":"n","text":"x"}\n\xff\xfe\n', "line 2: not UTF-8 at byte 1"),
        (b'{"id":"s\\ud800","text":"x"}\n', "line 1: `id` has letters that cannot be kept"),
        (b'{"id":1.5,"text":"x"}\n', "line 1: `id` is missing, neither text nor a whole number"),
        (
            b'{"id":1,"text":"' + b"x" * 5_000_000 + b'"}\n{"id":2}',
            "line 1: longer than 4,194,304 bytes\nline 2: `text`",
        ),
        (b'{"id":"a","text":"x"}\n{"id":"a","text":"y"}\n', "line 2: id 'a' stands in line 1 already"),
        (b'{"id":true,"text":"x"}\n', "line 1: `id` is missing"),
        (b'[{"id":"a","text":"x"}]', "line 1: not a JSON object"),
        (b'{"id":"a","text":"' + b"x" * 70_000 + b'"}', "line 1: `text` is too long (at most 60,000 letters)"),
        (b'{"id":"a","text":"ok","title":"' + b"x" * 400 + b'"}', "line 1: `title` is too long (at most 300 letters)"),
        (
            b'{"id":"a","text":"ok","also_asked_as":[1]}',
            "line 1: `also_asked_as` is neither a text nor a list of texts",
        ),
        (b'{"id":"ok","text":"x"}\n{"id":"a"', "line 2: not JSON"),
    ],
)
def test_faults_of_a_file_are_told_by_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, said: str
) -> None:
    run = _house(tmp_path, monkeypatch)
    Path("a.jsonl").write_bytes(content)
    refused = run.invoke(cli, ["knowledge", "import", "--published", "a.jsonl"])
    assert refused.exit_code == 1
    assert said in refused.output
    assert "Traceback" not in refused.output
    assert _known(run, "x") == []


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xfe\n", "line 1 of the questions is not UTF-8"),
        (b'{"id":"q"}\n', "line 1 of the questions has no `question`"),
        (b'ok\n{"question":\n', "line 2 of the questions is not JSON"),
    ],
)
def test_faults_of_questions_are_told_by_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, said: str
) -> None:
    run = _house(tmp_path, monkeypatch)
    Path("q.jsonl").write_bytes(content)
    refused = run.invoke(cli, ["knowledge", "search", "--json", "--questions", "q.jsonl"])
    assert refused.exit_code == 1
    assert said in refused.output
