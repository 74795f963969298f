"""Tables in files: named by their content, read back as they were, in part where only a part is needed."""

import pandas as pd
import pytest

from bulkmail.adapters import files
from bulkmail.errors import InputError, StateError


@pytest.fixture
def home(tmp_path):
    (tmp_path / "tables").mkdir()
    return tmp_path


def a_frame(rows):
    frame = pd.DataFrame({"position": range(rows), "姓名": [f"陳{n}" for n in range(rows)]})
    return frame.assign(empty="").astype({"empty": "str"})


def test_a_table_comes_back_as_it_was(home):
    frame = a_frame(12_345)
    pd.testing.assert_frame_equal(files.load_table(home, files.save_table(home, frame)), frame)


def test_the_same_table_is_the_same_file(home):
    assert files.save_table(home, a_frame(10)) == files.save_table(home, a_frame(10))
    assert files.save_table(home, a_frame(10)) != files.save_table(home, a_frame(11))
    assert len(list((home / "tables").iterdir())) == 2


@pytest.mark.parametrize(
    ("start", "stop"), [(0, 1), (4_999, 5_001), (9_000, 10_000), (12_344, 99_999), (5, 5), (20_000, None)]
)
def test_a_part_is_the_same_as_a_part_of_the_whole(home, start, stop):
    frame = a_frame(12_345)
    part = files.load_table(home, files.save_table(home, frame), start=start, stop=stop)
    pd.testing.assert_frame_equal(part, frame.iloc[start:stop].reset_index(drop=True))


def test_only_the_columns_asked_for_are_read(home):
    assert list(files.load_table(home, files.save_table(home, a_frame(3)), columns=["姓名"])) == ["姓名"]


def test_a_table_without_rows_comes_back(home):
    frame = a_frame(0)
    pd.testing.assert_frame_equal(files.load_table(home, files.save_table(home, frame)), frame, check_dtype=False)


def test_a_changed_file_is_noticed(home):
    content_hash = files.save_table(home, a_frame(10))
    assert files.is_sound(home, content_hash)
    path = home / "tables" / f"{content_hash}.parquet"
    path.write_bytes(path.read_bytes() + b"x")
    assert not files.is_sound(home, content_hash)


def test_a_missing_file_says_what_to_do(home):
    with pytest.raises(StateError, match="Restore it from a backup"):
        files.load_table(home, "0" * 64)


def test_a_failed_save_leaves_no_draft(home):
    with pytest.raises(Exception, match=r"Conversion failed|Expected bytes"):
        files.save_table(home, pd.DataFrame({"mixed": [1, "a", object()]}))
    assert not list((home / "tables").iterdir())


def test_a_layout_of_the_workspace_goes_before_ours(home):
    (home / "layouts").mkdir()
    (home / "layouts" / "house.mjml").write_text("<mjml>ours</mjml>", encoding="utf-8")
    assert "house.mjml" in files.layouts(home)
    assert files.layout(home, "house.mjml") == "<mjml>ours</mjml>"


@pytest.mark.parametrize("name", ["../secret.html", "/etc/passwd", "..", "", "none.html", "house.txt", "a\x00.html"])
def test_a_layout_is_never_read_from_elsewhere(home, name):
    (home / "layouts").mkdir()
    (home / "layouts" / "house.txt").touch()
    (home / "secret.html").touch()
    with pytest.raises(InputError, match="no layout called"):
        files.layout(home, name)


def test_a_text_may_begin_with_a_byte_order_mark(home):
    (home / "letter.md").write_bytes("\ufeff你好".encode())
    assert files.read_text(home / "letter.md") == "你好"


@pytest.mark.parametrize(
    ("content", "message"), [(None, "no file"), ("你好".encode("big5"), "UTF-8"), (b"x" * 5_000_001, "larger")]
)
def test_a_text_that_cannot_be_used_says_why(home, content, message):
    if content is not None:
        (home / "letter.md").write_bytes(content)
    with pytest.raises(InputError, match=message):
        files.read_text(home / "letter.md")
