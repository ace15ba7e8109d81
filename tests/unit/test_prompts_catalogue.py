"""The catalogue is complete in every language, and faults are all named at once."""

from pathlib import Path

import pytest

from dialplan.prompts import catalogue, numbers
from dialplan.prompts.errors import CatalogueError


def write(folder: Path, language: str, text: str) -> None:
    (folder / f"{language}.toml").write_text(text, "utf-8")


def test_shipped_catalogues_are_complete() -> None:
    both = catalogue.load_all()
    assert both["th"].common_ids == both["en"].common_ids
    assert all(numbers.vocabulary(language) <= both[language].ids for language in both)


def test_greeting_is_the_ministrys_script() -> None:
    """H2."""
    assert catalogue.load("th").prompts["greeting"].text == "ศูนย์บริการกระทรวงพาณิชย์ สวัสดีค่ะ"


def test_survey_names_the_meanings_in_the_words_of_the_manuals() -> None:
    """H8: impressed, satisfied, not satisfied; both scales."""
    prompts = catalogue.load("th").prompts
    for name, keys in (("survey-123", "หนึ่ง สอง สาม"), ("survey-321", "สาม สอง หนึ่ง")):
        said = prompts[name].text
        for meaning, key in zip(("ประทับใจ", " พึงพอใจ", "ไม่พึงพอใจ"), keys.split(), strict=True):
            assert f"{meaning} กด{key}" in said


def test_every_thai_prompt_has_checked_phonemes() -> None:
    prompts = catalogue.load("th").prompts.values()
    assert [prompt.id for prompt in prompts if not (prompt.phonemes or prompt.sound)] == []


def test_a_missing_id_is_named_with_its_language(tmp_path: Path) -> None:
    for language in ("th", "en"):
        text = (catalogue.CATALOGUE_FOLDER / f"{language}.toml").read_text("utf-8")
        write(tmp_path, language, text.replace("[you-are-next]", "[other]") if language == "en" else text)
    with pytest.raises(CatalogueError) as caught:
        catalogue.load_all(folder=tmp_path)
    assert "en.toml lacks you-are-next" in str(caught.value)
    assert "th.toml lacks other" in str(caught.value)


def test_all_faults_of_a_file_are_named_at_once(tmp_path: Path) -> None:
    write(tmp_path, "th", '[Bad_Id]\ntext="a"\n[no-text]\n[odd]\ntext="a"\nsound="gong"\nspeed="1"\n')
    with pytest.raises(CatalogueError) as caught:
        catalogue.load("th", tmp_path)
    for fault in ("Bad_Id", "no-text: text is missing", "odd: unknown speed", "unknown sound 'gong'"):
        assert fault in str(caught.value)


def test_an_absent_or_broken_file_says_so(tmp_path: Path) -> None:
    write(tmp_path, "en", "[a\n")
    for language in ("th", "en"):
        with pytest.raises(CatalogueError, match=f"{language}.toml cannot be read"):
            catalogue.load(language, tmp_path)


def test_missing_names_prompts_without_sound(tmp_path: Path) -> None:
    write(tmp_path, "en", '[a]\ntext="a"\n[b]\ntext="b"\n[c]\ntext="c"\n')
    (tmp_path / "en").mkdir()
    (tmp_path / "en" / "a.ulaw").write_bytes(b"\xff")
    (tmp_path / "en" / "b.ulaw").write_bytes(b"")
    assert catalogue.missing(tmp_path, "en", tmp_path) == ["b", "c"]


def test_the_hash_changes_with_text_phonemes_and_sound() -> None:
    prompts = [
        catalogue.Prompt("a", "x"),
        catalogue.Prompt("a", "y"),
        catalogue.Prompt("a", "x", phonemes="y"),
        catalogue.Prompt("a", "x", sound="beep"),
    ]
    assert len({prompt.text_hash for prompt in prompts}) == 4
