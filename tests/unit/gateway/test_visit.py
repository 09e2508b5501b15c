"""A form over something that another changes meanwhile."""

from __future__ import annotations

from typing import Any, cast

import orjson
import pytest
from flask import Request
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder

from gateway.console import pages
from gateway.console.client import Reply
from gateway.console.visit import Form, Visit

Typed = dict[str, str]
STALE = b'{"type": "stale-version", "status": 412, "detail": "read it again"}'


class Kept:
    """The API with one thing in it, of which every field may be typed."""

    def __init__(self, **fields: str) -> None:
        self.fields, self.version = fields, 1

    def get(self, path: str) -> Reply:
        return Reply(200, {"etag": f'"{self.version}"'}, orjson.dumps(self.fields))

    def patch(self, path: str, body: Typed, etag: str) -> Reply:
        if etag != f'"{self.version}"':
            return Reply(412, {"content-type": "application/problem+json"}, STALE)
        self.fields, self.version = self.fields | body, self.version + 1
        return self.get(path)


def opened(kept: Kept) -> Form:
    form = Form()
    form.begin(kept.get("/x"), kept.fields)
    return form


def sent(kept: Kept, form: Form, **typed: str) -> Form:
    """As a browser sends it, with everything that the form shows."""
    area = pages.AREAS[0]
    visit = Visit(cast(Any, None), Request(EnvironBuilder("/x").get_environ()), area, area.pages[0], (), None)
    visit.__dict__["api"] = kept
    answer = Form({**form.values, **typed})
    answer.begin(kept.get("/x"), kept.fields)
    reply = visit.change("/x", {name: answer.value(name) for name in kept.fields}, answer, dict)
    return answer if reply.is_ok else answer.refuse(reply)


def test_a_change_over_what_was_read_is_made() -> None:
    kept = Kept(price="100", note="a")
    assert not sent(kept, opened(kept), price="120").is_faulty
    assert kept.fields == {"price": "120", "note": "a"}


def test_what_another_changed_is_said_and_sending_again_keeps_both() -> None:
    kept = Kept(price="100", note="a", place="w")
    mine, other = opened(kept), opened(kept)
    sent(kept, other, price="90", note="b")
    refused = sent(kept, mine, price="120")
    assert refused.is_faulty and kept.fields["price"] == "90"
    assert refused.moved == {"price": "90", "note": "b"}
    assert (refused.value("price"), refused.value("note"), refused.value("place")) == ("120", "b", "w")
    assert not sent(kept, refused).is_faulty
    assert kept.fields == {"price": "120", "note": "b", "place": "w"}


def test_a_box_that_the_other_took_out_is_out() -> None:
    kept = Kept(whole="yes", price="1")
    mine = opened(kept)
    kept.fields, kept.version = {"price": "1"}, 2
    refused = sent(kept, mine, price="2")
    assert refused.moved == {"whole": ""} and refused.value("whole") == ""


def test_a_new_version_in_which_nothing_of_the_form_is_new_is_no_hindrance() -> None:
    kept = Kept(price="100")
    mine = opened(kept)
    kept.version += 3
    assert not sent(kept, mine, price="120").is_faulty
    assert kept.fields == {"price": "120"}


def test_lines_are_the_same_however_the_browser_ends_them() -> None:
    kept = Kept(note="one\ntwo", price="1")
    mine = opened(kept)
    sent(kept, opened(kept), note="three")
    assert sent(kept, mine, note="one\r\ntwo", price="2").value("note") == "three"


@given(st.text())
def test_what_a_form_says_it_was_opened_with_may_be_anything(text: str) -> None:
    kept = Kept(price="100")
    assert sent(kept, Form({"etag": '"0"', "opened": text}), price="120").value("price") == "120"


def refused(status: int, problem: Any, **typed: str) -> Form:
    reply = Reply(status, {"content-type": "application/problem+json"}, orjson.dumps(problem))
    return Form(typed).refuse(reply, known=("price",))


def test_a_refusal_is_a_sentence_whatever_it_is_about() -> None:
    errors = [
        {"pointer": "/price", "message": "too dear"},
        {"pointer": "/lot_id", "message": "no such lot"},
        {"pointer": "", "message": "nothing would change"},
    ]
    form = refused(422, {"type": "invalid-input", "errors": errors}, form_key="k")
    assert (form.faults, form.loose, form.problem) == ({"price": "too dear"}, ["no such lot"], "nothing would change")
    assert not form.is_passing and form.again == ""


@pytest.mark.parametrize("status", [429, 503])
def test_what_was_refused_for_a_moment_is_sent_again_as_the_same(status: int) -> None:
    form = refused(status, {"type": "unavailable", "detail": "in a moment"}, form_key="k", price="1")
    assert form.is_passing and form.again == "k" and form.value("price") == "1"
    assert refused(422, {"type": "idempotency-key-reused", "detail": "another"}, form_key="k").is_repeat
