"""Input templates: what they become, and what PutTargets says about them."""

from __future__ import annotations

import json
import pickle
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simbridge.base.errors import InvalidTransform
from simbridge.languages.transform import Context, Rendered, Template, compile

RULE_ARN = "arn:aws:events:us-east-1:123456789012:rule/shop/orders"
CONTEXT = Context(RULE_ARN, "orders", 1_789_301_850_408_999)

EVENT: dict[str, Any] = {
    "version": "0",
    "id": "4ea38d8e-0ee4-dbf3-3e21-f8e7bf6525d9",
    "detail-type": "core.update-account-command",
    "source": "core.update-account-command",
    "account": "123456789012",
    "time": "2026-01-02T03:04:05Z",
    "region": "us-east-1",
    "resources": [],
    "detail": {
        "command": "update-account",
        "payload": {"acc_id": "0a787ecb-4015", "sf_id": "baz"},
        "listsingle": ["HIGH"],
        "listmulti": ["ACTIVE", "INACTIVE"],
        "mixed": ["one", 2, {"x": 3}],
        "number": 42,
        "price": 1.5,
        "yes": True,
        "no": False,
        "nothing": None,
        "empty": "",
        "quoted": 'say "hi"',
        "escaped": "line\nslash\\tab\tend",
        "umlaut": "größer \u2028",
    },
}

PATHS = {
    "userId": "$.detail.payload.acc_id",
    "missing": "$.detail.nowhere",
    "event-id": "$.id",
    "all": "$",
    "AWSkey": "$.account",
    **{name: f"$.detail.{name}" for name in EVENT["detail"]},
}

WHOLE = json.dumps(EVENT, separators=(",", ":"), ensure_ascii=False)

RENDERED = [
    # object templates, value position: the JSON value, its type kept (recorded)
    ('{"id" : <userId>}', '{"id" : "0a787ecb-4015"}'),
    ('{"bod": <payload>}', '{"bod": {"acc_id":"0a787ecb-4015","sf_id":"baz"}}'),
    ('{"singlelistitem": <listsingle>}', '{"singlelistitem": ["HIGH"]}'),
    ('{"l": <mixed>}', '{"l": ["one",2,{"x":3}]}'),
    ('{"n": <number>, "p": <price>}', '{"n": 42, "p": 1.5}'),
    ('{"y": <yes>, "n": <no>, "e": <empty>}', '{"y": true, "n": false, "e": ""}'),
    ('{"n": <nothing>}', '{"n": null}'),
    ('{"v": <quoted>}', '{"v": "say \\"hi\\""}'),
    ('{"v": <escaped>}', '{"v": "line\\nslash\\\\tab\\tend"}'),
    ('{"v": <umlaut>}', '{"v": "größer \u2028"}'),
    ('{"v": <AWSkey>}', '{"v": "123456789012"}'),
    ('{"v": <event-id>}', '{"v": "4ea38d8e-0ee4-dbf3-3e21-f8e7bf6525d9"}'),
    ('{"value":<all>}', f'{{"value":{WHOLE}}}'),
    ('{"b": [<userId>, "hardcoded"]}', '{"b": ["0a787ecb-4015", "hardcoded"]}'),
    (' \n{"a": <number>}\n', ' \n{"a": 42}\n'),
    # object templates, inside quotes (recorded, captured)
    ('{"id" : "<userId>"}', '{"id" : "0a787ecb-4015"}'),
    (
        '{"m": "users/<userId>/second/<userId>"}',
        '{"m": "users/0a787ecb-4015/second/0a787ecb-4015"}',
    ),
    ('{"n": "<number>", "y": "<yes>"}', '{"n": "42", "y": "true"}'),
    ('{"v": "a <quoted> b"}', '{"v": "a say \\"hi\\" b"}'),
    ('{"v": "a <escaped> b"}', '{"v": "a line\\nslash\\\\tab\\tend b"}'),
    ('{"v": "\\"<userId>\\""}', '{"v": "\\"0a787ecb-4015\\""}'),
    ('{"v": "\\\\", "w": <userId>}', '{"v": "\\\\", "w": "0a787ecb-4015"}'),
    # object templates, nothing found (recorded, captured)
    ('{"command": <missing>}', '{"command": ""}'),
    ('{"v": [<missing>]}', '{"v": [""]}'),
    ('{"v": "a<missing>b"}', '{"v": "ab"}'),
    # quoted strings: raw, objects and arrays without double quotes (recorded)
    (
        '"Payload of <payload> and <userId>"',
        '"Payload of {acc_id:0a787ecb-4015,sf_id:baz} and 0a787ecb-4015"',
    ),
    ('"<listsingle> single list item"', '"[HIGH] single list item"'),
    ('"<listmulti> multiple list items"', '"[ACTIVE,INACTIVE] multiple list items"'),
    ('"o=<mixed>"', '"o=[one,2,{x:3}]"'),
    ('"Command is <yes>!"', '"Command is true!"'),
    ('"detail <missing>"', '"detail "'),
    ('"a <missing> b"', '"a  b"'),
    ('"{[/Check <command>"', '"{[/Check update-account"'),
    ('"a \\"<userId>\\" b"', '"a \\"0a787ecb-4015\\" b"'),
    ('"first <userId>"\n"second <userId>"', '"first 0a787ecb-4015"\n"second 0a787ecb-4015"'),
    ('"<not closed"', '"<not closed"'),
    ('"a < b > c <é>"', '"a < b > c <é>"'),
    # arrays and bare placeholders (captured)
    ('["fixed",<number>]', '["fixed",42]'),
    ('["<userId>"]', '["0a787ecb-4015"]'),
    ("[<nothing>]", "[null]"),
    ("<number>", "42"),
    ("<nothing>", "null"),
    # no placeholder at all
    ("null", "null"),
    ('{"a": [1, 2]}', '{"a": [1, 2]}'),
]

