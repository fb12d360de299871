"""Files on tickets through pages and API: what is taken, who sees it, what the trail keeps."""

import hashlib
import json
import secrets
from datetime import UTC, datetime
from urllib.parse import unquote

import pytest

from tests.triage.test_images import GPS, exif, jpeg, png, riff, webp
from triage.attachments import MAX_COUNT, MAX_SIZE
from triage.complaint import read_contact
from triage.intake import receive

SURE = "电表坏了，要求换表"
PDF = b"%PDF-1.7\n%%EOF\n"
WEBP = webp(riff(b"VP8 ", b"picture!"))


@pytest.fixture
def taken(app, store):
    """Take a complaint about a meter and give its number."""

    def take(**values):
        contact = read_contact({"complaints": [{"text": SURE}], "unit_code": "330101", "phone": "13800001001", **values})
        (ticket,) = receive(contact, predict=app.extensions["triage"].predict, rules=store.rules(), store=store, now=datetime.now(UTC), actor="agent")
        return ticket.number

    return take


def form(*files):
    """A form with files as a browser sends it."""
    parts = [f'--x\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'.encode() + content for name, content in files]
    return {"data": b"\r\n".join([*parts, b"--x--\r\n"]), "content_type": "multipart/form-data; boundary=x"}


def send(client, number, *files):
    return client.post(f"/tickets/{number}/attachments", **form(*files))


def test_a_photo_is_kept_without_its_position_and_the_trail_holds_its_digest(client_as, store, taken):
    number, team = taken(), client_as("metering")
    assert send(team, number, ("现场.JPG", jpeg(exif(6)))).status_code == 303
    (one,) = store.attachments_of(number)
    shown = team.get(f"/tickets/{number}/attachments/{one.id}")
    assert GPS not in shown.data
    assert shown.data.startswith(b"\xff\xd8")
    entry = store.trail(number)[-1]
    assert (entry["action"], entry["actor"]) == ("add_file", "metering")
    assert json.loads(entry["detail_json"])["sha256"] == hashlib.sha256(shown.data).hexdigest() == one.digest
    assert "现场" not in entry["detail_json"]
    assert store.broken_chains() == []
    page = team.get(f"/tickets/{number}").text
    assert "现场.jpg" in page
    assert "添加附件" in page


@pytest.mark.parametrize(
    ("name", "content", "kept", "media_type", "way"),
    [
        ("a.jpg", jpeg(), "a.jpg", "image/jpeg", "inline"),
        ("a.jpg", png(), "a.png", "image/png", "inline"),
        ("a", WEBP, "a.webp", "image/webp", "inline"),
        ("证明.pdf", PDF, "证明.pdf", "application/pdf", "attachment"),
        ("../../etc/a\u202egnp.exe", PDF, "agnp.pdf", "application/pdf", "attachment"),
        ("<script>.html", png(), "script.png", "image/png", "inline"),
    ],
    ids=["jpeg", "png named jpg", "webp without ending", "pdf", "folders and turned text", "a page's name"],
)
def test_a_file_is_served_as_what_its_content_is_and_can_do_nothing(client_as, store, taken, name, content, kept, media_type, way):
    number, team = taken(), client_as("metering")
    assert send(team, number, (name, content)).status_code == 303
    (one,) = store.attachments_of(number)
    assert one.name == kept
    answer = team.get(f"/tickets/{number}/attachments/{one.id}")
    assert answer.mimetype == media_type
    disposition = answer.headers["Content-Disposition"]
    assert disposition.startswith(way)
    assert disposition.encode("latin-1")
    assert unquote(disposition.partition("filename*=UTF-8''")[2]) == kept
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert "no-store" in answer.headers["Cache-Control"]


HEIC = b"\x00\x00\x00\x18ftypheic" + bytes(30)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("IMG_1.HEIC", HEIC, "兼容性最佳"),
        ("IMG_1.jpg", HEIC, "兼容性最佳"),
        ("a.jpg", b"<html><script>alert(1)</script>", "不是照片或 PDF"),
        ("a.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "不是照片或 PDF"),
        ("a.pdf", b"junk before %PDF-1.7", "不是照片或 PDF"),
        ("a.jpg", jpeg()[:-2], "不完整或已损坏"),
        ("a.jpg", b"", "空文件"),
        ("a.jpg", jpeg() + bytes(MAX_SIZE), "每个最多 10 MB"),
    ],
    ids=["heic", "heic named jpg", "html", "svg", "pdf behind junk", "cut off", "empty", "too big"],
)
def test_what_is_not_taken_is_said_with_its_name_and_nothing_is_kept(client_as, store, taken, name, content, said):
    number = taken()
    answer = send(client_as("metering"), number, ("good.png", png()), (name, content))
    assert answer.status_code == 422
    assert said in answer.text
    assert name in answer.text
    assert store.attachments_of(number) == []
    assert "add_file" not in [entry["action"] for entry in store.trail(number)]


def test_a_form_without_a_file_asks_for_one(client_as, taken):
    answer = send(client_as("metering"), taken())
    assert answer.status_code == 422
    assert "请先选择文件" in answer.text


def test_several_photos_larger_than_any_other_form_may_be_are_taken_at_once(client_as, store, taken):
    number = taken()
    photos = [(f"{n}.pdf", PDF + secrets.token_bytes(3_000_000)) for n in range(3)]
    assert send(client_as("metering"), number, *photos).status_code == 303
    assert len(store.attachments_of(number)) == 3


