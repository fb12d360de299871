"""The trade's terms: one code and one Chinese name each; code and database use the code, pages the name (`triage/wording.py`)."""

from enum import StrEnum

from triage.wording import name_of


class Term(StrEnum):
    """A code with a Chinese name."""

    @property
    def label(self) -> str:
        """The Chinese name, from the catalogue of messages."""
        return name_of(type(self), self.name)


class Level(Term):
    """How grave a ticket is, the gravest first."""

    SPECIAL = "special"
    MAJOR = "major"
    IMPORTANT = "important"
    ORDINARY = "ordinary"

    @property
    def rank(self) -> int:
        """0 for the gravest; what is sorted by."""
        return list(Level).index(self)


class State(Term):
    """Where a ticket stands; the last five are ends."""

    PENDING_REVIEW = "pending_review"
    DISPATCHED = "dispatched"
    ACCEPTED = "accepted"
    CONTACTED = "contacted"
    ARRIVED = "arrived"
    RESOLVED = "resolved"
    REVIEWED = "reviewed"
    CALLED_BACK = "called_back"
    RETURNED = "returned"
    CLOSED = "closed"
    ANSWERED = "answered"
    REFERRED = "referred"
    MERGED = "merged"
    WITHDRAWN = "withdrawn"

    @property
    def is_end(self) -> bool:
        """Whether nothing is left to do."""
        return self in (State.CLOSED, State.ANSWERED, State.REFERRED, State.MERGED, State.WITHDRAWN)


class Step(Term):
    """A key step that is timed."""

    DISPATCH = "dispatch"
    REDISPATCH = "redispatch"
    ACCEPT = "accept"
    CONTACT = "contact"
    ARRIVE = "arrive"
    RESOLVE = "resolve"
    REVIEW = "review"
    CALLBACK = "callback"
    EXTENSION = "extension"
    APPEAL = "appeal"
    CHASE = "chase"
    CO_HANDLE = "co_handle"


class Zone(Term):
    """How a step stands against its limit at one moment; colour, shape and word on the page."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


class Watch(Term):
    """Whose clock a step runs on."""

    CUSTOMER = "customer"
    DEPARTMENT = "department"


class Locality(Term):
    """What kind of place the customer lives in; arrival limits differ by it."""

    URBAN = "urban"
    RURAL = "rural"
    REMOTE = "remote"


class Supply(Term):
    """Whether a customer has electricity, as the billing system last said."""

    ON = "on"
    CUT_ARREARS = "cut_arrears"
    CUT_OTHER = "cut_other"


class Channel(Term):
    """How a contact came in."""

    PHONE = "phone"
    ONLINE = "online"
    HALL = "hall"
    SMS = "sms"
    AUTHORITY_12398 = "12398"
    AUTHORITY_12345 = "12345"
    AUTHORITY_OTHER = "other"


class Role(Term):
    """What a user is here for."""

    AGENT = "agent"
    DISPATCHER = "dispatcher"
    HANDLER = "handler"
    LEADER = "leader"
    AUDITOR = "auditor"
    ADMIN = "admin"


class Relation(Term):
    """For whom somebody calls."""

    SELF = "self"
    THIRD_PARTY = "third_party"
    ANONYMOUS = "anonymous"


class Asked(Term):
    """What is asked for and decided beside the way of a ticket."""

    RETURN = "return"
    EXTENSION = "extension"
    APPEAL = "appeal"
    EXEMPTION = "exemption"
    MALICIOUS = "malicious"
    INFORM = "inform"


class Reached(Term):
    """Why a callback did not reach the customer."""

    NO_ANSWER = "no_answer"
    BUSY = "busy"
    OFF = "off"
    REFUSED = "refused"
    WRONG_NUMBER = "wrong_number"


class Linked(Term):
    """How one ticket belongs to another."""

    REPEAT = "repeat"
    MERGED = "merged"


class Finding(Term):
    """What the department found out about the customer's account."""

    UPHELD = "upheld"
    PARTLY = "partly"
    NOT_UPHELD = "not_upheld"


class Satisfaction(Term):
    """The answer on the return visit: 1 very satisfied to 9; 4–9 are dissatisfied, with the reason."""

    VERY = "1"
    SATISFIED = "2"
    NEUTRAL = "3"
    ATTITUDE = "4"
    QUALITY = "5"
    ARRIVAL = "6"
    SPEED = "7"
    NOT_REPAIRED = "8"
    OTHER = "9"


class Scope(Term):
    """Whom a survey asked about: shares of different scopes are not compared."""

    COMPANY = "company"
    DIRECT = "direct"


class SurveyMethod(Term):
    """How a survey asked; shares of different methods are not compared."""

    PHONE = "phone"
    ONLINE = "online"
    ON_SITE = "on_site"
    THIRD_PARTY = "third_party"


class Risk(Term):
    """How likely a ticket hides something worth an auditor's time; a sample is stratified by it."""

    HIGH = "high"
    MIDDLE = "middle"
    ORDINARY = "ordinary"


class Verdict(Term):
    """What an auditor found of a suspicion."""

    CONFIRMED = "confirmed"
    REFUSED = "refused"


class TaskState(Term):
    """Where an audit task stands."""

    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"


class QualityEventKind(Term):
    """What an auditor enters as a quality event (质量事件); each takes points from the service index."""

    NEGATIVE_PUBLICITY = "negative_publicity"
    MISCONDUCT = "misconduct"


class UnitKind(Term):
    """A supply unit's place in the organisation."""

    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    STATION = "station"


class Made(Term):
    """Who made a decision."""

    MODEL = "model"
    RULE = "rule"
    AGENT = "agent"
    DISPATCHER = "dispatcher"
    DEPARTMENT = "department"
    SECOND = "second"
    TAKEN_BACK = "taken_back"


class ReportKind(Term):
    """How long a period a report is of."""

    WEEK = "week"
    MONTH = "month"


class Weekday(Term):
    """A day of the week as ISO 8601 numbers it."""

    MONDAY = "1"
    TUESDAY = "2"
    WEDNESDAY = "3"
    THURSDAY = "4"
    FRIDAY = "5"
    SATURDAY = "6"
    SUNDAY = "7"
