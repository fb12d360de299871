"""One complaint in a real browser, from the agent's call to the auditor's page; the same run keeps the pictures of the docs (SCREENSHOTS=folder)."""

import csv
import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.engines import running_gunicorn
from tests.pictures import take
from triage.reference import edit_row
from triage.store import Database, Store

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.browser
DESK, PHONE = {"width": 1280, "height": 720}, {"width": 390, "height": 844}
COMPLAINT = "电费这个月突然多了三百块，家里没有添电器，打电话问了也说不清楚，要求核查账单并给说法，我电话 13800001234"


def flask(environment, *arguments):
    done = subprocess.run([sys.executable, "-m", "flask", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


COLUMNS = ("--text", "text", "--received", "received", "--map", "customer_number=customer")


def calls_of_last_week(path):
    """A file of calls ten days ago: one agent's note of each of sixteen topics."""
    received = (datetime.now(UTC) - timedelta(days=10)).isoformat(timespec="minutes")
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(["text", "received", "customer"])
        for number, corpus in enumerate(sorted((ROOT / "data" / "corpus").glob("*.csv"))[::3]):
            with corpus.open(encoding="utf-8", newline="") as rows:
                note = next(row for row in csv.DictReader(rows) if row["register"] == "note")
            out.writerow([note["text"], received, f"33010000{number % 7 + 1:02d}"])
    return path


def let_call_at_any_hour(instance):
    """Take the quiet hours out: the tests run at any hour."""
    database = Database(f"sqlite:///{instance / 'triage.db'}")
    with database.connect() as connection:
        for code in ("callback_quiet_from", "callback_quiet_until"):
            edit_row(Store(connection, b""), "switches", {"code": code}, {"value": "00:00"}, actor="tests", now=datetime.now(UTC))
    database.dispose()


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The product as `make serve` makes it: migrated, trained, with the demo organisation; gives its address and the passwords."""
    environment = {**os.environ, "TRIAGE_INSTANCE": str(tmp_path_factory.mktemp("instance"))}
    environment.pop("TRIAGE_DATABASE_URL", None)
    flask(environment, "migrate")
    let_call_at_any_hour(Path(environment["TRIAGE_INSTANCE"]))
    flask(environment, "train")
    passwords = dict(re.findall(r"^ {2}(\S+) +(\S+) ", flask(environment, "demo", "--history", "0"), re.MULTILINE))
    flask(environment, "import", str(calls_of_last_week(tmp_path_factory.mktemp("calls") / "calls.csv")), *COLUMNS)
    with running_gunicorn(environment) as server:
        yield server.url, passwords


@pytest.fixture
def sign_in(served, page):
    """Sign in as somebody and stand on the first page of the role."""
    address, passwords = served

    def enter(username):
        page.context.clear_cookies()
        page.goto(f"{address}/sign-in")
        page.get_by_label("用户名").fill(username)
        page.get_by_label("密码").fill(passwords[username])
        page.get_by_role("button", name="登录").click()
        expect(page.get_by_role("button", name="退出")).to_be_visible()
        return page

    return enter


def make(page, move, **fields):
    """Open a move's form, fill it and send it."""
    form = page.locator("details.move", has=page.locator("summary", has_text=re.compile(f"^{move}$")))
    if form.get_attribute("open") is None:
        form.locator("summary").click()
    for name, value in fields.items():
        control = form.locator(f"[name={name}]")
        if control.evaluate("node => node.tagName") == "SELECT":
            control.select_option(value)
        else:
            control.fill(value)
    form.get_by_role("button", name=move).click()


def test_a_complaint_goes_from_the_call_to_the_auditors_page(served, sign_in):
    address, _ = served
    page = sign_in("agent")
    page.locator("[name=text-0]").press_sequentially(COMPLAINT)
    page.get_by_label("户号").fill("3301000001")
    expect(page.locator("#preview .candidates")).to_be_visible()
    page.get_by_role("button", name="研判").click()
    expect(page.locator("#preview")).to_contain_text("电费管理中心")
    page.locator("[name=topic-0]").select_option("business.tariff.bill")
    page.locator("[name=demand_type-0]").select_option("complaint")
    take(page, "agent")
    page.get_by_role("button", name="登记", exact=True).click()
    page.locator("#registered a").click()
    page.wait_for_url(re.compile(r"/tickets/\d{16}$"))
    number = page.url.rsplit("/", 1)[1]
    expect(page.locator("h1")).to_contain_text("待接单")
    expect(page.locator("blockquote").first).to_contain_text("138****1234")

    page = sign_in("billing")
    page.get_by_role("link", name=re.compile(number[8:])).click()
    make(page, "接单")
    make(page, "联系客户", note="已电话联系")
    take(page, "ticket")
    make(page, "办结回单", reply="经核实为抄表跨期所致，已向客户解释并退差额", finding="upheld")
    expect(page.locator("h1")).to_contain_text("待审单")

    page = sign_in("dispatcher")
    page.goto(f"{address}/tickets/{number}")
    make(page, "审核通过")
    page = sign_in("agent")
    page.goto(f"{address}/tickets/{number}")
    make(page, "回访", satisfaction="2")
    make(page, "归档")
    expect(page.locator("h1")).to_contain_text("已归档")

    page = sign_in("auditor")
    page.goto(f"{address}/tickets/{number}")
    expect(page.locator(".timeline")).to_contain_text("回访")
    since = (datetime.now(UTC) - timedelta(days=20)).date()
    page.goto(f"{address}/timeliness?since={since}")
    take(page, "timeliness")
    figure = page.locator("table.figures tbody tr", has_text="联系客户").first.locator("td.n a").nth(2)
    missed = int(figure.inner_text())
    assert missed > 0
    figure.click()
    expect(page.locator("h1")).to_contain_text(f"{missed} 条")
    expect(page.locator("table.list tbody tr")).to_have_count(missed)


def test_a_doubtful_one_waits_for_the_dispatcher_and_a_danger_goes_out_at_once_on_top(served, sign_in):
    address, _ = served
    page = sign_in("agent")
    for text in ("你们那个事情到底什么时候能办好啊", "村口变压器冒烟着火了，电线掉下来，赶快来人"):
        page.goto(f"{address}/complaints/new")
        page.locator("[name=text-0]").fill(text)
        page.locator("[name=unit_code]").select_option("330101")
        page.get_by_role("button", name="登记", exact=True).click()
        expect(page.locator("#registered")).to_contain_text("已登记")
    page = sign_in("dispatcher")
    take(page, "dispatch")
    rows = page.locator("table.list").first.locator("tbody tr")
    expect(rows.first).to_contain_text("人身安全，已派抢修")
    doubtful = rows.filter(has_text="到底什么时候能办好")
    expect(doubtful).to_have_count(1)
    doubtful.get_by_role("link").click()
    expect(page.locator("#candidates")).to_be_visible()
    take(page, "desk")
    page = sign_in("repair")
    expect(page.locator("table.list tbody tr").first).to_contain_text("特殊")
    take(page, "queue")
    page.emulate_media(color_scheme="dark")
    take(page, "queue-dark")
    page.emulate_media(color_scheme="light")
    page.locator("table.list tbody tr a").first.click()
    page.set_viewport_size(PHONE)
    expect(page.locator("h1")).to_contain_text("待接单")
    take(page, "ticket-phone")
    page.set_viewport_size(DESK)
    make(page, "退单", return_reason="not_our_department", reason="非本班组设备")
    page = sign_in("dispatcher")
    expect(page.locator("table.list").first).to_contain_text("退单")


def test_every_role_has_a_first_page_and_no_page_breaks_the_content_policy(served, sign_in):
    address, _ = served
    for username, path in [
        ("leader", "/queue"),
        ("auditor", "/board"),
        ("admin", "/admin"),
        ("admin", "/admin/reference/time_limits"),
        ("agent", "/callbacks"),
    ]:
        page = sign_in(username)
        page.goto(f"{address}{path}")
        expect(page.locator("h1")).to_be_visible()
        if path == "/admin":
            take(page, "admin")
