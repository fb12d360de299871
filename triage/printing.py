"""A page as PDF, printed by the machine's own Chromium from a file: no network; says clearly what is missing on the machine."""

import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from triage.errors import TriageError
from triage.wording import say

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SECONDS = 90
# Nobody is talked to: no name resolves, nothing is fetched in the background. Containers give /dev/shm too little room.
SWITCHES = (
    *("--headless", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking", "--disable-component-update"),
    *("--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND", "--no-pdf-header-footer"),
)
Which = Callable[[str], str | None]
one_at_a_time = threading.Lock()  # a browser takes some hundred megabytes


class PrinterMissing(TriageError):
    """The machine lacks what makes a PDF, or it failed; says what to install."""

    code = "printer_missing"


def find_chromium(which: Which = shutil.which) -> str:
    """Give the path of the browser.

    Raises:
        PrinterMissing: there is none.
    """
    found = next((path for path in map(which, CHROMIUM) if path), None)
    if found is None:
        raise PrinterMissing(
            say("This machine has no Chromium, so no PDF can be made: ask an administrator to install the Debian package chromium, or use XLSX")
        )
    return found


def check_font(which: Which = shutil.which) -> None:
    """Look for a Chinese font, without which a PDF would show empty boxes.

    Raises:
        PrinterMissing: there is none, or nothing can tell.
    """
    program = which("fc-list")
    found = subprocess.run([program, ":lang=zh", "file"], capture_output=True, check=False, timeout=SECONDS).stdout if program else b""
    if not found.strip():
        raise PrinterMissing(
            say(
                "This machine has no Chinese fonts, so characters in a PDF would be empty boxes: ask an "
                "administrator to install the Debian packages fontconfig and fonts-noto-cjk, or use XLSX"
            )
        )


def to_pdf(html: str, which: Which = shutil.which) -> bytes:
    """Print a self-contained HTML text.

    Raises:
        PrinterMissing: the browser or a Chinese font is missing, or the browser failed.
    """
    program = find_chromium(which)
    check_font(which)
    if not one_at_a_time.acquire(timeout=SECONDS):
        raise PrinterMissing(say("Other PDFs are being made; try again later"))
    try:
        with tempfile.TemporaryDirectory(prefix="report-") as folder:
            return _printed(program, html, Path(folder))
    finally:
        one_at_a_time.release()


def _printed(program: str, html: str, folder: Path) -> bytes:
    page, made = folder / "report.html", folder / "report.pdf"
    page.write_text(html, encoding="utf-8")
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium's sandbox refuses root
    command = [program, *SWITCHES, *sandbox, f"--user-data-dir={folder / 'profile'}", f"--print-to-pdf={made}", page.as_uri()]
    try:
        subprocess.run(command, capture_output=True, check=False, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise PrinterMissing(say("Chromium did not finish within {seconds} seconds; try again later, or use XLSX", seconds=SECONDS)) from None
    if not made.exists() or not made.read_bytes().startswith(b"%PDF"):
        raise PrinterMissing(say("Chromium made no PDF: ask an administrator to check whether chromium starts, or use XLSX"))
    return made.read_bytes()
