"""Campaign files: what they say, and every fault with its line."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkmail.adapters.catalogue import translator
from bulkmail.campaign_file import campaign_id, read_campaign, to_campaign
from bulkmail.errors import InputError
from bulkmail.model import Attestation, Sender

FULL = '''[campaign]
name = "Open day 2026"
purpose = "events"
class = "marketing"

[sender]
name = "澳門大學 UM"
address = "news@um.example"
reply_to = "office@um.example"
organisation = "University of Macau"
postal_address = """
Avenida da Universidade
Taipa"""

[audience]
list = "lists/alumni.csv"
language = "column"
attestation = { basis = "consent", source = "alumni form", wording = "I agree", by = "Registrar", at = 2026-03-01T10:00:00+08:00 }

[message]
subject = "開放日 Open day"
preheader = "See you there"
body = "letters/open-day.md"

[schedule]
send_at = 2026-12-01T09:30:00+08:00
'''  # noqa: E501
LEAST = """[campaign]
name = "Notice"
purpose = "newsletter"
class = "subscribed"
[sender]
name = "UM"
address = "news@um.example"
organisation = "UM"
postal_address = "Taipa"
[audience]
list = "list.xlsx"
[message]
subject = "Notice"
body = "notice.HTML"
"""


def faults(text):
    """Return the lines of the error that a file raises, after the first."""
    with pytest.raises(InputError) as caught:
        read_campaign(text, filename="open.toml")
    return str(caught.value).splitlines()[1:]


def test_a_full_file_says_everything():
    file = read_campaign(FULL, filename="open.toml")
    assert (file.name, file.purpose, file.kind) == ("Open day 2026", "events", "marketing")
    assert file.sender == Sender(
        name="澳門大學 UM",
        address="news@um.example",
        reply_to="office@um.example",
        organisation="University of Macau",
        postal_address="Avenida da Universidade\nTaipa",
    )
    assert (file.list, file.language) == ("lists/alumni.csv", "column")
    assert file.attestation == Attestation(
        basis="consent", source="alumni form", wording="I agree", by="Registrar", at=datetime(2026, 3, 1, 2, tzinfo=UTC)
    )
    assert (file.subject, file.preheader, file.body) == ("開放日 Open day", "See you there", "letters/open-day.md")
    assert file.send_at == datetime(2026, 12, 1, 1, 30, tzinfo=UTC)


def test_what_may_be_left_out_has_a_default():
    file = read_campaign(LEAST, filename="open.toml")
    assert file.sender.reply_to == "news@um.example"
    assert (file.language, file.attestation, file.preheader, file.send_at) == ("both", None, "", None)


def test_a_moment_may_be_text_and_an_empty_schedule_means_now():
    text = FULL.replace("send_at = 2026-12-01T09:30:00+08:00", 'send_at = "2026-12-01 09:30+08:00"')
    assert read_campaign(text, filename="open.toml").send_at == datetime(2026, 12, 1, 1, 30, tzinfo=UTC)
    assert read_campaign(LEAST + "[schedule]\n", filename="open.toml").send_at is None


def test_a_file_saved_on_windows_reads_the_same():
    windows = "\ufeff" + FULL.replace("\n", "\r\n")
    assert read_campaign(windows, filename="open.toml") == read_campaign(FULL, filename="open.toml")


def test_the_attestation_may_be_a_section_of_its_own():
    section = (
        '[audience.attestation]\nbasis = "b"\nsource = "s"\nwording = "w"\nby = "p"\nat = "2026-03-01T10:00:00Z"\n'
    )
    assert read_campaign(LEAST + section, filename="open.toml").attestation.by == "p"


# ---------------------------------------------------------------- faults

MOMENT = "2026-12-01T09:30:00+08:00"
NO_MOMENT = f"line 26: schedule.send_at: write date, time and offset from UTC, such as {MOMENT}."
SUBJECT = 'subject = "開放日 Open day"'


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('class = "marketing"', 'class = "advert"',
         "line 4: campaign.class: choose one of: marketing, subscribed, transactional."),
        ('class = "marketing"\n', "", "line 1: [campaign] needs the key class."),
        ('purpose = "events"', 'purpos = "events"', "line 3: purpos is not known here. Did you mean purpose?"),
        ('purpose = "events"', 'purpose = "events"\nbudget = 3',
         "line 4: [campaign] has no key budget. Known are: name, purpose, class."),
        ("[schedule]", "[shedule]", "line 25: shedule is not known here. Did you mean schedule?"),
        ("[schedule]", "[zebra]",
         "line 25: there is no section [zebra]. Known are: campaign, sender, audience, message, schedule."),
        (SUBJECT, "subject = 12", "line 21: message.subject: write it as text in quotes."),
        (SUBJECT, 'subject = "  "', "line 21: message.subject: it is empty; fill it in."),
        (SUBJECT, 'subject = "a\\nBcc: b@c.test"',
         "line 21: message.subject: write it on one line, without tabs."),
        (SUBJECT, 'subject = "a\\u0000b"',
         "line 21: message.subject: it holds a control character; type it again."),
        ("open-day.md", "open-day.docx",
         "line 23: message.body: name a file that ends in .md, .mjml or .html."),
        ('"news@um.example"', '"UM <news@um.example>"',
         "line 8: sender.address: write one e-mail address, such as news@example.edu."),
        (MOMENT, "2026-12-01T09:30:00", NO_MOMENT),
        (MOMENT, "2026-12-01", NO_MOMENT),
        (MOMENT, "true", NO_MOMENT),
        (MOMENT, "0001-01-01T00:00:00+08:00", NO_MOMENT),
        ('basis = "consent", ', "", "line 18: [audience.attestation] needs the key basis."),
        ('attestation = {', 'attestation = "yes" # {',
         "line 18: attestation is not a table of: basis, source, wording, by, at, document"),
    ],
)  # fmt: skip
def test_a_fault_is_told_with_its_line(old, new, told):
    assert old in FULL
    assert faults(FULL.replace(old, new)) == [f"open.toml, {told}"]


def test_a_value_of_several_lines_is_told_by_its_first():
    assert faults(FULL.replace("Taipa", "Taipa\\u0007"))[0].startswith("open.toml, line 11: sender.postal_address:")


def test_all_faults_are_told_at_once_in_the_order_of_the_file():
    text = FULL.replace("marketing", "x").replace("column", "fr").replace(".md", ".pdf").replace("[sender]", "[sendr]")
    lines = [line.split(":")[0] for line in faults(text)]
    assert lines == [f"open.toml, line {line}" for line in (4, 6, 17, 23)]


def test_an_empty_file_needs_every_section_but_the_schedule():
    told = faults("")
    assert [line.split("[")[1].split("]")[0] for line in told] == ["campaign", "sender", "audience", "message"]
    assert told[0] == "open.toml, line 1: add the section [campaign] with: name, purpose, class."


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[campaign]\nname = Open day", 2),
        ('[campaign]\nname = "a"\nname = "b"', 3),
        ('[campaign]\nname = """open', 2),
        ("[campaign]\n[campaign]\n", 2),
        ("=", 1),
    ],
)
def test_a_fault_of_the_syntax_is_told_with_its_line(text, line):
    assert faults(text)[0].startswith(f"open.toml, line {line}: this is not TOML: ")


