"""Makes the other cities of a made-up province from its first one, inside PostgreSQL: rows and figures, with other units and numbers.

Every city then has the same days and the same chances (storms come to all of them at once); what pages read is as large as in a real province.
"""

from typing import Any

from sqlalchemy import Connection

FIRST = "7001"
# How a column of the first city becomes that of another one: {c} is the city's number in two digits, {n} how many contacts a city has.
UNIT = "CASE WHEN {name} LIKE '7001%' THEN '70{c}' || substr({name}, 5) ELSE {name} END"
NUMBER = "substr({name}, 1, 8) || '{c}' || substr({name}, 11)"
CHANGED = {
    "unit_code": UNIT,
    "team_unit": UNIT,
    "number": NUMBER,
    "ticket_number": NUMBER,
    "contact_id": "{name} + {n} * ({c}::int - 1)",
}
OWN_IDS = {"contacts": "id + {n} * ({c}::int - 1)"}
TABLES = ("contacts", "tickets", "steps", "decisions", "audit", "figures")


def copy_cities(connection: Connection, cities: int) -> None:
    """Copy the first city to the second and on, up to so many; indexes are dropped before and built again after."""
    raw: Any = connection.connection.driver_connection
    raw.rollback()
    raw.autocommit = True
    with raw.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("SET maintenance_work_mem = '2GB'")
        cursor.execute("SET synchronous_commit = off")
        contacts = cursor.execute("SELECT MAX(id) FROM contacts").fetchone()[0]
        names = cursor.execute("SELECT code, name, kind, parent_code FROM units WHERE code LIKE '7001%' ORDER BY code").fetchall()
        indexes = cursor.execute(
            """SELECT indexdef, quote_ident(indexname) FROM pg_indexes
            WHERE schemaname = 'public' AND tablename = ANY(%s)
            AND indexname NOT IN (SELECT conname FROM pg_constraint)""",
            [list(TABLES)],
        ).fetchall()
        for _, name in indexes:
            cursor.execute(f"DROP INDEX {name}")
        for city in range(2, cities + 1):
            code = f"70{city:02d}"
            for unit, title, kind, parent in names:
                above = parent if parent == "70" else code + parent[4:]
                row = (code + unit[4:], title.replace(FIRST, code), kind, above)
                cursor.execute("INSERT INTO units (code, name, kind, parent_code) VALUES (%s, %s, %s, %s)", row)
        for table in TABLES:
            copy_rows(cursor, table, cities, contacts)
            print(f"  {table} copied", flush=True)
        for definition, _ in indexes:
            cursor.execute(definition)
        print(f"  {len(indexes)} indexes built", flush=True)
        cursor.execute("SET session_replication_role = origin")
        cursor.execute("VACUUM ANALYZE")


def copy_rows(cursor: Any, table: str, cities: int, contacts: int) -> None:
    """Copy a table's rows of the first city to all others."""
    columns = [
        row[0]
        for row in cursor.execute(
            """SELECT column_name FROM information_schema.columns
            WHERE table_schema = 'public' AND table_name = %s AND is_generated = 'NEVER'
            ORDER BY ordinal_position""",
            [table],
        ).fetchall()
        if row[0] != "id" or table in OWN_IDS
    ]
    for city in range(2, cities + 1):
        changed = {**CHANGED, **({"id": OWN_IDS[table]} if table in OWN_IDS else {})}
        values = ", ".join(changed.get(name, "{name}").format(name=name, c=f"{city:02d}", n=contacts) for name in columns)
        where = {
            "contacts": f"id <= {contacts}",
            "tickets": "unit_code LIKE '7001%'",
            "figures": "unit_code LIKE '7001%'",
        }.get(table, "substr(ticket_number, 9, 2) = '00'")
        cursor.execute(f"INSERT INTO {table} ({', '.join(columns)}) SELECT {values} FROM {table} WHERE {where}")
