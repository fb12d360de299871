"""People as an administrator keeps them: what is refused, what ends at once, what the trail says; on both engines."""

import threading
from datetime import timedelta

import pytest

from tests.triage.samples import NOW, SECRET
from triage.errors import Conflict, IllegalMove, InvalidInput, NotFound, SignInFailed, TooManyAttempts
from triage.people import MAX_FAILURES, User, change_own_password, hasher, sign_in
from triage.personnel import add_person, add_token, change_person, hand_on, renew_password, revoke_token, sign_out_everywhere, switch_person
from triage.personnel_trail import changes_of
from triage.store import Database, Store
from triage.store.personnel import Wanted
from triage.terms import Role

WANG = {"username": "wang", "name": "王小明", "role": "handler", "unit": "330101", "department": "repair"}
SECOND = {"username": "admin2", "name": "钱芳", "role": "admin", "unit": "33", "department": ""}
LATER = NOW + timedelta(minutes=5)


@pytest.fixture
def by(store):
    """What every act is told: by whom, when, where it is kept."""
    return {"store": store, "actor": "admin", "now": NOW}


@pytest.fixture
def wang(by):
    """A man of the repair team, with the password that he was given."""
    return add_person(WANG, **by)


def told(store, username):
    """The changes of somebody, the first first: columns as from and to."""
    return [{name: (was, now) for name, was, now in one.columns} for one in reversed(changes_of(username, store))]


def test_who_is_added_comes_in_with_the_password_that_was_given(store, wang):
    user, password = wang
    assert store.user("wang") == user == User("wang", "王小明", Role.HANDLER, "330101", "repair", is_temporary=True)
    assert sign_in("wang", password, store=store, now=NOW)
    said = {"姓名": ("", "王小明"), "角色": ("", Role.HANDLER.label), "供电单位": ("", "临江市城区供电中心"), "部门": ("", "配电抢修班")}
    assert told(store, "wang") == [said]


def test_no_password_or_token_stands_in_the_trail(store, by, wang):
    secrets = [wang[1], renew_password("wang", **by), add_token("wang", "平板", **by)]
    kept = str(store.connection.exec_driver_sql("SELECT * FROM reference_audit").all())
    assert not any(secret in kept for secret in secrets)
    assert store.password_hash("wang") not in kept


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        pytest.param({"username": ""}, ["username"], id="no user name"),
        pytest.param({"username": "a b"}, ["username"], id="a space in the user name"),
        pytest.param({"username": "x" * 65}, ["username"], id="a long user name"),
        pytest.param({"username": "Admin"}, ["username"], id="a user name that differs by its case only"),
        pytest.param({"name": " "}, ["name"], id="no name"),
        pytest.param({"name": "王" * 41}, ["name"], id="a long name"),
        pytest.param({"role": "boss"}, ["role"], id="no such role"),
        pytest.param({"unit": "99"}, ["unit"], id="no such unit"),
        pytest.param({"unit": ""}, ["unit"], id="no unit"),
        pytest.param({"department": ""}, ["department"], id="a handler without a department"),
        pytest.param({"department": "nowhere"}, ["department"], id="no such department"),
        pytest.param({"unit": "33010201", "department": "billing"}, ["department"], id="a unit without that team"),
        pytest.param({"username": "", "name": "", "role": "", "unit": ""}, ["username", "name", "role", "unit"], id="all at once"),
    ],
)
def test_whoever_is_typed_wrong_is_not_added(store, by, values, fields):
    before = len(store.users())
    with pytest.raises(InvalidInput) as wrong:
        add_person(WANG | values, **by)
    assert [problem.field for problem in wrong.value.problems] == fields
    assert len(store.users()) == before


def test_a_change_is_told_from_what_to_what_and_no_change_leaves_no_trail(store, by, wang):
    change_person("wang", WANG, **by)
    change_person("wang", WANG | {"name": "王大明", "role": "leader"}, **by)
    assert (store.user("wang").name, store.user("wang").role) == ("王大明", Role.LEADER)
    assert [entry.keys() for entry in told(store, "wang")[1:]] == [{"姓名", "角色"}]
    assert told(store, "wang")[1]["姓名"] == ("王小明", "王大明")


def test_a_stale_form_hears_what_was_changed_and_changes_nothing(store, by, wang):
    seen = store.person_version("wang")
    change_person("wang", WANG | {"name": "王大明"}, **by | {"actor": "admin2"}, version=seen)
    for act in (
        lambda: change_person("wang", WANG | {"department": "billing"}, **by, version=seen),
        lambda: renew_password("wang", **by, version=seen),
        lambda: switch_person("wang", False, **by, version=seen),
    ):
        with pytest.raises(Conflict) as stale:
            act()
        assert all(word in stale.value.message for word in ("admin2", "姓名", "王小明", "王大明"))
    assert (store.user("wang").department, store.user("wang").name) == ("repair", "王大明")


