"""Who comes in, who sees what."""

from datetime import timedelta

import pytest

from tests.triage.samples import NOW, user
from triage.errors import SignInFailed, TooManyAttempts
from triage.people import FAILURE_WINDOW, MAX_FAILURES, SESSION, User, hasher, may_reveal, may_see, sign_in
from triage.terms import Role

SECOND = timedelta(seconds=1)
LI = User("li", "小李", Role.AGENT, "33", "hotline")


@pytest.fixture
def li(store):
    """An agent whose password is known."""
    store.add_user(LI, hasher().hash("secret-of-li"), NOW)
    return LI


def fail(store, now=NOW, username: str = "li") -> None:
    with pytest.raises(SignInFailed):
        sign_in(username, "wrong", store=store, now=now)


def test_the_right_password_opens_a_session_for_twelve_hours(store, li):
    token = sign_in("li", "secret-of-li", store=store, now=NOW)
    assert store.user_of_session(token, NOW) == li
    assert store.user_of_session(token, NOW + SESSION - SECOND) == li
    assert store.user_of_session(token, NOW + SESSION) is None


def test_a_session_that_was_closed_is_over(store, li):
    token = sign_in("li", "secret-of-li", store=store, now=NOW)
    store.close_session(token)
    assert store.user_of_session(token, NOW) is None


def test_a_wrong_password_and_an_unknown_name_are_told_the_same(store, li):
    said = set()
    for username, password in (("li", "wrong"), ("nobody", "secret-of-li"), ("li", ""), ("", "")):
        with pytest.raises(SignInFailed) as error:
            sign_in(username, password, store=store, now=NOW)
        said.add(error.value.message)
    assert said == {"用户名或密码不对，请重新输入"}


def test_after_five_failures_even_the_right_password_waits(store, li):
    for n in range(MAX_FAILURES):
        fail(store, NOW + n * SECOND)
    with pytest.raises(TooManyAttempts, match="5 分钟"):
        sign_in("li", "secret-of-li", store=store, now=NOW + 10 * SECOND)
    assert sign_in("li", "secret-of-li", store=store, now=NOW + FAILURE_WINDOW)


def test_failures_of_one_name_do_not_lock_another_out(store, li):
    for _ in range(MAX_FAILURES):
        fail(store, username="somebody")
    assert sign_in("li", "secret-of-li", store=store, now=NOW)


def test_who_was_shut_out_is_out_at_once(store, li):
    token = sign_in("li", "secret-of-li", store=store, now=NOW)
    store.add_token("an API token", "li", "script", NOW)
    assert store.set_active("li", False) == 1
    assert store.user("li") is None
    assert store.user_of_session(token, NOW) is None
    assert store.user_of_token("an API token") is None
    fail(store)
    store.set_active("li", True)
    assert sign_in("li", "secret-of-li", store=store, now=NOW)


def test_a_new_password_ends_all_sessions(store, li):
    token = sign_in("li", "secret-of-li", store=store, now=NOW)
    store.set_password("li", hasher().hash("another"))
    assert store.user_of_session(token, NOW) is None
    fail(store)
    assert sign_in("li", "another", store=store, now=NOW)


def test_a_token_works_until_it_is_revoked(store, li):
    store.add_token("an API token", "li", "script", NOW)
    assert store.user_of_token("an API token") == li
    assert store.revoke_tokens("li", "script", NOW) == 1
    assert store.user_of_token("an API token") is None
    assert store.revoke_tokens("li", "script", NOW) == 0


def test_no_secret_is_kept_in_clear(store, li):
    token = sign_in("li", "secret-of-li", store=store, now=NOW)
    fail(store, username="my-password-typed-as-a-name")
    store.add_token("an API token", "li", "script", NOW)
    kept = [store.connection.exec_driver_sql(f"SELECT * FROM {table}").all() for table in ("users", "sessions", "tokens", "sign_in_failures")]
    for secret in (token, "secret-of-li", "an API token", "my-password-typed-as-a-name"):
        assert secret not in str(kept)


@pytest.mark.parametrize("role", Role, ids=str)
def test_every_role_but_the_department_works_on_all_tickets(store, take, role: Role):
    (ticket,) = take("家里没电")
    assert may_see(user(role, "330202", "billing"), ticket, store) is (role not in (Role.HANDLER, Role.LEADER))


def test_a_ticket_without_a_team_is_no_departments(store, take):
    (ticket,) = take("家里没电", unit_code="")
    assert not may_see(user(Role.HANDLER), ticket, store)
    assert not may_see(user(Role.LEADER), ticket, store)


@pytest.mark.parametrize(
    ("role", "open_identity", "kept_identity"),
    [
        (Role.AGENT, True, True),
        (Role.DISPATCHER, True, True),
        (Role.AUDITOR, True, True),
        (Role.HANDLER, True, False),
        (Role.LEADER, True, False),
        (Role.ADMIN, False, False),
    ],
    ids=str,
)
def test_who_may_see_the_callers_identity(take, role: Role, open_identity: bool, kept_identity: bool):
    (ticket,) = take("家里没电")
    (kept,) = take("家里没电", is_confidential=True)
    assert (may_reveal(user(role), ticket), may_reveal(user(role), kept)) == (open_identity, kept_identity)
