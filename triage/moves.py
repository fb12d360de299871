"""The table of moves: from which state to which, by whom, what each needs, and which clocks it starts, ends, stops and lets run on."""

from dataclasses import dataclass

from triage.terms import Asked, Role, State, Step
from triage.wording import say

S, R = State, Role
HANDLERS = (R.HANDLER, R.LEADER)
DESK = (R.AGENT, R.DISPATCHER)
WITH_DISPATCHER = (S.PENDING_REVIEW, S.RETURNED)
WITH_DEPARTMENT = (S.DISPATCHED, S.ACCEPTED, S.CONTACTED, S.ARRIVED)
AT_WORK = (S.ACCEPTED, S.CONTACTED, S.ARRIVED)
DONE = (S.RESOLVED, S.REVIEWED, S.CALLED_BACK, S.CLOSED)
OPEN = tuple(state for state in S if not state.is_end)
EVERY = tuple(Step)
LEFT = (Step.ACCEPT, Step.EXTENSION)  # what nobody owes any more once a ticket has left its department
FIELDS = {
    "topic": say("Topic"),
    "demand_type": say("Demand type"),
    "unit_code": say("Supply unit"),
    "return_reason": say("Return reason"),
    "exemption_reason": say("Exemption reason"),
    "pause_kind": say("Pause reason"),
    "until": say("Appointed time"),
    "amount": say("Extension requested"),
    "co_department": say("Co-handling department"),
    "assignee": say("Assignee"),
    "crew": say("Crew"),
    "parent": say("Number of the ticket to merge into"),
    "result": say("Reason for no answer"),
    "finding": say("Finding"),
    "responsible_unit": say("Responsible unit"),
    "satisfaction": say("Callback rating"),
    "owner": say("Responsible party"),
    "reason": say("Reason"),
    "task": say("Co-handling task"),
    "supplement": say("Supplementary text"),
    "reply": say("Reply text"),
    "note": say("Explanation"),
}
TEXTS = ("reason", "note", "reply", "owner", "task", "supplement")


@dataclass(frozen=True)
class Move:
    """One row of the table.

    `sources` → `target` (None: the state stays); who may; the fields it needs and those it may carry.
    Clocks: those it `ends`, `voids` (not owed any more) and `reopens` (run on); the `events` that start clocks; whether it `pauses` or
    `resumes` them. What must not be owed any more, and what must be; what it `asks` for or `settles` beside the way, and whether it `grants` that.
    `decides`: it says where the ticket goes. `leaves`: the department's own clocks end here. `of`: whose user (the `lead` or the `co` team's).
    `undoes`: the move that it takes back; the ticket goes to the state in which that one found it, and its clocks run as they did.
    """

    code: str
    label: str
    sources: tuple[State, ...]
    target: State | None
    roles: tuple[Role, ...]
    needs: tuple[str, ...] = ()
    takes: tuple[str, ...] = ("note",)
    ends: tuple[Step, ...] = ()
    voids: tuple[Step, ...] = ()
    reopens: tuple[Step, ...] = ()
    events: tuple[str, ...] = ()
    not_owing: tuple[Step, ...] = ()
    owing: tuple[Step, ...] = ()
    asks: Asked | None = None
    settles: Asked | None = None
    grants: bool = False
    decides: bool = False
    leaves: bool = False
    watched: bool = False
    pauses: bool = False
    resumes: bool = False
    of: str = ""
    undoes: str = ""

    @property
    def is_main(self) -> bool:
        """Whether it moves the ticket on or answers what somebody waits for; the others stand behind "more" (更多操作)."""
        onward = self.target is not None and self.code not in ("withdraw", "merge", "reroute", "refer", "answer")
        return onward or self.settles is not None or self.code in ("acknowledge", "co_reply", "answer_chase", "attempt", "resume", "set_type")

    @property
    def moves_deadlines(self) -> bool:
        """Whether the deadlines of running clocks depend on it."""
        return self.decides or self.pauses or self.settles is Asked.EXTENSION or self.code == "set_type" or bool(self.reopens or self.undoes)


