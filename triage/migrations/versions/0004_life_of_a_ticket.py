"""The whole life of a ticket: pauses, requests, co-handling, links, crews and shifts, outages, warnings and messages.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

from triage.store.schema import Moment

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None
AT_WORK = "state IN ('dispatched', 'accepted', 'contacted', 'arrived')"


def upgrade() -> None:
    op.create_table(
        "calls",
        sa.Column("call_id", sa.String(length=64), nullable=False),
        sa.Column("direction", sa.String(length=64), nullable=False),
        sa.Column("phone", sa.Text(), server_default="", nullable=False),
        sa.Column("phone_digest", sa.String(length=64), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("recording", sa.Text(), server_default="", nullable=False),
        sa.Column("started_at", Moment(), nullable=False),
        sa.Column("answered_at", Moment(), nullable=True),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.Column("imported_at", Moment(), nullable=False),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_calls")),
    )
    with op.batch_alter_table("calls", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_calls_phone_digest"), ["phone_digest"], unique=False)

    op.create_table(
        "exemption_reasons",
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("basis", sa.Text(), server_default="", nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("edited_by", sa.Text(), server_default="", nullable=False),
        sa.Column("edited_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_exemption_reasons")),
    )
    op.create_table(
        "extension_rules",
        sa.Column("demand_type", sa.String(length=64), nullable=False),
        sa.Column("most_times", sa.Integer(), nullable=False),
        sa.Column("most_amount", sa.Float(), nullable=False),
        sa.Column("unit", sa.String(length=64), nullable=False),
        sa.Column("granted_by", sa.String(length=64), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("basis", sa.Text(), server_default="", nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("edited_by", sa.Text(), server_default="", nullable=False),
        sa.Column("edited_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("demand_type", name=op.f("pk_extension_rules")),
    )
    op.create_table(
        "outlets",
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("is_on", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("basis", sa.Text(), server_default="", nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("edited_by", sa.Text(), server_default="", nullable=False),
        sa.Column("edited_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_outlets")),
    )
    op.create_table(
        "pause_kinds",
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("steps", sa.Text(), server_default="", nullable=False),
        sa.Column("cap_hours", sa.Float(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("basis", sa.Text(), server_default="", nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("edited_by", sa.Text(), server_default="", nullable=False),
        sa.Column("edited_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_pause_kinds")),
    )
    op.create_table(
        "referral_advice",
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("owner", sa.Text(), server_default="", nullable=False),
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("words", sa.Text(), server_default="", nullable=False),
        sa.Column("advice", sa.Text(), server_default="", nullable=False),
        sa.Column("basis", sa.Text(), server_default="", nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("edited_by", sa.Text(), server_default="", nullable=False),
        sa.Column("edited_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_referral_advice")),
    )
    op.create_table(
        "reply_templates",
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("move", sa.String(length=64), nullable=False),
        sa.Column("topic", sa.String(length=64), nullable=False),
        sa.Column("demand_type", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("basis", sa.Text(), server_default="", nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("edited_by", sa.Text(), server_default="", nullable=False),
        sa.Column("edited_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_reply_templates")),
    )
    op.create_table(
        "return_reasons",
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("basis", sa.Text(), server_default="", nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("edited_by", sa.Text(), server_default="", nullable=False),
        sa.Column("edited_at", Moment(), nullable=True),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_return_reasons")),
    )
    op.create_table(
        "crews",
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("unit_code", sa.String(length=64), nullable=False),
        sa.Column("department", sa.String(length=64), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["unit_code"], ["units.code"], name=op.f("fk_crews_unit_code_units")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_crews")),
    )
    op.create_table(
        "escalations",
        sa.Column("code", sa.String(length=64), nullable=False),
        sa.Column("step", sa.String(length=64), nullable=False),
        sa.Column("level", sa.String(length=64), nullable=False),
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("multiple", sa.Float(), nullable=False),
        sa.Column("recipient", sa.String(length=64), nullable=False),
        sa.Column("outlet", sa.String(length=64), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("basis", sa.Text(), server_default="", nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("edited_by", sa.Text(), server_default="", nullable=False),
        sa.Column("edited_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["outlet"], ["outlets.code"], name=op.f("fk_escalations_outlet_outlets")),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_escalations")),
    )
    op.create_table(
        "office_hours",
        sa.Column("unit_code", sa.String(length=64), nullable=False),
        sa.Column("weekday", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("spans", sa.Text(), server_default="", nullable=False),
        sa.Column("basis", sa.Text(), server_default="", nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("edited_by", sa.Text(), server_default="", nullable=False),
        sa.Column("edited_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["unit_code"], ["units.code"], name=op.f("fk_office_hours_unit_code_units")),
        sa.PrimaryKeyConstraint("unit_code", "weekday", name=op.f("pk_office_hours")),
    )
    op.create_table(
        "outages",
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=64), nullable=False),
        sa.Column("unit_code", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("notice", sa.Text(), server_default="", nullable=False),
        sa.Column("starts_at", Moment(), nullable=False),
        sa.Column("ends_at", Moment(), nullable=False),
        sa.Column("announced_at", Moment(), nullable=True),
        sa.Column("restored_at", Moment(), nullable=True),
        sa.Column("cancelled_at", Moment(), nullable=True),
        sa.Column("made_by", sa.String(length=64), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["unit_code"], ["units.code"], name=op.f("fk_outages_unit_code_units")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_outages")),
    )
    with op.batch_alter_table("outages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outages_starts_at"), ["starts_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_outages_state_starts_at"), ["state", "starts_at"], unique=False)

    op.create_table(
        "unit_days",
        sa.Column("unit_code", sa.String(length=64), nullable=False),
        sa.Column("day_on", sa.Date(), nullable=False),
        sa.Column("is_working", sa.Boolean(), server_default="0", nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("basis", sa.Text(), server_default="", nullable=False),
        sa.Column("source", sa.Text(), server_default="", nullable=False),
        sa.Column("edited_by", sa.Text(), server_default="", nullable=False),
        sa.Column("edited_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["unit_code"], ["units.code"], name=op.f("fk_unit_days_unit_code_units")),
        sa.PrimaryKeyConstraint("unit_code", "day_on", name=op.f("pk_unit_days")),
    )
    op.create_table(
        "attachments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_number", sa.String(length=16), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("content_type", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("added_at", Moment(), nullable=False),
        sa.Column("removed_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["ticket_number"], ["tickets.number"], name=op.f("fk_attachments_ticket_number_tickets")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachments")),
    )
    with op.batch_alter_table("attachments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attachments_ticket_number"), ["ticket_number"], unique=False)

    op.create_table(
        "callback_attempts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_number", sa.String(length=16), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("result", sa.String(length=64), nullable=False),
        sa.Column("tried_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_number"], ["tickets.number"], name=op.f("fk_callback_attempts_ticket_number_tickets")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_callback_attempts")),
    )
    with op.batch_alter_table("callback_attempts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_callback_attempts_ticket_number"), ["ticket_number"], unique=False)

    op.create_table(
        "claims",
        sa.Column("ticket_number", sa.String(length=16), nullable=False),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("until_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["ticket_number"], ["tickets.number"], name=op.f("fk_claims_ticket_number_tickets")),
        sa.ForeignKeyConstraint(["username"], ["users.username"], name=op.f("fk_claims_username_users")),
        sa.PrimaryKeyConstraint("ticket_number", name=op.f("pk_claims")),
    )
    op.create_table(
        "co_handlings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_number", sa.String(length=16), nullable=False),
        sa.Column("department", sa.String(length=64), nullable=False),
        sa.Column("team_unit", sa.String(length=64), nullable=False),
        sa.Column("asked_by", sa.String(length=64), nullable=False),
        sa.Column("asked_at", Moment(), nullable=False),
        sa.Column("task", sa.Text(), server_default="", nullable=False),
        sa.Column("reply", sa.Text(), server_default="", nullable=False),
        sa.Column("replied_at", Moment(), nullable=True),
        sa.Column("cancelled_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["ticket_number"], ["tickets.number"], name=op.f("fk_co_handlings_ticket_number_tickets")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_co_handlings")),
    )
    with op.batch_alter_table("co_handlings", schema=None) as batch_op:
        batch_op.create_index("ix_co_handlings_open", ["department", "team_unit", "asked_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_co_handlings_ticket_number"), ["ticket_number"], unique=False)

    op.create_table(
        "crew_members",
        sa.Column("crew", sa.String(length=64), nullable=False),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["crew"], ["crews.code"], name=op.f("fk_crew_members_crew_crews")),
        sa.ForeignKeyConstraint(["username"], ["users.username"], name=op.f("fk_crew_members_username_users")),
        sa.PrimaryKeyConstraint("crew", "username", name=op.f("pk_crew_members")),
    )
    op.create_table(
        "delegations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("from_username", sa.String(length=64), nullable=False),
        sa.Column("to_username", sa.String(length=64), nullable=False),
        sa.Column("starts_at", Moment(), nullable=False),
        sa.Column("ends_at", Moment(), nullable=False),
        sa.Column("made_by", sa.String(length=64), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("revoked_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["from_username"], ["users.username"], name=op.f("fk_delegations_from_username_users")),
        sa.ForeignKeyConstraint(["to_username"], ["users.username"], name=op.f("fk_delegations_to_username_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_delegations")),
    )
    with op.batch_alter_table("delegations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_delegations_from_username"), ["from_username"], unique=False)
        batch_op.create_index(batch_op.f("ix_delegations_to_username"), ["to_username"], unique=False)

    op.create_table(
        "drafts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("body_json", sa.Text(), server_default="", nullable=False),
        sa.Column("updated_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["username"], ["users.username"], name=op.f("fk_drafts_username_users")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drafts")),
        sa.UniqueConstraint("username", "kind", "key", name=op.f("uq_drafts_username_kind_key")),
    )
    op.create_table(
        "handovers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_code", sa.String(length=64), nullable=False),
        sa.Column("department", sa.String(length=64), nullable=False),
        sa.Column("from_username", sa.String(length=64), nullable=False),
        sa.Column("to_username", sa.String(length=64), nullable=True),
        sa.Column("text", sa.Text(), server_default="", nullable=False),
        sa.Column("tickets_json", sa.Text(), server_default="", nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("taken_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["from_username"], ["users.username"], name=op.f("fk_handovers_from_username_users")),
        sa.ForeignKeyConstraint(["unit_code"], ["units.code"], name=op.f("fk_handovers_unit_code_units")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handovers")),
    )
    with op.batch_alter_table("handovers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_handovers_unit_code_department_made_at"), ["unit_code", "department", "made_at"], unique=False)

    op.create_table(
        "links",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_number", sa.String(length=16), nullable=False),
        sa.Column("other_number", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("score", sa.Float(), nullable=True),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["other_number"], ["tickets.number"], name=op.f("fk_links_other_number_tickets")),
        sa.ForeignKeyConstraint(["ticket_number"], ["tickets.number"], name=op.f("fk_links_ticket_number_tickets")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_links")),
        sa.UniqueConstraint("ticket_number", "other_number", "kind", name=op.f("uq_links_ticket_number_other_number_kind")),
    )
    with op.batch_alter_table("links", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_links_other_number"), ["other_number"], unique=False)
        batch_op.create_index(batch_op.f("ix_links_ticket_number"), ["ticket_number"], unique=False)

    op.create_table(
        "messages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("outlet", sa.String(length=64), nullable=False),
        sa.Column("recipient", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.Text(), server_default="", nullable=False),
        sa.Column("body", sa.Text(), server_default="", nullable=False),
        sa.Column("ticket_number", sa.String(length=16), nullable=True),
        sa.Column("made_at", Moment(), nullable=False),
        sa.Column("claimed_at", Moment(), nullable=True),
        sa.Column("sent_at", Moment(), nullable=True),
        sa.Column("failed_at", Moment(), nullable=True),
        sa.Column("retry_at", Moment(), nullable=True),
        sa.Column("read_at", Moment(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.ForeignKeyConstraint(["ticket_number"], ["tickets.number"], name=op.f("fk_messages_ticket_number_tickets")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint("key", name=op.f("uq_messages_key")),
    )
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_messages_recipient_made_at"), ["recipient", "made_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_messages_ticket_number"), ["ticket_number"], unique=False)
        batch_op.create_index(
            "ix_messages_unread", ["recipient"], unique=False, sqlite_where=sa.text("read_at IS NULL"), postgresql_where=sa.text("read_at IS NULL")
        )
        batch_op.create_index(
            "ix_messages_waiting",
            ["retry_at"],
            unique=False,
            sqlite_where=sa.text("sent_at IS NULL AND failed_at IS NULL"),
            postgresql_where=sa.text("sent_at IS NULL AND failed_at IS NULL"),
        )

    op.create_table(
        "outage_areas",
        sa.Column("outage_number", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("value", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["outage_number"], ["outages.number"], name=op.f("fk_outage_areas_outage_number_outages")),
        sa.PrimaryKeyConstraint("outage_number", "kind", "value", name=op.f("pk_outage_areas")),
    )
    with op.batch_alter_table("outage_areas", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outage_areas_kind_value"), ["kind", "value"], unique=False)

    op.create_table(
        "outage_notices",
        sa.Column("outage_number", sa.String(length=64), nullable=False),
        sa.Column("customer_number", sa.String(length=64), nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("notified_at", Moment(), nullable=True),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["customer_number"], ["customers.number"], name=op.f("fk_outage_notices_customer_number_customers")),
        sa.ForeignKeyConstraint(["outage_number"], ["outages.number"], name=op.f("fk_outage_notices_outage_number_outages")),
        sa.PrimaryKeyConstraint("outage_number", "customer_number", name=op.f("pk_outage_notices")),
    )
    op.create_table(
        "pauses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_number", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("started_at", Moment(), nullable=False),
        sa.Column("until_at", Moment(), nullable=True),
        sa.Column("ended_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["ticket_number"], ["tickets.number"], name=op.f("fk_pauses_ticket_number_tickets")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pauses")),
    )
    with op.batch_alter_table("pauses", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_pauses_ticket_number"), ["ticket_number"], unique=False)

    op.create_table(
        "requests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_number", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("asked_by", sa.String(length=64), nullable=False),
        sa.Column("asked_at", Moment(), nullable=False),
        sa.Column("value", sa.String(length=64), nullable=False),
        sa.Column("amount", sa.Float(), nullable=True),
        sa.Column("decided_by", sa.String(length=64), nullable=False),
        sa.Column("decided_at", Moment(), nullable=True),
        sa.Column("answer", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["ticket_number"], ["tickets.number"], name=op.f("fk_requests_ticket_number_tickets")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_requests")),
    )
    with op.batch_alter_table("requests", schema=None) as batch_op:
        batch_op.create_index(
            "ix_requests_open",
            ["kind", "asked_at"],
            unique=False,
            sqlite_where=sa.text("decided_at IS NULL"),
            postgresql_where=sa.text("decided_at IS NULL"),
        )
        batch_op.create_index(batch_op.f("ix_requests_ticket_number"), ["ticket_number"], unique=False)

    op.create_table(
        "saved_filters",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("username", sa.String(length=64), nullable=False),
        sa.Column("page", sa.String(length=64), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("values_json", sa.Text(), server_default="", nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["username"], ["users.username"], name=op.f("fk_saved_filters_username_users")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_saved_filters")),
    )
    with op.batch_alter_table("saved_filters", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_saved_filters_username"), ["username"], unique=False)

    op.create_table(
        "shifts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("crew", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=64), nullable=False),
        sa.Column("starts_at", Moment(), nullable=False),
        sa.Column("ends_at", Moment(), nullable=False),
        sa.Column("made_by", sa.String(length=64), nullable=False),
        sa.Column("cancelled_at", Moment(), nullable=True),
        sa.ForeignKeyConstraint(["crew"], ["crews.code"], name=op.f("fk_shifts_crew_crews")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shifts")),
    )
    with op.batch_alter_table("shifts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_shifts_crew_starts_at"), ["crew", "starts_at"], unique=False)

    op.create_table(
        "warnings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("ticket_number", sa.String(length=16), nullable=False),
        sa.Column("step_id", sa.Integer(), nullable=False),
        sa.Column("escalation", sa.String(length=64), nullable=False),
        sa.Column("due_at", Moment(), nullable=False),
        sa.Column("made_at", Moment(), nullable=False),
        sa.ForeignKeyConstraint(["step_id"], ["steps.id"], name=op.f("fk_warnings_step_id_steps")),
        sa.ForeignKeyConstraint(["ticket_number"], ["tickets.number"], name=op.f("fk_warnings_ticket_number_tickets")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_warnings")),
        sa.UniqueConstraint("step_id", "escalation", "due_at", name=op.f("uq_warnings_step_id_escalation_due_at")),
    )
    with op.batch_alter_table("warnings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_warnings_ticket_number"), ["ticket_number"], unique=False)

    with op.batch_alter_table("contacts", schema=None) as batch_op:
        batch_op.add_column(sa.Column("relation", sa.String(length=64), server_default="self", nullable=False))
        batch_op.add_column(sa.Column("callback_phone", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("call_id", sa.String(length=64), server_default="", nullable=False))
        batch_op.add_column(sa.Column("recording", sa.Text(), server_default="", nullable=False))
        batch_op.add_column(sa.Column("address_digest", sa.String(length=64), server_default="", nullable=False))
        batch_op.create_index(batch_op.f("ix_contacts_address_digest_received_at"), ["address_digest", "received_at"], unique=False)

    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_customers_name"), ["name"], unique=False)
        batch_op.create_index(batch_op.f("ix_customers_phone"), ["phone"], unique=False)
        batch_op.create_index(
            "ix_customers_key", ["key_kind"], unique=False, sqlite_where=sa.text("key_kind <> ''"), postgresql_where=sa.text("key_kind <> ''")
        )

    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_decisions_made_at"), ["made_at"], unique=False)

    with op.batch_alter_table("reference_audit", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reference_audit_table_name_row_key"), ["table_name", "row_key"], unique=False)

    with op.batch_alter_table("steps", schema=None) as batch_op:
        batch_op.add_column(sa.Column("extra_seconds", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("co_handling_id", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("warn_at", Moment(), nullable=True))
        batch_op.create_index(
            batch_op.f("ix_steps_warn_at"),
            ["warn_at"],
            unique=False,
            sqlite_where=sa.text("warn_at IS NOT NULL"),
            postgresql_where=sa.text("warn_at IS NOT NULL"),
        )

    with op.batch_alter_table("tickets", schema=None) as batch_op:
        batch_op.add_column(sa.Column("parent_number", sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column("outage_number", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("responsible_unit", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("assignee", sa.String(length=64), server_default="", nullable=False))
        batch_op.add_column(sa.Column("crew", sa.String(length=64), server_default="", nullable=False))
        batch_op.add_column(sa.Column("returns", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("reopenings", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("chases", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("attempts", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("extensions", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("is_exempt", sa.Boolean(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("is_malicious", sa.Boolean(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("paused_until_at", Moment(), nullable=True))
        batch_op.create_index(
            "ix_tickets_at_work", ["department", "team_unit"], unique=False, sqlite_where=sa.text(AT_WORK), postgresql_where=sa.text(AT_WORK)
        )
        batch_op.create_index(
            "ix_tickets_watched", ["number"], unique=False, sqlite_where=sa.text("is_watched"), postgresql_where=sa.text("is_watched")
        )
        batch_op.create_index(
            "ix_tickets_outage",
            ["outage_number"],
            unique=False,
            sqlite_where=sa.text("outage_number IS NOT NULL"),
            postgresql_where=sa.text("outage_number IS NOT NULL"),
        )
        batch_op.create_index(batch_op.f("ix_tickets_parent_number"), ["parent_number"], unique=False)

    with op.batch_alter_table("units", schema=None) as batch_op:
        batch_op.add_column(sa.Column("merged_into_code", sa.String(length=64), nullable=True))
        batch_op.add_column(sa.Column("merged_on", sa.Date(), nullable=True))

    op.execute("UPDATE steps SET warn_at = yellow_at WHERE ended_at IS NULL AND voided_at IS NULL")


def downgrade() -> None:
    with op.batch_alter_table("units", schema=None) as batch_op:
        batch_op.drop_column("merged_on")
        batch_op.drop_column("merged_into_code")

    with op.batch_alter_table("tickets", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tickets_parent_number"))
        batch_op.drop_index("ix_tickets_at_work", sqlite_where=sa.text(AT_WORK), postgresql_where=sa.text(AT_WORK))
        batch_op.drop_index("ix_tickets_watched", sqlite_where=sa.text("is_watched"), postgresql_where=sa.text("is_watched"))
        batch_op.drop_index(
            "ix_tickets_outage", sqlite_where=sa.text("outage_number IS NOT NULL"), postgresql_where=sa.text("outage_number IS NOT NULL")
        )
        batch_op.drop_column("paused_until_at")
        batch_op.drop_column("is_malicious")
        batch_op.drop_column("is_exempt")
        batch_op.drop_column("extensions")
        batch_op.drop_column("attempts")
        batch_op.drop_column("chases")
        batch_op.drop_column("reopenings")
        batch_op.drop_column("returns")
        batch_op.drop_column("crew")
        batch_op.drop_column("assignee")
        batch_op.drop_column("responsible_unit")
        batch_op.drop_column("outage_number")
        batch_op.drop_column("parent_number")

    with op.batch_alter_table("steps", schema=None) as batch_op:
        batch_op.drop_index(
            batch_op.f("ix_steps_warn_at"), sqlite_where=sa.text("warn_at IS NOT NULL"), postgresql_where=sa.text("warn_at IS NOT NULL")
        )
        batch_op.drop_column("warn_at")
        batch_op.drop_column("co_handling_id")
        batch_op.drop_column("extra_seconds")

    with op.batch_alter_table("reference_audit", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_reference_audit_table_name_row_key"))

    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_decisions_made_at"))

    with op.batch_alter_table("customers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_customers_phone"))
        batch_op.drop_index(batch_op.f("ix_customers_name"))
        batch_op.drop_index("ix_customers_key", sqlite_where=sa.text("key_kind <> ''"), postgresql_where=sa.text("key_kind <> ''"))

    with op.batch_alter_table("contacts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_contacts_address_digest_received_at"))
        batch_op.drop_column("address_digest")
        batch_op.drop_column("recording")
        batch_op.drop_column("call_id")
        batch_op.drop_column("callback_phone")
        batch_op.drop_column("relation")

    with op.batch_alter_table("warnings", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_warnings_ticket_number"))

    op.drop_table("warnings")
    with op.batch_alter_table("shifts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_shifts_crew_starts_at"))

    op.drop_table("shifts")
    with op.batch_alter_table("saved_filters", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_saved_filters_username"))

    op.drop_table("saved_filters")
    with op.batch_alter_table("requests", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_requests_ticket_number"))
        batch_op.drop_index("ix_requests_open", sqlite_where=sa.text("decided_at IS NULL"), postgresql_where=sa.text("decided_at IS NULL"))

    op.drop_table("requests")
    with op.batch_alter_table("pauses", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_pauses_ticket_number"))

    op.drop_table("pauses")
    op.drop_table("outage_notices")
    with op.batch_alter_table("outage_areas", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outage_areas_kind_value"))

    op.drop_table("outage_areas")
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.drop_index("ix_messages_unread", sqlite_where=sa.text("read_at IS NULL"), postgresql_where=sa.text("read_at IS NULL"))
        batch_op.drop_index(
            "ix_messages_waiting",
            sqlite_where=sa.text("sent_at IS NULL AND failed_at IS NULL"),
            postgresql_where=sa.text("sent_at IS NULL AND failed_at IS NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_messages_ticket_number"))
        batch_op.drop_index(batch_op.f("ix_messages_recipient_made_at"))

    op.drop_table("messages")
    with op.batch_alter_table("links", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_links_ticket_number"))
        batch_op.drop_index(batch_op.f("ix_links_other_number"))

    op.drop_table("links")
    with op.batch_alter_table("handovers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_handovers_unit_code_department_made_at"))

    op.drop_table("handovers")
    op.drop_table("drafts")
    with op.batch_alter_table("delegations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_delegations_to_username"))
        batch_op.drop_index(batch_op.f("ix_delegations_from_username"))

    op.drop_table("delegations")
    op.drop_table("crew_members")
    with op.batch_alter_table("co_handlings", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_co_handlings_ticket_number"))
        batch_op.drop_index("ix_co_handlings_open")

    op.drop_table("co_handlings")
    op.drop_table("claims")
    with op.batch_alter_table("callback_attempts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_callback_attempts_ticket_number"))

    op.drop_table("callback_attempts")
    with op.batch_alter_table("attachments", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_attachments_ticket_number"))

    op.drop_table("attachments")
    op.drop_table("unit_days")
    with op.batch_alter_table("outages", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_outages_state_starts_at"))
        batch_op.drop_index(batch_op.f("ix_outages_starts_at"))

    op.drop_table("outages")
    op.drop_table("office_hours")
    op.drop_table("escalations")
    op.drop_table("crews")
    op.drop_table("return_reasons")
    op.drop_table("reply_templates")
    op.drop_table("referral_advice")
    op.drop_table("pause_kinds")
    op.drop_table("outlets")
    op.drop_table("extension_rules")
    op.drop_table("exemption_reasons")
    with op.batch_alter_table("calls", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_calls_phone_digest"))

    op.drop_table("calls")
