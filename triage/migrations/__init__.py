"""Schema migrations (Alembic), applied by a command before the server starts."""
