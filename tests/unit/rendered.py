"""A site with everything, and its rendered configuration."""

import functools
import json
import re
from pathlib import Path
from typing import Any

from dialplan.render import (
    RenderFolders,
    render,
)
from dialplan.secrets import Secrets
from dialplan.site import HotlineSite

FOLDERS = RenderFolders(*(Path("/run/pbx") / name for name in RenderFolders.__dataclass_fields__))
SECRETS = Secrets(ami="ami-secret", agents={"1001": "phone-one", "1002": "phone-two"})


AT = r"\${SET\(HOTLINE_AT=\${(?:STRFTIME\(,,%s.%6q\)|HOTLINE_\w+)}\)}"  # taken here, and told again to the manager
BASE: dict[str, Any] = {
    "numbers": [
        {"number": "1169", "queue": "enquiries"},
        {"number": "1170", "queue": "technical", "menu": True, "record": True},
    ],
    "trunks": [{"name": "provider", "host": "192.0.2.1", "match": ["192.0.2.1", "192.0.2.0/28"]}],
    "queues": [{"name": "enquiries"}, {"name": "technical", "strategy": "rrmemory", "wrap_up_seconds": 12}],
    "departments": [{"name": "legal", "extension": "201", "dial": "025077000"}],
    "agents": [
        {"extension": "1001", "name_en": "Somsri", "queues": ["enquiries", "technical"]},
        {"extension": "1002", "queues": ["enquiries"], "phone": "webrtc"},
    ],
}


def site(**sections: Any) -> HotlineSite:
    return HotlineSite(**(BASE | sections))


def files(**sections: Any) -> dict[str, str]:
    return dict(_files(json.dumps(sections)))


@functools.cache
def _files(sections: str) -> dict[str, str]:
    return render(site(**json.loads(sections)), FOLDERS, SECRETS)


def contexts(text: str) -> dict[str, list[str]]:
    """Context → its lines, without comments and blanks."""
    found: dict[str, list[str]] = {}
    current: list[str] = []
    for raw in text.splitlines():
        line = re.sub(r"(?<!\\);.*", "", raw).strip()
        if header := re.fullmatch(r"\[([^\]]+)\](?:\(.*\))?", line):
            current = found.setdefault(header[1], [])
        elif line:
            current.append(line)
    return found
