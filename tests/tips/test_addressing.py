"""Tip 2: what becomes of an address, and what is said about a list of them."""

import hashlib
import hmac

import pandas as pd
import pyarrow as pa
import pytest
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkmail.model import ADDRESSING_COLUMNS, Outcome
from bulkmail.tips import addressing
from bulkmail.tips.addressing import checks, forms, keyed, known

KEY = b"a key of the workspace"


def judged(*cells, **facts):
    rows = range(2, len(cells) + 2)
    table = pd.DataFrame({"source_row": rows, "original_address": pd.Series(cells, dtype="str")})
    return addressing.annotate(table, person_key=KEY, **facts)


def address_of(cell):
    return addressing.normal_forms(pa.array([cell]))["address"][0].as_py()


def reason_of(cell, **facts):
    return judged(cell, **facts)["addressing_reason"].iloc[0]


def found_by(check, table):
    return check(addressing.quality_of(table))


def finding(code, *cells, **facts):
    quality = addressing.quality_of(judged(*cells, **facts))
    return next(found for found in (check(quality) for check in addressing.CHECKS) if found.code == code)


# ---------------------------------------------------------------- normal form


@pytest.mark.parametrize(
    "cell",
    [
        "ana@lotusbay.edu.mo", "  ana@lotusbay.edu.mo\t", "\u00a0ana@lotusbay.edu.mo\u3000",
        "\ufeffana@lotusbay.edu.mo",
        "ana@lotusbay.edu.mo\u200b", "an\u200ba@lotusbay.edu.mo", "ana＠lotusbay.edu.mo", "ａｎａ@lotusbay.edu.mo",
        "ana@lotusbay。edu．mo", "ana@LotusBay.EDU.mo", "Ana Chan <ana@lotusbay.edu.mo>",
        "陳大文 <ana@lotusbay.edu.mo>",
        '"Chan, Ana" <ana@lotusbay.edu.mo>;', "<ana@lotusbay.edu.mo>", "mailto:ana@lotusbay.edu.mo",
        "MAILTO:ana@lotusbay.edu.mo?subject=hello", "ana@lotusbay.edu.mo;", "ana@lotusbay.edu.mo,",
        "ana@lotusbay.edu.mo；",
        "'ana@lotusbay.edu.mo'", "ana@lotusbay.edu.mo <ana@lotusbay.edu.mo>", "ana@lotusbay.edu.mo.",
    ],
)  # fmt: skip
def test_an_address_is_read_as_its_writer_meant_it(cell):
    assert address_of(cell) == "ana@lotusbay.edu.mo"


def test_the_case_before_the_at_sign_is_kept_but_for_the_names_of_rfc_2142():
    assert address_of("Ana.Lei@lotusbay.edu.mo") == "Ana.Lei@lotusbay.edu.mo"
    assert address_of("INFO@lotusbay.edu.mo") == "info@lotusbay.edu.mo"


def test_an_international_domain_is_sent_in_its_ascii_form():
    assert address_of("ana@大學.中国") == "ana@xn--pssu7c.xn--fiqs8s"


@pytest.mark.parametrize(
    "cell",
    [
        "a@lotusbay.edu.mo; b@lotusbay.edu.mo",
        "a@lotusbay.edu.mo b@qq.com",
        "a@qq.com/b@qq.com",
        "A <a@qq.com>, B <b@qq.com>",
        'b@qq.com, "Lam, Ana" <a@qq.com>',
        "b@qq.com <a@qq.com>",
    ],
)
def test_two_addresses_in_a_cell_are_not_one_address(cell):
    table = judged(cell)
    assert table["addressing_reason"].tolist() == ["invalid_address"]
    assert table["addressing_note"].tolist() == [forms.SEVERAL]


@pytest.mark.parametrize(
    ("cell", "note"),
    [
        ("", forms.NO_ADDRESS),
        (" ;", forms.NO_ADDRESS),
        ("ana", forms.NO_AT),
        ("@lotusbay.edu.mo", forms.HALF),
        ("ana chan@lotusbay.edu.mo", forms.SPACE),
        ("a" * 65 + "@lotusbay.edu.mo", forms.TOO_LONG),
        ("a@" + "b." * 130 + "mo", forms.TOO_LONG),
        ("陳大文@lotusbay.edu.mo", forms.FOREIGN),
        ("ana@host.localhost", forms.RESERVED),
        ("ana..chan@lotusbay.edu.mo", forms.NOT_AN_ADDRESS),
    ],
)
def test_a_refused_address_says_why(cell, note):
    assert judged(cell)["addressing_note"].tolist() == [note]


