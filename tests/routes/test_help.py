"""Help: a text for every page, the keys, the look; pages of errors that say what to do next."""

import re
from pathlib import Path

import pytest

from routes.web import help as pages
from routes.web.show import NAVIGATION

CSS = Path(__file__).parents[2] / "routes" / "static" / "triage.css"
USERS = ("agent", "dispatcher", "repair", "leader", "auditor", "admin")
# No pages of their own: what is loaded into one, sent as a file, or leads elsewhere.
NO_PAGE = {"home", "sign_in", "help_index", "help_page", "bell", "peek", "candidates_again", "attachment", "kept_filter"}


def text(response, status=200):
    assert response.status_code == status
    return response.get_data(as_text=True)


def test_every_page_has_a_help_and_every_help_a_page(app):
    shown = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in rule.methods and rule.endpoint.startswith("pages.")}
    every = {rule.endpoint for rule in app.url_map.iter_rules()}
    assert sorted(shown - set(pages.BY_ENDPOINT) - {f"pages.{name}" for name in NO_PAGE}) == []
    assert sorted(set(pages.BY_ENDPOINT) - every) == []


@pytest.mark.parametrize("username", USERS)
def test_a_role_reads_the_help_of_each_of_its_pages(client_as, username):
    client = client_as(username)
    codes = re.findall(r'href="/help/(\w+)"', text(client.get("/help")))
    assert codes
    for code in codes:
        page = text(client.get(f"/help/{code}"))
        assert f"帮助：{pages.BY_CODE[code].name}" in page
        assert page.count("<p>") > 0


@pytest.mark.parametrize("role", NAVIGATION, ids=str)
def test_whatever_a_role_finds_in_its_navigation_is_explained_to_it(role):
    for endpoint, _ in NAVIGATION[role]:
        assert role in pages.BY_ENDPOINT[endpoint].roles


def test_a_page_leads_to_its_own_help_and_names_its_keys(client_as):
    page = text(client_as("dispatcher").get("/dispatch"))
    assert 'href="/help/dispatch"' in page
    assert re.search(r'<dialog id="keys".*Alt\+W.*</dialog>', page, re.DOTALL)


def test_there_is_no_help_of_a_page_that_is_not_there(client_as):
    assert "没有这个页面" in text(client_as("agent").get("/help/nothing"), 404)


def test_no_help_is_left_without_a_text_and_no_text_without_a_help():
    folder = Path(pages.__file__).parent / "templates" / "pages" / "help"
    assert {path.stem for path in folder.glob("*.html")} - {"_common"} == set(pages.BY_CODE)


@pytest.mark.parametrize("chosen", ["light", "dark"])
def test_the_look_is_in_the_first_byte_of_every_page(client_as, chosen):
    client = client_as("agent")
    answer = client.post("/theme", data={"theme": chosen, "next": "/callbacks"})
    assert answer.headers["Location"] == "/callbacks"
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    page = text(client.get("/callbacks"))
    assert f'<html lang="zh-CN" data-theme="{chosen}">' in page
    assert f'<meta name="color-scheme" content="{chosen}">' in page
    client.post("/theme", data={"theme": ""})
    assert '<html lang="zh-CN">' in text(client.get("/callbacks"))


def test_a_look_that_there_is_not_is_that_of_the_system(client_as):
    client = client_as("agent")
    client.post("/theme", data={"theme": '"><script>'})
    client.set_cookie("theme", '"onload="x')
    assert '<html lang="zh-CN">' in text(client.get("/callbacks"))


def test_the_look_leads_back_to_this_product_only(client_as):
    assert client_as("agent").post("/theme", data={"theme": "dark", "next": "//elsewhere.example/"}).headers["Location"] == "/"


def test_dark_by_choice_looks_as_dark_by_the_system():
    css = CSS.read_text(encoding="utf-8")
    by_system = re.search(r":root:not\(\[data-theme\]\) \{(.*?)\}", css, re.DOTALL)
    by_choice = re.search(r':root\[data-theme="dark"\] \{(.*?)\}', css, re.DOTALL)
    assert by_system
    assert by_choice
    assert by_system[1].split() == by_choice[1].split()


@pytest.mark.parametrize(("path", "status"), [("/no-such-page", 404), ("/admin", 403), ("/tickets/2026112399999999", 404)])
def test_a_page_of_an_error_says_what_to_do_next(client_as, path, status):
    page = text(client_as("agent").get(path), status)
    assert "接下来可以" in page
    assert 'href="/help"' in page
