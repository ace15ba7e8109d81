"""A process that does nothing but send the letters of a database: ``python sender_process.py URL PORT``. A test kills
it."""

import asyncio
import sys

from crm.database import open_engine
from crm.outbox.post_office import PostOffice
from crm.outbox.sender import Sender
from crm.settings import MailSettings


def main(url: str, port: int) -> None:
    """Sends for ever."""
    settings = MailSettings(
        server="127.0.0.1", port=port, security="none", sender="1169@hotline.test", letters_per_minute=6000
    )
    sender = Sender(open_engine(url), [PostOffice(settings, "1169", lambda: None)])
    asyncio.run(sender.run())


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
