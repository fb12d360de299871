"""The table of moves: from which state to which, by whom, what each needs, and which clocks it starts, ends, stops and lets run on."""

from dataclasses import dataclass

from triage.terms import Asked, Role, State, Step

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
    "topic": "主题",
    "demand_type": "诉求类型",
    "unit_code": "供电单位",
    "return_reason": "退单原因",
    "exemption_reason": "剔除原因",
    "pause_kind": "暂停原因",
    "until": "约定时间",
    "amount": "申请延长",
    "co_department": "协办部门",
    "assignee": "承办人",
    "crew": "班组",
    "parent": "并入的工单号",
    "result": "未接通原因",
    "finding": "调查结论",
    "responsible_unit": "责任单位",
    "satisfaction": "回访评价",
    "owner": "责任主体",
    "reason": "原因",
    "task": "协办事项",
    "supplement": "补充内容",
    "reply": "答复内容",
    "note": "说明",
}
TEXTS = ("reason", "note", "reply", "owner", "task", "supplement")


@dataclass(frozen=True)
class Move:
    """One row of the table.

    `sources` → `target` (None: the state stays); who may; the fields it needs and those it may carry.
    Clocks: those it `ends`, `voids` (not owed any more) and `reopens` (run on); the `events` that start clocks; whether it `pauses` or
    `resumes` them. What must not be owed any more, and what must be; what it `asks` for or `settles` beside the way, and whether it `grants` that.
    `decides`: it says where the ticket goes. `leaves`: the department's own clocks end here. `of`: whose user (the `lead` or the `co` team's).
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

    @property
    def is_main(self) -> bool:
        """Whether it moves the ticket on or answers what somebody waits for; the others stand behind "more" (更多操作)."""
        onward = self.target is not None and self.code not in ("withdraw", "merge", "reroute", "refer", "answer")
        return onward or self.settles is not None or self.code in ("acknowledge", "co_reply", "answer_chase", "attempt", "resume", "set_type")

    @property
    def moves_deadlines(self) -> bool:
        """Whether the deadlines of running clocks depend on it."""
        return self.decides or self.pauses or self.settles is Asked.EXTENSION or self.code == "set_type" or bool(self.reopens)


MOVES = (
    Move("dispatch", "派单", WITH_DISPATCHER, S.DISPATCHED, (R.DISPATCHER,), ("topic", "demand_type"), ("unit_code", "note"),
         ends=(Step.DISPATCH, Step.REDISPATCH), events=("dispatched",), decides=True),
    Move("reroute", "改派", (S.DISPATCHED,), S.DISPATCHED, (R.DISPATCHER,), ("topic", "demand_type", "reason"), ("unit_code",),
         voids=LEFT, events=("dispatched",), decides=True, leaves=True),
    Move("undo_dispatch", "撤销派单", (S.DISPATCHED,), S.PENDING_REVIEW, (R.DISPATCHER,), voids=(Step.ACCEPT,),
         reopens=(Step.DISPATCH, Step.REDISPATCH), leaves=True),
    Move("acknowledge", "已阅", OPEN, None, (R.DISPATCHER,), watched=True),
    Move("accept", "接单", (S.DISPATCHED,), S.ACCEPTED, HANDLERS, ends=(Step.ACCEPT,), events=("accepted",), of="lead"),
    Move("assign", "指派", WITH_DEPARTMENT, None, HANDLERS, (), ("assignee", "crew", "note"), of="lead"),
    Move("set_type", "认定诉求类型", WITH_DEPARTMENT, None, HANDLERS, ("demand_type", "reason"), (), of="lead"),
    Move("return", "退单", (S.DISPATCHED, S.ACCEPTED), S.RETURNED, HANDLERS, ("return_reason", "reason"), (), voids=LEFT,
         events=("returned",), leaves=True, resumes=True, of="lead"),
    Move("ask_return", "申请再次退单", (S.DISPATCHED, S.ACCEPTED), None, HANDLERS, ("return_reason", "reason"), (), asks=Asked.RETURN, of="lead"),
    Move("grant_return", "同意退单", (S.DISPATCHED, S.ACCEPTED), S.RETURNED, (R.DISPATCHER,), (), ("note",), voids=LEFT,
         events=("returned",), settles=Asked.RETURN, grants=True, leaves=True, resumes=True),
    Move("refuse_return", "不同意退单", (S.DISPATCHED, S.ACCEPTED), None, (R.DISPATCHER,), ("reason",), (), settles=Asked.RETURN),
    Move("contact", "联系客户", (S.ACCEPTED,), S.CONTACTED, HANDLERS, ends=(Step.CONTACT,), events=("contacted",), resumes=True, of="lead"),
    Move("arrive", "到达现场", (S.ACCEPTED, S.CONTACTED), S.ARRIVED, HANDLERS, ends=(Step.CONTACT, Step.ARRIVE),
         events=("arrived",), owing=(Step.ARRIVE,), resumes=True, of="lead"),
    Move("pause", "暂停计时", AT_WORK, None, HANDLERS, ("pause_kind", "reason"), ("until",), pauses=True, of="lead"),
    Move("resume", "恢复计时", (*AT_WORK, S.REVIEWED), None, (*HANDLERS, R.AGENT), resumes=True, of="lead"),
    Move("ask_extension", "申请延期", WITH_DEPARTMENT, None, HANDLERS, ("amount", "reason"), (), events=("extension_asked",),
         owing=(Step.RESOLVE,), asks=Asked.EXTENSION, of="lead"),
    Move("grant_extension", "同意延期", WITH_DEPARTMENT, None, (R.DISPATCHER, R.LEADER), ends=(Step.EXTENSION,),
         settles=Asked.EXTENSION, grants=True),
    Move("refuse_extension", "不同意延期", WITH_DEPARTMENT, None, (R.DISPATCHER, R.LEADER), ("reason",), (), ends=(Step.EXTENSION,),
         settles=Asked.EXTENSION),
    Move("co_handle", "请求协办", WITH_DEPARTMENT, None, (*HANDLERS, R.DISPATCHER), ("co_department", "task"), (), of="lead"),
    Move("co_reply", "协办反馈", WITH_DEPARTMENT, None, HANDLERS, ("reply",), (), of="co"),
    Move("co_cancel", "取消协办", WITH_DEPARTMENT, None, (*HANDLERS, R.DISPATCHER), ("co_department", "reason"), (), of="lead"),
    Move("resolve", "办结回单", AT_WORK, S.RESOLVED, HANDLERS, ("reply", "finding"), ("responsible_unit",), ends=(Step.RESOLVE, Step.CHASE),
         voids=(Step.EXTENSION,), events=("resolved",), not_owing=(Step.CONTACT, Step.ARRIVE), resumes=True, of="lead"),
    Move("review", "审核通过", (S.RESOLVED,), S.REVIEWED, (R.DISPATCHER,), ends=(Step.REVIEW,), events=("reviewed",)),
    Move("send_back", "审核不通过", (S.RESOLVED,), S.ACCEPTED, (R.DISPATCHER,), ("reason",), (), voids=(Step.REVIEW,), reopens=(Step.RESOLVE,)),
    Move("callback", "回访", (S.REVIEWED,), S.CALLED_BACK, (R.AGENT,), ("satisfaction",), ends=(Step.CALLBACK,), events=("called_back",),
         resumes=True),
    Move("attempt", "回访未接通", (S.REVIEWED,), None, (R.AGENT,), ("result",)),
    Move("postpone", "约时回访", (S.REVIEWED,), None, (R.AGENT,), ("until",), pauses=True),
    Move("close", "归档", (S.REVIEWED, S.CALLED_BACK), S.CLOSED, DESK, ends=(Step.CALLBACK, Step.CHASE), resumes=True),
    Move("reopen", "重新办理", (S.CALLED_BACK, S.CLOSED), S.DISPATCHED, DESK, ("reason",), (), voids=(Step.APPEAL,),
         events=("reopened", "dispatched")),
    Move("chase", "催办", OPEN, None, DESK, ("reason",), (), events=("chased",)),
    Move("answer_chase", "答复催办", OPEN, None, (*HANDLERS, R.DISPATCHER), ("reply",), (), ends=(Step.CHASE,), owing=(Step.CHASE,), of="lead"),
    Move("supplement", "补充诉求", OPEN, None, DESK, ("supplement",), ()),
    Move("answer", "办结即答", WITH_DISPATCHER, S.ANSWERED, (R.AGENT,), ("reply",), (), ends=(Step.CONTACT, Step.RESOLVE), voids=EVERY),
    Move("refer", "转告责任主体", WITH_DISPATCHER, S.REFERRED, DESK, ("owner",), ("reply", "note"), ends=(Step.CONTACT, Step.RESOLVE), voids=EVERY),
    Move("merge", "合并", (*WITH_DISPATCHER, S.DISPATCHED, S.ACCEPTED), S.MERGED, (R.DISPATCHER,), ("parent",), ("note",), voids=EVERY,
         leaves=True, resumes=True),
    Move("inform", "已告知客户", (S.MERGED,), None, (R.AGENT,), (), ("note",), settles=Asked.INFORM, grants=True),
    Move("withdraw", "撤诉", (*WITH_DISPATCHER, *WITH_DEPARTMENT), S.WITHDRAWN, DESK, ("reason",), (), voids=EVERY, leaves=True, resumes=True),
    Move("appeal", "申诉", (S.REVIEWED, S.CALLED_BACK, S.CLOSED), None, (R.LEADER,), ("finding", "reason"), (), events=("appealed",),
         asks=Asked.APPEAL, of="lead"),
    Move("grant_appeal", "申诉成立", DONE, None, (R.AUDITOR,), ("reason",), ("responsible_unit",), ends=(Step.APPEAL,),
         settles=Asked.APPEAL, grants=True),
    Move("refuse_appeal", "申诉不成立", DONE, None, (R.AUDITOR,), ("reason",), (), ends=(Step.APPEAL,), settles=Asked.APPEAL),
    Move("ask_exemption", "申请剔除", tuple(S), None, (R.LEADER, R.DISPATCHER), ("exemption_reason", "reason"), (), asks=Asked.EXEMPTION),
    Move("grant_exemption", "同意剔除", tuple(S), None, (R.AUDITOR,), settles=Asked.EXEMPTION, grants=True),
    Move("refuse_exemption", "不同意剔除", tuple(S), None, (R.AUDITOR,), ("reason",), (), settles=Asked.EXEMPTION),
    Move("ask_malicious", "标记恶意诉求", tuple(S), None, (R.AGENT, R.DISPATCHER, R.LEADER), ("reason",), (), asks=Asked.MALICIOUS),
    Move("grant_malicious", "认定恶意诉求", tuple(S), None, (R.AUDITOR,), settles=Asked.MALICIOUS, grants=True),
    Move("refuse_malicious", "不认定恶意诉求", tuple(S), None, (R.AUDITOR,), ("reason",), (), settles=Asked.MALICIOUS),
)  # fmt: skip
BY_CODE = {move.code: move for move in MOVES}
DECIDERS = (R.AGENT, R.DISPATCHER, R.LEADER, R.AUDITOR)


def decided_by(role: Role) -> tuple[Asked, ...]:
    """Give what a role decides beside the way of tickets, as the table says."""
    return tuple(kind for kind in Asked if any(move.settles is kind and role in move.roles for move in MOVES))
