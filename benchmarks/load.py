"""The load engine beside Locust's FastHttpUser and wrk, how punctual it is, and what a freeze looks like.

The same server for all, nginx with fixed answers, on one core; whoever sends on another; in turn, in one run.
Ours opens, sends and closes conversations, with every phase measured and histograms kept; Locust and wrk only
send. ``python benchmarks/peers.py`` installs Locust; nginx and wrk are those of the system. ``python
benchmarks/load.py 7`` says how many rounds there are; that takes four minutes.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import peers
from measured import Measured, show, show_machine, show_versions

from connectorkit.client import Client
from connectorkit.load.options import Options
from connectorkit.load.running import Part, run
from connectorkit.load_report import LoadReport
from connectorkit.log import Log
from connectorkit.redact import Secret
from connectorkit.settings import Settings

HERE = Path(__file__)
ROUNDS, SECONDS = 7, 3
ACCOUNT = "12345678"
SENT = {"code": "OK", "body": {"sequence": 0}, "reqId": "1"}
OPENED = [
    {"code": "OK", "body": {}, "reqId": "1"},
    {"code": "OK", "body": {"conversationId": "c-1"}, "reqId": "1"},
]
SERVICES = ("sentinel", "idp", "asyncMessagingEnt")
NGINX = """
worker_processes 1; daemon off; pid {folder}/pid; error_log {folder}/error.log crit;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 1000000000; keepalive_timeout 600s; default_type application/json;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{ listen 127.0.0.1:{port}; {locations} }}
}}
"""


def cores() -> tuple[int, int]:
    """One for the server, another for whoever sends."""
    mine = sorted(os.sched_getaffinity(0))
    if len(mine) < 2:
        sys.exit("Two cores are needed: one for the server, one for the load.")
    return mine[0], mine[1]


def answers(port: int) -> dict[str, Any]:
    """Path, as the end of a pattern, and the fixed answer."""
    hosts = [{"service": name, "account": ACCOUNT, "baseURI": f"127.0.0.1:{port}"} for name in SERVICES]
    return {
        "baseURI.json$": {"baseURIs": hosts},
        "/app/token$": {"access_token": "app-token-of-the-benchmark", "token_type": "Bearer"},
        "/consumer$": {"token": "token-of-a-consumer"},
        "/conversation/send$": SENT,
        "/conversation$": OPENED,
    }


@contextlib.contextmanager
def nginx() -> Iterator[int]:
    """The quickest server there is for fixed answers; its port."""
    if shutil.which("nginx") is None:
        raise peers.Missing("Install nginx: a server that is quicker than everybody who sends.")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as folder:
        locations = "".join(
            f"location ~ {path} {{ return 200 '{json.dumps(body)}'; }} "
            for path, body in answers(port).items()
        )
        config = Path(folder) / "nginx.conf"
        config.write_text(NGINX.format(folder=folder, port=port, locations=locations))
        process = pinned(["nginx", "-c", str(config)], cores()[0], stderr=subprocess.DEVNULL)
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.05)
        yield port
        process.terminate()
        process.wait()


def pinned(command: list[str], core: int, **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, {core}),
        **options,
    )


def output(command: list[str]) -> str:
    """What a sender prints, on its own core."""
    process = pinned(command, cores()[1], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    said, _ = process.communicate()
    if process.returncode:
        sys.exit(f"{' '.join(command)} failed.")
    return said


def sent(port: int, **options: Any) -> LoadReport:
    """A run of ours, in this process."""
    known = Settings(ACCOUNT, "app-1", Secret("x" * 26), f"http://127.0.0.1:{port}", "http")
    with Client(known, log=Log(":memory:")) as client:
        return LoadReport.merged([run(client, Part(known, Options(seed=1, **options), "nginx"))])


def ours(port: int, connections: int) -> float:
    """Requests a second, as fast as they go."""
    return float(output([sys.executable, str(HERE), "--send", str(port), str(connections)]))


def locust(port: int, users: int) -> float:
    """Requests a second of Locust, from its first to its last."""
    user = str(HERE.with_name("locust_user.py"))
    command = [peers.locust(), "-f", user, "--host", f"http://127.0.0.1:{port}", "--headless", "--json"]
    said = output([*command, "-u", str(users), "-r", str(users), "-t", f"{SECONDS}s"])
    (entry,) = json.loads(said[said.index("[\n") if "[\n" in said else said.index("[") :])
    return float(entry["num_requests"] / (entry["last_request_timestamp"] - entry["start_time"]))


def wrk(port: int, connections: int) -> float:
    """Requests a second of wrk, which is written in C and measures no phases."""
    url = f"http://127.0.0.1:{port}/api/account/{ACCOUNT}/messaging/consumer/conversation/send?v=3"
    said = output(["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}", url])
    return float(said.partition("Requests/sec:")[2].split()[0])


def versus(name: str, peer: Any, port: int, connections: int, rounds: int, claim: float | None) -> Measured:
    pairs = [(ours(port, connections), peer(port, connections)) for _ in range(rounds)]
    ratios = [mine / theirs for mine, theirs in pairs]
    mine, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    return Measured(
        f"requests a second, {connections} connections",
        f"{mine:,.0f}/s",
        f"{name} {theirs:,.0f}/s",
        ratios,
        "none" if claim is None else f"≥ {claim:g}",
        claim is None or statistics.median(ratios) >= claim,
    )


def punctual(port: int, rounds: int) -> Measured:
    """How late the engine wakes up for an arrival, of a thousand a second."""
    found = []
    for _ in range(rounds):
        command = [sys.executable, str(HERE), "--lateness", str(port)]
        found.append(float(output(command)))
    middle = statistics.median(found)
    name = "schedule error, p99 at 1,000/s"
    return Measured(name, f"{middle:.3f} ms", "1 ms", found, "≤ 1", middle <= 1)


def frozen() -> Measured:
    """A server that freezes for five seconds in a minute at 100 requests a second."""
    with freezing(after=2000, seconds=5.0) as port:
        made = sent(port, rate=100.0, seconds=60.0, timeout=30.0)
    corrected, uncorrected = made.latency.percentile(99), made.uncorrected.percentile(99)
    return Measured(
        "p99 with a freeze of 5 s, from when due",
        f"{corrected:,.0f} ms",
        f"from when sent {uncorrected:.3g} ms",
        [corrected / uncorrected],
        "> 3.5 s",
        corrected > 3500 and corrected > 10 * uncorrected,
    )


@contextlib.contextmanager
def freezing(after: int, seconds: float) -> Iterator[int]:
    """A small server of fixed answers that stands still once, with all its connections."""
    seen, loop, ready = [0], asyncio.new_event_loop(), threading.Event()
    place: dict[str, int] = {}

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                _, found, length = head.lower().partition("content-length: ")
                await reader.readexactly(int(length.split("\r\n")[0]) if found else 0)
                seen[0] += 1
                if seen[0] == after:
                    time.sleep(seconds)
                path = head.split()[1].partition("?")[0]
                known = answers(place["port"]).items()
                body = json.dumps(next(body for end, body in known if path.endswith(end[:-1]))).encode()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    async def serve() -> None:
        server = await asyncio.start_server(talk, "127.0.0.1", 0)
        place["port"] = server.sockets[0].getsockname()[1]
        ready.set()

    async def end() -> None:
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def work() -> None:
        loop.run_until_complete(serve())
        loop.run_forever()
        loop.run_until_complete(end())
        loop.close()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    ready.wait()
    yield place["port"]
    loop.call_soon_threadsafe(loop.stop)
    thread.join()


def measured(rounds: int = ROUNDS) -> Iterator[Measured]:
    """Each line as it is ready."""
    with nginx() as port:
        for connections in (32, 128):
            yield versus("Locust FastHttpUser", locust, port, connections, rounds, 4)
        if shutil.which("wrk"):
            yield versus("wrk", wrk, port, 32, rounds, None)
        yield punctual(port, rounds)
    yield frozen()


def main(arguments: list[str]) -> None:
    if arguments[:1] == ["--send"]:
        port, connections = map(int, arguments[1:])
        made = sent(port, rate=None, seconds=float(SECONDS), connections=connections)
        assert not made.errors, made
        print(made.per_second)
    elif arguments[:1] == ["--lateness"]:
        print(sent(int(arguments[1]), rate=1000.0, seconds=float(SECONDS)).schedule_error.percentile(99))
    else:
        try:
            for line in measured(int(arguments[0]) if arguments else ROUNDS):
                show(line)
        except peers.Missing as missing:
            sys.exit(str(missing))
        show_versions()
        print(peers.versions())
        show_machine()


if __name__ == "__main__":
    main(sys.argv[1:])
