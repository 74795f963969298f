"""The shape of the house: imports point down only, and the world stays outside the core."""

import ast
import sys
from pathlib import Path

import pytest

HOUSE = Path(__file__).parents[1]
PACKAGE = HOUSE / "bulkmail"
FILES = sorted(path.relative_to(HOUSE) for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts)
GROUND, ROOF = {"model", "facts", "errors", "limits"}, {"cli", "wiring", "__main__"}
ACTORS = {"people", "prepare", "send", "results", "planning", "importing", "web", "rehearsal"}
ONLY_IN = {
    "streamlit": {"nowhere"}, "sendgrid": {"adapters"}, "dns": {"adapters"}, "sqlalchemy": {"adapters"},
    "alembic": {"adapters"}, "plotly": {"charts"}, "urllib3": {"adapters"}, "filelock": {"adapters"},
    "dkim": {"adapters"}, "authres": {"adapters"},
    "starlette": {"web", "rehearsal", "wiring"}, "uvicorn": {"rehearsal", "wiring"}, "click": {"cli"}, "rich": {"cli"},
}  # fmt: skip
WORLD = {"open", "datetime.now", "date.today", "time.time", "os.environ", "os.getenv", "datetime.utcnow"}
# the table of who may import whom, by storey (adapters stand beside storey 2 and see the ground only)
STOREY = {"ground": 0, "tips": 1, "pure": 2, "adapters": 2, "actors": 3, "roof": 4}


def room(path):
    return path.parts[1].removesuffix(".py")


def tip(path_or_name):
    """The tip that a path or the name of a module belongs to; a tip of several files is a folder."""
    return str(path_or_name).removesuffix(".py").replace("/", ".").split(".")[2:3]


def storey(name):
    if name in GROUND:
        return "ground"
    if name in {"tips", "adapters"}:
        return name
    return "actors" if name in ACTORS else "roof" if name in ROOF else "pure"


def imports(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, 0) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            from_package = [f"bulkmail.{alias.name}" for alias in node.names]
            yield from ((name, node.level) for name in (from_package if node.module == "bulkmail" else [node.module]))


def may_import(here, there):
    low, high = storey(there), storey(here)
    if here == there:
        return True
    if high == "roof":
        return True
    if high == "adapters":
        return low == "ground"
    return STOREY[low] < STOREY[high] and not (low == "adapters" and high != "actors")


@pytest.mark.parametrize("path", FILES, ids=str)
def test_imports_point_down(path):
    if path.name == "__init__.py":
        return
    for name, level in imports(ast.parse((HOUSE / path).read_text(encoding="utf-8"))):
        assert level == 0, f"{path}: a relative import hides its storey"
        top, _, rest = name.partition(".")
        if top == "bulkmail" and rest and not rest.startswith("__"):
            assert may_import(room(path), rest.split(".")[0]), f"{path} must not import {name}"
            assert room(path) != "tips" or not name.startswith("bulkmail.tips") or tip(path) == tip(name), path
        allowed = ONLY_IN.get(top)
        assert not allowed or room(path) in allowed, f"{path} must not import {top}"


@pytest.mark.parametrize("path", [p for p in FILES if storey(room(p)) in {"ground", "tips", "pure"}], ids=str)
def test_the_core_reads_no_clock_file_or_environment(path):
    tree = ast.parse((HOUSE / path).read_text(encoding="utf-8"))
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call | ast.Attribute)):
        target = ast.unparse(call.func if isinstance(call, ast.Call) else call)
        assert target not in WORLD, f"{path}:{call.lineno} reaches into the world: {target}"


def test_no_page_hides_an_installed_module():
    names = {path.stem for path in (HOUSE / "pages").glob("*.py")}
    assert not names & set(sys.stdlib_module_names)


def test_no_page_sends_mail():
    for path in (HOUSE / "pages").glob("*.py"):
        names = {name for name, _ in imports(ast.parse(path.read_text(encoding="utf-8")))}
        assert not names & {"bulkmail.send", "bulkmail.adapters.sendgrid_api", "sendgrid"}, path
