"""Tip 2, accurate addresses: normal form, verdict, repeats, likely slips, and addresses to leave alone.

Whether an address is well-formed is decided by email-validator; a plain one takes a quick path with the same answer.
The work on rows is Arrow in, Arrow out, and so serves pandas, polars and Spark's `mapInArrow` alike.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import replace

import email_validator
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from disposable_email_domains import blocklist
from email_validator import EmailNotValidError, validate_email
from email_validator.rfc_constants import CASE_INSENSITIVE_MAILBOX_NAMES
from rapidfuzz.distance import OSA
from rapidfuzz.process import cdist

from bulkmail import limits
from bulkmail.model import Finding, Outcome, Text, say

# ---------------------------------------------------------------- what is known of names


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


PROVIDERS = _names("""
    gmail.com googlemail.com outlook.com hotmail.com live.com msn.com yahoo.com ymail.com icloud.com aol.com gmx.com
    proton.me protonmail.com zoho.com mail.com yandex.com sapo.pt hotmail.co.uk yahoo.co.uk yahoo.co.jp
    qq.com vip.qq.com foxmail.com 163.com 126.com yeah.net 139.com 189.cn sina.com sina.cn sohu.com aliyun.com
    yahoo.com.hk hotmail.com.hk netvigator.com hku.hk connect.hku.hk cuhk.edu.hk link.cuhk.edu.hk ust.hk polyu.edu.hk
    cityu.edu.hk hkbu.edu.hk eduhk.hk yahoo.com.tw hinet.net pchome.com.tw
    um.edu.mo connect.um.edu.mo mpu.edu.mo must.edu.mo cityu.edu.mo usj.edu.mo utm.edu.mo macau.ctm.net ctm.net
""")
# Real names one slip away from a provider, and relays for privacy: never a typo, never throw-away.
REAL_DOMAINS = _names("""
    um.edu.my um.edu.mt um.edu.mx ipm.edu.mo iftm.edu.mo must.edu.my must.edu.mn hkmu.edu.hk ouhk.edu.hk lu.edu.hk
    ln.edu.hk ust.edu hkust.hk hmail.com email.com fmail.com rmail.com gol.com y7mail.com gmx.net gmx.de gmx.co.uk
    gmail.fr live.cn live.hk live.co live.it live.fr msn.cn yahoo.cn yahoo.com.cn yahoo.com.sg yahoo.com.my yahoo.com.ph
    yahoo.com.vn yahoo.com.au yahoo.com.ar yahoo.com.br yahoo.com.mx yahoo.com.tr yahoo.co.kr yahoo.co.id yahoo.co.in
    yahoo.co.nz q.com me.com qq.net 188.com 135.com 136.com 263.com 263.net 263.net.cn 21cn.com sia.cn sina.com.cn
    sina.net vip.163.com aim.com pm.me rocketmail.com hotmail.com.tw hotmail.com.br hotmail.co.jp hotmail.co.th
    privaterelay.appleid.com duck.com mozmail.com simplelogin.com passmail.net
""")
RESERVED_DOMAINS = ("example", "example.com", "example.org", "example.net", "test.com")
NEVER_MAILED_ROLES = ("abuse", "hostmaster", "noc", "postmaster", "security")
ROLES = NEVER_MAILED_ROLES + _names("""
    accounting accounts admin administrator admissions alumni apoio bangongshi billing biblioteca booking career careers
    comercial contact contacto contato customerservice donotreply editor enquiries enquiry events feedback finance ftp
    geral hello help helpdesk hr info informacoes inquiries inquiry jobs kefu library mail mailer-daemon marketing media
    news newsletter no-reply noreply office orders press pr reception recruitment recursoshumanos registry root sales
    secretaria secretariat secretary service services staff subscribe suporte support team unsubscribe usenet uucp
    vendas webmaster www xinwen zhaopin zhaosheng
""")
# Gmail ignores dots (https://support.google.com/mail/answer/7436150); all of these ignore what follows a plus.
DOTLESS_DOMAINS = ("gmail.com", "googlemail.com")
TAGGED_DOMAINS = DOTLESS_DOMAINS + _names("""
    outlook.com hotmail.com live.com msn.com icloud.com me.com mac.com proton.me protonmail.com fastmail.com
