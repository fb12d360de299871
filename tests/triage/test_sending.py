"""Outbound channels against real servers: what arrives, what a refusal means, and that no secret is told."""

import base64
import hashlib
import hmac
import io
import json
import resource
import socket
import socketserver
import ssl
import stat
import threading
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import takewhile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triage.errors import InvalidInput, TriageError
from triage.mail import SmtpOutlet
from triage.outlets import describe, open_outlet
from triage.sending import ConsoleOutlet, FileOutlet, Message, SendFailed
from triage.settings import ROOT
from triage.webhook import WebhookOutlet

SECRET = "Pa55-w0rd/水印"
PASSWORD = "hunter2@#?"
MESSAGE = Message(
    "ticket-2026112300000001:yellow", "team@example.com", "工单即将超时", "工单 2026112300000001 将于 15:00 到期。\n请尽快处理。\n.\n完"
)
# For localhost only, and only here: who it names, it does not protect.
CERTIFICATE = """-----BEGIN CERTIFICATE-----
MIIBdzCCAR2gAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhv
c3QwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBQxEjAQBgNVBAMM
CWxvY2FsaG9zdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABBq+TD8H4i6ys85f
DivMOtomPLhdGa+W/So5//Kg1yU+4HmKSYjOygA1fgFQ+C4ynWfpRvBi3SPd4An7
jXjq5u2jXjBcMA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgKEMB0GA1Ud
DgQWBBSzUXh+VFUY2UYanrpXY7THlJU9NTAaBgNVHREEEzARgglsb2NhbGhvc3SH
BH8AAAEwCgYIKoZIzj0EAwIDSAAwRQIgfIoiCy+rAomfe++pbl1om/TUpgTLjoR2
OFR5gu0rgzkCIQCWD3zxLfR3zA8evCeRPHaJw75jbz9qXMHC4zFtSTT6/Q==
-----END CERTIFICATE-----
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgRLgQVEscoRFO/HTv
CdqBuF2aTfRGa3eqTqU7PjQmMfihRANCAAQavkw/B+IusrPOXw4rzDraJjy4XRmv
lv0qOf/yoNclPuB5ikmIzsoANX4BUPguMp1n6UbwYt0j3eAJ+4146ubt
-----END PRIVATE KEY-----
"""


class MailHandler(socketserver.StreamRequestHandler):
    """Speaks SMTP (RFC 5321). `replies` of the server replace what it says to a command; None is silence."""

    def say(self, command: str, usual: str) -> str:
        reply = self.server.replies.get(command, usual)
        if reply is None:
            self.server.is_over.wait(10)
            raise ConnectionAbortedError
        self.wfile.write(f"{reply}\r\n".encode())
        return reply

    def encrypt(self) -> None:
        self.request = self.server.context.wrap_socket(self.request, server_side=True)
        self.setup()

    def handle(self) -> None:
        with suppress(OSError):
            if self.server.is_tls:
                self.encrypt()
            self.say("", "220 ready")
            while line := self.rfile.readline().decode().strip():
                command = line.split()[0].upper().partition(":")[0]
                self.server.heard.append((isinstance(self.request, ssl.SSLSocket), line))
                self.answer(command)
        self.request.close()

    def answer(self, command: str) -> None:
        if command == "EHLO":
            self.say(command, "\r\n".join(["250-localhost", *(f"250-{offer}" for offer in self.server.offers), "250 8BITMIME"]))
        elif command == "STARTTLS":
            self.say(command, "220 go")
            self.encrypt()
        elif command == "DATA" and self.say(command, "354 go").startswith("354"):
            lines = takewhile(lambda line: line != b".\r\n", self.rfile)
            self.server.mails.append(b"".join(line.removeprefix(b".") for line in lines))
            self.say(".", "250 taken")
        elif command != "DATA":
            self.say(command, {"AUTH": "235 in", "QUIT": "221 bye"}.get(command, "250 good"))


