"""A campaign's words → the letter of each recipient: compiled once, divided into slots, looked at, rendered."""

from bulkmail.compose.brand import check_brand
from bulkmail.compose.drafting import differences, text_draft
from bulkmail.compose.examine import Examined, examine, personalization_facts, render_check, singly
from bulkmail.compose.inventory import inventory
from bulkmail.compose.letter import Letter, recipients, variant_of, variants
from bulkmail.compose.looking import field_table, preheader, reader, stand_in, telling_rows
from bulkmail.compose.mime import final_mime, html_of
from bulkmail.compose.render import preview_frame, render
from bulkmail.compose.slots import SlotColumns, Slotted, joined, slot_columns, split, substitutions, why_single
from bulkmail.compose.source import compile_letters

__all__ = [
    "Examined",
    "Letter",
    "SlotColumns",
    "Slotted",
    "check_brand",
    "compile_letters",
    "differences",
    "examine",
    "field_table",
    "final_mime",
    "html_of",
    "inventory",
    "joined",
    "personalization_facts",
    "preheader",
    "preview_frame",
    "reader",
    "recipients",
    "render",
    "render_check",
    "singly",
    "slot_columns",
    "split",
    "stand_in",
    "substitutions",
    "telling_rows",
    "text_draft",
    "variant_of",
    "variants",
    "why_single",
]
