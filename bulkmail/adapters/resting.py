"""Tables at rest in files, on their way from one process to the next. They are read and not mapped: of a file that is
mapped the disk is freed when Python lets go of the table, and everybody waits for the disk."""

import shutil
import tempfile
import weakref
from pathlib import Path

import pandas as pd
import pyarrow as pa


class Resting:
    """A table that is read when somebody asks for it: what a process apart made lies in a file, which the next one is
    given as it is, and which goes when nobody holds this any more. Where nothing was done apart, the table itself."""

    def __init__(self, table: pd.DataFrame | None = None, *, path: str = "") -> None:
        self.path, self._table = path, table

    @property
    def table(self) -> pd.DataFrame:
        """The table, read once."""
        if self._table is None:
            self._table = read_frame(self.path)
        return self._table

    @classmethod
    def of_file(cls, path: str) -> "Resting":
        """The table in this file, which is taken away to a folder of its own."""
        folder = tempfile.mkdtemp(prefix="bulkmail-")
        moved = cls(path=shutil.move(path, folder))
        weakref.finalize(moved, shutil.rmtree, folder, ignore_errors=True)
        return moved


def write_frame(path: Path | str, frame: pd.DataFrame) -> None:
    """Write a table for `read_frame`, which gives it back as it is."""
    table = pa.Table.from_pandas(frame)
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)


def read_frame(path: Path | str) -> pd.DataFrame:
    """The table that `write_frame` wrote."""
    with pa.OSFile(path) as file:
        return pa.ipc.open_file(file).read_all().to_pandas(split_blocks=True)
