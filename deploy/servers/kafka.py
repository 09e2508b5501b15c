"""Apache Kafka in KRaft mode, broker and controller in one process, from Maven Central's jars."""

from __future__ import annotations

import shutil
import socket
import struct
import subprocess
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path

from deploy.errors import CannotGoOn
from deploy.servers.base import LOOPBACK, Command, Server, free_ports
from deploy.servers.java import IGNORED, QUICK_START
from shared.settings import environment

_LOGGING = """\
appenders=console
appender.console.type=Console
appender.console.name=STDOUT
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=%d{ISO8601} %p %c{1}: %m%n
rootLogger.level=INFO
rootLogger.appenderRefs=console
rootLogger.appenderRef.console.ref=STDOUT
logger.kafka.name=org.apache.kafka
logger.kafka.level=WARN
logger.scala.name=kafka
logger.scala.level=WARN
logger.server.name=kafka.server
logger.server.level=INFO
"""


def kafka(data: Path, jars: Callable[[], Path], java: Path, heap_mb: int = 384) -> Server:
    """A broker below `data`; `jars()` gives the folder of its jars once they are fetched."""
    ports = free_ports(2)
    folder = data / "kafka"
    config = folder / "server.properties"

    def run(heap: int, main: str, *arguments: str) -> Command:
        classes = str(jars() / "*")
        options = (
            f"-Xms{heap // 2}m", f"-Xmx{heap}m", "-XX:+UseSerialGC", *QUICK_START, "-Djava.awt.headless=true",
            "-XX:+ExitOnOutOfMemoryError", f"-Dlog4j2.configurationFile={folder / 'log4j2.properties'}",
        )  # fmt: skip
        return Command((str(java / "bin" / "java"), *options, "-cp", classes, main, *arguments), without=IGNORED, cwd=folder)

    def prepare() -> None:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "log4j2.properties").write_text(_LOGGING, encoding="utf-8")
        config.write_text(_properties(folder / "log", *ports), encoding="utf-8")
        if not (folder / "log" / "meta.properties").is_file():
            shutil.rmtree(folder / "log", ignore_errors=True)
            _format(run(128, "kafka.tools.StorageTool", "format", "-t", _cluster_id(), "-c", str(config)))

    return Server(
        name="kafka",
        address=f"{LOOPBACK}:{ports[0]}",
        ports=ports,
        data=folder,
        prepare=prepare,
        command=lambda: run(heap_mb, "kafka.Kafka", str(config)),
        ready=lambda: _ready(ports[0]),
    )


def _cluster_id() -> str:
    """One that the tool does not take for an option: every 64th would begin with a hyphen."""
    made = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
    return _cluster_id() if made.startswith("-") else made


def _format(command: Command) -> None:
    env = environment(command.env, command.without)
    done = subprocess.run(command.argv, env=env, cwd=command.cwd, capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise CannotGoOn(f"Kafka could not prepare its folder: {(done.stderr or done.stdout).strip()[-400:]}")


def _properties(log: Path, port: int, controller: int) -> str:
    """Small buffers and few threads, for a broker of one; brief sessions, so that it is soon back after a kill."""
    settings = {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@{LOOPBACK}:{controller}",
        "listeners": f"PLAINTEXT://{LOOPBACK}:{port},CONTROLLER://{LOOPBACK}:{controller}",
        "advertised.listeners": f"PLAINTEXT://{LOOPBACK}:{port}",
        "controller.listener.names": "CONTROLLER",
        "inter.broker.listener.name": "PLAINTEXT",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "log.dirs": str(log).replace("\\", "\\\\"),
        "auto.create.topics.enable": "false",
        "offsets.topic.replication.factor": 1,
        "offsets.topic.num.partitions": 4,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "transaction.state.log.num.partitions": 1,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        "share.coordinator.state.topic.num.partitions": 1,
        "group.initial.rebalance.delay.ms": 0,
        "broker.session.timeout.ms": 3000,
        "broker.heartbeat.interval.ms": 500,
        "num.network.threads": 2,
        "num.io.threads": 4,
        "num.replica.fetchers": 1,
        "num.recovery.threads.per.data.dir": 2,
        "background.threads": 4,
        "log.cleaner.dedupe.buffer.size": 8 * 1024 * 1024,
        "log.segment.bytes": 128 * 1024 * 1024,
        "log.index.size.max.bytes": 1024 * 1024,
        "controlled.shutdown.enable": "false",
    }
    return "".join(f"{name}={value}\n" for name, value in settings.items())


def _ready(port: int) -> bool:
    """Whether the broker names itself in its metadata, which it does once the controller has let it in.

    One Metadata request, version 1, asking for no topic; its answer is a correlation id and the list of brokers.
    """
    request = struct.pack(">hhihi", 3, 1, 1, -1, 0)
    try:
        with socket.create_connection((LOOPBACK, port), timeout=1) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            with connection.makefile("rb") as answer:
                head = answer.read(12)
    except OSError:
        return False
    return len(head) == 12 and bool(struct.unpack(">iii", head)[2] > 0)
