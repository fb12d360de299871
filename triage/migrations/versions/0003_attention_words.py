"""Word lists that the patterns of the attention rules refer to; the bundled patterns, written anew with them, take the place of the old.

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

from triage.store.schema import Moment

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attention_words",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("words", sa.Text(), server_default="", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("basis", sa.Text(), server_default="", nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("edited_by", sa.Text(), server_default="", nullable=False),
        sa.Column("edited_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_attention_words")),
    )
    op.execute("DELETE FROM attention_patterns WHERE edited_by = ''")  # loading never takes rows away; those that a person edited stay


def downgrade() -> None:
    op.drop_table("attention_words")
