"""Who writes: a name and an address that readers know, at the organisation's own domain, where answers are read."""

import re
import unicodedata

from bulkmail.model import Finding, Outcome, say
from bulkmail.tips.clarity.facts import (
    FOOTER,
    FROM,
    GMAIL,
    REPLY_TO,
    SUBJECT,
    ClarityFacts,
    finding,
    is_within,
    organisation_of,
)
from bulkmail.tips.clarity.facts import squeezed as _squeezed

# Marks that imitate a verified sender, and words that lure; both belong to no sender's name.
_VERIFIED = frozenset("✓✔☑✅🗹🔵🛡★⭐🔒ⓥⓋ")  # the same in a subject warns
_LURES = re.compile(
    r"verified|official account|urgent|act now|last chance|winner|prize|free gift|limited time|"
    r"已驗證|已验证|官方認證|官方认证|緊急|紧急|最後機會|最后机会|中獎|中奖|得獎|限時|限时|免費送|免费送",
    re.IGNORECASE,
)
_COUNTER = re.compile(r"[(\[]\s*\d+\s*[)\]]|\bnew messages?\b|新訊息|新消息|未讀|未读", re.IGNORECASE)
_ADDRESS_OR_LINK = re.compile(r"@|https?:|www\.|\b[\w-]+\.(?:com|org|net|edu|gov|mo|hk|tw|cn)\b", re.IGNORECASE)
# Mail services for private persons: their domains ask receivers to distrust mail from elsewhere in their name.
_FREEMAIL = re.compile(
    r"(?:gmail|googlemail|outlook|hotmail|live|msn|qq|foxmail|163|126|yeah|sina|icloud|me|aol|gmx|proton|protonmail)"
    r"\.(?:com|net|me|de)|(?:yahoo|ymail)\.[a-z.]+|(?:vip\.)?(?:sina|163|qq)\.(?:com|cn|net)|macau\.ctm\.net",
    re.IGNORECASE,
)
_POST_BOX = re.compile(r"p\.?\s*o\.?\s*box|郵政信箱|邮政信箱|信箱|caixa postal|apartado", re.IGNORECASE)
_NO_REPLY = re.compile(r"(?:no|not|don'?t)[-_.]?repl(?:y|ies)|no-?response|nao-?responder", re.IGNORECASE)


def check_sender_name(facts: ClarityFacts) -> Finding:
    """Give the sender's name and nothing else: no address, no count of messages, no check mark, no lure."""
    name = unicodedata.normalize("NFKC", facts.campaign.sender.name).strip()
    fix = say("Use the name by which readers know the organisation.")
    troubles = (
        (say("an address or a link"), _ADDRESS_OR_LINK.search(name)),
        (say("a count of messages"), _COUNTER.search(name)),
        (say("a mark of verification"), _VERIFIED & set(facts.campaign.sender.name)),
        (say("an emoji or another sign"), any(_is_sign(character) for character in name)),
        (say("words that lure"), _LURES.search(name)),
        (say("a personal field"), re.search(r"\{[{%#]", name)),
    )
    found = [what for what, there in troubles if there]
    if not name:
        return finding("MSG-04", Outcome.BLOCK, say("The sender has no name."), fix, GMAIL, FROM)
    if found:
        message = say("The sender's name holds {things}.", things=found)
        return finding("MSG-04", Outcome.BLOCK, message, fix, GMAIL, FROM)
    allowed = {_squeezed(known) for known in facts.sender_names}
    if allowed and _squeezed(name) not in allowed:
        message = say("“{name}” is none of the names of the brand.", name=name)
        fix = say("Use one of them, or add it to the brand in the settings: {names}.", names=list(facts.sender_names))
        return finding("MSG-04", Outcome.BLOCK, message, fix, GMAIL, FROM)
    marks = _VERIFIED & set(facts.subject)
    if marks:
        message = say("The subject holds a mark of verification, which nobody gave: {marks}.", marks=sorted(marks))
        return finding("MSG-04", Outcome.WARN, message, say("Take the mark out of the subject."), GMAIL, SUBJECT)
    return finding("MSG-04", Outcome.PASS, say("The sender's name is “{name}”.", name=name), fix, GMAIL, FROM)


def _is_sign(character: str) -> bool:
    """Whether a character is an emoji or a sign; those of trade marks belong to names."""
    return unicodedata.category(character) == "So" and character not in "®©™"


