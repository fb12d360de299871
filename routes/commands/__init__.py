"""The commands of the product that are not the classifier's: each a thin way into `triage`."""

from routes.commands.audit import audit_scan
from routes.commands.backup import backup, move, restore
from routes.commands.calls import calls
from routes.commands.customers import import_customers, import_unit_customers
from routes.commands.export import export
from routes.commands.extract import extract
from routes.commands.imports import imports
from routes.commands.organisation import calendar, demo, migrate, tokens, units, users
from routes.commands.outages import outages
from routes.commands.rebuild import rebuild
from routes.commands.report import report
from routes.commands.reports import verify_audit
from routes.commands.surveys import import_surveys
from routes.commands.sweep import sweep

imports.add_command(import_customers)
imports.add_command(import_unit_customers)
imports.add_command(import_surveys)
COMMANDS = (
    *(migrate, audit_scan, demo, calendar, users, tokens, imports, report, extract, export, backup, restore, move),
    *(verify_audit, sweep, outages, units, calls, rebuild),
)
