"""The subject and the words behind it: short, honest, calm, and about what the letter says."""

import re
import unicodedata

from bulkmail import limits
from bulkmail.model import Finding, Outcome, say
from bulkmail.tips.clarity.facts import (
    GMAIL,
    PREHEADER,
    SPAMASSASSIN,
    SUBJECT,
    ClarityFacts,
    finding,
    plain,
    tokens,
)

_REPLY_PREFIX = re.compile(
    r"^\W*(?:re|res|fw|fwd|enc|aw|sv|wg|tr|rv|回覆|回复|回覆郵件|答覆|答复|轉寄|转寄|轉發|转发|返信|転送|회신|전달)"
    r"\s*(?:\[\d+\]|\(\d+\))?\s*[:\]】]",
    re.IGNORECASE,
)
BAIT = re.compile(
    r"you(?:'ve| have)? won|winner|claim your|act now|last chance|final notice|urgent|100% free|risk[- ]free|"
    r"中獎|中奖|得獎|恭喜您|最後機會|最后机会|最後通知|緊急|紧急|立即領取|免費領取|限時搶|不看後悔",
    re.IGNORECASE,
)
_LABEL_LAWS = (
    "互联网电子邮件服务管理办法 art. 13, https://yakdoc.com/html/142086.html; Singapore Spam Control Act, "
    "https://laws.sg/legislation/bill-2007-6/clause-5, read 2026-11-23"
)
_LABEL = re.compile(r"^\s*[\[【(（<]?\s*(?:廣告|广告|AD\b)")
_MAINLAND = re.compile(r"(?:.*\.cn|(?:vip\.)?(?:qq|163|126|sina|sohu|foxmail|yeah|aliyun)\.(?:com|net))")
_VIEW_ONLINE = re.compile(r"view (?:this )?(?:e-?mail )?(?:in|online)|在瀏覽器|網上版|瀏覽網頁版", re.IGNORECASE)


def display_width(text: str) -> int:
    """The width of a text in columns: wide East Asian characters and emoji count two, marks that combine count none."""
    width, joined = 0, False
    for character in text:
        if character == "\u200d":
            joined = True
            continue
        if not joined and unicodedata.category(character) not in ("Mn", "Me", "Cf"):
            width += 2 if unicodedata.east_asian_width(character) in "WF" else 1
        joined = False
    return width


def check_subject_length(facts: ClarityFacts) -> Finding:
    """Say what the letter is about in 60 columns or fewer (30 Chinese characters): phones show no more."""
    limit = limits.SUBJECT_COLUMNS_WIDE
    source = f"{limit.source}, read {limit.read_on}"
    width, characters = display_width(facts.subject.strip()), len(facts.subject)
    fix = say("Put what matters to the reader first, in at most {limit} columns.", limit=int(limit.value))
    if not width:
        return finding("MSG-01", Outcome.BLOCK, say("The letter has no subject."), fix, source, SUBJECT)
    message = say("The longest subject is {width} columns wide, of {limit}.", width=width, limit=int(limit.value))
    if characters > limits.SUBJECT_CHARACTERS_LONG.value:
        message = say(
            "The longest subject has {characters} characters; filters count more than {limit} against it.",
            characters=characters, limit=int(limits.SUBJECT_CHARACTERS_LONG.value),
        )  # fmt: skip
    outcome = Outcome.WARN if width > limit.value else Outcome.PASS
    return finding("MSG-01", outcome, message, fix, source, SUBJECT)


def check_no_false_reply(facts: ClarityFacts) -> Finding:
    """Begin no subject as if it were an answer or a forwarded letter."""
    fix = say("Take the prefix away.")
    found = _REPLY_PREFIX.match(plain(facts.subject))
    known = {name.casefold() for name in facts.headers}
    if found and not known & {"in-reply-to", "references"}:
        message = say("The subject begins with “{prefix}”, but answers no letter.", prefix=found[0].strip())
        return finding("MSG-02", Outcome.BLOCK, message, fix, GMAIL, SUBJECT)
    return finding("MSG-02", Outcome.PASS, say("The subject does not pose as an answer."), fix, GMAIL, SUBJECT)


def check_nothing_shouts(facts: ClarityFacts) -> Finding:
    """Shout neither in capitals nor with exclamation marks; filters count both, in Chinese subjects by accident too."""
    fix = say("Write as you would to one person; spell out an abbreviation that stands alone in a Chinese subject.")
    subject = plain(facts.subject)
    troubles = (
        (say("a subject in capitals"), _share_upper(subject, 8) >= limits.SUBJECT_CAPITALS_SHARE.value),
        (say("several marks in a row"), re.search(r"[!?]\s*[!?]", subject)),
        (say("more than one exclamation mark"), subject.count("!") > 1),
        (say("a letter mostly in capitals"), _share_upper(facts.page.visible, 200) > limits.BODY_CAPITALS_SHARE.value),
    )
    found = [what for what, there in troubles if there]
    if found:
        return finding("MSG-03", Outcome.WARN, say("It shouts: {things}.", things=found), fix, SPAMASSASSIN, SUBJECT)
    if seems_all_capitals(facts.subject):
        message = say(
            "SpamAssassin looks at the Latin letters alone and takes this subject for one in capitals (SUBJ_ALL_CAPS)."
        )
        return finding("MSG-03", Outcome.WARN, message, fix, SPAMASSASSIN, SUBJECT)
    return finding("MSG-03", Outcome.PASS, say("Subject and letter do not shout."), fix, SPAMASSASSIN, SUBJECT)


