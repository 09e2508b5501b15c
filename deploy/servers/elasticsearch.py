"""Elasticsearch as a single node, from Maven Central's minimal distribution. It refuses root: see `other_user`."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import orjson

from deploy.probes import ask
from deploy.servers.base import LOOPBACK, Command, Server, free_ports
from deploy.servers.java import IGNORED, QUICK_START
from deploy.servers.other_user import Seat, take_seat

_LEFT_OUT = re.compile(r"jdk\.incubator\.vector|^-Xlog:gc")  # the small Java has neither that module nor that log's use
_LOGGING = """\
appender.console.type=Console
appender.console.name=console
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=[%d{ISO8601}][%-5p][%-25c{1.}] %m%n
rootLogger.level=info
rootLogger.appenderRef.console.ref=console
"""


@dataclass(frozen=True)
class _Paths:
    """Where a node's things lie; all below one folder, which its user owns."""

    top: Path

    @property
    def config(self) -> Path:
        return self.top / "config"

    @property
    def tmp(self) -> Path:
        return self.top / "tmp"


def elasticsearch(data: Path, home: Callable[[], Path], java: Path, heap_mb: int = 512) -> Server:
    """A node below `data`; `home()` gives the unpacked distribution once it is fetched."""
    ports = free_ports(2)

    def seat() -> Seat:
        return take_seat(data / "elasticsearch", home(), java)

    def prepare() -> None:
        seat_ = seat()
        paths = _Paths(seat_.data)
        for folder in (paths.config, paths.tmp, paths.top / "data", paths.top / "logs"):
            folder.mkdir(parents=True, exist_ok=True)
        _configure(paths, seat_.home, ports)
        seat_.hand_over()

    def command() -> Command:
        seat_ = seat()
        paths = _Paths(seat_.data)
        env = {
            "ES_JAVA_HOME": str(seat_.java),
            "ES_PATH_CONF": str(paths.config),
            "ES_TMPDIR": str(paths.tmp),
            "ES_JAVA_OPTS": " ".join((f"-Xms{heap_mb}m", f"-Xmx{heap_mb}m", "-XX:-AlwaysPreTouch", *QUICK_START)),
            "CLI_JAVA_OPTS": "-XX:-UsePerfData -XX:TieredStopAtLevel=1",
            "HOME": str(paths.tmp),
        }
        argv = (*seat_.prefix, str(seat_.home / "bin" / "elasticsearch"))
        return Command(argv, env, without=IGNORED, cwd=paths.top, user=seat_.user)

    return Server(
        name="elasticsearch",
        address=f"http://{LOOPBACK}:{ports[0]}",
        ports=ports,
        data=data / "elasticsearch",
        prepare=prepare,
        command=command,
        ready=lambda: _ready(ports[0]),
    )


def _configure(paths: _Paths, home: Path, ports: tuple[int, ...]) -> None:
    shipped = home / "config"
    options = (shipped / "jvm.options").read_text(encoding="utf-8").splitlines()
    kept = [line for line in options if not _LEFT_OUT.search(line)]
    (paths.config / "jvm.options").write_text("\n".join(kept) + "\n", encoding="utf-8")
    (paths.config / "jvm.options.d").mkdir(exist_ok=True)
    (paths.config / "log4j2.properties").write_text(_LOGGING, encoding="utf-8")
    for name in ("role_mapping.yml", "roles.yml", "users", "users_roles"):
        if (shipped / name).is_file():
            shutil.copyfile(shipped / name, paths.config / name)
    settings = {
        "cluster.name": "huanliu",
        "node.name": "huanliu-1",
        "path.data": f'"{paths.top / "data"}"',
        "path.logs": f'"{paths.top / "logs"}"',
        "network.host": LOOPBACK,
        "http.port": ports[0],
        "transport.port": ports[1],
        "discovery.type": "single-node",
        "xpack.security.enabled": "false",
        # Percentages of the whole disk say nothing about one small node that shares it.
        "cluster.routing.allocation.disk.threshold_enabled": "false",
    }
    text = "".join(f"{name}: {value}\n" for name, value in settings.items())
    (paths.config / "elasticsearch.yml").write_text(text, encoding="utf-8")


def _ready(port: int) -> bool:
    """Whether the node has elected itself and recovered its indices."""
    answer = ask(f"http://{LOOPBACK}:{port}/_cluster/health")
    return answer is not None and answer[0] == 200 and orjson.loads(answer[1])["status"] in ("yellow", "green")
