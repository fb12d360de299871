"""A webhook as an outbound channel: JSON, signed, with a key by which the far side drops a double."""

import hashlib
import hmac
import http.client
from contextlib import closing
from dataclasses import dataclass, field
from urllib.parse import quote

from triage.hosts import check_host, split, wrong
from triage.sending import TIMEOUT, Message, SendFailed, reason_of
from triage.wording import say

MAY_PASS = (408, 429)  # of the 4xx, those that say "later", not "never" (RFC 9110 15.5.9, RFC 6585 4)
SIGNATURE = "X-Triage-Signature"


@dataclass(frozen=True)
class WebhookOutlet:
    """Posts each message as JSON, signed with HMAC-SHA256 over the body (RFC 2104); goes straight to the host, without a proxy.

    Raises:
        InvalidInput: the URL is not http or https, carries a password, or there is no secret to sign with.
    """

    url: str = field(repr=False)  # its query may hold a token
    secret: str = field(repr=False)
    timeout: float = TIMEOUT

    def __post_init__(self) -> None:
        """Refuse what could never send."""
        parts = split(self.url)
        if parts.scheme not in ("http", "https"):
            raise wrong(say("The URL must start with http:// or https://"))
        check_host(parts.hostname or "")
        if "@" in parts.netloc:
            raise wrong(say("The URL cannot hold a username and password; use a signing key after # instead"))
        if not self.secret:
            raise wrong(say("The signing key is missing; write https://host/path#key"))

    def __str__(self) -> str:
        """The URL without secret and query."""
        parts = split(self.url)
        return f"{parts.scheme}://{parts.netloc}{parts.path}{'?…' if parts.query else ''}"

    def send(self, message: Message) -> None:
        """Post the message: 2xx is sent, 4xx is for good except 408 and 429; a redirect is not followed, for the secret's sake."""
        try:
            status = self._post(message.as_json().encode(), message.key)
        except (OSError, http.client.HTTPException) as error:
            raise SendFailed(say("The message was not delivered: {reason}", reason=reason_of(error))) from None
        if 300 <= status < 400:
            raise SendFailed(
                say(
                    "The other side redirects elsewhere (status {status}), which for safety was not followed; change the "
                    "address of the channel to the final URL",
                    status=status,
                )
            )
        if not 200 <= status < 300:
            raise SendFailed(
                say("The other side did not take the message (status {status}); check the URL and the signing key", status=status),
                400 <= status < 500 and status not in MAY_PASS,
            )

    def _post(self, body: bytes, key: str) -> int:
        """Post signed bytes; give the status, whatever it is."""
        parts = split(self.url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        target = quote((parts.path or "/") + (f"?{parts.query}" if parts.query else ""), safe="/%:@!$&'()*+,;=?~[]")
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Idempotency-Key": key,
            SIGNATURE: f"sha256={hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()}",
        }
        with closing(kind(parts.hostname or "", parts.port, timeout=self.timeout)) as connection:
            connection.request("POST", target, body, headers)
            with connection.getresponse() as response:
                return response.status
