"""The tables. A column's name tells its type: `*_at` a moment, `*_on` a date, `is_*` a truth, `*_json` a JSON text."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    literal_column,
)
from sqlalchemy.types import TypeEngine

NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
metadata = MetaData(naming_convention=NAMES)
AT_WORK = "state IN ('dispatched', 'accepted', 'contacted', 'arrived')"


class Moment(TypeDecorator[datetime]):
    """A moment: `timestamptz` on PostgreSQL, fixed-width UTC text on SQLite, so that both compare in the order of time."""

    impl = String(27)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the engine's own type."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(DateTime(timezone=True))
        return dialect.type_descriptor(String(27))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Refuse a moment without a zone; write the others in UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a zone cannot be stored")
        moment = value.astimezone(UTC)
        return moment if dialect.name == "postgresql" else moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Give the moment in UTC."""
        if value is None or isinstance(value, datetime):
            return value.astimezone(UTC) if value else None
        return datetime.fromisoformat(value)


def code(name: str, *args: Any, **kwargs: Any) -> Column[str]:
    """Make a column for a code or a short text."""
    return Column(name, String(64), *args, nullable=kwargs.pop("nullable", False), **kwargs)


def words(name: str, **kwargs: Any) -> Column[str]:
    """Make a column for a text of any length, empty where there is none."""
    return Column(name, Text, nullable=False, server_default="", **kwargs)


def moment(name: str, **kwargs: Any) -> Column[datetime]:
    """Make a column for a moment."""
    return Column(name, Moment, nullable=kwargs.pop("nullable", False), **kwargs)


def truth(name: str) -> Column[bool]:
    """Make a column for yes or no, no unless said."""
    return Column(name, Boolean(create_constraint=False), nullable=False, server_default="0")


def count(name: str) -> Column[int]:
    """Make a column for how often something happened."""
    return Column(name, Integer, nullable=False, server_default="0")


def ticket_number() -> Column[str]:
    """Make a column for the ticket that a row belongs to."""
    return Column("ticket_number", String(16), ForeignKey("tickets.number"), nullable=False, index=True)


def reference(name: str, *columns: Any) -> Table:
    """Make a reference table: its own columns, the row's basis and source, and who edited it when (nobody: as bundled)."""
    return Table(
        name,
        metadata,
        *columns,
        words("basis"),
        words("source"),
        words("edited_by"),
        moment("edited_at", nullable=True),
    )


