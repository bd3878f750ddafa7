"""A prompt as tokenizers read it."""

import html
import re
import unicodedata

_INVISIBLE = re.compile("[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200b\u2060\ufeff\ufffd]")


def clean_text(text: str) -> str:
    """Entities unescaped twice, composed characters (NFC), no control characters, single spaces.

    Wan's "whitespace" cleaning with ftfy replaced by what matters for typed text: ftfy also repairs wrongly
    decoded bytes, which a prompt does not contain.
    """
    text = html.unescape(html.unescape(text))
    text = _INVISIBLE.sub("", unicodedata.normalize("NFC", text))
    return " ".join(text.split())
