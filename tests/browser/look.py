"""Takes pictures of pages for people to look at: `python -m tests.browser.look PATH… [--address URL] [--as EMAIL]`.

Each path at 360, 768 and 1,440 px, light and dark, in both languages, whole pages, into `tests/browser/pictures/`. `--as` signs
in first (with `--password`, by default the demo's). `--only phone-light-zh` takes fewer. The instance is whatever runs at the
address.
"""

from __future__ import annotations

import argparse
import re
import sys
from itertools import product
from pathlib import Path

from playwright.sync_api import sync_playwright

from tests.browser.chromium import FLAGS, executable
from tests.browser.conftest import WIDTHS, Windows

FOLDER = Path(__file__).parent / "pictures"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.browser.look", description=__doc__)
    parser.add_argument("paths", nargs="+")
    parser.add_argument("--address", default="http://127.0.0.1:8080")
    parser.add_argument("--as", dest="email", default="")
    parser.add_argument("--password", default="huanliu-demo")
    parser.add_argument("--only", default="", help="part of a name, as phone-light-zh or -en")
    asked = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable(), args=FLAGS)
        windows = Windows(browser, asked.address)
        for width, theme, language in product(WIDTHS, ("light", "dark"), ("zh", "en")):
            kind = f"{width}-{theme}-{language}"
            if asked.only not in kind:
                continue
            window = windows(width, language, theme)
            if asked.email:
                window.sign_in(asked.email, asked.password)
            for path in asked.paths:
                window.open(path)
                window.page.wait_for_timeout(300)
                name = re.sub(r"[^\w.-]+", "-", path).strip("-") or "home"
                picture = FOLDER / f"{name}.{kind}.png"
                window.page.screenshot(path=picture, full_page=True)
                sys.stdout.write(f"{picture}\n")
        browser.close()


if __name__ == "__main__":
    main()
