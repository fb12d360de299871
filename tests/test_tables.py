"""Tables: what is read is what stands there, what is written can be read again, and errors name the place."""

import contextlib
from pathlib import Path

import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tables

ROWS = [{"text": "停电了，\n两次", "n": "1"}, {"text": '他说"好"', "n": ""}, {"text": "=1+1", "n": "-3"}]


def write(path: Path, columns: list[str], rows: list[dict[str, str]]) -> None:
    with tables.open_writer(path, columns) as out:
        for row in rows:
            out.write(row)


def values(path: Path, **options: str) -> list[dict[str, str]]:
    return [row.values for row in tables.read_rows(path, **options)]


def put(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("ending", ["csv", "tsv", "tab", "ndjson", "jsonl", "xlsx", "CSV"])
def test_what_is_written_can_be_read_again(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"t.{ending}"
    write(path, ["text", "n"], ROWS)
    assert values(path) == ROWS


# Excel cannot hold lone surrogates or characters that XML forbids, and nobody can type them; the rest must survive.
CELLS = st.text(st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), max_size=40)
NAMES = st.lists(CELLS.map(str.strip).filter(bool), min_size=1, max_size=4, unique=True)


@pytest.mark.parametrize("ending", ["csv", "tsv", "ndjson", "xlsx"])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_table_survives_the_round_trip(tmp_path: Path, ending: str, data: st.DataObject) -> None:
    columns = data.draw(NAMES)
    rows = data.draw(st.lists(st.fixed_dictionaries(dict.fromkeys(columns, CELLS)), min_size=1, max_size=5))
    if ending == "xlsx":  # a sheet has no rows without any cell
        rows = [row for row in rows if any(row.values())]
    path = tmp_path / f"t.{ending}"
    write(path, columns, rows)
    assert values(path) == rows


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cell=st.text(st.characters(exclude_categories=("Cs",)), max_size=30))
def test_line_breaks_and_control_characters_survive_in_csv(tmp_path: Path, cell: str) -> None:
    write(tmp_path / "t.csv", ["a", "b"], [{"a": cell, "b": "x"}])
    assert values(tmp_path / "t.csv") == [{"a": cell, "b": "x"}]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_the_encoding_is_found(tmp_path: Path, encoding: str) -> None:
    path = put(tmp_path / "t.csv", "内容,类别\n停电,报修\n".encode(encoding))
    assert values(path) == [{"内容": "停电", "类别": "报修"}]


def test_a_character_cut_by_the_end_of_a_block_is_still_utf8(tmp_path: Path) -> None:
    text = "a" + "电" * (tables.BLOCK // 2)
    assert values(put(tmp_path / "t.csv", f"t\n{text}\n".encode())) == [{"t": text}]


def test_an_encoding_that_is_said_is_used(tmp_path: Path) -> None:
    path = put(tmp_path / "t.csv", "類別\n停電\n".encode("big5"))
    assert values(path, encoding="big5") == [{"類別": "停電"}]


@pytest.mark.parametrize("name", ["t.csv", "t.ndjson"])
def test_an_encoding_that_is_wrong_or_unknown_is_refused(tmp_path: Path, name: str) -> None:
    path = put(tmp_path / name, '{"a": "停电"}\n'.encode("gb18030"))
    with pytest.raises(tables.UnreadableTable, match="not in the encoding 'utf-8'"):
        values(path, encoding="utf-8")
    with pytest.raises(tables.UnreadableTable, match="no encoding 'klingon'"):
        values(path, encoding="klingon")


def test_rows_are_numbered_as_a_spreadsheet_does(tmp_path: Path) -> None:
    path = put(tmp_path / "t.csv", b'text\n"one\nand more"\n\nlast\n')
    assert [row.number for row in tables.read_rows(path)] == [2, 4]


def test_json_lines_may_have_other_keys_and_other_types(tmp_path: Path) -> None:
    path = put(tmp_path / "t.ndjson", b'{"a": 1, "b": null}\n\n{"c": [1, "\xe7\x94\xb5"], "a": 2.0, "b": true}\n')
    with tables.open_table(path) as table:
        assert table.columns == ("a", "b", "c")
        assert [(row.number, row.values) for row in table] == [
            (1, {"a": "1", "b": "", "c": ""}),
            (3, {"a": "2", "b": "true", "c": '[1, "电"]'}),
        ]


COUNTED = {
    "csv": (b'text\n"one\nand more"\n\nlast\n', 2),
    "tsv": (b"\ntext\tn\none\t1\n", 1),
    "ndjson": (b'{"a": 1}\n\n{"b": 2}\n', 2),
}


@pytest.mark.parametrize(("ending", "content", "total"), [(ending, *given) for ending, given in COUNTED.items()], ids=COUNTED)
def test_counting_comes_before_reading_and_leaves_no_row_out(tmp_path: Path, ending: str, content: bytes, total: int) -> None:
    for encoding in ("utf-8-sig", "utf-16"):
        path = put(tmp_path / f"t.{ending}", content.decode().encode(encoding))
        with tables.open_table(path, counted=True) as table:
            assert table.total == total == len(list(table))
    with tables.open_table(path) as table:
        assert table.total is None


def test_a_sheet_can_be_counted_too(tmp_path: Path) -> None:
    with tables.open_table(workbook(tmp_path / "t.xlsx"), counted=True) as table:
        assert (table.total, [row.number for row in table]) == (1, [4])


def test_counting_finds_a_broken_row_before_any_is_given(tmp_path: Path) -> None:
    with pytest.raises(tables.BadRow, match="row 3 has 1 cells"), tables.open_table(put(tmp_path / "t.csv", b"a,b\n1,2\n3\n"), counted=True):
        pytest.fail("it was opened")


def workbook(path: Path) -> Path:
    book = xlsxwriter.Workbook(path)
    first, second = book.add_worksheet("一月"), book.add_worksheet("二月")
    first.write_row(1, 1, ["户号", "金额"])
    first.write_row(3, 1, [1300012345, 3.5])
    second.write_row(0, 0, ["x"])
    second.write_row(1, 0, ["y"])
    book.close()
    return path


def test_a_sheet_keeps_its_row_numbers_and_whole_numbers(tmp_path: Path) -> None:
    rows = list(tables.read_rows(workbook(tmp_path / "t.xlsx")))
    assert rows == [tables.Row(4, {"户号": "1300012345", "金额": "3.5"})]


def test_another_sheet_can_be_named(tmp_path: Path) -> None:
    assert values(workbook(tmp_path / "t.xlsx"), sheet="二月") == [{"x": "y"}]


def test_a_formula_is_written_to_excel_as_text(tmp_path: Path) -> None:
    dangerous = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "http://x.cn"]
    write(tmp_path / "t.xlsx", ["a"], [{"a": cell} for cell in dangerous])
    assert [row["a"] for row in values(tmp_path / "t.xlsx")] == dangerous