BROKEN = [
    # an object or array inside quotes breaks the string (recorded, captured)
    ('{"p": "<payload>"}', '{"p": "{"acc_id":"0a787ecb-4015","sf_id":"baz"}"}'),
    ('{"singlelistitem": "<listsingle>"}', '{"singlelistitem": "["HIGH"]"}'),
    ('{"v":"a <payload> b"}', '{"v":"a {"acc_id":"0a787ecb-4015","sf_id":"baz"} b"}'),
    # raw strings break strings (captured)
    ('"prefix <quoted> suffix"', '"prefix say "hi" suffix"'),
    ('"prefix <escaped> suffix"', '"prefix line\nslash\\tab\tend suffix"'),
    # raw values outside of strings (captured)
    ("[<userId>]", "[0a787ecb-4015]"),
    ("[<payload>]", "[{acc_id:0a787ecb-4015,sf_id:baz}]"),
    ("[<mixed>]", "[[one,2,{x:3}]]"),
    ("<payload>", "{acc_id:0a787ecb-4015,sf_id:baz}"),
    ("<command>", "update-account"),
    # nothing found outside of strings (captured)
    ("[1,<missing>,2]", "[1,,2]"),
    ('[{"v":<missing>}]', '[{"v":}]'),
    ("<missing>", ""),
    # neither JSON-like nor quoted (recorded)
    ("<listsingle> single list item", "[HIGH] single list item"),
    # unknown reserved names stay (captured)
    ('{"value":<aws.events.unknown>}', '{"value":<aws.events.unknown>}'),
    # more than one object is not several quoted lines (believed)
    ('{"a": 1} {"b": 2}', '{"a": 1} {"b": 2}'),
]

RESERVED = [
    ('{"v": <aws.events.rule-arn>}', f'{{"v": "{RULE_ARN}"}}'),
    ('{"v": <aws.events.rule-name>}', '{"v": "orders"}'),
    ('{"v": <aws.events.event.ingestion-time>}', '{"v": "2026-09-13T12:17:30.408Z"}'),
    (
        '"<aws.events.rule-arn> <aws.events.rule-name> <aws.events.event.ingestion-time>"',
        f'"{RULE_ARN} orders 2026-09-13T12:17:30.408Z"',
    ),
    ('["<aws.events.rule-name>"]', '["orders"]'),
    ('{"v": "at <aws.events.event.ingestion-time>"}', '{"v": "at 2026-09-13T12:17:30.408Z"}'),
    (
        '{"v": <aws.events.event>}',
        '{"v": {"id":"4ea38d8e-0ee4-dbf3-3e21-f8e7bf6525d9","account":"123456789012",'
        '"detailType":"core.update-account-command","time":1767323045000,'
        '"source":"core.update-account-command","region":"us-east-1","resources":[],'
        '"version":"0"}}',
    ),
    ('{"v": <aws.events.event.json>}', f'{{"v": {WHOLE}}}'),
    ('"<aws.events.unknown>"', '"<aws.events.unknown>"'),
]

