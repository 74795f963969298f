"""Makes the lists beside this file: synthetic people in the shapes that real exports have.

`python tests/data/make_data.py` writes them again. Everybody here is invented, and lotusbay.edu.mo is nobody's domain.
"""

import csv
import io
import random
from datetime import date, datetime, timedelta
from pathlib import Path

import xlsxwriter

FOLDER = Path(__file__).parent
HEADER = ("姓名", "電郵地址", "語言", "同意接收", "同意日期", "同意來源", "學院")
# the last five need HKSCS: 喆 堃 温 衞 埗 are not in Big5 proper
CHINESE = (
    "陳嘉欣", "黃志明", "李美玲", "張偉傑", "林詠詩", "何家輝", "吳慧敏", "梁俊豪", "鄭雅雯", "羅國強",
    "譚淑儀", "馮浩然", "鄧穎心", "葉思敏", "郭子軒", "蘇佩珊", "歐陽雪晴", "關永樂", "曾喆", "劉堃",
    "温曉彤", "衞詠琳", "鄧埗雲",
)  # fmt: skip
ENGLISH = ("Grace Fong", "Daniel Marques", "Helena Rosario", "Peter Lam", "Sofia Xavier", "Michael O'Neil")
FACULTIES = ("人文學院", "工商管理學院", "法學院", "科技學院", "教育學院", "健康科學學院")
SOURCES = ("網上表格", "開放日", "會員登記表", "畢業典禮")
DOMAINS = ("lotusbay.edu.mo", "mail.lotusbay.edu.mo", "lotusbay.edu.mo", "gmail.com", "qq.com")


def members():
    """The people of the members_* files, as rows under HEADER."""
    dice = random.Random(20261123)
    rows = []
    for number, name in enumerate([*CHINESE, *ENGLISH], 1):
        domain = dice.choice(DOMAINS)
        local = f"synthetic.m{number:03}" if domain in ("gmail.com", "qq.com") else f"member{number:03}"
        agreed = dice.random() < 0.85
        day = date(2025, 3, 1) + timedelta(days=dice.randrange(500))
        language = "English" if name.isascii() else "中文"
        rows.append(
            (name, f"{local}@{domain}", language, "是" if agreed else "否", day.isoformat() if agreed else "",
             dice.choice(SOURCES) if agreed else "", dice.choice(FACULTIES))
        )  # fmt: skip
    return rows


def text_of(rows, delimiter=",", end="\r\n"):
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=delimiter, lineterminator=end).writerows(rows)
    return file.getvalue()


