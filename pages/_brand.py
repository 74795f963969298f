"""The brand: how the organisation looks and is named in every letter."""

from dataclasses import fields, replace

import _ui as ui
import streamlit as st
from _ui import t

from bulkmail import compose
from bulkmail.adapters import drafts
from bulkmail.errors import BulkmailError
from bulkmail.model import Brand
from bulkmail.roles import Role

LISTS = ("sender_names", "domains")


def show_brand() -> None:
    """Draw the brand as a form; it is kept as a whole, and only where it can stand in a letter."""
    st.caption(
        t(
            "The brand stands in every letter that is not approved yet. Letters that are approved keep the one they "
            "were approved with."
        )
    )
    brand = drafts.brand(ui.house())
    with st.form("brand", border=True):
        given = show_fields(brand)
        if st.form_submit_button(
            t("Keep the brand"), type="primary", icon=":material/save:", disabled=not ui.may(Role.APPROVER)
        ):
            keep(brand, given)


def show_fields(brand: Brand) -> dict[str, object]:
    """Draw the fields of the brand and give what stands in them."""
    left, right = st.columns(2, gap="medium")
    given: dict[str, object] = {
        "colour": left.color_picker(t("Main colour"), brand.colour or "#0b5394", key="brand-colour"),
        "fonts": left.text_input(
            t("Fonts"), brand.fonts, key="brand-fonts", help=t("Set apart by commas; others stand in for missing ones.")
        ),
        "logo_url": left.text_input(
            t("Logo"), brand.logo_url, key="brand-logo", placeholder="https://",
            help=t("The address of a picture on your own web site."),
        ),
        "logo_alt": left.text_input(t("Logo in words"), brand.logo_alt, key="brand-logo-alt"),
        "sender_names": right.text_area(
            t("Names allowed in From"), "\n".join(brand.sender_names), key="brand-names", height=90,
            help=t("One a line. Empty: any name."),
        ),
        "domains": right.text_area(
            t("Own domains"), "\n".join(brand.domains), key="brand-domains", height=90,
            help=t("One a line, beside those of BULKMAIL_DOMAINS."),
        ),
        "postal_address": right.text_area(t("Postal address"), brand.postal_address, key="brand-postal", height=90),
    }  # fmt: skip
    wide, high = left.columns(2)
    given["logo_width"] = wide.number_input(t("Width"), 16, 600, brand.logo_width, key="brand-logo-width")
    given["logo_height"] = high.number_input(t("Height"), 16, 300, brand.logo_height, key="brand-logo-height")
    chinese, english = st.columns(2, gap="medium")
    given["footer_zh_hant"] = chinese.text_area(
        t("Foot of letters, Chinese"), brand.footer_zh_hant, key="brand-foot-zh"
    )
    given["footer_en"] = english.text_area(t("Foot of letters, English"), brand.footer_en, key="brand-foot-en")
    return given


def keep(brand: Brand, given: dict[str, object]) -> None:
    """Keep what was given, or say what cannot stand in a letter."""
    lines = {name: tuple(line.strip() for line in str(given[name]).splitlines() if line.strip()) for name in LISTS}
    known = {field.name for field in fields(Brand)}
    new = replace(brand, **{name: value for name, value in {**given, **lines}.items() if name in known})
    try:
        compose.check_brand(new)
    except BulkmailError as trouble:
        st.error(ui.plain(t(trouble)), icon=":material/block:")
        return
    drafts.save_brand(ui.house(), new, ui.now())
    st.success(t("The brand is kept."), icon=":material/check_circle:")
