"""The commands of the product that are not the classifier's: each a thin way into `triage`."""

from routes.commands.calls import calls
from routes.commands.imports import import_file
from routes.commands.organisation import calendar, demo, migrate, tokens, units, users
from routes.commands.outages import outages
from routes.commands.rebuild import rebuild
from routes.commands.reports import report, verify_audit
from routes.commands.sweep import sweep

COMMANDS = (migrate, demo, calendar, users, tokens, import_file, report, verify_audit, sweep, outages, units, calls, rebuild)
