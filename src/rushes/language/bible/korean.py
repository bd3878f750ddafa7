"""Korean particles after a noun that took another's place: they follow the noun's last sound."""

_PAIRS = (
    ("은", "는"),
    ("이", "가"),
    ("을", "를"),
    ("과", "와"),
    ("으로", "로"),
    ("이랑", "랑"),
    ("아", "야"),
)
_FIRST, _LAST = 0xAC00, 0xD7A3
_FINALS = 28
_RIEUL = 8


def fit_particle(noun: str, rest: str) -> tuple[str, str]:
    """(the particle ``rest`` begins with, the form that ``noun`` asks for); both empty where it has none.

    ``rest`` is what stands right after the noun.
    """
    final = _final(noun)
    for closed, open_ in _PAIRS:
        for particle in (closed, open_):
            after = rest[len(particle) : len(particle) + 1]
            if rest.startswith(particle) and not _is_syllable(after):
                # After a final rieul the direction is the short form, as after a vowel.
                takes_open = final == 0 or (closed == "으로" and final == _RIEUL)
                return particle, open_ if takes_open else closed
    return "", ""


def _final(noun: str) -> int:
    """Number of the last syllable's final consonant, 0 for none; Latin letters and digits count as none."""
    # `여자(40)` is read 여자.
    noun = noun.rstrip().split("(")[0] if noun.rstrip().endswith(")") else noun
    last = next((character for character in reversed(noun) if character.isalnum()), "")
    return (ord(last) - _FIRST) % _FINALS if _is_syllable(last) else 0


def _is_syllable(character: str) -> bool:
    return bool(character) and _FIRST <= ord(character) <= _LAST
