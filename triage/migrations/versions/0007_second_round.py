"""Second round: everything can be signed, signed figures cannot be changed, what became of reports that were asked for, the history of audit tasks.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

from triage.store.schema import Moment

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

# What was signed stays: the database itself refuses to change or delete it, as it does with the audit trail.
SIGNED = ("sign_offs", "frozen_figures")
FROZEN = {
    "sqlite": [
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} BEGIN SELECT RAISE(ABORT, 'signed figures are frozen'); END"
        for table in SIGNED
        for verb in ("UPDATE", "DELETE")
    ],
    "postgresql": [
        "CREATE FUNCTION refuse_thaw() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'signed figures are frozen'; END $$",
        *(
            f"CREATE TRIGGER {table}_frozen BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_thaw()"
            for table in SIGNED
        ),
    ],
}
# What tasks that are there already say of their last answer and end becomes their history.
TOLD = (
    "SELECT id, 'answer', answered_by, answered_at, answer FROM audit_tasks WHERE answered_at IS NOT NULL",
    "SELECT id, 'close', closed_by, closed_at, '' FROM audit_tasks WHERE closed_at IS NOT NULL",
)

# An event that auditors entered is never changed, only revoked: the database refuses anything else.
ENTERED = "digest, kind, unit_code, happened_on, ticket_number, text, source, made_by, made_at"
EVENTS = {
    "sqlite": [
        f"CREATE TRIGGER quality_events_{name} BEFORE {what} ON quality_events BEGIN SELECT RAISE(ABORT, 'quality events are only revoked'); END"
        for name, what in (("no_update", f"UPDATE OF {ENTERED}"), ("no_delete", "DELETE"))
    ],
    "postgresql": [
        "CREATE FUNCTION refuse_event() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'quality events are only revoked'; END $$",
        f"CREATE TRIGGER quality_events_kept BEFORE UPDATE OF {ENTERED} OR DELETE OR TRUNCATE ON quality_events"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_event()",
    ],
}

# Cards that are there already count for a figure that is new.
STALE = """INSERT INTO counters (name, value)
    SELECT 'figures-stale', 1 WHERE EXISTS (SELECT 1 FROM assessments) AND NOT EXISTS (SELECT 1 FROM counters WHERE name = 'figures-stale')"""


def upgrade() -> None:
    """Apply."""
    with op.batch_alter_table("sign_offs", schema=None) as batch_op:
        batch_op.drop_constraint("fk_sign_offs_unit_code_units", type_="foreignkey")  # '' is everything, as with the figures
    for statement in FROZEN[op.get_bind().dialect.name]:
        op.execute(statement)
    with op.batch_alter_table("report_files", schema=None) as batch_op:
        batch_op.add_column(sa.Column("listed", sa.Integer(), nullable=True))
    op.create_table(
        "report_jobs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("unit_code", sa.String(length=64), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("format", sa.String(length=64), nullable=False),
        sa.Column("asked_by", sa.String(length=64), nullable=False),
        sa.Column("asked_at", Moment(), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("changed_at", Moment(), nullable=False),
        sa.Column("why", sa.Text(), server_default="", nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report_jobs")),
        sa.UniqueConstraint(
            "asked_by", "kind", "unit_code", "first_on", "format", name=op.f("uq_report_jobs_asked_by_kind_unit_code_first_on_format")
        ),
    )
    op.create_table(
        "audit_task_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("task_id", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("happened_at", Moment(), nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["audit_tasks.id"], name=op.f("fk_audit_task_entries_task_id_audit_tasks")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_task_entries")),
    )
    op.create_index(op.f("ix_audit_task_entries_task_id"), "audit_task_entries", ["task_id"], unique=False)
    op.create_table(
        "quality_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("unit_code", sa.String(length=64), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("ticket_number", sa.String(length=16), nullable=True),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("made_by", sa.String(length=64), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("revoked_by", sa.String(length=64), server_default="", nullable=False),
        sa.Column("revoked_at", Moment(), nullable=True),
        sa.Column("revoked_reason", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["made_by"], ["users.username"], name=op.f("fk_quality_events_made_by_users")),
        sa.ForeignKeyConstraint(["ticket_number"], ["tickets.number"], name=op.f("fk_quality_events_ticket_number_tickets")),
        sa.ForeignKeyConstraint(["unit_code"], ["units.code"], name=op.f("fk_quality_events_unit_code_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quality_events")),
    )
    op.create_index(op.f("ix_quality_events_ticket_number"), "quality_events", ["ticket_number"], unique=False)
    op.create_index(op.f("ix_quality_events_unit_code_happened_on"), "quality_events", ["unit_code", "happened_on"], unique=False)
    stands = sa.text("revoked_at IS NULL")
    op.create_index("ix_quality_events_standing", "quality_events", ["digest"], unique=True, sqlite_where=stands, postgresql_where=stands)
    for statement in EVENTS[op.get_bind().dialect.name]:
        op.execute(statement)
    op.execute(STALE)
    for told in TOLD:
        op.execute(f"INSERT INTO audit_task_entries (task_id, action, actor, happened_at, text) {told}")

    op.create_index(op.f("ix_tickets_team_unit_closed_at_received_at"), "tickets", ["team_unit", "closed_at", "received_at"], unique=False)
    exempt = sa.text("is_exempt")
    op.create_index("ix_tickets_exempt", "tickets", ["number"], unique=False, sqlite_where=exempt, postgresql_where=exempt)
    op.create_index(op.f("ix_decisions_team_unit_made_at"), "decisions", ["team_unit", "made_at"], unique=False)
    open_steps = sa.text("ended_at IS NULL AND voided_at IS NULL")
    with op.batch_alter_table("steps", schema=None) as batch_op:
        batch_op.add_column(sa.Column("used_seconds", sa.Integer(), nullable=True))
        batch_op.drop_index("ix_steps_unit_code_watch_due_at")
        batch_op.create_index("ix_steps_unit_code_watch_step_due_at", ["unit_code", "watch", "step", "due_at"], unique=False)
        batch_op.create_index("ix_steps_open", ["watch", "step", "due_at"], unique=False, sqlite_where=open_steps, postgresql_where=open_steps)
    # The ticket's number stands in the index, so that the board finds the tickets of one unit without reading everybody's entries.
    op.drop_index("ix_audit_action_happened_at", table_name="audit")
    op.create_index("ix_audit_action_happened_at", "audit", ["action", "happened_at", "ticket_number"], unique=False)
    op.add_column("drafts", sa.Column("dropped_at", Moment(), nullable=True))


def downgrade() -> None:
    """Take back."""
    op.drop_index(op.f("ix_decisions_team_unit_made_at"), table_name="decisions")
    op.drop_index("ix_tickets_exempt", table_name="tickets")
    op.drop_index(op.f("ix_tickets_team_unit_closed_at_received_at"), table_name="tickets")
    with op.batch_alter_table("drafts", schema=None) as batch_op:
        batch_op.drop_column("dropped_at")
    op.drop_index("ix_audit_action_happened_at", table_name="audit")
    op.create_index("ix_audit_action_happened_at", "audit", ["action", "happened_at"], unique=False)
    with op.batch_alter_table("steps", schema=None) as batch_op:
        batch_op.drop_index("ix_steps_open")
        batch_op.drop_index("ix_steps_unit_code_watch_step_due_at")
        batch_op.create_index("ix_steps_unit_code_watch_due_at", ["unit_code", "watch", "due_at"], unique=False)
        batch_op.drop_column("used_seconds")
    op.drop_table("quality_events")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_event()")
    op.drop_table("audit_task_entries")
    op.drop_table("report_jobs")
    with op.batch_alter_table("report_files", schema=None) as batch_op:
        batch_op.drop_column("listed")
    is_postgres = op.get_bind().dialect.name == "postgresql"
    for table in SIGNED:
        names = [f"{table}_frozen"] if is_postgres else [f"{table}_no_update", f"{table}_no_delete"]
        for name in names:
            op.execute(f"DROP TRIGGER {name}{f' ON {table}' if is_postgres else ''}")
    if is_postgres:
        op.execute("DROP FUNCTION refuse_thaw()")
    with op.batch_alter_table("sign_offs", schema=None) as batch_op:
        batch_op.create_foreign_key("fk_sign_offs_unit_code_units", "units", ["unit_code"], ["code"])
