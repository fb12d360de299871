"""Cuts Chinese texts into words, with a word list of the trade, the same way for training and for prediction."""

import hashlib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import jieba

from classifier.errors import WordListError


@dataclass(frozen=True, slots=True)
class Document:
    """A text as the features see it: `text` normalised, `words` its words with one space between two."""

    text: str
    words: str


class Cutter:
    """Cuts texts with jieba's dictionary and a word list of its own; nothing changes after construction.

    It has its own `jieba.Tokenizer`, so that another user of jieba in the process cannot change how a model cuts, and
    it may be used from several threads.
    """

    def __init__(self, words: Iterable[str] = (), *, guess_unknown: bool = True) -> None:
        self.words = tuple(words)
        self.guess_unknown = guess_unknown
        self._tokenizer = _tokenizer(self.words)

    def cut(self, text: str) -> list[str]:
        """The words of a text, normalised, in order, without punctuation and spaces."""
        return _cut(self._tokenizer, normalise(text), self.guess_unknown)

    def document(self, text: str) -> Document:
        """A text as the features see it."""
        normal = normalise(text)
        return Document(normal, " ".join(_cut(self._tokenizer, normal, self.guess_unknown)))


def normalise(text: str) -> str:
    """Full-width letters and digits become half-width, letters small, every run of white space one space."""
    return " ".join(unicodedata.normalize("NFKC", text).lower().split())


def is_word(token: str) -> bool:
    """Whether a token says something: it holds a letter, a Chinese character or a digit."""
    return any(character.isalnum() for character in token)


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


def digest(words: Iterable[str]) -> str:
    """SHA-256 of a word list, as it is kept beside a model."""
    return hashlib.sha256(as_file(words)).hexdigest()


def as_file(words: Iterable[str]) -> bytes:
    """A word list as the bytes of its file."""
    return "".join(f"{word}\n" for word in words).encode()


def _cut(tokenizer: jieba.Tokenizer, normal: str, guess_unknown: bool) -> list[str]:
    return [token for token in tokenizer.cut(normal, HMM=guess_unknown) if is_word(token)]


def _tokenizer(words: Iterable[str]) -> jieba.Tokenizer:
    tokenizer = jieba.Tokenizer()
    frequencies, tokenizer.total = _dictionary()
    tokenizer.FREQ = frequencies.copy()
    tokenizer.initialized = True
    for word in words:
        tokenizer.add_word(normalise(word))
    return tokenizer


@lru_cache(maxsize=1)
def _dictionary() -> tuple[dict[str, int], int]:
    """Jieba's dictionary, read without `initialize`, which would trust a cache file in the shared /tmp."""
    reader = jieba.Tokenizer()
    frequencies, total = reader.gen_pfdict(reader.get_dict_file())
    return frequencies, total
