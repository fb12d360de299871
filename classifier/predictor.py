"""The model in use, for a running server: loaded once, exchanged when the pointer changes, None when there is none."""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from classifier.errors import ClassifierError
from classifier.model import Model, Prediction, load_model
from classifier.registry import CURRENT, current_model_dir, models_dir

log = logging.getLogger(__name__)

Signature = tuple[int, int, int] | None


@dataclass(frozen=True, slots=True)
class _State:
    """What was found when the pointer last changed: a model, or the reason why there is none."""

    signature: Signature
    model: Model | None
    trouble: str | None


class Predictor:
    """Answers for texts with the model in use; None where no model can answer, so that a ticket is taken anyway.

    Safe for threads. Call `preload` before a server forks, so that its workers share the memory.
    """

    def __init__(self, instance: Path) -> None:
        self.instance = instance
        self._pointer = models_dir(instance) / CURRENT
        self._loading = threading.Lock()
        self._state: _State | None = None
        self._failure: str | None = None

    def __call__(self, text: str) -> Prediction | None:
        """The answer for one text, with reasons."""
        return self.many([text])[0]

    def many(self, texts: Sequence[str], *, explain: bool = True) -> list[Prediction | None]:
        """The answers for texts in order; a text at which the model fails has None and does not harm the others."""
        model = self.model
        if model is None:
            return [None] * len(texts)
        try:
            answers: list[Prediction | None] = [*model.predict(texts, explain=explain)]
        except Exception as error:  # a ticket must be taken whatever the model does
            if len(texts) > 1:
                return [self.many([text], explain=explain)[0] for text in texts]
            # Only the kind of error is written down: its message may quote the text, which is personal.
            self._failure = f"prediction failed ({type(error).__name__})"
            log.error("model %s: %s", model.version, self._failure)
            return [None]
        self._failure = None
        return answers

    @property
    def model(self) -> Model | None:
        """The model in use, loaded if the pointer has changed."""
        return self._fresh().model

    @property
    def trouble(self) -> str | None:
        """Why there is no answer, for the page of an administrator; None when all is well."""
        return self._fresh().trouble or self._failure

    def preload(self) -> None:
        """Load the model in use now."""
        self._fresh()

    def _fresh(self) -> _State:
        state, signature = self._state, self._signature()
        if state is not None and state.signature == signature:
            return state
        # While one thread loads the next model, the others go on with the one before; only the first is waited for.
        if not self._loading.acquire(blocking=state is None or state.model is None):
            assert state is not None
            return state
        try:
            if self._state is None or self._state.signature != signature:
                self._state = self._load(signature)
                self._failure = None
            return self._state
        finally:
            self._loading.release()

    def _load(self, signature: Signature) -> _State:
        try:
            return _State(signature, load_model(current_model_dir(self.instance)), None)
        except ClassifierError as error:
            log.warning("no model in use: %s", error)
            return _State(signature, None, str(error))
        except Exception as error:  # for the same reason as above; it is tried again when the pointer changes
            log.error("the model in use cannot be loaded (%s)", type(error).__name__)
            return _State(signature, None, f"the model in use cannot be loaded ({type(error).__name__})")

    def _signature(self) -> Signature:
        try:
            found = self._pointer.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size