""")

# Why an address is refused: `addressing_note`, an English key of the catalogue.
NO_ADDRESS = say("There is no address in the cell.").template
SEVERAL = say("The cell holds more than one address.").template
NO_AT = say("There is no @ in it.").template
HALF = say("Nothing stands before or after the @.").template
SPACE = say("There is a space inside the address.").template
TOO_LONG = say("It is longer than mail allows.").template
FOREIGN = say("The part before the @ holds characters that the sending path cannot carry.").template
RESERVED = say("The domain is reserved and belongs to nobody.").template
NOT_AN_ADDRESS = say("It is not written as an address can be.").template

# ---------------------------------------------------------------- normal form

_INVISIBLE = dict.fromkeys([0xAD, 0xFEFF, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070)])
_IN_BRACKETS = re.compile(r"[^<>]*<([^<>]+)>[\s;,.]*\Z")
_BETWEEN = re.compile(r"[\s;,/<>()|:]+")
_ATOM = r"[A-Za-z0-9_!#$%&'*+\-/=?^`{|}~]+"
_PLAIN = rf"\A{_ATOM}(?:\.{_ATOM})*@[A-Za-z0-9.\-]*[A-Za-z0-9]\z"
_PLAIN_ADDRESS = re.compile(_PLAIN.replace(r"\z", r"\Z"))  # RE2 and Python's re differ in the name of the end
_LABEL = r"[a-z0-9](?:[a-z0-9\-]{0,61}[a-z0-9])?"
_PLAIN_DOMAIN = re.compile(rf"(?=.{{1,253}}\Z)(?:{_LABEL}\.)+(?:[a-z0-9][a-z0-9\-]{{0,61}})?[a-z]\Z")


def repair(cell: str) -> str:
    """The address as its writer meant it: white space and invisible characters gone, full-width letters, ＠ and 。 made
    plain (NFKC), `Name <a@b>` and `mailto:` unwrapped, a trailing `;`, `,` or `.` dropped. Nothing is guessed."""
    text = unicodedata.normalize("NFKC", cell[:10_000]).translate(_INVISIBLE).replace("。", ".")
    text = text.strip().strip(";,、").strip()
    bracketed = _IN_BRACKETS.match(text)
    text = (bracketed[1] if bracketed else text).strip()
    if text[:7].lower() == "mailto:":
        text = text[7:].partition("?")[0]
    if len(text) > 2 and text[0] == text[-1] and text[0] in "\"'":
        text = text[1:-1]
    return text.rstrip(";,.").strip()


def normal_forms(addresses: pa.Array | pa.ChunkedArray) -> pa.Table:
    """A row for each address: `address` (ASCII, domain in lower case), `domain`, `mailbox`, `error`, `suggestion`.

    What is refused has an `error` and "" in the first three; `suggestion` is an address it may have been meant to be.
    The verdict is that of `validate_email(repair(cell), strict=True, check_deliverability=False)`, save that a local
    part without an ASCII form is refused (RFC 6531: SendGrid takes none).
    """
    cells = pc.utf8_trim_whitespace(_one_array(addresses))
    plain = _mask(pc.match_substring_regex(cells, _PLAIN))
    odd = cells.filter(pa.array(~plain)).dictionary_encode()
    repaired = _texts(map(repair, odd.dictionary.to_pylist()))
    texts = pa.concat_arrays([cells.filter(pa.array(plain)), repaired])
    shaped = np.append(np.ones(plain.sum(), bool), _mask(pc.match_substring_regex(repaired, _PLAIN)))
    quick, good = _quick_forms(texts, shaped)
    rest = texts.filter(pa.array(~good)).dictionary_encode()
    asked = pa.table(_columns_of(map(_ask, rest.dictionary.to_pylist()), 4), quick.schema.names)
    forms = pa.concat_tables([quick, asked]).combine_chunks()
    mailbox = _mailboxes(forms["address"].combine_chunks(), forms["domain"].combine_chunks())
    forms = forms.append_column("mailbox", mailbox)
    return forms.take(pa.array(_places(good, rest.indices)[_places(plain, odd.indices)]))


def _one_array(addresses: pa.Array | pa.ChunkedArray) -> pa.LargeStringArray:
    cells = addresses.combine_chunks() if isinstance(addresses, pa.ChunkedArray) else addresses
    return pc.fill_null(cells.cast(pa.large_string()), "")


def _texts(values: Iterable[str]) -> pa.LargeStringArray:
    return pa.array(list(values), pa.large_string())


def _text(value: str) -> pa.LargeStringScalar:
    return pa.scalar(value, pa.large_string())


def _blank(count: int) -> pa.LargeStringArray:
    return pa.repeat(_text(""), count)


def _columns_of(rows: Iterable[tuple[str, ...]], width: int) -> list[pa.LargeStringArray]:
    return list(map(_texts, zip(*rows, strict=True))) or [_texts(())] * width


def _mask(booleans: pa.BooleanArray) -> np.ndarray:
    return booleans.to_numpy(zero_copy_only=False)


def _places(first: np.ndarray, others: pa.Array) -> np.ndarray:
    """Where each row went after the rows of `first` were put in front and the others, each value once, behind them."""
    places = np.empty(len(first), np.int64)
    count = int(first.sum())
    places[first] = np.arange(count)
    places[~first] = count + others.to_numpy()
    return places


def _quick_forms(texts: pa.LargeStringArray, shaped: np.ndarray) -> tuple[pa.Table, np.ndarray]:
    """The forms of the texts that need no asking, and which these are: of those shaped as `_PLAIN`, the ones of at most
    64 octets before the @ and 254 altogether with a plain domain, or with a special-use one, which is refused here."""
    quick = shaped.copy()
    halves = pc.split_pattern(texts.filter(pa.array(quick)), "@").flatten()
    local, domain = (halves.take(pa.array(np.arange(side, len(halves), 2))) for side in (0, 1))
    names = domain.dictionary_encode()
    verdicts = _columns_of(map(_plain_domain, names.dictionary.to_pylist()), 2)
    domain, error = (column.take(names.indices) for column in verdicts)
    octets = pc.binary_length(local).to_numpy()
    fits = (octets <= limits.LOCAL_PART_OCTETS.value) & _mask(pc.not_equal(domain, ""))
    fits &= octets + 1 + pc.binary_length(domain).to_numpy() <= limits.ADDRESS_OCTETS.value
    quick[quick] = fits
    local, domain, error = (column.filter(pa.array(fits)) for column in (local, domain, error))
    address = pc.binary_join_element_wise(_same_case_roles(local), domain, _text("@"))
    refused = pc.not_equal(error, "")
    address, domain = (pc.if_else(refused, _text(""), column) for column in (address, domain))
    return pa.table({"address": address, "domain": domain, "error": error, "suggestion": _blank(len(local))}), quick


def _plain_domain(domain: str) -> tuple[str, str]:
    """The domain in lower case and an error or "", or ("", "") for a domain that only the validator can judge."""
    name = domain.lower()
    if "--" in name or not _PLAIN_DOMAIN.match(name):
        return "", ""
    return name, RESERVED if _is_under(name, email_validator.SPECIAL_USE_DOMAIN_NAMES) else ""


def _is_under(domain: str, names: Iterable[str]) -> bool:
    return domain.endswith(tuple(names)) and any(("." + domain).endswith("." + name) for name in names)


def _same_case_roles(local: pa.LargeStringArray) -> pa.LargeStringArray:
    """The local parts, the names of RFC 2142 in lower case (they are one mailbox in any case, its section 2)."""
    small = pc.ascii_lower(local)
    return pc.if_else(pc.is_in(small, pa.array(CASE_INSENSITIVE_MAILBOX_NAMES, small.type)), small, local)


def _ask(text: str) -> tuple[str, str, str, str]:
    """Address, domain, error and suggestion for one repaired text, from email-validator."""
    address, domain = _verdict(text)
    if address:
        return address, domain, "", ""
    error = _fault(text)
    return "", "", error, "" if error in (NO_ADDRESS, SEVERAL, RESERVED) else _mended(text)


def _verdict(text: str) -> tuple[str, str]:
    if "@" not in text or len(text) > 4 * limits.ADDRESS_OCTETS.value:
        return "", ""
    try:
        found = validate_email(text, check_deliverability=False, strict=True)
    except EmailNotValidError:
        return "", ""
    return (found.ascii_email, found.ascii_domain) if found.ascii_email else ("", "")


def _fault(text: str) -> str:
    """What is wrong with a refused text, in words that a catalogue can hold."""
    if not text:
        return NO_ADDRESS
    if "@" not in text:
        return NO_AT
    if sum("@" in word.strip("@") for word in _BETWEEN.split(text)) > 1:
        return SEVERAL
    local, _, domain = text.rpartition("@")
    if not local or not domain:
        return HALF
    if _is_under(domain.lower(), (*email_validator.SPECIAL_USE_DOMAIN_NAMES, *RESERVED_DOMAINS)):
        return RESERVED
    if len(local) > limits.LOCAL_PART_OCTETS.value or len(text.encode()) > limits.ADDRESS_OCTETS.value:
        return TOO_LONG
    if any(map(str.isspace, text)):
        return SPACE
    return NOT_AN_ADDRESS if local.isascii() else FOREIGN


def _mended(text: str) -> str:
    """The address it would be with dots for commas and without doubled signs and spaces beside them, or ""."""
    if len(text) > limits.ADDRESS_OCTETS.value:
        return ""
    guess = re.sub(r"\s*([@.])[\s@.]*", r"\1", text.replace(",", ".")).strip(".")
    name, error = _plain_domain(guess.rpartition("@")[2])
    return guess if guess != text and name and not error and _PLAIN_ADDRESS.match(guess) else ""


def _mailboxes(address: pa.LargeStringArray, domain: pa.LargeStringArray) -> pa.LargeStringArray:
    """The key by which addresses are one mailbox: lower case, tags and dots gone where the provider ignores them."""
    small = pc.ascii_lower(address)
    tagged = _mask(pc.is_in(domain, pa.array(TAGGED_DOMAINS, domain.type)))
    part = pc.replace_substring_regex(small.filter(pa.array(tagged)), r"\A([^@+]+)\+[^@]*@", r"\1@")
    dotless = pc.is_in(domain.filter(pa.array(tagged)), pa.array(DOTLESS_DOMAINS, domain.type))
    bare = pc.replace_substring(pc.replace_substring_regex(part, "@.*", ""), ".", "")
    part = pc.if_else(dotless, pc.binary_join_element_wise(bare, _text("gmail.com"), _text("@")), part)
    return pc.replace_with_mask(small, pa.array(tagged), part)


# ---------------------------------------------------------------- persons


def person_of(address: str, person_key: bytes) -> str:
    """The keyed hash of one address's mailbox, as `annotate` gives it; "" for what is no address."""
    return _hashes([_mailbox(_verdict(repair(address))[0])], person_key)[0]


