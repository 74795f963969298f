"""Every number the rules rest on, with its unit, where it comes from and the day that page was read."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Limit:
    """A threshold: `value` in `unit`; `source` is a link, an RFC clause, or "house" for our own default."""

    value: float
    unit: str
    source: str
    read_on: date


GMAIL_GUIDELINES = "https://support.google.com/mail/answer/81126"
YAHOO_PRACTICES = "https://senders.yahooinc.com/best-practices/"
HOUSE = "house"

_READ = date(2026, 11, 23)

# 1 consent
CONSENT_VALID_MONTHS = Limit(24, "months", HOUSE, _READ)
_CASL = "https://laws-lois.justice.gc.ca/eng/acts/E-1.6/"  # section 10(10) and (13)
CONSENT_IMPLIED_MONTHS = Limit(24, "months after a purchase or membership, in Canada", _CASL, _READ)
CONSENT_INQUIRY_MONTHS = Limit(6, "months after an inquiry or application, in Canada", _CASL, _READ)
CONSENT_WARN_DAYS = Limit(30, "days before consent ends", HOUSE, _READ)
UNSUBSCRIBE_KEPT_YEARS = Limit(
    3, "years that a request to stop is kept", "http://www.hklii.org/hk/legis/en/ord/593/s9.html", _READ
)
ASKED_AGAIN_ENOUGH = Limit(30, "people asked to confirm before a rate is told", HOUSE, _READ)
DOCUMENT_BYTES = Limit(20_000_000, "bytes of a document attached to an attestation", HOUSE, _READ)

# 2 addressing
LOCAL_PART_OCTETS = Limit(64, "octets", "https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.1", _READ)
ADDRESS_OCTETS = Limit(254, "octets", "https://www.rfc-editor.org/rfc/rfc5321#section-4.5.3.1", _READ)
IMPORT_DOUBTFUL_SHARE = Limit(0.05, "share of rows", HOUSE, _READ)
IMPORT_LEFT_SHARE = Limit(0.05, "share of rows that left, complained or bounced before", HOUSE, _READ)
IMPORT_STALE_SHARE = Limit(0.5, "share of dated rows whose consent is too old", HOUSE, _READ)
IMPORT_ENOUGH_ROWS = Limit(20, "rows before a share says anything of a list", HOUSE, _READ)
ADDRESS_CONFIRMED_MONTHS = Limit(12, "months since an address was last known to be right", HOUSE, _READ)
BOUNCES_ENOUGH = Limit(10, "past bounces of one kind of people before a forecast of theirs", HOUSE, _READ)
LIST_FILE_BYTES = Limit(500_000_000, "bytes of an uploaded list", HOUSE, _READ)
READ_APART_BYTES = Limit(2_000_000, "bytes of a list, from which on it is read in a process apart", HOUSE, _READ)
JUDGED_APART_ROWS = Limit(20_000, "rows of a list, from which on it is judged in a process apart", HOUSE, _READ)
LIST_UNPACKED_BYTES = Limit(2_000_000_000, "bytes inside an uploaded workbook", HOUSE, _READ)
LIST_COLUMNS = Limit(500, "columns", HOUSE, _READ)
LIST_CELLS = Limit(60_000_000, "cells of a sheet, empty ones counted", HOUSE, _READ)
LIST_FILLED_CELLS = Limit(20_000_000, "cells that are written in a sheet; each takes a hundred bytes", HOUSE, _READ)
TYPO_KNOWN_ROWS = Limit(30, "rows of a list that make its domain a known one", HOUSE, _READ)
TYPO_CLEAR_LEAD = Limit(20, "times the rows of the next provider that a slip is as near to", HOUSE, _READ)
TYPO_KNOWN_SHARE = Limit(0.02, "of the rows of the domain it resembles", HOUSE, _READ)
BOUNCE_WARN_RATE = Limit(
    0.02,
    "share of accepted letters",
    "https://docs.aws.amazon.com/ses/latest/dg/reputation-dashboard-messages.html",
    _READ,
)
BOUNCE_STOP_RATE = Limit(
    0.05,
    "share of accepted letters",
    "https://docs.aws.amazon.com/ses/latest/dg/reputation-dashboard-messages.html",
    _READ,
)

# 3 unsubscribe
TOKEN_BITS = Limit(128, "bits", "https://www.rfc-editor.org/rfc/rfc8058#section-3.1", _READ)
LIST_ID_OCTETS = Limit(255, "octets", "https://www.rfc-editor.org/rfc/rfc2919#section-3", _READ)
LINK_WITHIN_BYTES = Limit(
    100_000, "bytes", "https://www.spamresource.com/2022/01/what-is-gmail-clipping-and-what-to-do.html", _READ
)
LINK_PIXELS = Limit(10, "pixels", HOUSE, _READ)
LINK_CONTRAST = Limit(4.5, "to 1", "https://www.w3.org/TR/WCAG22/#contrast-minimum", _READ)
DRILL_MINUTES = Limit(15, "minutes that a drill of the way out is believed", HOUSE, _READ)
DRILL_RETRY_SECONDS = Limit(60, "seconds after a drill that met nobody", HOUSE, _READ)
DRILL_ANSWER_SECONDS = Limit(5, "seconds for one answer of a drill", HOUSE, _READ)
SIGN_UPS_PER_ADDRESS = Limit(3, "letters in 24 hours to one address that ask to confirm a sign-up", HOUSE, _READ)
SIGN_UPS_PER_NETWORK = Limit(20, "sign-ups in an hour from one network", HOUSE, _READ)
OPT_OUT_BYTES = Limit(5_000_000, "bytes of a mail that asks to stop", HOUSE, _READ)
OPT_OUT_ADDRESSES = Limit(20, "addresses of one such mail that are offered", HOUSE, _READ)
UNSUBSCRIBE_HONOUR_HOURS = Limit(48, "hours", "https://support.google.com/a/answer/14229414", _READ)

# 4 clarity
SUBJECT_COLUMNS_WIDE = Limit(
    60, "display columns", "http://design.intuit.com/quickbooks/marketing/email/content-in-email/", _READ
)
SUBJECT_CHARACTERS_LONG = Limit(
    200, "characters", "https://github.com/rspamd/rspamd/blob/master/rules/headers_checks.lua", _READ
)
# Singapore's Spam Control Act s. 6: electronic messages are sent in bulk beyond any of these.
SINGAPORE_BULK_DAY = Limit(100, "letters in 24 hours", "https://laws.sg/legislation/bill-2007-6/clause-5", _READ)
SINGAPORE_BULK_MONTH = Limit(1_000, "letters in 30 days", "https://laws.sg/legislation/bill-2007-6/clause-5", _READ)
SINGAPORE_BULK_YEAR = Limit(10_000, "letters in a year", "https://laws.sg/legislation/bill-2007-6/clause-5", _READ)
SUBJECT_CAPITALS_SHARE = Limit(0.7, "share of at least 8 cased letters", "https://github.com/rspamd/rspamd/tree/master/conf/scores.d", _READ)  # fmt: skip
BODY_CAPITALS_SHARE = Limit(0.5, "share of cased letters", "https://github.com/apache/spamassassin/tree/trunk/rules", _READ)  # fmt: skip
TEXT_BYTES_LEAST = Limit(400, "bytes of words beside pictures", HOUSE, _READ)
TEXT_BYTES_ENOUGH = Limit(3_200, "bytes of words beside pictures", "https://github.com/apache/spamassassin/tree/trunk/rules", _READ)  # fmt: skip
HIDDEN_CHARACTERS = Limit(150, "characters hidden at the beginning", HOUSE, _READ)
PARTS_ALIKE_SHARE = Limit(0.5, "share of words in both text and HTML", HOUSE, _READ)
LINE_OCTETS_ADVISED = Limit(78, "octets of a line", "https://www.rfc-editor.org/rfc/rfc5322#section-2.1.1", _READ)
LINE_OCTETS_MAX = Limit(998, "octets of a line", "https://www.rfc-editor.org/rfc/rfc5322#section-2.1.1", _READ)
HEADER_OCTETS_ALL = Limit(500_000, "octets of all headers", "https://support.google.com/a/answer/14016360", _READ)
HEADER_OCTETS_ONE = Limit(32_000, "octets of a header", "https://support.google.com/a/answer/14016360", _READ)
TRACKED_LINK_BYTES = Limit(250, "bytes that click tracking adds to a link", HOUSE, _READ)
HTML_WARN_BYTES = Limit(
    80_000, "bytes", "https://www.spamresource.com/2022/01/what-is-gmail-clipping-and-what-to-do.html", _READ
)
HTML_CLIP_BYTES = Limit(
    102_400, "bytes", "https://www.spamresource.com/2022/01/what-is-gmail-clipping-and-what-to-do.html", _READ
)

# 5 personalization
FIELD_FILL_SHARE = Limit(0.95, "share of recipients", HOUSE, _READ)
LETTERS_LOOKED_AT = Limit(5, "letters looked at before approval", HOUSE, _READ)
AUDIENCE_SHARE = Limit(0.8, "share of the people who may be mailed", "https://senders.yahooinc.com/best-practices/", _READ)  # fmt: skip
AUDIENCE_LEAST = Limit(200, "people from whom on an audience is judged", HOUSE, _READ)
OUTLIER_SPREADS = Limit(12, "times the middle distance from the middle length", HOUSE, _READ)
OUTLIER_BYTES = Limit(1_500, "bytes from the middle length that are no news", HOUSE, _READ)
TEMPLATE_SOURCE_CHARACTERS = Limit(400_000, "characters of a letter's source", HOUSE, _READ)
MARKUP_ELEMENTS = Limit(3_000, "elements in a letter", HOUSE, _READ)
TEMPLATE_EXPRESSIONS = Limit(2_000, "expressions in a letter", HOUSE, _READ)
TEMPLATE_STEPS = Limit(10_000, "turns of loops and calls in one rendering", HOUSE, _READ)
TEMPLATE_RANGE = Limit(1_000, "numbers of a range", HOUSE, _READ)
TEMPLATE_VALUE_CHARACTERS = Limit(50_000, "characters of a value made by a template", HOUSE, _READ)
TEMPLATE_OUTPUT_CHARACTERS = Limit(2_000_000, "characters of a rendered part", HOUSE, _READ)

# 6 cadence
CAP_7_DAYS = Limit(2, "letters in 7 days", HOUSE, _READ)
CAP_30_DAYS = Limit(8, "letters in 30 days", HOUSE, _READ)
MINIMUM_GAP_HOURS = Limit(48, "hours", HOUSE, _READ)
RAMP_FACTOR = Limit(2, "times the peak day of the last 30", GMAIL_GUIDELINES, _READ)
WARM_UP_FIRST_DAY = Limit(500, "letters", HOUSE, _READ)
QUIET_UNTIL_HOUR = Limit(8, "o'clock local time", HOUSE, _READ)
QUIET_FROM_HOUR = Limit(21, "o'clock local time", HOUSE, _READ)
COMPLAINT_TARGET_RATE = Limit(
    0.001, "share of delivered letters", "https://support.google.com/a/answer/14229414", _READ
)
COMPLAINT_STOP_RATE = Limit(0.003, "share of delivered letters", "https://support.google.com/a/answer/14229414", _READ)
ENOUGH_EVENTS = Limit(150, "events", HOUSE, _READ)
WINDOW_SLACK_HOURS = Limit(12, "hours off a window of days: a weekly letter comes minutes early or late", HOUSE, _READ)
WARM_UP_STEP = Limit(1.5, "times the day before, while bounces and complaints stay low", HOUSE, _READ)
GMAIL_BULK_CLOSE = Limit(4_000, "letters a day to Gmail, close to the bulk mark", HOUSE, _READ)
COMPLAINT_ENOUGH_LETTERS = Limit(1_000, "delivered letters before a complaint rate is judged", HOUSE, _READ)
COMPLAINT_ENOUGH_EVENTS = Limit(3, "complaints that are judged on any number of letters", HOUSE, _READ)
MACHINE_CLICK_SECONDS = Limit(30, "seconds after delivery within which a click is a scanner's", HOUSE, _READ)
SUNSET_LETTERS = Limit(6, "letters before a silence is judged", HOUSE, _READ)
SUNSET_ASKED_DAYS = Limit(14, "days to answer a letter that asks whether to go on", HOUSE, _READ)
GMAIL_BACK_OFF_MINUTES = Limit(10, "minutes of rest after 421 4.7.28", GMAIL_GUIDELINES, _READ)
PACED_PER_MINUTE = Limit(20, "letters a minute to QQ or NetEase", HOUSE, _READ)
ENOUGH_DEPARTMENTS = Limit(3, "departments whose letters meet by chance", HOUSE, _READ)
CALENDAR_SPREAD = Limit(0.25, "letters in 7 days by which the calendar moves the same people", HOUSE, _READ)
CONFOUNDING_FLOOR = Limit(0.08, "of a log rate ratio, allowed for what no log can rule out", HOUSE, _READ)
ENOUGH_CAMPAIGNS = Limit(8, "campaigns before their spread can be told", HOUSE, _READ)
ROWS_PER_PAGE = Limit(100, "rows of a list on a page, to look at and to mend", HOUSE, _READ)
CELLS_TO_MEND = Limit(60, "cells of a row in the form that mends it", HOUSE, _READ)
ROWS_SHOWN = Limit(10_000, "rows of a table on a page", HOUSE, _READ)
CHART_MARKS = Limit(2_000, "marks of a chart", HOUSE, _READ)

# 7 sender requirements
GMAIL_BULK_PER_DAY = Limit(5_000, "letters a day to Gmail", "https://support.google.com/a/answer/14229414", _READ)
OUTLOOK_BULK_PER_DAY = Limit(
    5_000,
    "letters a day to Outlook.com",
    "https://techcommunity.microsoft.com/blog/MicrosoftDefenderforOffice365Blog/strengthening-email-ecosystem-outlook%E2%80%99s-new-requirements-for-high%E2%80%90volume-senders/4399730",
    _READ,
)
SEED_BYTES = Limit(10_000_000, "bytes of a letter that came back", HOUSE, _READ)
SEED_SIGNATURES = Limit(10, "signatures of a letter that are verified", HOUSE, _READ)
SEED_DAYS = Limit(90, "days after which a letter that came back tells little", HOUSE, _READ)
DKIM_RSA_BITS_MIN = Limit(1_024, "bits", "https://www.rfc-editor.org/rfc/rfc8301", _READ)
DKIM_RSA_BITS_GOOD = Limit(2_048, "bits", GMAIL_GUIDELINES, _READ)
RULE_AGE_DAYS = Limit(180, "days", HOUSE, _READ)
SAFE_BROWSING_DAYS = Limit(30, "days for which a look at Safe Browsing is good", HOUSE, _READ)
SPF_LOOKUPS = Limit(10, "terms that ask DNS", "https://www.rfc-editor.org/rfc/rfc7208#section-4.6.4", _READ)
SPF_VOID_LOOKUPS = Limit(
    2, "questions without an answer", "https://www.rfc-editor.org/rfc/rfc7208#section-4.6.4", _READ
)
SPF_MX_NAMES = Limit(10, "names of one mx term", "https://www.rfc-editor.org/rfc/rfc7208#section-4.6.4", _READ)
SPF_RECORD_OCTETS = Limit(450, "octets", "https://www.rfc-editor.org/rfc/rfc7208#section-3.4", _READ)
DMARC_WALK_LABELS = Limit(
    8, "labels of the longest name walked", "https://www.rfc-editor.org/rfc/rfc9989#section-4.10", _READ
)
DNS_SECONDS = Limit(5, "seconds for one question", HOUSE, _READ)
DNS_ANSWER_DAYS = Limit(7, "days for which what DNS said of a domain is kept", HOUSE, _READ)
DNS_IN_FLIGHT = Limit(200, "questions at once", HOUSE, _READ)

# sending
RECIPIENTS_PER_REQUEST = Limit(
    1_000, "recipients", "https://www.twilio.com/docs/sendgrid/api-reference/mail-send/limitations", _READ
)
SUBSTITUTION_BYTES = Limit(
    10_000, "bytes per recipient", "https://www.twilio.com/docs/sendgrid/api-reference/mail-send/errors", _READ
)
REQUEST_BYTES = Limit(
    19_000_000, "bytes", "https://www.twilio.com/docs/sendgrid/api-reference/mail-send/limitations", _READ
)
SEND_TIMEOUT_SECONDS = Limit(60, "seconds", HOUSE, _READ)
WORKER_SILENT_SECONDS = Limit(90, "seconds", HOUSE, _READ)
LINE_TRIPS_AFTER = Limit(2, "failed requests in a row before one alone tries the line", HOUSE, _READ)
DOUBTS_IN_A_ROW = Limit(3, "lost answers before a run pauses", HOUSE, _READ)
REFUSALS_IN_A_ROW = Limit(16, "requests refused without a name before a run pauses", HOUSE, _READ)
UNREACHED_IN_A_ROW = Limit(12, "failed connections before a run pauses", HOUSE, _READ)
BACK_OFF_SECONDS = Limit(300, "seconds, longest pause between failed connections", HOUSE, _READ)
RATE_LIMIT_WAIT_SECONDS = Limit(3_600, "seconds, longest wait for a rate limit to end", HOUSE, _READ)
LOG_SILENCE_MINUTES = Limit(
    15, "minutes over which the log must know nothing before a letter may be called unsent", HOUSE, _READ
)
ASK_LOG_MINUTES = Limit(2, "minutes between two questions to the log about one attempt", HOUSE, _READ)
STORAGE_TRIES = Limit(6, "times that the database is tried before a sender gives up", HOUSE, _READ)
SENDING_AHEAD_MINUTES = Limit(25, "minutes that a request sent exactly once is scheduled ahead", HOUSE, _READ)
CANCEL_AHEAD_MINUTES = Limit(
    10,
    "minutes before its time until which a batch may be cancelled",
    "https://www.twilio.com/docs/sendgrid/api-reference/cancel-scheduled-sends",
    _READ,
)
DROP_STOP_RATE = Limit(0.1, "share of accepted letters", HOUSE, _READ)
CONNECT_TIMEOUT_SECONDS = Limit(5, "seconds", HOUSE, _READ)
IDLE_LINE_SECONDS = Limit(4, "seconds a line may rest before it is opened anew", HOUSE, _READ)
EVENT_AGE_HOURS = Limit(25, "hours", "https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook", _READ)  # fmt: skip
SCHEDULE_AHEAD_HOURS = Limit(72, "hours", "https://www.twilio.com/docs/sendgrid/api-reference/mail-send/errors", _READ)
REQUEST_BYTES_REFUSED = Limit(
    30_000_000, "bytes", "https://www.twilio.com/docs/sendgrid/api-reference/mail-send/limitations", _READ
)
CATEGORIES_PER_REQUEST = Limit(10, "categories", "https://www.twilio.com/docs/sendgrid/api-reference/mail-send/errors", _READ)  # fmt: skip
CATEGORY_CHARACTERS = Limit(255, "characters", "https://www.twilio.com/docs/sendgrid/api-reference/mail-send/errors", _READ)  # fmt: skip
SENDGRID_ADDRESS_CHARACTERS = Limit(320, "characters", "https://www.twilio.com/docs/sendgrid/api-reference/mail-send/errors", _READ)  # fmt: skip
CANCELLED_BATCHES = Limit(10, "batches paused or cancelled at once", "https://www.twilio.com/docs/sendgrid/api-reference/cancel-scheduled-sends", _READ)  # fmt: skip
EVENT_BODY_BYTES = Limit(4_000_000, "bytes of one call with events; SendGrid posts up to 768 KB", HOUSE, _READ)


def every_limit() -> dict[str, Limit]:
    """All of the above by name, in their order."""
    return {name: limit for name, limit in globals().items() if isinstance(limit, Limit)}
