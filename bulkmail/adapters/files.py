"""Files of the workspace: large tables as Parquet named by the hash of their bytes, layouts, and texts of campaigns."""

import hashlib
import os
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

import bulkmail
from bulkmail.errors import InputError, StateError

LAYOUTS = Path(bulkmail.__file__).parent / "layouts"
LAYOUT_FORMATS = (".mjml", ".html")
ROWS_PER_GROUP = 5_000  # a batch of 1,000 then costs the reading of one or two groups, not of the whole plan
TEXT_BYTES = 5_000_000
_PLAIN_NAME = re.compile(r"[\w][\w .-]*\Z")


# ---------------------------------------------------------------- tables


def save_table(home: Path, frame: pd.DataFrame) -> str:
    """The content hash (sha256, hex) under which the frame now rests, safely on the disk. Same frame, same hash."""
    folder = home / "tables"
    draft = folder / f".draft-{os.urandom(8).hex()}"
    try:
        table = pa.Table.from_pandas(frame, preserve_index=False)
        with draft.open("xb") as file:
            pq.write_table(table, file, row_group_size=ROWS_PER_GROUP, compression="zstd")
            file.flush()
            os.fsync(file.fileno())
        content_hash = _hash_of(draft)
        draft.replace(_path(home, content_hash))
        _fsync_folder(folder)
    finally:
        draft.unlink(missing_ok=True)
    return content_hash


def load_table(
    home: Path, content_hash: str, *, start: int = 0, stop: int | None = None, columns: Sequence[str] | None = None
) -> pd.DataFrame:
    """Rows `start` to `stop` (exclusive) of the frame; only the groups they lie in are read. StateError when gone."""
    path = _there(home, content_hash)
    with pq.ParquetFile(path, memory_map=True) as file:
        stop = file.metadata.num_rows if stop is None else min(stop, file.metadata.num_rows)
        groups, first = _groups(file.metadata, start, stop)
        if len(groups) == 1:
            table = _group(path, path.stat().st_mtime_ns, groups[0], tuple(columns) if columns is not None else None)
        else:
            table = file.read_row_groups(groups, columns=list(columns) if columns is not None else None)
        return table.slice(start - first, max(stop - start, 0)).to_pandas()


def load_rows(home: Path, content_hash: str, column: str, values: Collection[object]) -> pd.DataFrame:
    """The rows of the frame with one of these values in a column; of a sorted column only the groups they lie in are
    read. StateError when the file is gone."""
    return pq.read_table(_there(home, content_hash), filters=[(column, "in", list(values))]).to_pandas()


def _there(home: Path, content_hash: str) -> Path:
    path = _path(home, content_hash)
    if not path.exists():
        raise StateError(
            "The file tables/{name} of this workspace is missing. Restore it from a backup.", name=path.name
        )
    return path


@lru_cache(maxsize=2)
def _group(path: Path, changed_at: int, group: int, columns: tuple[str, ...] | None) -> pa.Table:
    """One group of rows, kept at hand: the batches of a plan come one after another, several to a group."""
    with pq.ParquetFile(path, memory_map=True) as file:
        return file.read_row_group(group, columns=list(columns) if columns is not None else None)


def remove_tables(home: Path, content_hashes: Iterable[str]) -> None:
    """Remove tables that nobody names any more."""
    for content_hash in content_hashes:
        _path(home, content_hash).unlink(missing_ok=True)


def save_document(home: Path, data: bytes) -> str:
    """The hash (sha256, hex) under which a document is kept as it came; the same document is kept once."""
    folder = home / "documents"
    folder.mkdir(mode=0o700, exist_ok=True)
    content_hash = hashlib.sha256(data).hexdigest()
    draft = folder / f".draft-{os.urandom(8).hex()}"
    draft.write_bytes(data)
    draft.replace(folder / content_hash)
    return content_hash


def document(home: Path, content_hash: str) -> bytes | None:
    """A kept document; None where there is none, or where it is no longer what was kept."""
    path = home / "documents" / content_hash
    if not re.fullmatch("[0-9a-f]{64}", content_hash) or not path.exists():
        return None
    data = path.read_bytes()
    return data if hashlib.sha256(data).hexdigest() == content_hash else None


def is_sound(home: Path, content_hash: str) -> bool:
    """Whether the table is there and its bytes are still those that were saved."""
    path = _path(home, content_hash)
    return path.exists() and _hash_of(path) == content_hash


def _groups(metadata: pq.FileMetaData, start: int, stop: int) -> tuple[list[int], int]:
    """The row groups that hold rows `start` to `stop`, and the number of the first row in them."""
    groups, first, seen = [], 0, 0
    for number in range(metadata.num_row_groups):
        rows = metadata.row_group(number).num_rows
        if seen < stop and seen + rows > start:
            first = first if groups else seen
            groups.append(number)
        seen += rows
    return groups, first if groups else start


def _path(home: Path, content_hash: str) -> Path:
    return home / "tables" / f"{content_hash}.parquet"


def _hash_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _fsync_folder(folder: Path) -> None:
    """Make the new name durable too (a rename is an entry of the folder). Windows cannot and need not."""
    if os.name != "nt":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


# ---------------------------------------------------------------- layouts and texts


def layouts(home: Path) -> list[str]:
    """The names of the layouts that can be used: those of the workspace and ours."""
    return sorted({path.name for folder in _layout_folders(home) for path in _layout_files(folder)})


def layout(home: Path, name: str) -> str:
    """The source of a layout; the workspace's own `layouts` folder goes before ours. InputError if none."""
    if _PLAIN_NAME.match(name):
        for folder in _layout_folders(home):
            if (folder / name) in _layout_files(folder):
                return read_text(folder / name).replace("[[head]]", read_text(LAYOUTS / "head.part"))
    known = ", ".join(layouts(home))
    raise InputError("There is no layout called {name}. There are: {known}.", name=name, known=known)


def read_text(path: Path) -> str:
    """The text of a file (UTF-8, a byte order mark is dropped). InputError says what is wrong with the file."""
    try:
        if path.stat().st_size > TEXT_BYTES:
            raise InputError("{name} is larger than {limit} bytes. Shorten it.", name=path.name, limit=TEXT_BYTES)
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise InputError("There is no file {name}.", name=path.name) from error
    except UnicodeDecodeError as error:
        raise InputError("{name} is not UTF-8 text. Save it again as UTF-8.", name=path.name) from error
    except OSError as error:
        raise InputError("{name} cannot be read.", name=path.name) from error


def _layout_folders(home: Path) -> tuple[Path, Path]:
    return home / "layouts", LAYOUTS


def _layout_files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.glob("*") if path.suffix in LAYOUT_FORMATS and path.is_file())