class WebHandler(BaseHTTPRequestHandler):
    """Takes a post and answers with the server's status; None is silence."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posts.append((self.path, self.headers, body))
        if self.server.status is None:
            self.server.is_over.wait(10)
            return
        with suppress(OSError):
            self.send_response(self.server.status)
            self.send_header("Location", f"http://127.0.0.1:{self.server.server_address[1]}/elsewhere")
            self.end_headers()

    do_GET = do_POST

    def log_message(self, *_: object) -> None:
        """Say nothing on the console of the tests."""


class Threads(socketserver.ThreadingTCPServer):
    """A server whose threads have ended when it has."""

    allow_reuse_address = True
    daemon_threads = False


@contextmanager
def running(server: socketserver.BaseServer, **values: object) -> Iterator[socketserver.BaseServer]:
    server.is_over = threading.Event()
    for name, value in values.items():
        setattr(server, name, value)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server
    finally:
        server.is_over.set()
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def post_office(replies=None, offers=(), is_tls=False, context=None) -> Iterator[Threads]:
    with running(Threads(("127.0.0.1", 0), MailHandler), replies=replies or {}, offers=offers, is_tls=is_tls, context=context) as server:
        server.heard, server.mails = [], []
        yield server


@contextmanager
def web(status: int | None = 200, context=None) -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), WebHandler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    with running(server, status=status, posts=[]):
        yield server


def by_mail(server: socketserver.BaseServer, **values) -> SmtpOutlet:
    settings = {"tls": "none", "timeout": 5, **values}
    return SmtpOutlet("localhost", server.server_address[1], "95598@example.com", **settings)


def by_web(server: socketserver.BaseServer, path: str = "/hook", **values) -> WebhookOutlet:
    return WebhookOutlet(f"http://127.0.0.1:{server.server_address[1]}{path}", SECRET, **{"timeout": 5, **values})


def failure(outlet, message: Message = MESSAGE) -> SendFailed:
    with pytest.raises(SendFailed) as failed:
        outlet.send(message)
    return failed.value


def read(mail: bytes) -> EmailMessage:
    return message_from_bytes(mail, policy=default)


def text_of(mail: EmailMessage) -> str:
    return mail.get_content().replace("\r\n", "\n")


def commands(server: Threads) -> list[str]:
    return [line.split()[0] for _, line in server.heard]


@pytest.fixture
def context(tmp_path: Path) -> ssl.SSLContext:
    """What a server with the certificate of localhost needs."""
    (tmp_path / "localhost.pem").write_text(CERTIFICATE)
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(tmp_path / "localhost.pem")
    return made


@pytest.fixture
def trusted(context: ssl.SSLContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    """The same, where the machine trusts that certificate."""
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "localhost.pem"))
    return context


@pytest.fixture
def closed_port() -> int:
    """A port where nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


@pytest.fixture(scope="module")
def office() -> Iterator[Threads]:
    with post_office() as server:
        yield server


# --- messages


@pytest.mark.parametrize("key", ["", "a b", "a\r\nBcc: x@y", "中文", "a" * 101], ids=["empty", "blank", "line break", "Chinese", "too long"])
def test_a_key_that_no_header_can_carry_is_refused(key: str):
    with pytest.raises(InvalidInput, match="消息编号应为 1–100 个"):
        Message(key, "a@b", "s", "b")


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(InvalidInput, match="没有时区"):
        Message("1", "a@b", "s", "b", datetime(2026, 11, 23, 15))


def test_a_failure_is_one_of_ours_and_says_whether_to_try_again():
    assert issubclass(SendFailed, TriageError)
    assert SendFailed.code == "send_failed"
    assert (SendFailed("断").is_final, SendFailed("拒", is_final=True).is_final) == (False, True)


# --- console and file


def test_the_console_shows_a_message_on_one_line(capsys):
    open_outlet("console:").send(MESSAGE)
    shown = capsys.readouterr().out
    assert shown.count("\n") == 1
    assert "工单即将超时" in shown
    assert json.loads(shown)["body"] == MESSAGE.body


def test_a_closed_console_is_a_failure_to_try_again():
    stream = io.StringIO()
    stream.close()
    failed = failure(ConsoleOutlet(stream))
    assert (failed.message, failed.is_final) == ("控制台无法写入，请改用文件、邮件或网络地址作外发渠道", False)


