"""The demo's past: made by the product's own moves, once; figures, chains and clocks hold, and every state and page has something to show."""

import random
import re
from collections import Counter
from datetime import timedelta

import pytest

from tests import engines
from tests.triage.samples import NOW, SECRET, prediction, shanghai
from triage.demo import fill_demo
from triage.demo_calls import Call, past, phrases, rows, storm_began, texts_of
from triage.demo_customers import invented
from triage.demo_history import has_history, make_history
from triage.demo_office import Office, Quality, qualities
from triage.errors import Conflict, InvalidInput
from triage.moments import in_shanghai
from triage.sign_off import differences, sign_offs
from triage.store import Database, Store
from triage.surveys import surveys
from triage.terms import State, Zone

FEW, SOME = 70, 260
PEOPLE = list(invented(NOW, 400))


def many(texts):
    """A model that knows a few topics, and doubts every fourth text."""
    dice = random.Random(3)
    topics, kinds = ("outage.fault.single", "business.tariff.bill", "quality.voltage", "grid.works"), ("fault", "complaint", "request", "enquiry")
    return [prediction(dice.choice(topics), dice.choice(kinds), 0.4 if n % 4 == 0 else 0.95) for n, _ in enumerate(texts)]


def nothing(texts):
    """No model."""
    return [None for _ in texts]


def made_at(folder, filled, now, how_many, seed=1):
    """A database of its own with a past up to a moment; gives its address and what was made."""
    url = engines.fresh_sqlite_database(filled, folder)
    database = Database(url)
    with database.connect() as connection:
        store = Store(connection, SECRET)
        fill_demo(store, now, 400)
        made = make_history(store, many, now, how_many=how_many, seed=seed)
    database.dispose()
    return url, made


@pytest.fixture(scope="module")
def kept(filled_sqlite, tmp_path_factory):
    """One past for all who only look at it."""
    return made_at(tmp_path_factory.mktemp("past"), filled_sqlite, NOW, SOME)


@pytest.fixture
def seen(kept):
    database = Database(kept[0])
    with database.connect() as connection:
        yield Store(connection, SECRET)
    database.dispose()


def tickets(store):
    return store.taken_by("agent", 500) + store.taken_by("agent-zhou", 500) + store.taken_by("agent-he", 500)


def test_the_past_is_whole_and_holds_on_both_engines_and_is_made_once(store):
    fill_demo(store, NOW, 400)
    made = make_history(store, many, NOW, how_many=FEW)
    assert (made.tickets, store.count_tickets(), made.refused) == (FEW, FEW, ())
    assert store.broken_chains() == []
    assert store.check_figures() == []
    assert {user.username for user, _ in made.people} == {row["username"] for row in rows("people")}
    with pytest.raises(Conflict):
        make_history(store, many, NOW, how_many=FEW)
    assert (has_history(store), store.count_tickets()) == (True, FEW)


def test_it_ends_with_tickets_open_in_every_state_and_zone(seen, kept):
    every = tickets(seen)
    assert {one.state for one in every} >= set(State) - {State.CALLED_BACK, State.WITHDRAWN}
    still_open = [one for one in every if not one.state.is_end]
    assert len(still_open) == kept[1].open >= 30
    assert {one.zone(NOW) for one in still_open} == set(Zone)
    assert all(one.received_at <= NOW for one in every)


def test_quality_staff_have_been_at_work(seen):
    (signed,) = sign_offs("", seen)
    assert (f"{signed.first_on}", f"{signed.last_on}") == ("2026-10-01", "2026-10-31")
    assert differences(signed, store=seen, now=NOW) == []
    assert any(one.change and one.change.points > 0 for one in surveys("33", seen))
    (sample,) = seen.latest_samples()
    cards = Counter(card.ticket_number for card in seen.cards_of_sample(sample.id))
    assert set(cards.values()) == {1, 2}
    assert {task.state.value for task in seen.tasks()} == {"open", "answered", "closed"}


def test_one_outage_is_going_on_and_the_others_are_over(seen):
    found = Counter(one.state_at(NOW).value for one in seen.outages(NOW))
    assert found == {"active": 1, "restored": len(rows("outages")) + 1}


@pytest.mark.parametrize("now", ["2026-01-02 00:05", "2026-07-19 20:00", "2027-02-10 09:00"], ids=lambda text: text[:10])
def test_no_move_is_refused_at_whatever_moment_it_is_made(filled_sqlite, tmp_path, now):
    _, made = made_at(tmp_path, filled_sqlite, shanghai(now), FEW, seed=shanghai(now).day)
    assert (made.tickets, made.refused) == (FEW, ())