def test_a_cell_of_any_length_is_judged_quickly():
    cells = ["@" * 100_000, "a " * 100_000, "<" * 100_000, " @." * 50_000, "ana@" * 50_000]
    assert set(judged(*cells)["addressing_reason"]) == {"invalid_address"}


def test_nothing_is_judged_in_an_empty_list():
    assert addressing.normal_forms(pa.array([], pa.string())).num_rows == 0
    assert not len(judged())


def test_a_chunked_column_with_nulls_is_judged_whole():
    cells = pa.chunked_array([["a@c.de", None], [], ["b@c.de"]])
    assert addressing.normal_forms(cells)["address"].to_pylist() == ["a@c.de", "", "b@c.de"]


# ---------------------------------------------------------------- mailboxes and persons


@pytest.mark.parametrize(
    ("address", "mailbox"),
    [
        ("Ana.Lei@Lotusbay.edu.mo", "ana.lei@lotusbay.edu.mo"),
        ("A.n.a+club@gmail.com", "ana@gmail.com"),
        ("ana@googlemail.com", "ana@gmail.com"),
        ("an.a+x+y@outlook.com", "an.a@outlook.com"),
        ("ana+x@lotusbay.edu.mo", "ana+x@lotusbay.edu.mo"),
        ("+x@gmail.com", "+x@gmail.com"),
    ],
)
def test_a_mailbox_is_one_in_whatever_spelling(address, mailbox):
    assert judged(address)["mailbox"].tolist() == [mailbox]


@pytest.mark.parametrize("key", [b"", b"short", b"k" * 64, b"k" * 100])
def test_a_person_is_the_keyed_hash_of_the_mailbox(key):
    expected = cmac_of(b"ana@gmail.com", key)
    assert addressing.person_of("A.na+x@GMAIL.com", key) == expected
    assert addressing.persons(pd.Series(["ana@gmail.com", ""], dtype="str"), key).tolist() == [expected, ""]


def test_a_person_of_an_older_workspace_is_known_by_its_hmac():
    expected = hmac.digest(b"secret", b"ana@gmail.com", "sha256")[:16].hex()
    mailboxes = pd.Series(["ana@gmail.com", ""], dtype="str")
    assert addressing.persons(mailboxes, keyed.OLDER + b"secret").tolist() == [expected, ""]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=70), min_size=1), st.integers(0, 5))
def test_texts_of_any_length_have_the_hash_of_the_standard(texts, start):
    column = pa.array(texts, pa.large_string())[start:]
    expected = [text and cmac_of(text.encode(), KEY) for text in texts[start:]]
    assert keyed.hashes(column, KEY).to_pylist() == expected


def cmac_of(text, key):
    """By the library's own AES-CMAC (RFC 4493), one text at a time."""
    made = CMAC(AES(hashlib.sha256(key).digest()))
    made.update(text)
    return made.finalize().hex()


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.from_regex(r"[aA.+]{1,8}@(gmail\.com|GoogleMail\.com|outlook\.com|qq\.com)", fullmatch=True), min_size=1
    )
)
def test_one_address_and_a_list_of_them_are_the_same_persons(cells):
    assert judged(*cells)["person"].tolist() == [addressing.person_of(cell, KEY) for cell in cells]


def test_no_address_is_no_person():
    assert addressing.person_of("nobody", KEY) == ""
    assert judged("nobody")["person"].tolist() == [""]


# ---------------------------------------------------------------- the list


def test_annotating_keeps_rows_order_and_index_and_can_be_repeated():
    table = judged("ana@lotusbay.edu.mo", "", "bo＠lotusbay.edu.mo").set_axis([7, 3, 5])
    again = addressing.annotate(table, person_key=KEY)
    pd.testing.assert_frame_equal(table, again)
    assert set(ADDRESSING_COLUMNS) <= set(again.columns)
    assert not again.isna().any().any()


def test_a_table_without_original_addresses_is_read_from_its_addresses():
    table = pd.DataFrame({"source_row": [2], "address": ["Ana <ana@lotusbay.edu.mo>"]})
    result = addressing.annotate(table, person_key=KEY)
    assert result[["original_address", "address"]].values.tolist() == [
        ["Ana <ana@lotusbay.edu.mo>", "ana@lotusbay.edu.mo"]
    ]


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("ana@lotusbay.edu.mo", ""),
        (" ", "no_address"),
        ("ana", "invalid_address"),
        ("ana@example.com", "reserved_domain"),
        ("ana@mail.example.org", "reserved_domain"),
        ("ana@firm.example", "reserved_domain"),
        ("ana@lab.test", "reserved_domain"),
        ("ana@printer.local", "reserved_domain"),
        ("postmaster@lotusbay.edu.mo", "role_address"),
        ("Security+list@lotusbay.edu.mo", "role_address"),
        ("info@lotusbay.edu.mo", ""),
    ],
)
def test_a_row_that_cannot_be_mailed_has_one_reason(cell, reason):
    assert reason_of(cell) == reason


