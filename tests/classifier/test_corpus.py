"""The corpus: rows are read with their labels, and an error names file, row and way to mend."""

from dataclasses import replace
from pathlib import Path

import pytest

from classifier.corpus import Corpus, costs_when_missed, handlings, lead_departments, read_bundled, read_table, without_rare_labels
from classifier.errors import CorpusError, RareLabel

PROJECT = Path(__file__).resolve().parents[2]


def domain(folder: Path, **files: str) -> Path:
    (folder / "corpus").mkdir()
    (folder / "taxonomy.csv").write_text("code,lead_department,cost_when_missed\na.b,repair,1\na.c,billing,2.5\n", encoding="utf-8")
    (folder / "demand_types.csv").write_text("code,handling,cost_when_missed\nfault,fault,3\nenquiry,ordinary,1\n", encoding="utf-8")
    for name, rows in files.items():
        (folder / "corpus" / f"a.{name}.csv").write_text(f"text,demand_type,register\n{rows}", encoding="utf-8")
    return folder


def test_the_bundled_corpus_has_topic_type_and_register(tmp_path: Path) -> None:
    corpus = read_bundled(domain(tmp_path, c="电费多,enquiry,short\n", b="停电了,fault,note\n"))
    assert corpus.texts == ("停电了", "电费多")
    assert corpus.labels == {"topic": ("a.b", "a.c"), "demand_type": ("fault", "enquiry")}
    assert corpus.parts == ("note", "short")
    assert corpus.files == ("a.b.csv", "a.c.csv")


BAD = {
    "unknown topic": ({"x": "停电,fault,note\n"}, r"a\.x\.csv: 'a\.x' is no topic"),
    "unknown type": ({"b": "停电,fault,note\n停电,moan,note\n"}, r"a\.b\.csv: row 3: 'moan' is no demand type"),
    "no register": ({"b": "停电,fault,\n"}, r"a\.b\.csv: row 2: text and register"),
    "no files": ({}, "no corpus there"),
}


@pytest.mark.parametrize(("files", "message"), BAD.values(), ids=BAD)
def test_a_mistake_in_the_bundled_corpus_is_named_with_its_place(tmp_path: Path, files: dict[str, str], message: str) -> None:
    with pytest.raises(CorpusError, match=message):
        read_bundled(domain(tmp_path, **files))


def test_lead_departments_come_from_the_taxonomy(tmp_path: Path) -> None:
    assert lead_departments(domain(tmp_path)) == {"a.b": "repair", "a.c": "billing"}


def test_what_a_type_leads_to_and_what_a_miss_costs_come_from_the_tables(tmp_path: Path) -> None:
    data = domain(tmp_path)
    assert handlings(data) == {"fault": "fault", "enquiry": "ordinary"}
    assert costs_when_missed(data) == {"topic": {"a.b": 1.0, "a.c": 2.5}, "demand_type": {"fault": 3.0, "enquiry": 1.0}}


def test_every_label_of_the_tables_in_the_repository_has_a_cost_that_is_not_small() -> None:
    assert all(cost >= 1 for costs in costs_when_missed(PROJECT / "data").values() for cost in costs.values())


def test_rows_without_text_or_label_are_left_out_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("内容,类别\n停电, 报修 \n,报修\n电费,\n", encoding="utf-8")
    corpus = read_table(path, "内容", "类别")
    assert (corpus.texts, corpus.labels, corpus.left_out) == (("停电",), {"label": ("报修",)}, 2)


def test_a_table_without_any_labelled_row_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text("内容,类别\n停电,\n", encoding="utf-8")
    with pytest.raises(CorpusError, match="no row has both a '内容' and a '类别'"):
        read_table(path, "内容", "类别")


def test_the_digest_is_of_the_rows_and_not_of_the_file_names() -> None:
    rows = Corpus(("a", "b"), {"label": ("x", "y")}, files=("one.csv",))
    assert rows.digest == Corpus(("a", "b"), {"label": ("x", "y")}, files=("two.csv",)).digest
    assert rows.digest != Corpus(("b", "a"), {"label": ("x", "y")}).digest
    assert rows.digest != Corpus(("a", "b"), {"label": ("x", "y")}, parts=("p", "q")).digest


RARE = Corpus(tuple("abcdef"), {"one": tuple("xxyyzx"), "two": tuple("pppqqq")}, parts=tuple("mnmnmn"))


def test_a_label_with_a_single_row_is_named_with_the_way_out() -> None:
    with pytest.raises(RareLabel, match=r"'z' \(one\).*--drop-rare"):
        without_rare_labels(RARE, drop=False)


def test_rare_labels_are_dropped_and_reported_on_request() -> None:
    corpus, rare = without_rare_labels(RARE, drop=True)
    assert rare == {"z": "one"}
    assert (corpus.texts, corpus.parts, corpus.left_out) == (tuple("abcdf"), tuple("mnmnn"), 1)


def test_a_correction_stays_one_when_others_go() -> None:
    corpus, _ = without_rare_labels(replace(RARE, is_correction=(True, False, False, False, False, True)), drop=True)
    assert (corpus.is_correction, corpus.corrections) == ((True, False, False, False, True), 2)
    assert RARE.corrections == 0


def test_dropping_goes_on_until_no_label_is_rare() -> None:
    corpus = Corpus(tuple("abcdef"), {"one": tuple("xxyyzz"), "two": tuple("ppqqqr")})
    kept, rare = without_rare_labels(corpus, drop=True)
    assert rare == {"r": "two", "z": "one"}
    assert kept.labels == {"one": tuple("xxyy"), "two": tuple("ppqq")}


def test_one_label_is_not_enough() -> None:
    with pytest.raises(CorpusError, match="two different labels"):
        without_rare_labels(Corpus(("a", "b"), {"label": ("x", "x")}), drop=False)


def test_the_corpus_in_the_repository_can_be_trained_on() -> None:
    corpus, rare = without_rare_labels(read_bundled(PROJECT / "data"), drop=False)
    assert not rare
    assert len(set(corpus.labels["topic"])) == 44
    assert set(corpus.labels["topic"]) == set(lead_departments(PROJECT / "data"))
    assert set(corpus.parts) == {"note", "speech", "letter", "short"}
