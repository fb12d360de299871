"""Full-text search: what is found, by whom, how it is shown, and how the index is built anew."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.triage.samples import LIUHE, NOW, contact, prediction, user
from triage.errors import Forbidden, InvalidInput
from triage.people import User, may_see
from triage.search import MOST, Results, excerpt, marks, pieces_of, search, typed_words, words_of
from triage.terms import Role

DISPATCHER, AUDITOR = user(Role.DISPATCHER), user(Role.AUDITOR)
REPAIR = user(Role.HANDLER, "330101", "repair")
BILLING = user(Role.HANDLER, "330101", "billing")
VILLAGE = user(Role.HANDLER, "33010201", "repair")
BILL = prediction("business.tariff.bill", "complaint")
DAY = timedelta(days=1)
WORDS = ("频繁", "停电", "频繁停电", "小区", "没人", "管", "电表箱", "坏", "了", "我家", "的")


def cut(text: str) -> list[str]:
    """Cut by a small dictionary, the longest word first; what is not in it is left as single characters."""
    pieces = []
    while text:
        piece = next((word for word in sorted(WORDS, key=len, reverse=True) if text.startswith(word)), text[0])
        pieces.append(piece)
        text = text[len(piece) :]
    return pieces


@pytest.fixture
def find(store, rules):
    """Search as a dispatcher, or as somebody else."""

    def found(query: str = "", *, by: User = DISPATCHER, now=NOW, most: int = MOST, **filters: str) -> Results:
        return search({"query": query, **filters}, user=by, cut=cut, store=store, rules=rules, now=now, most=most)

    return found


def texts(results: Results) -> list[str]:
    """What the tickets say that were found."""
    return [hit.ticket.text for hit in results.hits]


def marked(results: Results) -> list[str]:
    """What is marked in what was found."""
    return [piece for hit in results.hits for one in hit.excerpts for piece, is_hit in one.pieces if is_hit]


# What is found


@pytest.mark.parametrize(
    ("query", "said"),
    [
        pytest.param("停电", "我们小区频繁停电，没人管", id="inside a longer word"),
        pytest.param("表箱", "电表箱坏了", id="across the borders of words"),
        pytest.param("频繁停电", "我们小区频繁停电，没人管", id="a longer word"),
        pytest.param("没人 小区", "我们小区频繁停电，没人管", id="two words in another order"),
        pytest.param("小区停电没人管", "我们小区频繁停电，没人管", id="a sentence, whose words stand elsewhere"),
        pytest.param("电", "晚上没电", id="one character at the end"),
        pytest.param("晚", "晚上没电", id="one character at the beginning"),
        pytest.param("我家的表箱坏了", "我家门口的电表箱坏了", id="with words that say nothing"),
        pytest.param("ＡＢＣ１２３", "配变abc123跳闸", id="full-width letters and digits"),
        pytest.param("abc123", "配变ＡＢＣ１２３跳闸", id="a text in full width"),
        pytest.param("配变 ab", "配变abc123跳闸", id="the last word as a beginning"),
        pytest.param("3组", "柳河村3组停电", id="a digit before a character"),
        pytest.param("柳河村3组", "柳河村3组停电", id="characters, a digit, a character"),
        pytest.param('"停电"', "小区停电", id="in quotes"),
        pytest.param("停电*", "小区停电", id="with a star"),
        pytest.param("-停电", "小区停电", id="with a minus"),
        pytest.param("(停电", "小区停电", id="with a bracket"),
        pytest.param("words:停电", "words 停电", id="with a colon"),
        pytest.param("停电 & 小区 | !", "小区停电", id="with operators of PostgreSQL"),
        pytest.param("it's", "it's 停电", id="with an apostrophe"),
        pytest.param("and", "AND 停电", id="a word that is an operator elsewhere"),
        pytest.param("𠮷野家", "𠮷野家门口没电", id="a character beyond the first plane"),
    ],
)
def test_words_find(take, find, query: str, said: str):
    take(said)
    take("无关的一件")
    assert texts(find(query)) == [said]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        pytest.param("停电 欠费", "小区停电", id="one of two words is missing"),
        pytest.param("小区 电费", "小区没电，费心了", id="characters that stand apart"),
        pytest.param("电 欠费", "小区停电", id="a short word beside a long one"),
        pytest.param("表箱", "电表旁的箱子", id="characters of a word that is cut"),
        pytest.param("变压器", "变压不稳，高压器件", id="pairs that do not stand in a row"),
        pytest.param("停电 OR 欠费", "小区停电", id="an operator is a word"),
        pytest.param("NEAR(停电 小区)", "小区停电", id="another operator is a word"),
        pytest.param("ab 配变", "配变abc跳闸", id="a beginning that is not the last word"),
    ],
)
def test_words_do_not_find(take, find, query: str, said: str):
    take(said)
    assert texts(find(query)) == []


def test_a_supplement_is_found_and_shown(take, move, find):
    (ticket,) = take("小区没电")
    assert texts(find("变压器")) == []
    move(ticket, "supplement", supplement="变压器在冒烟")
    results = find("变压器")
    assert texts(results) == ["小区没电"]
    assert [(one.label, one.pieces) for one in results.hits[0].excerpts] == [
        ("", (("小区没电", False),)),
        ("补充", (("变压器", True), ("在冒烟", False))),
    ]


def test_a_reply_is_found_and_the_customers_words_stay_found(take, move, find):
    (ticket,) = take("小区没电")
    for code in ("accept", "arrive"):
        move(ticket, code)
    move(ticket, "resolve", reply="更换跌落保险后恢复", finding="upheld")
    assert marked(find("跌落保险")) == ["跌落保险"]
    assert texts(find("小区")) == ["小区没电"]


def test_who_called_is_not_in_the_index(take, find):
    take("我叫王建国，电话13800001234，户号3301000001，小区停电", phone="13800001234", caller_name="王建国")
    for query in ("王建国", "建国", "1380000", "0000", "1234", "01"):
        assert texts(find(query)) == [], query
    (hit,) = find("停电").hits
    assert "138****1234" in "".join(piece for piece, _ in hit.excerpts[0].pieces)
    assert "0000" not in "".join(piece for piece, _ in hit.excerpts[0].pieces)


# What it is narrowed to, in which order, how many


def test_filters_narrow_what_words_find(take, find, rules):
    take("停电甲")
    take("停电乙", said=BILL)
    take("停电丙", said=prediction(sure=0.5), channel="hall")
    take("停电丁", address=LIUHE, unit_code="")
    (gone,) = take({"text": "停电戊", "topic": "business.tariff.bill", "demand_type": "enquiry", "answer": "已解释"})
    expected = {
        ("state", "pending_review"): ["停电丙"],
        ("state", "open"): ["停电丁", "停电丙", "停电乙", "停电甲"],
        ("state", gone.state.value): ["停电戊"],
        ("department", "billing"): ["停电戊", "停电乙"],
        ("unit", "3301"): ["停电戊", "停电丁", "停电丙", "停电乙", "停电甲"],
        ("unit", "330102"): ["停电丁"],
        ("topic", "business.tariff.bill"): ["停电戊", "停电乙"],
        ("demand_type", "complaint"): ["停电乙"],
        ("channel", "hall"): ["停电丙"],
        ("level", "special"): [],
        ("confidential", "yes"): [],
    }
    for (name, value), said in expected.items():
        assert texts(find("停电", **{name: value})) == said, name
        assert texts(find(**{name: value})) == said, f"{name} without words"


def test_a_period_is_of_days_in_shanghai_both_included(take, find):
    midnight = NOW.replace(hour=16, minute=0)  # 24:00 in Shanghai
    for said, now in (("停电一", midnight - timedelta(seconds=1)), ("停电二", midnight), ("停电三", midnight + DAY)):
        take(said, now=now)
    assert texts(find("停电", since="2026-11-24", until="2026-11-24")) == ["停电二"]
    assert texts(find(since="2026-11-24")) == ["停电三", "停电二"]
    assert texts(find("停电", until="2026-11-23")) == ["停电一"]


def test_zones_are_those_of_the_moment(take, find, store):
    (ticket,) = take("停电")
    row = store.ticket(ticket.number)
    for now, zone in ((NOW, ""), (row.yellow_at, "yellow"), (row.red_at, "red")):
        for asked in ("yellow", "red"):
            assert bool(find("停电", zone=asked, now=now).hits) is (asked == zone), (now, asked)


def test_the_newest_come_first_or_the_most_relevant(take, find):
    take("停电停电又停电")
    take("小区停电已经三天，打了几次电话都没有人来看，老人孩子怎么过", now=NOW + timedelta(minutes=1))
    assert [text[:4] for text in texts(find("停电"))] == ["小区停电", "停电停电"]
    assert [text[:4] for text in texts(find("停电", order="relevance"))] == ["停电停电", "小区停电"]


def test_pages_are_of_fifty_and_counted_to_the_last(take, find):
    for _ in range(6):
        take(*["停电"] * 9)
    first, second = find("停电"), find("停电", page="2")
    assert (first.total, first.is_capped, first.pages) == (54, False, 2)
    numbers = [hit.ticket.number for results in (first, second) for hit in results.hits]
    assert (len(first.hits), len(second.hits)) == (50, 4)
    assert numbers == sorted(set(numbers), reverse=True)


def test_more_than_are_counted_is_said(take, find):
    take("停电", "停电", "停电")
    assert (find("停电", most=3).total, find("停电", most=3).is_capped) == (3, False)
    take("停电")
    assert (find("停电", most=3).total, find("停电", most=3).is_capped) == (3, True)


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        pytest.param({}, ["query"], id="nothing is asked for"),
        pytest.param({"query": '，。！"*'}, ["query"], id="punctuation only"),
        pytest.param({"query": "停" * 101}, ["query"], id="too long"),
        pytest.param({"query": "123456789012345678"}, ["query"], id="an identity number"),
        pytest.param({"query": "停电 13800001234"}, ["query"], id="a phone beside words"),
        pytest.param({"query": "停电", "state": "nowhere", "unit": "99", "zone": "green"}, ["state", "unit", "zone"], id="filters that do not exist"),
        pytest.param({"query": "停电", "since": "昨天"}, ["since"], id="no date"),
        pytest.param({"query": "停电", "since": "2026-11-02", "until": "2026-11-01"}, ["until"], id="a period that ends before it begins"),
        pytest.param({"query": "停电", "page": "0", "order": "oldest"}, ["order", "page"], id="no such page and order"),
        pytest.param({"query": "停电", "page": "²"}, ["page"], id="a page that is no number"),
    ],
)
def test_what_cannot_be_looked_for_is_said(find, values: dict[str, str], fields: list[str]):
    with pytest.raises(InvalidInput) as refused:
        find(**{"query": "", **values})
    assert [problem.field for problem in refused.value.problems] == fields


# Who finds what


def test_a_team_finds_its_own_only(take, find):
    take("停电甲")
    take("停电乙", said=BILL)
    take("停电丙", address=LIUHE, unit_code="")
    for by, said in ((REPAIR, ["停电甲"]), (BILLING, ["停电乙"]), (VILLAGE, ["停电丙"]), (AUDITOR, ["停电丙", "停电乙", "停电甲"])):
        assert texts(find("停电", by=by)) == said
        assert texts(find(by=by, since="2026-01-01")) == said


def test_a_leader_finds_those_of_the_unit_and_below(take, find):
    take("停电甲")
    take("停电乙", said=BILL)
    take("停电丙", address=LIUHE, unit_code="")
    for unit, department, said in (
        ("3301", "", ["停电丙", "停电乙", "停电甲"]),
        ("3301", "repair", ["停电丙", "停电甲"]),
        ("330102", "", ["停电丙"]),
        ("330102", "billing", []),
    ):
        assert texts(find("停电", by=user(Role.LEADER, unit, department))) == said


def test_who_is_asked_to_help_finds_it_until_that_is_taken_back(take, move, find):
    (ticket,) = take("停电")
    move(ticket, "co_handle", co_department="billing", task="核对电费")
    assert texts(find("停电", by=BILLING)) == ["停电"]
    assert texts(find("停电", by=user(Role.LEADER, "3301", "billing"))) == ["停电"]
    move(ticket, "co_cancel", co_department="billing", reason="不需要了")
    assert texts(find("停电", by=BILLING)) == []


def test_who_stands_in_finds_what_the_other_would(take, find):
    take("停电")
    stands_in = User("b", "代", Role.HANDLER, "330101", "billing", stands_in_for=(REPAIR,))
    assert texts(find("停电", by=stands_in)) == ["停电"]


def test_what_is_found_is_what_may_be_seen(take, move, find, store):
    tickets = [*take("停电甲"), *take("停电乙", said=BILL), *take("停电丙", address=LIUHE, unit_code=""), *take("停电丁", said=prediction(sure=0.5))]
    move(tickets[0], "co_handle", co_department="billing", task="核对")
    everybody = [REPAIR, BILLING, VILLAGE, *(user(role, unit, "repair") for role in Role for unit in ("33", "3301", "330102"))]
    for who in everybody:
        seen = [one.number for one in reversed(tickets) if may_see(who, store.ticket(one.number), store)]
        assert [hit.ticket.number for hit in find("停电", by=who).hits] == seen, who


def test_a_ticket_is_found_by_its_number_by_whoever_may_see_it(take, find):
    (ticket,) = take("没电")
    spaced = f"{ticket.number[:8]} {ticket.number[8:]}"
    for by, said in ((DISPATCHER, ["没电"]), (REPAIR, ["没电"]), (BILLING, [])):
        results = find(spaced, by=by)
        assert results.query.ticket == ticket.number
        assert texts(results) == said
    assert find("2026112399999999").hits == ()


@pytest.mark.parametrize("typed", ["3301000001", "13800001234", "138-0000-1234", "+86 13800001234", "１３８００００１２３４"])
def test_a_customer_is_found_by_the_whole_number_or_phone(take, find, typed: str):
    take("没电", customer_number="3301000001", phone="13800001234")
    take("别人", customer_number="3301000002", phone="13800001235")
    assert texts(find(typed)) == ["没电"]
    assert texts(find(typed, department="billing")) == []
    assert texts(find(typed, by=VILLAGE)) == []


def test_who_may_not_be_told_who_called_does_not_find_out_by_searching(take, find):
    take(contact("没电", unit_code="330101", phone="13800001234", is_confidential=True))
    assert texts(find("没电", by=REPAIR)) == ["没电"]
    assert texts(find("13800001234", by=DISPATCHER)) == ["没电"]
    assert texts(find("13800001234", by=REPAIR)) == []
    assert texts(find("13800001234", by=user(Role.LEADER, "3301"))) == []
    with pytest.raises(Forbidden):
        find("13800001234", by=user(Role.ADMIN))


# The index


def lose(store, number: str = "") -> None:
    """Lose the words of one ticket, or of all."""
    key = "rowid" if store.connection.dialect.name == "sqlite" else "ticket_number"
    store.run(text(f"DELETE FROM ticket_words{f' WHERE {key} = :key' if number else ''}"), **({"key": _key(store, number)} if number else {}))


def _key(store, number: str) -> int | str:
    return int(number) if store.connection.dialect.name == "sqlite" else number


def rebuild(store, most: int = 2) -> list[list[str]]:
    """Build the whole index anew, and give the batches."""
    batches, last = [], "9" * 16
    while numbers := store.rebuild_words(last, most):
        batches.append(numbers)
        last = numbers[-1]
    return batches


def test_lost_words_are_built_anew_from_the_newest_back(take, find, store):
    tickets = take("停电", "停电", "停电")
    assert store.is_index_whole()
    lose(store)
    assert (texts(find("停电")), store.is_index_whole()) == ([], False)
    store.rebuild_words("9" * 16, 2)
    assert (len(find("停电").hits), store.is_index_whole()) == (2, False)
    assert [len(batch) for batch in rebuild(store)] == [2, 1]
    assert ([hit.ticket.number for hit in find("停电").hits], store.is_index_whole()) == ([one.number for one in reversed(tickets)], True)


def test_building_anew_twice_changes_nothing(take, find, store):
    take("停电停电", "没电")
    before = [texts(find(query)) for query in ("停电", "没电", "电")]
    for _ in range(2):
        rebuild(store)
    assert [texts(find(query)) for query in ("停电", "没电", "电")] == before
    assert store.check_words().is_whole


def test_an_empty_index_of_no_tickets_is_whole(store):
    assert store.is_index_whole()
    assert store.check_words().is_whole
    assert rebuild(store) == []


def test_a_check_says_what_is_missing_and_what_differs(take, store):
    first, second, _ = take("停电", "没电", "跳闸")
    lose(store, first.number)
    checked = store.check_words()
    assert (checked.tickets, checked.kept, checked.compared, checked.differing) == (3, 2, 3, (first.number,))
    rebuild(store)
    store.run(text("UPDATE tickets SET text = '另一件' WHERE number = :number"), number=second.number)
    assert store.check_words().differing == (second.number,)
    assert not store.check_words().is_whole


def test_a_contact_that_is_not_kept_leaves_no_words(take, find, store):
    def take_and_fail() -> None:
        with store.writing():
            take("停电")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        take_and_fail()
    assert texts(find("停电")) == []
    assert store.check_words().kept == 0


# Words and marks, without a store


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("小区频繁停电", ("小区", "频繁停电")),
        ("我家的表箱没人管了", ("我家", "表箱", "没人", "管")),
        ("没人管，没人", ("没人", "管")),
        ("的", ("的",)),
        ("ABC 停电abc", ("abc", "停电")),
    ],
)
def test_a_query_is_cut_into_words(typed: str, words: tuple[str, ...]):
    assert words_of(typed, lambda text: ["abc"] if text == "abc" else ["停电", "abc"] if text == "停电abc" else cut(text)) == words


def test_where_nothing_cuts_words_stand_between_blanks():
    assert typed_words("频繁停电，ＡＢＣ def") == ["频繁停电", "abc", "def"]


def test_pieces_are_pairs_of_characters_and_whole_words():
    assert pieces_of("停电3组，ABC") == ["停电", "电", "3", "组", "abc"]


def test_marks_stand_where_the_words_are_whatever_their_width():
    said = "ＡＢ停电㎡停电"
    assert [said[first:last] for first, last in marks(said, ["ab", "停电", "停"])] == ["ＡＢ", "停电", "停电"]
    assert marks(said, []) == []


def test_an_excerpt_opens_around_the_first_word():
    said = "甲" * 100 + "停电" + "乙" * 200 + "停电"
    pieces = excerpt("", said, ["停电"]).pieces
    assert pieces == (("…", False), ("甲" * 30, False), ("停电", True), ("乙" * 88, False), ("…", False))
    assert excerpt("", "甲" * 130, ["停电"]).pieces == (("甲" * 120, False), ("…", False))
