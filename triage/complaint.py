"""What comes in: a contact with one or more complaints; and what the store knows about the caller."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from triage.errors import InvalidInput, Problem
from triage.terms import Channel, Locality, Relation
from triage.texts import clean

if TYPE_CHECKING:
    from triage.outages import OutageContext

MAX_TEXT = 4000
FIELD_NAMES = {
    "text": "受理内容",
    "phone": "联系电话",
    "relation": "来电身份",
    "callback_phone": "回访电话",
    "call_id": "话务编号",
    "recording": "录音编号",
    "caller_name": "客户姓名",
    "customer_number": "户号",
    "address": "用电地址",
    "channel": "受理渠道",
    "unit_code": "供电单位",
    "locality": "地域",
    "complaints": "诉求",
    "topic": "主题",
    "demand_type": "诉求类型",
    "answer": "答复内容",
    "owner": "责任主体",
    "submission_key": "提交编号",
}
MESSAGES = {
    "missing": "必填，请补上",
    "string_too_short": "必填，请补上",
    "too_short": "至少要有一件诉求",
    "string_too_long": "太长，最多 {max_length} 个字，请删减或分为几件诉求",
    "too_long": "一次来电最多登记 {max_length} 件诉求",
    "enum": "不在可选范围内，可选：{expected}",
    "string_type": "应为文字",
    "list_type": "应为列表",
    "bool_parsing": "应为 true 或 false",
    "bool_type": "应为 true 或 false",
    "model_type": "应为一组字段",
    "model_attributes_type": "应为一组字段",
    "extra_forbidden": "没有这个字段，请核对字段名",
}

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_TEXT)]
Short = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]


class Complaint(BaseModel):
    """One grievance in the customer's words, and what the agent has said about it, if anything.

    `topic` and `demand_type` are a person's choice (both or neither); `answer` ends the ticket at once (办结即答), `owner` refers it (非供电责任).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: Text
    topic: Short = ""
    demand_type: Short = ""
    answer: Annotated[str, StringConstraints(strip_whitespace=True, max_length=MAX_TEXT)] = ""
    owner: Short = ""

    @model_validator(mode="after")
    def _whole(self) -> "Complaint":
        if bool(self.topic) != bool(self.demand_type):
            raise ValueError("主题与诉求类型请一并选择，或都留给系统判断")
        if (self.answer or self.owner) and not self.topic:
            raise ValueError("当即答复或转告的诉求，请先确认主题与诉求类型")
        if self.answer and self.owner:
            raise ValueError("当即答复与转告责任主体只能选一个")
        return self


class Contact(BaseModel):
    """One call or letter: who, how, and one to many complaints. `submission_key` makes sending it twice harmless.

    `relation` says for whom somebody calls; `callback_phone` is where the customer wants to be called back; `call_id` and `recording` lead to the
    call's record (话务记录).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    complaints: Annotated[tuple[Complaint, ...], Field(min_length=1, max_length=10)]
    channel: Channel = Channel.PHONE
    caller_name: Short = ""
    phone: Annotated[str, StringConstraints(strip_whitespace=True, max_length=40)] = ""
    customer_number: Short = ""
    address: Short = ""
    unit_code: Short = ""
    locality: Locality | None = None
    is_confidential: bool = False
    relation: Relation = Relation.SELF
    callback_phone: Annotated[str, StringConstraints(strip_whitespace=True, max_length=40)] = ""
    call_id: Annotated[str, StringConstraints(strip_whitespace=True, max_length=64)] = ""
    recording: Short = ""
    submission_key: Annotated[str, StringConstraints(strip_whitespace=True, max_length=100)] = ""

    @field_validator("phone", "callback_phone")
    @classmethod
    def _phone(cls, value: str) -> str:
        digits = value.replace("-", "").replace(" ", "").removeprefix("+86")
        if digits and not (digits.isascii() and digits.isdigit() and 5 <= len(digits) <= 15):
            raise ValueError("应为 5–15 位数字，可带区号，如 13800001234 或 0571-88880000")
        return digits

    @field_validator("customer_number")
    @classmethod
    def _customer_number(cls, value: str) -> str:
        digits = value.replace(" ", "")
        if digits and not (digits.isascii() and digits.isdigit() and len(digits) in (10, 13)):
            raise ValueError("户号应为 10 位或 13 位数字，见电费单左上角")
        return digits

    @field_validator("locality", mode="before")
    @classmethod
    def _locality(cls, value: object) -> object:
        return value or None


def read_contact(values: Mapping[str, Any]) -> Contact:
    """Build a contact from what a form, the API or a file sent.

    Raises:
        InvalidInput: one problem a wrong field, in the user's words, with the field's place (`complaints.0.text`).
    """
    try:
        return Contact.model_validate(clean(dict(values)))
    except ValidationError as error:
        raise InvalidInput(*_problems(error)) from None


def _problems(error: ValidationError) -> Iterable[Problem]:
    items = error.errors(include_url=False, include_input=False)
    for item in items:
        if item["type"] == "too_short" and any(len(i["loc"]) > len(item["loc"]) for i in items if i["loc"][: len(item["loc"])] == item["loc"]):
            continue  # pydantic counts a wrong element as missing; it is there, and said to be wrong
        place = ".".join(str(part) for part in item["loc"])
        last = str(item["loc"][-1]) if item["loc"] else "内容"
        name = FIELD_NAMES.get(last, last if last.isprintable() else "（无法显示的字段名）")
        context = item.get("ctx", {})
        if item["type"] == "value_error":
            message = str(context.get("error", item["msg"]))
        else:
            message = f"{name}：{MESSAGES.get(item['type'], '格式不对').format_map({'max_length': '', 'expected': '', **context})}"
        yield Problem(place, message)


@dataclass(frozen=True)
class Customer:
    """A customer's record as far as a decision needs it."""

    number: str
    unit_code: str
    locality: Locality | None
    key_kind: str


@dataclass(frozen=True)
class EarlierCall:
    """An earlier ticket of the same customer, phone number or address."""

    number: str
    topic: str | None
    received_at: datetime
    text: str = ""
    is_same_customer: bool = True
    is_same_phone: bool = False
    is_same_address: bool = False


@dataclass(frozen=True)
class Context:
    """What the store knows when a contact comes in: the customer, the supply unit by address, earlier calls, the units' teams, known outages."""

    customer: Customer | None
    area_unit: str
    area_locality: Locality | None
    earlier: tuple[EarlierCall, ...]
    parents: Mapping[str, str]
    teams: frozenset[tuple[str, str]]
    outages: "OutageContext | None" = None
