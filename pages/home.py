"""Home: the journey of the campaign in hand, tip by tip."""

import _ui as ui
from _ui import t

ui.require_frame()
ui.title(t("Home"), t("Where does this campaign stand?"))
prepared = ui.prepared()
if prepared is None:
    ui.empty("home", t("Nothing here yet"), t("Load the sample organisation, or upload a list of your own."))
else:
    ui.show_findings(prepared.findings)
