"""The notebooks run by themselves, say what the functions say, and are kept without outputs."""

import ast
import json
import os
import re
import sys
import tempfile
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
from jupyter_client import AsyncKernelManager
from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient

from bulkmail import audience, charts, engagement, intake, sample
from bulkmail.tips import addressing, cadence, consent
from tests.conftest import in_own_loop

FOLDER = Path(__file__).parents[1] / "notebooks"
QUALITY, COVERAGE = "01_list_quality.ipynb", "02_consent_coverage.ipynb"
FILES = sorted(path.name for path in FOLDER.glob("*.ipynb"))
PURE_ROOMS = {
    "model", "errors", "limits", "tips", "intake", "audience", "charts", "sample", "rejects", "engagement", "mending",
    "forecast",
}  # fmt: skip
LIBRARIES = {"pandas", "plotly", "fastexcel", *sys.stdlib_module_names}
PLOTLY = "application/vnd.plotly.v1+json"
NOW, PURPOSE = sample.SAMPLE_NOW, "open-day"


def read(name):
    return nbformat.read(FOLDER / name, as_version=4)


def run(notebook, folder):
    """The outputs of each code cell by its id; the kernel works in `folder`, and its own files are elsewhere.

    It talks through sockets in a folder (their names must be short), so no two kernels can want one port, and is the
    Python that runs the tests whatever kernels a user has installed.
    """
    with tempfile.TemporaryDirectory(prefix="bm-") as own:
        names = ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
        kernel = AsyncKernelManager(
            kernel_name="python3",
            kernel_spec_manager=KernelSpecManager(kernel_dirs=[]),
            transport="ipc",
            connection_file=f"{own}/kernel.json",
        )
        client = NotebookClient(notebook, km=kernel, timeout=60, resources={"metadata": {"path": str(folder)}})
        in_own_loop(client.async_execute(env=os.environ | dict.fromkeys(names, own), cleanup_kc=True))
    return {cell.id: cell.outputs for cell in notebook.cells if cell.cell_type == "code"}


@pytest.fixture(scope="module")
def quality(tmp_path_factory):
    return run(read(QUALITY), tmp_path_factory.mktemp("quality"))


@pytest.fixture(scope="module")
def coverage(tmp_path_factory):
    return run(read(COVERAGE), tmp_path_factory.mktemp("coverage"))


@pytest.fixture(scope="module")
def members():
    """The sample list as the functions give it, and its events."""
    reading = intake.read_list(sample.lists()[sample.MEMBERS_FILE], sample.MEMBERS_FILE)
    table = addressing.annotate(reading.table, person_key=b"any key gives the same numbers")
    origin = {"source": sample.MEMBERS_FILE, "recorded_by": "a test"}
    return table, consent.events_of_list(table, purpose=PURPOSE, attestation=None, now=NOW, **origin)


def judged(members, *more):
    """The members with consent, by their events and more."""
    table, events = members
    return consent.annotate(table, pd.concat([events, *more]), purpose=PURPOSE, kind="marketing", now=NOW)


def text(outputs):
    return "".join(output.text for output in outputs if output.output_type == "stream")


def tables(outputs):
    pages = [output.data["text/html"] for output in outputs if "text/html" in output.get("data", {})]
    one_header = [re.sub(r"(?s)(<thead>.*?</tr>).*?(</thead>)", r"\1\2", page) for page in pages]
    return [pd.read_html(StringIO(page), index_col=0, keep_default_na=False)[0] for page in one_header]


def chart(outputs):
    return next(output.data[PLOTLY] for output in outputs if PLOTLY in output.get("data", {}))["data"]


def drawn(figure):
    """The marks of a figure as a notebook keeps them."""
    return json.loads(figure.to_json())["data"]


# ---------------------------------------------------------------- what is kept


@pytest.mark.parametrize("name", FILES)
def test_a_kept_notebook_holds_no_outputs(name):
    for cell in read(name).cells:
        assert cell.cell_type != "code" or (cell.outputs, cell.execution_count, cell.metadata) == ([], None, {})


