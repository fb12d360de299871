"""What people said becomes labels: whose word counts, what the model had said, and what never leaves the store."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from classifier import artefact
from classifier.corrections import with_corrections
from classifier.errors import ClassifierError
from classifier.training import train
from tests.classifier.samples import made_up_corpus
from tests.triage.samples import NOW, SECRET, prediction, user
from triage.labels import Label, Seen, for_learning
from triage.store import Database
from triage.terms import Role
from wsgi import sources_of

DOUBT = prediction(sure=0.5)
BILL = {"topic": "business.tariff.bill", "demand_type": "complaint"}
FAULT = {"topic": "outage.fault.single", "demand_type": "fault"}
LATER = NOW + timedelta(hours=1)


def only(labels: list[Label]) -> Label:
    (label,) = labels
    return label


def test_a_dispatchers_correction_says_who_when_why_and_what_the_model_had_said(store, take, move):
    (ticket,) = take("家里没电")
    move(ticket, "reroute", minutes=5, reason="客户说的是账单", **BILL)
    label = only(store.labels())
    assert (label.number, label.text, label.topic, label.demand_type) == (ticket.number, "家里没电", *BILL.values())
    assert (label.source, label.who, label.when) == (Role.DISPATCHER, "a-dispatcher", NOW + timedelta(minutes=5))
    assert "客户说的是账单" in label.why
    assert (label.said_topic, label.said_demand_type, label.model_version) == (*FAULT.values(), "fake-1")
    assert (label.differs, label.is_weak, label.is_current) == (True, False, True)


def test_the_last_human_word_on_a_ticket_wins(store, take, move):
    (ticket,) = take({"text": "家里没电", **FAULT})
    ticket = move(ticket, "reroute", minutes=1, reason="错了", **BILL)
    move(ticket, "reroute", minutes=2, reason="还是停电", **FAULT)
    label = only(store.labels())
    assert (label.source, label.topic, label.differs) == (Role.DISPATCHER, FAULT["topic"], False)


def test_a_note_of_the_dispatcher_is_a_reason_too(store, take, move):
    (ticket,) = take("家里没电", said=DOUBT)
    move(ticket, "dispatch", note="听录音确认", **FAULT)
    assert only(store.labels()).why.endswith("听录音确认")


def test_what_a_model_alone_decided_is_no_label(store, take):
    take("家里没电")
    assert store.labels() == []


@pytest.mark.parametrize(
    ("chosen", "said", "differs", "is_weak"),
    [
        pytest.param(FAULT, prediction(), False, True, id="accepted as proposed"),
        pytest.param(BILL, prediction(), True, False, id="another topic"),
        pytest.param({**FAULT, "demand_type": "enquiry"}, prediction(), True, False, id="another demand type"),
    ],
)
def test_an_agents_accept_is_a_weak_label_and_a_correction_is_not(store, take, chosen, said, differs, is_weak):
    take({"text": "家里没电", **chosen}, said=said)
    label = only(store.labels())
    assert (label.source, label.differs, label.is_weak) == (Role.AGENT, differs, is_weak)


def test_a_referral_says_that_it_is_not_ours_and_names_no_demand_type(store, take, move):
    (ticket,) = take("物业把电拉了", said=DOUBT)
    move(ticket, "refer", by=user(Role.DISPATCHER), minutes=3, owner="绿城物业", note="电话已告知")
    label = only(store.labels())
    assert (label.topic, label.demand_type, label.source) == ("other.out_of_scope", None, Role.DISPATCHER)
    assert (label.differs, label.why) == (True, "转告责任主体；电话已告知")


def test_only_words_from_a_moment_on_are_given(store, take, move):
    (ticket,) = take({"text": "家里没电", **FAULT})
    assert only(store.labels(NOW)).number == ticket.number
    assert store.labels(LATER) == []
    move(ticket, "reroute", minutes=90, reason="错了", **BILL)
    assert only(store.labels(LATER)).topic == BILL["topic"]


def test_confidential_and_erased_texts_are_left_out(store, take):
    take({"text": "家里没电", **FAULT}, is_confidential=True)
    (erased,) = take({"text": "又没电", **FAULT})
    store.run(text("UPDATE tickets SET text = '' WHERE number = :number"), number=erased.number)
    assert store.labels() == []
    assert store.seen(NOW, LATER, 10) == []


def test_a_label_whose_topic_is_gone_says_so(store, take, move):
    (ticket,) = take({"text": "家里没电", **FAULT})
    store.run(text("UPDATE decisions SET topic = 'outage.gone' WHERE ticket_number = :number"), number=ticket.number)
    assert not only(store.labels()).is_current


KNOWN = ("王建国", "13912345678", "3301000001", "柳荫路12号")


@pytest.mark.parametrize(
    ("said", "left"),
    [
        pytest.param("电话13800008000请回电", "电话****请回电", id="a phone number, whole"),
        pytest.param("座机0571-88880000", "座机****", id="a landline"),
        pytest.param("身份证11010119900307123X", "身份证****", id="an identity number"),
        pytest.param("户号3301000000001没电", "户号****没电", id="a customer number"),
        pytest.param("户号3301 0000 01没电", "户号****没电", id="the contact's own, with blanks"),
        pytest.param("139-1234-5678", "****", id="the contact's own phone, with dashes"),
        pytest.param("王建国家没电", "****家没电", id="the contact's own name"),
        pytest.param("柳荫路12号没电", "****没电", id="the contact's own address"),
        pytest.param("3号楼电费538.25元", "3号楼电费538.25元", id="nothing personal"),
    ],
)
def test_nothing_that_identifies_a_person_leaves(said: str, left: str):
    assert for_learning(said, KNOWN) == left


def test_a_name_of_one_character_does_not_empty_the_text():
    assert for_learning("电费高，没电", ["电"]) == "电费高，没电"


def test_what_identifies_a_customer_is_taken_out_of_texts_and_reasons(store, take, move):
    (ticket,) = take({"text": "我是李明霞，家里没电，回电13800008000", **FAULT}, caller_name="李明霞", phone="13800008000")
    move(ticket, "reroute", reason="李明霞来电更正", **BILL)
    label = only(store.labels())
    assert label.text == "我是****，家里没电，回电****"
    assert "李明霞" not in label.why
    assert store.seen(NOW, LATER, 10)[0].text == label.text


def test_what_reaches_the_classifier_has_labels_and_nothing_that_identifies_a_customer(database, take, move):
    for number, gate in enumerate(("东门", "东门", "西门")):
        (ticket,) = take(f"{gate}充不上电，户号330100000{number}，回电1380000800{number}", phone=f"1380000800{number}")
        move(ticket, "reroute", reason="充电桩", topic="other.charging", demand_type="fault")
    take({"text": "家里没电", **FAULT})
    given = sources_of(database, SECRET)
    rows, left_out = with_corrections(made_up_corpus(), given.corrections())
    assert (rows.corrections, rows.labels["topic"][-1]) == (2, "other.charging")
    assert left_out == {"the same text was corrected again": 1, "accepted as the model proposed": 1}
    learnt = artefact.unpack(train(rows).artefact)
    assert not [word for word in artefact.to_terms(learnt["words"]) if any(map(str.isdigit, word))]
    assert not {ord(digit) for digit in "0123456789"} & set(learnt["sequences"].tolist())
    assert [(seen.said, seen.meant) for seen in given.seen(NOW, LATER, 10)][-2:] == [
        ("outage.fault.single", "other.charging"),
        ("outage.fault.single", "outage.fault.single"),
    ]


def test_a_database_that_is_not_migrated_is_said(tmp_path):
    with pytest.raises(ClassifierError, match="not_migrated"):
        sources_of(Database(f"sqlite:///{tmp_path / 'empty.db'}"), SECRET).corrections()


def test_what_came_in_has_what_the_model_and_a_person_said(store, take, move):
    (ticket, _) = take("家里没电", "隔壁也没电")
    move(ticket, "reroute", reason="错了", **BILL)
    assert store.seen(NOW, LATER, 10) == [
        Seen("家里没电", "outage.fault.single", "business.tariff.bill"),
        Seen("隔壁也没电", "outage.fault.single", None),
    ]
    assert store.seen(NOW - timedelta(hours=1), NOW, 10) == []


def test_of_a_long_period_texts_are_taken_evenly(store, take):
    for number in range(9):
        take(f"第{number}户没电")
    assert [seen.text for seen in store.seen(NOW, LATER, 3)] == ["第2户没电", "第5户没电", "第8户没电"]
