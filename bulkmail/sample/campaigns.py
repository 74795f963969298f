"""Three campaigns of the sample organisation, as a person would write them: a TOML file and a bilingual letter each."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from bulkmail.sample.lists import ALUMNI_FILE, MEMBERS_FILE
from bulkmail.sample.people import ORGANISATION, SAMPLE_DOMAIN, SAMPLE_NOW

_SITE = f"https://www.{SAMPLE_DOMAIN}"

_FILE = '''# Synthetic: {organisation} and everybody on its lists are made up.
[campaign]
name = "{name}"
purpose = "{purpose}"
class = "{kind}"

[sender]
name = "{sender}"
address = "{mailbox}@{domain}"
reply_to = "{mailbox}-desk@{domain}"
organisation = "{organisation}"
postal_address = """
1 Lotus Avenue, Lotus Bay, Macau (fictitious)
澳門蓮灣蓮花大馬路 1 號（虛構）"""

[audience]
list = "{list}"
language = "{language}"

[message]
subject = "{subject}"
preheader = "{preheader}"
body = "{body_file}"

{schedule}
'''
_LATER = """\
# To send later, name the moment with its offset:
# [schedule]
# send_at = 2026-12-01T10:53:00+08:00"""

_OPEN_DAY = """<!-- language: zh-Hant -->

# 開放日：來看看蓮灣大學

{% if name %}{{ name }} 您好：{% else %}您好：{% endif %}

蓮灣大學（虛構）將於 @day@（星期六）10:17 至 16:30 舉行開放日。{% if 學院 %}{{ 學院 }}{% else %}各學院{% endif %}的老師和同學當日在場，樂意解答您對課程的疑問。

- 參觀實驗室和圖書館，毋須預約
- 旁聽示範課，每節 40 分鐘
- 在大堂索取獎學金資料

場地：澳門蓮灣蓮花大馬路 1 號（虛構）。入場免費。

[查看開放日日程](@site@/open-day)

這封電郵屬示範用途，內容全屬虛構。

<!-- language: en -->

# Open Day: come and see Lotus Bay

{% if name %}Dear {{ name }},{% else %}Hello,{% endif %}

Lotus Bay University (synthetic) holds its Open Day on Saturday @day@ from 10:17 to 16:30. Teachers and students of
{% if 學院 %}your faculty ({{ 學院 }}){% else %}all faculties{% endif %} will be there to answer what you want to know
about our programmes.

- Tour the laboratories and the library; no booking needed
- Sit in on a sample class, 40 minutes each
- Collect information on scholarships in the lobby

Place: 1 Lotus Avenue, Lotus Bay, Macau (fictitious). Admission is free.

[See the programme of the Open Day](@site@/open-day)

This letter is a demonstration; all of it is fictitious.
"""  # noqa: E501 (a line break inside Chinese text would show as a space)

_NEWSLETTER = """<!-- language: zh-Hant -->

# 校友通訊：圖書館新翼與校友聚餐

{% if name %}{{ name }} 校友：{% else %}各位校友：{% endif %}

圖書館新翼已經落成，校友可以憑校友證入內閱覽。{% if Faculty %}我們亦整理了與您所屬學院（{{ Faculty }}）有關的研究近況。{% else %}我們亦整理了各學院的研究近況。{% endif %}

校友聚餐定於 @day@（星期六）18:47 開始，名額 200 位。

[閱讀全文及報名](@site@/alumni/news)

蓮灣大學（虛構）校友事務處。這封電郵屬示範用途。

<!-- language: en -->

# Alumni news: the new library wing and our dinner

{% if name %}Dear {{ name }},{% else %}Dear alumni,{% endif %}

The new wing of the library is finished, and your alumni card opens its door. {% if Faculty %}We have also gathered the
latest research of your faculty, {{ Faculty }}.{% else %}We have also gathered the latest research of all
faculties.{% endif %}

The alumni dinner begins on Saturday @day@ at 18:47; there are 200 seats.

[Read more and sign up](@site@/alumni/news)

Alumni Office, Lotus Bay University (synthetic). This letter is a demonstration.
"""  # noqa: E501