@pytest.mark.parametrize("name", FILES)
def test_a_notebook_is_a_short_lesson_for_any_python_and_says_that_its_people_do_not_exist(name):
    notebook = read(name)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    assert 8 <= len(notebook.cells) <= 14
    assert "synthetic" in notebook.cells[0].source
    assert name in (FOLDER / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", FILES)
def test_a_notebook_imports_pure_rooms_and_neither_adapters_nor_pages(name):
    code = "\n".join(cell.source for cell in read(name).cells if cell.cell_type == "code")
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            modules = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for top, *rest in (module.split(".") for module in modules):
            assert rest[0] in PURE_ROOMS if top == "bulkmail" else top in LIBRARIES


# ---------------------------------------------------------------- list quality


def test_a_notebook_shows_every_check_of_addresses(quality, members):
    counted = addressing.quality_of(members[0])
    found = [check(counted) for check in addressing.CHECKS]
    (shown,) = tables(quality["checks"])
    assert shown["what was found"].tolist() == [str(finding.message) for finding in found]
    assert shown["outcome"].tolist() == [finding.outcome.value for finding in found]
    assert "unknown" in shown["outcome"].tolist()


def test_a_notebook_draws_the_exclusions_that_add_up_to_all_rows(quality, members):
    people = audience.select_audience(members[0])
    (bars,) = chart(quality["exclusions"])
    assert bars["x"] == [people.rows, *(-count for count in people.reasons.values()), len(people.eligible)]
    assert sum(bars["x"][:-1]) == bars["x"][-1]
    says = f"{people.rows} rows = {len(people.eligible)} that can be mailed + {len(people.excluded)} excluded."
    assert says in text(quality["exclusions"])


def test_a_notebook_counts_what_correcting_slips_wins_back(quality, members):
    table, _ = members
    likely = table["suggestion"] != ""
    unusable = likely & (table["addressing_reason"] != "")
    eligible = len(audience.select_audience(table).eligible)
    says = text(quality["slips"])
    assert f"{eligible} of {len(table)} rows now, at most {eligible + unusable.sum()} with all" in says
    assert f"{sample.MESS['typo_domain']} of {eligible} (" in says
    assert re.search(rf"Of {eligible} letters \d+ to \d+ will bounce", says)
    (shown,) = tables(quality["slips"])
    assert shown["source_row"].tolist() == table.loc[likely, "source_row"].tolist()


def test_a_notebook_gives_the_share_of_each_source_with_its_interval(quality, members):
    table, _ = members
    (shown,) = tables(quality["sources"])
    every = shown.loc["All rows"]
    assert every["rows"] == len(table) == shown["rows"].sum() / 2
    assert every["to_correct"] == ((table["addressing_reason"] != "") | (table["suggestion"] != "")).sum()
    low, high = cadence.wilson(shown["to_correct"], shown["rows"])
    np.testing.assert_allclose(shown[["low", "high"]], np.column_stack([low, high]), atol=0.0005)


def test_a_notebook_hands_back_a_workbook_of_the_rows_to_correct(quality, members):
    table, _ = members
    wrong = (table["addressing_reason"] != "") | (table["suggestion"] != "")
    (shown,) = tables(quality["workbook"])
    assert shown["Row"].tolist() == table.loc[wrong, "source_row"].tolist()
    assert f"{wrong.sum()} of {len(table)} rows are to be corrected" in text(quality["workbook"])
    assert not shown["電郵地址"].str.startswith("@").any()


# ---------------------------------------------------------------- consent coverage


def test_a_notebook_tells_rows_addresses_and_people_apart(coverage, members):
    table = judged(members)
    addressed = table[table["person"] != ""]
    holds = addressed[addressed["consent_reason"] == ""]
    says = text(coverage["coverage"])
    assert f"{len(holds)} of {len(table)} rows" in says
    assert f"{len(holds)} of the {len(addressed)} rows with" in says
    assert f"{holds['person'].nunique()} of the {addressed['person'].nunique()} people" in says


def test_a_notebook_shows_and_draws_the_coverage_of_consent(coverage, members):
    counted = consent.coverage(judged(members), now=NOW)
    (shown,) = tables(coverage["coverage"])
    assert shown["rows"].tolist() == counted["rows"].tolist()
    assert shown["rows"].sum() == len(members[0])
    words = {word: str(said) for word, said in (consent.AGE_BANDS | consent.STATES).items()}
    expected = drawn(charts.consent_coverage(counted, title="", x="", labels=words))
    assert [(bar["name"], bar["x"], bar["y"]) for bar in chart(coverage["coverage"])] == [
        (bar["name"], bar["x"], bar["y"]) for bar in expected
    ]


def test_a_notebook_maps_origin_and_evidence_and_counts_what_records_lack(coverage, members):
    addressed = judged(members)
    addressed = addressed[addressed["person"] != ""]
    reach, lacks = tables(coverage["map"])
    assert reach["rows"].sum() == addressed["consent_state"].isin(consent.LIVE).sum()
    assert lacks["rows that lack it"].tolist() == consent.lacking(addressed).sum().tolist()
    assert (lacks["of"] == len(addressed)).all()


def test_a_notebook_says_who_lacks_what_and_what_to_do(coverage, members):
    table = judged(members)
    facts = consent.ConsentFacts(table=table, purpose=PURPOSE, kind="marketing", attestation=None, now=NOW)
    checks, left_out = tables(coverage["missing"])
    assert checks["what was found"].tolist() == [str(check(facts).message) for check in consent.CHECKS]
    reasons = audience.select_audience(table).reasons
    assert left_out["rows"].tolist() == [count for reason, count in reasons.items() if "consent" in reason]
    assert left_out["rows"].sum() == sum(sample.MESS[name] for name in ("refused", "stale_consent", "no_consent"))
    assert (left_out["of"] == len(table)).all()


def test_a_notebook_counts_everybody_in_the_month_in_which_their_consent_ends(coverage, members):
    folded = consent.fold(members[1], now=NOW)
    live = folded[folded["state"].isin(consent.LIVE)]
    (shown,) = tables(coverage["expiry"])
    assert shown["ends"].sum() == len(live)
    assert shown["still holds"].iloc[-1] == 0
    for month, row in shown.iterrows():
        assert row["ends"] == (live["expires_at"].dt.strftime("%Y-%m") == month).sum()
    assert f"{sample.MESS['unreadable_date']} of {len(live)} people" in text(coverage["expiry"])


def test_a_notebook_shows_that_an_attestation_speaks_over_refusals(coverage, members):
    (shown,) = tables(coverage["attest"])
    addressed = int((members[0]["person"] != "").sum())
    refused, given = (str(consent.STATES[state]) for state in ("refused", "given"))
    assert shown.loc[refused, given] == sample.MESS["refused"]
    assert shown.loc["All", "All"] == addressed
    says = text(coverage["attest"])
    assert f"{addressed} of {addressed} rows" in says
    holds = int((judged(members).loc[members[0]["person"] != "", "consent_reason"] == "").sum())
    assert f"by the record alone {holds}, by both {holds + sample.MESS['no_consent']}." in says


def test_a_notebook_names_the_most_that_asking_again_can_win_back(coverage, members):
    events = members[1]
    folded = consent.fold(events, now=NOW)
    lapsed = folded.loc[folded["state"] == "expired", "person"]
    yes = events[events["person"].isin(lapsed)].assign(state="reconfirmed", at=pd.Timestamp(NOW))
    now, most = (len(audience.select_audience(judged(members, *more)).eligible) for more in ([], [yes]))
    says = text(coverage["ask"])
    assert f"{now} of {len(members[0])} rows now, at most {most} if every one" in says
    assert (
        f"Expired: {sample.MESS['stale_consent']} of {folded['person'].nunique() + sample.MESS['no_consent']}" in says
    )
    soon = folded["state"].isin(consent.LIVE) & (folded["expires_at"] <= NOW + pd.DateOffset(months=6))
    assert f"Can be asked in time: {soon.sum()} of" in says


# ---------------------------------------------------------------- elsewhere


@pytest.mark.parametrize("made", ["quality", "coverage"])
def test_a_notebook_that_ran_warns_of_nothing_and_fetches_nothing(made, request):
    outputs = [output for cell in request.getfixturevalue(made).values() for output in cell]
    assert not [output for output in outputs if output.get("name") == "stderr"]
    shown = [output.data for output in outputs if "data" in output]
    assert {kind for data in shown for kind in data} == {"text/plain", "text/html", PLOTLY}
    assert not [data for data in shown if re.search(r"<(script|link|img|iframe)", data.get("text/html", ""))]


@pytest.mark.parametrize("name", [QUALITY, COVERAGE])
def test_a_notebook_reads_a_list_of_ones_own_where_its_marked_lines_are_changed(name, tmp_path):
    notebook = read(name)
    (tmp_path / "members.xlsx").write_bytes(sample.lists(datetime.now(UTC))[sample.ALUMNI_FILE])
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in code:
        cell.source = re.sub(r"(?m)^(\w+) = .*  # your list: (.*)$", r"\1 = \2", cell.source)
        assert "your list" not in cell.source
    code[0].source = f"import datetime\nimport pathlib\n{code[0].source}"
    said = "".join(map(text, run(notebook, tmp_path).values()))
    assert "120 rows" in said
    assert [path.name for path in tmp_path.iterdir()] == ["members.xlsx"]


# ---------------------------------------------------------------- cadence, and after the send


def test_a_notebook_tells_the_curve_it_knows_and_the_one_it_does_not(tmp_path):
    told = run(read("03_engagement_and_cadence.ipynb"), tmp_path)
    assert "clicked: known" in text(told["curves"])
    assert "complained: unknown" in text(told["curves"])
    assert chart(told["curves"]) and chart(told["pressure"]) and chart(told["worth"]) and chart(told["reliability"])
    held, judged = map(int, re.search(r"clicked: (\d+) of (\d+) forecasts", text(told["record"])).groups())
    assert judged > 10 and held / judged > 0.7


def test_a_notebook_counts_after_the_send_with_bases_and_intervals(tmp_path):
    told = run(read("05_after_the_send.ipynb"), tmp_path)
    letters = engagement.letters_from_events(*sample.history())
    [one] = tables(told["one"])
    newest = engagement.by_campaign(letters)["campaign"].iloc[-1]
    assert one["of"].max() == (letters["campaign"] == newest).sum()
    [harm] = tables(told["harm"])
    assert list(harm.index) == ["complained", "bounced", "unsubscribed"]
    assert chart(told["many"]) and chart(told["machines"]) and chart(told["silence"])