def _share_upper(text: str, at_least: int) -> float:
    """The share of capitals among the letters that have a case; 0 where there are too few to tell."""
    cased = [character for character in text if character.isupper() or character.islower()]
    return sum(map(str.isupper, cased)) / len(cased) if len(cased) >= at_least else 0.0


def seems_all_capitals(subject: str) -> bool:
    """Whether SpamAssassin's SUBJ_ALL_CAPS would hit: more than one word, ten characters, and A–Z in capitals only."""
    said = subject.strip()
    latin = re.sub(r"[^a-zA-Z]", "", said)
    return bool(re.search(r"\s", said)) and len(said) >= 10 and latin != "" and latin == latin.upper()


def check_subject_is_borne_out(facts: ClarityFacts) -> Finding:
    """Promise nothing in the subject that the letter does not speak of."""
    source = "Hong Kong Cap. 593 s. 12, http://www.hklii.org/hk/legis/en/ord/593/s12.html, read 2026-11-23"
    fix = say("Name in the subject what the letter says, in the words of the letter.")
    bait = BAIT.search(plain(facts.subject))
    if bait:
        message = say("The subject lures: “{words}”.", words=bait[0])
        return finding("MSG-22", Outcome.WARN, message, fix, source, SUBJECT)
    promised = tokens(facts.subject)
    if not promised:
        return finding("MSG-22", Outcome.UNKNOWN, say("The subject has no words to compare."), fix, source, SUBJECT)
    kept = promised & tokens(facts.page.visible)
    title = (facts.page.root.findtext(".//title") or "").strip()
    if tokens(title) and not tokens(title) & promised:
        message = say("The page calls itself “{title}”, which shares no word with the subject.", title=title[:80])
        say_same = say("Give <title> the words of the subject: filters compare them.")
        return finding("MSG-22", Outcome.WARN, message, say_same, SPAMASSASSIN, SUBJECT)
    message = say("{kept} of {count} words of the subject stand in the letter.", kept=len(kept), count=len(promised))
    return finding("MSG-22", Outcome.PASS if kept else Outcome.WARN, message, fix, source, SUBJECT)


def check_advertisement_is_labelled(facts: ClarityFacts) -> Finding:
    """Mark advertisements where a law asks for it: to mainland China the subject begins with 广告 or AD, to Singapore
    with <ADV> where people who have not asked for letters (`unasked_in`) get more than 100 in a day, 1,000 in 30 days
    or 10,000 in a year.
    """
    source = _LABEL_LAWS
    fix = say(
        "Begin the subject with 廣告 or AD (mainland China) or <ADV> and a space (Singapore) if this letter advertises "
        "something; ask your counsel if in doubt."
    )
    if facts.campaign.kind != "marketing":
        message = say("The letter is no advertisement, by the class of its campaign.")
        return finding("MSG-23", Outcome.PASS, message, fix, source, SUBJECT)
    if facts.recipient_domains is None:
        message = say("Where the readers have their mailboxes is not known yet.")
        return finding("MSG-23", Outcome.UNKNOWN, message, say("Choose a list."), source, SUBJECT)
    count = sum(facts.recipient_domains.values())
    there = sum(number for domain, number in facts.recipient_domains.items() if _MAINLAND.fullmatch(domain))
    day, month, year = facts.unasked_in.get("SG", (0, 0, 0))
    message = say("{there} of {count} readers have mailboxes of mainland China.", there=there, count=count)
    if year:
        message = say(
            "{there} of {count} readers have mailboxes of mainland China; readers of Singapore who have not asked have "
            "{day} letters in a day, {month} in 30 days and {year} in a year.",
            there=there, count=count, day=day, month=month, year=year,
        )  # fmt: skip
    ceilings = (limits.SINGAPORE_BULK_DAY, limits.SINGAPORE_BULK_MONTH, limits.SINGAPORE_BULK_YEAR)
    bulk = any(sent > limit.value for sent, limit in zip((day, month, year), ceilings, strict=True))
    lacks = (there and not _LABEL.match(facts.subject)) or (bulk and not facts.subject.startswith("<ADV> "))
    return finding("MSG-23", Outcome.WARN if lacks else Outcome.PASS, message, fix, source, SUBJECT)


def check_preheader(facts: ClarityFacts) -> Finding:
    """Use the line that inboxes show behind the subject: without it they take the first words they find."""
    source = "http://design.intuit.com/quickbooks/marketing/email/content-in-email/, read 2026-11-23"
    fix = say("Write 40 to 100 columns that go on where the subject ends.")
    said, width = plain(facts.preheader).strip(), display_width(facts.preheader.strip())
    troubles = (
        (say("The letter has no preheader."), not said),
        (say("The preheader repeats the subject."), said.casefold() == plain(facts.subject).strip().casefold()),
        (say("The preheader speaks of reading online instead of the letter."), _VIEW_ONLINE.search(said)),
    )
    for message, there in troubles:
        if there:
            return finding("MSG-26", Outcome.WARN, message, fix, source, PREHEADER)
    message = say("The preheader is {width} columns wide; 40 to 100 are best.", width=width)
    return finding("MSG-26", Outcome.PASS, message, fix, source, PREHEADER)


CHECKS = (
    check_subject_length,
    check_no_false_reply,
    check_nothing_shouts,
    check_subject_is_borne_out,
    check_advertisement_is_labelled,
    check_preheader,
)
