"""Settings: what is set, and where everything rests. Nothing is changed here."""

import _ui as ui
import streamlit as st
from _ui import t

from bulkmail.adapters import database

ui.require_frame()
ui.title(t("Settings"), t("What is set, and where does everything rest?"))
st.text(str(ui.house().home))
st.dataframe(database.audit_trail(ui.house()))