def _mailbox(address: str) -> str:
    """`_mailboxes` for one address, without the cost of setting an array up."""
    local, _, domain = address.lower().rpartition("@")
    if domain in TAGGED_DOMAINS:
        local = local.partition("+")[0] or local
    if domain in DOTLESS_DOMAINS:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}" if local else ""


def persons(mailboxes: pd.Series, person_key: bytes) -> pd.Series:
    """The keyed hashes of mailboxes: HMAC-SHA256, the first 16 bytes in hexadecimal, "" for ""."""
    return pd.Series(_hashes(mailboxes.tolist(), person_key), index=mailboxes.index, dtype="str")


def _hashes(mailboxes: list[str], person_key: bytes) -> list[str]:
    """HMAC-SHA256 by its definition (RFC 2104), the two keyed states made once and copied: 2.6 times the speed."""
    key = (hashlib.sha256(person_key).digest() if len(person_key) > 64 else person_key).ljust(64, b"\0")
    inner, outer = (hashlib.sha256(bytes(octet ^ pad for octet in key)) for pad in (0x36, 0x5C))

    def keyed(mailbox: str) -> str:
        inside, outside = inner.copy(), outer.copy()
        inside.update(mailbox.encode())
        outside.update(inside.digest())
        return outside.hexdigest()[:32]

    return [keyed(mailbox) if mailbox else "" for mailbox in mailboxes]


