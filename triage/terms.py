"""The trade's terms: one code and one Chinese name side by side; code and database use the code, pages the name."""

from enum import StrEnum
from typing import Self


class Term(StrEnum):
    """A code with its Chinese name in `label`."""

    label: str

    def __new__(cls, code: str, label: str = "") -> Self:
        """Make the member from its code and its Chinese name."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.label = label
        return member


class Level(Term):
    """How grave a ticket is, the gravest first."""

    SPECIAL = "special", "特殊"
    MAJOR = "major", "重大"
    IMPORTANT = "important", "重要"
    ORDINARY = "ordinary", "一般"

    @property
    def rank(self) -> int:
        """0 for the gravest; what is sorted by."""
        return list(Level).index(self)


class State(Term):
    """Where a ticket stands; the last five are ends."""

    PENDING_REVIEW = "pending_review", "待审核"
    DISPATCHED = "dispatched", "待接单"
    ACCEPTED = "accepted", "已接单"
    CONTACTED = "contacted", "已联系"
    ARRIVED = "arrived", "已到场"
    RESOLVED = "resolved", "待审单"
    REVIEWED = "reviewed", "待回访"
    CALLED_BACK = "called_back", "已回访"
    RETURNED = "returned", "已退单"
    CLOSED = "closed", "已归档"
    ANSWERED = "answered", "办结即答"
    REFERRED = "referred", "已转告"
    MERGED = "merged", "已合并"
    WITHDRAWN = "withdrawn", "已撤诉"

    @property
    def is_end(self) -> bool:
        """Whether nothing is left to do."""
        return self in (State.CLOSED, State.ANSWERED, State.REFERRED, State.MERGED, State.WITHDRAWN)


class Step(Term):
    """A key step that is timed."""

    DISPATCH = "dispatch", "派单"
    REDISPATCH = "redispatch", "重新派单"
    ACCEPT = "accept", "接单"
    CONTACT = "contact", "联系客户"
    ARRIVE = "arrive", "到达现场"
    RESOLVE = "resolve", "处理回复"
    REVIEW = "review", "回单审核"
    CALLBACK = "callback", "回访"
    EXTENSION = "extension", "延期审批"
    APPEAL = "appeal", "申诉裁定"
    CHASE = "chase", "催办答复"
    CO_HANDLE = "co_handle", "协办反馈"


class Zone(Term):
    """How a step stands against its limit at one moment; colour, shape and word on the page."""

    GREEN = "green", "正常"
    YELLOW = "yellow", "预警"
    RED = "red", "超时"


class Watch(Term):
    """Whose clock a step runs on."""

    CUSTOMER = "customer", "客户时钟"
    DEPARTMENT = "department", "部门时钟"


class Locality(Term):
    """What kind of place the customer lives in; arrival limits differ by it."""

    URBAN = "urban", "城区"
    RURAL = "rural", "农村"
    REMOTE = "remote", "边远"


class Supply(Term):
    """Whether a customer has electricity, as the billing system last said."""

    ON = "on", "正常供电"
    CUT_ARREARS = "cut_arrears", "欠费停电"
    CUT_OTHER = "cut_other", "其他停电"


class Channel(Term):
    """How a contact came in."""

    PHONE = "phone", "95598 电话"
    ONLINE = "online", "网上国网"
    HALL = "hall", "营业厅"
    SMS = "sms", "短信"
    AUTHORITY_12398 = "12398", "12398 转办"
    AUTHORITY_12345 = "12345", "12345 转办"
    AUTHORITY_OTHER = "other", "其他上级转办"


class Role(Term):
    """What a user is here for."""

    AGENT = "agent", "坐席"
    DISPATCHER = "dispatcher", "派单员"
    HANDLER = "handler", "责任部门"
    LEADER = "leader", "班长/负责人"
    AUDITOR = "auditor", "质检"
    ADMIN = "admin", "管理员"


class Relation(Term):
    """For whom somebody calls."""

    SELF = "self", "本人"
    THIRD_PARTY = "third_party", "代他人反映"
    ANONYMOUS = "anonymous", "匿名"


class Asked(Term):
    """What is asked for and decided beside the way of a ticket."""

    RETURN = "return", "再次退单"
    EXTENSION = "extension", "延期"
    APPEAL = "appeal", "申诉"
    EXEMPTION = "exemption", "剔除"
    MALICIOUS = "malicious", "恶意诉求认定"
    INFORM = "inform", "告知客户"


class Reached(Term):
    """Why a callback did not reach the customer."""

    NO_ANSWER = "no_answer", "无人接听"
    BUSY = "busy", "占线"
    OFF = "off", "关机或停机"
    REFUSED = "refused", "拒绝回访"
    WRONG_NUMBER = "wrong_number", "号码有误"


class Linked(Term):
    """How one ticket belongs to another."""

    REPEAT = "repeat", "重复来电"
    MERGED = "merged", "并入"


class Finding(Term):
    """What the department found out about the customer's account."""

    UPHELD = "upheld", "属实"
    PARTLY = "partly", "部分属实"
    NOT_UPHELD = "not_upheld", "不属实"


class Satisfaction(Term):
    """The answer on the return visit: 1 very satisfied to 9; 4–9 are dissatisfied, with the reason."""

    VERY = "1", "非常满意"
    SATISFIED = "2", "满意"
    NEUTRAL = "3", "一般"
    ATTITUDE = "4", "不满意：服务态度"
    QUALITY = "5", "不满意：处理质量"
    ARRIVAL = "6", "不满意：到场时间"
    SPEED = "7", "不满意：处理速度"
    NOT_REPAIRED = "8", "不满意：问题未解决"
    OTHER = "9", "不满意：其他"


class Scope(Term):
    """Whom a survey asked about: shares of different scopes are not compared."""

    COMPANY = "company", "全公司"
    DIRECT = "direct", "直管直供"


class SurveyMethod(Term):
    """How a survey asked; shares of different methods are not compared."""

    PHONE = "phone", "电话"
    ONLINE = "online", "网络"
    ON_SITE = "on_site", "入户或现场"
    THIRD_PARTY = "third_party", "第三方"


class Risk(Term):
    """How likely a ticket hides something worth an auditor's time; a sample is stratified by it."""

    HIGH = "high", "高风险"
    MIDDLE = "middle", "中风险"
    ORDINARY = "ordinary", "一般"


class Verdict(Term):
    """What an auditor found of a suspicion."""

    CONFIRMED = "confirmed", "属实"
    REFUSED = "refused", "排除"


class TaskState(Term):
    """Where an audit task stands."""

    OPEN = "open", "待整改"
    ANSWERED = "answered", "待复核"
    CLOSED = "closed", "已销号"


class UnitKind(Term):
    """A supply unit's place in the organisation."""

    PROVINCE = "province", "省公司"
    CITY = "city", "市公司"
    COUNTY = "county", "县公司"
    STATION = "station", "供电所"


class Made(Term):
    """Who made a decision."""

    MODEL = "model", "自动派单"
    RULE = "rule", "规则派单"
    AGENT = "agent", "坐席确认"
    DISPATCHER = "dispatcher", "派单员"
    DEPARTMENT = "department", "部门认定"
    SECOND = "second", "模型复看"
    TAKEN_BACK = "taken_back", "派单员（已撤销）"


class ReportKind(Term):
    """How long a period a report is of."""

    WEEK = "week", "周报"
    MONTH = "month", "月报"
