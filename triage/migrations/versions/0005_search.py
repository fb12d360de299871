"""The words of tickets for full-text search (全文检索): FTS5 on SQLite, a tsvector with a GIN index on PostgreSQL.

Filled as tickets are opened; those that are there already are found after `flask rebuild search`.

Revision ID: 0005
Revises: 0004
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# The tokenizer `ascii` takes every character beyond ASCII for part of a word; `unicode61` does not know the newer Chinese characters.
TABLES = {
    "sqlite": ("CREATE VIRTUAL TABLE ticket_words USING fts5(words, tokenize = 'ascii')",),
    "postgresql": (
        "CREATE TABLE ticket_words (ticket_number varchar(16) PRIMARY KEY REFERENCES tickets (number), words tsvector NOT NULL)",
        "CREATE INDEX ix_ticket_words_words ON ticket_words USING gin (words)",
    ),
}


def upgrade() -> None:
    for statement in TABLES[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE ticket_words")
