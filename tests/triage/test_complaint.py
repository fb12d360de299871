"""What comes in: every problem at once and in the user's words; phone and customer numbers as people write them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from triage.complaint import FIELD_NAMES, Contact, read_contact
from triage.errors import InvalidInput
from triage.terms import Channel

ONE = {"text": "家里没电"}


def problems(values: dict[str, Any]) -> dict[str, str]:
    """The problems of what was sent, by field."""
    with pytest.raises(InvalidInput) as error:
        read_contact(values)
    return {p.field: p.message for p in error.value.problems}


def test_the_least_that_must_be_said_is_one_complaint():
    made = read_contact({"complaints": [ONE]})
    assert (made.complaints[0].text, made.channel, made.phone) == ("家里没电", Channel.PHONE, "")


def test_all_problems_are_said_at_once_each_in_its_place():
    found = problems(
        {"complaints": [ONE, {"text": "  "}, {"text": "好", "nonsense": 1}], "phone": "打我手机", "customer_number": "12", "channel": "fax"}
    )
    assert set(found) == {"complaints.1.text", "complaints.2.nonsense", "phone", "customer_number", "channel"}


@pytest.mark.parametrize(
    ("values", "field", "message"),
    [
        pytest.param({}, "complaints", "诉求：必填，请补上", id="nothing"),
        pytest.param({"complaints": []}, "complaints", "诉求：至少要有一件诉求", id="no complaint"),
        pytest.param({"complaints": [ONE] * 11}, "complaints", "诉求：一次来电最多登记 10 件诉求", id="eleven complaints"),
        pytest.param({"complaints": "没电"}, "complaints", "诉求：格式不对，请照文档的例子填写", id="a text for a list"),
        pytest.param({"complaints": ["没电"]}, "complaints.0", "0：应为一组字段", id="a text for a complaint"),
        pytest.param({"complaints": [{}]}, "complaints.0.text", "受理内容：必填，请补上", id="no text"),
        pytest.param({"complaints": [{"text": " \n "}]}, "complaints.0.text", "受理内容：必填，请补上", id="a blank text"),
        pytest.param({"complaints": [{"text": 5}]}, "complaints.0.text", "受理内容：应为文字", id="a number for a text"),
        pytest.param(
            {"complaints": [{"text": "电" * 4001}]},
            "complaints.0.text",
            "受理内容：太长，最多 4000 个字，请删减或分为几件诉求",
            id="a long text",
        ),
        pytest.param({"complaints": [ONE], "colour": "red"}, "colour", "colour：没有这个字段，请核对字段名", id="an unknown field"),
        pytest.param({"complaints": [ONE], "is_confidential": "也许"}, "is_confidential", "is_confidential：应为 true 或 false", id="maybe"),
        pytest.param(
            {"complaints": [{**ONE, "topic": "other.general"}]},
            "complaints.0",
            "主题与诉求类型请一并选择，或都留给系统判断",
            id="a topic without a type",
        ),
        pytest.param(
            {"complaints": [{**ONE, "answer": "已答复"}]}, "complaints.0", "当即答复或转告的诉求，请先确认主题与诉求类型", id="an answer to what"
        ),
        pytest.param(
            {"complaints": [{**ONE, "topic": "a", "demand_type": "b", "answer": "已答复", "owner": "物业"}]},
            "complaints.0",
            "当即答复与转告责任主体只能选一个",
            id="answered and referred",
        ),
    ],
)
def test_a_problem_is_said_in_chinese(values: dict[str, Any], field: str, message: str):
    assert problems(values) == {field: message}


def test_an_unknown_channel_is_told_the_known_ones():
    message = problems({"complaints": [ONE], "channel": "fax"})["channel"]
    assert message.startswith("受理渠道：不在可选范围内，可选：")
    assert "12398" in message


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("13800001234", "13800001234"),
        ("138 0000 1234", "13800001234"),
        ("138-0000-1234", "13800001234"),
        ("+8613800001234", "13800001234"),
        ("+86 138 0000 1234", "13800001234"),
        (" 0571-88880000 ", "057188880000"),
        ("95598", "95598"),
        ("", ""),
    ],
)
def test_a_phone_number_is_kept_as_its_digits(written: str, kept: str):
    assert read_contact({"complaints": [ONE], "phone": written}).phone == kept


@pytest.mark.parametrize("written", ["1234", "1" * 16, "138abc01234", "１３８００００１２３４", "138/00001234", "没有", "²³¹²³¹"])
def test_what_is_no_phone_number_is_refused(written: str):
    assert problems({"complaints": [ONE], "phone": written})["phone"].startswith("应为 5–15 位数字")


@pytest.mark.parametrize(
    ("written", "kept"), [("3301000001", "3301000001"), ("33 0100 0001", "3301000001"), ("3301000000001", "3301000000001"), ("", "")]
)
def test_a_customer_number_has_ten_or_thirteen_digits(written: str, kept: str):
    assert read_contact({"complaints": [ONE], "customer_number": written}).customer_number == kept


@pytest.mark.parametrize("written", ["330100001", "33010000011", "330100000111", "33010000000011", "33o1000001", "３３０１０００００１"])
def test_what_is_no_customer_number_is_refused(written: str):
    assert problems({"complaints": [ONE], "customer_number": written})["customer_number"].startswith("户号应为 10 位或 13 位数字")


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        pytest.param("没\x00电", "没电", id="NUL"),
        pytest.param("没\ud800电", "没电", id="half a surrogate"),
        pytest.param("没\x1b[31m电", "没[31m电", id="escape"),
        pytest.param("没电\n两天\t了", "没电\n两天\t了", id="lines and tabs stay"),
        pytest.param("😡没电", "😡没电", id="an emoji stays"),
        pytest.param("𠮷野家没电", "𠮷野家没电", id="a rare character stays"),
    ],
)
def test_what_no_database_can_hold_is_taken_out(written: str, kept: str):
    assert read_contact({"complaints": [{"text": written}]}).complaints[0].text == kept


def test_a_text_of_control_characters_only_is_no_text():
    assert problems({"complaints": [{"text": "\x00\x01"}]}) == {"complaints.0.text": "受理内容：必填，请补上"}


def test_an_empty_place_is_none():
    assert read_contact({"complaints": [ONE], "locality": ""}).locality is None


def test_a_contact_is_not_changed_afterwards():
    made = read_contact({"complaints": [ONE]})
    with pytest.raises(ValueError, match="frozen"):
        made.phone = "1"  # type: ignore[misc]


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from([*FIELD_NAMES, "nonsense", "is_confidential"]), anything | st.just([ONE])))
def test_whatever_is_sent_is_taken_or_refused_with_reasons(values: dict[str, Any]):
    refused: InvalidInput | None = None
    try:
        taken = read_contact(values)
    except InvalidInput as error:
        refused = error
    if refused is None:
        assert isinstance(taken, Contact)
    else:
        assert refused.problems
        assert all(p.message and p.message.isprintable() for p in refused.problems)
