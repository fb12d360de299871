"""A page as PDF, printed by the machine's own Chromium from a file: no network; says clearly what is missing on the machine."""

import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

from triage.errors import TriageError

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
        raise PrinterMissing("本机没有 Chromium，不能生成 PDF：请管理员安装 Debian 软件包 chromium，或改用 XLSX")
    return found


def check_font(which: Which = shutil.which) -> None:
    """Look for a Chinese font, without which a PDF would show empty boxes.

    Raises:
        PrinterMissing: there is none, or nothing can tell.
    """
    program = which("fc-list")
    found = subprocess.run([program, ":lang=zh", "file"], capture_output=True, check=False, timeout=SECONDS).stdout if program else b""
    if not found.strip():
        raise PrinterMissing("本机没有中文字体，PDF 里的字会成方框：请管理员安装 Debian 软件包 fontconfig 和 fonts-noto-cjk，或改用 XLSX")


def to_pdf(html: str, which: Which = shutil.which) -> bytes:
    """Print a self-contained HTML text.

    Raises:
        PrinterMissing: the browser or a Chinese font is missing, or the browser failed.
    """
    program = find_chromium(which)
    check_font(which)
    if not one_at_a_time.acquire(timeout=SECONDS):
        raise PrinterMissing("正在生成其他 PDF，请稍后再试")
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
        raise PrinterMissing(f"Chromium 在 {SECONDS} 秒内没有完成，请稍后再试，或改用 XLSX") from None
    if not made.exists() or not made.read_bytes().startswith(b"%PDF"):
        raise PrinterMissing("Chromium 没有生成 PDF：请管理员检查 chromium 能否启动，或改用 XLSX")
    return made.read_bytes()
