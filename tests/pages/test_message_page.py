"""The message page: what is written is kept, what is wrong is named with its line, and previews run nothing."""

import re
from contextlib import suppress
from datetime import timedelta

import pytest

from bulkmail import intake, prepare
from bulkmail.adapters import database
from bulkmail.adapters.settings import read_settings
from bulkmail.adapters.workspace import open_workspace
from tests.builders import NOW, a_campaign
from tests.pages.conftest import app_server, settled, words

LIST = """Name,Email,Faculty,Consent
Ana,ana@lotus.edu.mo,Arts,yes
Maximiliana da Silva e Sousa,max@lotus.edu.mo,Health Sciences,yes
,bob@lotus.edu.mo,,yes
Cai,cai@lotus.edu.mo,Law,no
"""
HOSTILE = (
    "<script>top.document.title='stolen'</script><form action='http://evil.example'><img src='http://evil.example/x'>"
    "<img src=x onerror=\"top.document.title='stolen'\"><svg onload=\"top.document.title='stolen'\"></svg>"
    "<meta http-equiv=refresh content='0;url=http://evil.example/'><base href='http://evil.example/'>"
    "<iframe src='http://evil.example/'></iframe><object data='http://evil.example/'></object>"
    "<style>@import 'http://evil.example/x.css'; p { background: url(http://evil.example/y) }</style>"
    "<a id=up href='http://evil.example/up' target=_top>up</a>"
    "<a id=new href='http://evil.example/new' target=_blank>new</a>"
    "<a id=code href=\"javascript:top.document.title='stolen'\">code</a></iframe></body></html>"
    "<script>parent.location='http://evil.example/'</script>"
)


def a_draft(ws, **changes):
    campaign = a_campaign(**{"body": "Dear {{ name | default('reader') }}, {{ Faculty }}", **changes})
    database.save_campaign(ws, campaign, NOW)
    return campaign


def a_list(ws, name="people.csv"):
    reading = intake.read_list(LIST.encode(), name)
    prepare.save_list(ws, name, reading, prepare.content_hash(LIST.encode()), NOW)
    return name


def letter(app):
    """The HTML of the preview, and that of the frame around it."""
    return app.get("iframe")[0].proto.srcdoc


@pytest.mark.parametrize("locale", ["en-US", "zh-TW"])
def test_it_opens_empty_with_a_draft_and_with_a_list_in_both_languages(opened, sqlite_workspace, locale):
    assert not opened("message", locale).exception
    a_draft(sqlite_workspace)
    assert not opened("message", locale).exception
    a_draft(sqlite_workspace, list_name=a_list(sqlite_workspace))
    full = opened("message", locale)
    assert not full.exception
    assert len(full.get("iframe")) == 1


def test_what_is_written_is_kept_and_a_mere_rerun_keeps_nothing(opened, sqlite_workspace):
    a_draft(sqlite_workspace)
    page = opened("message").run()
    assert database.saved_at(sqlite_workspace, "spring") == NOW
    page.text_area("message-body-spring").set_value("Hello again").run()
    page.text_input("message-subject-spring").set_value("Other news").run()
    page.selectbox("message-language-spring").select("column").run()
    kept = database.campaign(sqlite_workspace, "spring")
    assert (kept.body, kept.subject, kept.language) == ("Hello again", "Other news", "column")
    assert database.saved_at(sqlite_workspace, "spring") > NOW
    assert "Saved 20" in words(page)


def test_what_cannot_be_read_is_named_with_its_line(opened, sqlite_workspace):
    a_draft(
        sqlite_workspace, body="Dear {{ name }},\n\n{% if Faculty %}your faculty", list_name=a_list(sqlite_workspace)
    )
    page = opened("message")
    assert "Line 3 of the body" in page.error[0].value
    assert any(code.value == "3 | {% if Faculty %}your faculty" for code in page.code)
    assert not page.get("iframe")
    page.text_area("message-body-spring").set_value("All is well").run()
    assert not page.error
    assert "All is well" in letter(page)


def test_without_a_list_fields_show_their_names(opened, sqlite_workspace):
    a_draft(sqlite_workspace)
    page = opened("message")
    assert "‹name›, ‹Faculty›" in letter(page)
    assert "Choose a list" in words(page)  # tip 5 cannot know yet


def test_the_telling_letters_are_a_click_away(opened, sqlite_workspace):
    a_draft(sqlite_workspace, list_name=a_list(sqlite_workspace))
    page = opened("message")
    assert "Dear Ana, Arts" in letter(page)
    page.button_group("message-kind").set_value("longest").run()
    assert "Dear Maximiliana" in letter(page)
    page.button_group("message-kind").set_value("emptiest").run()
    assert "Dear reader" in letter(page)


