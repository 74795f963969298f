"""Syntax: the same verdict and normal form as email-validator for every text, with fresh random texts on every run."""

import json
import os
import random
from pathlib import Path

import pyarrow as pa
from email_validator import EmailNotValidError, validate_email
from hypothesis import given, settings
from hypothesis import strategies as st

from bulkmail.tips.addressing import forms, syntax
from tests.benchmarks import big_lists

# The addresses of email-validator's own tests (2.4.0, in the public domain), those it takes and those it refuses.
OWN_CASES = json.loads((Path(__file__).parents[1] / "data/email_validator_cases.json").read_text(encoding="utf-8"))
SEED = int(os.environ.get("BULKMAIL_SEED", random.SystemRandom().randrange(2**32)))  # said where a text differs


def library_says(text):
    try:
        found = validate_email(text, strict=True, check_deliverability=False)
    except EmailNotValidError:
        return "", "", ""
    return found.normalized, found.ascii_email or "", found.ascii_domain


def assert_equal_verdicts(texts):
    texts = [text.encode(errors="ignore").decode() for text in texts]
    verdicts = syntax.verdicts(pa.array(texts, pa.large_string())).to_pylist()
    for text, verdict in zip(texts, verdicts, strict=True):
        assert tuple(verdict.values()) == library_says(text), f"{text!a} with BULKMAIL_SEED={SEED}"


HARD_CASES = [
    "a@b.c", "a@b", "a@b.1", "a@b.c1", "a@b.1c", "a@-b.co", "a@b-.co", "a@b--c.co", "a@ab--c.co",
    "a@xn--fiqs8s.cn", "a@xn--a.cn",
    "a@B.CO", "A.B@c.de", ".a@c.de", "a.@c.de", "a..b@c.de", "a@c..de", "a@.c.de", "a@c.de.", "a@" + "b" * 63 + ".co",
    "a@" + "b" * 64 + ".co", "a" * 64 + "@b.co", "a" * 65 + "@b.co", "a@" + "b." * 125 + "co", "a@" + "b." * 126 + "co",
    "a" * 60 + "@" + "b" * 60 + "." + "c" * 60 + "." + "d" * 60 + ".cccccccc",
    "a" * 60 + "@" + "b" * 60 + "." + "c" * 60 + "." + "d" * 60 + ".ccccccccc",
    "a" * 60 + "@" + "b" * 60 + "." + "c" * 60 + "." + "d" * 60 + ".cccccccccc", '"a b"@c.de', '"ab"@c.de',
    '"a@b"@c.de', "a@[1.2.3.4]",
    "a@b@c.de", "a@c.de\n", "a\n@c.de", "a@c.de\x00", "a\x00@c.de", "a@c.de\r\nBcc: x@y.zz", "é@c.de",
    "e\u0301@c.de", "\u0301e@c.de",
    "a@é.de", "a@e\u0301.de", "a@\u0301e.de", "a@c。de", "a@c｡de", "Ｋ@c.de", "\u212a@c.de", "\u017f@c.de",
    "a@\u212a.de", "a@\u017f.de",
    "a\u1fef@c.de", "a@\u1fef.de", "\u2100@c.de", "a@\u2488b.de", "a@ß.de", "a@ς.de", "a@\u200d.de",
    "a@a\u00adb.de", "a﹫b.de", "a@b.test",
    "a@b.invalid", "a@local", "a@x.local", "a@b.onion", "a@1.2.in-addr.arpa", "a@example.com", "a@EXAMPLE.Test",
    "Webmaster@c.de", "wEb@c.de",
    "NEWS+x@c.de", "o'neil@c.de", "'a'@c.de", "a!#$%&'*+-/=?^_`{|}~@c.de", "a,b@c.de", "a:b@c.de", "a(b)@c.de",
    "(x)a@c.de", "a@c.de(x)",
    "Ana <a@c.de", "a@c.de>", "<>", "a@", "@", "", " ", ";", "mailto:", "1.אב.com", "a@1.xn--4dbc.com", "a@אב.com",
    "a@1.אב.com", "a@xn--4dbc.1.com",
]  # fmt: skip
PIECES = [
    *"aZ9.@-_+ \t\n\r\x00\"'\\<>(),;:[]/`{|}~!#$%&*=?^", "\u00a0", "\u3000", "\ufeff", "\u200b", "\u0301",
    "\u212a", "\u017f", "\u1fef",
    "＠", "。", "．", "｡", "﹫", "é", "ß", "陳", "א", "xn--", "--", "..", "@@", "lotusbay.edu.mo", "test", ".localhost",
    "info", "ABUSE",
    "a" * 30, "b" * 63, "mailto:", "c.", ".com", "gmail.com",
]  # fmt: skip


def damaged(text, dice):
    for _ in range(dice.randint(1, 3)):
        place = dice.randint(0, len(text))
        text = text[:place] + dice.choice(["", *PIECES]) + text[place + dice.randint(0, 2) :]
    return text


def test_the_validators_own_cases_get_its_verdict():
    assert len(OWN_CASES) > 350
    assert_equal_verdicts(OWN_CASES)


def test_hard_cases_get_the_verdict_of_the_validator():
    assert_equal_verdicts(HARD_CASES)


def test_a_generated_list_gets_the_verdict_of_the_validator():
    assert_equal_verdicts(big_lists.addresses(3_000, SEED).to_pylist())


def test_damaged_addresses_get_the_verdict_of_the_validator():
    dice = random.Random(SEED)
    known = [*HARD_CASES, *OWN_CASES, *big_lists.addresses(300, SEED).to_pylist()]
    assert_equal_verdicts([damaged(dice.choice(known), dice) for _ in range(8_000)])


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(st.sampled_from(PIECES) | st.characters(exclude_categories=["Cs"]), max_size=12).map("".join)))
def test_any_texts_get_the_verdict_of_the_validator(texts):
    assert_equal_verdicts(texts)


@settings(max_examples=150, deadline=None)
@given(st.from_regex(r"[a-zA-Z0-9.!+'-]{1,66}@[a-zA-Z0-9.-]{1,70}", fullmatch=True))
def test_what_looks_plain_gets_the_verdict_of_the_validator(text):
    assert_equal_verdicts([text, text])


def test_each_cell_of_a_list_gets_the_verdict_on_its_repaired_text():
    dice = random.Random(SEED)
    cells = [damaged(dice.choice([*HARD_CASES, *OWN_CASES]), dice) for _ in range(2_000)]
    for cell, form in zip(cells, forms.forms_of(pa.array(cells, pa.large_string())).to_pylist(), strict=True):
        _, address, domain = library_says(forms.repair(cell))
        assert (form["address"], form["domain"]) == (address, domain if address else ""), f"{cell!a} {SEED}"
        assert bool(form["address"]) != bool(form["error"])
