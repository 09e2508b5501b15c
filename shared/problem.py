"""Errors as sentence-named classes with their HTTP status, rendered as RFC 9457 problem details in zh-CN or en."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic_core import ErrorDetails

Language = Literal["zh-CN", "en"]


class Problem(Exception):
    """What a caller is told. Raise a subclass; `zh` and `en` say what happened and what to do."""

    status: ClassVar[int] = 500
    slug: ClassVar[str] = "internal-error"
    title: ClassVar[tuple[str, str]] = ("服务内部错误", "Something went wrong on our side")

    def __init__(self, *, zh: str = "", en: str = "", headers: dict[str, str] | None = None, **extra: Any) -> None:
        super().__init__(en or self.title[1])
        self.zh, self.en, self.headers, self.extra = zh, en, headers or {}, extra

    def body(self, language: Language) -> dict[str, Any]:
        """The `application/problem+json` object."""
        zh = language == "zh-CN"
        title = self.title[0] if zh else self.title[1]
        return {
            "type": self.slug,
            "title": title,
            "status": self.status,
            "detail": (self.zh if zh else self.en) or title,
            **self.extra,
        }


class RequestIsMalformed(Problem):
    status, slug, title = 400, "malformed-request", ("请求格式错误", "The request could not be read")


class SignInIsNeeded(Problem):
    status, slug, title = 401, "unauthenticated", ("需要登录", "A valid token is needed")

    def __init__(self, *, zh: str = "", en: str = "") -> None:
        super().__init__(zh=zh, en=en, headers={"WWW-Authenticate": "Bearer"})


class NotAllowed(Problem):
    status, slug, title = 403, "forbidden", ("没有权限", "This role may not do that")


class OrganisationIsNotVerified(Problem):
    status, slug = 403, "organisation-not-verified"
    title = ("单位尚未通过审核", "The organisation is not verified yet")


class OrganisationIsSuspended(Problem):
    status, slug, title = 403, "organisation-suspended", ("单位已被暂停", "The organisation is suspended")


class NotFound(Problem):
    status, slug, title = 404, "not-found", ("未找到", "There is no such resource, or you may not see it")


class MethodIsNotAllowed(Problem):
    status, slug, title = 405, "method-not-allowed", ("不支持的方法", "This resource does not take that method")


class WrongState(Problem):
    status, slug, title = 409, "wrong-state", ("当前状态不允许此操作", "The resource's state does not allow this")


class AlreadyExists(Problem):
    status, slug, title = 409, "already-exists", ("已存在", "This already exists")


class RequestIsStillRunning(Problem):
    status, slug = 409, "request-in-progress"
    title = ("相同的请求仍在处理", "The first request with this key is still running")


class VersionIsStale(Problem):
    status, slug, title = 412, "stale-version", ("内容已被更新", "The resource has changed since you read it")


class BodyIsTooLarge(Problem):
    status, slug, title = 413, "body-too-large", ("请求体过大", "The request body is over the limit")


class MediaTypeIsNotSupported(Problem):
    status, slug, title = 415, "unsupported-media-type", ("不支持的内容类型", "This content type is not taken here")


class IdempotencyKeyIsReused(Problem):
    status, slug = 422, "idempotency-key-reused"
    title = ("幂等键已用于另一请求", "This Idempotency-Key was used with another body")


class InputIsInvalid(Problem):
    """422 with `errors`: every fault at once, each `{pointer, message}`. `faults` are `(pointer, zh, en)`."""

    status, slug, title = 422, "invalid-input", ("输入有误", "The input has faults")

    def __init__(self, faults: list[tuple[str, str, str]]) -> None:
        super().__init__(zh=f"共有 {len(faults)} 处需要修改", en=f"{len(faults)} fault{'s' if len(faults) > 1 else ''} to mend")
        self.faults = faults

    def body(self, language: Language) -> dict[str, Any]:
        column = 1 if language == "zh-CN" else 2
        errors = [{"pointer": fault[0], "message": fault[column]} for fault in self.faults]
        return {**super().body(language), "errors": errors}


class VersionIsNeeded(Problem):
    status, slug, title = 428, "precondition-required", ("需要 If-Match", "An If-Match header is needed")


class TooManyRequests(Problem):
    status, slug, title = 429, "too-many-requests", ("请求过于频繁", "Too many requests")


class ServiceIsUnavailable(Problem):
    """503 with `Retry-After`."""

    status, slug, title = 503, "unavailable", ("服务暂不可用", "The service is unavailable for now")

    def __init__(self, *, zh: str = "", en: str = "", retry_after_s: int = 1, **extra: Any) -> None:
        super().__init__(zh=zh, en=en, headers={"Retry-After": str(retry_after_s)}, **extra)


class TooManyWriters(ServiceIsUnavailable):
    """The transaction met other writers, or one left open by a killed process, until its time was up; nothing was written."""

    def __init__(self) -> None:
        super().__init__(zh="写入冲突过多，请重试", en="Too many writers at once; try again")


class NotHeardYet(ServiceIsUnavailable):
    """A site or organisation this room has not heard of; it may exist elsewhere (`protocol.md` 1)."""

    slug = "not-heard-yet"

    def __init__(self, subject: str, identifier: str) -> None:
        super().__init__(
            zh="所选的内容刚刚建立，这里还没有收到，请稍后重试",
            en="What this names is new and not known here yet; try again in a moment",
            subject=subject,
            id=identifier,
        )


_EXAMPLE = "2026-11-28T08:00:00+08:00"
_WORDS: tuple[tuple[str, str, str], ...] = (
    ("missing", "必填", "This must be given"),
    ("extra_forbidden", "未知字段", "There is no such field"),
    ("int_type int_parsing int_parsing_size int_from_float", "应为整数", "This must be a whole number"),
    ("float_type float_parsing decimal_type decimal_parsing", "应为数字", "This must be a number"),
    ("finite_number", "应为有限的数字", "This must be a finite number"),
    ("string_type string_unicode", "应为文本", "This must be text"),
    ("bool_type bool_parsing", "应为是或否", "This must be yes or no"),
    ("list_type tuple_type set_type", "应为列表", "This must be a list"),
    ("dict_type model_type model_attributes_type dataclass_type", "应为对象", "This must be an object"),
    (
        "datetime_type datetime_parsing datetime_from_date_parsing datetime_object_invalid",
        f"应为时间，如 {_EXAMPLE}",
        f"This must be a time, as {_EXAMPLE}",
    ),
    ("timezone_aware", f"时间应带时区，如 {_EXAMPLE}", f"The time must have its zone, as {_EXAMPLE}"),
    (
        "date_type date_parsing date_from_datetime_parsing date_from_datetime_inexact",
        "应为日期，如 2026-11-28",
        "This must be a day, as 2026-11-28",
    ),
    ("time_type time_parsing", "应为钟点，如 08:00", "This must be a time of day, as 08:00"),
    ("uuid_type uuid_parsing uuid_version", "这不是有效的编号", "This is no valid id"),
    ("url_type url_parsing url_syntax_violation", "应为网址", "This must be a web address"),
    ("string_too_short", "太短，至少 {min_length} 个字符", "Too short: {min_length} characters at least"),
    ("string_too_long url_too_long", "太长，至多 {max_length} 个字符", "Too long: {max_length} characters at most"),
    ("string_pattern_mismatch", "格式不符", "This is not in the form it must have"),
    ("too_short", "至少 {min_length} 项", "{min_length} at least"),
    ("too_long", "至多 {max_length} 项", "{max_length} at most"),
    ("greater_than", "应大于 {gt}", "This must be greater than {gt}"),
    ("greater_than_equal", "应不小于 {ge}", "This must be at least {ge}"),
    ("less_than", "应小于 {lt}", "This must be less than {lt}"),
    ("less_than_equal", "应不大于 {le}", "This must be at most {le}"),
    ("literal_error enum", "应为 {expected} 之一", "This must be {expected}"),
    ("union_tag_not_found", "应写明是哪一种", "This must say which kind it is"),
    ("union_tag_invalid", "应为 {expected_tags} 之一", "This must be one of {expected_tags}"),
)
TEXTS: Mapping[str, tuple[str, str]] = {kind: (zh, en) for kinds, zh, en in _WORDS for kind in kinds.split()}
"""What each of pydantic's types of error says to people; what no shape of ours can raise is `_OTHER`."""
_OTHER = ("无效的值", "This value can't be taken here")
_OR = re.compile(r"(?<=')(?:, | or )(?=')")


