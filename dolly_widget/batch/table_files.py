"""Tables as files: CSV and JSON lines a row at a time, Parquet as a whole. Knows neither engines nor a terminal."""

from __future__ import annotations

import contextlib
import csv
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from dolly_widget.batch.cells import as_text, json_text, plain
from dolly_widget.text import encodable, parse_json

SUFFIXES = (".csv", ".tsv", ".jsonl", ".parquet")
_DELIMITERS = {".csv": ",", ".tsv": "\t"}
_LONGEST_CELL = 100_000_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class TableFile:
    """A file with a table: its columns, and its rows, which are read again each time.

    Raises ValueError, naming the line, for what is no such table; OSError where it cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.kind = kind_of(path)
        if not path.is_file():
            raise ValueError(f"There is no file {path}.")

    def columns(self) -> list[str]:
        """The names of its columns; of JSON lines, those of all rows, in the order in which they come."""
        if self.kind in _DELIMITERS:
            with self._records() as records:
                return _header(self.path, next(records, []))
        if self.kind == ".parquet":
            return list(map(str, self._frame().columns))
        names = list(dict.fromkeys(name for row in self.rows() for name in row))
        if not names:
            raise ValueError(_empty(self.path))
        return names

    def rows(self) -> Iterator[dict[str, Any]]:
        """Its rows, as values by the names of columns."""
        if self.kind in _DELIMITERS:
            return self._csv_rows()
        if self.kind == ".parquet":
            frame = self._frame()
            columns = [frame.iloc[:, place].tolist() for place in range(frame.shape[1])]
            return (dict(zip(map(str, frame.columns), row, strict=True)) for row in zip(*columns, strict=True))
        return self._json_rows()

    def _csv_rows(self) -> Iterator[dict[str, Any]]:
        with self._records() as records:
            header = _header(self.path, next(records, []))
            for record in records:
                if not record:
                    continue  # an empty line
                if len(record) != len(header):
                    raise ValueError(
                        f"Line {records.line_num:,} of {self.path} has {len(record)} fields, and its first line "
                        f"{len(header)}: put a text with a {_DELIMITERS[self.kind]!r} in quotes."
                    )
                yield dict(zip(header, record, strict=True))

    @contextlib.contextmanager
    def _records(self) -> Iterator[Any]:
        """A CSV reader. Its errors, and those of the encoding, become sentences."""
        csv.field_size_limit(_LONGEST_CELL)
        with self._opened() as file:
            records = csv.reader(_without_nul(self.path, file), delimiter=_DELIMITERS[self.kind], strict=True)
            try:
                yield records
            except csv.Error as exc:
                raise ValueError(f"Line {records.line_num:,} of {self.path} is no CSV: {exc}.") from exc

    def _json_rows(self) -> Iterator[dict[str, Any]]:
        with self._opened() as file:
            for number, line in enumerate(file, start=1):
                if not line.strip():
                    continue
                try:
                    row = parse_json(line)
                except ValueError:
                    row = None
                if not isinstance(row, dict):
                    raise ValueError(f"Line {number:,} of {self.path} is no JSON object: write one object a line.")
                yield row

    def _frame(self) -> Any:
        try:
            return _pandas("reads").read_parquet(self.path)
        except (OSError, ValueError) as exc:
            if isinstance(exc.__cause__, ImportError):
                raise
            raise ValueError(f"{self.path} is no Parquet file, or a damaged one.") from exc

    @contextlib.contextmanager
    def _opened(self) -> Iterator[Any]:
        try:
            with self.path.open(encoding="utf-8-sig", newline="") as file:
                yield file
        except UnicodeDecodeError as exc:
            raise ValueError(f"{self.path} is not in UTF-8: save it with that encoding.") from exc


def kind_of(path: Path) -> str:
    """The kind of a table's file: its suffix. Raises ValueError for another one."""
    suffix = path.suffix.lower().replace(".ndjson", ".jsonl")
    if suffix not in SUFFIXES:
        raise ValueError(f"{path} is no table: its name must end in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}.")
    return suffix


