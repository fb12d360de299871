"""What an administrator types about somebody (人员), read and checked; the same for the pages and for `flask users`."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from triage.checks import codes
from triage.errors import InvalidInput, Problem
from triage.people import User
from triage.terms import Role
from triage.texts import clean
from triage.wording import say

if TYPE_CHECKING:
    from triage.store import Store
    from triage.store.personnel import Person

LONGEST_USERNAME, LONGEST_NAME = 64, 40


def read_person(values: Mapping[str, str], person: "Person | None", store: "Store") -> User:
    """Read what was typed about somebody, new or there already.

    Raises:
        InvalidInput: a value is missing or wrong; all problems at once.
    """
    sent = {name: clean(values.get(name, "")).strip() for name in ("username", "name", "role", "unit", "department")}
    username = person.user.username if person else sent["username"]
    problems = [] if person else _wrong_username(username, store)
    if not 0 < len(sent["name"]) <= LONGEST_NAME:
        problems.append(Problem("name", say("Name: required, at most {most} characters", most=LONGEST_NAME)))
    if sent["role"] not in [role.value for role in Role]:
        problems.append(Problem("role", say("Role: choose one from the list")))
    elif person and person.user.role is Role.ADMIN and sent["role"] != Role.ADMIN:
        problems += _wrong_demotion(person, store)
    problems += _wrong_place(sent["role"], sent["unit"], sent["department"], person, store)
    if problems:
        raise InvalidInput(*problems)
    return User(username, sent["name"], Role(sent["role"]), sent["unit"], sent["department"])


def _wrong_username(username: str, store: "Store") -> list[Problem]:
    if not 0 < len(username) <= LONGEST_USERNAME or any(sign.isspace() for sign in username):
        return [Problem("username", say("User name: 1 to {most} characters, without spaces", most=LONGEST_USERNAME))]
    if username.casefold() in {row["username"].casefold() for row in store.users()}:
        return [Problem("username", say("User name: there is a user {username} already; choose another", username=username))]
    return []


def _wrong_demotion(person: "Person", store: "Store") -> list[Problem]:
    if person.is_active and not store.count_other_admins(person.user.username):
        return [Problem("role", say("Role: {name} is the last administrator; make another administrator first", name=person.user.name))]
    return []


def _wrong_place(role: str, unit: str, department: str, person: "Person | None", store: "Store") -> list[Problem]:
    if unit not in {row["code"] for row in store.units(current_only=True)}:
        said = say("Supply unit: there is no unit {unit} in use; choose one from the list", unit=unit) if unit else say("Supply unit: required")
        return [Problem("unit", said)]
    if department not in codes(store, "departments") and department not in ("", person.user.department if person else ""):
        return [Problem("department", say("Department: there is no department {department}; choose one from the list", department=department))]
    if role == Role.HANDLER and not department:
        return [Problem("department", say("Department: required for somebody who handles tickets"))]
    if role == Role.HANDLER and (unit, department) not in store.teams_and_parents()[1]:
        names = {"unit": codes(store, "units")[unit], "department": codes(store, "departments").get(department, department)}
        return [Problem("department", say("Department: {unit} has no crew of {department}; choose another unit or department", **names))]
    return []
