"""Work in a process of its own, so that nobody else waits for it: Python runs one thread at a time, and a list of a
million rows would hold up every click of every person for seconds.

What is called lies in a folder that only this user can read, tables in files of their own there; uploads are handed
over through a pipe, at the pace of who reads them, and so does what comes back. A table that one such process hands to
the next stays in its file (`Resting`).
"""

import io
import itertools
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from typing import BinaryIO, ParamSpec, TypeVar

import numpy as np
import pandas as pd

from bulkmail.adapters.resting import Resting, read_frame, write_frame

_LARGE_BYTES, _MANY = 1_000_000, 20_000  # bytes, and numbers of rows, that stay out of the pickle
_QUESTION, _PROGRESS, _NOTED, _LOOK_SECONDS = "question", "progress", 20, 0.3
# Arrow's own allocator asks the system for pages of 2 MB again and again: to judge a million rows takes half as long
# again, and to clear such pages holds up other processors of a virtual machine.
_ALLOCATOR = {"ARROW_DEFAULT_MEMORY_POOL": "system"}
_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")


def apart(work: Callable[_Parameters, _Result], *args: _Parameters.args, **kwargs: _Parameters.kwargs) -> _Result:
    """What `work(*args, **kwargs)` returns or raises, from a new process. `work` stands in a module; everything that
    goes in or out can be pickled. RuntimeError where the process dies, of too little memory say."""
    return _apart(lambda folder: (work, args, kwargs), lambda folder: None)


def apart_telling(tell: Callable[[int, int], object], work: Callable[..., _Result], *args: object) -> _Result:
    """As `apart`. `work` is given `on_progress` besides; what it says there, `tell` is told here, thrice a second."""

    def pass_on(folder: Path) -> None:
        with suppress(OSError, ValueError):  # not written yet, or just being written
            done, whole = (folder / _PROGRESS).read_text().split()
            tell(int(done), int(whole))

    return _apart(lambda folder: (work, args, {"on_progress": partial(_note, folder / _PROGRESS)}), pass_on)


def _note(path: Path, done: int, whole: int) -> None:
    if done % _NOTED == 0 or done == whole:
        path.write_text(f"{done} {whole}")


def _apart(call: Callable[[Path], tuple], meanwhile: Callable[[Path], None]) -> _Result:
    with tempfile.TemporaryDirectory(prefix="bulkmail-", ignore_cleanup_errors=True) as folder:
        there = {**_ALLOCATOR, **os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        command = [sys.executable, "-m", "bulkmail.adapters.aside", folder]
        uploads: list[bytes] = []
        Path(folder, _QUESTION).write_bytes(_packed(call(Path(folder)), Path(folder), uploads))
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=there) as process:
            _hand_over(process, uploads)
            answer = _answer(process, partial(meanwhile, Path(folder)))
        if process.returncode:
            raise RuntimeError(f"the process apart ended with {process.returncode}")
        result, error = _Unpacker(io.BytesIO(answer), Resting.of_file).load()
    if error is not None:
        raise error
    return result


def _hand_over(process: subprocess.Popen, uploads: list[bytes]) -> None:
    with suppress(BrokenPipeError):  # it has died, which is said below
        for upload in uploads:
            process.stdin.write(upload)
        process.stdin.flush()


def _answer(process: subprocess.Popen, meanwhile: Callable[[], None]) -> bytes:
    answer = None
    while answer is None:
        with suppress(subprocess.TimeoutExpired):
            answer = process.communicate(timeout=_LOOK_SECONDS)[0]
        meanwhile()
    return answer


def _packed(value: object, folder: Path, uploads: list[bytes] | None = None) -> bytes:
    file = io.BytesIO()
    _Packer(file, folder, uploads).dump(value)
    return file.getvalue()


class _Packer(pickle.Pickler):
    """Writes tables, large byte strings and many numbers beside the pickle, each once; those in files stay in them.
    Where there are `uploads`, large byte strings join them instead: to write a hundred megabytes holds up others."""

    def __init__(self, file: BinaryIO, folder: Path, uploads: list[bytes] | None) -> None:
        super().__init__(file, protocol=5)
        self.folder, self.written, self.uploads = folder, {}, uploads

    def persistent_id(self, value: object) -> tuple[str, str] | None:
        if isinstance(value, Resting):
            return "resting", value.path or self._written(value.table, write_frame)
        if isinstance(value, pd.DataFrame):
            return "frame", self._written(value, write_frame)
        if isinstance(value, bytes) and len(value) >= _LARGE_BYTES:
            return self._large(value)
        if isinstance(value, tuple) and len(value) >= _MANY and set(map(type, value)) == {int}:
            return "numbers", self._written(value, _write_numbers)
        return None

    def _large(self, value: bytes) -> tuple[str, str]:
        if self.uploads is None:
            return "bytes", self._written(value, Path.write_bytes)
        if not any(value is known for known in self.uploads):
            self.uploads.append(value)
        at = next(number for number, known in enumerate(self.uploads) if value is known)
        return "upload", f"{at} {len(value)}"

    def _written(self, value: object, write: Callable) -> str:
        if id(value) not in self.written:
            path = self.folder / os.urandom(8).hex()
            write(path, value)
            self.written[id(value)] = str(path), value  # kept, so that its id is not given to another
        return self.written[id(value)][0]


class _Unpacker(pickle.Unpickler):
    def __init__(self, file: BinaryIO, rest: Callable[[str], Resting]) -> None:
        super().__init__(file)
        self.read = {"resting": rest, "frame": read_frame, "bytes": _read_bytes, "numbers": _read_numbers}
        self.read["upload"] = cache(_read_upload)  # once, though it may be named twice

    def persistent_load(self, told: tuple[str, str]) -> object:
        kind, path = told
        return self.read[kind](path)


def _read_bytes(path: str) -> bytes:
    return Path(path).read_bytes()


def _read_upload(told: str) -> bytes:
    size = int(told.split()[1])
    data = sys.stdin.buffer.read(size)
    if len(data) < size:
        raise EOFError("who asked is gone")
    return data


def _write_numbers(path: Path, numbers: tuple[int, ...]) -> None:
    np.array(numbers, np.int64).tofile(path)


def _read_numbers(path: str) -> tuple[int, ...]:
    """The numbers, made in parts, between which others have their turn; while a pickle is read, nobody has."""
    numbers = np.fromfile(path, np.int64)
    parts = (numbers[start : start + _MANY].tolist() for start in range(0, len(numbers), _MANY))
    return tuple(itertools.chain.from_iterable(parts))


def main() -> None:
    """Do what is asked in the folder that is named, and answer on standard output, with tables in that folder."""
    folder = Path(sys.argv[1])
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not stand in the answer
    with (folder / _QUESTION).open("rb") as question:
        work, args, kwargs = _Unpacker(question, lambda path: Resting(path=path, is_mapped=True)).load()
    try:
        told = work(*args, **kwargs), None
    except Exception as error:
        told = None, error
    answer.write(_packed(told, folder))
