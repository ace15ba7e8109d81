"""Tables of articles and their versions."""

from enum import StrEnum
from typing import Final

from sqlalchemy import JSON, Boolean, Column, Date, ForeignKey, Index, Integer, Table, Text, false, text

from crm.database import Identity, Instant, metadata, one_of


class VersionState(StrEnum):
    """How far a version is. Agents see the published one."""

    DRAFT = "draft"
    WAITING = "waiting"  # handed in, to be verified by somebody else
    VERIFIED = "verified"
    PUBLISHED = "published"
    REPLACED = "replaced"  # a newer one was published, or the article was taken back
    REFUSED = "refused"


knowledge_articles: Final = Table(
    "knowledge_articles",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("external_id", Text),  # of the file it was imported from
    Column("external_number", Boolean, nullable=False, server_default=false()),  # it stood there as a number
    Column("published_version", Integer),  # NULL: nobody but editors sees it
    Column("latest_version", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("retired_at", Instant),
    Column("review_at", Date),  # to be looked through again
    Index("uq_knowledge_articles_external_id", "external_id", unique=True),
    Index(None, "review_at"),
)

knowledge_versions: Final = Table(
    "knowledge_versions",
    metadata,
    Column("id", Identity, primary_key=True),
    Column("article_id", Identity, ForeignKey("knowledge_articles.id", ondelete="CASCADE"), nullable=False),
    Column("number", Integer, nullable=False),  # from 1
    Column("state", Text, nullable=False),
    Column("question_th", Text, nullable=False),
    Column("question_en", Text, nullable=False),
    Column("answer_th", Text, nullable=False),  # Markdown
    Column("answer_en", Text, nullable=False),
    Column("also", Text, nullable=False, server_default=text("''")),  # also asked as, one a line
    Column("sources", Text, nullable=False, server_default=text("''")),  # one a line
    Column("topic_id", Identity, ForeignKey("topics.id")),
    Column("department", Text, nullable=False, server_default=text("''")),  # the owning office
    Column("valid_until", Date),  # the last day
    Column("attachments", JSON, nullable=False),  # ids of documents, in order
    Column("author_id", Identity),  # staff; NULL: by the system
    Column("author", Text, nullable=False),  # name then
    Column("made_at", Instant, nullable=False),
    Column("why", Text, nullable=False, server_default=text("''")),  # what was changed and why
    Column("verifier_id", Identity),
    Column("verifier", Text, nullable=False, server_default=text("''")),
    Column("verified_at", Instant),
    Column("refusal", Text, nullable=False, server_default=text("''")),
    Column("published_at", Instant),
    one_of("state", VersionState),
    Index("uq_knowledge_versions_article_id_number", "article_id", "number", unique=True),
    Index(None, "state"),
)
