"""Consent: who of the list agreed to the campaign's purpose, and what proves it."""

import _ui as ui
from _ui import t

ui.require_frame()
ui.title(t("Consent"), t("Who agreed, and can we prove it?"))
prepared = ui.prepared()
if prepared is None:
    ui.empty("handshake", t("Nobody to ask about yet"), t("Choose a list for the campaign first."))
else:
    ui.show_findings([finding for finding in prepared.findings if finding.tip == 1])