def test_the_person_of_a_row_is_in_the_address(opened, sqlite_workspace):
    a_draft(sqlite_workspace, list_name=a_list(sqlite_workspace))
    assert "Dear Maximiliana" in letter(opened("message", row="3"))


def test_a_row_without_a_letter_says_why(opened, sqlite_workspace):
    a_draft(sqlite_workspace, list_name=a_list(sqlite_workspace))
    page = opened("message", row="5")
    assert "Row 5 gets no letter" in words(page)
    assert "refused" in words(page).lower()
    assert "no such row" in words(opened("message", row="99"))


def test_fields_are_counted_over_the_people_who_get_the_letter(opened, sqlite_workspace):
    a_draft(sqlite_workspace, list_name=a_list(sqlite_workspace))
    page = opened("message")
    [table] = page.table
    [faculty] = [row for row in table.value.itertuples(index=False) if row[0].startswith("Faculty")]
    assert faculty[1] == "66.7%"
    assert "longest 15, in row 3" in faculty[3]
    assert "3 people" in words(page)


def test_the_text_and_the_source_can_be_read(opened, sqlite_workspace):
    a_draft(sqlite_workspace, list_name=a_list(sqlite_workspace))
    text = opened("message", shown="text")
    assert any("Dear Ana, Arts" in code.value for code in text.code)
    source = opened("message", shown="source")
    assert any("<html" in code.value for code in source.code)
    assert not source.get("iframe")


def test_words_of_strangers_are_no_markdown(opened, sqlite_workspace):
    a_draft(sqlite_workspace, subject="![x](http://evil.example/x.png) **b**", preheader="[click](http://evil.example)")
    said = words(opened("message"))
    assert "![x](" not in said
    assert "[click](" not in said


def test_a_hostile_letter_stays_inside_the_inner_frame(opened, sqlite_workspace):
    a_draft(sqlite_workspace, body_format="html", body=HOSTILE)
    page = opened("message")
    outside = re.sub(r'srcdoc="[^"]*"', "", letter(page))
    assert "evil.example" not in outside
    assert "<script" not in letter(page)
    assert 'sandbox=""' in outside
    assert "MSG-20" in words(page)


def test_a_letter_can_be_seen_in_the_dark_and_without_pictures(opened, sqlite_workspace):
    style = "<style>@media (prefers-color-scheme: dark) { p { color: #fff } }</style>"
    body = f"<html><head>{style}</head><body><p>Hi</p><img src='https://example.org/a.png' alt='A map'></body></html>"
    a_draft(sqlite_workspace, body_format="html", body=body)
    light, dark, bare = (letter(opened("message", shown=view)) for view in ("desktop", "dark", "bare"))
    assert "(max-width:0px) { p" in light.replace("\n", " ") or "max-width:0px" in light
    assert "min-width:0px" in dark and "max-width:0px" not in dark
    assert "example.org/a.png" not in light and "data:image/svg+xml" in light
    assert "data:image/svg+xml" not in bare and "A map" in bare


def test_why_letters_go_out_one_by_one_is_said_before_and_after_there_is_a_list(opened, sqlite_workspace):
    body = "{% set who = name %}Dear {{ who }}, welcome"
    a_draft(sqlite_workspace, body=body)
    assert "one by one" in words(opened("message"))
    a_draft(sqlite_workspace, body=body, list_name=a_list(sqlite_workspace))
    said = words(opened("message"))
    assert "3 of 3 letters go out one by one" in said and "reaches across the letter" in said


def test_a_version_comes_back_into_the_fields(opened, sqlite_workspace):
    a_draft(sqlite_workspace, body="The first words")
    database.save_campaign(sqlite_workspace, a_campaign(body="Other words"), NOW + timedelta(hours=1))
    page = opened("message").run()
    assert any("-The first words" in code.value for code in page.code)
    page.button("message-bring-back").click().run()
    assert database.campaign(sqlite_workspace, "spring").body == "The first words"
    assert page.text_area("message-body-spring").value == "The first words"


def test_the_plain_text_is_made_until_somebody_writes_it(opened, sqlite_workspace):
    a_draft(sqlite_workspace, body="Dear {{ name }}")
    page = opened("message").run()
    page.button("message-text-own").click().run()
    assert database.campaign(sqlite_workspace, "spring").text == "Dear {{ name }}"
    page.text_area("message-text-spring").set_value("Own words").run()
    assert database.campaign(sqlite_workspace, "spring").text == "Own words"
    page.button("message-text-made").click().run()
    assert database.campaign(sqlite_workspace, "spring").text == ""