# ---------------------------------------------------------------- the list


def annotate(table: pd.DataFrame, *, person_key: bytes, domain_facts: Mapping[str, str] | None = None) -> pd.DataFrame:
    """The table with ADDRESSING_COLUMNS, read from `original_address` (or `address` where there is no such column).

    Rows, order and index stay. `domain_facts` says of a domain receives, cannot or unknown; what it does not name is
    unknown. `suggestion` is for people to look at and is never applied.
    """
    original = table["original_address" if "original_address" in table else "address"]
    forms = normal_forms(pa.array(original, pa.large_string()))
    names = forms["domain"].combine_chunks().dictionary_encode()
    domains = names.dictionary.to_pylist()
    counts = np.bincount(names.indices.to_numpy(), minlength=len(domains)).tolist()
    answer = [(domain_facts or {}).get(domain, "unknown") if domain else "" for domain in domains]
    typos = likely_domains(dict(zip(domains, counts, strict=True)))
    columns = {
        "address": forms["address"],
        "mailbox": forms["mailbox"],
        "domain": forms["domain"],
        "person": _texts(_hashes(forms["mailbox"].to_pylist(), person_key)),
        "suggestion": _suggestions(forms, _texts(typos.get(domain, "") for domain in domains).take(names.indices)),
        "addressing_reason": _reasons(forms, domains, answer, names.indices.to_numpy()),
        "addressing_note": forms["error"],
        "domain_answer": _texts(answer).take(names.indices),
    }
    return table.assign(original_address=original, **{name: _series(column, table) for name, column in columns.items()})


