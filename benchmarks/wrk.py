"""One run of wrk, pinned to a core of its own, and what it says."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import peers

SERVER_CORE, LOAD_CORE = 0, 1

# The request never changes: wrk then builds it once.
_SAME = """
wrk.method, wrk.body = "POST", {body}
for name, value in pairs({headers}) do wrk.headers[name] = value end
"""
# By turns: a consumer opens a conversation, and closes it once the answer has said which one it is. Consumers
# come one after the other, each with a token of its own.
_IN_TURN = """
local tokens, consumer, closing, asked = {tokens}, 0, {{}}, {{}}
local headers = {headers}
function request()
  local at = table.remove(closing)
  if at then
    headers["X-LP-ON-BEHALF"] = at.token
    return wrk.format("POST", "{send}", headers, ({close}):format(at.conversation))
  end
  consumer = consumer % #tokens + 1
  asked[tostring(consumer)] = tokens[consumer]
  headers["X-LP-ON-BEHALF"] = tokens[consumer]
  return wrk.format("POST", "{conversation}", headers, ({open}):format(consumer))
end
function response(status, headers, body)
  local conversation, id = body:match('"conversationId": ?"([^"]+)"}}, ?"reqId": ?"([^"]+)"')
  if conversation then
    table.insert(closing, {{conversation = conversation, token = asked[id] or tokens[1]}})
  end
end
"""
_DONE = """
function done(summary, latency)
  local e = summary.errors
  local failed = e.status + e.connect + e.read + e.write + e.timeout
  local said = "DONE {{'requests': %d, 'seconds': %.6f, 'p50': %.3f, 'p99': %.3f, 'failed': %d}}\\n"
  local p50, p99 = latency:percentile(50) / 1e3, latency:percentile(99) / 1e3
  io.write(said:format(summary.requests, summary.duration / 1e6, p50, p99, failed))
end
"""


class Sample(NamedTuple):
    """One run: how many requests in how many seconds, latencies in milliseconds, and what went wrong."""

    requests: int
    seconds: float
    p50: float
    p99: float
    failed: int

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


def same(headers: Mapping[str, str], body: str) -> str:
    """A script that sends one request again and again."""
    return _SAME.format(body=_lua(body), headers=_table(headers)) + _DONE.format()


def in_turn(
    headers: Mapping[str, str], tokens: list[str], paths: Mapping[str, str], bodies: Mapping[str, str]
) -> str:
    """A script that opens conversations and closes them; ``bodies`` have a ``%s`` where they differ."""
    listed = "{" + ", ".join(map(_lua, tokens)) + "}"
    bodies = {name: _lua(body) for name, body in bodies.items()}
    return _IN_TURN.format(tokens=listed, headers=_table(headers), **paths, **bodies) + _DONE.format()


def run(base_url: str, path: str, script: str, *, seconds: int, connections: int) -> Sample:
    """Send for so many seconds over so many connections, from one thread."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "requests.lua"
        file.write_text(script, encoding="utf-8")
        command = [
            peers.wrk(),
            "-t1",
            f"-c{connections}",
            f"-d{seconds}s",
            "-s",
            str(file),
            base_url + path,
        ]
        done = subprocess.run(pinned(command, LOAD_CORE), capture_output=True, text=True, check=True)
    line = next(line for line in done.stdout.splitlines() if line.startswith("DONE "))
    return Sample(**json.loads(line.removeprefix("DONE ").replace("'", '"')))


def pinned(command: list[str], core: int) -> list[str]:
    """The command on one core, where the system can do that and has more than one."""
    can = hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > core
    return ["taskset", "-c", str(core), *command] if can else command


def _lua(text: str) -> str:
    return json.dumps(text)


def _table(values: Mapping[str, str]) -> str:
    def entries() -> Iterator[str]:
        for name, value in values.items():
            yield f"[{_lua(name)}] = {_lua(value)}"

    return "{" + ", ".join(entries()) + "}"