departments = reference("departments", code("code", primary_key=True), words("name"), words("line"), words("handles"))
demand_types = reference(
    "demand_types",
    code("code", primary_key=True),
    words("name"),
    words("definition"),
    words("signal"),
    code("handling", server_default="ordinary"),
    Column("cost_when_missed", Float, nullable=False, server_default="1"),
)
topics = reference(
    "topics",
    code("code", primary_key=True),
    code("level1_code"),
    words("level1"),
    code("level2_code"),
    words("level2"),
    words("level3"),
    code("lead_department", ForeignKey("departments.code")),
    words("support_departments"),
    words("definition"),
    words("not_this"),
    Column("cost_when_missed", Float, nullable=False, server_default="1"),
)
routing = reference(
    "routing",
    Column("id", Integer, primary_key=True),
    code("demand_type", ForeignKey("demand_types.code")),
    code("topic"),
    code("lead_department", ForeignKey("departments.code")),
    truth("is_confidential"),
    words("note"),
    UniqueConstraint("demand_type", "topic"),
)
time_limits = reference(
    "time_limits",
    Column("id", Integer, primary_key=True),
    code("demand_type"),
    code("topic"),
    code("zone"),
    code("channel"),
    code("step"),
    code("from_event"),
    Column("amount", Float, nullable=False),
    code("unit"),
    code("clock"),
    Column("yellow_fraction", Float, nullable=False),
    truth("is_pausable"),
    Column("valid_from_on", Date),
    Column("valid_until_on", Date),
    UniqueConstraint("demand_type", "topic", "zone", "channel", "step", "from_event", "valid_from_on"),
)
attention = reference(
    "attention",
    code("code", primary_key=True),
    words("name"),
    words("when"),
    words("effect"),
    code("level"),
    code("lead_department"),
    code("co_department"),
    truth("is_confidential"),
)
attention_words = reference("attention_words", code("name", primary_key=True), words("words"), words("note"))
attention_patterns = reference(
    "attention_patterns",
    Column("id", Integer, primary_key=True),
    code("rule", ForeignKey("attention.code")),
    words("pattern"),
    truth("is_negation"),
    words("note"),
)
metrics = reference(
    "metrics",
    code("code", primary_key=True),
    words("name"),
    words("numerator"),
    words("denominator"),
    words("note"),
    count("maturity_days"),
)
switches = reference("switches", code("code", primary_key=True), words("name"), words("value"), words("note"))
fixed_holidays = reference(
    "fixed_holidays",
    Column("month", Integer, primary_key=True),
    Column("day", Integer, primary_key=True),
    words("name"),
)
calendar_years = reference("calendar_years", Column("year", Integer, primary_key=True, autoincrement=False))
calendar_days = reference(
    "calendar_days",
    Column("day_on", Date, primary_key=True),
    Column("year", Integer, ForeignKey("calendar_years.year"), nullable=False),
    truth("is_working"),
    words("name"),
)
pause_kinds = reference(
    "pause_kinds", code("code", primary_key=True), words("name"), words("steps"), Column("cap_hours", Float, nullable=False), words("note")
)
extension_rules = reference(
    "extension_rules",
    code("demand_type", primary_key=True),
    Column("most_times", Integer, nullable=False),
    Column("most_amount", Float, nullable=False),
    code("unit"),
    code("granted_by"),
    words("note"),
)
return_reasons = reference("return_reasons", code("code", primary_key=True), words("name"), words("note"))
exemption_reasons = reference("exemption_reasons", code("code", primary_key=True), words("name"), words("note"))
outlets = reference("outlets", code("code", primary_key=True), words("name"), words("address"), truth("is_on"), words("note"))
escalations = reference(
    "escalations",
    code("code", primary_key=True),
    code("step"),
    code("level"),
    code("mark"),
    Column("multiple", Float, nullable=False),
    code("recipient"),
    code("outlet", ForeignKey("outlets.code")),
    words("note"),
)
reply_templates = reference(
    "reply_templates", code("code", primary_key=True), words("name"), code("move"), code("topic"), code("demand_type"), words("text")
)
referral_advice = reference(
    "referral_advice", code("code", primary_key=True), words("name"), words("owner"), code("topic"), words("words"), words("advice")
)
suspicion_rules = reference(
    "suspicion_rules",
    code("code", primary_key=True),
    words("name"),
    words("rule"),
    Column("amount", Float, nullable=False),
    code("unit"),
    truth("is_on"),
)
scorecard_items = reference(
    "scorecard_items",
    code("code", primary_key=True),
    words("name"),
    Column("points", Float, nullable=False),
    Column("place", Integer, nullable=False),
    words("guidance"),
    truth("is_on"),
)
report_schedules = reference(
    "report_schedules",
    code("code", primary_key=True),
    code("kind"),
    code("unit_code"),
    words("formats"),
    words("recipients"),
    truth("is_on"),
)
counters = Table("counters", metadata, code("name", primary_key=True), Column("value", Integer, nullable=False))