def test_too_much_at_once_is_said(client_as, store, taken):
    number = taken()
    photos = [(f"{n}.pdf", PDF + bytes(9_000_000)) for n in range(4)]
    assert send(client_as("metering"), number, *photos).status_code == 413
    assert store.attachments_of(number) == []


def test_a_ticket_takes_twenty_files_and_no_more(client_as, store, taken):
    number, team = taken(), client_as("metering")
    assert send(team, number, *[(f"{n}.pdf", PDF) for n in range(MAX_COUNT)]).status_code == 303
    answer = send(team, number, ("21.pdf", PDF))
    assert answer.status_code == 422
    assert "最多 20 个" in answer.text
    assert len(store.attachments_of(number)) == MAX_COUNT


def test_a_file_is_open_only_to_those_who_see_the_ticket(app, client_as, store, taken):
    number = taken()
    send(client_as("metering"), number, ("a.png", png()))
    (one,) = store.attachments_of(number)
    path = f"/tickets/{number}/attachments/{one.id}"
    statuses = {who: client_as(who).get(path).status_code for who in ("metering", "leader", "dispatcher", "agent", "auditor", "billing")}
    assert statuses == {"metering": 200, "leader": 200, "dispatcher": 200, "agent": 200, "auditor": 200, "billing": 403}
    assert app.test_client().get(path).status_code == 302
    other = taken()
    assert client_as("metering").get(f"/tickets/{other}/attachments/{one.id}").status_code == 404


def test_the_files_of_a_confidential_ticket_are_not_shown_to_a_team_that_only_helps(client_as, store, taken):
    number, team = taken(is_confidential="1"), client_as("metering")
    assert send(team, number, ("a.png", png())).status_code == 303
    (one,) = store.attachments_of(number)
    for code, fields in (("accept", {}), ("co_handle", {"co_department": "billing", "task": "请核对电费"})):
        assert team.post(f"/tickets/{number}/moves/{code}", data={"version": store.ticket(number).version, **fields}).status_code == 303
    helper = client_as("billing")
    page = helper.get(f"/tickets/{number}")
    assert page.status_code == 200
    assert "a.png" not in page.text
    assert "只有主办班组可以查看" in page.text
    assert helper.get(f"/tickets/{number}/attachments/{one.id}").status_code == 403
    assert send(helper, number, ("b.png", png())).status_code == 403
    assert team.get(f"/tickets/{number}/attachments/{one.id}").status_code == 200


@pytest.mark.parametrize(("username", "status"), [("metering", 303), ("leader", 303), ("dispatcher", 303), ("agent", 403), ("auditor", 403)])
def test_a_file_is_taken_away_by_who_added_it_or_answers_for_it_and_the_row_stays(client_as, store, taken, username, status):
    number = taken()
    send(client_as("metering"), number, ("a.png", png()))
    (one,) = store.attachments_of(number)
    path = f"/tickets/{number}/attachments/{one.id}"
    assert client_as(username).post(f"{path}/remove").status_code == status
    rows = store.connection.exec_driver_sql("SELECT removed_at IS NULL FROM attachments").scalars().all()
    assert [bool(row) for row in rows] == [status == 403]
    if status == 303:
        assert client_as("metering").get(path).status_code == 404
        last = store.trail(number)[-1]
        assert (last["action"], last["actor"]) == ("remove_file", username)
        assert json.loads(last["detail_json"])["sha256"] == one.digest


def test_a_file_that_is_added_does_not_stand_in_the_way_of_a_move(client_as, store, taken):
    number, team = taken(), client_as("metering")
    seen = store.ticket(number).version
    send(team, number, ("a.png", png()))
    assert team.post(f"/tickets/{number}/moves/accept", data={"version": seen}).status_code == 303


def test_nobody_adds_to_a_ticket_that_has_ended(client_as, store, taken):
    number = taken()
    withdrawn = client_as("agent").post(f"/tickets/{number}/moves/withdraw", data={"version": store.ticket(number).version, "reason": "客户撤诉"})
    assert withdrawn.status_code == 303
    assert send(client_as("dispatcher"), number, ("a.png", png())).status_code == 403


def test_a_program_sends_lists_fetches_and_takes_away_files(app, store, taken):
    number, token = taken(), "a token of the tests"
    store.add_token(token, "metering", "tests", datetime.now(UTC))
    client, head = app.test_client(), {"Authorization": f"Bearer {token}"}
    path = f"/api/v1/tickets/{number}/attachments"
    sent = client.post(path, headers=head, **form(("a.pdf", PDF + bytes(3_000_000))))
    assert sent.status_code == 201
    (one,) = client.get(path, headers=head).json["attachments"]
    data = client.get(f"{path}/{one['id']}", headers=head).data
    assert hashlib.sha256(data).hexdigest() == one["sha256"]
    wrong = client.post(path, headers=head, **form(("a.heic", HEIC)))
    assert wrong.status_code == 422
    assert wrong.json["error"]["problems"][0]["field"] == "files"
    assert client.delete(f"{path}/{one['id']}", headers=head).status_code == 200
    assert client.get(path, headers=head).json["count"] == 0