def test_whoever_is_locked_is_out_at_once_and_the_tokens_stay_dead(store, by, wang):
    session, token = sign_in("wang", wang[1], store=store, now=NOW), add_token("wang", "平板", **by)
    switch_person("wang", False, **by)
    assert (store.user_of_session(session, NOW), store.user_of_token(token)) == (None, None)
    with pytest.raises(SignInFailed):
        sign_in("wang", wang[1], store=store, now=NOW)
    switch_person("wang", False, **by)  # again: nothing happens
    switch_person("wang", True, **by)
    assert store.user_of_token(token) is None
    assert sign_in("wang", wang[1], store=store, now=NOW)
    assert told(store, "wang")[2:] == [{"账号": ("启用", "停用")}, {"账号": ("停用", "启用")}]


def test_nobody_locks_the_own_account(by):
    add_person(SECOND, **by)
    with pytest.raises(IllegalMove, match="不能停用自己"):
        switch_person("admin", False, **by)


def test_the_last_administrator_stays(store, by):
    as_shell = by | {"actor": "shell:root"}
    with pytest.raises(IllegalMove, match="最后一名管理员"):
        switch_person("admin", False, **as_shell)
    with pytest.raises(InvalidInput, match="最后一名管理员"):
        change_person("admin", {"name": "赵敏", "role": "auditor", "unit": "33"}, **as_shell)
    add_person(SECOND, **by)
    switch_person("admin", False, **as_shell)
    with pytest.raises(IllegalMove, match="最后一名管理员"):
        switch_person("admin2", False, **as_shell)


