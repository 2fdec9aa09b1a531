"""Actors come from the factory: on their first message, or earlier if a handle is asked for."""

from __future__ import annotations

import ast
from pathlib import Path

import simbridge as sb
from simbridge.actors.archive import ArchiveActor
from simbridge.actors.target import StandIn

ROOT = Path(sb.__file__).parent
ARCHIVE = "arn:aws:events:us-east-1:123456789012:archive/a"


def changes_actors(node: ast.AST) -> bool:
    """Whether this is `x.actors[...] = y`, or a call that changes `x.actors`."""

    def is_actors(thing: ast.AST) -> bool:
        return isinstance(thing, ast.Attribute) and thing.attr == "actors"

    if isinstance(node, ast.Subscript):
        return is_actors(node.value) and not isinstance(node.ctx, ast.Load)
    changing = ("setdefault", "pop", "update", "clear", "popitem")
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in changing
        and is_actors(node.func.value)
    )


def test_no_other_module_adds_an_actor() -> None:
    """The kernel registers what the factory creates, a turn deregisters its own actor; a sender needs none."""
    found = {
        str(path.relative_to(ROOT))
        for path in ROOT.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if changes_actors(node)
    }
    assert found == {"kernel/kernel.py", "kernel/turn.py", "world/actor_factory.py"}


def test_an_actor_is_created_on_the_first_message() -> None:
    """A queue that is only a target has none before, and a stand-in after its first event."""
    world = sb.World(stand_ins="auto")
    events, arn = world.client(), "arn:aws:sqs:us-east-1:123456789012:q"
    events.put_rule(Name="r", EventPattern='{"source": ["s"]}')
    events.put_targets(Rule="r", Targets=[{"Id": "1", "Arn": arn}])
    world.settle()
    assert arn not in world._kernel.actors
    events.put_events(Entries=[{"Source": "s", "DetailType": "d", "Detail": "{}"}])
    world.settle()
    assert isinstance(world._kernel.actors[arn], StandIn)


def test_a_handle_has_its_actor_at_once_and_a_later_message_finds_it() -> None:
    """Of a stand-in and of an archive whose `Configure` is on its way."""
    world = sb.World(limits={"control_plane_delay_us": 5_000_000})
    actors = world._kernel.actors
    stand_in = world.queue("q").arn
    assert isinstance(actors[stand_in], StandIn)
    bus = world.client().describe_event_bus()["Arn"]
    world.client().create_archive(ArchiveName="a", EventSourceArn=bus)
    assert ARCHIVE not in actors
    world.archive("a")
    archive = actors[ARCHIVE]
    assert isinstance(archive, ArchiveActor) and archive.archive is None
    world.run(seconds=6)
    assert actors[ARCHIVE] is archive and archive.archive is not None
