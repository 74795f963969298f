"""Tip 7: meet what Google, Yahoo, Microsoft and Apple ask of senders, judged from what DNS, the SendGrid account, the
letter as it will be sent, and a letter that came back say.

Every finding shows what was seen and the text to publish. A question that was not answered, or not asked, is UNKNOWN.
Written for SendGrid's domain authentication: it signs with the From domain's own keys (selectors s1 and s2) and uses a
return path of its own below that domain.
"""

from bulkmail.tips.sender_requirements.account import (
    WEBHOOK_PATH,
    authenticated,
    check_credits,
    check_domain_authentication,
    check_events,
    check_link_branding,
    check_mail_settings,
    check_rights,
    check_tracking,
)
from bulkmail.tips.sender_requirements.alignment import check_alignment
from bulkmail.tips.sender_requirements.dkim import check_dkim_keys
from bulkmail.tips.sender_requirements.dmarc import (
    check_dmarc_record,
    check_own_subdomain,
    check_policy_fits,
    check_reports,
    check_tags,
)
from bulkmail.tips.sender_requirements.dns_team import request_to_dns_team
from bulkmail.tips.sender_requirements.domain import check_blocklists, check_domain_exists, check_reverse_names
from bulkmail.tips.sender_requirements.facts import SenderFacts
from bulkmail.tips.sender_requirements.letters import check_form, check_optional_headers
from bulkmail.tips.sender_requirements.providers import name_of, provider_of
from bulkmail.tips.sender_requirements.replies import bounce_class, check_replies, without_people
from bulkmail.tips.sender_requirements.rules import RULES, SOURCES, WHO
from bulkmail.tips.sender_requirements.seed import check_coverage, check_received
from bulkmail.tips.sender_requirements.spf import check_spf_limits, check_spf_record
from bulkmail.tips.sender_requirements.transport import check_encryption, check_trust_signals
from bulkmail.tips.sender_requirements.watching import age_in_words, check_enrolments, check_rule_age

# SND-01 to SND-28, in the order of their codes.
CHECKS = (
    check_spf_record, check_spf_limits, check_dkim_keys, check_coverage, check_received, check_alignment,
    check_dmarc_record, check_reports, check_tags, check_policy_fits, check_own_subdomain, check_reverse_names,
    check_encryption, check_domain_exists, check_form, check_optional_headers, check_enrolments, check_replies,
    check_blocklists, check_trust_signals, check_events, check_rule_age, check_rights, check_domain_authentication,
    check_link_branding, check_tracking, check_credits, check_mail_settings,
)  # fmt: skip

__all__ = [
    "CHECKS",
    "RULES",
    "SOURCES",
    "WEBHOOK_PATH",
    "WHO",
    "SenderFacts",
    "age_in_words",
    "authenticated",
    "bounce_class",
    "check_rule_age",
    "name_of",
    "provider_of",
    "request_to_dns_team",
    "without_people",
]
