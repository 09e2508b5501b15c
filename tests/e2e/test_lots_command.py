"""`huanliu lots`: a yard's spreadsheet goes into a whole instance, is searchable, and comes out again."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import uuid4

import pytest

from tests.fixtures.live import PASSWORD, Live, huanliu, lot_of
from tests.fixtures.sheets import A_YARDS_SHEET, MERGED, csv_of, xlsx_of

pytestmark = [pytest.mark.mongodb, pytest.mark.kafka, pytest.mark.elasticsearch]


def test_a_yards_sheet_through_the_command(live: Live, tmp_path: Path) -> None:
    email = f"yard-{uuid4().hex[:8]}@huanliu.example"
    said = ("--role", "collector", "--email", email, "--name", "江城", "--region", "420100", "--password-stdin")
    made = huanliu("users", "create", *said, data=live.data, stdin=PASSWORD)
    seller = live.sign_in(email, "collector", json.loads(made.stdout)["organisation_id"])
    live.with_site(seller, 30.6, 114.3, "420100")
    seller.ok("POST", "/v1/lots", lot_of(seller, publish=False))
    rows = [[cell if cell != "一号场" else "演示场站" for cell in row] for row in A_YARDS_SHEET]
    sheet, csv_sheet = tmp_path / "货源.xlsx", tmp_path / "货源.csv"
    sheet.write_bytes(xlsx_of(rows, MERGED))
    csv_sheet.write_bytes(csv_of(rows, "gb18030"))
    who = ("--email", email, "--password-stdin")

    dry = huanliu("lots", "import", str(csv_sheet), "--dry-run", "--json", *who, data=live.data, stdin=PASSWORD)
    result = json.loads(dry.stdout)
    assert (dry.returncode, result["rows_accepted"], result["rows_rejected"]) == (1, 4, 2), dry.stderr

    real = huanliu("lots", "import", str(sheet), "--publish", *who, data=live.data, stdin=PASSWORD)
    assert real.returncode == 1, real.stderr
    assert "4 rows accepted" in real.stdout and "重非" in real.stdout and "steel.hms1" in real.stdout
    mended = (tmp_path / "货源.rejected.csv").read_text("utf-8-sig").replace("重非", "重废").replace(",99,", ",1,")
    (tmp_path / "mended.csv").write_text(mended.replace("两车,,", "两车,30,"), "utf-8")
    again = huanliu("lots", "import", str(tmp_path / "mended.csv"), "--publish", *who, data=live.data, stdin=PASSWORD)
    assert again.returncode == 0, again.stdout + again.stderr

    found = "/v1/search/lots?grade=steel.light&sort=newest&limit=200"  # whatever is promised of it meanwhile
    seller.until(found, lambda body: any(item["seller_id"] == seller.organisation_id for item in body["items"]))
    out = tmp_path / "export.xlsx"
    assert huanliu("lots", "export", str(out), *who, data=live.data, stdin=PASSWORD).returncode == 0
    exported = huanliu("lots", "import", str(out), "--dry-run", "--json", *who, data=live.data, stdin=PASSWORD)
    assert (exported.returncode, json.loads(exported.stdout)["rows_accepted"]) == (0, 7), exported.stdout


def test_refusals_are_sentences(live: Live, tmp_path: Path) -> None:
    file = tmp_path / "x.csv"
    file.write_text("a,b\n")
    for arguments, advice in (
        (("import", str(tmp_path / "none.csv")), "No such file"),
        (("import", str(file)), "--email"),
        (("export", str(tmp_path / "x.ods")), ".csv or .xlsx"),
        (("import", str(file), "--email", "no@huanliu.example", "--password-stdin"), "401"),
    ):
        done = huanliu("lots", *arguments, data=live.data, stdin="wrong password")
        assert (done.returncode, advice in done.stderr) == (1, True), done.stderr
