"""Tip 1: mail only people who agreed, for the purpose they agreed to, with a record of when and how.

The consent columns of a list, or an attestation for all of it, become events of the ledger (`events_of_list`); the
ledger is folded to one state per person and purpose (`fold`), and each row gets a reason or "" (`annotate`). No cell is
guessed at: what cannot be read is no consent, and a finding names its row. States and record follow ISO/IEC TS 27560 as
mapped by https://w3id.org/dpv/guides/consent-27560, read 2026-11-23.
"""

from bulkmail.tips.consent.checks import (
    check_age,
    check_complete,
    check_evidence,
    check_purpose,
    check_record,
    check_state,
)
from bulkmail.tips.consent.collected import (
    check_affirmative,
    check_confirmed,
    check_kept,
    check_origin,
    check_soft_opt_in,
)
from bulkmail.tips.consent.coverage import (
    AGE_BANDS,
    BY_PROOF,
    BY_STATE,
    LACKS,
    asked_and_answered,
    coverage,
    coverage_map,
    expiring,
    lacking,
)
from bulkmail.tips.consent.dates import ORDERS, read_dates
from bulkmail.tips.consent.events import EVENT_COLUMNS, events_of_list, notice_of_attestation
from bulkmail.tips.consent.facts import ConsentFacts, LedgerFacts
from bulkmail.tips.consent.folding import (
    FOLDED_COLUMNS,
    VALIDITY,
    Validity,
    deciding,
    fold,
    lasting,
    months_of,
    spelled_as,
)
from bulkmail.tips.consent.law import (
    check_canada,
    check_class,
    check_hong_kong,
    check_macau,
    check_mainland,
    check_measured_opens,
    letters_in_bulk,
    unasked_in,
)
from bulkmail.tips.consent.rows import GRADES, annotate, index_of, thin
from bulkmail.tips.consent.words import (
    AGAINST,
    ATTESTED,
    BASES,
    CONDITIONS,
    EVIDENCE,
    LIVE,
    METHODS,
    STATES,
    basis_of,
    clean,
    in_words,
    is_bought,
)

CHECKS = (
    check_record, check_state, check_complete, check_canada, check_soft_opt_in, check_affirmative, check_origin,
    check_confirmed, check_purpose, check_evidence, check_kept, check_macau, check_hong_kong, check_mainland,
    check_measured_opens, check_class, check_age,
)  # fmt: skip

__all__ = [
    "AGAINST",
    "AGE_BANDS",
    "ATTESTED",
    "BASES",
    "BY_PROOF",
    "BY_STATE",
    "CHECKS",
    "CONDITIONS",
    "EVENT_COLUMNS",
    "EVIDENCE",
    "FOLDED_COLUMNS",
    "GRADES",
    "LACKS",
    "LIVE",
    "METHODS",
    "ORDERS",
    "STATES",
    "VALIDITY",
    "ConsentFacts",
    "LedgerFacts",
    "Validity",
    "annotate",
    "asked_and_answered",
    "basis_of",
    "check_affirmative",
    "check_age",
    "check_canada",
    "check_class",
    "check_complete",
    "check_confirmed",
    "check_evidence",
    "check_hong_kong",
    "check_kept",
    "check_macau",
    "check_mainland",
    "check_measured_opens",
    "check_origin",
    "check_purpose",
    "check_record",
    "check_soft_opt_in",
    "check_state",
    "clean",
    "coverage",
    "coverage_map",
    "deciding",
    "events_of_list",
    "expiring",
    "fold",
    "in_words",
    "index_of",
    "is_bought",
    "lacking",
    "lasting",
    "letters_in_bulk",
    "months_of",
    "notice_of_attestation",
    "read_dates",
    "spelled_as",
    "thin",
    "unasked_in",
]  # fmt: skip
