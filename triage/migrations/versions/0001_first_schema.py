"""The first schema: reference tables, organisation, people, tickets with their clocks and audit trail."""

import sqlalchemy as sa
from alembic import op

from triage.store.schema import Moment

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# The audit trail is append-only: the database itself refuses to change or delete an entry.
TRAILS = ("audit", "reference_audit")
APPEND_ONLY = {
    "sqlite": [
        f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} BEGIN SELECT RAISE(ABORT, 'the audit trail is append-only'); END"
        for table in TRAILS
        for verb in ("UPDATE", "DELETE")
    ],
    "postgresql": [
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the audit trail is append-only'; END $$",
        *(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
            for table in TRAILS
        ),
    ],
}


def upgrade() -> None:
    """Apply."""
    op.create_table(
        "attention",
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("when", sa.Text(), server_default="", nullable=False),
        sa.Column("effect", sa.Text(), server_default="", nullable=False),
        sa.Column("level", sa.String(length=64), nullable=False),
        sa.Column("lead_department", sa.String(length=64), nullable=False),
        sa.Column("co_department", sa.String(length=64), nullable=False),
        sa.Column("is_confidential", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("basis", sa.Text(), server_default="", nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("edited_by", sa.Text(), server_default="", nullable=False),
        sa.Column("edited_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_attention")),
    )
    op.create_table(
        "calendar_years",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("basis", sa.Text(), server_default="", nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("edited_by", sa.Text(), server_default="", nullable=False),
        sa.Column("edited_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_calendar_years")),
    )
    op.create_table(
        "contacts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("submission_key", sa.String(length=100), nullable=True),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("caller_name", sa.Text(), server_default="", nullable=False),
        sa.Column("phone", sa.Text(), server_default="", nullable=False),
        sa.Column("phone_digest", sa.String(length=64), nullable=False),
        sa.Column("customer_number", sa.String(length=64), nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("is_confidential", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("received_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
        sa.UniqueConstraint("submission_key", name=op.f("uq_contacts_submission_key")),
    )
    with op.batch_alter_table("contacts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contacts_customer_number_received_at"), ["customer_number", "received_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_contacts_phone_digest_received_at"), ["phone_digest", "received_at"], unique=False)

    op.create_table(
        "counters",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counters")),
    )
    op.create_table(
        "demand_types",
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("definition", sa.Text(), server_default="", nullable=False),
        sa.Column("signal", sa.Text(), server_default="", nullable=False),
        sa.Column("basis", sa.Text(), server_default="", nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("edited_by", sa.Text(), server_default="", nullable=False),
        sa.Column("edited_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_demand_types")),
    )
    op.create_table(
        "departments",
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("line", sa.Text(), server_default="", nullable=False),
        sa.Column("handles", sa.Text(), server_default="", nullable=False),
        sa.Column("basis", sa.Text(), server_default="", nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("edited_by", sa.Text(), server_default="", nullable=False),
        sa.Column("edited_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_departments")),
    )
    op.create_table(
        "fixed_holidays",
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("basis", sa.Text(), server_default="", nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("edited_by", sa.Text(), server_default="", nullable=False),
        sa.Column("edited_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("month", "day", name=op.f("pk_fixed_holidays")),
    )
    op.create_table(
        "metrics",
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("numerator", sa.Text(), server_default="", nullable=False),
        sa.Column("denominator", sa.Text(), server_default="", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("basis", sa.Text(), server_default="", nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("edited_by", sa.Text(), server_default="", nullable=False),
        sa.Column("edited_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_metrics")),
    )
    op.create_table(
        "reference_audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("happened_at", Moment(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("table_name", sa.String(length=64), nullable=False),
        sa.Column("row_key", sa.Text(), server_default="", nullable=False),
        sa.Column("before_json", sa.Text(), server_default="", nullable=False),
        sa.Column("after_json", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reference_audit")),
    )
    op.create_table(
        "sign_in_failures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("username_digest", sa.String(length=64), nullable=False),
        sa.Column("failed_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_failures")),
    )
    with op.batch_alter_table("sign_in_failures", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_in_failures_username_digest_failed_at"), ["username_digest", "failed_at"], unique=False)

    op.create_table(
        "switches",
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("value", sa.Text(), server_default="", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("basis", sa.Text(), server_default="", nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("edited_by", sa.Text(), server_default="", nullable=False),
        sa.Column("edited_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_switches")),
    )
    op.create_table(
        "time_limits",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("demand_type", sa.String(length=64), nullable=False),
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("step", sa.String(length=64), nullable=False),
        sa.Column("from_event", sa.String(length=64), nullable=False),
        sa.Column("amount", sa.Float(), nullable=False),
        sa.Column("unit", sa.String(length=64), nullable=False),
        sa.Column("clock", sa.String(length=64), nullable=False),
        sa.Column("yellow_fraction", sa.Float(), nullable=False),
        sa.Column("is_pausable", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("valid_from_on", sa.Date(), nullable=True),
        sa.Column("valid_until_on", sa.Date(), nullable=True),
        sa.Column("basis", sa.Text(), server_default="", nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("edited_by", sa.Text(), server_default="", nullable=False),
        sa.Column("edited_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_time_limits")),
        sa.UniqueConstraint(
            "demand_type",
            "topic",
            "zone",
            "channel",
            "step",
            "from_event",
            "valid_from_on",
            name=op.f("uq_time_limits_demand_type_topic_zone_channel_step_from_event_valid_from_on"),
        ),
    )
    op.create_table(
        "units",
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("parent_code", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["parent_code"], ["units.code"], name=op.f("fk_units_parent_code_units")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_units")),
    )
    op.create_table(
        "areas",
        sa.Column("keyword", sa.String(length=64), nullable=False),
        sa.Column("unit_code", sa.String(length=64), nullable=False),
        sa.Column("locality", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["unit_code"], ["units.code"], name=op.f("fk_areas_unit_code_units")),
        sa.PrimaryKeyConstraint("keyword", name=op.f("pk_areas")),
    )
    op.create_table(
        "attention_patterns",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(length=64), nullable=False),
        sa.Column("pattern", sa.Text(), server_default="", nullable=False),
        sa.Column("is_negation", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("basis", sa.Text(), server_default="", nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("edited_by", sa.Text(), server_default="", nullable=False),
        sa.Column("edited_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["rule"], ["attention.code"], name=op.f("fk_attention_patterns_rule_attention")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attention_patterns")),
    )
    op.create_table(
        "calendar_days",
        sa.Column("day_on", sa.Date(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("is_working", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("basis", sa.Text(), server_default="", nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("edited_by", sa.Text(), server_default="", nullable=False),
        sa.Column("edited_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["year"], ["calendar_years.year"], name=op.f("fk_calendar_days_year_calendar_years")),
        sa.PrimaryKeyConstraint("day_on", name=op.f("pk_calendar_days")),
    )
    op.create_table(
        "customers",
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("phone", sa.Text(), server_default="", nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("unit_code", sa.String(length=64), nullable=False),
        sa.Column("locality", sa.String(length=64), nullable=False),
        sa.Column("transformer_area", sa.Text(), server_default="", nullable=False),
        sa.Column("key_kind", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["unit_code"], ["units.code"], name=op.f("fk_customers_unit_code_units")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_customers")),
    )
    op.create_table(
        "routing",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("demand_type", sa.String(length=64), nullable=False),
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("lead_department", sa.String(length=64), nullable=False),
        sa.Column("is_confidential", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("basis", sa.Text(), server_default="", nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("edited_by", sa.Text(), server_default="", nullable=False),
        sa.Column("edited_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["demand_type"], ["demand_types.code"], name=op.f("fk_routing_demand_type_demand_types")),
        sa.ForeignKeyConstraint(["lead_department"], ["departments.code"], name=op.f("fk_routing_lead_department_departments")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_routing")),
        sa.UniqueConstraint("demand_type", "topic", name=op.f("uq_routing_demand_type_topic")),
    )
    op.create_table(
        "teams",
        sa.Column("unit_code", sa.String(length=64), nullable=False),
        sa.Column("department_code", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["department_code"], ["departments.code"], name=op.f("fk_teams_department_code_departments")),
        sa.ForeignKeyConstraint(["unit_code"], ["units.code"], name=op.f("fk_teams_unit_code_units")),
        sa.PrimaryKeyConstraint("unit_code", "department_code", name=op.f("pk_teams")),
    )
    op.create_table(
        "tickets",
        sa.Column("number", sa.String(length=16), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("level", sa.String(length=64), nullable=False),
        sa.Column("queue_rank", sa.Integer(), nullable=False),
        sa.Column("demand_type", sa.String(length=64), nullable=True),
        sa.Column("topic", sa.String(length=64), nullable=True),
        sa.Column("department", sa.String(length=64), nullable=True),
        sa.Column("unit_code", sa.String(length=64), nullable=True),
        sa.Column("team_unit", sa.String(length=64), nullable=True),
        sa.Column("locality", sa.String(length=64), nullable=True),
        sa.Column("channel", sa.String(length=64), nullable=False),
        sa.Column("received_at", Moment(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("is_confidential", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("is_watched", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("next_step", sa.String(length=64), nullable=True),
        sa.Column("next_due_at", Moment(), nullable=True),
        sa.Column("yellow_at", Moment(), nullable=True),
        sa.Column("red_at", Moment(), nullable=True),
        sa.Column("is_confirmed", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("reply", sa.Text(), server_default="", nullable=False),
        sa.Column("finding", sa.Text(), server_default="", nullable=False),
        sa.Column("owner", sa.Text(), server_default="", nullable=False),
        sa.Column("satisfaction", sa.Text(), server_default="", nullable=False),
        sa.Column("closed_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_tickets_contact_id_contacts")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_tickets")),
    )
    with op.batch_alter_table("tickets", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tickets_contact_id"), ["contact_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_tickets_received_at"), ["received_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_tickets_state_queue_rank_next_due_at"), ["state", "queue_rank", "next_due_at"], unique=False)
        batch_op.create_index("ix_tickets_team", ["department", "team_unit", "state", "queue_rank", "next_due_at"], unique=False)

    op.create_table(
        "topics",
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("level1_code", sa.String(length=64), nullable=False),
        sa.Column("level1", sa.Text(), server_default="", nullable=False),
        sa.Column("level2_code", sa.String(length=64), nullable=False),
        sa.Column("level2", sa.Text(), server_default="", nullable=False),
        sa.Column("level3", sa.Text(), server_default="", nullable=False),
        sa.Column("lead_department", sa.String(length=64), nullable=False),
        sa.Column("support_departments", sa.Text(), server_default="", nullable=False),
        sa.Column("definition", sa.Text(), server_default="", nullable=False),
        sa.Column("not_this", sa.Text(), server_default="", nullable=False),
        sa.Column("basis", sa.Text(), server_default="", nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("edited_by", sa.Text(), server_default="", nullable=False),
        sa.Column("edited_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["lead_department"], ["departments.code"], name=op.f("fk_topics_lead_department_departments")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_topics")),
    )
    op.create_table(
        "users",
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("role", sa.String(length=64), nullable=False),
        sa.Column("unit_code", sa.String(length=64), nullable=False),
        sa.Column("department_code", sa.String(length=64), nullable=False),
        sa.Column("password_hash", sa.Text(), server_default="", nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["unit_code"], ["units.code"], name=op.f("fk_users_unit_code_units")),
        sa.PrimaryKeyConstraint("username", name=op.f("pk_users")),
    )
    op.create_table(
        "audit",
        sa.Column("ticket_number", sa.String(length=16), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("happened_at", Moment(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=64), nullable=False),
        sa.Column("from_state", sa.String(length=64), nullable=True),
        sa.Column("to_state", sa.String(length=64), nullable=True),
        sa.Column("detail_json", sa.Text(), server_default="", nullable=False),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["ticket_number"], ["tickets.number"], name=op.f("fk_audit_ticket_number_tickets")),
        sa.PrimaryKeyConstraint("ticket_number", "seq", name=op.f("pk_audit")),
    )
    op.create_table(
        "decisions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_number", sa.String(length=16), nullable=False),
        sa.Column("made_by", sa.String(length=64), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("demand_type", sa.String(length=64), nullable=True),
        sa.Column("topic", sa.String(length=64), nullable=True),
        sa.Column("department", sa.String(length=64), nullable=True),
        sa.Column("unit_code", sa.String(length=64), nullable=True),
        sa.Column("team_unit", sa.String(length=64), nullable=True),
        sa.Column("level", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=64), nullable=False),
        sa.Column("reasons_json", sa.Text(), server_default="", nullable=False),
        sa.Column("attention_json", sa.Text(), server_default="", nullable=False),
        sa.Column("co_departments_json", sa.Text(), server_default="", nullable=False),
        sa.Column("earlier_json", sa.Text(), server_default="", nullable=False),
        sa.Column("model_version", sa.String(length=64), nullable=True),
        sa.Column("confidence", sa.Float(), nullable=True),
        sa.Column("threshold", sa.Float(), nullable=True),
        sa.Column("made_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_number"], ["tickets.number"], name=op.f("fk_decisions_ticket_number_tickets")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
    )
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_decisions_ticket_number"), ["ticket_number"], unique=False)

    op.create_table(
        "notes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_number", sa.String(length=16), nullable=False),
        sa.Column("audit_seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["ticket_number"], ["tickets.number"], name=op.f("fk_notes_ticket_number_tickets")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notes")),
    )
    with op.batch_alter_table("notes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_notes_ticket_number"), ["ticket_number"], unique=False)

    op.create_table(
        "predictions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_number", sa.String(length=16), nullable=False),
        sa.Column("model_version", sa.String(length=64), nullable=False),
        sa.Column("topics_json", sa.Text(), server_default="", nullable=False),
        sa.Column("demand_types_json", sa.Text(), server_default="", nullable=False),
        sa.Column("words_json", sa.Text(), server_default="", nullable=False),
        sa.Column("threshold", sa.Float(), nullable=True),
        sa.Column("made_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_number"], ["tickets.number"], name=op.f("fk_predictions_ticket_number_tickets")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_predictions")),
    )
    with op.batch_alter_table("predictions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_predictions_ticket_number"), ["ticket_number"], unique=False)

    op.create_table(
        "sessions",
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("expires_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["username"], ["users.username"], name=op.f("fk_sessions_username_users")),
        sa.PrimaryKeyConstraint("token_digest", name=op.f("pk_sessions")),
    )
    op.create_table(
        "steps",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_number", sa.String(length=16), nullable=False),
        sa.Column("step", sa.String(length=64), nullable=False),
        sa.Column("watch", sa.String(length=64), nullable=False),
        sa.Column("department", sa.String(length=64), nullable=True),
        sa.Column("unit_code", sa.String(length=64), nullable=True),
        sa.Column("is_by_machine", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("from_event", sa.String(length=64), nullable=False),
        sa.Column("started_at", Moment(), nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("yellow_at", Moment(), nullable=False),
        sa.Column("red_at", Moment(), nullable=False),
        sa.Column("is_confirmed", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("limit_id", sa.Integer(), nullable=True),
        sa.Column("limit_text", sa.Text(), server_default="", nullable=False),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.Column("voided_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["ticket_number"], ["tickets.number"], name=op.f("fk_steps_ticket_number_tickets")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_steps")),
    )
    with op.batch_alter_table("steps", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_steps_ticket_number"), ["ticket_number"], unique=False)
        batch_op.create_index(batch_op.f("ix_steps_watch_due_at_step"), ["watch", "due_at", "step"], unique=False)

    op.create_table(
        "tokens",
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("label", sa.Text(), server_default="", nullable=False),
        sa.Column("created_at", Moment(), nullable=False),
        sa.Column("revoked_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["username"], ["users.username"], name=op.f("fk_tokens_username_users")),
        sa.PrimaryKeyConstraint("token_digest", name=op.f("pk_tokens")),
    )
    for statement in APPEND_ONLY[op.get_bind().dialect.name]:
        op.execute(statement)


def downgrade() -> None:
    """Take back."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change() CASCADE")
    op.drop_table("tokens")
    with op.batch_alter_table("steps", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_steps_watch_due_at_step"))
        batch_op.drop_index(batch_op.f("ix_steps_ticket_number"))

    op.drop_table("steps")
    op.drop_table("sessions")
    with op.batch_alter_table("predictions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_predictions_ticket_number"))

    op.drop_table("predictions")
    with op.batch_alter_table("notes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_notes_ticket_number"))

    op.drop_table("notes")
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_decisions_ticket_number"))

    op.drop_table("decisions")
    op.drop_table("audit")
    op.drop_table("users")
    op.drop_table("topics")
    with op.batch_alter_table("tickets", schema=None) as batch_op:
        batch_op.drop_index("ix_tickets_team")
        batch_op.drop_index(batch_op.f("ix_tickets_state_queue_rank_next_due_at"))
        batch_op.drop_index(batch_op.f("ix_tickets_received_at"))
        batch_op.drop_index(batch_op.f("ix_tickets_contact_id"))

    op.drop_table("tickets")
    op.drop_table("teams")
    op.drop_table("routing")
    op.drop_table("customers")
    op.drop_table("calendar_days")
    op.drop_table("attention_patterns")
    op.drop_table("areas")
    op.drop_table("units")
    op.drop_table("time_limits")
    op.drop_table("switches")
    with op.batch_alter_table("sign_in_failures", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sign_in_failures_username_digest_failed_at"))

    op.drop_table("sign_in_failures")
    op.drop_table("reference_audit")
    op.drop_table("metrics")
    op.drop_table("fixed_holidays")
    op.drop_table("departments")
    op.drop_table("demand_types")
    op.drop_table("counters")
    with op.batch_alter_table("contacts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_contacts_phone_digest_received_at"))
        batch_op.drop_index(batch_op.f("ix_contacts_customer_number_received_at"))

    op.drop_table("contacts")
    op.drop_table("calendar_years")
    op.drop_table("attention")
