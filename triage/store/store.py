"""The store: its parts by subject on one connection."""

from triage.store.assessments import Assessments
from triage.store.attachments import Attachments
from triage.store.audit_tasks import AuditTasks
from triage.store.calls import Calls
from triage.store.copying import Copying
from triage.store.customers import Customers
from triage.store.demand import Demand
from triage.store.dispatching import Dispatching
from triage.store.drafts import Drafts
from triage.store.figures import Figures
from triage.store.filters import Filters
from triage.store.folding import Folding
from triage.store.labels import Labels
from triage.store.live import Live
from triage.store.marks import Marks
from triage.store.messages import Messages
from triage.store.moves import Moves
from triage.store.people import People
from triage.store.personnel import Personnel
from triage.store.quality_events import QualityEvents
from triage.store.reference import ReferenceData
from triage.store.report_jobs import ReportJobs
from triage.store.reports import Reports
from triage.store.rollups import Rollups
from triage.store.samples import Samples
from triage.store.sign_off import SignOffs
from triage.store.surveys import Surveys
from triage.store.suspicions import Suspicions
from triage.store.warnings import Warnings


class Store(
    Moves,  # and what it is made of: intake, clocks, queries, trail, organisation, outages, shifts, search
    Dispatching,
    Attachments,
    Calls,
    People,
    Personnel,
    ReferenceData,
    Figures,
    Rollups,
    Folding,
    Reports,
    ReportJobs,
    Labels,
    Warnings,
    Marks,
    Live,
    Messages,
    Customers,
    Drafts,
    Filters,
    Samples,
    Assessments,
    Suspicions,
    AuditTasks,
    QualityEvents,
    SignOffs,
    Surveys,
    Demand,
    Copying,
):
    """Everything that is kept, on one connection taken for a request and given back at its end."""
