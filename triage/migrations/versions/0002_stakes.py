"""What a demand type's handling is, and what it costs to miss a topic or a demand type.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("demand_types", schema=None) as batch_op:
        batch_op.add_column(sa.Column("handling", sa.String(length=64), server_default="ordinary", nullable=False))
        batch_op.add_column(sa.Column("cost_when_missed", sa.Float(), server_default="1", nullable=False))
    with op.batch_alter_table("topics", schema=None) as batch_op:
        batch_op.add_column(sa.Column("cost_when_missed", sa.Float(), server_default="1", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("topics", schema=None) as batch_op:
        batch_op.drop_column("cost_when_missed")
    with op.batch_alter_table("demand_types", schema=None) as batch_op:
        batch_op.drop_column("cost_when_missed")
        batch_op.drop_column("handling")
