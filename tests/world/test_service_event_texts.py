"""How the text of an event is read: lone surrogates, shared values, files of any size."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from service_event_worlds import CREATED, rule, world

import simbridge as sb
from simbridge.base import files


@pytest.mark.parametrize("form", ["mapping", "escaped", "written", "file"])
def test_half_of_a_surrogate_pair_in_a_detail(form: str, tmp_path: Path) -> None:
    """It is a question mark, as in one that is put; a pair is a character."""
    made, event = world(), {**CREATED, "detail": {"\ud800": ["\udc00", "\ud83d\ude00"]}}
    (tmp_path / "event.json").write_text(json.dumps(event))
    forms: dict[str, Any] = {
        "mapping": event,
        "escaped": json.dumps(event),
        "written": json.dumps(event, ensure_ascii=False),
        "file": tmp_path / "event.json",
    }
    made.emit(forms[form])
    rule(made, "shop", {"source": ["shop"]})
    detail = json.dumps(event["detail"])
    made.client().put_events(Entries=[{"Source": "shop", "DetailType": "d", "Detail": detail}])
    made.settle()
    emitted, put = made.queue("q").received
    assert emitted["detail"] == put["detail"] == {"?": ["?", "\U0001f600"]}


@pytest.mark.parametrize("name", ["Source", "DetailType"])
def test_put_events_refuses_halves_outside_of_a_detail(name: str) -> None:
    """As `emit` does."""
    entry = {"Source": "s", "DetailType": "d", "Detail": "{}", name: "\ud800"}
    with pytest.raises(ClientError, match="surrogate"):
        world().client().put_events(Entries=[entry])


def test_what_is_shared_in_an_event_is_not_a_circle() -> None:
    """One object in two places is written twice."""
    made, part = world(), {"a": [1]}
    made.emit({**CREATED, "detail": {"one": part, "two": [part, part]}})
    made.settle()
    assert made.queue("q").received[0]["detail"] == {"one": part, "two": [part, part]}


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    """Its size is told; a sparse file of a terabyte costs no memory."""
    file = tmp_path / "event.json"
    with file.open("wb") as stream:
        stream.truncate(10**12)
    for path in (file, str(file)):
        with pytest.raises(sb.SimbridgeError, match="has 1,000,000,000,000 bytes"):
            world().emit(path)


def test_an_endless_device_is_read_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """/dev/zero says no size, and ends never."""
    monkeypatch.setattr(files, "DOCUMENT_BYTES_MAX", 1000)
    with pytest.raises(sb.SimbridgeError, match="has more than 1,000 bytes"):
        world().emit("/dev/zero")


def test_a_fifo_is_read(tmp_path: Path) -> None:
    """What a shell's `<(...)` is; a socket is no file of an event."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    writer = threading.Thread(target=lambda: fifo.write_text(json.dumps(CREATED)), daemon=True)
    writer.start()
    made = world()
    made.emit(fifo)
    writer.join(20)
    made.settle()
    assert made.queue("q").received[0]["detail"] == CREATED["detail"]