def test_a_very_long_cell_is_read(tmp_path: Path) -> None:
    long = "电" * 300_000
    write(tmp_path / "t.csv", ["a"], [{"a": long}])
    assert values(tmp_path / "t.csv") == [{"a": long}]


@pytest.mark.parametrize("ending", ["csv", "ndjson", "tsv"])
def test_an_empty_file_has_no_columns_and_no_rows(tmp_path: Path, ending: str) -> None:
    with tables.open_table(put(tmp_path / f"t.{ending}", b"")) as table:
        assert (table.columns, list(table)) == ((), [])


def test_a_header_alone_has_no_rows(tmp_path: Path) -> None:
    assert values(put(tmp_path / "t.csv", b"a,b\n")) == []


def test_repeated_and_empty_column_names_are_told_apart(tmp_path: Path) -> None:
    path = put(tmp_path / "t.csv", b"a,a,,a (2)\n1,2,3,4\n")
    (row,) = values(path)
    assert sorted(row.values()) == ["1", "2", "3", "4"]
    assert row["a"] == "1"
    assert row["a (2)"] == "4"


def test_empty_cells_behind_the_last_column_do_no_harm(tmp_path: Path) -> None:
    assert values(put(tmp_path / "t.csv", b"a,b\n1,2,,\n")) == [{"a": "1", "b": "2"}]


ERRORS: list[tuple[str, bytes, type[tables.TableError], str]] = [
    ("t.csv", b"a,b\n1,2\n3\n", tables.BadRow, "row 3 has 1 cells, the header 2"),
    ("t.csv", b"a,b\n1,2,3\n", tables.BadRow, "row 2 has 3 cells, the header 2"),
    ("t.csv", b'a,b\n1,2\n"3,4\n5,6\n', tables.BadRow, "row 3"),
    ("t.csv", b'a,b\n"1\n1",2\n3\n', tables.BadRow, r"row 3 \(line 4\) has 1 cells"),
    ("t.csv", b"\x81\xff\xff", tables.UnreadableTable, "neither UTF-8 nor GB18030"),
    ("t.ndjson", b'{"a": 1}\n{"a": \n', tables.BadRow, "line 2 is not JSON"),
    ("t.ndjson", b'{"a": 1}\n[1]\n', tables.BadRow, "line 2 is not a JSON object"),
    ("t.xlsx", b"not a workbook", tables.UnreadableTable, "not an Excel workbook"),
    ("t.docx", b"", tables.UnknownFormat, "must end in one of .csv"),
]


