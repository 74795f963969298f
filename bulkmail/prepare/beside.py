"""Work on a workspace, for the pages: done here where a list is short, in a process apart where it is long."""

from collections.abc import Callable
from typing import Concatenate, ParamSpec, TypeVar

from bulkmail import limits
from bulkmail.adapters.apart import apart, apart_telling
from bulkmail.adapters.settings import Settings
from bulkmail.adapters.workspace import Workspace, open_workspace

_Parameters = ParamSpec("_Parameters")
_Result = TypeVar("_Result")


def beside(
    ws: Workspace, rows: int, work: Callable[Concatenate[Workspace, _Parameters], _Result], *args: _Parameters.args
) -> _Result:
    """What `work(ws, *args)` returns or raises, for a list of so many rows; see `apart` for what it can be given."""
    return apart(_there, work, ws.settings, *args) if _is_long(rows) else work(ws, *args)


def beside_telling(
    tell: Callable[[int, int], object], ws: Workspace, rows: int, work: Callable[..., _Result], *args: object
) -> _Result:
    """As `beside`. `work` is given `on_progress` besides, and what it says there, `tell` is told."""
    if _is_long(rows):
        return apart_telling(tell, _there, work, ws.settings, *args)
    return work(ws, *args, on_progress=tell)


def _is_long(rows: int) -> bool:
    """Whether work on so many rows would hold up everybody else."""
    return rows > limits.JUDGED_APART_ROWS.value


def _there(work: Callable[..., _Result], settings: Settings, *args: object, **kwargs: object) -> _Result:
    return work(open_workspace(settings), *args, **kwargs)