def _series(column: pa.Array | pa.ChunkedArray, table: pd.DataFrame) -> pd.Series:
    return pd.Series(pd.array(column, dtype="str"), index=table.index)


def _suggestions(forms: pa.Table, better: pa.LargeStringArray) -> pa.Array:
    """The mended text of what was refused, and the address at the better domain where the domain looks like a slip."""
    slips = pc.not_equal(better, "")
    local = pc.replace_substring_regex(forms["address"].filter(slips), "@.*", "").combine_chunks()
    instead = pc.binary_join_element_wise(local, better.filter(slips), _text("@"))
    return pc.replace_with_mask(forms["suggestion"].combine_chunks(), slips, instead)


def _reasons(forms: pa.Table, domains: list[str], answers: list[str], where: np.ndarray) -> pa.Array:
    """Why a row cannot be mailed, or "": the first of the reasons that holds."""
    error = forms["error"]
    holds = {
        "": np.zeros(len(where), bool),
        "no_address": _mask(pc.equal(error, NO_ADDRESS)),
        "reserved_domain": _mask(pc.equal(error, RESERVED))
        | np.array([_is_under(domain, RESERVED_DOMAINS) for domain in domains], bool)[where],
        "invalid_address": _mask(pc.not_equal(error, "")),
        "cannot_receive": np.array([answer == "cannot" for answer in answers], bool)[where],
        "role_address": _mask(pc.match_substring_regex(forms["mailbox"], _role_pattern(NEVER_MAILED_ROLES))),
    }
    first = np.select(list(holds.values()), range(len(holds)), default=0)
    return _texts(holds).take(pa.array(first))


def _role_pattern(names: Iterable[str]) -> str:
    return rf"\A(?:{'|'.join(map(re.escape, names))})(?:\+[^@]*)?@"


def likely_domains(counts: Mapping[str, int]) -> dict[str, str]:
    """For domains (with their numbers of rows) one slip away from exactly one well-known provider: that provider.

    A slip is a letter missing, added, changed or swapped with its neighbour (optimal string alignment distance 1). A
    name known to be real is left alone, and so is one with so many rows of the list that it cannot be a slip.
    """
    strange = [domain for domain in counts if domain and domain not in {*PROVIDERS, *REAL_DOMAINS}]
    near = cdist(strange, PROVIDERS, scorer=OSA.distance, score_cutoff=1, dtype=np.uint8) == 1
    single = np.flatnonzero(near.sum(axis=1) == 1).tolist() if strange else []
    found = {strange[place]: PROVIDERS[near[place].argmax()] for place in single}
    return {domain: target for domain, target in found.items() if not _is_common(counts[domain], counts.get(target, 0))}


def _is_common(rows: int, target_rows: int) -> bool:
    return rows >= limits.TYPO_KNOWN_ROWS.value and rows >= limits.TYPO_KNOWN_SHARE.value * target_rows


