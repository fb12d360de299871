"""The commands `train`, `evaluate` and `classify`; they print what they made, and one clear line when they cannot."""

import functools
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import click

import tables
from classifier import corpus as corpora
from classifier import corrections, reports
from classifier.batch import classify_table
from classifier.encoder import find_encoder
from classifier.errors import ClassifierError, CorpusError
from classifier.evaluation import evaluate as measure
from classifier.model import ModelFiles, load_model, refuse_to_overwrite, save_model
from classifier.progress import Spoken
from classifier.promotion import introduce, who
from classifier.registry import PROJECT, changing, current_model_dir, current_version, instance_dir, models_dir, register
from classifier.sources import sources
from classifier.training import Decisions
from classifier.training import train as learn
from classifier.transfer import read_texts, tell_apart
from classifier.words import read_words

P = ParamSpec("P")
R = TypeVar("R")

DATA = PROJECT / "data"
FILE = click.Path(path_type=Path, dir_okay=False)
FOLDER = click.Path(path_type=Path, file_okay=False)


class CommandError(click.ClickException):
    """An error of which the user reads one line."""

    exit_code = 2


class Processes(click.ParamType[int]):
    """A number of processes: one or more, or -1 for as many as there are cores."""

    name = "integer"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Give the number. Fails for any other."""
        number = click.INT.convert(value, param, ctx)
        if number == 0 or number < -1:
            self.fail("must be 1 or more, or -1 for all cores", param, ctx)
        return int(number)


def one_line(command: Callable[P, R]) -> Callable[P, R]:
    """Show the errors of classifier and tables as one line, with exit code 2."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except (ClassifierError, tables.TableError) as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{error.filename or 'a file'}: {error.strerror or error}") from error

    return run


@click.command
@click.option("--corpus", type=FILE, help="Rows to learn from; without it, the bundled corpus of the power hotline.")
@click.option("--text", help="Column of the texts in --corpus.")
@click.option("--label", help="Column of the labels in --corpus.")
@click.option("--model", type=FOLDER, help="Folder to write the model to, instead of the installation's models.")
@click.option("--words", type=FILE, help="Word list, one term a line.")
@click.option("--keep-current", is_flag=True, help="Do not put the new bundled model into use, even if there is none.")
@click.option("--drop-rare", is_flag=True, help="Leave out labels that have a single row.")
@click.option("--with-corrections", is_flag=True, help="Learn from what dispatchers decided and people corrected, too.")
@click.option("--with-accepted", is_flag=True, help="With corrections, and from what agents accepted as the model proposed it.")
@click.option("--without-encoder", is_flag=True, help="Learn from words and character sequences alone.")
@click.option("--jobs", type=Processes(), default=-1, show_default=True, help="Processes that learn side by side (-1: one a core).")
@click.option("--against", type=FILE, help="Real texts: print how easily they are told from those learnt from.")
@click.option("--against-text", help="Column of the texts in --against (text).")
@one_line
def train(
    corpus: Path | None,
    text: str | None,
    label: str | None,
    model: Path | None,
    words: Path | None,
    keep_current: bool,
    drop_rare: bool,
    with_corrections: bool,
    with_accepted: bool,
    without_encoder: bool,
    jobs: int,
    against: Path | None,
    against_text: str | None,
) -> None:
    """Train the bundled model (话题与诉求类型), or one head on anybody's rows."""
    progress = Spoken()
    if model is not None:
        refuse_to_overwrite(model)
    if with_accepted and not with_corrections:
        raise click.UsageError("--with-accepted belongs to --with-corrections")
    real = read_texts(against, against_text or "text") if against else []
    if corpus is None:
        if text or label:
            raise click.UsageError("--text and --label belong to --corpus FILE")
        rows, decisions = corpora.read_bundled(DATA), bundled_decisions()
        terms = read_words(words or DATA / "words" / "power.txt")
    else:
        if with_corrections:
            raise click.UsageError("--with-corrections belongs to the bundled model, not to --corpus")
        if not (text and label and model):
            raise click.UsageError("--corpus needs --text COLUMN, --label COLUMN and --model DIR")
        rows, decisions = corpora.read_table(corpus, text, label), Decisions()
        terms = read_words(words) if words else ()
    rows, rare = corpora.without_rare_labels(rows, drop=drop_rare)
    for line in reports.rows_used(rows, rare):
        progress.say(line)
    if with_corrections:
        rows, left_out = corrections.with_corrections(rows, sources().corrections(), accepted=with_accepted)
        for line in reports.corrections_used(rows, left_out):
            progress.say(line)
    encoder = None if without_encoder else find_encoder()
    if encoder is None:
        progress.say("without the sentence encoder" + ("" if without_encoder else ", which is not installed (python3 -m scripts.environment)"))
    files = learn(rows, words=terms, decisions=decisions, encoder=encoder, jobs=jobs, progress=progress)
    click.echo(reports.trained(files.manifest))
    if real:
        click.echo(reports.told_apart(tell_apart(rows, real)))
    click.echo(keep(files, model, keep_current))