def write_table(
    path: Path, columns: list[str], rows: Iterable[Mapping[str, Any]], *, escapes_formulas: bool = False
) -> None:
    """Write a table, whole or not at all, in the place of what was there. Raises OSError.

    Half a character becomes U+FFFD. A column of Parquet whose values are of several types becomes texts.
    """
    kind = kind_of(path)
    beside = path.with_name(f".{path.name}.tmp")
    try:
        _WRITERS[kind](beside, columns, _escaped(rows) if escapes_formulas else rows)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _write_csv(path: Path, columns: list[str], rows: Iterable[Mapping[str, Any]], delimiter: str = ",") -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow(map(encodable, columns))
        writer.writerows([_cell(row.get(name)) for name in columns] for row in rows)


def _write_tsv(path: Path, columns: list[str], rows: Iterable[Mapping[str, Any]]) -> None:
    _write_csv(path, columns, rows, "\t")


def _write_json(path: Path, columns: list[str], rows: Iterable[Mapping[str, Any]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        for row in rows:
            fields = plain({name: row[name] for name in columns if name in row})
            file.write(json_text(fields, is_ascii=True) + "\n")


def _write_parquet(path: Path, columns: list[str], rows: Iterable[Mapping[str, Any]]) -> None:
    values: dict[str, list[Any]] = {name: [] for name in columns}
    for row in rows:
        for name, column in values.items():
            column.append(row.get(name))
    _pandas("writes")
    import pyarrow.parquet

    # By its own types: pandas' would make floats of whole numbers where one is missing.
    table = pyarrow.table([_arrow(column) for column in values.values()], names=list(map(encodable, values)))
    pyarrow.parquet.write_table(table, path)


def _arrow(values: list[Any]) -> Any:
    """A column as Arrow has it: as texts, where it has no type for all its values."""
    import pyarrow

    for change in (None, plain):
        changed = values if change is None else list(map(change, values))
        with contextlib.suppress(pyarrow.ArrowException, ValueError, TypeError, OverflowError):
            column = pyarrow.array(changed, from_pandas=True)
            if _is_storable(column.type):
                return column
    return pyarrow.array(list(map(as_text, values)), pyarrow.string())


def _is_storable(kind: Any) -> bool:
    """Whether Parquet has this type: it has no records without fields."""
    import pyarrow

    if pyarrow.types.is_struct(kind) and not kind.num_fields:
        return False
    return all(_is_storable(kind.field(place).type) for place in range(kind.num_fields))


_WRITERS = {".csv": _write_csv, ".tsv": _write_tsv, ".jsonl": _write_json, ".parquet": _write_parquet}


def check_writable(path: Path) -> None:
    """Raise ValueError where a table cannot be written there: before hours of work, not after."""
    if kind_of(path) == ".parquet":
        _pandas("writes")
    if not path.parent.is_dir():
        raise ValueError(f"There is no folder {path.parent}: make it first.")


def _cell(value: Any) -> Any:
    """A value as CSV has it: a list or an object as JSON."""
    value = plain(value)
    return json_text(value) if isinstance(value, dict | list) else value


def _escaped(rows: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """The rows, with an apostrophe before each text that a spreadsheet would take for a formula."""
    for row in rows:
        yield {
            name: f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
            for name, value in row.items()
        }


def _header(path: Path, names: list[str]) -> list[str]:
    if not names:
        raise ValueError(_empty(path))
    twice = next((name for place, name in enumerate(names) if name in names[:place]), None)
    if twice is not None:
        raise ValueError(f"{path} has two columns {twice!r}: give each a name of its own.")
    return names


def _empty(path: Path) -> str:
    return f"{path} is empty: its first line has to name the columns."


def _without_nul(path: Path, lines: Iterable[str]) -> Iterator[str]:
    # Python before 3.11 refuses them, and later ones take them for text.
    for number, line in enumerate(lines, start=1):
        if "\0" in line:
            raise ValueError(f"Line {number:,} of {path} holds a NUL character: it is no text, or not in UTF-8.")
        yield line


def _pandas(does: str) -> Any:
    try:
        import pandas
        import pyarrow  # noqa: F401
    except ImportError as exc:
        raise ValueError(f'Pandas {does} Parquet with pyarrow: python -m pip install "pandas" "pyarrow".') from exc
    return pandas