def is_disposable(domains: pd.Series) -> pd.Series:
    """Whether each domain, or one above it, is on the list of throw-away domains; relays for privacy are not."""
    listed = blocklist.difference(PROVIDERS, REAL_DOMAINS)
    return domains.isin([domain for domain in domains.unique() if not listed.isdisjoint(_above(domain))])


def _above(domain: str) -> list[str]:
    labels = domain.split(".")
    return [".".join(labels[start:]) for start in range(len(labels) - 1)]


def is_role(mailboxes: pd.Series) -> pd.Series:
    """Whether each mailbox belongs to a function (info@, admissions@) and not to a person."""
    found = pc.match_substring_regex(pa.array(mailboxes, pa.large_string()), _role_pattern(ROLES))
    return pd.Series(found.to_numpy(zero_copy_only=False), index=mailboxes.index)


# ---------------------------------------------------------------- checks: the annotated table in, one finding out

_LENGTHS = "RFC 5321 section 4.5.3.1"
_EMAIL_VALIDATOR = "RFC 5321 section 4.1.2; https://github.com/JoshData/python-email-validator, read 2026-11-23"
_CORRECT = say("Download the rejected rows, correct them where the list comes from, and upload the list again.")


def _counted(code: str, table: pd.DataFrame, wrong: pd.Series, message: Text, fix: Text, source: str) -> Finding:
    """PASS without a wrong row, WARN with one; {count} and {rows} of the message are filled in."""
    rows = tuple(table.loc[wrong, "source_row"].tolist())
    message = Text(message.template, {"count": len(rows), "rows": len(table), **message.values})
    outcome = Outcome.WARN if rows else Outcome.PASS
    return Finding(code=code, outcome=outcome, message=message, fix=fix, source=source, rows=rows)


def check_syntax(table: pd.DataFrame) -> Finding:
    """Mail only what is written as an address; correct the rest at its source instead of guessing."""
    wrong = table["addressing_reason"].isin(["no_address", "invalid_address"])
    message = say("{count} of {rows} rows hold no well-formed address and are left out.")
    finding = _counted("ADR-01", table, wrong, message, _CORRECT, _EMAIL_VALIDATOR)
    return finding if (table["addressing_reason"] == "").any() else replace(finding, outcome=Outcome.BLOCK)


def check_characters(table: pd.DataFrame) -> Finding:
    """Look at addresses with characters that Yahoo refuses: they are seldom real."""
    message = say("{count} of {rows} addresses hold a character that Yahoo refuses.")
    source = "https://senders.yahooinc.com/smtp-error-codes/, read 2026-11-23"
    return _counted("ADR-01", table, table["address"].str.contains(r"[$%?{}]"), message, _CORRECT, source)


def check_length(table: pd.DataFrame) -> Finding:
    """Keep to the lengths that mail servers accept: 64 octets before the @, 254 altogether."""
    message = say("{count} of {rows} addresses are longer than mail allows and are left out.")
    return _counted("ADR-02", table, table["addressing_note"] == TOO_LONG, message, _CORRECT, _LENGTHS)


def check_normal_form(table: pd.DataFrame) -> Finding:
    """Bring addresses into normal form before comparing them, and keep what the list said beside it."""
    mended = (table["address"] != "") & (table["address"].str.lower() != table["original_address"].str.lower())
    message = say("{count} of {rows} addresses came with spaces, names or full-width signs and were made plain.")
    fix = say("Nothing needs to be done; the list keeps each address as it was written beside the plain one.")
    finding = _counted("ADR-03", table, mended, message, fix, "RFC 5891 section 5.2")
    return replace(finding, outcome=Outcome.PASS)


def check_repeats(table: pd.DataFrame) -> Finding:
    """Send one letter to a mailbox, however often and in whatever spelling it stands in the list."""
    repeated = table["mailbox"].duplicated() & (table["mailbox"] != "")
    message = say("{count} of {rows} rows repeat a mailbox that stands higher up; a mailbox gets one letter.")
    fix = say("Nothing needs to be done; of rows that may be mailed, the one with the best consent is kept.")
    source = "https://www.twilio.com/docs/sendgrid/api-reference/mail-send/errors, read 2026-11-23"
    return _counted("ADR-03", table, repeated, message, fix, source)