def test_without_a_model_or_customers_nothing_is_made(store):
    with pytest.raises(InvalidInput):
        make_history(store, many, NOW, how_many=FEW)
    fill_demo(store, NOW, 50)
    with pytest.raises(InvalidInput):
        make_history(store, nothing, NOW, how_many=FEW)
    assert (store.count_tickets(), has_history(store)) == (0, False)


def test_the_same_seed_gives_the_same_calls_in_their_order():
    first = past(NOW, 300, PEOPLE, random.Random(1))
    assert first == past(NOW, 300, PEOPLE, random.Random(1)) != past(NOW, 300, PEOPLE, random.Random(2))
    assert len(first) == 300
    assert [one.at for one in first] == sorted(one.at for one in first)
    assert max(one.at for one in first) <= NOW


def test_this_month_and_the_same_month_of_last_year_have_the_most_calls():
    months = Counter(f"{in_shanghai(one.at):%Y-%m}" for one in past(NOW, 2000, PEOPLE, random.Random(1)) if not one.storm)
    assert {month for month, _ in months.most_common(4)} == {"2026-11", "2026-10", "2025-11", "2025-10"}
    assert len(months) >= 14


def test_people_call_by_day_and_more_in_summer_about_voltage():
    calls = past(NOW, 3000, PEOPLE, random.Random(1))
    hours = Counter(in_shanghai(one.at).hour for one in calls)
    assert min(hours[hour] for hour in range(9, 12)) > 5 * max(hours[hour] for hour in range(1, 5))
    by_summer = {True: Counter(), False: Counter()}
    for one in calls:
        by_summer[in_shanghai(one.at).month in (6, 7, 8)][one.about.topic == "quality.voltage"] += 1
    assert by_summer[True][True] / by_summer[True][False] > 1.2 * by_summer[False][True] / by_summer[False][False]


def test_the_last_storm_is_behind_us():
    (row,) = rows("storm")
    assert f"{in_shanghai(storm_began(row, NOW)):%Y-%m-%d %H}" == "2026-07-18 17"
    assert f"{in_shanghai(storm_began(row, shanghai('2026-07-19 10:00'))):%Y-%m-%d}" == "2025-07-18"


def test_texts_name_no_place_or_month_and_every_topic_has_some():
    topics = {row["topic"] for row in rows("topics")}
    assert all(texts_of(topic) for topic in topics)
    texts = " ".join(one.text for topic in topics for one in texts_of(topic))
    assert not re.search("[0-9]月|去年|[\u4e00-\u9fff]{2}小区", texts)


def test_a_street_is_said_without_the_house():
    customer = next(one for one in PEOPLE if one.unit_code == "330101")
    street = Call(NOW, customer, texts_of("quality.voltage")[0]).street
    assert customer.address.startswith(street)
    assert not any(character.isdigit() for character in street)
    assert Call(NOW, None, texts_of("quality.voltage")[0]).street == ""


def test_a_failing_was_commoner_a_year_ago_and_no_more_before():
    quality = Quality(late=5, dissatisfied=2, returned=4, last_year=2)
    assert quality.share("late", timedelta(0)) == 0.05
    assert quality.share("late", timedelta(days=365)) == quality.share("late", timedelta(days=700)) == 0.1
    assert len({one.late for one in qualities().values()}) > 4


@pytest.mark.parametrize(
    ("moment", "desk"),
    [("2026-11-23 10:05", "2026-11-23 10:05"), ("2026-11-23 20:00", "2026-11-23 16:00"), ("2026-11-22 09:00", "2026-11-20 16:00")],
    ids=["at the desk", "in the evening", "on a Sunday"],
)
def test_what_takes_days_is_done_at_a_desk(store, moment, desk):
    office = Office(store, store.rules(), (), {}, NOW)
    assert office.at_desk(shanghai(moment), shanghai("2026-11-10 09:00")) == shanghai(desk)
    assert office.at_desk(shanghai(moment), shanghai("2026-11-24 12:00")) == shanghai("2026-11-24 12:07")


def test_phrases_have_no_place_that_is_not_filled_in():
    kinds = phrases()
    assert all(text.format(text="", street="") is not None for text in kinds["opening"])
    assert all("{" not in text for kind, texts in kinds.items() if kind not in ("opening", "joined", "unfit") for text in texts)
