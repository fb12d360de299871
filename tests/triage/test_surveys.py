"""Satisfaction: surveys are read whole or refused with every reason, compared only where they asked the same way; what the answers go with."""

from datetime import date, timedelta

import pytest

from tests.triage.samples import NOW, prediction
from triage.calls import Taken
from triage.errors import InvalidInput
from triage.figures import Reading
from triage.surveys import by_kind, by_timeliness, months, read_survey, surveys, take_surveys
from triage.terms import Scope, SurveyMethod

UNITS = {"3301": "3301", "临江市供电公司": "3301", "3302": "3302"}
ROW = {
    "unit_code": "临江市供电公司",
    "scope": "全公司",
    "method": "phone",
    "question": "总体满意度",
    "first_on": "2026-09-01",
    "last_on": "2026-09-30",
    "answers": "1,200",
    "satisfied": "1110",
    "source": "年度调查",
}
BILL = prediction("business.tariff.bill", "complaint")
TODAY = date(2026, 11, 23)


def read(**values):
    return read_survey({**ROW, **values}, UNITS, NOW)


def test_a_row_is_read_by_codes_or_by_names():
    one = read()
    assert (one.unit_code, one.scope, one.method) == ("3301", Scope.COMPANY, SurveyMethod.PHONE)
    assert (one.first_on, one.last_on, one.answers, one.satisfied) == (date(2026, 9, 1), date(2026, 9, 30), 1200, 1110)
    assert one.figure.rate == 0.925


@pytest.mark.parametrize("share", ["92.5%", "92.5％", "0.925"])
def test_a_share_is_kept_as_the_answers_that_it_was_reckoned_from(share):
    assert read(satisfied="", satisfied_share=share).satisfied == 1110


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"unit_code": "99"}, "没有“99”"),
        ({"unit_code": ""}, "供电单位：必填"),
        ({"scope": "全省"}, "全公司（company）、直管直供（direct）"),
        ({"method": "传真"}, "没有“传真”"),
        ({"question": ""}, "题目：必填"),
        ({"question": "问" * 65}, "题目：最多 64"),
        ({"first_on": "九月"}, "开始日期"),
        ({"last_on": "2026-08-01"}, "早于开始日期"),
        ({"last_on": "2026-12-30"}, "不在 2000 年至今天之间"),
        ({"answers": "约一千"}, "不是 0 到 1 亿之间的整数"),
        ({"answers": "0", "satisfied": "0"}, "至少为 1"),
        ({"satisfied": "1201"}, "多于有效样本数"),
        ({"satisfied": ""}, "请填且只填其中一项"),
        ({"satisfied_share": "92.5%"}, "请填且只填其中一项"),
        ({"satisfied": "", "satisfied_share": "92.5"}, "看不出是多少"),
        ({"satisfied": "", "satisfied_share": "多数"}, "看不出是多少"),
        ({"satisfied": "", "satisfied_share": "101%"}, "看不出是多少"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)
def test_a_wrong_value_is_named_by_its_column(wrong, words):
    with pytest.raises(InvalidInput, match=words):
        read(**wrong)


def test_all_that_is_wrong_in_a_row_is_said_at_once():
    with pytest.raises(InvalidInput) as refused:
        read(unit_code="99", method="传真", answers="")
    assert {problem.field for problem in refused.value.problems} == {"unit_code", "method", "answers"}


def take_in(store, *rows):
    return take_surveys([read(**row) for row in rows], "调查.csv", store=store, actor="import", now=NOW)


LAST_YEAR = {"first_on": "2025-09-01", "last_on": "2025-09-30", "satisfied": "1050"}


def test_a_survey_stands_beside_the_same_one_a_year_before_in_points(store):
    take_in(store, {}, LAST_YEAR, {**LAST_YEAR, "unit_code": "3302"})
    this = surveys("3301", store)[0]
    assert (this.survey.first_on.year, this.last_year.satisfied, this.is_other_kind) == (2026, 1050, False)
    assert round(this.change.points, 2) == 5
    assert this.change.low < 5 < this.change.high
    assert [one.survey.unit_code for one in surveys("", store)] == ["3301", "3301", "3302"]


@pytest.mark.parametrize("other", [{"scope": "direct"}, {"method": "online"}, {"question": "供电可靠性"}], ids=lambda value: "-".join(value))
def test_what_was_asked_in_another_way_is_not_compared(store, other):
    take_in(store, {}, {**LAST_YEAR, **other})
    this = surveys("3301", store)[0]
    assert (this.last_year, this.change, this.is_other_kind) == (None, None, True)


