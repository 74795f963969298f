"""Letters for many: a bilingual newsletter of 30 KB with seven fields, one condition and one loop. Ratios in one run.

Each reference stands in the same process, on the same people: Jinja's own compiled template and json.dumps.
"""

import json
import random
import resource
import threading
import time
from pathlib import Path

import jinja2
import orjson
import pandas as pd

from bulkmail import compose
from bulkmail.compose.letter import context

PEOPLE, REFERENCE = 20_000, 1_000
AT_LEAST = 8  # times the plain way, recipients to request bodies
LETTERS_A_SECOND = 20_000  # written and looked at; the bar is for two cores, one is held to it
FLAT_MEGABYTES = 250  # a chunk of 50,000 rows, and twelve bytes a letter for its size
FEWER_BYTES = 50  # times fewer on the wire than one full letter each
ZH = "圖書館新翼已經落成，校友可以憑校友證入內閱覽，並於每日上午九時至晚上十時借用研習室。"
EN = "The new wing of the library is finished; your alumni card opens its door from nine to ten every day. "
GIVEN = ("Ana", "Maria", "大文", "小明", "<Bo>", "O'Neil", "Zé & Co", "")
FIELDS = ("name", "given_name", "title", "Faculty", "Year", "Card")


def a_newsletter():
    """Some 30 KB of HTML; the seventh field is the link to unsubscribe."""
    blocks = [
        f'<p lang="zh-Hant" style="margin:0 0 16px;font-size:16px">{ZH * 2}{{{{ {field} }}}}</p>'
        f'<p lang="en" style="margin:0 0 16px;font-size:16px">{EN * 2}{{{{ {field} }}}}</p>'
        for field in FIELDS
    ] * 8
    special = (
        "{% if Faculty == 'Law' %}<p>See you in court, {{ name }}.</p>{% else %}<p>See you soon.</p>{% endif %}"
        "<ul>{% for course in Courses.split(';') %}<li>{{ course }}</li>{% endfor %}</ul>"
        '<p><a href="{{ unsubscribe_url }}">取消訂閱 Unsubscribe</a></p>'
    )
    return compose.Letter(
        variant="both",
        subject="{{ name }}: 校友通訊 Alumni news",
        html=f'<!DOCTYPE html><html lang="zh-Hant"><body>{"".join(blocks)}{special}</body></html>',
        text=f"{ZH}{{{{ name }}}}\n{EN}\n{{{{ unsubscribe_url }}}}\n",
        preheader="",
        organisation="Lotus Bay",
    )


def some_people(count, seed=7):
    """So many synthetic people; what the condition and the loop read repeats, names do not."""
    dice = random.Random(seed)
    table = pd.DataFrame({"source_row": range(2, count + 2)})
    return table.assign(
        address=[f"person{row}@example.com" for row in range(count)],
        name=[f"{dice.choice('陳李張黃何')}{dice.choice(GIVEN)} {row}" for row in range(count)],
        given_name=dice.choices(GIVEN, k=count),
        title=dice.choices(("Dr", "Ms", "Prof"), k=count),
        variant="both",
        **{
            "field.Faculty": dice.choices(("Arts", "Law", "Science", "醫學院"), k=count),
            "field.Year": [str(dice.randrange(1980, 2026)) for _ in range(count)],
            "field.Card": [f"{dice.randrange(10**8):08d}" for _ in range(count)],
            "field.Courses": [";".join(dice.sample(("Art", "歷史", "Law", "Biology"), 2)) for _ in range(count)],
        },
    )


def links(count):
    return [f"https://mail.example.org/u/{number:043d}" for number in range(count)]


def processor(work):
    start = time.process_time()
    made = work()
    return time.process_time() - start, made


def bodies(slotted, people, urls):
    """Request bodies of 1,000 each: the text once, the values of each person."""
    for start in range(0, len(people), 1_000):
        chunk = people.iloc[start : start + 1_000]
        values = compose.substitutions(slotted, chunk, urls[start : start + 1_000])
        whom = zip(chunk["address"].tolist(), chunk["name"].tolist(), values, strict=True)
        letters = [{"to": [{"email": at, "name": name}], "substitutions": own} for at, name, own in whom]
        parts = [{"type": "text/plain", "value": slotted.text}, {"type": "text/html", "value": slotted.html}]
        yield orjson.dumps({"personalizations": letters, "subject": slotted.subject, "content": parts})


def plain_bodies(letter, people, urls):
    """The plain way: each letter rendered by Jinja's compiled template, and dumped by json."""
    escaped, raw = (jinja2.Environment(autoescape=safe, keep_trailing_newline=True) for safe in (True, False))
    subject, html, text = (
        made.from_string(part) for made, part in ((raw, letter.subject), (escaped, letter.html), (raw, letter.text))
    )
    for person, url in zip(compose.recipients(people), urls, strict=True):
        own = context(person, letter.organisation, url)
        parts = [
            {"type": "text/plain", "value": text.render(own)},
            {"type": "text/html", "value": html.render(own)},
        ]
        whom = [{"to": [{"email": person.address, "name": person.name}]}]
        yield json.dumps({"personalizations": whom, "subject": subject.render(own), "content": parts}).encode()


def test_request_bodies_are_made_much_faster_smaller_and_equal_when_joined():
    letter, people, urls = a_newsletter(), some_people(PEOPLE), links(PEOPLE)
    slotted = compose.split(letter)
    ours, made = processor(lambda: list(bodies(slotted, people, urls)))
    theirs, plain = processor(lambda: list(plain_bodies(letter, people.head(REFERENCE), urls[:REFERENCE])))
    faster = (theirs / REFERENCE) / (ours / PEOPLE)
    fewer = (sum(map(len, plain)) / REFERENCE) / (sum(map(len, made)) / PEOPLE)
    print(f"\n{len(letter.html.encode()):,} bytes of HTML; {1e6 * ours / PEOPLE:.1f} µs a recipient against "
          f"{1e6 * theirs / REFERENCE:.1f} µs: {faster:.1f} times; {fewer:.0f} times fewer bytes")  # fmt: skip
    values = compose.substitutions(slotted, people.head(REFERENCE), urls[:REFERENCE])
    for body, own in zip(plain, values, strict=True):
        joined, said = compose.joined(slotted, own), json.loads(body)
        assert (joined.subject, joined.text, joined.html) == (said["subject"], *(p["value"] for p in said["content"]))
    assert faster >= AT_LEAST
    assert fewer >= FEWER_BYTES


def resident():
    """Megabytes of memory in use now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


def most_during(work):
    """What the work returns, and how many megabytes more than before were in use at its worst moment."""
    seen, over = [before := resident()], threading.Event()

    def watch():
        while not over.wait(0.005):
            seen.append(resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    made = work()
    over.set()
    watcher.join()
    return made, max(seen) - before


def test_every_letter_is_written_and_looked_at_in_flat_memory():
    letters, url = {"both": a_newsletter()}, links(1)[0]
    compose.examine(letters, some_people(1_000), url)  # warm
    grown = {}
    for count in (10_000, 1_000_000):
        people = some_people(count)
        (spent, examined), grown[count] = most_during(
            lambda people=people: processor(lambda: compose.examine(letters, people, url))
        )
        print(f"\n{count:,} letters: {count / spent:,.0f} a second of one core, {grown[count]:.0f} MB more at the peak")
        assert set(examined.failures["problem"]) == {"empty"}  # names that the list lacks
        assert count / spent >= LETTERS_A_SECOND
    assert grown[1_000_000] - grown[10_000] < FLAT_MEGABYTES
