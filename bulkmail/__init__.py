"""bulkmail sends bulk email responsibly: seven tips, each measured, shown and enforced.

1. Consent                 `tips/consent.py`              who agreed, to what, when, by what proof
2. Accurate addressing     `tips/addressing/`             normal form, syntax, domains, duplicates
3. Unsubscribe             `tips/unsubscribe.py`          signed tokens, one-click headers, suppressions
4. Clear message           `tips/clarity/`                honest subject, sender, links, languages and parts
5. Personalization         `tips/personalization/`        every letter rendered, every field filled
6. Consistency, frequency  `tips/cadence.py`              caps, gaps, ramps, quiet hours
7. Sender requirements     `tips/sender_requirements/`    SPF, DKIM, DMARC and what providers ask

ARCHITECTURE.md has the picture, the walk of one row and the invariants.
"""

__version__ = "0.1.0"
