"""Several people at a server that has just begun, each of whom is the first on some page."""

from concurrent.futures import ThreadPoolExecutor

from tests.pages.conftest import app_server
from tests.pages.sessions import session

PEOPLE = 11  # as many as there are pages


def walk(address, turn):
    """Open three pages, each person others; what went wrong on which."""
    with session(address) as somebody:
        for name in (list(somebody.pages) * 2)[turn : turn + 3]:
            somebody.visit(name)
            yield from (f"{name}: {problem}" for problem in somebody.exceptions)


def test_pages_that_several_people_open_at_once_for_the_first_time_all_come(tmp_path):
    with app_server(tmp_path) as address, ThreadPoolExecutor(PEOPLE) as pool:
        seen = pool.map(lambda turn: list(walk(address, turn)), range(PEOPLE))
        assert [problem for problems in seen for problem in problems] == []
