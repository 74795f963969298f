"""No order of consent, import, unsubscribing, bounce, erasure and re-import mails a suppressed person or loses a no."""

import shutil
from datetime import timedelta
from itertools import count

import pandas as pd
from builders import NOW, a_campaign
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bulkmail import audience, intake, mending, people, prepare
from bulkmail.adapters import database, ledger, suppressions
from bulkmail.adapters.workspace import make_folders, open_workspace
from bulkmail.model import BY_THE_PERSON, Attestation, Suppression, SuppressionReason
from bulkmail.prepare import consents
from bulkmail.tips import addressing, unsubscribe
from tests.conftest import settings_in

PEOPLE = ("ana@lotusbay.edu.mo", "ben@lotusbay.edu.mo")
WHO = st.sampled_from(PEOPLE)
VOUCHED = Attestation(basis="consent", source="sheets", wording="Send me news.", by="Registrar", at=NOW)


class Order(RuleBasedStateMachine):
    """What people and staff do, in any order; `left` and `came` are when each last said no, and yes, themselves."""

    template = None
    folder = None
    number = count()

    @initialize()
    def open(self):
        home = self.folder / str(next(self.number))
        make_folders(home)
        shutil.copy(self.template, home)
        self.ws, self.now = open_workspace(settings_in(home)), NOW
        self.left, self.came, self.uploads = {}, {}, []
        self.campaign = a_campaign(list_name="members.csv", kind="marketing")
        database.save_campaign(self.ws, self.campaign, NOW)

    def teardown(self):
        if hasattr(self, "ws"):
            self.ws.engine.dispose()

    def later(self):
        self.now += timedelta(hours=1)
        return self.now

    def person(self, address):
        return addressing.person_of(address, self.ws.person_key)

    def said(self, address, state, evidence):
        now = self.later()
        event = dict.fromkeys(ledger.FACT_COLUMNS, "") | {"person": self.person(address), "purpose": "newsletter"}
        event |= {"state": state, "at": now, "recorded_at": now, "recorded_by": "x", "evidence": evidence}
        ledger.append_consent(self.ws, pd.DataFrame([event | {"basis": "consent_express", "method": "web_form"}]))
        return now

    def suppress(self, address, reason):
        now = self.later()
        row = Suppression(person=self.person(address), reason=reason, at=now, origin="test", address=address)
        database.add_suppressions(self.ws, [row])
        return now

    @rule(address=WHO)
    def signs_up(self, address):
        self.came[address] = self.said(address, "given", "form")

    @rule(address=WHO)
    def withdraws(self, address):
        self.left[address] = self.said(address, "withdrawn", "link")

    @rule(address=WHO)
    def unsubscribes(self, address):
        self.left[address] = self.suppress(address, SuppressionReason.UNSUBSCRIBED)

    @rule(address=WHO)
    def complains(self, address):
        self.left[address] = self.suppress(address, SuppressionReason.COMPLAINED)

    @rule(address=WHO)
    def bounces(self, address):
        self.left[address] = self.suppress(address, SuppressionReason.HARD_BOUNCE)

    @rule(
        rows=st.lists(st.tuples(WHO, st.sampled_from(["yes", "no", ""]), st.integers(-400, 0)), min_size=1, max_size=4),
        attested=st.booleans(),
    )
    def is_imported(self, rows, attested):
        """A list is uploaded, with whatever it says of whomever, and a campaign that rests on it is approved."""
        now = self.later()
        lines = [f"{address},{said},{(now + timedelta(days=days)):%Y-%m-%d}" for address, said, days in rows]
        self.uploads.append(lines)
        self.upload(lines, attested)

    @precondition(lambda self: self.uploads)
    @rule(which=st.integers(0, 9), attested=st.booleans())
    def is_uploaded_again(self, which, attested):
        """A file of long ago, as it stood then, is uploaded once more."""
        self.upload(self.uploads[which % len(self.uploads)], attested)

    @precondition(lambda self: self.uploads)
    @rule(attested=st.booleans())
    def all_are_merged(self, attested):
        """Somebody copies all files of before into one."""
        self.upload([line for lines in self.uploads for line in lines], attested)

    @precondition(lambda self: self.uploads)
    @rule(address=WHO)
    def is_mended(self, address):
        """Somebody writes an address and a yes over the first row of the newest upload."""
        version = database.lists(self.ws)[0]
        table = prepare.mended_list(self.ws, version.id)
        agreed = {"original_address": address, "consent": "yes", "consent_at": f"{self.later():%Y-%m-%d}"}
        changed = mending.edit(table, int(table["source_row"].iloc[0]), agreed)
        prepare.mend(self.ws, version.id, "edited", changed, who="x", now=self.now)
        self.judge(prepare.mended_list(self.ws, version.id), record=True)

    def upload(self, lines, attested):
        data = "\n".join(["Email,Consent,Consent date", *lines]).encode()
        reading = intake.read_list(data, "members.csv")
        prepare.save_list(self.ws, "members.csv", reading, prepare.content_hash(data), self.later())
        self.judge(reading.table, VOUCHED if attested else None, record=True)

    @rule(address=WHO)
    def is_erased(self, address):
        people.erase(self.ws, people.known_of(self.ws, address, now=self.now), who="x", now=self.later())
        self.left[address] = self.now

    def judge(self, table, attestation=None, *, record=False):
        campaign = a_campaign(list_name="members.csv", kind="marketing", attestation=attestation)
        judged = addressing.annotate(table, person_key=self.ws.person_key)
        judged, brought, events = consents.judge(self.ws, judged, campaign, now=self.now)
        judged = unsubscribe.annotate(
            judged, suppressions.suppressions(self.ws), purpose=campaign.purpose, events=events
        )
        if record:
            consents.record(self.ws, campaign, brought, by="x", now=self.now)
        return audience.select_audience(judged)

    @invariant()
    def nobody_who_left_is_mailed(self):
        """The most inviting list there can be: everybody on it agreed a minute later, and somebody vouches for it."""
        if not hasattr(self, "ws"):
            return
        agreed = (self.now + timedelta(minutes=1)).isoformat()
        rows = [f"{address},yes,{agreed}" for address in PEOPLE]
        table = intake.read_list("\n".join(["Email,Consent,Consent date", *rows]).encode(), "now.csv").table
        mailed = set(self.judge(table, VOUCHED).eligible["address"])
        for address, left_at in self.left.items():
            if self.came.get(address, NOW) <= left_at:
                assert address not in mailed, f"{address} left and would be mailed"

    @invariant()
    def no_withdrawal_is_lost(self):
        if not hasattr(self, "ws"):
            return
        events = ledger.consent_events(self.ws)
        held = set(suppressions.suppressions(self.ws)["person"]) | set(
            events.loc[events["state"].eq("withdrawn") & events["evidence"].isin(BY_THE_PERSON), "person"]
        )
        assert {self.person(address) for address in self.left} <= held
        assert ledger.newest_are_sound(self.ws)


def test_no_order_of_events_mails_a_suppressed_person_or_loses_a_withdrawal(tmp_path, migrated_sqlite):
    Order.template, Order.folder = migrated_sqlite, tmp_path
    quiet = settings(max_examples=8, stateful_step_count=8, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(Order, settings=quiet)