REFUSED = [
    ('{"a": <nope>}', "InputTemplate for target t1 contains invalid placeholder nope."),
    ('"a <nope> b"', "InputTemplate for target t1 contains invalid placeholder nope."),
    ('"<userId> <no.dots>"', "InputTemplate for target t1 contains invalid placeholder no.dots."),
    *(
        (
            text,
            "InputTemplate for target t1 contains placeholder aws.events.event.json"
            " valid only for JSON template.",
        )
        for text in (
            '"event <aws.events.event.json>"',
            "[<aws.events.event.json>]",
            "<aws.events.event.json>",
        )
    ),
    (
        '"event <aws.events.event>"',
        "InputTemplate for target t1 contains placeholder aws.events.event"
        " valid only for JSON template.",
    ),
    *(
        (text, "InputTemplate placeholder present as a JSON object key for target t1.")
        for text in (
            '{"<userId>":"value"}',
            '{"a <userId> b" : 1}',
            '{"x": {"y": 1, "<userId>"\n: 1}}',
            "{<userId>: 1}",
            '[{"<userId>": 1}]',
            '{"<aws.events.rule-name>": 1}',
        )
    ),
    (
        "hello <userId>",
        'Invalid InputTemplate for target t1 : [Source: (String)"hello null"; line: 1, column: 1].',
    ),
    (
        '{"a": <userId>,}',
        "Invalid InputTemplate for target t1 :"
        ' [Source: (String)"{"a": null,}"; line: 1, column: 12].',
    ),
    (
        '{"a": <userId>',
        "Invalid InputTemplate for target t1 :"
        ' [Source: (String)"{"a": null"; line: 1, column: 11].',
    ),
]


def template(text: str, declared: dict[str, str] | None = PATHS) -> Template:
    """The compiled template of target t1; None leaves the map out."""
    transformer: dict[str, Any] = {"InputTemplate": text}
    if declared is not None:
        transformer["InputPathsMap"] = declared
    compiled = compile({"Id": "t1", "InputTransformer": transformer})
    assert isinstance(compiled, Template)
    return compiled


@pytest.mark.parametrize(("text", "body"), RENDERED)
def test_templates_become_bodies(text: str, body: str) -> None:
    """Placeholders are replaced according to the kind of template and their place in it."""
    assert template(text).render(EVENT, CONTEXT) == Rendered(body, True)


@pytest.mark.parametrize(("text", "body"), BROKEN)
def test_broken_bodies_are_kept_for_the_dead_letter(text: str, body: str) -> None:
    """A body that is not JSON is marked invalid, and its text is exact all the same."""
    assert template(text).render(EVENT, CONTEXT) == Rendered(body, False)


@pytest.mark.parametrize("declared", [None, {}, PATHS], ids=["no map", "empty map", "map"])
@pytest.mark.parametrize(("text", "body"), RESERVED)
def test_reserved_variables_need_no_map(
    text: str, body: str, declared: dict[str, str] | None
) -> None:
    """The rule, the ingestion time and the event are known without being declared."""
    assert template(text, declared).render(EVENT, CONTEXT) == Rendered(body, True)


@pytest.mark.parametrize(("text", "answer"), REFUSED)
def test_put_targets_refuses_with_these_words(text: str, answer: str) -> None:
    """Unknown names, misplaced events, placeholders as keys, and texts that are not JSON."""
    with pytest.raises(InvalidTransform) as caught:
        template(text)
    assert str(caught.value) == answer


def test_an_empty_map_declares_nothing() -> None:
    """With an empty map, any plain name is unknown."""
    with pytest.raises(InvalidTransform, match="contains invalid placeholder a"):
        template('"<a>"', {})


def test_without_a_map_names_are_text() -> None:
    """With the map left out, undeclared names pass PutTargets and stay as they are (captured)."""
    assert template('"before <a> after"', None).render(EVENT, CONTEXT) == Rendered(
        '"before <a> after"', True
    )
    assert template('{"v":<a>}', None).render(EVENT, CONTEXT) == Rendered('{"v":<a>}', False)


@pytest.mark.parametrize("path", ["", "detail.x", "$.detail['x']", "$.detail.*"])
def test_a_bad_path_in_the_map_is_refused(path: str) -> None:
    """Paths in the map are judged like InputPath, with the same words; an empty one is refused."""
    with pytest.raises(InvalidTransform) as caught:
        template('{"a": 1}', {"x": path})
    assert str(caught.value) == "InputPath for target t1 is invalid."