def test_a_console_that_knows_no_chinese_is_a_failure():
    assert not failure(ConsoleOutlet(io.TextIOWrapper(io.BytesIO(), encoding="ascii"))).is_final


def test_a_file_gets_a_line_a_message_and_only_its_owner_reads_it(tmp_path):
    outlet = open_outlet("file:new/folder/out.ndjson", tmp_path)
    outlet.send(MESSAGE)
    outlet.send(Message("2", "a@b", "二", "x", datetime(2026, 11, 23, 7, tzinfo=UTC)))
    file = tmp_path / "new/folder/out.ndjson"
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert [line["key"] for line in lines] == [MESSAGE.key, "2"]
    assert lines[0] == {"key": MESSAGE.key, "recipient": "team@example.com", "subject": "工单即将超时", "body": MESSAGE.body, "written_at": None}
    assert lines[1]["written_at"] == "2026-11-23T15:00:00+08:00"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_messages_of_many_threads_are_whole_lines(tmp_path):
    outlet = FileOutlet(tmp_path / "out.ndjson")
    messages = [Message(str(number), "a@b", "同时", "长" * 5000) for number in range(40)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(outlet.send, messages))
    keys = [json.loads(line)["key"] for line in outlet.path.read_text(encoding="utf-8").splitlines()]
    assert sorted(keys, key=int) == [message.key for message in messages]


def test_a_line_that_does_not_fit_leaves_nothing_of_itself(tmp_path):
    outlet = FileOutlet(tmp_path / "out.ndjson")
    outlet.send(MESSAGE)
    before = outlet.path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (len(before) + 100, hard))  # as a disk with 100 bytes left
    try:
        failed = failure(outlet)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (failed.message, failed.is_final) == ("文件无法写入，请核对文件夹的权限和磁盘空间", False)
    assert outlet.path.read_bytes() == before


def test_a_folder_in_the_place_of_the_file_is_a_failure(tmp_path):
    assert not failure(FileOutlet(tmp_path)).is_final


# --- mail


def test_a_mail_arrives_with_its_chinese_and_its_key():
    with post_office() as server:
        by_mail(server).send(MESSAGE)
    (mail,) = [read(mail) for mail in server.mails]
    assert (mail["From"], mail["To"], mail["Subject"]) == ("95598@example.com", "team@example.com", "工单即将超时")
    assert mail["Message-ID"] == "<ticket-2026112300000001%3Ayellow@example.com>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert text_of(mail) == MESSAGE.body
    assert [line for _, line in server.heard if "@" in line] == ["mail FROM:<95598@example.com>", "rcpt TO:<team@example.com>"]
    assert commands(server)[-1] == "quit"


def test_a_mail_has_the_date_of_its_message():
    with post_office() as server:
        by_mail(server).send(Message("1", "a@b.cn", "s", "b", datetime(2026, 11, 23, 7, tzinfo=UTC)))
    assert read(server.mails[0])["Date"] == "Mon, 23 Nov 2026 15:00:00 +0800"


def test_the_same_message_is_the_same_mail():
    with post_office() as server:
        by_mail(server).send(MESSAGE)
        by_mail(server).send(MESSAGE)
    assert server.mails[0] == server.mails[1]


def test_the_longest_key_is_one_message_id():
    with post_office() as server:
        by_mail(server).send(Message("k" * 100, "a@b.cn", "s", "b"))
    assert b"\r\nMessage-ID: <" + b"k" * 100 + b"@example.com>\r\n" in server.mails[0]


def test_a_line_break_in_a_subject_makes_no_header():
    with post_office() as server:
        by_mail(server).send(Message("1", "a@b.cn", "停电\r\nBcc: other@example.com", "b"))
    mail = read(server.mails[0])
    assert (mail["Subject"], mail["Bcc"]) == ("停电 Bcc: other@example.com", None)


def test_half_signs_are_taken_out_of_a_mail():
    with post_office() as server:
        by_mail(server).send(Message("1", "a@b.cn", "停\ud800电", "a\x00b\udfff\r\nc\rd"))
    mail = read(server.mails[0])
    assert (mail["Subject"], text_of(mail)) == ("停电", "ab\nc\nd")


