"""Prepares a list, and a campaign from a list and a letter to a plan that a person may approve."""

from bulkmail.prepare.campaigns import (
    UNDER_WAY,
    Inputs,
    Prepared,
    approve,
    approve_reviewed,
    contacts_since,
    excluded_of,
    inputs_of,
    inputs_of_file,
    plan_to_watch,
    plan_under_way,
    prepare_campaign,
    state_of,
    with_second_opinion,
)
from bulkmail.prepare.drill import make_drill, newest_drill
from bulkmail.prepare.large import read_list, report_with_rows
from bulkmail.prepare.letters import canary_url, judge_letter, largest_letter, letters_of
from bulkmail.prepare.lists import (
    ListReport,
    asks_dns,
    content_hash,
    judge_addresses,
    report_on_list,
)
from bulkmail.prepare.mends import (
    compare,
    corrections,
    corrections_of_file,
    list_hash,
    mark,
    mend,
    mended_list,
    mends_of,
    save_list,
)
from bulkmail.prepare.opt_outs import bring_mails, dismiss_opt_outs, honour_opt_outs
from bulkmail.prepare.sender import SenderReport, account_of, report_on_sender
from bulkmail.prepare.upcoming import Upcoming, as_edited, upcoming
from bulkmail.prepare.way_out import requests_to_stop
from bulkmail.prepare.words import ALL, acknowledge, needs_words, wanting

__all__ = [
    "ALL",
    "UNDER_WAY",
    "Inputs",
    "ListReport",
    "Prepared",
    "SenderReport",
    "Upcoming",
    "account_of",
    "acknowledge",
    "approve",
    "approve_reviewed",
    "as_edited",
    "asks_dns",
    "bring_mails",
    "canary_url",
    "compare",
    "contacts_since",
    "content_hash",
    "corrections",
    "corrections_of_file",
    "dismiss_opt_outs",
    "excluded_of",
    "honour_opt_outs",
    "inputs_of",
    "inputs_of_file",
    "judge_addresses",
    "judge_letter",
    "largest_letter",
    "letters_of",
    "list_hash",
    "make_drill",
    "mark",
    "mend",
    "mended_list",
    "mends_of",
    "needs_words",
    "newest_drill",
    "plan_to_watch",
    "plan_under_way",
    "prepare_campaign",
    "read_list",
    "report_on_list",
    "report_on_sender",
    "report_with_rows",
    "requests_to_stop",
    "save_list",
    "state_of",
    "upcoming",
    "wanting",
    "with_second_opinion",
]