def test_the_archive_template() -> None:
    """The hidden rule of an archive wraps the event with its ingestion time."""
    text = (
        '{"archive-arn": "arn:x:1","event": <aws.events.event.json>,'
        '"ingestion-time": <aws.events.event.ingestion-time>}'
    )
    assert template(text, {}).render(EVENT, CONTEXT) == Rendered(
        f'{{"archive-arn": "arn:x:1","event": {WHOLE},'
        '"ingestion-time": "2026-09-13T12:17:30.408Z"}',
        True,
    )


def test_a_replayed_event_keeps_its_name_in_the_full_event_only() -> None:
    """`replay-name` sits where the envelope has it; the short event does not know it."""
    event = dict(list(EVENT.items())[:7]) | {"replay-name": "again", "resources": [], "detail": {}}
    text = '{"short": <aws.events.event>, "full": <aws.events.event.json>}'
    body = json.loads(template(text, None).render(event, CONTEXT).text)
    assert "replay-name" not in body["short"]
    assert list(body["full"])[6:] == ["region", "replay-name", "resources", "detail"]


def test_templates_are_data() -> None:
    """A compiled template can be pickled and works the same afterwards."""
    original = template('{"a": <payload>, "b": "<aws.events.rule-name>"}')
    copy = pickle.loads(pickle.dumps(original))
    assert copy == original
    assert copy.render(EVENT, CONTEXT) == original.render(EVENT, CONTEXT)


def test_hostile_depth() -> None:
    """A deeply nested event goes through any template without a recursion error."""
    deep: object = "bottom"
    for _ in range(50_000):
        deep = [deep]
    event = EVENT | {"detail": {"deep": deep}}
    declared = {"deep": "$.detail.deep"}
    rendered = template('{"a": <deep>}', declared).render(event, CONTEXT)
    assert rendered.valid
    assert len(rendered.text) == len('{"a": "bottom"}') + 100_000
    assert template('"<deep>"', declared).render(event, CONTEXT).valid
    assert template("[" * 50_000 + "<deep>" + "]" * 50_000, declared).render(event, CONTEXT)


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "' + "<" * 300_000 + '"}',
        '"' + "<a" * 200_000 + '"',
        '{"a": [' + "<no>," * 100_000 + "1]}",
        '{"<no>" ' + '"<no>" ' * 50_000 + ":1}",
        '{"<no>"' + " " * 300_000 + "}",
        "\\" * 300_000,
    ],
    ids=["angles", "open", "slots", "keys", "blanks", "escapes"],
)
def test_huge_templates_take_linear_time(text: str) -> None:
    """No template makes the compiler or the renderer go back and forth."""
    start = time.process_time()
    try:
        template(text).render(EVENT, CONTEXT)
    except InvalidTransform as refusal:
        assert len(str(refusal)) < 1000
    assert time.process_time() - start < 5


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
PIECES = st.sampled_from(
    [
        *('{"k": ', "}", "[", "]", ",", '"', "\\", ":", " ", "\n", "1", "null", "x", "é", "\ud800"),
        *("<a>", "<b>", "<c>", "<aws.events.event>", "<aws.events.event.json>", "<aws.events.no>"),
    ]
)


@given(st.lists(PIECES, max_size=12).map("".join), JSON, st.booleans())
def test_any_template_on_any_event(text: str, value: object, mapped: bool) -> None:
    """A template is refused with InvalidTransform or renders; nothing else is ever raised."""
    declared = {"a": "$.detail.a", "b": "$.detail.a[*].x"} if mapped else None
    try:
        compiled = template(text, declared)
    except InvalidTransform:
        return
    rendered = compiled.render(EVENT | {"detail": {"a": value}}, CONTEXT)
    if rendered.valid and compiled.is_object:
        assert isinstance(json.loads(rendered.text), dict)


@given(JSON)
def test_a_value_survives_an_object_template(value: object) -> None:
    """Unquoted in an object template, every JSON value arrives as it was."""
    event = EVENT | {"detail": {"a": value}}
    rendered = template('{"a": <a>}', {"a": "$.detail.a"}).render(event, CONTEXT)
    assert rendered.valid
    assert json.loads(rendered.text) == {"a": value}


@given(st.text())
def test_a_string_survives_quotes_in_an_object_template(value: str) -> None:
    """A string inserted inside quotes is escaped for them."""
    event = EVENT | {"detail": {"a": value}}
    rendered = template('{"a": "<<a>>"}', {"a": "$.detail.a"}).render(event, CONTEXT)
    assert json.loads(rendered.text) == {"a": f"<{value}>"}
