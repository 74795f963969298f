"""Tables at rest in files, on their way from one process to the next. A process apart maps them, which takes no memory;
elsewhere they are read: of a file that is mapped the disk is freed when Python lets go of the table, and everybody who
clicks waits for the disk."""

import shutil
import tempfile
import weakref
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pyarrow as pa


class Resting:
    """A table that is read when somebody asks for it: what a process apart made lies in a file, which the next one is
    given as it is, and which goes when nobody holds this any more. Where nothing was done apart, the table itself."""

    def __init__(self, table: pd.DataFrame | None = None, *, path: str = "", is_mapped: bool = False) -> None:
        self.path, self._table, self._is_mapped = path, table, is_mapped

    @property
    def table(self) -> pd.DataFrame:
        """The table, read once."""
        if self._table is None:
            self._table = read_frame(self.path, pa.memory_map if self._is_mapped else pa.OSFile)
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


def read_frame(path: Path | str, opened: Callable[[str], pa.NativeFile] = pa.OSFile) -> pd.DataFrame:
    """The table that `write_frame` wrote."""
    with opened(str(path)) as file:
        return pa.ipc.open_file(file).read_all().to_pandas(split_blocks=True)