_LIBRARY = """<!-- language: zh-Hant -->

# 圖書館服務時間更改

{% if name %}{{ name }} 您好：{% else %}您好：{% endif %}

圖書館系統將於 @day@（星期六）維護，當日 09:10 至 13:40 暫停借還服務。已借出的圖書自動延期 7 日，毋須辦理手續。

[查看您的借閱紀錄](@site@/library/loans)

蓮灣大學（虛構）圖書館。這封電郵屬示範用途。

<!-- language: en -->

# A change of library service hours

{% if name %}Dear {{ name }},{% else %}Hello,{% endif %}

The library system is serviced on Saturday @day@; from 09:10 to 13:40 nothing can be borrowed or returned. Books on loan
are extended by 7 days, and you need not do anything.

[See your loans](@site@/library/loans)

Library, Lotus Bay University (synthetic). This letter is a demonstration.
"""

_CAMPAIGNS = (
    {
        "name": "Open Day 開放日",
        "purpose": "open-day",
        "kind": "marketing",
        "sender": "Lotus Bay University (synthetic) 蓮灣大學（虛構）",
        "mailbox": "openday",
        "list": MEMBERS_FILE,
        "language": "both",
        "subject": "蓮灣大學開放日 Open Day at Lotus Bay",
        "preheader": "參觀實驗室和圖書館，旁聽示範課 Tours, sample classes and scholarships",
        "body_file": "open-day.md",
        "body": _OPEN_DAY,
        "weeks": 3,
    },
    {
        "name": "Alumni newsletter 校友通訊",
        "purpose": "newsletter",
        "kind": "subscribed",
        "sender": "Lotus Bay Alumni Office (synthetic) 蓮灣大學校友事務處（虛構）",
        "mailbox": "alumni",
        "list": ALUMNI_FILE,
        "language": "column",
        "subject": "校友通訊：圖書館新翼 Alumni news: a new library wing",
        "preheader": "校友聚餐現正接受報名 Sign up for the alumni dinner",
        "body_file": "alumni-newsletter.md",
        "body": _NEWSLETTER,
        "weeks": 5,
        "days": 5,
    },
    {
        "name": "Library hours 圖書館服務時間",
        "purpose": "library-service",
        "kind": "transactional",
        "sender": "Lotus Bay Library (synthetic) 蓮灣大學圖書館（虛構）",
        "mailbox": "library",
        "list": MEMBERS_FILE,
        "language": "both",
        "subject": "圖書館服務時間更改 Library service hours change",
        "preheader": "借出的圖書自動延期 7 日 Books on loan are extended by 7 days",
        "body_file": "library-hours.md",
        "body": _LIBRARY,
        "weeks": 2,
        "days": 8,
    },
)


def campaigns(now: datetime = SAMPLE_NOW) -> list[dict[str, str]]:
    """Return the campaigns: name, list (a file of `lists`), toml (the campaign file), body_file and body (Markdown).

    Dates in the letters lie weeks after `now`, on Saturdays; both languages say the same dates, times and numbers.
    """
    today = now.astimezone(ZoneInfo("Asia/Macau")).date()
    return [_campaign(dict(definition), today) for definition in _CAMPAIGNS]


def _campaign(definition: dict, today: date) -> dict[str, str]:
    body, weeks, days = definition.pop("body"), definition.pop("weeks"), definition.pop("days", 0)
    day = today + timedelta(days=(5 - today.weekday()) % 7 + 7 * weeks)
    return {
        "name": definition["name"],
        "list": definition["list"],
        "toml": _FILE.format(
            organisation=ORGANISATION, domain=SAMPLE_DOMAIN, schedule=_schedule(today, days), **definition
        ),
        "body_file": definition["body_file"],
        "body": body.replace("@day@", day.isoformat()).replace("@site@", _SITE),
    }


def _schedule(today: date, days: int) -> str:
    """When the letter leaves: so many days on, on a working day in the morning; at once for none."""
    if not days:
        return _LATER
    day = today + timedelta(days=days)
    day += timedelta(days=(7 - day.weekday()) % 7 if day.weekday() > 4 else 0)
    return f"[schedule]\nsend_at = {day.isoformat()}T10:53:00+08:00"
