"""Returns of regions: their files are there and are those that were told of, and a schedule stands behind what it asked for."""

from __future__ import annotations

from collections.abc import Iterator

from deploy.audit.difference import Difference, compared, missing
from deploy.audit.evidence import Evidence
from shared.mongo import Row


def reports(evidence: Evidence) -> Iterator[Difference]:
    """What a report names is kept, and no file lies there for nothing."""
    expected: dict[str, Row] = {}
    schedules = evidence.table("regions", "report_schedules")
    for identifier, report in evidence.table("regions", "reports").items():
        for name, digest in report["files"].items():
            expected[f"{identifier}.{name}"] = {"report_id": identifier, "sha256": digest}
        if report["status"] == "done" and not report["files"]:
            yield Difference("regions.reports", identifier, "files", "some", "none")
        if report["schedule_id"] is not None and report["schedule_id"] not in schedules:
            yield missing("regions.report_schedules", report["schedule_id"], f"report {identifier} was made by it")
    yield from compared("regions.report_files", expected, evidence.table("regions", "report_files"), "regions.reports")
