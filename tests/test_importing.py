"""Past engagement from files of every shape: nothing lost, nothing twice, machines told from people."""

import io
import json
from datetime import timedelta

import pandas as pd
import pytest
from builders import NOW

from bulkmail import importing, sendgrid_past
from bulkmail.adapters import past
from bulkmail.errors import InputError

AT = int((NOW - timedelta(days=20)).timestamp())


def bring_in(ws, text, name="log"):
    report = importing.bring_in(ws, name, text if isinstance(text, bytes) else text.encode(), NOW)
    assert report.rows == report.new + report.repeated + len(report.refused)
    return report


def event(kind, after=0, email="ana@lotusbay.edu.mo", message="m1.filter01.123", **more):
    base = {"event": kind, "timestamp": AT + after, "email": email, "sg_message_id": message, "category": ["news-1"]}
    return {**base, **more}


def lines(*events):
    return "\n".join(json.dumps(one) for one in events)


# ---------------------------------------------------------------- SendGrid


def test_webhook_lines_become_letters_with_machines_told_apart(workspace):
    bo = {"email": "bo@gmail.com", "message": "m2.x"}
    text = lines(
        event("processed"),
        event("delivered", 5),
        event("open", 9, sg_machine_open=True),
        event("click", 8),
        [event("delivered", 4, **bo), event("click", 4_000, **bo)],
        event("spamreport", 90_000, **bo),
    )  # fmt: skip
    assert bring_in(workspace, text).new == 2
    letters = past.imported_letters(workspace).sort_values("at_gmail").reset_index(drop=True)
    assert letters["campaign"].tolist() == ["news-1", "news-1"]
    signs = letters[["machine_open", "opened", "machine_click", "clicked"]]
    assert signs.to_numpy().tolist() == [[1, 0, 1, 0], [0, 0, 0, 1]]
    assert letters["complained"].tolist() == [0, 1]


def test_a_click_of_a_person_after_that_of_a_scanner_counts():
    folded = sendgrid_past.fold(pd.DataFrame([event("delivered", 5), event("click", 7), event("click", 700)]))
    assert sendgrid_past.as_sends(folded)["clicked_at"].iloc[0].timestamp() == AT + 700


def test_folding_in_parts_is_folding_at_once():
    events = pd.DataFrame([event("delivered", 5), event("open", 60), event("click", 7), event("click", 700)])
    parts = pd.concat([sendgrid_past.fold(events.iloc[:2]), sendgrid_past.fold(events.iloc[2:])], ignore_index=True)
    pd.testing.assert_frame_equal(sendgrid_past.combine(parts), sendgrid_past.fold(events), check_like=True)


def test_lines_that_are_no_events_are_refused_and_counted(workspace):
    report = bring_in(workspace, lines(event("delivered")) + "\n{torn\n" + json.dumps({"hello": 1}))
    assert (report.rows, report.new) == (3, 1)
    assert report.refused["reason"].tolist() == ["torn", "torn"]


def test_the_email_activity_csv_is_known_by_its_columns(workspace):
    text = (
        "processed,message_id,event,email,subject,categories,type\n"
        '2026-11-02 02:53:00,m1.x,processed,ana@lotusbay.edu.mo,Hello,"[""spring""]",\n'
        '2026-11-02 02:53:09,m1.x,delivered,ana@lotusbay.edu.mo,Hello,"[""spring""]",\n'
        '2026-11-02 04:00:00,m1.x,group_unsubscribe,ana@lotusbay.edu.mo,Hello,"[""spring""]",\n'
        "2026-11-02 02:53:20,m2.x,bounce,bo@lotusbay.edu.mo,Hello,,bounce\n"
    )
    assert bring_in(workspace, text).new == 2
    letters = past.imported_letters(workspace).sort_values("campaign").reset_index(drop=True)
    assert letters["campaign"].tolist() == ["Hello", "spring"]
    assert letters["bounced"].tolist() == [1, 0] and letters["unsubscribed"].tolist() == [0, 1]
    assert str(letters["sent_at"].iloc[1]) == "2026-11-02 02:53:00+00:00"


def test_events_brought_in_again_change_nothing(workspace):
    text = lines(event("delivered", 5), event("open", 60))
    bring_in(workspace, text)
    again = bring_in(workspace, text, "copy")
    assert (again.new, again.repeated) == (0, 1)


# ---------------------------------------------------------------- public data sets


def test_rees46_messages_are_read_and_push_messages_are_no_letters(workspace):
    text = (
        "id,message_id,campaign_id,message_type,client_id,channel,sent_at,is_opened,opened_first_time_at,is_clicked,"
        "clicked_first_time_at,is_unsubscribed,unsubscribed_at,is_hard_bounced,hard_bounced_at,is_complained,complained_at\n"
        "1,a,63,bulk,151591,email,2021-04-30 07:23:51,t,2021-04-30 08:00:00,f,,t,2021-04-30 09:00:00,f,,f,\n"
        "2,b,63,bulk,151592,mobile_push,2021-04-30 07:23:51,f,,f,,f,,f,,f,\n"
    )
    report = bring_in(workspace, text)
    assert report.new == 1 and report.refused["reason"].tolist() == ["empty"]
    letter = past.imported_letters(workspace).iloc[0]
    assert (letter["campaign"], letter["opened"], letter["unsubscribed"], letter["clicked"]) == ("bulk-63", 1, 1, 0)


def test_xcampaign_needs_times_of_sending(workspace):
    text = "mailshot_id,user_id,opened,time_to_open\n7,3,1,0 days 09:39:32\n"
    with pytest.raises(InputError, match="sent_at"):
        bring_in(workspace, text)
    dated = "mailshot_id,user_id,opened,time_to_open,sent_at\n7,3,1,0 days 09:39:32,2024-01-08T09:00:00+01:00\n"
    assert bring_in(workspace, dated).new == 1
    assert past.imported_letters(workspace)["opened"].tolist() == [1]


# ---------------------------------------------------------------- any file


GENERIC = "campaign,department,recipient,sent_at\n"
ROW = "c{n},library,p{n}@lotusbay.edu.mo,2026-11-02T10:53:00+08:00\n"


def test_torn_rows_are_refused_by_number_and_the_others_kept(workspace):
    text = GENERIC + ROW.format(n=1) + "c2,library,too,many,cells,here\n" + "short\n" + ROW.format(n=3)
    report = bring_in(workspace, text)
    assert (report.rows, report.new) == (4, 2)
    assert report.refused["reason"].tolist() == ["torn", "torn"]


def test_a_repeat_within_and_between_files_is_counted_once(workspace):
    text = GENERIC + ROW.format(n=1) * 2
    first = bring_in(workspace, text)
    assert (first.new, first.repeated) == (1, 1)
    assert bring_in(workspace, GENERIC + ROW.format(n=1) + ROW.format(n=2)).new == 1


def test_a_file_is_walked_in_parts(workspace, tmp_path):
    file = tmp_path / "many.parquet"
    table = pd.read_csv(io.StringIO(GENERIC + "".join(ROW.format(n=n) for n in range(250))), dtype="str")
    table.to_parquet(file, row_group_size=100)
    with file.open("rb") as opened:
        parts = [len(part) for part, _ in past.table_parts(opened, "many", rows=100)]
    assert parts == [100, 100, 50]
    assert importing.bring_in_file(workspace, file, NOW).new == 250


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "hello", ""])
def test_what_is_no_log_is_one_sentence(workspace, text):
    with pytest.raises(InputError):
        importing.bring_in(workspace, "odd.csv", text.encode(), NOW)
