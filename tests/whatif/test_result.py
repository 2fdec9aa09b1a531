"""CompiledTests to the result of a sweep: tables, differences, the report, other forms."""

from __future__ import annotations

import json
import re
import statistics
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import simbridge as sb
from simbridge.base.table import Table, number
from simbridge.whatif.arguments import label, read_values, write_values
from simbridge.whatif.compare import paired, student_t
from simbridge.whatif.result import Spread, Sweep


def put(world: sb.World, batches: int = 1, size: int = 2, note: str = "") -> None:
    """Puts events: as many as batches, size and seed say.

    The seed adds some.
    """
    events = world.client("events")
    entry = {"Source": "shop", "DetailType": "d", "Detail": "{}"}
    for _ in range(batches):
        events.put_events(Entries=[entry] * (size + world.seed % 5))
    world.settle()
    assert world.seed < 3, "<too many>"


@pytest.fixture(scope="module")
def result() -> Sweep:
    return sb.sweep(put, vary={"batches": [1, 2], "size": [2, 5]}, seeds=range(4), workers=1)


def test_a_summary_is_mean_smallest_and_largest(result: Sweep) -> None:
    """Over all seeds of a variant, failed runs included."""
    first, *_, last = result.summary()
    assert first["accepted"] == Spread(3.5, 2, 5)
    assert last["accepted"] == Spread(13, 10, 16)
    assert (last["batches"], last["size"], last["runs"], last["failed"]) == (2, 5, 4, 1)
    assert first["drain_s"] == Spread(None, None, None)


def test_the_table_shows_what_differs(result: Sweep) -> None:
    """Measures that are the same in every run are below it; a failure is named."""
    lines = str(result.table()).splitlines()
    assert lines[0].split()[:4] == ["batches", "size", "failed", "accepted"]
    assert lines[2].split(maxsplit=3)[3].startswith("3.5 (2 to 5)")
    assert "4 variants, 4 seeds each" in lines[7]
    assert lines[8].startswith("The same in every run: deliveries 0, ") and "drain_s –" in lines[8]
    assert "in 4 runs, first with batches=1 size=2 seed=3" in lines[9]
    assert str(result) == str(result.table()) and "accepted" in result._repr_html_()
    assert repr(result) == "<Sweep of put: 16 runs, 4 failed>"


def test_the_table_can_be_asked_for_some_measures(result: Sweep) -> None:
    """These columns in this order, even where nothing differs."""
    assert result.table(["pending", "accepted"]).head[-2:] == ("pending", "accepted")
    with pytest.raises(sb.SimbridgeError, match="there is no measure 'lost'; use one of accepted"):
        result.table(["lost"])


def rows_with(**columns: list[float]) -> Sweep:
    """A result of one variant with these columns."""
    rows = [
        {
            "seed": seed,
            "outcome": "passed",
            "failure": None,
            **dict(zip(columns, values, strict=True)),
        }
        for seed, values in enumerate(zip(*columns.values(), strict=True))
    ]
    return Sweep(put, {}, [{}], range(len(rows)), rows, own=[], repeat=None)  # type: ignore[arg-type]


def test_a_single_cause_is_for_the_total() -> None:
    """Two causes are beside it."""
    one = rows_with(**{"dropped": [1, 2], "dropped:TIMEOUT": [1, 2]})
    assert one.table().head == ("dropped:TIMEOUT",)
    two = rows_with(**{"dropped": [3, 2], "dropped:TIMEOUT": [1, 2], "dropped:THROTTLING": [2, 0]})
    assert two.table().head == ("dropped", "dropped:TIMEOUT", "dropped:THROTTLING")


def test_causes_that_a_run_does_not_know_count_zero() -> None:
    """All rows have the same columns, sorted by cause beside their total."""

    def story(world: sb.World) -> None:
        events = world.client("events")
        gone = "arn:aws:sqs:us-east-1:123456789012:gone"
        template = {"InputPathsMap": {"x": "$.detail"}, "InputTemplate": '{"a": "b <x>"}'}
        for number_, more in enumerate([{}, {"InputTransformer": template}]):
            if world.seed in (number_, 2):
                events.put_rule(Name=f"r{number_}", EventPattern='{"source": ["shop"]}')
                events.put_targets(Rule=f"r{number_}", Targets=[{"Id": "1", "Arn": gone, **more}])
        entry = {"Source": "shop", "DetailType": "d", "Detail": '{"k": "v"}'}
        events.put_events(Entries=[entry])
        world.settle()

    swept = sb.sweep(story, seeds=range(3), workers=1)
    names = [name for name in swept.measures if name.startswith("dropped")]
    assert len(names) == 3 and names == ["dropped", *sorted(names[1:])]
    for row in swept.rows:
        assert row["dropped"] == sum(row[name] for name in names[1:]) == 1 + (row["seed"] == 2)


