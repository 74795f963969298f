"""Message: the letter as it is written, what tips 4 and 5 say of it, and how it looks to the people who will read it."""

import _ui as ui
from _ui import t

ui.require_frame()

ui.title(t("Message"), t("What will each person read?"))
prepared = ui.prepared()
if prepared:
    ui.show_findings([finding for finding in prepared.findings if finding.tip in (4, 5)])
