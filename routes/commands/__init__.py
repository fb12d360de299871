"""The commands of the product that are not the classifier's: each a thin way into `triage`."""

from routes.commands.imports import import_file
from routes.commands.organisation import calendar, demo, migrate, tokens, users
from routes.commands.reports import report, verify_audit

COMMANDS = (migrate, demo, calendar, users, tokens, import_file, report, verify_audit)