def test_another_unit_or_another_season_is_no_year_before(store):
    take_in(store, {}, {**LAST_YEAR, "unit_code": "3302"}, {**LAST_YEAR, "first_on": "2025-08-01"})
    this = next(one for one in surveys("3301", store) if one.survey.first_on.year == 2026)
    assert (this.last_year, this.is_other_kind) == (None, False)


@pytest.mark.parametrize(("last", "before"), [("2024-02-29", "2023-02-28"), ("2025-02-28", "2024-02-29")], ids=["leap", "after a leap year"])
def test_a_whole_february_is_compared_with_a_whole_february(store, last, before):
    take_in(store, {"first_on": f"{last[:4]}-02-01", "last_on": last}, {"first_on": f"{before[:4]}-02-01", "last_on": before})
    assert surveys("3301", store)[0].last_year


def test_the_same_file_again_changes_nothing_and_a_corrected_one_is_followed(store):
    assert take_in(store, {}, LAST_YEAR) == {Taken.ADDED: 2}
    assert take_in(store, {}) == {Taken.SAME: 1}
    assert take_in(store, {"satisfied": "1000"}) == {Taken.CHANGED: 1}
    assert [one.survey.satisfied for one in surveys("3301", store)] == [1000, 1050]
    assert [entry["actor"] for entry in store.reference_trail("surveys_file")] == ["import"] * 3


@pytest.fixture
def answers(take, move):
    """Three complaints called back: two resolved in time and liked, one resolved late and disliked."""

    def led(phone, minutes, answer, days=0):
        (ticket,) = take("电费多算了", said=BILL, phone=phone, now=NOW + timedelta(days=days))
        steps = [("accept", 30, {}), ("contact", 60, {}), ("resolve", minutes, {"reply": "已退费", "finding": "upheld"})]
        for code, after, more in [*steps, ("review", minutes + 10, {}), ("callback", minutes + 20, {"satisfaction": answer})]:
            ticket = move(ticket, code, minutes=days * 1440 + after, **more)

    led("13800000001", 90, "1")
    led("13800000002", 95, "2")
    led("13800000003", 40 * 1440, "5")


def reading(store, **values):
    given = {
        "store": store,
        "first_on": date(2026, 11, 1),
        "last_on": TODAY + timedelta(days=60),
        "now": NOW + timedelta(days=60),
        "units": ("3301",),
    }
    return Reading(**{**given, **values})


@pytest.mark.usefixtures("answers")
@pytest.mark.parametrize("unit", ["", "3301", "330101"])
def test_answers_are_split_by_whether_the_resolution_was_in_time_and_open_to_their_tickets(store, unit):
    read = reading(store, units=(unit,))
    found = by_timeliness(read)
    assert {code: (one.k, one.n) for code, one in found.items()} == {"yes": (2, 2), "no": (0, 1)}
    for code, one in found.items():
        wanted = one.of_n.wanted()
        assert len(store.answer_list(wanted, code, "", most=10, skip=0)) == one.n
        assert len(store.answer_list(wanted, code, "yes", most=10, skip=0)) == one.k
    assert by_timeliness(reading(store, units=("3302",))) == {}


@pytest.mark.usefixtures("answers")
def test_answers_are_split_by_topic_and_department(store):
    for dimension, value in (("topic", "business.tariff.bill"), ("department", "billing")):
        assert [(one.value, one.k, one.n) for one in by_kind(reading(store), dimension)] == [(value, 2, 3)]


@pytest.mark.usefixtures("answers")
def test_months_stand_beside_the_same_days_of_last_year(store, take, move):
    found = months(reading(store, last_on=date(2027, 11, 22), now=NOW + timedelta(days=400)))
    assert [(one.first_on, one.figure.n) for one in found] == [(date(2027, 1, 1), 1)]  # of November only the days up to the 22nd are compared
    found = months(reading(store, last_on=date(2027, 11, 23), now=NOW + timedelta(days=400)))
    last = found[-1]
    assert (last.first_on, last.figure.n, last.last_year.n, last.change) == (date(2027, 11, 1), 0, 2, None)
    assert last.figure.of_n.last_on == date(2027, 11, 23)
