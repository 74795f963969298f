"""How a file was read, and the same corrected by hand: encoding, sheet, and which column is which."""

import json

import _ui as ui
import streamlit as st
from _ui import t
from streamlit.runtime.uploaded_file_manager import UploadedFile

from bulkmail import prepare
from bulkmail.errors import InputError
from bulkmail.intake import by_hand
from bulkmail.model import FIELD_PREFIX, say

FIELDS = {
    "address": say("Address"),
    "name": say("Full name"),
    "given_name": say("Given name"),
    "family_name": say("Family name"),
    "title": say("Form of address"),
    "language": say("Language"),
    "consent": say("Consent"),
    "consent_at": say("Date of consent"),
    "consent_source": say("Source of consent"),
    "consent_basis": say("Basis of consent"),
    "consent_purpose": say("Purpose of consent"),
    "consent_wording": say("Wording of consent"),
}
ENCODINGS = {
    "utf-8": "UTF-8",
    "big5hkscs": "Big5-HKSCS",
    "gb18030": "GB 18030",
    "cp1252": "Windows-1252",
    "utf-16-le": "UTF-16",
}
DELIMITERS = {",": say("comma"), ";": say("semicolon"), "\t": say("tab"), "|": say("vertical bar")}


def read(file: UploadedFile) -> prepare.ListRead:
    """The uploaded file as a list, by what was last chosen for it. Raises InputError where it is none."""
    return _read(file.file_id, st.session_state.get(f"reading-{file.file_id}", "{}"), file.name, file.getvalue())


@st.cache_resource(max_entries=2, ttl=1800, show_spinner=False)
def _read(file_id: str, chosen: str, name: str, _data: bytes) -> prepare.ListRead:
    return prepare.read_list(_data, name, json.loads(chosen))


# ---------------------------------------------------------------- what was read


def show_reading(reading: prepare.ListRead) -> None:
    """Draw encoding, delimiter or sheet, and which column of the file is which."""
    told = [t("{rows} rows", rows=reading.rows)]
    if reading.sheet:
        told.append(t("sheet {sheet}", sheet=reading.sheet))
    if reading.encoding:
        told.append(ENCODINGS.get(reading.encoding, reading.encoding))
    if reading.delimiter:
        mark = DELIMITERS.get(reading.delimiter)
        told.append(t("cells apart by {mark}", mark=mark or reading.delimiter))
    st.caption(ui.plain(" · ".join(told)))
    show_columns(reading.columns, reading.examples)


def show_sheets(file: UploadedFile, reading: prepare.ListRead) -> None:
    """Ask which sheet is meant where several hold addresses."""
    key = f"reading-{file.file_id}"
    asked = json.loads(st.session_state.get(key, "{}"))
    sheets = reading.sheets or (_sheets(file.file_id, file.getvalue()) if "sheet" in asked else ())
    if len(sheets) > 1:
        st.segmented_control(
            t("Which sheet is the list?"), sheets, default=reading.sheet, key=f"{key}-which", required=True,
            on_change=choose_sheet, args=(key, f"{key}-which"),
        )  # fmt: skip


def choose_sheet(key: str, chosen: str) -> None:
    st.session_state[key] = json.dumps({"sheet": st.session_state[chosen]})


def show_encodings(file: UploadedFile) -> None:
    """Draw how the first lines beyond ASCII look in each encoding that could be meant."""
    samples = _samples(file.file_id, file.getvalue())
    if samples:
        st.caption(t("The same lines in each encoding; where the one in use is garbled, choose another below."))
        told = [{"encoding": ENCODINGS[name], "sample": "\n".join(lines)} for name, lines in samples.items()]
        words = {"encoding": t("Encoding"), "sample": t("Sample")}
        st.dataframe(told, hide_index=True, column_config=words, key="reading-samples", alt=t("Sample"))


@st.cache_resource(max_entries=2, ttl=1800, show_spinner=False)
def _samples(file_id: str, _data: bytes) -> dict[str, tuple[str, ...]]:
    return by_hand.samples_of(_data)


