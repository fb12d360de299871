"""The tree of everything that can go wrong here; each error has a `code` and says how to mend it.

ClassifierError
├── CorpusError            the rows to learn from or to measure on cannot be used
│   └── RareLabel          a label has too few rows
├── WordListError          the word list cannot be read
├── ModelError
│   ├── ModelMissing       there is none where it should be
│   ├── ModelBroken        it is damaged or was changed after training
│   ├── ModelStale         it was trained with another format or library version
│   └── ModelInUse         what is in use does not allow it: it must stay, or it is another than the one that was seen
├── PromotionRefused       a candidate is not shown to be good enough for the place of the model in use
├── OutputRefused          what stands at the place to write to is not ours to overwrite
└── SchedulerUnavailable   the cluster, or the packages to reach it, are not there
"""


class ClassifierError(Exception):
    """Anything that the classifier cannot do, with the place and the way to mend it in the message."""

    code = "classifier"


class CorpusError(ClassifierError):
    """The rows to learn from or to measure on cannot be used."""

    code = "corpus"


class RareLabel(CorpusError):
    """A label has too few rows to learn from one part and measure on another."""

    code = "corpus_rare_label"


class WordListError(ClassifierError):
    """The word list cannot be read."""

    code = "words"


class ModelError(ClassifierError):
    """A model cannot be used."""

    code = "model"


class ModelMissing(ModelError):
    """There is no model where it should be."""

    code = "model_missing"


class ModelBroken(ModelError):
    """A model is damaged or was changed after its training."""

    code = "model_broken"


class ModelStale(ModelError):
    """A model was trained with another format or library version than the ones here."""

    code = "model_stale"


class ModelInUse(ModelError):
    """What is in use does not allow it: it must stay, or it is another than the one that was seen."""

    code = "model_in_use"


class PromotionRefused(ClassifierError):
    """A candidate is not shown to be good enough for the place of the model in use; `figures` are what it was judged by."""

    code = "promotion_refused"

    def __init__(self, message: str, figures: dict[str, object]) -> None:
        """Keep the figures beside the message."""
        super().__init__(message)
        self.figures = figures


class OutputRefused(ClassifierError):
    """What stands at the place to write to is not ours to overwrite."""

    code = "output_refused"


class SchedulerUnavailable(ClassifierError):
    """The cluster, or the packages to reach it, are not there."""

    code = "scheduler_unavailable"
