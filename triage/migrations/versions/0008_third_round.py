"""Third round: a password that somebody else made is changed at the first sign-in.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

# A signature of everything names no unit, which the schema before 0007 refuses: whoever goes back has these set aside, and finds them on coming again.
SIGNATURE = "unit_code, first_on, last_on, signed_by, signed_at, note"
FIGURE = "measure, dimension, value, n, met, amount"
BRING = f"INSERT INTO sign_offs ({SIGNATURE}) SELECT {SIGNATURE} FROM sign_offs_aside WHERE id = :id RETURNING id"
BRING_FIGURES = f"""INSERT INTO frozen_figures (sign_off_id, {FIGURE})
    SELECT CAST(:fresh AS INTEGER), {FIGURE} FROM frozen_figures_aside WHERE sign_off_id = :id"""
ASIDE = (
    "CREATE TABLE sign_offs_aside AS SELECT * FROM sign_offs WHERE unit_code = ''",
    "CREATE TABLE frozen_figures_aside AS SELECT * FROM frozen_figures WHERE sign_off_id IN (SELECT id FROM sign_offs_aside)",
)
TAKEN = (
    "DELETE FROM frozen_figures WHERE sign_off_id IN (SELECT id FROM sign_offs_aside)",
    "DELETE FROM sign_offs WHERE id IN (SELECT id FROM sign_offs_aside)",
)
THAW = {"sqlite": "DROP TRIGGER {table}_no_delete", "postgresql": "ALTER TABLE {table} DISABLE TRIGGER {table}_frozen"}
FREEZE = {
    "sqlite": "CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} BEGIN SELECT RAISE(ABORT, 'signed figures are frozen'); END",
    "postgresql": "ALTER TABLE {table} ENABLE TRIGGER {table}_frozen",
}


def set_aside() -> None:
    """Put the signatures of everything into tables of their own, where there are any."""
    bind = op.get_bind()
    if bind.execute(sa.text("SELECT 1 FROM sign_offs WHERE unit_code = ''")).first() is None:
        return
    engine, tables = bind.dialect.name, ("sign_offs", "frozen_figures")
    thaw, freeze = ([said[engine].format(table=table) for table in tables] for said in (THAW, FREEZE))
    for statement in (*ASIDE, *thaw, *TAKEN, *freeze):
        op.execute(statement)


def bring_back() -> None:
    """Put back what was set aside, under numbers that nobody has taken meanwhile."""
    bind = op.get_bind()
    if not sa.inspect(bind).has_table("sign_offs_aside"):
        return
    for (id,) in bind.execute(sa.text("SELECT id FROM sign_offs_aside ORDER BY id")).all():
        fresh = bind.execute(sa.text(BRING), {"id": id}).scalar()
        bind.execute(sa.text(BRING_FIGURES), {"fresh": fresh, "id": id})
    op.drop_table("frozen_figures_aside")
    op.drop_table("sign_offs_aside")


def upgrade() -> None:
    """Apply."""
    bring_back()
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.add_column(sa.Column("is_temporary", sa.Boolean(create_constraint=False), server_default="0", nullable=False))


def downgrade() -> None:
    """Take back."""
    set_aside()
    with op.batch_alter_table("users", schema=None) as batch_op:
        batch_op.drop_column("is_temporary")
