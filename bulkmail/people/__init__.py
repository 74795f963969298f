"""One person: everything known of an address, in order of time; exported, corrected and erased on request."""

from bulkmail.people.exporting import as_json, as_text, document
from bulkmail.people.known import Known, Moment, known_of
from bulkmail.people.receipts import Receipt, receipt_of, receipts_of_plan
from bulkmail.people.rights import correct, erase

__all__ = [
    "Known", "Moment", "Receipt", "as_json", "as_text", "correct", "document", "erase", "known_of", "receipt_of",
    "receipts_of_plan",
]  # fmt: skip
