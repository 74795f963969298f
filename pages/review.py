"""Review and send: is everything ready, and how is it going?"""

import _ui as ui
from _ui import t

ui.require_frame()
ui.title(t("Review and send"), t("Is everything ready, and how is it going?"))
prepared = ui.prepared()
if prepared is None:
    ui.empty("send", t("Nothing to review yet"), t("The findings of the seven tips and the plan will stand here."))
else:
    ui.show_findings(prepared.findings)
