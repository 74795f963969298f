"""Headers to fields: which column of a list is which, and the cells that name a language."""

import keyword
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence

from bulkmail.intake.grid import looks_like_address
from bulkmail.intake.words import FIELD_WORDS, LANGUAGE_WORDS
from bulkmail.model import FIELD_PREFIX, KNOWN_FIELDS

_BRACKETS = re.compile(r"[(\[【〔].*?[)\]】〕]")
_PARTS = re.compile(r"[/|\\\n·・]+|(?<=[⺀-鿿])\s*(?=[A-Za-zÀ-ɏ])|(?<=[A-Za-zÀ-ɏ.])\s*(?=[⺀-鿿])")
_TEMPLATE_WORDS = frozenset({"true", "false", "none", "loop", "self", "super", "varargs", "kwargs", "caller"})


def fold(header: str) -> str:
    """The header as it is compared: NFKD, without accents, case, white space and punctuation."""
    letters = (c for c in unicodedata.normalize("NFKD", header).casefold() if unicodedata.category(c) != "Mn")
    return re.sub(r"[\W_]+", "", "".join(letters))


_FIELD_OF = {fold(word): field for field, words in FIELD_WORDS.items() for word in words.split(";")}
_LANGUAGE_OF = {fold(word): language for language, words in LANGUAGE_WORDS.items() for word in words.split(";")}


def language_of(cell: str) -> str:
    """`zh-Hant` for any word for Chinese, `en` for English, "" for everything else (both at once, other languages)."""
    return _LANGUAGE_OF.get(fold(cell), "")


def field_of(header: str) -> str:
    """The known field a header names, "" for none. Two languages in one header (`姓名 Name`) and notes in brackets are
    understood."""
    plain = unicodedata.normalize("NFKC", header)
    parts = [plain, _BRACKETS.sub("", plain), *_PARTS.split(_BRACKETS.sub("", plain))]
    return next((_FIELD_OF[fold(part)] for part in parts if fold(part) in _FIELD_OF), "")


def find_header(head: Sequence[Sequence[str]], mapped: Iterable[str]) -> int | None:
    """The place of the first record that names the address and holds none; `mapped` are names given by hand."""
    by_hand = set(mapped)
    for place, record in enumerate(head):
        names_it = any(field_of(cell) == "address" or cell in by_hand for cell in record)
        if names_it and not any(map(looks_like_address, record)):
            return place
    return None


def assign(headers: Sequence[str], mapping: Mapping[str, str]) -> list[str]:
    """The column each header becomes: a known field, `field.<identifier>`, or "" for one that is to be ignored. Of
    several headers for one field the first has it, and what is mapped by hand comes before what is recognised."""
    by_hand = {field for header, field in mapping.items() if header in headers}
    columns: list[str] = []
    for header in headers:
        field = mapping.get(header, "" if field_of(header) in by_hand else field_of(header))
        if header in mapping and not field:
            columns.append("")
        elif field in KNOWN_FIELDS and field not in columns:
            columns.append(field)
        else:
            columns.append(_free(FIELD_PREFIX + identifier(header), columns))
    return columns


def _free(name: str, taken: Sequence[str]) -> str:
    numbered = (f"{name}_{number}" for number in range(2, len(taken) + 3))
    return name if name not in taken else next(other for other in numbered if other not in taken)


def identifier(header: str) -> str:
    """The header as a name that a template can use: `Full Name` is `Full_Name`, `學院` stays. Names that templates or
    letters have already get a trailing `_`."""
    name = re.sub(r"\W+", "_", unicodedata.normalize("NFKC", header)).strip("_") or "column"
    if not name.isidentifier():
        name = "_" + name if ("_" + name).isidentifier() else re.sub(r"[^A-Za-z0-9_]", "_", "_" + name)
    reserved = keyword.iskeyword(name) or name.lower() in _TEMPLATE_WORDS or name in KNOWN_FIELDS
    return name + "_" if reserved else name
