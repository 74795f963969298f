"""Names that cannot be names, and people who stand in a list under several addresses."""

import re

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from bulkmail.tips.addressing.columns import cells_of, fingerprints, mask, repeated, text_of

_PARTS = ("name", "given_name", "family_name")
# Headers of cells that tell people apart; families share a telephone, which therefore needs the same name.
_NUMBER_OF_A_PERSON = re.compile(
    r"(?i)(?:student|staff|member(?:ship)?|alumni|employee|person)[ _]*(?:id|no|num(?:ber)?)\b|學號|学号|"
    r"(?:學生|学生|會員|会员|員工|员工|職員|职员|校友)(?:編號|编号|證號|号码|號碼)|"
    r"n[úu]mero[ _]de[ _](?:aluno|s[óo]cio)"
)
_TELEPHONE = re.compile(r"(?i)phone|mobile|\btel\b|whatsapp|電話|电话|手機|手机|手提|telem[óo]vel|telefone")
# Digits, addresses, words of forms and tests, capitals from end to end (a greeting would shout), full-width white
# space, and what holds no letter.
_NOT_A_NAME = (
    r"[0-9@＠０-９]"
    r"|(?i:\A\s*(?:test(?:ing|er)?|asdf\w*|qwerty|x{2,}|n/?a|none|null|nil|unknown|no name|anonymous|name|first name|"
    r"last name|user|admin|guest|dummy|sample|demo|teste|desconhecido|"
    r"測試|测试|無名|无名|匿名|未知|姓名|無|无|沒有|没有)\s*\z)"
    r"|\A[^\p{Ll}\p{Lo}]*\p{Lu}{2}[^\p{Ll}\p{Lo}]*\p{Lu}{2}[^\p{Ll}\p{Lo}]*\z"
    r"|\A\p{Lu}{4,}\z|\x{3000}|\A[^\p{L}]+\z"
)


def is_no_name(table: pd.DataFrame) -> pd.Series:
    """Which rows have something in a column of names that cannot be a name; an empty cell is none and is not meant."""
    columns = [cells_of(table, part).dictionary_encode() for part in _PARTS if part in table]
    words = pa.chunked_array([column.dictionary for column in columns], pa.large_string()).combine_chunks()
    found = mask(pc.and_(pc.match_substring_regex(words, _NOT_A_NAME), pc.not_equal(words, "")))
    strange, seen = np.zeros(len(table), bool), 0
    for column in columns:
        strange |= found[seen + column.indices.to_numpy()]
        seen += len(column.dictionary)
    return pd.Series(strange, index=table.index)


def several_addresses(table: pd.DataFrame) -> pd.Series:
    """Which rows are of a person who seems to stand in the list under several mailboxes (`shared` of `clues`)."""
    near = np.flatnonzero(_may_share(table))
    found = clues(table.iloc[near])
    rows = np.unique(found["place"].filter(pa.array(shared(found))).to_numpy())
    several = np.zeros(len(table), bool)
    several[near[rows]] = True
    return pd.Series(several, index=table.index)


def _may_share(table: pd.DataFrame) -> np.ndarray:
    """Which rows may have a clue in common with another: compared by numbers, which costs a tenth of texts."""
    near = np.zeros(len(table), bool)
    for left, right in _pairs(table):
        number = left.dictionary_encode().indices.to_numpy().astype(np.uint64) << np.uint64(40)
        near |= repeated(number + fingerprints(right))
    return near


def clues(table: pd.DataFrame) -> pa.Table:
    """A row for each clue to who somebody is: `place` of the row in the table, `clue`, `mailbox`. Clues are the name
    with the part before the @, the name with a telephone, and a member's or student's number."""
    mailbox = cells_of(table, "mailbox")
    return pa.concat_tables([_clue(mailbox, left, right) for left, right in _pairs(table)]).combine_chunks()


def _pairs(table: pd.DataFrame) -> list[tuple[pa.Array, pa.Array]]:
    """The two texts that make each kind of clue."""
    columns = {column: column.removeprefix("field.") for column in table.columns if column.startswith("field.")}
    numbers = [column for column, header in columns.items() if _NUMBER_OF_A_PERSON.search(header)]
    telephones = [column for column, header in columns.items() if _TELEPHONE.search(header)]
    name, local = _name(table), _local(cells_of(table, "mailbox"))
    return [
        (name, local),
        *((name, _digits(cells_of(table, column))) for column in telephones),
        *((pa.repeat(text_of(column), len(table)), cells_of(table, column)) for column in numbers),
    ]


def _clue(mailbox: pa.Array, left: pa.Array, right: pa.Array) -> pa.Table:
    whole = mask(pc.and_(pc.not_equal(mailbox, ""), pc.and_(pc.not_equal(left, ""), pc.not_equal(right, ""))))
    clue = pc.binary_join_element_wise(left, right, text_of("\n"))
    places = pa.array(np.arange(len(mailbox)))
    return pa.table({"place": places, "clue": clue, "mailbox": mailbox}).filter(pa.array(whole))


def _digits(cells: pa.Array) -> pa.Array:
    """Telephone numbers as digits alone; too short to be one is ""."""
    dressed = pc.invert(pc.ascii_is_decimal(cells))
    if pc.any(dressed).as_py():
        bare = pc.replace_substring_regex(cells.filter(dressed), r"[^0-9]+", "")
        cells = pc.replace_with_mask(cells, dressed, bare)
    short = pc.less(pc.binary_length(cells), 7)
    return pc.if_else(short, text_of(""), cells) if pc.any(short).as_py() else cells


def _name(table: pd.DataFrame) -> pa.Array:
    """The name as it is compared: without case and spaces."""
    parts = ["name"] if "name" in table else [part for part in ("family_name", "given_name") if part in table]
    cells = [_folded(cells_of(table, part).dictionary_encode()) for part in parts]
    return pc.binary_join_element_wise(*cells, text_of("")) if cells else pa.repeat(text_of(""), len(table))


def _folded(names: pa.DictionaryArray) -> pa.Array:
    """Each name, of which many stand often, without case and white space."""
    return pc.replace_substring_regex(pc.utf8_lower(names.dictionary), r"[\s\x{3000}]+", "").take(names.indices)


def _local(mailbox: pa.LargeStringArray) -> pa.LargeStringArray:
    """The part before the @ without dots and tags."""
    halves = pc.split_pattern(mailbox, "@", max_splits=1)
    local = pc.replace_substring(pc.list_element(halves, 0), ".", "")
    tagged = pc.match_substring(local, "+")
    return pc.replace_with_mask(local, tagged, pc.replace_substring_regex(local.filter(tagged), r"\+.*", ""))


def shared(clues: pa.Table) -> np.ndarray:
    """Which clues lead to more than one mailbox, as long as all clues of a kind are in the table together."""
    key, mailbox = (clues[name].combine_chunks().dictionary_encode() for name in ("clue", "mailbox"))
    of_clue, of_mailbox = key.indices.to_numpy(), mailbox.indices.to_numpy()
    first = np.empty(len(key.dictionary), np.int64)
    first[of_clue[::-1]] = of_mailbox[::-1]  # the last to be written is the first of the list
    several = np.zeros(len(key.dictionary), bool)
    several[of_clue[of_mailbox != first[of_clue]]] = True
    return several[of_clue]