def check_sender_domain(facts: ClarityFacts) -> Finding:
    """Write from a domain of the organisation, never from a private mail service, and always from the same address."""
    domain = facts.campaign.sender.address.rpartition("@")[2].strip().casefold()
    fix = say("Write from an address at the organisation's own domain.")
    if not domain:
        return finding("MSG-05", Outcome.BLOCK, say("The sender has no address."), fix, GMAIL, FROM)
    if _FREEMAIL.fullmatch(domain):
        message = say("{domain} is a private mail service; mail sent elsewhere in its name is refused.", domain=domain)
        return finding("MSG-05", Outcome.BLOCK, message, fix, GMAIL, FROM)
    if not facts.organisation_domains:
        message = say(
            "Nobody has said which domains are the organisation's; the letter comes from {domain}.", domain=domain
        )
        name_them = say("Name the organisation's domains in the settings.")
        return finding("MSG-05", Outcome.UNKNOWN, message, name_them, GMAIL, FROM)
    if not any(is_within(domain, own) for own in facts.organisation_domains):
        message = say(
            "{domain} is none of the organisation's domains: {domains}.",
            domain=domain, domains=", ".join(facts.organisation_domains),
        )  # fmt: skip
        return finding("MSG-05", Outcome.BLOCK, message, fix, GMAIL, FROM)
    return _constant(facts, domain)


def _constant(facts: ClarityFacts, domain: str) -> Finding:
    """Whether the last campaigns of the purpose came from the same name and address: readers and filters know those."""
    sender = facts.campaign.sender
    fix = say("Keep name and address as they were; a change costs trust.")
    earlier = {(name, address.casefold()) for name, address in facts.earlier_senders}
    if earlier and (sender.name, sender.address.casefold()) not in earlier:
        message = say(
            "The last {count} campaigns of this purpose came from {senders}.",
            count=len(facts.earlier_senders), senders=[f"{name} <{address}>" for name, address in sorted(earlier)],
        )  # fmt: skip
        return finding("MSG-05", Outcome.WARN, message, fix, GMAIL, FROM)
    return finding("MSG-05", Outcome.PASS, say("{domain} is the organisation's own.", domain=domain), fix, GMAIL, FROM)


def check_answers_are_read(facts: ClarityFacts) -> Finding:
    """Let people answer: from a mailbox of the same organisation that somebody reads."""
    source = "https://techcommunity.microsoft.com/blog/MicrosoftDefenderforOffice365Blog/4399730, read 2026-11-23"
    fix = say("Give a Reply-To at the organisation that somebody reads.")
    sender = facts.campaign.sender
    address = (sender.reply_to or sender.address).strip()
    local, _, domain = address.rpartition("@")
    place = REPLY_TO if sender.reply_to else FROM
    if not local or not domain or " " in address:
        message = say("Answers would go to “{address}”, which is no address.", address=address)
        return finding("MSG-06", Outcome.WARN, message, fix, source, place)
    if _NO_REPLY.search(local):
        message = say("Answers go to {address}, which says that nobody reads them.", address=address)
        return finding("MSG-06", Outcome.WARN, message, fix, source, place)
    if organisation_of(domain) != organisation_of(sender.address.rpartition("@")[2]):
        message = say("Answers go to {domain}, another organisation than the sender's.", domain=domain)
        return finding("MSG-06", Outcome.WARN, message, fix, source, place)
    message = say("Answers go to {address}; whether its domain takes mail is for tip 7 to say.", address=address)
    return finding("MSG-06", Outcome.PASS, message, fix, source, place)


def check_sender_is_named_in_letter(facts: ClarityFacts) -> Finding:
    """State in every letter who sends it and where they can be found: name and street address, in HTML and text."""
    source = "Hong Kong Cap. 593A, http://www.hklii.org/hk/legis/en/ord/593/s8.html, read 2026-11-23"
    sender = facts.campaign.sender
    fix = say("Complete the sender's organisation and street address, and keep the footer in the letter.")
    if not sender.organisation.strip() or not sender.postal_address.strip():
        message = say("The sender's organisation or postal address is empty.")
        return finding("MSG-21", Outcome.BLOCK, message, fix, source, FOOTER)
    wanted = [sender.organisation, *sender.postal_address.splitlines()]
    versions = ((say("HTML"), facts.page.visible), (say("text"), facts.text))
    missing = [name for name, said in versions if not all(_squeezed(line) in _squeezed(said) for line in wanted)]
    if missing:
        message = say(
            "The organisation's name and address are not complete in the {versions} version.", versions=missing
        )
        return finding("MSG-21", Outcome.BLOCK, message, fix, source, FOOTER)
    if _POST_BOX.search(sender.postal_address):
        message = say("The address is a post office box, which Hong Kong does not accept as an address.")
        return finding("MSG-21", Outcome.WARN, message, say("Give a street address."), source, FOOTER)
    message = say("The organisation's name and address stand in both versions of the letter.")
    return finding("MSG-21", Outcome.PASS, message, fix, source, FOOTER)


CHECKS = (check_sender_name, check_sender_domain, check_answers_are_read, check_sender_is_named_in_letter)
