"""Which encoding a list is in, measured: lists of 20 to 200 rows in five languages and every encoding they come in.

The people are made from characters drawn here, not from what the detector calls usual: surnames of the place, and given
names of which one character in five is any of the 5,401 (Big5) or 3,755 (GB 2312) that are called common.
"""

import os
import random

from bulkmail.intake import decoding

SEED = int(os.environ.get("BULKMAIL_SEED", random.SystemRandom().randrange(2**32)))
BIG5 = [
    bytes((high, low)).decode("big5")
    for high in range(0xA4, 0xC6)
    for low in (*range(0x40, 0x7F), *range(0xA1, 0xFF))
]  # fmt: skip
GB_2312 = [bytes((high, low)).decode("gb2312") for high in range(0xB0, 0xD7) for low in range(0xA1, 0xFF)]
COMMON_SHARE = 0.2
PLACES = {
    "Taiwan": ("陳林黃張李王吳劉蔡楊許鄭謝洪郭邱曾廖賴徐", "怡君雅婷宗翰家豪淑芬俊宏佩珊冠宇詩涵承恩品妤柏翰", BIG5),
    "Hong Kong": ("陳李黃張梁何林吳鄭劉葉鄧馮曾蔡鍾譚彭余衞", "詠欣嘉穎子晴浩然樂桐俊傑芷晴卓堃曉彤埗喆焯瑤", BIG5),
    "mainland": ("王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗", "伟芳娜秀英敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂", GB_2312),
}
PORTUGUESE = (
    "João José António Conceição Inês Mónica Luís Vítor Sebastião Ângela Lúcia Zé Tomé Rita Ana Rui Pedro Sofia",
    "Gonçalves Magalhães Lourenço Araújo Simões Leitão Assunção Nóbrega Silva Santos Pereira Costa Rosário Guimarães",
)
ENGLISH = ("Grace Daniel Helena Peter Sofia Michael Ivy Tom", "Fong Marques Lam Xavier O'Neil Chan Ho Wood")
HEADERS = {"Taiwan": "姓名,電子郵件,系所", "Hong Kong": "姓名,電郵,部門", "mainland": "姓名,邮箱,学院"}
UNICODE = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be")
CASES = [
    *[("Taiwan", encoding) for encoding in ("big5", "cp950", "gb18030", *UNICODE)],
    *[("Hong Kong", encoding) for encoding in ("big5hkscs", "gb18030", *UNICODE)],
    *[("mainland", encoding) for encoding in ("gb2312", "gbk", "gb18030", *UNICODE)],
    *[("Portuguese", encoding) for encoding in ("cp1252", "utf-8", "utf-16-le")],
    *[("English", encoding) for encoding in ("cp1252", "utf-8", "utf-16-le")],
]


def chinese_name(place, dice):
    surnames, given, common = PLACES[place]
    letters = [dice.choice(common if dice.random() < COMMON_SHARE else given) for _ in range(dice.choice((1, 2, 2, 2)))]
    return dice.choice(surnames) + "".join(letters)


def a_list(language, rows, dice):
    """A list of people; a third of a Chinese one have English names, and an English one has one accent in it."""
    lines = [HEADERS.get(language, "Name,Email,Unit")]
    for number in range(rows):
        if language in PLACES and dice.random() < 0.67:
            name, unit = chinese_name(language, dice), chinese_name(language, dice)
        else:
            first, last = PORTUGUESE if language == "Portuguese" else ENGLISH
            name, unit = f"{dice.choice(first.split())} {dice.choice(last.split())}", "Arts"
        lines.append(f"{name},person{number}@lotusbay.edu.mo,{unit}")
    if language == "English":
        lines[dice.randrange(1, rows)] = "Renée Müller,renee@lotusbay.edu.mo,Arts"
    return "\r\n".join(lines)


def encoded(text, encoding):
    """The bytes; what the encoding lacks (a common character that GB 2312 has not, say) is left out of the text."""
    known = text.encode(encoding, errors="ignore")
    return known, known.decode(encoding).removeprefix("\ufeff")


def test_the_encoding_of_short_lists_is_right_995_times_in_a_thousand():
    dice = random.Random(SEED)
    wrong, asked = [], 0
    for language, encoding in CASES:
        for rows in (20, 50, 200):
            for _ in range(10):
                data, text = encoded(a_list(language, rows, dice), encoding)
                asked += 1
                if decoding.decode(data).text.decode() != text:
                    wrong.append((language, encoding, rows))
    print(f"{asked - len(wrong)} of {asked} right")
    assert asked >= 700
    assert len(wrong) <= 0.005 * asked, f"{wrong} with BULKMAIL_SEED={SEED}"
