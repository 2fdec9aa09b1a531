"""`simbridge match-rules`, used as at a shell."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from simbridge.cli.main import main


def event(number: int, source: str = "shop") -> dict[str, Any]:
    """An envelope."""
    return {
        "version": "0",
        "id": f"id-{number}",
        "detail-type": "OrderPlaced",
        "source": source,
        "account": "123456789012",
        "time": f"2026-03-01T00:00:{number:02}Z",
        "region": "us-east-1",
        "resources": [],
        "detail": {"total": number},
    }


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with events, rules and the targets of one of them; it is the working directory."""
    lines = [event(n) for n in range(5)] + [event(5, "stock")]
    (tmp_path / "events.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    rules = [
        {"Name": "all", "EventPattern": '{"source":["shop"]}', "EventBusName": "default"},
        {"Name": "dear", "EventPattern": '{"detail":{"total":[{"numeric":[">",3]}]}}'},
        {"Name": "off", "State": "DISABLED", "EventPattern": '{"source":["shop"]}'},
        {"Name": "nightly", "ScheduleExpression": "rate(1 day)"},
        {
            "Name": "fresh",
            "EventBusName": "arn:aws:events:us-east-1:123456789012:event-bus/b",
            "EventPattern": '{"source":["stock"],"replay-name":[{"exists":false}]}',
            "Targets": [{"Id": "1"}],
        },
    ]
    (tmp_path / "rules.json").write_text(json.dumps({"Rules": rules}))
    targets = [{"Id": "q", "Arn": "arn:aws:sqs:us-east-1:123456789012:q"}]
    (tmp_path / "targets.json").write_text(json.dumps({"Targets": targets}))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_report_for_people(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each rule with its count, its targets and the first events; then what no rule matched."""
    command = ["match-rules", "rules.json", "events.jsonl"]
    assert main([*command, "--targets", "all=targets.json", "--examples", "1"]) == 0
    assert capsys.readouterr().out == (
        "6 events from 2026-03-01T00:00:00Z to 2026-03-01T00:00:05Z\n"
        "\n"
        "all                         5  arn:aws:sqs:us-east-1:123456789012:q\n"
        "    2026-03-01T00:00:00Z  shop  OrderPlaced  id-0\n"
        "\n"
        "dear                        2\n"
        "    2026-03-01T00:00:04Z  shop  OrderPlaced  id-4\n"
        "\n"
        "off                         5  is disabled\n"
        "    2026-03-01T00:00:00Z  shop  OrderPlaced  id-0\n"
        "\n"
        "nightly                     0  has a schedule and no pattern\n"
        "\n"
        "b/fresh                     1  1\n"
        "    2026-03-01T00:00:05Z  stock  OrderPlaced  id-5\n"
        "\n"
        "matched by no rule          0\n"
    )


def test_as_a_replay(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Rules that ask for events without a replay's name do not match; JSON has it all."""
    command = ["match-rules", "rules.json", "events.jsonl", "--replay-name", "r", "--json"]
    assert main(command) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["events"], report["first"]) == (6, "2026-03-01T00:00:00Z")
    matched = {rule["name"]: rule["matched"] for rule in report["rules"]}
    assert matched == {"all": 5, "dear": 2, "off": 5, "nightly": 0, "fresh": 0}
    assert report["rules"][4]["bus"] == "b"
    assert [example["id"] for example in report["rules"][0]["examples"]] == ["id-0", "id-1", "id-2"]
    assert report["unmatched"] == {"events": 0, "examples": []}


