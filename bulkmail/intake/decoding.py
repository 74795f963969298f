"""Which encoding a text file is in, by evidence from the whole of it, and its text.

UTF-8 is proven on every byte. The other encodings cannot be: they are weighed by how many of the characters that they
make of the lines beyond ASCII are ones that lists of people are full of (surnames, given names, faculties, accents).
"""

import codecs
import itertools
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa
from charset_normalizer import from_bytes

from bulkmail.errors import InputError

# Excel's names for what people have; each stands for the superset that reads more of it.
_SUPERSETS = {
    "big5": "big5hkscs", "big5-hkscs": "big5hkscs", "cp950": "big5hkscs", "gb2312": "gb18030", "gbk": "gb18030",
    "cp936": "gb18030", "iso8859-1": "cp1252", "latin_1": "cp1252", "ascii": "utf-8", "utf-8-sig": "utf-8",
    "utf_8": "utf-8",
}  # fmt: skip
_CANDIDATES = ("utf-8", "big5hkscs", "gb18030", "cp1252")
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"), (b"\x84\x31\x95\x33", "gb18030"),
)  # fmt: skip
_LINES_WEIGHED = 4_000
_HEAD_BYTES = 65_536
_HIGH_LINE = re.compile(rb"[^\r\n]*[\x80-\xff][^\r\n]*")
# Letters with accents as French, Portuguese and Spanish write them: one or two at a time, beside an ASCII letter.
_ACCENTED = re.compile(
    r"(?:(?<=[A-Za-z])|(?<![^\x00-\x7f]))[àáâãäçèéêëìíîïñòóôõöùúûüÀÁÂÃÇÉÊÍÓÔÕÚÜ]{1,2}(?=[A-Za-z]|[^\w]|$)"
)
_USUAL = frozenset(
    "陳陈林黃黄張张李王吳吴劉刘蔡楊杨許许鄭郑謝谢洪郭邱曾廖賴赖徐周葉叶蘇苏莊庄呂吕江何蕭萧羅罗高潘簡简朱鍾钟彭游詹胡施沈余盧卢梁趙赵顏颜"
    "柯翁魏孫孙戴范方宋鄧邓杜侯曹薛傅丁溫温紀纪蔣蒋歐欧藍蓝連连唐馬马董石卓程姚康馮冯古姜湯汤汪白田鄒邹尤鄺邝關关甘麥麦黎霍陽阳區区譚谭龔龚"
    "明華华志文偉伟家美玲麗丽芳英俊傑杰國国建德榮荣強强勇軍军平秀蘭兰珍慧敏怡婷雅雯詠咏欣嘉儀仪子健豪浩然思穎颖心佳宇軒轩晴曉晓小春梅雪紅红"
    "玉金鳳凤燕霞艷艳娟娜潔洁靜静婉淑惠琴琳琪瑩莹瑜珊詩诗樂乐天恩俊永安成良忠信義义仁龍龙飛飞宏輝辉光亮東东海波濤涛鋒锋剛刚毅立祥福壽寿喜"
    "大學学生院系部會会員员校友職职電电郵邮箱姓名語语言中繁體体英同意日期來源来是否地址話话先女士教授博老師师主任辦办公室圖图書书館馆人社科"
    "工商管理法育康技資资訊讯息程心澳門门香港台灣湾廣广州珠北京上市路街本外已未訂订閱阅退消接收號号碼码年月的有不在了一和我們们與与及其他"
    "新舊旧請请活動动報报通知客戶户聯联絡络備备註注班級级性別别男女國籍證证件類类型入時时間间行政經经濟济傳传播藝艺術术設设計计研究所"
)  # fmt: skip


_SURE = 0.3  # below this share of usual characters nothing is known, and two encodings this close are in doubt
_CLOSE = 0.1


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """A file's text as UTF-8 bytes, the encoding it was in, the next best one ("" where there is no doubt), and the
    lines with bytes that the encoding does not know (they show U+FFFD there)."""

    text: bytes
    encoding: str
    doubt: str = ""
    broken_lines: tuple[int, ...] = ()


def supposed_utf_8(data: bytes) -> bytes | None:
    """The text, without its mark, where its head is UTF-8 and no NUL is in it; None where it has to be decoded. The
    rest is proven by who reads it (`read_delimited`), for a tenth of what another pass over the text costs."""
    head = codecs.getincrementaldecoder("utf-8")()
    try:
        head.decode(data[:_HEAD_BYTES], final=len(data) <= _HEAD_BYTES)
    except UnicodeDecodeError:
        return None
    if b"\0" in data:
        return None
    return data.removeprefix(codecs.BOM_UTF8).removeprefix(codecs.BOM_UTF8)  # some programs write one before another


