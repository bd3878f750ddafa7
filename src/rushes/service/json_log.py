"""What the server and its workers have to say, one JSON object a line."""

import json
import logging
import sys

from rushes.service.tracing import CURRENT


def log_as_json() -> None:
    """One JSON object a line on stderr; what libraries say and warn of too."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    logging.captureWarnings(True)
    # Says what is in our own lines already.
    logging.getLogger("uvicorn").setLevel(logging.WARNING)


def _content(record: logging.LogRecord) -> dict[str, object]:
    """A request's fields as they are, anything else as a message."""
    if record.name in ("rushes.http", "rushes.worker") and isinstance(record.args, dict):
        return dict(record.args)
    return {"message": record.getMessage()}


def _trace() -> dict[str, object]:
    """Which trace a line belongs to, where it is written within a request."""
    trace = CURRENT.get()
    return {} if trace is None else {"trace_id": trace.trace_id}


class JsonLines(logging.Formatter):
    """A record as one JSON object."""

    def format(self, record: logging.LogRecord) -> str:
        """Of an error the kind and place alone: its words may repeat a prompt."""
        line = {
            "time": round(record.created, 3),
            "level": record.levelname.lower(),
            "from": record.name,
            **_trace(),
            **_content(record),
        }
        if record.exc_info and record.exc_info[0]:
            trace = record.exc_info[2]
            while trace and trace.tb_next:
                trace = trace.tb_next
            where = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else ""
            line["error"] = f"{record.exc_info[0].__name__} at {where}"
        return json.dumps(line, ensure_ascii=False)