def test_only_a_certain_no_of_dns_is_a_reason():
    facts = {"gone.edu.mo": "cannot", "slow.edu.mo": "unknown", "fine.edu.mo": "receives"}
    table = judged("a@gone.edu.mo", "a@slow.edu.mo", "a@fine.edu.mo", "a@else.edu.mo", "a", domain_facts=facts)
    assert table["addressing_reason"].tolist() == ["cannot_receive", "", "", "", "invalid_address"]
    assert table["domain_answer"].tolist() == ["cannot", "unknown", "receives", "unknown", ""]


@pytest.mark.parametrize(
    ("cell", "suggestion"),
    [
        ("ana@gmial.com", "ana@gmail.com"),
        ("Ana@hotmial.com", "Ana@hotmail.com"),
        ("ana@163.con", "ana@163.com"),
        ("ana@yaho.com.hk", "ana@yahoo.com.hk"),
        ("ana@um.edu.m", "ana@um.edu.mo"),
        ("ana@gmail,com", "ana@gmail.com"),
        ("ana@@lotusbay.edu.mo", "ana@lotusbay.edu.mo"),
        ("ana @ lotusbay . edu..mo", "ana@lotusbay.edu.mo"),
        ("ana@um.edu.my", ""),
        ("ana@136.com", ""),
        ("ana@lotusbay.edu.mo", ""),
        ("ana", ""),
        ("ana chan@lotusbay.edu.mo", ""),
    ],
)
def test_a_likely_slip_is_suggested_and_never_applied(cell, suggestion):
    table = judged(cell)
    assert table["suggestion"].tolist() == [suggestion]
    assert suggestion not in table["address"].tolist() or not suggestion


def test_a_domain_with_many_rows_is_no_slip_unless_its_neighbour_has_far_more():
    assert addressing.likely_domains({"um.edu.mx": 1, "un.edu.mo": 30, "um.edu.mo": 30}) == {}
    assert addressing.likely_domains({"gmial.com": 300, "gmail.com": 200_000}) == {"gmial.com": "gmail.com"}


def test_providers_are_never_slips_of_one_another():
    counts = dict.fromkeys([*known.PROVIDERS, *known.REAL_DOMAINS], 1)
    assert addressing.likely_domains(counts) == {}


# ---------------------------------------------------------------- checks

GOOD = "ana@lotusbay.edu.mo"


@pytest.mark.parametrize(
    ("code", "bad"),
    [
        ("ADR-01", "ana"),
        ("ADR-02", "a" * 65 + "@lotusbay.edu.mo"),
        ("ADR-04", "陳@lotusbay.edu.mo"),
        ("ADR-06", "ana@gmial.com"),
        ("ADR-07", "ana@box.mailinator.com"),
        ("ADR-08", "admissions@lotusbay.edu.mo"),
        ("ADR-09", "ana@example.com"),
    ],
)
def test_a_check_names_the_rows_it_is_about(code, bad):
    assert finding(code, GOOD).outcome is Outcome.PASS
    found = finding(code, GOOD, bad, GOOD)
    assert (found.outcome, found.rows) == (Outcome.WARN, (3,))
    assert str(found.message).startswith("1 of 3 ")


def test_a_list_without_one_usable_address_is_blocked():
    assert finding("ADR-01", "ana", "bo@example.com").outcome is Outcome.BLOCK


def test_characters_that_yahoo_refuses_are_looked_at():
    assert found_by(checks.check_characters, judged(GOOD)).outcome is Outcome.PASS
    assert found_by(checks.check_characters, judged(GOOD, "a%b@lotusbay.edu.mo")).rows == (3,)


def test_repeats_are_counted_by_mailbox():
    found = found_by(checks.check_repeats, judged("ana@gmail.com", "", "", "A.na+x@gmail.com", "ANA@googlemail.com"))
    assert (found.outcome, found.rows) == (Outcome.WARN, (5, 6))
    assert found_by(checks.check_repeats, judged(GOOD, "bo@lotusbay.edu.mo")).outcome is Outcome.PASS


def test_an_address_as_its_own_name_is_one_address():
    assert judged("'ana@lotusbay.edu.mo' <Ana@lotusbay.edu.mo>")["address"].tolist() == ["Ana@lotusbay.edu.mo"]


