"""A worker's view of its takes: how they look in the making, kept for whoever asks a server."""

from typing import TYPE_CHECKING

from rushes.cli.screen import Screen
from rushes.cli.watching import PREVIEWS_A_TAKE, Watching
from rushes.core.request import Request

if TYPE_CHECKING:
    from rushes.engine.events import Event
    from rushes.studio.files import FileStore
    from rushes.studio.jobs.job import Job


class Showing(Watching):
    """Says nothing; a job's newest preview lies beside the files. ``job`` is the one in the making."""

    def __init__(self, files: "FileStore") -> None:
        super().__init__(Screen(quiet=True, as_json=True))
        self._files = files
        self.job: Job | None = None

    def every(self, request: Request) -> int:
        """How many steps lie between two previews."""
        return max(1, request.sampling.steps // PREVIEWS_A_TAKE)

    def see(self, event: "Event") -> None:
        """Keep the picture of a preview in place of the one before."""
        from rushes.engine.events import Preview
        from rushes.media.stills import preview_jpeg
        from rushes.studio.previews import keep_preview

        super().see(event)
        if isinstance(event, Preview) and self.job is not None:
            keep_preview(self._files, self.job.tenant_id, self.job.id, preview_jpeg(event.pictures))
