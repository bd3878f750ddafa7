"""Everything that is measured of one clip, kept on disk so that a run that was stopped goes on."""

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from rushes.core.strict_json import parse
from rushes.evaluation.motion import CameraMotion, camera_motion, flows, jerkiness
from rushes.evaluation.reading import Clip, Vocabulary, features, read
from rushes.media.files import replacing
from rushes.models.judge import ReadOut

REVISION = 1


@dataclass(frozen=True)
class Measures:
    """``shown``: slot -> id by the reporter. ``agreement`` with what was asked, by the chooser. ``features``
    of the reporter. ``psnr`` in dB against another clip, 0 without one.
    """

    shown: Mapping[str, str]
    agreement: float
    features: tuple[float, ...]
    camera: CameraMotion
    jerkiness: float
    psnr: float = 0.0


@dataclass(frozen=True)
class Panel:
    """The two judges with what the model knows, and where results are kept; ``digest`` names the judges."""

    chooser: ReadOut
    reporter: ReadOut
    known: Vocabulary
    digest: str
    folder: Path

    def measure(self, clip: Clip, asked: Mapping[str, str], psnr: float = 0.0) -> Measures:
        """Read one clip that was to show ``asked``."""
        [own] = read(self.reporter, [clip], self.known)
        [other] = read(self.chooser, [clip], self.known)
        return Measures(
            own.shown(),
            round(other.agreement(asked), 6),
            tuple(round(value, 5) for value in features(self.reporter, [clip])[0].tolist()),
            camera_motion(flows(clip, calmed=True)),
            jerkiness(flows(clip, calmed=False)),
            psnr,
        )

    def kept(self, key: str, make: Callable[[], Measures]) -> Measures:
        """The measures kept under ``key``, or those of ``make``, which are then kept."""
        path = self.folder / f"{key[:32]}_{self.digest[:8]}_{REVISION}.json"
        if path.exists():
            measures: Measures = parse(Measures, json.loads(path.read_text(encoding="utf-8")), path.name)
            return measures
        self.folder.mkdir(parents=True, exist_ok=True)
        made = make()
        with replacing(path) as partial:
            partial.write_text(json.dumps(asdict(made)), encoding="utf-8")
        return made