def title_rows():
    """Two sheets: notes, then the list below a title and an empty row, with real dates."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    book.set_properties({"created": datetime(2026, 1, 5)})
    book.add_worksheet("說明").write_column(0, 0, ["本檔為虛構資料", "聯絡:教務處"])
    sheet = book.add_worksheet("會員")
    sheet.write(0, 0, "蓮灣大學 會員名單")
    sheet.write(1, 0, "更新日期")
    sheet.write_datetime(1, 1, datetime(2026, 1, 5), book.add_format({"num_format": "yyyy-mm-dd"}))
    sheet.write_row(3, 0, HEADER)
    day = book.add_format({"num_format": "d/m/yyyy"})
    for place, row in enumerate(members(), 4):
        sheet.write_row(place, 0, row)
        if row[4]:
            sheet.write_datetime(place, 4, datetime.fromisoformat(row[4]), day)
    book.close()
    return file.getvalue()


def semicolons():
    names = ("Ada", "Ben", "Cai", "Dee", "Eve", "Fei", "Gil", "Hua", "Ida", "Jun", "Kit", "Leo", "Mei", "Nuo")
    rows = [("Name", "E-mail", "Preferred language", "Opt-in", "Opt-in date", "Faculty")]
    rows += [
        (f"Lam, {name}", f"person{number:02}@lotusbay.edu.mo", "en", "yes", f"2026-02-{number:02}", "Arts; Letters")
        for number, name in enumerate(names, 1)
    ]
    return "sep=;\r\n" + text_of(rows, ";")


def quoted_newlines():
    rows = [("Email", "Full Name", "Postal Address", "Notes")]
    for number in range(1, 17):
        address = f"Room {number}\nAvenida da Praia, {number}\nMacau" if number % 3 == 0 else f"Rua do Campo {number}"
        note = 'says "call me"' if number == 5 else "two\n\nempty lines" if number == 7 else ""
        rows.append((f"reader{number:02}@lotusbay.edu.mo", f"Reader {number:02}", address, note))
    return text_of(rows)


def fullwidth():
    plain = [f"wide{number:02}@lotusbay.edu.mo" for number in range(1, 16)]
    letters = "".join(chr(ord(character) + 0xFEE0) for character in plain[2])
    dressed = [
        plain[0].replace("@", "＠"), plain[1].replace(".", "。"), letters, f"\u3000{plain[3]}\u3000",
        f"\u00a0{plain[4]}", f"{plain[5]}\u200b", f"陳大文 <{plain[6]}>", f"mailto:{plain[7]}", f"{plain[8]};",
        f"{plain[9]}；", f'"Lam, Ada" <{plain[10]}>', f"\ufeff{plain[11]}", plain[12].upper(), plain[13], plain[14],
    ]  # fmt: skip
    return text_of([("姓名", "電郵"), *((f"讀者{place:02}", cell) for place, cell in enumerate(dressed, 1))])


def duplicates():
    rows = [("Email", "Name", "Consent", "Consent date")]
    rows += [(f"twin{n:02}@lotusbay.edu.mo", f"Twin {n:02}", "yes", f"2026-01-{n:02}") for n in range(1, 14)]
    rows += [
        ("Twin01@lotusbay.edu.mo", "Twin 01 again", "no", "2026-03-01"),
        ("TWIN02@LOTUSBAY.EDU.MO", "Twin 02 again", "yes", "2026-03-02"),
        ("synthetic.a.b@gmail.com", "Dots", "yes", "2026-01-20"),
        ("syntheticab+news@gmail.com", "Dots again", "yes", "2026-01-21"),
        ("synthetic.ab@googlemail.com", "Dots a third time", "", ""),
        ("", "Nobody", "yes", "2026-01-22"),
        ("", "Nobody either", "yes", "2026-01-23"),
    ]
    return text_of(rows)


def portuguese():
    names = (
        "João Gonçalves", "Conceição Magalhães", "Inês Lourenço", "António Araújo", "Mónica Simões", "Rita Leitão",
        "Sebastião Assunção", "Ângela Nóbrega", "Luís Guimarães", "Patrícia Estêvão", "Vítor Brandão", "Lúcia Paixão",
        "Zé Conceição", "Tomé Colaço",
    )  # fmt: skip
    rows = [("Nome", "Endereço de correio eletrónico", "Língua", "Consentimento", "Data de consentimento", "Direção")]
    for number, name in enumerate(names, 1):
        answer, day = "não" if number == 6 else "sim", f"{number:02}/09/2025"
        rows.append((name, f"pessoa{number:02}@lotusbay.edu.mo", "português", answer, day, "Educação"))
    return text_of(rows, ";")


def simplified():
    names = (
        "陈思敏", "黄晓明", "张丽华", "刘国强", "吴嘉怡", "杨志伟", "郑美玲", "谢俊杰", "罗雅文", "叶子轩", "苏浩然",
        "冯慧珊",
        "邓咏欣", "马永乐",
    )  # fmt: skip
    rows = [("姓名", "邮箱", "语言", "是否同意", "同意时间", "学院")]
    rows += [
        (
            name,
            f"synthetic.s{number:02}@qq.com",
            "简体中文",
            "同意",
            f"2025年{number % 12 + 1}月{number}日",
            "健康科学学院",
        )
        for number, name in enumerate(names, 1)
    ]
    return text_of(rows)


def consent_shapes():
    shapes = [
        ("yes", "2025-09-01"), ("Yes", "2025-09-01 10:30"), ("Y", "2025-09-01T10:30:00+08:00"), ("TRUE", "2025/9/1"),
        ("1", "25/12/2025"), ("是", "2025年9月1日"), ("同意", "民國114年9月1日"), ("已訂閱", "114/09/01"),
        ("opt-in", "45901"), ("subscribed", "1 Sep 2025"), ("sim", "13/09/2025"), ("S", "2025.09.01"),
        ("✓", "20250901"), ("yes", "03/04/2025"), ("yes", "last spring"), ("yes", ""), ("no", "2025-09-01"), ("N", ""),
        ("0", ""), ("FALSE", "2025-09-01"), ("否", "2025-09-01"), ("不同意", ""), ("已退訂", "2026-01-05"),
        ("unsubscribed", "2026-01-05"), ("withdrawn", ""), ("não", "13/09/2025"), ("", ""), ("", "2025-09-01"),
        ("maybe", "2025-09-01"), ("pending", "2025-09-01"),
    ]  # fmt: skip
    rows = [("Email", "Consent", "Consent date", "Consent source", "Legal basis", "Purpose")]
    rows += [
        (f"shape{number:02}@lotusbay.edu.mo", answer, day, "sign-up form", "consent", "newsletter")
        for number, (answer, day) in enumerate(shapes, 1)
    ]
    return text_of(rows)


def ragged():
    lines = ["Email,Name,Consent,Consent date"]
    lines += [f"row{number:02}@lotusbay.edu.mo,Row {number:02},yes,2026-01-{number:02}" for number in range(1, 17)]
    lines[4] = "row04@lotusbay.edu.mo,Row 04"
    lines[6] = "row06@lotusbay.edu.mo,Row 06,yes,2026-01-06,called twice,moved"
    lines[8] = '"row08@lotusbay.edu.mo,Row 08,yes,2026-01-08'
    lines[9] = 'row09@lotusbay.edu.mo,Row 09 12" screen,yes,2026-01-09'
    lines[11:11] = ["", ",,,", "Email,Name,Consent,Consent date"]
    return "\r\n".join(lines) + "\r\n"


def files():
    """Every file by its name."""
    listed = [HEADER, *members()]
    return {
        "members_big5.csv": text_of(listed).encode("big5hkscs"),
        "members_utf16_tabs.txt": b"\xff\xfe" + text_of(listed, "\t").encode("utf-16-le"),
        "members_utf8.csv": text_of(listed, end="\n").encode(),
        "members_utf8_bom.csv": text_of(listed).encode("utf-8-sig"),
        "members_title_rows.xlsx": title_rows(),
        "semicolons.csv": semicolons().encode(),
        "quoted_newlines.csv": quoted_newlines().encode(),
        "fullwidth.csv": fullwidth().encode("utf-8-sig"),
        "duplicates.csv": duplicates().encode(),
        "portuguese_cp1252.csv": portuguese().encode("cp1252"),
        "simplified_gb18030.csv": simplified().encode("gb18030"),
        "consent_shapes.csv": consent_shapes().encode("utf-8-sig"),
        "ragged.csv": ragged().encode(),
    }


if __name__ == "__main__":
    for name, data in files().items():
        (FOLDER / name).write_bytes(data)
