"""The report of a run: JSON for programs, a table for terminals, one page for people."""

import html
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from rushes.evaluation.clips import Settings
from rushes.evaluation.figures import COLUMNS, Figures
from rushes.evaluation.gates import Gate, gates
from rushes.evaluation.statistics import Estimate, Share

STYLE = """body{font:15px/1.45 sans-serif;margin:2rem auto;max-width:72rem;color:#222}
table{border-collapse:collapse;margin:1rem 0}td,th{padding:.25rem .7rem;border-bottom:1px solid #ddd;
text-align:right}th:first-child,td:first-child{text-align:left}.no{color:#b00020}.yes{color:#0a7a2f}
small{color:#777}img{max-width:100%}"""


@dataclass(frozen=True)
class Report:
    """``nearest``: name -> distances to the nearest training clip, empty where none are at hand."""

    model: str
    settings: Settings
    scenes: int
    figures: Figures
    nearest: Mapping[str, float]

    @property
    def gates(self) -> list[Gate]:
        """All gates of the run."""
        return gates(self.figures)

    def document(self) -> dict[str, object]:
        """For JSON."""
        return {
            "model": self.model,
            "settings": {**asdict(self.settings), "seconds": str(self.settings.seconds)},
            "scenes": self.scenes,
            **{name: _plain(value) for name, value in vars(self.figures).items()},
            "nearest_training_clip": dict(self.nearest),
            "gates": [
                {"name": g.name, "value": g.value, "bounds": g.bounds, "passed": g.passed} for g in self.gates
            ],
        }

    def json(self) -> str:
        """Readable JSON of :meth:`document`."""
        return json.dumps(self.document(), ensure_ascii=False, indent=2) + "\n"

    def table(self) -> str:
        """For a terminal: a row a slot, per cent; then the other figures and the gates."""
        lines = [f"{'':<12}" + "".join(f"{column:>18}" for column in COLUMNS)]
        lines += [
            f"{row:<12}" + "".join(f"{_cell(self.figures.shares[c].get(row)):>18}" for c in COLUMNS)
            for row in self.figures.shares["single"]
        ]
        lines += ["", *(f"{name:<34}{value}" for name, value in self._others())]
        lines += ["", *(f"{'pass' if g.passed else 'FAIL':<6}{_gate_line(g)}" for g in self.gates)]
        return "\n".join(lines)

    def _others(self) -> list[tuple[str, str]]:
        figures = self.figures
        rows = [("rendered pans taken for the other way", _cell(figures.wrong_pan))]
        rows += [(f"jerk ratio: {name}", _estimate(value)) for name, value in figures.jerk_ratio.items()]
        rows += [(f"kernel distance: {name}", f"{value:.4f}") for name, value in figures.distances.items()]
        rows += [(f"held-out pairs: {row}", _cell(value)) for row, value in figures.held_out.items() if value]
        named = {
            "composition gap": figures.composition_gap,
            "language spread": figures.language_spread,
            "gain of the best": figures.gain_of_best,
        }
        rows += [(name, _estimate(value)) for name, value in named.items() if value]
        rows += [(f"nearest training clip: {name}", f"{value:.3f}") for name, value in self.nearest.items()]
        return [*rows, ("codec", f"{figures.codec_psnr:.1f} dB")]

    def page(self, pictures: Mapping[str, str]) -> str:
        """HTML; ``pictures``: title -> file beside the page."""
        head = "".join(f"<th>{column}</th>" for column in ("", *COLUMNS))
        body = "".join(
            "<tr>"
            + f"<td>{row}</td>"
            + "".join(_html_cell(self.figures.shares[c].get(row)) for c in COLUMNS)
            + "</tr>"
            for row in self.figures.shares["single"]
        )
        others = "".join(
            f"<tr><td>{html.escape(a)}</td><td>{html.escape(b)}</td></tr>" for a, b in self._others()
        )
        passed = "".join(
            f"<tr><td>{html.escape(g.name)}</td><td>{g.value:.3f}</td><td>{html.escape(g.bounds)}</td>"
            f'<td class="{"yes" if g.passed else "no"}">{"pass" if g.passed else "fail"}</td></tr>'
            for g in self.gates
        )
        shown = "".join(
            f'<h2>{html.escape(title)}</h2><img src="{html.escape(name)}" alt="{html.escape(title)}">'
            for title, name in pictures.items()
        )
        told = f"{self.scenes} scenes no training has seen, {', '.join(self.settings.languages)}"
        return (
            f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(self.model)}</title>'
            f"<style>{STYLE}</style><h1>{html.escape(self.model)}, measured</h1><p>{told}, clips of "
            f"{self.settings.seconds} s, best of {self.settings.candidates}. Per cent, 95 % intervals.</p>"
            f"<table><tr>{head}</tr>{body}</table><h2>Gates</h2><table>{passed}</table>"
            f"<h2>Other figures</h2><table>{others}</table>{shown}</html>\n"
        )


def _cell(value: Share | None) -> str:
    if value is None:
        return "-"
    low, high = value.interval
    return f"{100 * value.value:.0f} ({100 * low:.0f}-{100 * high:.0f})"


def _html_cell(value: Share | None) -> str:
    if value is None:
        return "<td>-</td>"
    low, high = value.interval
    return f"<td>{100 * value.value:.0f} <small>{100 * low:.0f}-{100 * high:.0f}</small></td>"


def _estimate(value: Estimate) -> str:
    return f"{value.value:.3f} ({value.interval[0]:.3f} to {value.interval[1]:.3f})"


def _gate_line(gate: Gate) -> str:
    return f"{gate.name:<34}{gate.value:8.3f}  {gate.bounds}"


def _plain(value: object) -> object:
    if isinstance(value, Share | Estimate):
        return {"value": round(value.value, 4), "count": value.count, "interval_95": value.interval}
    if isinstance(value, Mapping):
        return {name: _plain(item) for name, item in value.items()}
    return value