def bundled_decisions() -> Decisions:
    """What the labels of the bundled model decide and cost, by the tables in `data/`."""
    groups = {corpora.TOPIC: corpora.lead_departments(DATA), corpora.DEMAND_TYPE: corpora.handlings(DATA)}
    return Decisions(groups, corpora.costs_when_missed(DATA))


def keep(files: ModelFiles, folder: Path | None, keep_current: bool) -> str:
    """Write a model to its folder, or among the models of the installation, into use if none is; say what was done."""
    version = files.manifest.version
    if folder is not None:
        save_model(files, folder)
        return f"model {version} written to {folder}"
    instance = instance_dir()
    written = f"model {version} written to {models_dir(instance) / version}"
    if keep_current:
        with changing(instance):
            register(files, instance)
        return f"{written}; the model in use stays"
    if introduce(files, instance, by=who()):
        return f"{written}, now in use"
    in_use = current_version(instance)
    if in_use == version:
        return f"model {version} is in use already; nothing has changed"
    ways = f"compare: flask models compare {in_use} {version}\nput into use: flask models promote {version}"
    return f"{written} as a candidate; {in_use} stays in use\n{ways}"


@click.command
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--text", required=True, help="Column of the texts.")
@click.option("--label", required=True, help="Column of the true labels; rows where it is empty are left out.")
@click.option("--type", "kind", help="Column of the true demand types.")
@click.option("--type-also", multiple=True, metavar="TYPE=LABEL;LABEL", help="Labels that are right for a type.")
@click.option("--also", help="Column of labels that are acceptable too, `;` between them.")
@click.option("--model", type=FOLDER, help="Folder of the model; without it, the one in use.")
@click.option("--fast", is_flag=True, help="Leave the sentence encoder out.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.option("--predictions", type=FILE, help="Write a row per text to this table.")
@one_line
def evaluate(
    file: Path,
    text: str,
    label: str,
    kind: str | None,
    type_also: tuple[str, ...],
    also: str | None,
    model: Path | None,
    fast: bool,
    as_json: bool,
    predictions: Path | None,
) -> None:
    """Measure a model on labelled rows."""
    loaded = load_model(model or current_model_dir(instance_dir()), fast=fast)
    if kind and len(loaded.manifest.labels) < 2:
        raise CommandError("--type needs a model with two heads; this one has one")
    read = reports.read_labelled(file, text, label, also, kind, type_also)
    if not read.rows.texts:
        raise CorpusError(f"{file}: no row has a {label!r}")
    groups = corpora.lead_departments(DATA) if loaded.manifest.groups else {}
    figures, answers = measure(loaded, read.rows, groups=groups, progress=Spoken())
    figures |= {"skipped_unlabelled": read.skipped, "model_version": loaded.version, "way": loaded.way}
    if predictions:
        reports.write_predictions(predictions, loaded.manifest, read, answers)
    click.echo(json.dumps(figures, ensure_ascii=False, allow_nan=False) if as_json else reports.figures(figures))


@click.command
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--text", required=True, help="Column of the texts.")
@click.option("--out", required=True, type=FILE, help="Table to write; its ending says the format. All but XLSX go on after a kill.")
@click.option("--model", type=FOLDER, help="Folder of the model; without it, the one in use.")
@click.option("--jobs", type=Processes(), help="Processes on this machine (-1: one a core).")
@click.option("--scheduler", metavar="ADDRESS", help="Dask scheduler, like tcp://host:8786.")
@click.option("--fast", is_flag=True, help="Leave the sentence encoder out: fewer right answers, many times as fast.")
@click.option("--format", "kind", type=click.Choice(["csv", "tsv", "ndjson", "xlsx"]), help="Format of FILE.")
@click.option("--encoding", help="Encoding of FILE; without it, UTF-8, else GB18030.")
@click.option("--sheet", help="Sheet of an XLSX file; without it, the first.")
@click.option("--restart", is_flag=True, help="Begin at the first row, even if an interrupted run has left some rows.")
@one_line
def classify(
    file: Path, text: str, out: Path, model: Path | None, jobs: int | None, scheduler: str | None, fast: bool, restart: bool, **options: Any
) -> None:
    """Add labels and probabilities to every row of a table; `-` is standard input."""
    if jobs is not None and scheduler is not None:
        raise click.UsageError("--jobs and --scheduler exclude each other")
    folder = model or current_model_dir(instance_dir())
    progress = Spoken()
    with tables.open_table(file, need=(text,), counted=True, **options) as table:
        count = classify_table(table, text, out, folder, jobs=jobs or 1, scheduler=scheduler, fast=fast, restart=restart, progress=progress)
    progress.say(f"{count} rows written to {out}")


COMMANDS = (train, evaluate, classify)
