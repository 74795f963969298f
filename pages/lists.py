"""Lists: what was read from a file, who on it can be mailed, and who not, and why."""

import _ui as ui
import streamlit as st
from _ui import t

from bulkmail.adapters import database

ui.require_frame()
ui.title(t("Lists"), t("Can I trust this list?"))
known = database.lists(ui.house())
if known:
    st.dataframe([{"name": version.name, "rows": version.rows} for version in known])
else:
    ui.empty("groups", t("No list yet"), t("Upload a list."))