def test_a_folder_of_rules(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The rules of all files that have some, in the order of their names."""
    folder = files / "dump"
    folder.mkdir()
    for name, bus in (("2", "b"), ("1", "a")):
        rules = [{"Name": name, "EventBusName": bus, "EventPattern": '{"source":["shop"]}'}]
        (folder / f"{name}.json").write_text(json.dumps({"Rules": rules}))
    (folder / "buses.json").write_text('{"EventBuses": []}')
    assert main(["match-rules", "dump", "events.jsonl", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert [(rule["name"], rule["matched"]) for rule in report["rules"]] == [("1", 5), ("2", 5)]


def test_the_nearest_miss_of_a_rule_without_events(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of all events, the one with the fewest fields that do not hold; a rule that matches has none."""
    pattern = '{"source":["stock"],"detail-type":["OrderPlaced"],"detail":{"total":[9]}}'
    rules = [
        {"Name": "nine", "EventPattern": pattern},
        {"Name": "stock", "EventPattern": '{"source":["stock"]}'},
        {"Name": "nightly", "ScheduleExpression": "rate(1 day)"},
    ]
    (files / "near.json").write_text(json.dumps(rules))
    assert main(["match-rules", "near.json", "events.jsonl"]) == 0
    text = capsys.readouterr().out
    assert (
        "nearest miss: 2026-03-01T00:00:05Z  stock  OrderPlaced  id-5\n        detail.total" in text
    )
    assert text.count("nearest miss") == 1
    assert main(["match-rules", "near.json", "events.jsonl", "--json"]) == 0
    found = [rule["nearest_miss"] for rule in json.loads(capsys.readouterr().out)["rules"]]
    assert found[0]["event"]["id"] == "id-5" and found[1:] == [None, None]


def test_a_disabled_rule_matches_nothing(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Events that only it would match are matched by no rule."""
    rules = {"Rules": [{"Name": "off", "State": "DISABLED", "EventPattern": '{"source":["shop"]}'}]}
    (files / "off.json").write_text(json.dumps(rules))
    assert main(["match-rules", "off.json", "events.jsonl", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["rules"][0]["matched"] == 5
    assert report["unmatched"]["events"] == 6


def test_bad_lines_end_it_unless_they_are_skipped(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In either case each is listed."""
    with (files / "events.jsonl").open("a") as file:
        file.write("oops\n")
    command = ["match-rules", "rules.json", "events.jsonl"]
    assert main(command) == 2
    assert "line 7: invalid JSON" in capsys.readouterr().err
    assert main([*command, "--skip-bad-lines"]) == 0
    said = capsys.readouterr()
    assert said.err.startswith("events.jsonl: line 7: invalid JSON")
    assert "1 invalid line is left out" in said.out


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["rules.json", "no.jsonl"], "there is no file of events at no.jsonl"),
        (["no.json", "events.jsonl"], "there is no file no.json"),
        (["events.jsonl", "events.jsonl"], "events.jsonl is invalid JSON"),
        (["targets.json", "events.jsonl"], "targets go to --targets RULE=FILE"),
        (
            ["rules.json", "events.jsonl", "--targets", "all=rules.json"],
            'is not what the AWS command line prints: {"Targets": [...]}',
        ),
        (
            ["rules.json", "events.jsonl", "--targets", "x=targets.json"],
            "--targets names 'x', which is not among the rules",
        ),
        (
            ["rules.json", "events.jsonl", "--targets", "all"],
            "write --targets RULE=FILE",
        ),
        (["bad.json", "events.jsonl"], "rule r: Event pattern is not valid"),
        (["nameless.json", "events.jsonl"], "a rule has no Name"),
        (["seven.json", "events.jsonl"], "is not what the AWS command line prints"),
        (["oddly.json", "events.jsonl"], "the Targets of rule r are not a list of objects"),
        (["none", "events.jsonl"], "no .json file of the folder none has rules"),
        (
            ["rules.json", "events.jsonl", "--examples", "-1"],
            "--examples is a whole number from 0 to 1,000,000, not -1",
        ),
    ],
)
def test_bad_input_is_reported(
    files: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], complaint: str
) -> None:
    """With exit code 2."""
    (files / "bad.json").write_text('{"Rules": [{"Name": "r", "EventPattern": "{}"}]}')
    (files / "nameless.json").write_text('[{"EventPattern": "{}"}]')
    (files / "seven.json").write_text("7")
    (files / "none").mkdir()
    (files / "none" / "buses.json").write_text('{"EventBuses": []}')
    (files / "oddly.json").write_text('[{"Name": "r", "Targets": [1]}]')
    assert main(["match-rules", *arguments]) == 2
    assert complaint in capsys.readouterr().err


def test_what_a_shell_substitutes_is_read(files: Path) -> None:
    """`<(...)` for the events, for rules and for targets: each is a FIFO at /dev/fd."""
    simbridge = f"{sys.executable} -m simbridge"
    plain = f"{simbridge} match-rules rules.json events.jsonl --targets all=targets.json --json"
    piped = (
        f"{simbridge} match-rules <(cat rules.json) <(gzip -c events.jsonl) "
        "--targets all=<(cat targets.json) --json"
    )
    standard = f"cat events.jsonl | {plain.replace('events.jsonl', '/dev/stdin')}"
    outputs = [
        subprocess.run(["bash", "-c", words], capture_output=True, text=True, timeout=60)
        for words in (plain, piped, standard)
    ]
    assert [one.returncode for one in outputs] == [0, 0, 0], outputs[1].stderr
    assert len({one.stdout for one in outputs}) == 1 and json.loads(outputs[0].stdout)


def test_bad_lines_are_reported_in_words_of_the_command(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The way out is an option, not an argument in Python."""
    (files / "bad.jsonl").write_text('{"id": "1"}\n' * 30)
    assert main(["match-rules", "rules.json", "bad.jsonl"]) == 2
    said = capsys.readouterr().err.splitlines()
    assert said[0] == "simbridge: bad.jsonl: 30 lines are not events"
    assert said[-2] == "  and 10 more: --skip-bad-lines lists them all"
    assert said[-1] == "Correct the file, or use the rest with --skip-bad-lines."


def test_a_compressed_file_that_is_damaged_is_reported(
    files: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Cut off or altered: one line, no traceback."""
    whole = gzip.compress((files / "events.jsonl").read_bytes())
    altered = bytearray(whole)
    altered[20:40] = bytes(20)
    for content in (whole[:-20], bytes(altered), b"\x1f\x8b\x08\x00rubbish"):
        (files / "damaged.gz").write_bytes(content)
        assert main(["match-rules", "rules.json", "damaged.gz"]) == 2
        said = capsys.readouterr().err
        assert "damaged.gz cannot be read to its end: " in said and said.count("\n") == 1