KEPT = st.text(st.characters(exclude_categories=["Cc", "Cs"], include_characters="\n"), max_size=200)


@settings(deadline=None, max_examples=60)
@given(subject=KEPT, body=KEPT)
def test_any_text_arrives_as_it_was_written(office: Threads, subject: str, body: str):
    by_mail(office).send(Message("1", "a@b.cn", subject, body))
    raw = office.mails.pop()
    assert max(map(len, raw.split(b"\r\n"))) <= 78  # RFC 5322 2.1.1
    mail = read(raw)
    assert text_of(mail) == body
    assert mail["Subject"] == " ".join(subject.split())


@pytest.mark.parametrize(
    ("replies", "message", "is_final"),
    [
        pytest.param({"RCPT": "550 5.1.1 no such user"}, "邮件服务器不接受收件地址（状态码 550）", True, id="unknown recipient"),
        pytest.param({"RCPT": "451 4.7.1 greylisted"}, "邮件服务器不接受收件地址（状态码 451）", False, id="greylisted"),
        pytest.param({"MAIL": "553 not yours"}, "邮件服务器没有收下（状态码 553）", True, id="sender"),
        pytest.param({"DATA": "452 disk full"}, "邮件服务器没有收下（状态码 452）", False, id="disk full"),
        pytest.param({".": "554 spam"}, "邮件服务器没有收下（状态码 554）", True, id="content"),
        pytest.param({"": "421 too busy"}, "邮件服务器没有收下（状态码 421）", False, id="busy"),
        pytest.param({"": "SSH-2.0-OpenSSH"}, "邮件服务器没有收下（状态码 -1）", False, id="no mail server"),
    ],
)
def test_a_refusal_says_its_status_and_whether_it_is_for_good(replies, message, is_final):
    with post_office(replies) as server:
        failed = failure(by_mail(server))
    assert (failed.message, failed.is_final) == (message, is_final)


@pytest.mark.parametrize("command", ["", "RCPT", "."], ids=["greeting", "recipient", "after the data"])
def test_a_silent_mail_server_is_given_up_in_time(command: str):
    with post_office({command: None}) as server:
        failed = failure(by_mail(server, timeout=0.2))
    assert (failed.message, failed.is_final) == ("邮件没有发出：对方在规定时间内没有应答，请核对主机、端口和网络", False)


@pytest.mark.parametrize("goodbye", ["500 what?", None], ids=["refused", "silent"])
def test_a_bad_goodbye_does_not_undo_what_was_sent(goodbye):
    with post_office({"QUIT": goodbye}) as server:
        by_mail(server, timeout=0.2).send(MESSAGE)
    assert len(server.mails) == 1


NO_MAILBOXES = ["", "team", "a@b, c@d", "a@b\r\nBcc: c@d", "甲 <a@b>", "a@b@c", "a..b@c", "a@-b", "\ud800@b", "运维@例子.cn"]


@pytest.mark.parametrize("recipient", NO_MAILBOXES, ids=ascii)
def test_what_is_no_mailbox_is_refused_for_good_and_not_repeated(recipient: str):
    with post_office() as server:
        failed = failure(by_mail(server), Message("1", recipient, "s", "b"))
    assert (failed.message, failed.is_final, server.heard) == ("收件人不是邮箱地址（如 team@example.com，只用英文字符），请改正后重新发送", True, [])


def test_the_password_goes_to_the_server_encrypted_and_nowhere_else(trusted):
    with post_office(offers=["STARTTLS", "AUTH PLAIN"], context=trusted) as server:
        by_mail(server, username="me@example.com", password=PASSWORD, tls="starttls").send(MESSAGE)
    assert commands(server)[:2] == ["ehlo", "STARTTLS"]
    assert all(is_encrypted for is_encrypted, _ in server.heard[2:])
    (told,) = [line.split()[-1] for _, line in server.heard if line.startswith("AUTH")]
    assert base64.b64decode(told).decode() == f"\0me@example.com\0{PASSWORD}"
    assert read(server.mails[0])["Subject"] == "工单即将超时"


