"""Folders of files too large for one machine: Spark runs the kernels it is handed, on the user's own cluster.

No rule lives here. A kernel takes a table of Arrow and gives one, and knows nothing of Spark; what it needs besides
travels inside it. Rows that have to be judged together (those of a person, those with a clue in common) are brought
together by their key and put in the order of the list first.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa

from bulkmail.errors import SettingsError

Kernel = Callable[[pa.Table], pa.Table]
_IN_ORDER = "source_row"
_DOT = "\u2024"  # in names of columns; to Spark a dot is a field of a struct
_TASK_BYTES = 100_000_000  # of files read by one task
_NO_FILES = pa.table({"name": pa.array([], pa.string()), "content": pa.array([], pa.binary())})


@dataclass(frozen=True, kw_only=True)
class Folder:
    """The files of a folder as rows of `name` and `content` in Spark."""

    files: Any

    def run(self, kernel: Kernel, *, keep: bool = False) -> Any:
        """A Spark table of what the kernel makes of each file; `keep` when it is asked for more than once."""

        def work(files: pa.Table) -> pa.Table:
            names = pa.array(map(unquote, files["name"].to_pylist()), pa.string())
            return kernel(files.set_column(0, "name", names))

        found = _mapped(self.files, work, kernel(_NO_FILES))
        return found.persist() if keep else found


@contextmanager
def opened(path: str, suffixes: tuple[str, ...]) -> Iterator[Folder]:
    """Yield the files below a path that end so. Spark is the session that is there, or a new one as
    `spark-submit` and Spark's own settings say. SettingsError without PySpark or Java."""
    session = _session()
    wanted = "*{" + ",".join([*suffixes, *map(str.upper, suffixes)]) + "}"
    reader = session.read.format("binaryFile").option("recursiveFileLookup", "true").option("pathGlobFilter", wanted)
    place = path if "://" in path else Path(path).resolve().as_uri()
    found = reader.load(place)
    count, size = found.selectExpr("count(*)", "coalesce(sum(length), 0)").first()
    parts = min(count, max(session.sparkContext.defaultParallelism, size // _TASK_BYTES))
    yield Folder(files=found.selectExpr("path as name", "content").repartition(max(parts, 1), "name"))
    session.catalog.clearCache()


def _session() -> Any:
    try:
        from pyspark.errors import PySparkException
        from pyspark.sql import SparkSession
    except ImportError as error:
        raise SettingsError("Spark is not installed: pip install 'bulkmail[spark]', and Java 17.") from error
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # a cluster says its own
    try:
        return SparkSession.builder.appName("bulkmail").config("spark.ui.enabled", "false").getOrCreate()
    except (PySparkException, OSError) as error:
        raise SettingsError("Spark does not start. It needs Java 17; see JAVA_HOME.") from error


def mapped(rows: Any, kernel: Kernel, *, by: str = "") -> Any:
    """A Spark table of what the kernel makes of the rows: a batch at a time, or with `by` all rows that share a value
    of that column together and in their order."""
    gathered = rows.repartition(by).sortWithinPartitions(_IN_ORDER) if by else rows
    return _mapped(gathered, kernel, kernel(_dotted(rows.limit(0).toArrow())), whole=bool(by))


def _mapped(rows: Any, kernel: Kernel, example: pa.Table, *, whole: bool = True) -> Any:
    from pyspark.sql.pandas.types import from_arrow_schema

    def work(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        groups = [list(batches)] if whole else ([batch] for batch in batches)
        for group in filter(None, groups):
            yield from _plain(kernel(_dotted(pa.Table.from_batches(group)))).to_batches()

    return rows.mapInArrow(work, from_arrow_schema(_plain(example).schema))


def _plain(table: pa.Table) -> pa.Table:
    """The table as Spark expects it: texts whose positions fit into 32 bits, names without dots."""
    kinds = ((field.name.replace(".", _DOT), field.type) for field in table.schema)
    texts = [(name, pa.string() if pa.types.is_large_string(kind) else kind) for name, kind in kinds]
    return table.rename_columns([name for name, _ in texts]).cast(pa.schema(texts))


def _dotted(table: pa.Table) -> pa.Table:
    return table.rename_columns([name.replace(_DOT, ".") for name in table.column_names])
