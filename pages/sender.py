"""Sender: will the mailbox providers accept us?"""

import _ui as ui
from _ui import t

ui.require_frame()
ui.title(t("Sender"), t("Will the mailbox providers accept us?"))
prepared = ui.prepared()
if prepared is None:
    ui.empty("verified_user", t("No campaign yet"), t("What DNS says about the sender's domain will stand here."))
else:
    ui.show_findings([finding for finding in prepared.findings if finding.tip == 7], passes_folded=False)