def show_columns(columns: dict[str, str], examples: dict[str, str]) -> None:
    """Draw a row per column: what it is read as, its header in the file, and its first cell."""
    told = [
        {
            "field": t(FIELDS[field]) if field in FIELDS else field.removeprefix(FIELD_PREFIX),
            "header": header,
            "example": examples.get("original_address" if field == "address" else field, ""),
            "use": "" if field.startswith("consent") else f"{{{{ {field.removeprefix(FIELD_PREFIX)} }}}}",
        }
        for field, header in columns.items()
    ]
    words = {
        "field": t("Read as"),
        "header": t("Column in the file"),
        "example": t("Example"),
        "use": t("In the letter"),
    }
    st.dataframe(told, hide_index=True, column_config=words, key="reading-columns", alt=t("Columns of the list"))


# ---------------------------------------------------------------- corrected by hand


@st.cache_resource(max_entries=2, ttl=1800, show_spinner=False)
def _sheets(file_id: str, _data: bytes) -> tuple[str, ...]:
    return by_hand.sheets_of(_data)


@st.cache_resource(max_entries=2, ttl=1800, show_spinner=False)
def _headers(file_id: str, encoding: str | None, sheet: str | None, _data: bytes) -> tuple[str, ...]:
    return by_hand.headers_of(_data, encoding=encoding, sheet=sheet)


def show_choices(file: UploadedFile, reading: prepare.ListRead | None) -> None:
    """Draw the form that reads the file again as told; also for a file that could not be read by itself."""
    key, data = f"reading-{file.file_id}", file.getvalue()
    asked = json.loads(st.session_state.get(key, "{}"))
    encoding, sheet = (reading.encoding, reading.sheet) if reading else (asked.get("encoding"), asked.get("sheet"))
    headers = reading.headers if reading else _headers(file.file_id, encoding, sheet, data)
    form = f"{key}-{prepare.content_hash(repr(headers).encode())[:8]}"  # other headers, other choices
    with st.form(form):
        if sheets := _sheets(file.file_id, data):
            at = sheets.index(sheet) if sheet in sheets else 0
            shown = {"sheet": st.selectbox(t("Sheet"), sheets, index=at, key=f"{form}-sheet")}
        else:
            names = list(ENCODINGS)
            at = names.index(encoding) if encoding in names else None
            words = {"format_func": ENCODINGS.get, "placeholder": t("by itself")}
            shown = {"encoding": st.selectbox(t("Encoding"), names, index=at, key=f"{form}-encoding", **words)}
        show_fields(form, headers, reading.columns if reading else {})
        told = {"on_click": choose, "args": (key, form, headers, shown), "key": f"{form}-go"}
        st.form_submit_button(t("Read again"), icon=":material/refresh:", **told)


def show_fields(form: str, headers: tuple[str, ...], columns: dict[str, str]) -> None:
    names = list(FIELDS)
    for start in range(0, len(names), 4):
        for place, field in zip(st.columns(4), names[start : start + 4], strict=True):
            at = headers.index(columns[field]) if columns.get(field) in headers else None
            none = t("no column")
            place.selectbox(t(FIELDS[field]), headers, index=at, key=f"{form}-{field}", placeholder=none)
    st.multiselect(
        t("Leave out these columns"), headers, key=f"{form}-out", placeholder=t("none"),
        help=t("What a letter does not need is better not kept. Other columns stay, for use in the letter."),
    )  # fmt: skip


def choose(key: str, form: str, headers: tuple[str, ...], shown: dict[str, str | None]) -> None:
    """Keep what was chosen in the form. With another sheet or encoding the columns are found anew."""
    said = st.session_state
    chosen = {part: said[f"{form}-{part}"] for part in shown if said[f"{form}-{part}"]}
    fields = {field: said[f"{form}-{field}"] or "" for field in FIELDS}
    try:
        mapping = by_hand.mapping_of(fields, headers, said[f"{form}-out"])
    except InputError as error:
        ui.report(error)
        return
    elsewhere = any(shown[part] != value for part, value in chosen.items())
    st.session_state[key] = json.dumps(chosen if elsewhere else chosen | {"mapping": mapping})
