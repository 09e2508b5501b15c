"""Tests in a real browser: `conftest.py` has the instance and the Chromium, `people.py` those who sign in, `checks.py` what
must hold of every page; `python -m tests.browser.look PATH…` takes pictures for people to look at."""
