"""Cadence: when the letter leaves, who has had enough of us lately, and what the past says of such letters."""

import _ui as ui
from _ui import t

ui.require_frame()

ui.title(t("Cadence"), t("When, and how often?"))
prepared = ui.prepared()
if prepared:
    ui.show_findings([finding for finding in prepared.findings if finding.tip == 6])
