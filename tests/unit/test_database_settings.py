"""Settings of the database and the recorder."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from crm.settings import DatabaseSettings, RecorderSettings


def test_without_a_url_the_database_is_a_file_in_the_state_folder() -> None:
    assert DatabaseSettings().resolved_url(Path("state")) == "sqlite:///state/hotline.sqlite3"


def test_a_url_is_taken_as_it_is() -> None:
    url = "postgresql://hotline@db/hotline"
    assert DatabaseSettings(url=url).resolved_url(Path("state")) == url


@pytest.mark.parametrize("wrong", [{"gather_seconds": 0.5}, {"batch_calls": 0}, {"unknown": 1}])
def test_settings_that_cannot_be_are_errors(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        RecorderSettings.model_validate(wrong)
