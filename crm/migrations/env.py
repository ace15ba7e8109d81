"""Alembic's way in: runs on the connection that `crm.database` hands over; the whole of it is one transaction."""

from alembic import context

import crm.audit.models
import crm.autosave.models
import crm.basket.models
import crm.calendar.models
import crm.calls.models
import crm.cards.models
import crm.closure.models
import crm.console.models
import crm.contacts.models
import crm.dealers.models
import crm.departments.models
import crm.directory.models
import crm.documents.models
import crm.inbox.models
import crm.knowledge.models
import crm.outbox.models
import crm.pauses.models
import crm.people.models
import crm.quality.models
import crm.recordings.models
import crm.reports.models
import crm.scripts.models
import crm.search.models
import crm.sources.models
import crm.staff.models
import crm.staffing.models
import crm.standards.models
import crm.telephone.models
import crm.topics.models  # noqa: F401  (the models register their tables)
from crm.database import metadata

connection = context.config.attributes.get("connection")
if connection is None:
    raise SystemExit("run `hotline db upgrade`: migrations need the connection that it opens")
context.configure(
    connection=connection,
    target_metadata=metadata,
    compare_type=True,
    render_as_batch=connection.dialect.name == "sqlite",
    transactional_ddl=True,  # SQLite can, once the driver leaves transactions to us
)
context.run_migrations()