def test_differences_are_taken_seed_by_seed(result: Sweep) -> None:
    """A baseline that names one value leaves the others as they are."""
    found = result.compare({"batches": 1}, ["accepted"])
    assert [(d.variant, d.baseline) for d in found] == [
        ({"batches": 2, "size": size}, {"batches": 1, "size": size}) for size in (2, 5)
    ]
    differences = [2, 3, 4, 5]  # what the second batch adds, by seed
    margin = 3.182 * statistics.stdev(differences) / 2
    assert (found[0].pairs, found[0].mean) == (4, 3.5)
    assert (found[0].low, found[0].high) == pytest.approx((3.5 - margin, 3.5 + margin), rel=1e-3)
    assert len(result.compare(measures=["accepted"])) == 3
    with pytest.raises(
        sb.SimbridgeError, match="no variant has batches=9 size=2; the variants are"
    ):
        result.compare({"batches": 9})


def test_the_comparison_is_a_table(result: Sweep) -> None:
    """Only measures in which anything differs, with signs, and what it is compared with."""
    lines = str(result.comparison({"batches": 1})).splitlines()
    assert re.split(r"  +", lines[0]) == [
        "batches",
        "size",
        "compared with",
        "accepted",
        "cost_usd",
    ]
    assert "batches=1 size=2" in lines[2] and "+3.5 (+1.45 to +5.55)" in lines[2]


@pytest.mark.parametrize(
    ("freedom", "expected"),
    [(1, 12.706), (2, 4.303), (3, 3.182), (4, 2.776), (9, 2.262), (19, 2.093), (120, 1.980)],
)
def test_student_t_is_that_of_the_tables(freedom: int, expected: float) -> None:
    """The two-sided 95 % points of any textbook."""
    assert student_t(0.975, freedom) == pytest.approx(expected, abs=6e-4)


def test_a_difference_needs_two_pairs_for_an_interval() -> None:
    """One pair has a mean; where only one run of a pair was measured, there is no difference."""
    single = paired({}, {}, "m", [(3, 1), (None, 1), (2, None)])
    assert (single.pairs, single.mean, single.low, single.high) == (1, 2, None, None)
    assert str(single) == "+2"
    assert str(paired({}, {}, "m", [(None, 1)])) == "–"
    same = paired({}, {}, "m", [(1, 1), (5, 5)])
    assert not same.differs and str(same) == "0"
    assert paired({}, {}, "m", [(1, 2), (2, 1)]).differs


def test_one_run_can_be_repeated(result: Sweep) -> None:
    """The world with its trace, of a failed run too; a run that was not swept is an error."""
    world = result.repeat(result.failed[0])
    assert world.seed == 3 and [type(r.message).__name__ for r in world.trace].count("Publish") == 5
    assert result.repeat({"batches": 2, "size": 5, "seed": 99}).seed == 99
    with pytest.raises(
        sb.SimbridgeError, match="no variant has batches=3 size=5; the variants are batches=1"
    ):
        result.repeat({"batches": 3, "size": 5, "seed": 0})
    with pytest.raises(sb.SimbridgeError, match="its varied values and its seed"):
        result.repeat({"batches": 1, "size": 5})


def test_pandas_gets_the_rows(result: Sweep) -> None:
    """A line for each run, a column for each value and measure."""
    frame = result.to_pandas()
    assert list(frame.columns) == list(result.rows[0])
    assert frame.groupby(["batches", "size"])["accepted"].mean().tolist() == [3.5, 6.5, 7, 13]


