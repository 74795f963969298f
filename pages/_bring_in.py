"""The way in for what was sent before: a file of past engagement, and what it brought."""

import _ui as ui
import streamlit as st
from _ui import t

from bulkmail import engagement, importing, wiring
from bulkmail.errors import BulkmailError

COLUMNS = ("campaign", "department", "recipient", "sent_at", *engagement.TIME_COLUMNS, "machine_open")


def show_import() -> None:
    """Draw the way in for a table of sends, and what the last one brought."""
    st.markdown(
        t(
            "One row per letter sent, as CSV in UTF-8 or Parquet. Times are ISO 8601 with an offset, empty where a "
            "thing did not happen. Addresses become keyed hashes and are not kept."
        )
    )
    st.markdown(" ".join(f"`{column}`" for column in COLUMNS))
    st.caption(
        t(
            "Or SendGrid's Email Activity as CSV, the events of its webhook as lines of JSON, or the public data sets "
            "REES46 and XCampaign: a file says what it is by its shape."
        )
    )
    st.download_button(
        t("An empty table to fill"), ",".join(COLUMNS) + "\r\n", "sends.csv", "text/csv", key="past-template",
        icon=":material/download:", type="tertiary", on_click="ignore",
    )  # fmt: skip
    key = f"past-file-{st.session_state.get('past-turn', 0)}"
    file = st.file_uploader(t("A file of past engagement"), type=["csv", "parquet", "jsonl", "json"], key=key)
    st.button(
        t("Bring in"),
        icon=":material/upload:",
        disabled=file is None,
        key="past-bring-in",
        on_click=bring_in,
        args=(key,),
    )
    report = st.session_state.get("past-report")
    if report:
        show_report(report)


def bring_in(key: str) -> None:
    """Bring in the file that waits; its report is shown by the run that follows."""
    file = st.session_state.get(key)
    if file is None:
        return
    st.session_state["past"] = "import"  # also where this was the first past, and so the only look
    st.session_state.pop("past-report", None)
    try:
        st.session_state["past-report"] = importing.bring_in(ui.house(), file.name, file.getvalue(), wiring.now())
    except BulkmailError as problem:
        ui.report(problem)
    else:
        st.session_state["past-turn"] = (
            st.session_state.get("past-turn", 0) + 1
        )  # an empty uploader; its bytes are freed


def show_report(report: importing.BroughtIn) -> None:
    st.success(
        t(
            "Of {rows} rows {new} are new, {repeated} were here already and {refused} were refused.",
            rows=report.rows, new=report.new, repeated=report.repeated, refused=len(report.refused),
        ),
        icon=":material/check_circle:",
    )  # fmt: skip
    if len(report.refused):
        words = {key: t(word) for key, word in engagement.REFUSALS.items()}
        heads = {"row": t("Row"), "column": t("Column"), "reason": t("Reason")}
        st.dataframe(
            report.refused.replace({"reason": words}), hide_index=True, column_config=heads, key="past-refused"
        )