def check_international(table: pd.DataFrame) -> Finding:
    """Ask for a second address where the part before the @ is not ASCII: few mail systems carry those."""
    message = say("{count} of {rows} addresses have letters before the @ that the sending path cannot carry.")
    source = "RFC 6531 section 3.2"
    return _counted("ADR-04", table, table["addressing_note"] == FOREIGN, message, _CORRECT, source)


def check_domains(table: pd.DataFrame) -> Finding:
    """Ask DNS whether a domain can receive mail; only "no such name" and a Null MX are a no, silence is not."""
    unknown = int((table["domain_answer"] == "unknown").sum())
    message = say(
        "{count} of {rows} addresses are at domains that cannot receive mail; for {unknown} the answer is not known.",
        unknown=unknown,
    )
    fix = say("Correct or remove these addresses; where the answer is not known, check the list with DNS.")
    wrong = table["domain_answer"] == "cannot"
    finding = _counted("ADR-05", table, wrong, message, fix, "RFC 5321 section 5.1 and RFC 7505")
    return replace(finding, outcome=Outcome.UNKNOWN) if unknown and not finding.rows else finding


def check_slips(table: pd.DataFrame) -> Finding:
    """Look at domains that resemble a well-known one (gmial.com); a suggestion is never applied by itself."""
    message = say("{count} of {rows} addresses have a domain that looks like a slip of a well-known one.")
    fix = say("Compare the suggestions with your records and correct the list where they are right.")
    slips = (table["suggestion"] != "") & (table["address"] != "")
    return _counted("ADR-06", table, slips, message, fix, "house rule; optimal string alignment distance 1")


def check_disposable(table: pd.DataFrame) -> Finding:
    """Expect little from throw-away addresses: many of them at once say that a form is being abused."""
    message = say("{count} of {rows} addresses are at throw-away domains.")
    fix = say("Ask these people for an address they keep, or leave the rows out.")
    source = "https://pypi.org/project/disposable-email-domains/, read 2026-11-23"
    return _counted("ADR-07", table, is_disposable(table["domain"]), message, fix, source)


def check_roles(table: pd.DataFrame) -> Finding:
    """Write to people: mailboxes of a function have many readers and seldom anybody's consent."""
    message = say("{count} of {rows} addresses belong to a function (info@, admissions@) and not to a person.")
    fix = say("Keep them only where the organisation itself agreed; abuse@ and the like are left out in any case.")
    return _counted("ADR-08", table, is_role(table["mailbox"]), message, fix, "RFC 2142")


def check_reserved(table: pd.DataFrame) -> Finding:
    """Remove example and test addresses before a list is used: nobody is there."""
    message = say("{count} of {rows} addresses are at reserved or example domains and are left out.")
    wrong = table["addressing_reason"] == "reserved_domain"
    return _counted("ADR-09", table, wrong, message, _CORRECT, "RFC 2606 and RFC 6761")


def check_import(table: pd.DataFrame) -> Finding:
    """Be wary of a list with many doubtful addresses or no dates of consent: it may be old or bought."""
    dated = "consent_at" in table and (table["consent_at"].notna() & (table["consent_at"] != "")).any()
    doubtful = table["addressing_reason"].isin(["invalid_address", "reserved_domain", "cannot_receive", "role_address"])
    doubtful |= is_disposable(table["domain"]) | is_role(table["mailbox"]) | (table["suggestion"] != "")
    much = doubtful.sum() > limits.IMPORT_DOUBTFUL_SHARE.value * len(table)
    message = (
        say("{count} of {rows} addresses are doubtful.")
        if dated
        else say("{count} of {rows} addresses are doubtful, and no row says when its person agreed.")
    )
    fix = say("Find out where the list comes from and when its people agreed, before it is used.")
    finding = _counted("ADR-17", table, doubtful, message, fix, "house rule")
    return replace(finding, outcome=Outcome.WARN if much or not dated else Outcome.PASS)


CHECKS = (
    check_syntax, check_characters, check_length, check_normal_form, check_repeats, check_international, check_domains,
    check_slips, check_disposable, check_roles, check_reserved, check_import,
)  # fmt: skip