class Fault(ValueError):
    """A validator's fault with both texts; pydantic carries it to `faults_of`."""

    def __init__(self, zh: str, en: str, pointer: str = "") -> None:
        super().__init__(en)
        self.zh, self.en, self.pointer = zh, en, pointer


def faults_of(errors: list[ErrorDetails], prefix: str = "") -> list[tuple[str, str, str]]:
    """Pydantic's errors as `(JSON pointer, zh, en)`."""
    rows = []
    for error in errors:
        context = {
            name: int(one) if isinstance(one, float) and one.is_integer() else one for name, one in error.get("ctx", {}).items()
        }
        cause = context.get("error")
        pointer = prefix + "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in error["loc"])
        if isinstance(cause, Fault):
            rows.append((pointer + cause.pointer, cause.zh, cause.en))
            continue
        is_empty = error["type"] == "string_too_short" and context.get("min_length") == 1
        zh, en = TEXTS.get("missing" if is_empty else error["type"], _OTHER)
        rows.append((pointer, zh.format_map(_in_chinese(context)), en.format_map(context)))
    return rows


def _in_chinese(context: Mapping[str, Any]) -> dict[str, Any]:
    """Pydantic lists what it expects as `'a', 'b' or 'c'`."""
    return {name: _OR.sub("、", value) if isinstance(value, str) else value for name, value in context.items()}