def test_a_flood_of_faults_is_cut_short():
    told = faults(FULL + "\n".join(f"key{number} = 1" for number in range(300)))
    assert (len(told), told[-1]) == (21, "280 more problems follow.")


@pytest.mark.parametrize("text", ["x = " + "[" * 30_000, "\n" * 500, "#" * 50_000, "[a" + ".a" * 15_000 + "]"])
def test_a_file_that_is_no_campaign_file_is_refused_soon(text):
    with pytest.raises(InputError, match=r"open\.toml"):
        read_campaign(text, filename="open.toml")


def test_faults_are_told_in_the_language_of_the_reader():
    with pytest.raises(InputError) as caught:
        read_campaign(FULL.replace("marketing", "advert"), filename="open.toml")
    assert translator("en")(caught.value) == str(caught.value)


@settings(max_examples=60, deadline=None)
@given(st.text(alphabet="[]{}=\"'\n #abc.0", max_size=60))
def test_any_text_is_a_campaign_or_an_input_error(text):
    with pytest.raises(InputError):
        read_campaign(text, filename="open.toml")


# ---------------------------------------------------------------- the campaign


def test_a_file_and_a_letter_make_a_campaign():
    campaign = to_campaign(read_campaign(FULL, filename="open.toml"), "# Hello")
    assert (campaign.id, campaign.body, campaign.body_format) == ("open-day-2026", "# Hello", "md")
    assert (campaign.kind, campaign.language, campaign.list_name) == ("marketing", "column", "alumni.csv")
    assert campaign.attestation.by == "Registrar"


def test_the_format_of_the_letter_is_read_from_its_name():
    assert to_campaign(read_campaign(LEAST, filename="open.toml"), "").body_format == "html"


@pytest.mark.parametrize("name", ["Open day 2026", "  open -- DAY 2026!", "Ｏｐｅｎ day 2026"])
def test_an_id_is_a_plain_form_of_the_name(name):
    assert campaign_id(name) == "open-day-2026"


@pytest.mark.parametrize(
    ("name", "id_"),
    [
        ("開放日", "6411e12e"),
        ("開放日 2026", "2026-773103d3"),
        ("!!!", "e84c538e"),
        ("a" * 60, "a" * 48 + "-11ee3912"),
    ],
)
def test_a_name_that_no_plain_form_holds_is_told_apart_by_a_stable_mark(name, id_):
    assert campaign_id(name) == id_


def test_names_that_share_a_slug_keep_ids_of_their_own():
    names = ("開放日 2026", "畢業禮 2026", "Open 日", "Open 夜", "a" * 60, "a" * 61)
    assert len({campaign_id(name) for name in names}) == len(names)