@pytest.mark.parametrize(
    ("name", "content", "kind", "message"),
    ERRORS,
    ids=["short", "long", "open quote", "behind a line break", "encoding", "broken json", "not an object", "no workbook", "format"],
)
def test_an_error_names_the_place(tmp_path: Path, name: str, content: bytes, kind: type[tables.TableError], message: str) -> None:
    with pytest.raises(kind, match=message):
        list(tables.read_rows(put(tmp_path / name, content)))


def test_a_missing_column_lists_those_that_are_there(tmp_path: Path) -> None:
    with pytest.raises(tables.MissingColumn, match="no column 'text'; the columns are: 内容, 类别"):
        list(tables.read_rows(put(tmp_path / "t.csv", "内容,类别\n".encode()), need=["text"]))


def test_a_column_asked_for_in_an_empty_file_is_missing(tmp_path: Path) -> None:
    with pytest.raises(tables.MissingColumn, match="the table is empty"):
        list(tables.read_rows(put(tmp_path / "t.csv", b""), need=["text"]))


def test_a_column_asked_for_must_not_be_there_twice(tmp_path: Path) -> None:
    with pytest.raises(tables.MissingColumn, match="'a' stands 2 times"):
        list(tables.read_rows(put(tmp_path / "t.csv", b"a,a\n1,2\n"), need=["a"]))


def test_a_missing_file_and_a_missing_sheet_are_named(tmp_path: Path) -> None:
    with pytest.raises(tables.UnreadableTable, match=r"none\.csv"):
        list(tables.read_rows(tmp_path / "none.csv"))
    with pytest.raises(tables.UnreadableTable, match="no sheet '三月'; the sheets are: 一月, 二月"):
        list(tables.read_rows(workbook(tmp_path / "t.xlsx"), sheet="三月"))


@pytest.mark.parametrize("ending", ["csv", "ndjson", "xlsx"])
def test_half_a_surrogate_pair_becomes_a_question_mark(tmp_path: Path, ending: str) -> None:
    write(tmp_path / f"t.{ending}", ["a"], [{"a": "停\ud800电"}])
    assert values(tmp_path / f"t.{ending}") == [{"a": "停?电"}]


@pytest.mark.parametrize("ending", ["csv", "tsv", "ndjson"])
def test_a_table_can_grow_in_pieces(tmp_path: Path, ending: str) -> None:
    path = tmp_path / f"t.{ending}"
    lengths = []
    for row in ROWS:
        with path.open("ab") as file, contextlib.closing(tables.Growing(file, ending, ["text", "n"])) as growing:
            growing.write(row)
            lengths.append(growing.save())
            assert path.stat().st_size == lengths[-1]
    assert values(path) == ROWS
    assert lengths == sorted(set(lengths))


def interrupted(path: Path) -> None:
    with tables.open_writer(path, ["a"]) as out:
        out.write({"a": "new"})
        raise ZeroDivisionError


@pytest.mark.parametrize("ending", ["csv", "ndjson", "xlsx"])
def test_a_failure_leaves_the_old_file_and_no_half_one(tmp_path: Path, ending: str) -> None:
    path = put(tmp_path / f"t.{ending}", b"old")
    with pytest.raises(ZeroDivisionError):
        interrupted(path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_excel_cannot_hold_is_refused_and_not_cut(tmp_path: Path) -> None:
    with pytest.raises(tables.UnwritableTable, match=r"row 2, column 'a'.*write CSV"):
        write(tmp_path / "t.xlsx", ["a"], [{"a": "电" * 32_768}])
    assert list(tmp_path.iterdir()) == []


def one_too_many(path: Path) -> None:
    with tables.open_writer(path, ["a"]) as out:
        assert isinstance(out, tables._XlsxRows)
        out.number = tables.XLSX_ROWS
        out.write({"a": "1"})


def test_a_sheet_that_is_full_is_said(tmp_path: Path) -> None:
    with pytest.raises(tables.UnwritableTable, match="1,048,576 rows"):
        one_too_many(tmp_path / "t.xlsx")


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_place_that_cannot_be_written_is_named(tmp_path: Path, ending: str) -> None:
    with pytest.raises(tables.UnwritableTable, match="cannot be written"):
        write(tmp_path / "no" / f"t.{ending}", ["a"], [])
    (tmp_path / f"folder.{ending}").mkdir()
    with pytest.raises(tables.UnwritableTable, match="not a file"):
        write(tmp_path / f"folder.{ending}", ["a"], [])


def test_a_new_file_has_the_usual_rights(tmp_path: Path) -> None:
    (tmp_path / "usual").touch()
    write(tmp_path / "t.csv", ["a"], [])
    assert (tmp_path / "t.csv").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_every_error_has_a_code_of_its_own() -> None:
    codes = [kind.code for kind in tables.TableError.__subclasses__()]
    assert len(set(codes)) == len(codes) == 5
