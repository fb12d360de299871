"""Figures as people write and say them: 39, 三十九, 幺三九."""

SPOKEN = str.maketrans("零〇○一二两三四五六七八九幺０１２３４５６７８９", "0001223456789" + "1" + "0123456789")
FIGURES = "0-9零〇一二两三四五六七八九十"


def spelt(text: str) -> str:
    """Give the digits of a number that is read out one by one; what stands between them falls away."""
    return "".join(c for c in text.translate(SPOKEN) if c in "0123456789")


def count(text: str) -> int:
    """Read a number up to 9999 in figures or words (23, 二十三, 廿 is not used); -1 where it is none."""
    tens, found, ones = text.translate(SPOKEN).partition("十")
    if not found:
        return int(tens) if tens.isdecimal() and len(tens) <= 4 else -1
    if len(tens) > 1 or len(ones) > 1 or not f"0{tens}{ones}".isdecimal():
        return -1
    return int(tens or 1) * 10 + int(ones or 0)
