"""The letter that makes a move with Alt, the same on every ticket where it can be."""

from collections.abc import Iterable, Mapping

from triage.moves import Move

# Mostly the first letter of the move's pinyin; never D, E and F, which browsers keep for the address and their menus.
LETTERS: Mapping[str, str] = {
    "accept": "J", "return": "T", "ask_return": "T", "contact": "L", "arrive": "C", "resolve": "B", "resume": "H", "pause": "Z",
    "assign": "P", "set_type": "R", "ask_extension": "Y", "co_handle": "X", "co_reply": "K", "co_cancel": "Q", "answer_chase": "U",
    "dispatch": "P", "reroute": "G", "undo_dispatch": "U", "acknowledge": "K", "review": "Y", "send_back": "B", "refer": "R", "merge": "M",
    "callback": "H", "attempt": "W", "postpone": "Z", "close": "G", "reopen": "O", "chase": "C", "supplement": "S", "answer": "J",
    "inform": "I", "withdraw": "Q", "appeal": "S", "ask_exemption": "X", "ask_malicious": "V",
    "undo_merge": "U", "undo_callback": "U", "undo_close": "U",
    "grant_extension": "A", "refuse_extension": "N", "grant_return": "I", "refuse_return": "O", "grant_appeal": "G", "refuse_appeal": "B",
    "grant_exemption": "K", "refuse_exemption": "L", "grant_malicious": "I", "refuse_malicious": "O",
}  # fmt: skip
SPARE = "GWHIKLMNOPQRSTUVXYZABCJ"


def letters_of(moves: Iterable[Move]) -> dict[str, str]:
    """Give each move that is shown a letter of its own: the usual one, or a spare one where two want the same."""
    given: dict[str, str] = {}
    for move in moves:
        wanted = LETTERS.get(move.code, "") + SPARE
        given[move.code] = next((letter for letter in wanted if letter not in given.values()), "")
    return given