def decode(data: bytes, encoding: str | None = None) -> Decoded:
    """The text of a file. `encoding` overrules the evidence. Raises InputError for NUL bytes and unknown encodings."""
    if encoding:
        return _decoded(data, _canonical(encoding))
    for mark, name in _MARKS:
        if data.startswith(mark):
            return _decoded(data[len(mark) :], name)
    if b"\0" in data:
        return _decoded(data, _utf_16_by_nuls(data))
    if _is_utf_8(data):
        return Decoded(text=data, encoding="utf-8")
    name, doubt = _by_evidence(data)
    return _decoded(data, name, doubt)


def _canonical(encoding: str) -> str:
    try:
        name = codecs.lookup(encoding.strip()).name
    except LookupError as error:
        raise InputError(
            "There is no encoding {encoding}. Try utf-8, big5, gb18030 or cp1252.", encoding=encoding
        ) from error
    return _SUPERSETS.get(name, name)


def _decoded(data: bytes, encoding: str, doubt: str = "") -> Decoded:
    broken: tuple[int, ...] = ()
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        text = data.decode(encoding, errors="replace")
        broken = tuple(line for line, content in enumerate(text.split("\n"), 1) if "\ufffd" in content)
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise InputError(
            "This is no text file: line {line} holds a NUL byte. Export the list as CSV or XLSX again.", line=line
        )
    return Decoded(text=text.removeprefix("\ufeff").encode(), encoding=encoding, doubt=doubt, broken_lines=broken)


def _is_utf_8(data: bytes) -> bool:
    """Whether every byte is UTF-8, proven where the bytes lie: decoding would make a copy four times as large. Both
    halves at a time, cut after a line; Arrow leaves Python alone meanwhile."""
    middle = data.find(b"\n", len(data) // 2) + 1
    with ThreadPoolExecutor(2) as pool:
        return all(pool.map(partial(_is_utf_8_between, data), (0, middle), (middle, len(data))))


def _is_utf_8_between(data: bytes, start: int, end: int) -> bool:
    ends = pa.py_buffer(np.array([start, end], np.int64))
    try:
        pa.LargeBinaryArray.from_buffers(pa.large_binary(), 1, [None, ends, pa.py_buffer(data)]).cast(pa.large_string())
    except pa.ArrowInvalid:
        return False
    return True


def _utf_16_by_nuls(data: bytes) -> str:
    """UTF-16 without a mark shows by its NULs: the ASCII in it (tabs, line ends, addresses) has them on one side."""
    even, odd = data[0:_HEAD_BYTES:2].count(0), data[1:_HEAD_BYTES:2].count(0)
    if max(even, odd) * 16 < min(len(data), _HEAD_BYTES):  # a stray one in a text that is something else
        return "utf-8"
    return "utf-16-le" if even * 20 < odd else "utf-16-be" if odd * 20 < even else "utf-8"


def _by_evidence(data: bytes) -> tuple[str, str]:
    """The likeliest encoding of bytes that are not UTF-8, and the next one where it is close or nothing is known."""
    lines = _HIGH_LINE.findall(data)
    lines = lines[:: len(lines) // _LINES_WEIGHED + 1]
    weights = {encoding: weigh(lines, encoding) for encoding in _CANDIDATES}
    first, second = sorted(_CANDIDATES, key=weights.__getitem__, reverse=True)[:2]
    if weights[first] >= _SURE:
        return first, second if weights[first] - weights[second] < _CLOSE else ""
    guess = from_bytes(b"\n".join(lines)).best()
    return (_SUPERSETS.get(guess.encoding, guess.encoding), first) if guess else ("cp1252", first)


def high_lines(data: bytes, most: int) -> list[bytes]:
    """The first lines with bytes beyond ASCII."""
    return [found[0].strip() for found in itertools.islice(_HIGH_LINE.finditer(data), most)]


def as_text(line: bytes, encoding: str) -> str:
    """A line in an encoding, "" where the encoding does not know it."""
    try:
        return line.decode(encoding)
    except UnicodeDecodeError:
        return ""


def weigh(lines: list[bytes], encoding: str) -> float:
    """The share, 0 to 1, of usual characters among those beyond ASCII that `encoding` makes of the lines. A line that
    it cannot decode counts as strange altogether."""
    usual = beyond = 0
    for line in lines:
        text = as_text(line, encoding)
        if not text:
            beyond += sum(byte > 0x7F for byte in line)
            continue
        high = sum(character > "\x7f" for character in text)
        beyond += high
        usual += high if encoding == "utf-8" else _count_usual(text, encoding)
    return usual / max(beyond, 1)


def _count_usual(text: str, encoding: str) -> int:
    if encoding == "cp1252":
        return sum(map(len, _ACCENTED.findall(text)))
    return sum(map(_USUAL.__contains__, text))
