"""What every check of tip 1 judges and how it answers."""

from dataclasses import dataclass, field
from datetime import datetime

import pandas as pd

from bulkmail.limits import GMAIL_GUIDELINES, YAHOO_PRACTICES
from bulkmail.model import Attestation, Finding, Outcome, Text, say
from bulkmail.tips.consent.folding import VALIDITY, Validity

_ISO_27560 = "ISO/IEC TS 27560 by https://w3id.org/dpv/guides/consent-27560, read 2026-11-23"
_GDPR = "https://gdpr-info.eu/art-7-gdpr/"
_PROVIDERS = f"{GMAIL_GUIDELINES}; {YAHOO_PRACTICES}"
SOURCES = {
    "CON-01": f"{GMAIL_GUIDELINES}; {_GDPR}; read 2026-11-23",
    "CON-02": _ISO_27560,
    "CON-03": _ISO_27560,
    "CON-04": "CASL section 10(10) and (13), https://laws-lois.justice.gc.ca/eng/acts/E-1.6/, read 2026-11-23",
    "CON-05": "ePrivacy Art. 13(2), https://eur-lex.europa.eu/eli/dir/2002/58/oj; PECR reg. 22(3); read 2026-11-23",
    "CON-06": f"{_PROVIDERS}; {_GDPR}; read 2026-11-23",
    "CON-07": f"{_PROVIDERS}; https://support.apple.com/en-us/102322; read 2026-11-23",
    "CON-08": f"{_PROVIDERS}; read 2026-11-23",
    "CON-09": _ISO_27560,
    "CON-10": f"{_ISO_27560}; {_GDPR}",
    "CON-11": f"UEMO section 9(3), http://www.hklii.org/hk/legis/en/ord/593/s9.html, read 2026-11-23; {_ISO_27560}",
    "CON-12": "Macau Law 8/2005, http://al.gov.mo/file/colect/col_lei-08/cn/3a.htm, read 2026-11-23",
    "CON-13": "Hong Kong PDPO Part VIA, https://pcpd.org.hk/misc/newsletters/newsletter_29/issue29/files/assets/"
    "basic-html/page-19.html, read 2026-11-23",
    "CON-14": "Measures for Internet E-mail Services, https://yakdoc.com/html/142086.html; PIPL Art. 39; "
    "read 2026-11-23",
    "CON-15": "CNIL deliberation 2026-042, https://www.nomosparis.com/en/tracking-pixels-in-emails-decoding-the-"
    "recommendation-of-the-french-data-protection-authority-of-12-march-2026/, read 2026-11-23",
    "CON-16": f"{GMAIL_GUIDELINES}; https://support.google.com/a/answer/14229414; read 2026-11-23",
    "CON-17": f"{_PROVIDERS}; read 2026-11-23; 24 months: house",
}
NOTHING_TO_DO = say("Nothing to do.")


@dataclass(frozen=True, kw_only=True)
class LedgerFacts:
    """What is known of the ledger as a whole: whether its chain was found sound (None: not looked at), how many events
    say no, and the day of the first of them."""

    sound: bool | None
    noes: int
    first_no_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class ConsentFacts:
    """What the checks judge: the annotated table of all rows, what the campaign says of itself, and the time. `letter`
    is subject and text of a letter, `ledger` the ledger as a whole; None where they are not known. `thin_notices` are
    the hashes of notices that do not say all that a record must."""

    table: pd.DataFrame
    purpose: str
    kind: str
    attestation: Attestation | None
    now: datetime
    validity: Validity = field(default_factory=lambda: VALIDITY)
    opens_measured: bool = True
    letter: str | None = None
    ledger: LedgerFacts | None = None
    thin_notices: frozenset[str] = frozenset()


def answer(code: str, outcome: Outcome, message: Text, fix: Text = NOTHING_TO_DO, rows: object = None) -> Finding:
    """The answer of a check about `rows`, a table with their source rows."""
    numbers = () if rows is None else tuple(rows["source_row"].tolist())
    return Finding(code=code, outcome=outcome, message=message, fix=fix, source=SOURCES[code], rows=numbers)


def of_people(facts: ConsentFacts) -> pd.DataFrame:
    """The rows with a person behind them: what is no address has no consent to ask for."""
    return facts.table[facts.table["person"].ne("")]


def mailed(facts: ConsentFacts) -> pd.DataFrame:
    """The rows that nothing speaks against in tip 1."""
    rows = of_people(facts)
    return rows[rows["consent_reason"].eq("")]


def nothing_to_judge(code: str, facts: ConsentFacts) -> Finding | None:
    """The finding where there is nothing to judge, or no consent to ask for."""
    if "consent_reason" not in facts.table or facts.table["person"].eq("").all():
        fix = say("Upload a list with usable addresses, then check again.")
        return answer(code, Outcome.UNKNOWN, say("There is nobody whose consent could be judged."), fix)
    if facts.kind == "transactional":
        left_out = facts.table["consent_reason"].ne("").sum()
        said = say(
            "A transactional letter asks for no consent; {count} of {rows} rows refused or withdrew and are left out.",
            count=int(left_out), rows=len(facts.table),
        )  # fmt: skip
        return answer(code, Outcome.PASS, said)
    return None
