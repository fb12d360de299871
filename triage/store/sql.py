"""Named SQL blocks whose parameters and columns carry their types by name, the same on both engines."""

import re
from typing import Any

from sqlalchemy import Boolean, Date, TextualSelect, bindparam, text
from sqlalchemy.sql.elements import TextClause
from sqlalchemy.types import TypeEngine

from triage.store.schema import Moment

MOMENTS = {"now", "since", "until"}
READS = re.compile(r"^\s*(SELECT|WITH)\b|\bRETURNING\b", re.IGNORECASE)


def type_of(name: str) -> TypeEngine[Any] | None:
    """Tell a column's or parameter's type from its name (see `schema`); `is_on` is a truth, and no day."""
    if name.startswith("is_"):
        return Boolean()
    if name.endswith("_at") or name in MOMENTS:
        return Moment()
    return Date() if name.endswith("_on") else None


def block(statement: str, *lists: str) -> TextClause | TextualSelect:
    """Make an executable block from SQL with named parameters, one clause a line; the parameters in `lists` take several values (`IN :units`)."""
    clause = text(statement).bindparams(*(bindparam(name, expanding=True) for name in lists if f":{name}" in statement))
    names = set(re.findall(r"\b[a-z_]+\b", statement))
    parameters = [bindparam(name, type_=kind) for name in re.findall(r"(?<!:):([a-z_]+)", statement) if (kind := type_of(name))]
    clause = clause.bindparams(*{p.key: p for p in parameters}.values())
    if READS.search(statement):
        return clause.columns(**{name: kind for name in names if (kind := type_of(name))})
    return clause