def test_two_administrators_who_lock_each_other_at_once_leave_one(filled_url):
    database = Database(filled_url)
    with database.connect() as connection:
        add_person(SECOND, store=Store(connection, SECRET), actor="admin", now=NOW)
    ready, said = threading.Barrier(2), []

    def lock(username, actor):
        with database.connect() as connection:
            ready.wait()
            try:
                switch_person(username, False, store=Store(connection, SECRET), actor=actor, now=NOW)
            except IllegalMove as error:
                said.append(error.message)

    threads = [threading.Thread(target=lock, args=pair) for pair in (("admin", "admin2"), ("admin2", "admin"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.connect() as connection:
        left = [one for one in Store(connection, SECRET).active_users() if one.role is Role.ADMIN]
    database.dispose()
    assert (len(left), len(said)) == (1, 1)


def test_signing_out_everywhere_ends_the_sessions_and_keeps_the_tokens(store, by, wang):
    sessions = [sign_in("wang", wang[1], store=store, now=NOW) for _ in range(2)]
    token = add_token("wang", "平板", **by)
    assert sign_out_everywhere("wang", **by) == 2
    assert [store.user_of_session(one, NOW) for one in sessions] == [None, None]
    assert store.user_of_token(token).username == "wang"
    entries = len(told(store, "wang"))
    assert (sign_out_everywhere("wang", **by), len(told(store, "wang"))) == (0, entries)


def test_a_token_is_made_once_a_label_and_revoked_by_it(store, by, wang):
    token = add_token("wang", " 平板 ", **by)
    for label in ("平板", "", "长" * 61):
        with pytest.raises(InvalidInput):
            add_token("wang", label, **by)
    assert revoke_token("wang", "平板", **by) == 1
    assert store.user_of_token(token) is None
    with pytest.raises(NotFound):
        revoke_token("wang", "平板", **by)
    assert told(store, "wang")[1:] == [{"接口令牌": ("", "平板")}, {"接口令牌": ("平板", "已吊销")}]
    switch_person("wang", False, **by)
    with pytest.raises(IllegalMove):
        add_token("wang", "手机", **by)


def test_nobody_is_changed_who_is_not_there(by):
    for act in (
        lambda: change_person("nobody", WANG, **by),
        lambda: renew_password("nobody", **by),
        lambda: switch_person("nobody", False, **by),
        lambda: sign_out_everywhere("nobody", **by),
        lambda: add_token("nobody", "x", **by),
        lambda: hand_on("nobody", ("330101", "repair"), "", **by),
    ):
        with pytest.raises(NotFound):
            act()


@pytest.fixture
def at_work(store, take, by):
    """An open ticket of the repair team that is the demo's repair man's."""
    (ticket,) = take("家里停电了", unit_code="330101")
    assert (ticket.team_unit, ticket.department) == ("330101", "repair")
    assert hand_on("repair", ("330101", "repair"), "", **by) == 0
    store.connection.exec_driver_sql("UPDATE tickets SET assignee = 'repair'")
    store.connection.commit()
    return ticket


def test_the_open_tickets_of_a_locked_person_go_to_a_colleague_or_to_the_team(store, by, wang, at_work):
    switch_person("repair", False, **by)
    assert [row["number"] for row in store.assigned_to("repair")] == [at_work.number]
    assert hand_on("repair", ("330101", "billing"), "wang", **by) == 0
    assert hand_on("repair", ("330101", "repair"), "wang", **by) == 1
    assert store.ticket(at_work.number).assignee == "wang"
    assert hand_on("wang", ("330101", "repair"), "", **by) == 1
    assert (store.ticket(at_work.number).assignee, list(store.assigned_to("wang"))) == ("", [])
    assert [entry["action"] for entry in store.trail(at_work.number)].count("assign") == 2


@pytest.mark.parametrize("to", ["repair", "billing", "wang", "nobody"])
def test_tickets_go_to_nobody_who_could_not_work_on_them(store, by, wang, at_work, to):
    switch_person("wang", False, **by)
    with pytest.raises(InvalidInput):
        hand_on("repair", ("330101", "repair"), to, **by)
    assert store.ticket(at_work.number).assignee == "repair"


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        pytest.param(Wanted(words="小明"), {"wang"}, id="a part of the name"),
        pytest.param(Wanted(words="WAN"), {"wang"}, id="a part of the user name, in any case"),
        pytest.param(Wanted(words="%"), set(), id="a sign of the search itself"),
        pytest.param(Wanted(role="handler", unit="330101", department="repair"), {"repair", "wang"}, id="a team"),
        pytest.param(Wanted(role="handler", unit="3301", department="repair"), {"repair", "wang", "repair-liuhe"}, id="a unit with those below"),
        pytest.param(Wanted(state="off"), {"billing"}, id="locked"),
        pytest.param(Wanted(state="on", department="billing"), set(), id="in use"),
        pytest.param(Wanted(role="nothing"), set(), id="no such role"),
    ],
)
def test_people_are_found_by_name_role_unit_department_and_state(store, by, wang, wanted, found):
    switch_person("billing", False, **by)
    page = store.people(wanted, 0, 100)
    assert {one.user.username for one in page} == found
    assert store.count_people(wanted) == len(found)


def test_a_list_is_read_a_page_at_a_time(store):
    every = [one.user.username for one in store.people(Wanted(), 0, 100)]
    assert len(every) == store.count_people(Wanted()) == len(store.users())
    assert [one.user.username for skip in range(0, len(every), 7) for one in store.people(Wanted(), skip, 7)] == every


def test_a_mark_stands_for_one_person_and_hides_the_name(store):
    marks = {store.person_mark(row["username"]): row["username"] for row in store.users()}
    assert len(marks) == len(store.users())
    assert all(store.marked_person(mark).user.username == username for mark, username in marks.items())
    assert "admin" not in store.person_mark("admin")
    assert store.marked_person("admin") is None


CHOSEN = "a sentence of my own"


@pytest.mark.parametrize(
    ("current", "new", "again", "fields"),
    [
        pytest.param("wrong", CHOSEN, CHOSEN, ["current"], id="the current one is wrong"),
        pytest.param(None, "short", "short", ["new"], id="short"),
        pytest.param(None, "x" * 201, "x" * 201, ["new"], id="long"),
        pytest.param(None, "my name is Wang", "my name is Wang", ["new"], id="the user name in it"),
        pytest.param(None, None, None, ["new"], id="the same"),
        pytest.param(None, CHOSEN, "something else", ["again"], id="typed differently"),
    ],
)
def test_a_bad_password_of_ones_own_is_refused(store, wang, current, new, again, fields):
    user, given = wang
    with pytest.raises(InvalidInput) as wrong:
        change_own_password(user, current or given, new or given, again or given, store=store, now=NOW)
    assert [problem.field for problem in wrong.value.problems] == fields
    assert sign_in("wang", given, store=store, now=NOW)


def test_the_own_password_ends_every_other_session_and_the_need_to_change_it(store, wang):
    user, given = wang
    other = sign_in("wang", given, store=store, now=NOW)
    token = change_own_password(user, given, CHOSEN, CHOSEN, store=store, now=LATER)
    assert store.user_of_session(other, LATER) is None
    assert store.user_of_session(token, LATER).is_temporary is False
    assert sign_in("wang", CHOSEN, store=store, now=LATER)
    assert changes_of("wang", store)[0].actor == "wang"


def test_the_current_password_cannot_be_guessed_again_and_again(store, wang):
    for _ in range(MAX_FAILURES):
        with pytest.raises(InvalidInput):
            change_own_password(wang[0], "wrong", CHOSEN, CHOSEN, store=store, now=NOW)
    with pytest.raises(TooManyAttempts):
        change_own_password(wang[0], wang[1], CHOSEN, CHOSEN, store=store, now=NOW)


def test_a_renewed_password_has_to_be_changed_and_one_of_before_has_not(store, by):
    assert store.user("admin").is_temporary is False
    password = renew_password("agent", **by)
    hasher().verify(store.password_hash("agent"), password)
    assert store.user("agent").is_temporary is True
