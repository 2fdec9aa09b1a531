"""What a target receives: `Input`, `InputPath` and `InputTransformer`.

    jsontext     is this text JSON, and if not, where does it stop being JSON
    paths        `$.detail.items[*].name`
    template     `{"name": <name>}`
    selection    which of the three a target uses

A target description is checked when it is put (`check`) and compiled once (`compile`); the
compiled transform is rendered once for each event (`render`), and the text is what the target
gets, in all attempts, and what a dead-letter queue gets in the end.
"""

from simbridge.languages.transform.selection import (
    Constant,
    Selected,
    Transform,
    Whole,
    check,
    compile,
)
from simbridge.languages.transform.template import Context, Rendered, Template

__all__ = [
    "Constant",
    "Context",
    "Rendered",
    "Selected",
    "Template",
    "Transform",
    "Whole",
    "check",
    "compile",
]
