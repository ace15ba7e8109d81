"""What pages send that save themselves field by field."""

from typing import Annotated, Any, Final

from pydantic import BaseModel, Field

LONGEST_KEY: Final = 80
Key = Annotated[str | None, Field(max_length=LONGEST_KEY)]


class Changes(BaseModel):
    """Changes of single fields. ``version``: what the page saw; ``key``: of this request, for when it is repeated;
    ``client``: which page asks."""

    changes: dict[str, Any] = Field(default_factory=dict, max_length=40)
    version: int | None = None
    key: Key = None
    client: Key = None
