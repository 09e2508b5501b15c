"""Why an event was given up, in both languages."""

from __future__ import annotations

from shared.bus.dead_letters import reasons_of
from shared.bus.envelope import EventIsUnreadable
from shared.problem import NotFound, WrongState


def test_our_own_errors_say_it_in_both_languages() -> None:
    assert reasons_of(EventIsUnreadable("消息没有内容", "the record has no body")) == ("消息没有内容", "the record has no body")
    assert reasons_of(WrongState(zh="已撤销", en="It is withdrawn")) == ("WrongState: 已撤销", "WrongState: It is withdrawn")
    assert reasons_of(NotFound()) == ("NotFound: 未找到", "NotFound: There is no such resource, or you may not see it")


def test_any_other_error_is_told_as_it_is() -> None:
    assert reasons_of(ZeroDivisionError("by zero")) == ("ZeroDivisionError: by zero",) * 2