def test_tls_from_the_first_byte_works_too(trusted):
    with post_office(is_tls=True, context=trusted) as server:
        by_mail(server, tls="tls").send(MESSAGE)
    assert len(server.mails) == 1


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_a_mail_server_that_nobody_vouches_for_gets_nothing(context, tls: str):
    with post_office(offers=["STARTTLS", "AUTH PLAIN"], is_tls=tls == "tls", context=context) as server:
        failed = failure(by_mail(server, username="me", password=PASSWORD, tls=tls))
    assert failed.message.startswith("邮件没有发出：对方的证书不可信")
    assert not failed.is_final
    assert {"AUTH", "mail"} & set(commands(server)) == set()


def test_a_server_that_cannot_encrypt_gets_neither_password_nor_mail():
    with post_office(offers=["AUTH PLAIN"]) as server:
        failed = failure(by_mail(server, username="me", password=PASSWORD, tls="starttls"))
    assert "不支持所要求的加密或登录方式" in failed.message
    assert set(commands(server)) == {"ehlo"}


def test_tls_against_a_server_that_speaks_plain_says_so():
    with post_office({"": "220 ready"}) as server:
        assert "加密连接没有建成" in failure(by_mail(server, tls="tls", timeout=1)).message


@pytest.mark.parametrize(("status", "is_final"), [(535, True), (454, False)])
def test_a_wrong_password_is_told_without_the_password_even_if_the_server_repeats_it(status: int, is_final: bool):
    echo = f"{status} bad password {PASSWORD}"
    with post_office({"AUTH": echo}, offers=["AUTH PLAIN"]) as server:
        failed = failure(by_mail(server, username="me", password=PASSWORD))
    assert (failed.message, failed.is_final) == (f"邮件服务器不接受用户名或密码（状态码 {status}）", is_final)
    assert PASSWORD not in "".join(traceback.format_exception(failed))


def test_a_server_without_sign_in_is_no_place_for_a_password():
    with post_office() as server:
        assert "登录" in failure(by_mail(server, username="me", password=PASSWORD)).message


def test_a_port_where_nobody_listens_is_told_on_both_ways(closed_port):
    for outlet in (SmtpOutlet("127.0.0.1", closed_port, "a@b.cn", tls="none"), WebhookOutlet(f"http://127.0.0.1:{closed_port}/", SECRET)):
        failed = failure(outlet)
        assert "对方拒绝连接，请核对主机和端口" in failed.message
        assert not failed.is_final


# --- webhook


def test_a_post_carries_message_key_and_a_signature_that_can_be_checked():
    with web() as server:
        by_web(server, "/hook/告警?token=1").send(MESSAGE)
    ((path, headers, body),) = server.posts
    assert path == "/hook/%E5%91%8A%E8%AD%A6?token=1"
    assert headers["Idempotency-Key"] == MESSAGE.key
    assert headers["Content-Type"] == "application/json; charset=utf-8"
    assert headers["X-Triage-Signature"] == "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    sent = {"key": MESSAGE.key, "recipient": "team@example.com", "subject": "工单即将超时", "body": MESSAGE.body, "written_at": None}
    assert json.loads(body) == sent
    assert "工单即将超时".encode() in body


def test_half_signs_are_taken_out_of_a_post():
    with web() as server:
        by_web(server).send(Message("1", "班组", "停\ud800电", "a\x00b"))
    assert json.loads(server.posts[0][2]) == {"key": "1", "recipient": "班组", "subject": "停电", "body": "ab", "written_at": None}


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_every_2xx_is_sent(status: int):
    with web(status) as server:
        by_web(server).send(MESSAGE)
    assert len(server.posts) == 1