def test_repaired_addresses_are_reported_without_a_warning():
    found = found_by(checks.check_normal_form, judged(GOOD, "ANA@lotusbay.edu.mo", " bo＠lotusbay.edu.mo", "ana"))
    assert (found.outcome, found.rows) == (Outcome.PASS, (4,))


def test_a_domain_that_was_not_asked_about_is_unknown():
    assert finding("ADR-05", GOOD).outcome is Outcome.UNKNOWN
    assert finding("ADR-05", GOOD, domain_facts={"lotusbay.edu.mo": "receives"}).outcome is Outcome.PASS
    found = finding("ADR-05", GOOD, "a@gone.edu.mo", domain_facts={"gone.edu.mo": "cannot"})
    assert (found.outcome, found.rows) == (Outcome.WARN, (3,))
    assert "1 the answer is not known" in str(found.message)


def test_a_relay_for_privacy_is_not_throw_away():
    assert finding("ADR-07", "x1@privaterelay.appleid.com", "x2@duck.com", "a@21cn.com").outcome is Outcome.PASS


def test_an_import_with_many_doubtful_addresses_is_looked_at():
    dated = judged(*[f"p{n}@lotusbay.edu.mo" for n in range(99)], "ana").assign(consent_at="2026-03-02")
    assert found_by(checks.check_import, dated).outcome is Outcome.PASS
    assert found_by(checks.check_import, dated.head(90).assign(suggestion="x@y.zz")).outcome is Outcome.WARN
    assert found_by(checks.check_import, dated.head(19).assign(suggestion="x@y.zz")).outcome is Outcome.PASS  # too few
    assert found_by(checks.check_import, dated.assign(consent_at="")).outcome is Outcome.WARN
    assert found_by(checks.check_import, dated.assign(consent_at=pd.NaT)).outcome is Outcome.WARN


@pytest.mark.parametrize("check", addressing.CHECKS)
def test_a_check_says_what_to_do_and_who_says_so(check):
    found = found_by(check, judged(GOOD, "ana"))
    assert check.__doc__ and str(found.fix) and found.source and "{" not in str(found.message)


# ---------------------------------------------------------------- names, and people who are there twice


@pytest.mark.parametrize(
    ("name", "strange"),
    [
        ("Ana", False), ("陳大文", False), ("CHAN Tai Man", False), ("O'Neil, Mary", False), ("Nguyễn", False),
        ("Testa Rossa", False), ("IVY", False), ("陳大文 CHAN TAI MAN", False), ("", False), ("Zé", False),
        ("Lam 2", True), ("ana@lotusbay.edu.mo", True), ("test", True), ("測試", True), ("N/A", True), ("??", True),
        ("CHAN TAI MAN", True), ("陳\u3000大文", True), ("XXX", True),
    ],
)  # fmt: skip
def test_a_name_that_cannot_be_one_is_looked_at(name, strange):
    table = judged(GOOD).assign(name=pd.Series([name], dtype="str"))
    assert found_by(checks.check_names, table).rows == ((2,) if strange else ())


def people(*rows):
    """Rows of address, name and whatever else, under those headers."""
    columns = ("original_address", "name", "field.Mobile", "field.Student_ID")
    table = pd.DataFrame(rows, columns=columns, dtype="str").assign(source_row=range(2, len(rows) + 2))
    return addressing.annotate(table, person_key=KEY)


@pytest.mark.parametrize(
    ("second", "same"),
    [
        (("ana.lei@gmail.com", "Ana Lei", "", ""), True),  # the same name before the @
        (("ana.lei@gmail.com", "Ana Leong", "", ""), False),
        (("al77@gmail.com", "ANA LEI", "+853 6612 3456", ""), True),  # the same telephone and name
        (("bo@gmail.com", "Bo Lei", "66123456", ""), False),  # a family has one telephone
        (("al77@gmail.com", "李安娜", "", "S-0042"), True),  # the same student
        (("al77@gmail.com", "Ana Lei", "", ""), False),  # a name alone says nothing
        (("Ana.Lei+club@lotusbay.edu.mo", "Ana Lei", "", ""), True),  # this provider may tell them apart
        (("ana.lei@lotusbay.edu.mo", "Ana Lei", "66123456", "S-0042"), False),  # one mailbox, twice: a repeat
    ],
)
def test_a_person_under_several_addresses_is_looked_at(second, same):
    first = ("ana.lei@lotusbay.edu.mo", "Ana Lei", "+853 6612 3456", "S-0042")
    table = people(first, ("bo@lotusbay.edu.mo", "Bo", "28111111", "S-0043"), second)
    assert found_by(checks.check_several_addresses, table).rows == ((2, 4) if same else ())
