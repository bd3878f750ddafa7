"""A script that is text: Fountain by its name, otherwise the form its lines show."""

from rushes.language.screenplay.element import Element, Screenplay
from rushes.language.screenplay.form import Form, form_of
from rushes.language.screenplay.fountain import parse_fountain
from rushes.language.screenplay.plain import parse_plain
from rushes.language.screenplay.typed import is_typed, parse_typed


def parse_text(source: str, *, is_fountain: bool) -> Screenplay:
    """Read ``source`` as Fountain where its file says so, otherwise in the form it is typed in."""
    return Screenplay(source, _elements(source, is_fountain))


def _elements(source: str, is_fountain: bool) -> tuple[Element, ...]:
    if is_fountain:
        return parse_fountain(source)
    form = form_of(source)
    if form is not Form.FOUNTAIN:
        return parse_plain(source, form)
    return parse_typed(source) if is_typed(source) else parse_fountain(source)
