"""The child of :mod:`rushes.media.inspection`: binds itself, then looks at one file and says what it is.

Arguments: most bytes of memory, seconds of CPU time, the file, most pixels, most frames. Answers in JSON.
"""

import json
import sys
from typing import Any

from rushes.media.bound import bind

# Demuxers by name, so that no playlist or list of files can lead elsewhere.
_CLIPS = {"video/mp4": "mov", "video/quicktime": "mov", "video/webm": "matroska"}
_CODECS = "h264,hevc,av1,libdav1d,vp8,vp9,libvpx-vp9,libvpx,mpeg4,mjpeg,prores,ffv1,dnxhd"
_OF_CLIP = {"codec_whitelist": _CODECS, "protocol_whitelist": "file", "enable_drefs": "0"}
_HEAD_BYTES = 64


class RefusedFileError(Exception):
    """The file is not what we take; the message is for the person who sent it."""


def sniff(head: bytes) -> str:
    """Media type by the first bytes. Raises RefusedFileError for all that is not taken."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp":
        return "video/quicktime" if head[8:12] == b"qt  " else "video/mp4"
    if head.startswith(b"\x1a\x45\xdf\xa3"):
        return "video/webm"
    raise RefusedFileError(
        "the file is no picture or clip that can be used: send PNG, JPEG, WebP, MP4, MOV or WebM"
    )


def look(path: str, most_pixels: int, most_frames: int) -> dict[str, Any]:
    """What the file is; raises RefusedFileError where it is damaged or too large."""
    with open(path, "rb") as file:  # noqa: PTH123  a path as it was given
        media_type = sniff(file.read(_HEAD_BYTES))
    if media_type in _CLIPS:
        return {"media_type": media_type, **_clip(path, _CLIPS[media_type], most_pixels, most_frames)}
    return {"media_type": media_type, **_picture(path)}


def _picture(path: str) -> dict[str, Any]:
    """Decoded by what will read it later, so that what passes here can be read there."""
    import cv2  # noqa: PLC0415  only where it is a picture
    import numpy as np  # noqa: PLC0415

    try:
        picture = cv2.imdecode(np.fromfile(path, dtype=np.uint8), cv2.IMREAD_COLOR_RGB)
    except cv2.error:
        raise RefusedFileError("the picture is damaged or too large: send one of fewer pixels") from None
    if picture is None:
        raise RefusedFileError("the picture is damaged: save it again as PNG or JPEG")
    height, width = picture.shape[:2]
    return {"width": width, "height": height, "num_frames": 1, "frame_rate": "0"}


def _clip(path: str, demuxer: str, most_pixels: int, most_frames: int) -> dict[str, Any]:
    import av  # noqa: PLC0415  only where it is a clip

    try:
        with av.open(path, format=demuxer, options=_OF_CLIP) as container:
            if not container.streams.video:
                raise RefusedFileError("the clip has no pictures: send one with a picture track")
            stream = container.streams.video[0]
            stream.codec_context.thread_count = 1
            width, height = stream.codec_context.width, stream.codec_context.height
            if not 0 < width * height <= most_pixels:
                raise RefusedFileError(f"the clip has {width}x{height} pixels: send a smaller one")
            rate, count, seen = stream.average_rate, 0, None
            for packet in container.demux(stream):
                count += packet.size > 0
                seen = seen or next(iter(packet.decode()), None)
                if count > most_frames:
                    raise RefusedFileError(f"the clip has more than {most_frames} frames: send a shorter one")
    except (av.FFmpegError, ValueError, TypeError, IndexError, OverflowError):
        raise RefusedFileError("the clip is damaged: save it again as MP4 in H.264") from None
    if seen is None or not rate:
        raise RefusedFileError("the clip holds no picture that can be shown: save it again as MP4 in H.264")
    return {"width": width, "height": height, "num_frames": count, "frame_rate": str(rate)}


def main() -> None:
    """Look, and say it."""
    memory_bytes, cpu_s, path, most_pixels, most_frames = sys.argv[1:]
    bind(int(memory_bytes), int(cpu_s))
    try:
        answer = look(path, int(most_pixels), int(most_frames))
    except RefusedFileError as error:
        answer = {"problem": str(error)}
    except MemoryError:
        answer = {"problem": "the file needs too much memory to be read: send a smaller one"}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
