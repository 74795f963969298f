"""Likely slips of domains: what people mistype is found, and what is real is left alone."""

from pathlib import Path

import pandas as pd
import pyarrow as pa

from bulkmail.tips import addressing
from bulkmail.tips.addressing import known, syntax

REAL = [
    line
    for line in (Path(__file__).parents[1] / "data/real_domains.list").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]
ROWS = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm")
NEIGHBOURS = {
    letter: {row[at] for at in (place - 1, place + 1) if 0 <= at < len(row)}
    for row in ROWS
    for place, letter in enumerate(row)
}
ENDS = {
    ".com": (".con", ".cmo", ".ocm", ".co", ".om", ".cm", ".comm", ".vom", ".xom", ".c0m", ",com", "com", " .com", ""),
    ".net": (".ney", ".bet", ".met", ".ne", ".nt", ".nett", ",net", "net"),
    ".edu.mo": (".edu.m", ".edu.no", ".ed.mo", ".deu.mo", ".edumo", ",edu.mo", ".edu,mo"),
    ".com.hk": (".com.kh", ".con.hk", ".com.h", ".comhk", ".co.hk", ".com,hk"),
}


def slips_of(domain):
    """What people type for a domain: a letter left out, doubled, hit beside, swapped with the next, or a torn end."""
    for place, letter in enumerate(domain):
        before, after = domain[:place], domain[place + 1 :]
        yield before + after
        yield before + letter + letter + after
        yield from (before + other + after for other in NEIGHBOURS.get(letter, ()))
        yield before + after[:1] + letter + after[1:]
    for end, torn in ENDS.items():
        if domain.endswith(end):
            yield from (domain.removesuffix(end) + other for other in torn)


def suggested(domains):
    """The domain that each of these is taken for; "" where for none."""
    cells = pd.Series([f"ana@{domain}" for domain in domains], dtype="str")
    table = addressing.annotate(pd.DataFrame({"address": cells}), person_key=b"k")
    return [suggestion.rpartition("@")[2] for suggestion in table["suggestion"]]


def test_at_least_95_slips_in_a_hundred_are_found():
    real = {*known.PROVIDERS, *known.REAL_DOMAINS}
    meant = {slip: domain for domain in known.PROVIDERS for slip in slips_of(domain) if slip and slip not in real}
    found = suggested(meant)
    right = sum(given == domain for given, domain in zip(found, meant.values(), strict=True))
    wrong = sum(bool(given) and given != domain for given, domain in zip(found, meant.values(), strict=True))
    print(f"{right} of {len(meant)} slips found ({right / len(meant):.1%}), {wrong} with another target")
    assert len(meant) > 2_400
    assert right >= 0.95 * len(meant)
    assert wrong <= 0.02 * len(meant)


def test_no_real_domain_is_taken_for_a_slip():
    assert len(REAL) > 1_000
    alone = dict.fromkeys(REAL, 1)
    assert addressing.likely_domains(alone) == {}
    beside_many = alone | dict.fromkeys(known.PROVIDERS, 100_000)
    assert addressing.likely_domains(beside_many) == {}
    assert not any(suggested([domain for domain in REAL if "." in domain]))


def test_no_real_domain_is_throw_away():
    names = pd.Series([*REAL, *known.PRIVACY_RELAYS, *known.PROVIDERS], dtype="str")
    assert names[addressing.is_disposable(names).to_numpy()].tolist() == []


def test_of_two_providers_as_near_the_one_that_the_list_is_full_of_is_meant():
    assert addressing.likely_domains({"unm.edu.mo": 1}) == {}
    assert addressing.likely_domains({"unm.edu.mo": 1, "um.edu.mo": 500}) == {"unm.edu.mo": "um.edu.mo"}


def test_a_suggestion_is_an_address_that_would_be_taken():
    domains = [slip for slip in slips_of("gmail.com") if slip]
    table = addressing.annotate(pd.DataFrame({"address": [f"ana@{name}" for name in domains]}), person_key=b"k")
    offered = pa.array([cell for cell in table["suggestion"] if cell], pa.large_string())
    assert all(syntax.verdicts(offered)["ascii_email"].to_pylist())