@pytest.mark.parametrize(
    ("status", "is_final"),
    [
        (400, True),
        (401, True),
        (404, True),
        (410, True),
        (422, True),
        (499, True),
        (408, False),
        (429, False),
        (500, False),
        (503, False),
        (600, False),
    ],
)
def test_a_status_says_whether_to_try_again(status: int, is_final: bool):
    with web(status) as server:
        failed = failure(by_web(server))
    assert (failed.message, failed.is_final) == (f"对方没有收下（状态码 {status}），请核对网址和签名密钥", is_final)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int):
    with web(status) as server:
        failed = failure(by_web(server))
    assert [path for path, _, _ in server.posts] == ["/hook"]
    assert f"对方要求转到别处（状态码 {status}）" in failed.message
    assert not failed.is_final


def test_a_silent_web_server_is_given_up_in_time():
    with web(None) as server:
        failed = failure(by_web(server, timeout=0.2))
    assert (failed.message, failed.is_final) == ("消息没有送达：对方在规定时间内没有应答，请核对主机、端口和网络", False)


def test_what_does_not_speak_http_is_told():
    with post_office({"": "220 ready"}) as server:
        failed = failure(by_web(server))
    assert (failed.message, failed.is_final) == ("消息没有送达：对方的应答不是完整的 HTTP，请核对主机和端口", False)


def test_https_reaches_a_host_that_is_trusted(trusted):
    with web(context=trusted) as server:
        WebhookOutlet(f"https://localhost:{server.server_address[1]}/hook", SECRET).send(MESSAGE)
    assert len(server.posts) == 1


def test_https_to_a_host_that_nobody_vouches_for_gets_nothing(context):
    with web(context=context) as server:
        failed = failure(WebhookOutlet(f"https://localhost:{server.server_address[1]}/hook", SECRET))
    assert ("对方的证书不可信" in failed.message, failed.is_final, server.posts) == (True, False, [])


def test_no_proxy_of_the_environment_sees_a_post(monkeypatch, closed_port):
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{closed_port}")
    with web() as server:
        by_web(server).send(MESSAGE)
    assert len(server.posts) == 1


# --- addresses

MAIL = "smtp://me%40example.com:hunter2%40%23%3F@mail.example.com:2525?from=a+b@example.com&tls=tls"


@pytest.mark.parametrize(
    ("address", "outlet"),
    [
        pytest.param(MAIL, SmtpOutlet("mail.example.com", 2525, "a+b@example.com", "me@example.com", PASSWORD, "tls"), id="all of a mail server"),
        pytest.param("smtp://me@x.cn:pw@h?from=a@b", SmtpOutlet("h", 587, "a@b", "me@x.cn", "pw", "starttls"), id="a mailbox as user name"),
        pytest.param("smtp://h?from=a@b&tls=none", SmtpOutlet("h", 25, "a@b", tls="none"), id="no sign-in"),
        pytest.param("smtp://h/?from=a@b&tls=tls", SmtpOutlet("h", 465, "a@b", tls="tls"), id="port of tls"),
        pytest.param("smtp://[::1]:25?from=a@b&tls=none", SmtpOutlet("::1", 25, "a@b", tls="none"), id="IPv6"),
        pytest.param(" https://h.cn/hook?k=1#s#%23 ", WebhookOutlet("https://h.cn/hook?k=1", "s##"), id="webhook"),
        pytest.param("HTTP://h.cn:8080#s", WebhookOutlet("HTTP://h.cn:8080", "s"), id="capitals"),
        pytest.param("file:/var/out.ndjson", FileOutlet(Path("/var/out.ndjson")), id="file"),
        pytest.param("file:///var/out.ndjson", FileOutlet(Path("/var/out.ndjson")), id="file as a URL"),
        pytest.param("file:instance/a b.ndjson", FileOutlet(ROOT / "instance/a b.ndjson"), id="a relative file stands beside the product"),
    ],
)
def test_an_address_is_read_as_an_administrator_writes_it(address: str, outlet):
    assert open_outlet(address) == outlet


