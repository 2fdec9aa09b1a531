"""Input, InputPath, InputTransformer: which one, checked how, delivering what."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simbridge.base.errors import InvalidTransform
from simbridge.languages.transform import Context, Rendered, Whole, check, compile

CONTEXT = Context("arn:aws:events:us-east-1:123456789012:rule/r", "r", 0)

EVENT: dict[str, Any] = {
    "version": "0",
    "id": "i",
    "detail-type": "Order",
    "source": "shop",
    "account": "123456789012",
    "time": "2026-01-02T03:04:05Z",
    "region": "us-east-1",
    "resources": ["arn:one"],
    "detail": {
        "text": "baz",
        "number": 42,
        "yes": True,
        "no": False,
        "nothing": None,
        "object": {"first": "one", "second": 2},
        "items": [{"name": "x"}, {"name": "y"}],
        "quoted": 'é "q"',
    },
}

INPUT_PATHS = [
    ("$.detail.text", '"baz"'),  # recorded: the quotes stay
    ("$.detail.number", "42"),
    ("$.detail.yes", "true"),
    ("$.detail.no", "false"),
    ("$.detail.object", '{"first":"one","second":2}'),
    ("$.detail.items[1].name", '"y"'),
    ("$.detail.items[*].name", '["x","y"]'),  # captured
    ("$.detail.quoted", '"é \\"q\\""'),
    ("$.detail-type", '"Order"'),
    ("$.resources[0]", '"arn:one"'),
    ("$.notexisting", "{}"),  # captured, as are the next two
    ("$.detail.nothing", "{}"),
    ("", "{}"),
]

INPUTS = [
    '{ "fixed" : true }\n',
    '"hello"',
    '[1,"two"]',
    "17",
    "null",
    " 1.50 ",
    '{"a":1,"a":2}',
    '"<not.a.placeholder>"',
]

TEMPLATE = {"InputTemplate": "{}"}

REFUSED = [
    *(
        (
            request,
            "Only one of Input, InputPath, or InputTransformer must be provided for target t-1.",
        )
        for request in (
            {"Input": "{}", "InputPath": "$.detail"},
            {"Input": "{}", "InputTransformer": TEMPLATE},
            {"InputPath": "$.detail", "InputTransformer": TEMPLATE},
            {"Input": "{}", "InputPath": "$.detail", "InputTransformer": TEMPLATE},
            {"Input": "not-json", "InputPath": "bad"},
        )
    ),
    (
        {"Input": "not-json"},
        "JSON syntax error in input for target t-1:"
        ' [Source: (String)"not-json"; line: 1, column: 1]',
    ),
    (
        {"Input": '{"a":\n  tru}'},
        "JSON syntax error in input for target t-1:"
        ' [Source: (String)"{"a":\n  tru}"; line: 2, column: 3]',
    ),
    (
        {"Input": "{} {}"},
        'JSON syntax error in input for target t-1: [Source: (String)"{} {}"; line: 1, column: 4]',
    ),
    ({"InputPath": "detail"}, "InputPath for target t-1 is invalid."),
    ({"InputPath": "$.detail['k']"}, "InputPath for target t-1 is invalid."),
    (
        {"InputTransformer": {"InputTemplate": "{}", "InputPathsMap": {"a": "b"}}},
        "InputPath for target t-1 is invalid.",
    ),
    (
        {"InputTransformer": {"InputTemplate": '"<a>"', "InputPathsMap": {"b": "$.b"}}},
        "InputTemplate for target t-1 contains invalid placeholder a.",
    ),
]


@pytest.mark.parametrize("request_", [{}, {"InputPath": "$"}, {"Input": None}])
def test_nothing_and_the_root_mean_the_whole_event(request_: dict[str, Any]) -> None:
    """Without an input, or with the path `$`, the target gets the event itself."""
    check("t-1", request_)
    assert compile(request_) == Whole()
    assert compile(request_).render(EVENT, CONTEXT) is None


@pytest.mark.parametrize("text", INPUTS)
def test_input_is_delivered_byte_for_byte(text: str) -> None:
    """Any JSON value is a constant input, blanks and all."""
    check("t-1", {"Input": text})
    assert compile({"Input": text}).render(EVENT, CONTEXT) == Rendered(text, True)


@pytest.mark.parametrize("text", ["", " \n"])
def test_an_empty_input_is_accepted_and_not_delivered(text: str) -> None:
    """PutTargets takes it, and nothing has been seen to arrive (captured for the empty one)."""
    check("t-1", {"Input": text})
    assert compile({"Input": text}).render(EVENT, CONTEXT) == Rendered(text, False)


@pytest.mark.parametrize(("path", "body"), INPUT_PATHS)
def test_input_path_selects_compact_json(path: str, body: str) -> None:
    """The found value as JSON; null and nothing are an empty object."""
    check("t-1", {"InputPath": path})
    assert compile({"InputPath": path}).render(EVENT, CONTEXT) == Rendered(body, True)


@pytest.mark.parametrize(("request_", "answer"), REFUSED)
def test_put_targets_refuses_with_these_words(request_: dict[str, Any], answer: str) -> None:
    """`check` and `compile` refuse alike; the text names the target."""
    with pytest.raises(InvalidTransform) as checked:
        check("t-1", request_)
    assert checked.value.text == answer
    with pytest.raises(InvalidTransform) as compiled:
        compile({"Id": "t-1", "Arn": "arn:x", **request_})
    assert compiled.value.text == answer


def test_an_input_of_hostile_depth() -> None:
    """Nesting is judged without recursion."""
    check("t-1", {"Input": "[" * 100_000 + "]" * 100_000})
    with pytest.raises(InvalidTransform):
        check("t-1", {"Input": "[" * 100_000})


@pytest.mark.parametrize(
    "request_", [{}, {"Input": "{}"}, {"InputPath": "$.a[*]"}, {"InputTransformer": TEMPLATE}]
)
def test_transforms_are_data(request_: dict[str, Any]) -> None:
    """Every kind of transform can be pickled."""
    transform = compile(request_)
    assert pickle.loads(pickle.dumps(transform)) == transform


REQUESTS = st.fixed_dictionaries(
    {},
    optional={
        "Input": st.text(),
        "InputPath": st.text() | st.text("$.a[*]0").map("$".__add__),
        "InputTransformer": st.fixed_dictionaries(
            {"InputTemplate": st.text(min_size=1)},
            optional={"InputPathsMap": st.dictionaries(st.text("ab"), st.text("$.a"))},
        ),
    },
)


@given(REQUESTS)
def test_any_request_is_refused_or_renders(request_: dict[str, Any]) -> None:
    """Whatever the request model lets through, only InvalidTransform is ever raised."""
    try:
        check("t-1", request_)
    except InvalidTransform:
        return
    rendered = compile(request_).render(EVENT, CONTEXT)
    assert rendered is None or isinstance(rendered.text, str)
