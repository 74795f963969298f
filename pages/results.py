"""Results: what happened?"""

import _ui as ui
import streamlit as st
from _ui import t

from bulkmail.adapters import journal

ui.require_frame()
ui.title(t("Results"), t("What happened?"))
campaign = ui.campaign()
plans = journal.plans(ui.house(), campaign.id) if campaign else []
if not plans:
    ui.empty("monitoring", t("Nothing was sent yet"), t("What became of each letter will stand here."))
else:
    st.dataframe(journal.outcomes(ui.house(), plans[0].plan.hash))
