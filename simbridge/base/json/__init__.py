"""JSON: every text that simbridge decodes or encodes goes through here.

One library (msgspec), one error (`InvalidJson`), and one answer to what RFC 8259 leaves open:

- Duplicate keys: the last value counts, unless the text is an event (`repeated`).
- Lone surrogates, `"\\ud800"`: an error, or a question mark if the caller asks for it (`surrogates`).
- Nesting: as deep as EventBridge accepts, however deep the caller's own stack is (`nesting`).
- Numbers: integers of any size; `fits_int64` says whether all fit into 64 bits. An event that is matched
  has exact numbers (`event_decoder`). `NaN` and `Infinity` are invalid.

Some modules decode JSON by themselves, each for a reason; `tests/test_architecture.py` has the list:

- `languages/pattern/json_text` reads patterns with the errors, lines and columns of AWS's parser.
- `languages/transform/jsontext` finds the character at which a text stops being JSON, as AWS reports it.
- `trace/codec` and `trace/file` encode and decode typed records: msgspec fills the classes directly, and
  most of the time of reading or writing a trace is spent there.
- `api/pagination` decodes a token into a typed pair.
- `actors/results` does what Python's Lambda runtime does, which accepts `NaN` and writes it.
- `whatif/arguments` reads values of the command line, where `Infinity` is a number.

RFC 8259: https://www.rfc-editor.org/rfc/rfc8259
msgspec: https://jcristharif.com/msgspec/
"""

from simbridge.base.json.nesting import with_deeper_recursion
from simbridge.base.json.repeated import Every, Repeating, every_value, has_repeated_key
from simbridge.base.json.surrogates import replace_lone_surrogates, without_lone_surrogates
from simbridge.base.json.text import (
    DECODER_ERRORS,
    InvalidJson,
    TooDeep,
    decode,
    decode_detail,
    decode_object,
    encode,
    event_decoder,
    fast_decoder,
    fits_int64,
    to_text,
)

__all__ = [
    "DECODER_ERRORS",
    "Every",
    "InvalidJson",
    "Repeating",
    "TooDeep",
    "decode",
    "decode_detail",
    "decode_object",
    "encode",
    "event_decoder",
    "every_value",
    "fast_decoder",
    "fits_int64",
    "has_repeated_key",
    "replace_lone_surrogates",
    "to_text",
    "with_deeper_recursion",
    "without_lone_surrogates",
]