@pytest.mark.parametrize(
    ("module", "ask", "extra"),
    [("pandas", Sweep.to_pandas, "pandas"), ("matplotlib", Sweep.plot, "plot")],
)
def test_a_missing_extra_is_named(
    module: str, ask, extra: str, result: Sweep, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the command that installs it."""
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(sb.SimbridgeError, match=rf"pip install 'simbridge\[{extra}\]'"):
        ask(result)


class Page(HTMLParser):
    """Notes what a page would load, and its texts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.loaded: list[str] = []
        self.texts: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attributes:
            if name in ("src", "href", "xlink:href", "data") and not (value or "").startswith("#"):
                self.loaded.append(f"{tag} {name}={value}")

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_the_report_is_self_contained(result: Sweep, tmp_path: Path) -> None:
    """Picture, tables, failures, how to repeat it; nothing is loaded, every text is escaped."""
    path = tmp_path / "report.html"
    result.report(path)
    html = path.read_text(encoding="utf-8")
    page = Page(html)
    assert page.loaded == [] and "url(http" not in html and "@import" not in html
    assert {"script", "link", "img", "iframe"}.isdisjoint(page.tags) and "svg" in page.tags
    texts = " ".join(page.texts)
    assert "put: Puts events: as many as batches, size and seed say." in texts
    assert 'sb.sweep(put, vary={"batches": [1, 2], "size": [2, 5]}, seeds=range(0, 4))' in texts
    assert "<too many>" in texts and "&lt;too many&gt;" in html
    assert "batches=2  size=5" in texts and "entries that PutEvents has accepted" in texts


def test_a_report_is_the_same_bytes_each_time(result: Sweep, tmp_path: Path) -> None:
    """No clock, no random ids."""
    written = set()
    for _ in range(2):
        result.report(tmp_path / "report.html")
        written.add((tmp_path / "report.html").read_bytes())
    assert len(written) == 1


def test_a_report_without_matplotlib_says_so(
    result: Sweep, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tables do not need it."""
    monkeypatch.setattr("simbridge.whatif.report.find_spec", lambda name: None)
    result.report(tmp_path / "report.html")
    html = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "simbridge[plot]" in html and "<svg" not in html and "<table>" in html
    with pytest.raises(sb.SimbridgeError, match="no folder"):
        result.report(tmp_path / "missing" / "report.html")


def test_the_plot_has_a_row_for_each_variant(result: Sweep) -> None:
    """The first on top, and the picture is what a notebook shows."""
    figure = result.plot()
    loss, delay = figure.axes
    assert [text.get_text() for text in loss.get_yticklabels()] == [
        f"batches={b}  size={s}" for b in (1, 2) for s in (2, 5)
    ]
    low, high = loss.get_ylim()
    assert low > high and "%" in loss.get_xlabel() and "delay" in delay.get_xlabel()
    assert figure._repr_svg_().count("<svg") == 1


def test_losses_add_up_to_what_did_not_arrive() -> None:
    """The bars of a variant end at the share of deliveries that were not delivered."""
    figures = {
        "deliveries": [10, 10],
        "dead_lettered": [1, 3],
        "dropped": [1, 1],
        "pending": [0, 2],
    }
    latencies = {f"latency_{name}_s": [5, 7] for name in ("p50", "p95", "p99", "max")}
    figure = rows_with(**figures, **latencies, drain_s=[60, 60]).plot()
    ends = [bar.get_x() + bar.get_width() for bar in figure.axes[0].patches]
    assert max(ends) == pytest.approx(40)


def test_json_and_csv_hold_plain_values() -> None:
    """A value that has no such form is its label."""
    swept = sb.sweep(put, vary={"note": [len, "a,b"]}, seeds=[0], workers=1)
    assert [row["note"] for row in json.loads(swept.to_json())] == ["len", "a,b"]
    assert [line.split(",0,")[0] for line in swept.to_csv().splitlines()[1:]] == ["len", '"a,b"']
    assert swept.how_to_repeat().startswith('sb.sweep(put, vary={"note": [len, "a,b"]}')
    assert "simbridge sweep" not in swept.how_to_repeat()


def test_values_that_look_the_same_are_refused() -> None:
    """A label is how a run is found again."""
    with pytest.raises(sb.SimbridgeError, match="the variant note=<object> occurs twice"):
        sb.sweep(put, vary={"note": [object(), object()]}, seeds=[0])


PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()


@given(st.lists(PLAIN, min_size=1))
def test_a_command_reads_what_a_report_writes(values: list) -> None:
    """Values and their types; `1` and `"1"` are not the same."""
    written = write_values(values)
    assert written is not None
    read = read_values(written)
    assert read == values and list(map(type, read)) == list(map(type, values))


def test_values_of_a_command() -> None:
    """Numbers, truth and null are what JSON says, the rest is text."""
    assert read_values("0,5,1.5,true,null,1h,007") == [0, 5, 1.5, True, None, "1h", "007"]
    assert read_values('["1h,2h","5"]') == ["1h,2h", "5"]
    assert read_values("[half") == ["[half"] and read_values("") == [""]
    assert write_values([{"a": 1}]) is None and label(print) == "print"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (0, "0"),
        (1234567, "1,234,567"),
        (0.1 + 0.2, "0.3"),
        (999.7, "1,000"),
        (12.345, "12.3"),
        (2e-5, "0.00002"),
        (-0.5, "-0.5"),
    ],
)
def test_numbers_for_people(value: float | None, text: str) -> None:
    """Three digits, no exponents."""
    assert number(value) == text


def test_a_table_is_text_and_html() -> None:
    """Columns are aligned, texts escaped, notes below."""
    table = Table(["name", "n"], [["<a>", "1"], ["b", "10"]], numbers_from=1, notes=["note & more"])
    assert str(table).splitlines() == [
        "name   n",
        "----  --",
        "<a>    1",
        "b     10",
        "",
        "note & more",
    ]
    html = table._repr_html_()
    assert "&lt;a&gt;" in html and "<p>note &amp; more</p>" in html and html.count("<tr>") == 3
    assert repr(table) == str(table) and len(table) == 2