@pytest.mark.parametrize(
    ("address", "message"),
    [
        pytest.param("", "应以 console:、file:、smtp://、http:// 或 https:// 开头", id="empty"),
        pytest.param("sk-hunter2:x", "应以 console:", id="unknown"),
        pytest.param("console:hunter2", "应以 console:", id="console with more"),
        pytest.param("ftp://u:hunter2@h/x", "应以 console:", id="ftp"),
        pytest.param("file:", "缺少文件名", id="no file"),
        pytest.param("file:/var/", "缺少文件名", id="a folder"),
        pytest.param("file:..", "缺少文件名", id="the folder above"),
        pytest.param("file://server/share", "文件只能在本机", id="a file elsewhere"),
        pytest.param("smtp://h", "缺少发件地址", id="no sender"),
        pytest.param("smtp://h?from=发件@b.cn", "发件地址不是邮箱", id="Chinese sender"),
        pytest.param("smtp://h?from=hunter2", "发件地址不是邮箱", id="sender"),
        pytest.param("smtp://?from=a@b", "缺少主机名", id="no host"),
        pytest.param("smtp://a..b?from=a@b", "主机名有误", id="host"),
        pytest.param("smtp://h?from=a@b&tls=hunter2", "应为 none、starttls 或 tls", id="tls"),
        pytest.param("smtp://me@h?from=a@b", "用户名和密码要一并写", id="no password"),
        pytest.param("smtp://:hunter2@h?from=a@b", "用户名和密码要一并写", id="no user"),
        pytest.param("smtp://me:密码hunter2@h?from=a@b", "只能用英文字符", id="Chinese password"),
        pytest.param("smtp://me:hunter2#1@h?from=a@b", "主机或端口有误", id="bare # in the password"),
        pytest.param("smtp://me:1#hunter2@h?from=a@b", "请写成 %40 %3A %2F %3F %23 %25", id="bare # behind a number"),
        pytest.param("smtp://me:1/hunter2@h?from=a@b", "邮件服务器地址应写成", id="bare / in the password"),
        pytest.param("smtp://me:1?hunter2@h?from=a@b", "邮件服务器地址应写成", id="bare ? in the password"),
        pytest.param("smtp://me:[hunter2@h?from=a@b", "主机或端口有误", id="bare [ in the password"),
        pytest.param("smtp://h?from=a@b&to=hunter2", "邮件服务器地址应写成", id="unknown option"),
        pytest.param("smtp://h?from=a@b&from=c@d", "邮件服务器地址应写成", id="an option twice"),
        pytest.param("smtp://h:99999?from=a@b", "端口应为 1–65535", id="port"),
        pytest.param("https://h/hook", "缺少签名密钥", id="no secret"),
        pytest.param("https://#hunter2", "缺少主机名", id="no host of a hook"),
        pytest.param("https://u:hunter2@h/hook#s", "网址中不能写用户名和密码", id="password in the URL"),
        pytest.param("https://h:hunter2/hook#s", "端口应为 1–65535", id="port of a hook"),
        pytest.param("https://h/hook#hunter2\nx", "换行或看不见的字符", id="line break"),
    ],
)
def test_a_wrong_address_is_refused_without_repeating_it(address: str, message: str):
    with pytest.raises(InvalidInput, match=message) as refused:
        open_outlet(address)
    assert refused.value.problems[0].field == "address"
    assert "hunter2" not in "".join(traceback.format_exception(refused.value))
    assert describe(address) == "（外发渠道地址有误）"


def test_a_webhook_takes_only_http_and_https():
    with pytest.raises(InvalidInput, match="http:// 或 https://"):
        WebhookOutlet("file:///etc/passwd", SECRET)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        pytest.param(MAIL, "smtp://me%40example.com@mail.example.com:2525?from=a+b@example.com&tls=tls", id="mail"),
        pytest.param("smtp://[::1]?from=a@b", "smtp://[::1]:587?from=a@b&tls=starttls", id="mail without sign-in"),
        pytest.param("https://h.cn:8443/hook?token=hunter2#hunter2", "https://h.cn:8443/hook?…", id="webhook"),
        pytest.param("https://h.cn/hook#hunter2", "https://h.cn/hook", id="webhook without query"),
        pytest.param(" file:out.ndjson", "file:out.ndjson", id="file"),
        pytest.param("console:", "console:", id="console"),
    ],
)
def test_a_page_shows_an_address_without_its_secret(address: str, shown: str):
    assert describe(address) == shown
    assert "hunter2" not in repr(open_outlet(address))
