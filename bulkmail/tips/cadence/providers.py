"""The checks of tip 6 that concern mailbox providers: who comes first in a warm-up, quotas, and pacing."""

from datetime import timedelta

from bulkmail import limits
from bulkmail.model import Finding, Outcome, Text, say
from bulkmail.tips.cadence.checks import cited
from bulkmail.tips.cadence.facts import CadenceFacts, planned
from bulkmail.tips.cadence.numbers import ramp
from bulkmail.tips.cadence.rows import more_than_promised

PACED_DOMAINS = ("qq.com", "foxmail.com", "163.com", "126.com", "yeah.net")
_Judged = tuple[Outcome, Text]


def check_promised_cadence(facts: CadenceFacts) -> Finding:
    """Write no oftener than was promised at sign-up, or than the person asked for.

    Rules FRQ-01: a monthly letter is one in 28 days, the planned one counted. Who would get more is left out.
    """
    outcome, message, rows = _judge_promise(facts)
    fix = say("Wait until the promised time has passed, or ask these people whether they want more letters.")
    cited_as = f"{limits.YAHOO_PRACTICES}, read {limits.CAP_7_DAYS.read_on}"
    return Finding(code="FRQ-01", outcome=outcome, message=message, fix=fix, source=cited_as, rows=rows)


def _judge_promise(facts: CadenceFacts) -> tuple[Outcome, Text, tuple[int, ...]]:
    if facts.kind != "marketing":
        return Outcome.PASS, say("Promises of frequency bind marketing letters, and this is not one."), ()
    if facts.promises is None or not len(facts.promises):
        return Outcome.UNKNOWN, say("How often people were told they would hear from you is not recorded."), ()
    over = more_than_promised(facts.table, facts.contacts, facts.promises, facts.moment)
    message = say(
        "{over} of {rows} rows were promised fewer letters than this one would make; they are left out.",
        over=int(over.sum()),
        rows=len(facts.table),
    )
    rows = tuple(facts.table.loc[over, "source_row"].tolist())
    # left out is kept promise: what would still go out beyond a promise blocks
    kept = (facts.table.loc[over, "cadence_reason"] != "").all()
    outcome = Outcome.PASS if not over.any() else Outcome.WARN if kept else Outcome.BLOCK
    return outcome, message, rows


def check_warm_up_begins_with_engaged(facts: CadenceFacts) -> Finding:
    """Begin a new domain, address or template with people who clicked lately, and grow by half a day at most.

    Rules FRQ-04: so many letters on the first day and so many times the day before as the rules in force say (500 and
    1.5 where nobody has said), while bounces stay below 2 % and complaints below 0.1 %.
    """
    letters, peak = len(planned(facts.table)), max(facts.daily_volume.values(), default=0)
    outcome, message = _judge_warm_up(facts, letters, peak)
    days = ramp(letters, facts.rules.first_day, facts.rules.step)
    fix = say(
        "Send {first} letters on the first day, to people who clicked lately, and the rest over {days} days.",
        first=days[0] if days else 0,
        days=len(days),
    )
    return Finding(code="FRQ-04", outcome=outcome, message=message, fix=fix, source=cited(limits.RAMP_FACTOR))


def _judge_warm_up(facts: CadenceFacts, letters: int, peak: int) -> _Judged:
    if letters <= facts.rules.first_day:
        return Outcome.PASS, say("{letters} letters fit the first day of a warm-up.", letters=letters)
    if peak >= letters / limits.RAMP_FACTOR.value:
        return Outcome.PASS, say("This domain has sent as much on a day lately ({peak}): it is warm.", peak=peak)
    if facts.letters is None or facts.letters.empty:
        return Outcome.UNKNOWN, say("It is not known who of these people clicked lately, so nobody can go first.")
    lately = facts.letters[facts.letters["sent_at"] >= facts.now - timedelta(days=90)]
    engaged = planned(facts.table)["person"].isin(lately.loc[lately["clicked"] == 1, "person"]).sum()
    message = say(
        "{letters} letters leave at once from a domain that is not warm; {engaged} of these people clicked in 90 days.",
        letters=letters,
        engaged=int(engaged),
    )
    return Outcome.WARN, message


def check_gmail_quota(facts: CadenceFacts) -> Finding:
    """Stop for ten minutes when Gmail answers 421 4.7.28, then go on slowly: more letters only make it worse.

    Rules FRQ-06.
    """
    outcome, message = _judge_quota(facts)
    fix = say("Pause the run for at least ten minutes, and go on with fewer letters an hour.")
    return Finding(
        code="FRQ-06", outcome=outcome, message=message, fix=fix, source=cited(limits.GMAIL_BACK_OFF_MINUTES)
    )


def _judge_quota(facts: CadenceFacts) -> _Judged:
    if facts.gmail_refusals is None:
        return Outcome.UNKNOWN, say("Whether Gmail has lately answered that its quota is used up is not known.")
    since = facts.now - timedelta(minutes=limits.GMAIL_BACK_OFF_MINUTES.value)
    fresh = [at for at in facts.gmail_refusals if at >= since]
    if fresh:
        return Outcome.BLOCK, say(
            "Gmail has said {count} times in ten minutes that its quota is used up.", count=len(fresh)
        )
    if facts.gmail_refusals:
        return Outcome.WARN, say(
            "Gmail has said {count} times lately that its quota was used up.", count=len(facts.gmail_refusals)
        )
    return Outcome.PASS, say("Gmail has not complained of the pace.")


def check_transport(facts: CadenceFacts) -> Finding:
    """Keep to what the provider carries: at most 1,000 recipients a request, and the pace that it answers with.

    Rules FRQ-11. Plans are cut into such requests, and `X-RateLimit` headers are obeyed while sending; Exchange Online
    is not for bulk mail.
    """
    letters, room = len(planned(facts.table)), int(limits.RECIPIENTS_PER_REQUEST.value)
    message = say(
        "{letters} letters go out in {requests} requests of at most {room}.",
        letters=letters,
        requests=-(-letters // room),
        room=room,
    )
    fix = say("Nothing to do: the sender keeps to it.")
    return Finding(
        code="FRQ-11", outcome=Outcome.PASS, message=message, fix=fix, source=cited(limits.RECIPIENTS_PER_REQUEST)
    )


def check_pacing_in_china(facts: CadenceFacts) -> Finding:
    """Write slowly to QQ and NetEase: they publish no limits, and answer "frequency limited" to who is fast.

    Rules FRQ-12: at most 20 letters a minute to each is the house's caution.
    """
    outcome, message = _judge_pacing(facts)
    fix = say("Give these people a campaign of their own and spread it over the day.")
    return Finding(code="FRQ-12", outcome=outcome, message=message, fix=fix, source=cited(limits.PACED_PER_MINUTE))


def _judge_pacing(facts: CadenceFacts) -> _Judged:
    if "domain" not in facts.table:
        return Outcome.UNKNOWN, say("The domains of the addresses are not known, so QQ and NetEase are not counted.")
    paced = int(planned(facts.table)["domain"].isin(PACED_DOMAINS).sum())
    minutes = -(-paced // int(limits.PACED_PER_MINUTE.value))
    message = say(
        "{count} people have their mail at QQ or NetEase: at {pace} a minute that takes {minutes} minutes.",
        count=paced,
        pace=int(limits.PACED_PER_MINUTE.value),
        minutes=minutes,
    )
    return (Outcome.WARN if minutes > 60 else Outcome.PASS), message
