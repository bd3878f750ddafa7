"""A trace from the caller's header to the last stage, in logs and in spans; nothing when off."""

import json
import logging
import subprocess
import sys
import time

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.testclient import TestClient

from rushes.service.app import make_app
from rushes.service.crew import Crew
from rushes.service.json_log import JsonLines
from rushes.service.spans import OtelSpans
from rushes.service.tracing import CURRENT, Trace, read_traceparent
from rushes.studio.worker import Patience

TRACE_ID, SPAN_ID = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
GIVEN = f"00-{TRACE_ID}-{SPAN_ID}-01"


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (GIVEN, Trace(TRACE_ID, SPAN_ID, "01")),
        (f"00-{TRACE_ID}-{SPAN_ID}-00", Trace(TRACE_ID, SPAN_ID, "00")),
        (f"cc-{TRACE_ID}-{SPAN_ID}-01-later", Trace(TRACE_ID, SPAN_ID, "01")),
        (f"ff-{TRACE_ID}-{SPAN_ID}-01", None),
        (f"00-{TRACE_ID}-{SPAN_ID}-01-more", None),
        (f"00-{'0' * 32}-{SPAN_ID}-01", None),
        (f"00-{TRACE_ID}-{'0' * 16}-01", None),
        (f"00-{TRACE_ID.upper()}-{SPAN_ID}-01", None),
        ("", None),
        ("nonsense", None),
    ],
)
def test_headers_are_read_as_the_standard_says(header, expected):
    assert read_traceparent(header) == expected


def make(client, house, **headers):
    made = client.post("/v1/videos", json={"prompt": "a secret fox"}, headers=headers).json()
    team = client.app.state.crew
    team.start()
    ends = time.monotonic() + 120
    state = ""
    while state not in ("succeeded", "failed") and time.monotonic() < ends:
        time.sleep(0.1)
        state = client.get(f"/v1/jobs/{made['job_id']}").json()["state"]
    team.stop(10.0)
    assert state == "succeeded"
    return made["job_id"]


def test_one_trace_from_the_request_to_the_last_stage(house, caplog):
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    object.__setattr__(house, "spans", OtelSpans(provider))
    team = Crew(house, 1, Patience(beat_s=0.2, grace_s=2.0))
    client = TestClient(make_app(house, team))
    with caplog.at_level(logging.INFO, logger="rushes.worker"):
        job_id = make(client, house, traceparent=GIVEN)
    spans = [span for span in exporter.get_finished_spans() if span.context.trace_id == int(TRACE_ID, 16)]
    names = [span.name for span in spans]
    assert names[:2] == ["submit", "POST /v1/videos"]
    assert set(names) >= {"claim", "attempt", "stage enhance", "stage generate", "stage finish"}
    by_name = {span.name: span for span in spans}
    request = by_name["POST /v1/videos"]
    assert request.parent.span_id == int(SPAN_ID, 16)
    assert by_name["attempt"].parent.span_id == request.context.span_id
    assert by_name["stage generate"].parent.span_id == by_name["attempt"].context.span_id
    assert "secret" not in "".join(span.to_json() for span in spans)

    lines = [record.args for record in caplog.records if record.name == "rushes.worker"]
    assert {line["trace_id"] for line in lines} == {TRACE_ID}
    assert {line["job_id"] for line in lines} == {job_id}
    assert lines[0]["event"] == "claimed"
    assert lines[-1]["outcome"] == "done"
    stages = [line["stage"] for line in lines if line["event"] == "stage"]
    assert stages == ["enhance", "gate", "generate", "finish", "check", "label"]

    text = client.app.state.meter.text().decode()
    assert 'rushes_stage_duration_seconds_count{stage="generate"} 1.0' in text
    assert 'rushes_job_duration_seconds_count{outcome="done"} 1.0' in text
    assert "rushes_job_wait_seconds_count 1.0" in text
    assert 'rushes_gpu_seconds_total{model="mini",outcome="succeeded"}' in text


def test_a_log_line_within_a_request_has_its_trace():
    token = CURRENT.set(Trace(TRACE_ID, SPAN_ID))
    try:
        record = logging.LogRecord("rushes.http", logging.INFO, "", 0, "%(route)s", ({"route": "/v1"},), None)
        line = json.loads(JsonLines().format(record))
    finally:
        CURRENT.reset(token)
    assert (line["trace_id"], line["route"]) == (TRACE_ID, "/v1")


def test_without_a_collector_no_part_of_opentelemetry_that_records_is_loaded():
    # FastAPI loads the interface by itself where it is there, which does nothing.
    code = "import sys, rushes.service.server; print('opentelemetry.sdk' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_jobs_carry_a_trace_even_when_nobody_asked_for_one(client, house):
    client.post("/v1/videos", json={"prompt": "a fox"})
    with house.store.read() as connection:
        from rushes.studio.schema import jobs  # noqa: PLC0415

        payload = connection.execute(jobs.select()).mappings().one()["payload"]
    assert read_traceparent(payload["traceparent"]) is not None