units = Table(
    "units",
    metadata,
    code("code", primary_key=True),
    words("name"),
    code("kind"),
    code("parent_code", ForeignKey("units.code"), nullable=True),
    code("merged_into_code", nullable=True),
    Column("merged_on", Date),
)
office_hours = reference(
    "office_hours",
    code("unit_code", ForeignKey("units.code"), primary_key=True),
    Column("weekday", Integer, primary_key=True, autoincrement=False),
    words("spans"),
)
unit_days = reference(
    "unit_days",
    code("unit_code", ForeignKey("units.code"), primary_key=True),
    Column("day_on", Date, primary_key=True),
    truth("is_working"),
    words("name"),
)
teams = Table(
    "teams",
    metadata,
    code("unit_code", ForeignKey("units.code"), primary_key=True),
    code("department_code", ForeignKey("departments.code"), primary_key=True),
)
areas = Table("areas", metadata, code("keyword", primary_key=True), code("unit_code", ForeignKey("units.code")), code("locality"))
customers = Table(
    "customers",
    metadata,
    code("number", primary_key=True),
    words("name"),
    words("phone"),
    words("address"),
    code("unit_code", ForeignKey("units.code")),
    code("locality"),
    words("transformer_area"),
    words("key_kind"),
    code("supply", server_default="on"),
    Column("supply_since_on", Date),
    moment("imported_at", nullable=True),
    Index(None, "phone"),
    Index(None, "name"),
    Index("ix_customers_key", "key_kind", sqlite_where=literal_column("key_kind <> ''"), postgresql_where=literal_column("key_kind <> ''")),
)
users = Table(
    "users",
    metadata,
    code("username", primary_key=True),
    words("name"),
    code("role"),
    code("unit_code", ForeignKey("units.code")),
    code("department_code"),
    words("password_hash"),
    truth("is_temporary"),
    truth("is_active"),
    moment("created_at"),
)
sessions = Table(
    "sessions",
    metadata,
    code("token_digest", primary_key=True),
    code("username", ForeignKey("users.username")),
    moment("created_at"),
    moment("expires_at"),
)
tokens = Table(
    "tokens",
    metadata,
    code("token_digest", primary_key=True),
    code("username", ForeignKey("users.username")),
    words("label"),
    moment("created_at"),
    moment("revoked_at", nullable=True),
)
failures = Table(
    "sign_in_failures",
    metadata,
    Column("id", Integer, primary_key=True),
    code("username_digest"),
    moment("failed_at"),
    Index(None, "username_digest", "failed_at"),
)