def test_a_draft_that_is_gone_is_not_written_anew(opened, sqlite_workspace):
    a_draft(sqlite_workspace)
    page = opened("message")
    with sqlite_workspace.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM campaign")
    page.text_input("message-subject-spring").set_value("Other news").run()
    assert not page.exception
    assert database.campaigns(sqlite_workspace) == []


def test_each_campaign_has_fields_of_its_own(opened, sqlite_workspace):
    a_draft(sqlite_workspace)
    database.save_campaign(sqlite_workspace, a_campaign(id="autumn", subject="Leaves"), NOW + timedelta(hours=1))
    page = opened("message", campaign="spring")
    page.text_input("message-subject-spring").set_value("Buds").run()
    assert database.campaign(sqlite_workspace, "autumn").subject == "Leaves"
    assert page.session_state["campaign"] == "spring"


@pytest.mark.browser
def test_in_a_browser_it_writes_looks_and_goes_on(page, sample_server):
    from playwright.sync_api import expect

    page.goto(f"{sample_server}/message")
    settled(page)
    frame = page.frame_locator("iframe").first.frame_locator("iframe")
    expect(frame.get_by_text("Open Day: come and see Lotus Bay")).to_be_visible()
    subject = page.get_by_role("textbox", name="Subject")
    expect(subject).not_to_have_value("")
    before = subject.input_value()
    subject.fill("Written in a browser")
    subject.blur()
    page.get_by_test_id("stMain").locator("strong", has_text="Written in a browser").wait_for()
    page.reload()
    expect(subject).to_have_value("Written in a browser")
    subject.fill(before)  # others look at the same server
    subject.blur()
    page.get_by_test_id("stMain").locator("strong", has_text=before).wait_for()
    page.get_by_role("button", name="Choose the time").click()
    page.wait_for_url("**/cadence**")
    assert page.strangers == []


@pytest.mark.browser
def opens(button, inside):
    """Press until what is inside can be seen: a page that is still being drawn may close what was opened early."""
    from playwright.sync_api import TimeoutError as NotYet

    for _ in range(10):
        button.click()
        with suppress(NotYet):
            inside.wait_for(timeout=4_000)
            return
    raise AssertionError("it does not open")


def test_in_a_browser_a_test_letter_to_oneself_arrives_in_the_inbox(page, tmp_path):
    from playwright.sync_api import expect

    with app_server(tmp_path, "--sample") as address:
        page.goto(f"{address}/message")
        settled(page)
        subject = page.get_by_role("textbox", name="Subject").input_value()
        opens(page.get_by_role("button", name="Send it to me"), page.get_by_role("textbox", name="Your address"))
        own = page.get_by_role("textbox", name="Your address")
        own.fill("myself@example.org")
        own.press("Tab")
        page.get_by_role("button", name="Send the test letter").click()
        expect(page.get_by_text("The test letter is on its way.")).to_be_visible()
        page.goto(page.get_by_role("link", name="Inbox").get_attribute("href"))
        row = page.get_by_role("row").filter(has_text="myself@example.org")
        for _ in range(60):  # the worker takes it within seconds
            if row.count():
                break
            page.wait_for_timeout(250)
            page.reload()
        expect(row).to_have_count(1)
        expect(row).to_contain_text(subject)
        expect(page.get_by_role("row")).to_have_count(2)  # the head of the table, and nobody else's letter
        assert page.strangers == []


@pytest.mark.browser
def test_in_a_browser_a_hostile_letter_runs_and_loads_nothing(page, tmp_path):
    from playwright.sync_api import expect

    ws = open_workspace(read_settings({"BULKMAIL_HOME": str(tmp_path / "workspace")}))
    a_draft(ws, body_format="html", body=f"<p>Look here</p>{HOSTILE}")
    ws.engine.dispose()
    with app_server(tmp_path) as address:
        page.goto(f"{address}/message")
        inner = page.frame_locator("iframe").first.frame_locator("iframe")
        expect(inner.get_by_text("Look here")).to_be_visible()
        for link in ("#up", "#new", "#code"):
            inner.locator(link).press("Enter")
        page.wait_for_timeout(500)  # what would run has had the time to
        assert page.title() != "stolen"
        assert page.url.startswith(f"{address}/message")
        assert len(page.context.pages) == 1
        assert page.strangers == []