MOVES = (
    Move("dispatch", say("Dispatch"), WITH_DISPATCHER, S.DISPATCHED, (R.DISPATCHER,), ("topic", "demand_type"), ("unit_code", "note"),
         ends=(Step.DISPATCH, Step.REDISPATCH), events=("dispatched",), decides=True),
    Move("reroute", say("Reroute"), (S.DISPATCHED,), S.DISPATCHED, (R.DISPATCHER,), ("topic", "demand_type", "reason"), ("unit_code",),
         voids=LEFT, events=("dispatched",), decides=True, leaves=True),
    Move("undo_dispatch", say("Undo dispatch"), (S.DISPATCHED,), S.PENDING_REVIEW, (R.DISPATCHER,), undoes="dispatch"),
    Move("acknowledge", say("Acknowledge"), OPEN, None, (R.DISPATCHER,), watched=True),
    Move("accept", say("Accept"), (S.DISPATCHED,), S.ACCEPTED, HANDLERS, ends=(Step.ACCEPT,), events=("accepted",), of="lead"),
    Move("assign", say("Assign"), WITH_DEPARTMENT, None, HANDLERS, (), ("assignee", "crew", "note"), of="lead"),
    Move("set_type", say("Determine demand type"), WITH_DEPARTMENT, None, HANDLERS, ("demand_type", "reason"), (), of="lead"),
    Move("return", say("Return"), (S.DISPATCHED, S.ACCEPTED), S.RETURNED, HANDLERS, ("return_reason", "reason"), (), voids=LEFT,
         events=("returned",), leaves=True, resumes=True, of="lead"),
    Move("ask_return", say("Request another return"), (S.DISPATCHED, S.ACCEPTED), None, HANDLERS, ("return_reason", "reason"), (),
         asks=Asked.RETURN, of="lead"),
    Move("grant_return", say("Grant return"), (S.DISPATCHED, S.ACCEPTED), S.RETURNED, (R.DISPATCHER,), (), ("note",), voids=LEFT,
         events=("returned",), settles=Asked.RETURN, grants=True, leaves=True, resumes=True),
    Move("refuse_return", say("Refuse return"), (S.DISPATCHED, S.ACCEPTED), None, (R.DISPATCHER,), ("reason",), (), settles=Asked.RETURN),
    Move("contact", say("Contact the customer"), (S.ACCEPTED,), S.CONTACTED, HANDLERS, ends=(Step.CONTACT,), events=("contacted",), resumes=True,
         of="lead"),
    Move("arrive", say("Arrive on site"), (S.ACCEPTED, S.CONTACTED), S.ARRIVED, HANDLERS, ends=(Step.CONTACT, Step.ARRIVE),
         events=("arrived",), owing=(Step.ARRIVE,), resumes=True, of="lead"),
    Move("pause", say("Pause the clock"), AT_WORK, None, HANDLERS, ("pause_kind", "reason"), ("until",), pauses=True, of="lead"),
    Move("resume", say("Resume the clock"), (*AT_WORK, S.REVIEWED), None, (*HANDLERS, R.AGENT), resumes=True, of="lead"),
    Move("ask_extension", say("Request an extension"), WITH_DEPARTMENT, None, HANDLERS, ("amount", "reason"), (), events=("extension_asked",),
         owing=(Step.RESOLVE,), asks=Asked.EXTENSION, of="lead"),
    Move("grant_extension", say("Grant extension"), WITH_DEPARTMENT, None, (R.DISPATCHER, R.LEADER), ends=(Step.EXTENSION,),
         settles=Asked.EXTENSION, grants=True),
    Move("refuse_extension", say("Refuse extension"), WITH_DEPARTMENT, None, (R.DISPATCHER, R.LEADER), ("reason",), (), ends=(Step.EXTENSION,),
         settles=Asked.EXTENSION),
    Move("co_handle", say("Request co-handling"), WITH_DEPARTMENT, None, (*HANDLERS, R.DISPATCHER), ("co_department", "task"), (), of="lead"),
    Move("co_reply", say("Co-handling feedback"), WITH_DEPARTMENT, None, HANDLERS, ("reply",), (), of="co"),
    Move("co_cancel", say("Cancel co-handling"), WITH_DEPARTMENT, None, (*HANDLERS, R.DISPATCHER), ("co_department", "reason"), (), of="lead"),
    Move("resolve", say("Resolve and reply"), AT_WORK, S.RESOLVED, HANDLERS, ("reply", "finding"), ("responsible_unit",), ends=(Step.RESOLVE,
         Step.CHASE),
         voids=(Step.EXTENSION,), events=("resolved",), not_owing=(Step.CONTACT, Step.ARRIVE), resumes=True, of="lead"),
    Move("review", say("Pass the review"), (S.RESOLVED,), S.REVIEWED, (R.DISPATCHER,), ends=(Step.REVIEW,), events=("reviewed",)),
    Move("send_back", say("Fail the review"), (S.RESOLVED,), S.ACCEPTED, (R.DISPATCHER,), ("reason",), (), voids=(Step.REVIEW,),
         reopens=(Step.RESOLVE,)),
    Move("callback", say("Callback"), (S.REVIEWED,), S.CALLED_BACK, (R.AGENT,), ("satisfaction",), ends=(Step.CALLBACK,), events=("called_back",),
         resumes=True),
    Move("undo_callback", say("Undo callback"), (S.CALLED_BACK,), S.REVIEWED, (R.AGENT,), undoes="callback"),
    Move("attempt", say("Callback not answered"), (S.REVIEWED,), None, (R.AGENT,), ("result",)),
    Move("postpone", say("Callback by appointment"), (S.REVIEWED,), None, (R.AGENT,), ("until",), pauses=True),
    Move("close", say("Close"), (S.REVIEWED, S.CALLED_BACK), S.CLOSED, DESK, ends=(Step.CALLBACK, Step.CHASE), resumes=True),
    Move("undo_close", say("Undo close"), (S.CLOSED,), S.CALLED_BACK, DESK, undoes="close"),
    Move("reopen", say("Reopen"), (S.CALLED_BACK, S.CLOSED), S.DISPATCHED, DESK, ("reason",), (), voids=(Step.APPEAL,),
         events=("reopened", "dispatched")),
    Move("chase", say("Chase"), OPEN, None, DESK, ("reason",), (), events=("chased",)),
    Move("answer_chase", say("Answer chase"), OPEN, None, (*HANDLERS, R.DISPATCHER), ("reply",), (), ends=(Step.CHASE,), owing=(Step.CHASE,),
         of="lead"),
    Move("supplement", say("Supplement the demand"), OPEN, None, DESK, ("supplement",), ()),
    Move("answer", say("Answered at once"), WITH_DISPATCHER, S.ANSWERED, (R.AGENT,), ("reply",), (), ends=(Step.CONTACT, Step.RESOLVE), voids=EVERY),
    Move("refer", say("Refer to the responsible party"), WITH_DISPATCHER, S.REFERRED, DESK, ("owner",), ("reply", "note"), ends=(Step.CONTACT,
         Step.RESOLVE), voids=EVERY),
    Move("merge", say("Merge"), (*WITH_DISPATCHER, S.DISPATCHED, S.ACCEPTED), S.MERGED, (R.DISPATCHER,), ("parent",), ("note",), voids=EVERY,
         leaves=True, resumes=True),
    Move("undo_merge", say("Undo merge"), (S.MERGED,), S.PENDING_REVIEW, (R.DISPATCHER,), undoes="merge"),
    Move("inform", say("Customer informed"), (S.MERGED,), None, (R.AGENT,), (), ("note",), settles=Asked.INFORM, grants=True),
    Move("withdraw", say("Withdraw"), (*WITH_DISPATCHER, *WITH_DEPARTMENT), S.WITHDRAWN, DESK, ("reason",), (), voids=EVERY, leaves=True,
         resumes=True),
    Move("appeal", say("Appeal"), (S.REVIEWED, S.CALLED_BACK, S.CLOSED), None, (R.LEADER,), ("finding", "reason"), (), events=("appealed",),
         asks=Asked.APPEAL, of="lead"),
    Move("grant_appeal", say("Uphold appeal"), DONE, None, (R.AUDITOR,), ("reason",), ("responsible_unit",), ends=(Step.APPEAL,),
         settles=Asked.APPEAL, grants=True),
    Move("refuse_appeal", say("Reject appeal"), DONE, None, (R.AUDITOR,), ("reason",), (), ends=(Step.APPEAL,), settles=Asked.APPEAL),
    Move("ask_exemption", say("Request exemption"), tuple(S), None, (R.LEADER, R.DISPATCHER), ("exemption_reason", "reason"), (),
         asks=Asked.EXEMPTION),
    Move("grant_exemption", say("Grant exemption"), tuple(S), None, (R.AUDITOR,), settles=Asked.EXEMPTION, grants=True),
    Move("refuse_exemption", say("Refuse exemption"), tuple(S), None, (R.AUDITOR,), ("reason",), (), settles=Asked.EXEMPTION),
    Move("ask_malicious", say("Flag as malicious"), tuple(S), None, (R.AGENT, R.DISPATCHER, R.LEADER), ("reason",), (), asks=Asked.MALICIOUS),
    Move("grant_malicious", say("Confirm as malicious"), tuple(S), None, (R.AUDITOR,), settles=Asked.MALICIOUS, grants=True),
    Move("refuse_malicious", say("Decline to confirm as malicious"), tuple(S), None, (R.AUDITOR,), ("reason",), (), settles=Asked.MALICIOUS),
)  # fmt: skip
BY_CODE = {move.code: move for move in MOVES}
UNDO_OF = {move.undoes: move for move in MOVES if move.undoes}
DECIDERS = (R.AGENT, R.DISPATCHER, R.LEADER, R.AUDITOR)


def decided_by(role: Role) -> tuple[Asked, ...]:
    """Give what a role decides beside the way of tickets, as the table says."""
    return tuple(kind for kind in Asked if any(move.settles is kind and role in move.roles for move in MOVES))
