"""Cuts Chinese texts into words, with a word list of the trade, the same way for training and for prediction."""

import hashlib
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from classifier.errors import WordListError

try:
    import rjieba
except ImportError:  # no wheel for this machine: jieba itself cuts the same, only slower
    rjieba = None  # type: ignore[assignment]

if TYPE_CHECKING:
    import jieba

Terms = tuple[tuple[str, int], ...]
Cut = Callable[[str], list[str]]

# What NFKC makes of the signs that Chinese texts are full of; a text that holds no others that change costs it one glance.
FULL_WIDTH = tuple((chr(ord(half) + 0xFEE0), half) for half in ",!?;:()")


@dataclass(frozen=True, slots=True)
class Document:
    """A text as the features see it: `text` normalised, `pieces` all that it was cut into, which joined are the text."""

    text: str
    pieces: list[str]


class Cutter:
    """Cuts texts with jieba's dictionary and a word list of its own; nothing changes after construction.

    Words that stand in no dictionary are not guessed (jieba's HMM is off): character sequences are features too, and
    catch them. Without HMM `rjieba`, the same algorithm in Rust, cuts just as jieba does and ten times as fast; jieba
    steps in where rjieba is not installed. It may be used from several threads.
    """

    def __init__(self, terms: Terms = (), *, fast: bool = True) -> None:
        self.terms = terms
        self._cut = _fast(terms) if fast and rjieba is not None else _plain(terms)

    def cut(self, text: str) -> list[str]:
        """The words of a text, normalised, in order, without punctuation and spaces."""
        return [piece for piece in self._cut(normalise(text)) if is_word(piece)]

    def document(self, text: str) -> Document:
        """A text as the features see it."""
        normal = normalise(text)
        return Document(normal, self._cut(normal))


def normalise(text: str) -> str:
    """Full-width letters and digits become half-width, letters small, every run of white space one space.

    Half a surrogate pair, which JSON may hold and no encoding takes, becomes a question mark.
    """
    whole = text.encode("utf-8", "replace").decode()
    for full, half in FULL_WIDTH:
        whole = whole.replace(full, half)
    return " ".join(unicodedata.normalize("NFKC", whole).lower().replace("\0", " ").split())


def is_word(token: str) -> bool:
    """Whether a token says something: it holds a letter, a Chinese character or a digit."""
    return any(map(str.isalnum, token))


def read_words(path: Path) -> tuple[str, ...]:
    """The terms of a word list, one a line, in order and without repeats; lines with # in front are remarks.

    Raises `WordListError` when the file cannot be read or a line holds more than one term.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise WordListError(f"{path}: the word list cannot be read as UTF-8 ({type(error).__name__})") from error
    terms: dict[str, None] = {}
    for number, line in enumerate(lines, start=1):
        term = line.strip()
        if not term or term.startswith("#"):
            continue
        if len(term.split()) > 1:
            raise WordListError(f"{path}, line {number}: more than one term ({term!r}); write one term a line")
        terms[term] = None
    return tuple(terms)


def weigh(words: Iterable[str]) -> Terms:
    """Each word, normalised, with the frequency at which jieba keeps it in one piece, as its own `add_word` chooses it."""
    tokenizer = _tokenizer(())
    for word in words:
        tokenizer.add_word(normalise(word))
    return tuple((normal, tokenizer.FREQ[normal]) for normal in dict.fromkeys(map(normalise, words)))


def as_file(terms: Terms) -> bytes:
    """A weighed word list as the bytes of its file, in the form of jieba's user dictionaries."""
    return "".join(f"{word} {frequency}\n" for word, frequency in terms).encode()


def from_file(content: bytes) -> Terms:
    """A weighed word list from the bytes of its file. Raises `ValueError`."""
    pairs = (line.rsplit(" ", 1) for line in content.decode().splitlines())
    return tuple((word, int(frequency)) for word, frequency in pairs)


def digest(terms: Terms) -> str:
    """SHA-256 of a weighed word list, as it is kept beside a model."""
    return hashlib.sha256(as_file(terms)).hexdigest()


def _fast(terms: Terms) -> Cut:
    cutter = rjieba.Jieba()
    for word, frequency in terms:
        cutter.add_word(word, frequency, "n")

    def cut(text: str) -> list[str]:
        pieces: list[str] = cutter.cut(text, False)
        return pieces

    return cut


def _plain(terms: Terms) -> Cut:
    tokenizer = _tokenizer(terms)
    return lambda text: list(tokenizer.cut(text, HMM=False))


def _tokenizer(terms: Terms) -> "jieba.Tokenizer":
    import jieba  # here, because where rjieba cuts nothing else needs it

    tokenizer = jieba.Tokenizer()
    frequencies, tokenizer.total = _dictionary()
    tokenizer.FREQ = frequencies.copy()
    tokenizer.initialized = True
    for word, frequency in terms:
        tokenizer.add_word(word, frequency)
    return tokenizer


@lru_cache(maxsize=1)
def _dictionary() -> tuple[dict[str, int], int]:
    """Jieba's dictionary, read without `initialize`, which would trust a cache file in the shared /tmp."""
    import jieba

    reader = jieba.Tokenizer()
    frequencies, total = reader.gen_pfdict(reader.get_dict_file())
    return frequencies, total
