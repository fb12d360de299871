"""Bring a database to the schema of this version, in one transaction where the engine can."""

import logging
from pathlib import Path

from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, create_engine, pool
from sqlalchemy.engine import make_url

HERE = Path(__file__).resolve().parent / "migrations"


def alembic_config(connection: Connection) -> AlembicConfig:
    """Give Alembic's configuration for a connection."""
    config = AlembicConfig()
    config.set_main_option("script_location", str(HERE).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def migrate(url: str) -> tuple[str | None, str | None]:
    """Apply the missing migrations and give the revision before and after.

    The folder of an embedded database is made where it is missing.
    """
    address = make_url(url)
    if address.get_backend_name() == "sqlite" and address.database:
        Path(address.database).parent.mkdir(parents=True, exist_ok=True)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    engine = create_engine(address, poolclass=pool.NullPool)
    with engine.begin() as connection:
        before = MigrationContext.configure(connection).get_current_revision()
        command.upgrade(alembic_config(connection), "head")
        after = MigrationContext.configure(connection).get_current_revision()
    engine.dispose()
    return before, after