contacts = Table(
    "contacts",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("submission_key", String(100), unique=True),
    code("channel"),
    words("caller_name"),
    words("phone"),
    code("phone_digest"),
    code("customer_number"),
    words("address"),
    code("actor"),
    truth("is_confidential"),
    moment("received_at"),
    code("relation", server_default="self"),
    words("callback_phone"),
    code("call_id", server_default=""),
    words("recording"),
    code("address_digest", server_default=""),
    Index(None, "phone_digest", "received_at"),
    Index(None, "customer_number", "received_at"),
    Index(None, "address_digest", "received_at"),
)
tickets = Table(
    "tickets",
    metadata,
    Column("number", String(16), primary_key=True),
    Column("contact_id", Integer, ForeignKey("contacts.id"), nullable=False, index=True),
    words("text"),
    code("state"),
    code("level"),
    Column("queue_rank", Integer, nullable=False),
    code("demand_type", nullable=True),
    code("topic", nullable=True),
    code("department", nullable=True),
    code("unit_code", nullable=True),
    code("team_unit", nullable=True),
    code("locality", nullable=True),
    code("channel"),
    moment("received_at"),
    Column("version", Integer, nullable=False),
    truth("is_confidential"),
    truth("is_watched"),
    code("next_step", nullable=True),
    moment("next_due_at", nullable=True),
    moment("yellow_at", nullable=True),
    moment("red_at", nullable=True),
    truth("is_confirmed"),
    words("reply"),
    words("finding"),
    words("owner"),
    words("satisfaction"),
    moment("closed_at", nullable=True),
    Column("parent_number", String(16), index=True),
    code("outage_number", nullable=True),
    code("responsible_unit", nullable=True),
    code("assignee", server_default=""),
    code("crew", server_default=""),
    count("returns"),
    count("reopenings"),
    count("chases"),
    count("attempts"),
    count("extensions"),
    truth("is_exempt"),
    truth("is_malicious"),
    moment("paused_until_at", nullable=True),
    Index(None, "state", "queue_rank", "next_due_at"),
    Index(
        "ix_tickets_at_work",
        "department",
        "team_unit",
        sqlite_where=literal_column(AT_WORK),
        postgresql_where=literal_column(AT_WORK),
    ),
    Index(
        "ix_tickets_open",
        "red_at",
        "yellow_at",
        "team_unit",
        "unit_code",
        "state",
        sqlite_where=literal_column("next_due_at IS NOT NULL"),
        postgresql_where=literal_column("next_due_at IS NOT NULL"),
    ),
    Index("ix_tickets_watched", "number", sqlite_where=literal_column("is_watched"), postgresql_where=literal_column("is_watched")),
    Index("ix_tickets_exempt", "number", sqlite_where=literal_column("is_exempt"), postgresql_where=literal_column("is_exempt")),
    Index(
        "ix_tickets_outage",
        "outage_number",
        sqlite_where=literal_column("outage_number IS NOT NULL"),
        postgresql_where=literal_column("outage_number IS NOT NULL"),
    ),
    Index("ix_tickets_team", "department", "team_unit", "state", "queue_rank", "next_due_at"),
    Index(None, "received_at"),
    Index(None, "closed_at"),
    Index(None, "team_unit", "received_at"),
    Index(None, "team_unit", "closed_at", "received_at"),
)
predictions = Table(
    "predictions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("ticket_number", String(16), ForeignKey("tickets.number"), nullable=False, index=True),
    code("model_version"),
    words("topics_json"),
    words("demand_types_json"),
    words("words_json"),
    Column("threshold", Float),
    moment("made_at"),
)
decisions = Table(
    "decisions",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("ticket_number", String(16), ForeignKey("tickets.number"), nullable=False, index=True),
    code("made_by"),
    code("actor"),
    code("demand_type", nullable=True),
    code("topic", nullable=True),
    code("department", nullable=True),
    code("unit_code", nullable=True),
    code("team_unit", nullable=True),
    code("level"),
    code("outcome"),
    words("reasons_json"),
    words("attention_json"),
    words("co_departments_json"),
    words("earlier_json"),
    code("model_version", nullable=True),
    Column("confidence", Float),
    Column("threshold", Float),
    moment("made_at"),
    Index(None, "made_at"),
    Index(None, "team_unit", "made_at"),
)
steps = Table(
    "steps",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("ticket_number", String(16), ForeignKey("tickets.number"), nullable=False, index=True),
    code("step"),
    code("watch"),
    code("department", nullable=True),
    code("unit_code", nullable=True),
    truth("is_by_machine"),
    code("from_event"),
    moment("started_at"),
    moment("due_at"),
    moment("yellow_at"),
    moment("red_at"),
    truth("is_confirmed"),
    Column("limit_id", Integer),
    words("limit_text"),
    moment("ended_at", nullable=True),
    moment("voided_at", nullable=True),
    count("extra_seconds"),
    Column("co_handling_id", Integer),
    moment("warn_at", nullable=True),
    Column("used_seconds", Integer),  # what its clock counted from start to end without the pauses; null: open, or ended before this was kept
    Index(None, "watch", "due_at", "step"),
    Index(
        "ix_steps_open",
        "watch",
        "step",
        "due_at",
        sqlite_where=literal_column("ended_at IS NULL AND voided_at IS NULL"),
        postgresql_where=literal_column("ended_at IS NULL AND voided_at IS NULL"),
    ),
    Index(None, "unit_code", "watch", "step", "due_at"),
    Index(None, "warn_at", sqlite_where=literal_column("warn_at IS NOT NULL"), postgresql_where=literal_column("warn_at IS NOT NULL")),
)
pauses = Table(
    "pauses",
    metadata,
    Column("id", Integer, primary_key=True),
    ticket_number(),
    code("kind"),
    code("actor"),
    moment("started_at"),
    moment("until_at", nullable=True),
    moment("ended_at", nullable=True),
)
requests = Table(
    "requests",
    metadata,
    Column("id", Integer, primary_key=True),
    ticket_number(),
    code("kind"),
    code("asked_by"),
    moment("asked_at"),
    code("value"),
    Column("amount", Float),
    code("decided_by"),
    moment("decided_at", nullable=True),
    code("answer"),
    Index(
        "ix_requests_open",
        "kind",
        "asked_at",
        sqlite_where=literal_column("decided_at IS NULL"),
        postgresql_where=literal_column("decided_at IS NULL"),
    ),
)
co_handlings = Table(
    "co_handlings",
    metadata,
    Column("id", Integer, primary_key=True),
    ticket_number(),
    code("department"),
    code("team_unit"),
    code("asked_by"),
    moment("asked_at"),
    words("task"),
    words("reply"),
    moment("replied_at", nullable=True),
    moment("cancelled_at", nullable=True),
    Index("ix_co_handlings_open", "department", "team_unit", "asked_at"),
)
links = Table(
    "links",
    metadata,
    Column("id", Integer, primary_key=True),
    ticket_number(),
    Column("other_number", String(16), ForeignKey("tickets.number"), nullable=False, index=True),
    code("kind"),
    Column("score", Float),
    words("reason"),
    code("actor"),
    moment("made_at"),
    UniqueConstraint("ticket_number", "other_number", "kind"),
)
callback_attempts = Table(
    "callback_attempts",
    metadata,
    Column("id", Integer, primary_key=True),
    ticket_number(),
    code("actor"),
    code("result"),
    moment("tried_at"),
)
claims = Table(
    "claims",
    metadata,
    Column("ticket_number", String(16), ForeignKey("tickets.number"), primary_key=True),
    code("username", ForeignKey("users.username")),
    moment("until_at"),
)
drafts = Table(
    "drafts",
    metadata,
    Column("id", Integer, primary_key=True),
    code("username", ForeignKey("users.username")),
    code("kind"),
    code("key"),
    words("body_json"),
    moment("updated_at"),
    moment("dropped_at", nullable=True),  # thrown away; deleted when it cannot be taken back any more
    UniqueConstraint("username", "kind", "key"),
)
attachments = Table(
    "attachments",
    metadata,
    Column("id", Integer, primary_key=True),
    ticket_number(),
    words("name"),
    code("content_type"),
    Column("size", Integer, nullable=False),
    code("digest"),
    Column("data", LargeBinary, nullable=False),
    code("actor"),
    moment("added_at"),
    moment("removed_at", nullable=True),
)
saved_filters = Table(
    "saved_filters",
    metadata,
    code("key", primary_key=True),
    code("username", ForeignKey("users.username"), index=True),
    code("page"),
    words("name"),
    words("values_json"),
    moment("made_at"),
)
crews = Table(
    "crews",
    metadata,
    code("code", primary_key=True),
    words("name"),
    code("unit_code", ForeignKey("units.code")),
    code("department"),
    truth("is_active"),
)
crew_members = Table(
    "crew_members",
    metadata,
    code("crew", ForeignKey("crews.code"), primary_key=True),
    code("username", ForeignKey("users.username"), primary_key=True),
)
shifts = Table(
    "shifts",
    metadata,
    Column("id", Integer, primary_key=True),
    code("crew", ForeignKey("crews.code")),
    code("kind"),
    moment("starts_at"),
    moment("ends_at"),
    code("made_by"),
    moment("cancelled_at", nullable=True),
    Index(None, "crew", "starts_at"),
)
delegations = Table(
    "delegations",
    metadata,
    Column("id", Integer, primary_key=True),
    code("from_username", ForeignKey("users.username"), index=True),
    code("to_username", ForeignKey("users.username"), index=True),
    moment("starts_at"),
    moment("ends_at"),
    code("made_by"),
    moment("made_at"),
    moment("revoked_at", nullable=True),
)
handovers = Table(
    "handovers",
    metadata,
    Column("id", Integer, primary_key=True),
    code("unit_code", ForeignKey("units.code")),
    code("department"),
    code("from_username", ForeignKey("users.username")),
    code("to_username", nullable=True),
    words("text"),
    words("tickets_json"),
    moment("made_at"),
    moment("taken_at", nullable=True),
    Index(None, "unit_code", "department", "made_at"),
)
calls = Table(
    "calls",
    metadata,
    code("call_id", primary_key=True),
    code("direction"),
    words("phone"),
    code("phone_digest", index=True),
    code("actor"),
    words("recording"),
    moment("started_at"),
    moment("answered_at", nullable=True),
    moment("ended_at", nullable=True),
    moment("imported_at"),
    Index(None, "started_at"),
)
outages = Table(
    "outages",
    metadata,
    code("number", primary_key=True),
    code("kind"),
    code("state"),
    code("unit_code", ForeignKey("units.code")),
    words("reason"),
    words("notice"),
    moment("starts_at"),
    moment("ends_at"),
    moment("announced_at", nullable=True),
    moment("restored_at", nullable=True),
    moment("cancelled_at", nullable=True),
    code("made_by"),
    moment("made_at"),
    Column("version", Integer, nullable=False),
    Index(None, "starts_at"),
    Index(None, "state", "starts_at"),
)
outage_areas = Table(
    "outage_areas",
    metadata,
    code("outage_number", ForeignKey("outages.number"), primary_key=True),
    code("kind", primary_key=True),
    code("value", primary_key=True),
    Index(None, "kind", "value"),
)
outage_notices = Table(
    "outage_notices",
    metadata,
    code("outage_number", ForeignKey("outages.number"), primary_key=True),
    code("customer_number", ForeignKey("customers.number"), primary_key=True),
    moment("due_at"),
    moment("notified_at", nullable=True),
    code("actor"),
)
warnings = Table(
    "warnings",
    metadata,
    Column("id", Integer, primary_key=True),
    ticket_number(),
    Column("step_id", Integer, ForeignKey("steps.id"), nullable=False),
    code("escalation"),
    moment("due_at"),
    moment("made_at"),
    UniqueConstraint("step_id", "escalation", "due_at"),
)
messages = Table(
    "messages",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String(100), nullable=False, unique=True),
    code("kind"),
    code("outlet"),
    code("recipient"),
    words("subject"),
    words("body"),
    Column("ticket_number", String(16), ForeignKey("tickets.number"), index=True),
    moment("made_at"),
    moment("claimed_at", nullable=True),
    moment("sent_at", nullable=True),
    moment("failed_at", nullable=True),
    moment("retry_at", nullable=True),
    moment("read_at", nullable=True),
    count("attempts"),
    words("error"),
    Index(
        "ix_messages_waiting",
        "retry_at",
        sqlite_where=literal_column("sent_at IS NULL AND failed_at IS NULL"),
        postgresql_where=literal_column("sent_at IS NULL AND failed_at IS NULL"),
    ),
    Index(None, "recipient", "made_at"),
    Index("ix_messages_unread", "recipient", sqlite_where=literal_column("read_at IS NULL"), postgresql_where=literal_column("read_at IS NULL")),
)
notes = Table(
    "notes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("ticket_number", String(16), ForeignKey("tickets.number"), nullable=False, index=True),
    Column("audit_seq", Integer, nullable=False),
    code("kind"),
    words("text"),
)
audit = Table(
    "audit",
    metadata,
    Column("ticket_number", String(16), ForeignKey("tickets.number"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    moment("happened_at"),
    code("actor"),
    code("action"),
    code("from_state", nullable=True),
    code("to_state", nullable=True),
    words("detail_json"),
    code("previous_hash"),
    code("hash"),
    Index("ix_audit_action_happened_at", "action", "happened_at", "ticket_number"),
)
reference_audit = Table(
    "reference_audit",
    metadata,
    Column("id", Integer, primary_key=True),
    moment("happened_at"),
    code("actor"),
    code("table_name"),
    words("row_key"),
    words("before_json"),
    words("after_json"),
    Index(None, "table_name", "row_key"),
)
unit_customers = Table(
    "unit_customers",
    metadata,
    code("unit_code", ForeignKey("units.code"), primary_key=True),
    Column("as_of_on", Date, primary_key=True),
    Column("customers", Integer, nullable=False),
    words("source"),
    moment("imported_at"),
)
# What a move adds to a figure or takes from it, until it is folded into `figures`: nobody waits for anybody else's row.
figure_deltas = Table(
    "figure_deltas",
    metadata,
    Column("id", Integer, primary_key=True),
    code("measure"),
    Column("day_on", Date, nullable=False),
    code("unit_code"),
    code("department"),
    code("topic"),
    code("demand_type"),
    code("channel"),
    code("agent"),
    code("trait"),
    Column("n", Integer, nullable=False),
    Column("met", Integer, nullable=False),
    Column("amount", Float, nullable=False),
)
figures = Table(
    "figures",
    metadata,
    code("measure", primary_key=True),
    code("dimension", primary_key=True),
    code("unit_code", primary_key=True),
    Column("day_on", Date, primary_key=True),
    code("value", primary_key=True),
    Column("n", Integer, nullable=False),
    Column("met", Integer, nullable=False),
    Column("amount", Float, nullable=False),
    sqlite_with_rowid=False,
)
sign_offs = Table(
    "sign_offs",
    metadata,
    Column("id", Integer, primary_key=True),
    code("unit_code"),  # '': everything
    Column("first_on", Date, nullable=False),
    Column("last_on", Date, nullable=False),
    code("signed_by", ForeignKey("users.username")),
    moment("signed_at"),
    words("note"),
    UniqueConstraint("unit_code", "first_on", "last_on"),
)
frozen_figures = Table(
    "frozen_figures",
    metadata,
    Column("sign_off_id", Integer, ForeignKey("sign_offs.id"), primary_key=True, autoincrement=False),
    code("measure", primary_key=True),
    code("dimension", primary_key=True),
    code("value", primary_key=True),
    Column("n", Integer, nullable=False),
    Column("met", Integer, nullable=False),
    Column("amount", Float, nullable=False),
)
surveys = Table(
    "surveys",
    metadata,
    Column("id", Integer, primary_key=True),
    code("unit_code", ForeignKey("units.code")),
    code("scope"),
    code("method"),
    code("question"),
    Column("first_on", Date, nullable=False),
    Column("last_on", Date, nullable=False),
    Column("answers", Integer, nullable=False),
    Column("satisfied", Float, nullable=False),
    words("source"),
    code("imported_by"),
    moment("imported_at"),
    UniqueConstraint("unit_code", "scope", "method", "question", "first_on", "last_on"),
)
samples = Table(
    "samples",
    metadata,
    Column("id", Integer, primary_key=True),
    words("name"),
    Column("seed", Integer, nullable=False),
    code("unit_code", ForeignKey("units.code")),
    Column("first_on", Date, nullable=False),
    Column("last_on", Date, nullable=False),
    Column("size", Integer, nullable=False),
    words("plan_json"),
    code("made_by", ForeignKey("users.username")),
    moment("made_at"),
)
sample_tickets = Table(
    "sample_tickets",
    metadata,
    Column("sample_id", Integer, ForeignKey("samples.id"), primary_key=True, autoincrement=False),
    Column("ticket_number", String(16), ForeignKey("tickets.number"), primary_key=True),
    code("unit_code"),
    code("risk"),
    Column("weight", Float, nullable=False),
)
assessments = Table(
    "assessments",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("sample_id", Integer, ForeignKey("samples.id"), nullable=False),
    ticket_number(),
    code("auditor", ForeignKey("users.username")),
    words("note"),
    moment("submitted_at"),
    UniqueConstraint("sample_id", "ticket_number", "auditor"),
)
assessment_scores = Table(
    "assessment_scores",
    metadata,
    Column("assessment_id", Integer, ForeignKey("assessments.id"), primary_key=True, autoincrement=False),
    code("item", primary_key=True),
    Column("points", Float, nullable=False),
    Column("most", Float, nullable=False),
    words("note"),
)
suspicions = Table(
    "suspicions",
    metadata,
    Column("id", Integer, primary_key=True),
    code("rule"),
    ticket_number(),
    words("evidence"),
    moment("found_at"),
    code("verdict", server_default=""),
    code("decided_by", server_default=""),
    moment("decided_at", nullable=True),
    UniqueConstraint("rule", "ticket_number"),
    Index("ix_suspicions_open", "found_at", sqlite_where=literal_column("verdict = ''"), postgresql_where=literal_column("verdict = ''")),
)
audit_tasks = Table(
    "audit_tasks",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("ticket_number", String(16), ForeignKey("tickets.number"), index=True),
    Column("sample_id", Integer),
    Column("suspicion_id", Integer),
    code("unit_code", ForeignKey("units.code")),
    code("department"),
    words("text"),
    Column("due_on", Date, nullable=False),
    code("state"),
    Column("version", Integer, nullable=False),
    code("made_by", ForeignKey("users.username")),
    moment("made_at"),
    words("answer"),
    code("answered_by", server_default=""),
    moment("answered_at", nullable=True),
    code("closed_by", server_default=""),
    moment("closed_at", nullable=True),
    Index(None, "unit_code", "department", "state", "due_on"),
)
audit_task_entries = Table(
    "audit_task_entries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("task_id", Integer, ForeignKey("audit_tasks.id"), nullable=False, index=True),
    code("action"),
    code("actor"),
    moment("happened_at"),
    words("text"),
)
quality_events = Table(
    "quality_events",
    metadata,
    Column("id", Integer, primary_key=True),
    code("digest"),
    code("kind"),
    code("unit_code", ForeignKey("units.code")),
    Column("happened_on", Date, nullable=False),
    Column("ticket_number", String(16), ForeignKey("tickets.number"), index=True),
    words("text"),
    words("source"),
    code("made_by", ForeignKey("users.username")),
    moment("made_at"),
    code("revoked_by", server_default=""),
    moment("revoked_at", nullable=True),
    words("revoked_reason"),
    Index(None, "unit_code", "happened_on"),
    Index(
        "ix_quality_events_standing",
        "digest",
        unique=True,
        sqlite_where=literal_column("revoked_at IS NULL"),
        postgresql_where=literal_column("revoked_at IS NULL"),
    ),
)
report_files = Table(
    "report_files",
    metadata,
    Column("id", Integer, primary_key=True),
    code("kind"),
    code("unit_code", ForeignKey("units.code")),
    Column("first_on", Date, nullable=False),
    Column("last_on", Date, nullable=False),
    code("format"),
    words("name"),
    code("digest"),
    Column("data", LargeBinary, nullable=False),
    code("made_by"),
    moment("made_at"),
    Column("listed", Integer),
    Index(None, "unit_code", "first_on"),
    UniqueConstraint("kind", "unit_code", "first_on", "format"),
)
report_jobs = Table(
    "report_jobs",
    metadata,
    Column("id", Integer, primary_key=True),
    code("kind"),
    code("unit_code"),  # '': everything
    Column("first_on", Date, nullable=False),
    code("format"),
    code("asked_by"),
    moment("asked_at"),
    code("state"),
    moment("changed_at"),
    words("why"),
    words("name"),
    Column("data", LargeBinary),
    UniqueConstraint("asked_by", "kind", "unit_code", "first_on", "format"),
)
