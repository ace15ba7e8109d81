"""Secrets of one installation: made on first start, kept in the state folder, never printed."""

import json
import os
import secrets as random_source
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from dialplan.sections import Trunk
from dialplan.site import HotlineSite

FILE_NAME = "secrets.json"


class SecretMissing(Exception):
    """A password that somebody else gives us is not there."""


@dataclass(frozen=True)
class Secrets:
    """Passwords of the manager port and of the agents' telephones."""

    ami: str = field(repr=False)
    agents: dict[str, str] = field(repr=False)

    @classmethod
    def load(cls, state_folder: Path, site: HotlineSite) -> Self:
        """Reads ``secrets.json`` of the state folder; makes what is missing. The file is readable by its owner only."""
        path = state_folder / FILE_NAME
        known = json.loads(path.read_text("utf-8")) if path.exists() else {}
        agents = {
            agent.extension: known.get("agents", {}).get(agent.extension) or random_source.token_urlsafe(18)
            for agent in site.agents
        }
        result = cls(ami=known.get("ami") or random_source.token_urlsafe(24), agents=agents)
        if known != (kept := {"ami": result.ami, "agents": {**known.get("agents", {}), **agents}}):
            state_folder.mkdir(parents=True, exist_ok=True)
            _write_private(path, json.dumps(kept, indent=1))
        return result

    def agent(self, extension: str) -> str:
        """The SIP password of an agent's telephone."""
        return self.agents[extension]

    def trunk(self, trunk: Trunk) -> str:
        """The password a provider gave us, from the environment. Raises SecretMissing with what to do."""
        name = trunk.password_env
        if not name or not os.environ.get(name):
            raise SecretMissing(
                f"trunk {trunk.name}: its password is not known. Name an environment variable in password_env"
                f" and set it{f' (now: {name})' if name else ''}."
            )
        return os.environ[name]


def own_key(state_folder: Path, name: str) -> str:
    """A key of this installation's own, such as that of the links in letters; made when it is first asked for."""
    path = state_folder / f"{name}.key"
    if not path.exists():
        state_folder.mkdir(parents=True, exist_ok=True)
        _write_private(path, random_source.token_urlsafe(32))
    return path.read_text("utf-8")


def _write_private(path: Path, text: str) -> None:
    temporary = path.with_suffix(".new")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    temporary.replace(path)
