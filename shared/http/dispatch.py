"""One request's way through: trace, token, role, input, idempotency, transaction, answer."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import orjson
import structlog
from flask import Request, Response, request
from pydantic import BaseModel, ValidationError
from pymongo.errors import DuplicateKeyError

from shared.auth import Caller, authorise
from shared.auth.policy import checked
from shared.auth.tokens import Verifier
from shared.http.routes import Answer, Route
from shared.http.shapes import Precondition, Upload, etag_of
from shared.http.wire import language_of, problem_response
from shared.ids import child_traceparent
from shared.mongo import Database, Row, Unit, sealed
from shared.problem import (
    BodyIsTooLarge,
    IdempotencyKeyIsReused,
    InputIsInvalid,
    MediaTypeIsNotSupported,
    NotHeardYet,
    Problem,
    RequestIsMalformed,
    ServiceIsUnavailable,
    SignInIsNeeded,
    VersionIsNeeded,
    faults_of,
)

WAIT_FOR_NEWS_S = 2.0
WAIT_FOR_DECISION_S = 3.0
STORED_PROBLEMS = frozenset({409, 412, 422})
"""Refusals that an Idempotency-Key repeats; the others may be true no longer."""


class Dispatcher:
    """Turns a route into a Flask view."""

    def __init__(self, database: Database, verifier: Verifier) -> None:
        self.database, self.verifier = database, verifier

    def view(self, route: Route) -> Callable[..., Response]:
        def handle(**path: str) -> Response:
            trace = child_traceparent(request.headers.get("traceparent", ""))
            structlog.contextvars.clear_contextvars()
            structlog.contextvars.bind_contextvars(trace=trace)
            answer = self._answer(route, trace, path)
            response = render(answer, request)
            response.headers["traceparent"] = trace
            return response

        return handle

    def _answer(self, route: Route, trace: str, path: dict[str, str]) -> Answer | Response:
        caller = self._caller(route)
        if caller is not None and not route.path_names:
            authorise(caller, route.action)
        arguments = self._arguments(route, caller, path)
        deadline = time.monotonic() + WAIT_FOR_NEWS_S
        while True:
            try:
                return self._run(route, trace, caller, arguments)
            except NotHeardYet:
                if time.monotonic() >= deadline:
                    raise
                time.sleep(0.05)

    def _caller(self, route: Route) -> Caller | None:
        if route.public:
            return None
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise SignInIsNeeded(zh="请求缺少登录凭证", en="Send an access token: Authorization: Bearer …")
        return self.verifier.caller(token.strip())

    def _arguments(self, route: Route, caller: Caller | None, path: dict[str, str]) -> dict[str, Any]:
        values: dict[str, Any] = dict(path)
        if route.method == "PATCH" and not request.headers.get("If-Match"):
            raise VersionIsNeeded(zh="修改需要 If-Match 请求头", en="A change needs If-Match with the ETag you read")
        if route.multipart:
            request.max_content_length = self.database.settings.upload_limit_bytes
        if "match" in route.wanted:
            values["match"] = Precondition(request.headers.get("If-Match", "*"))
        if "caller" in route.wanted:
            values["caller"] = caller
        if "request" in route.wanted:
            values["request"] = request
        faults: list[tuple[str, str, str]] = []
        if route.query is not None:
            try:
                values["query"] = route.query.model_validate(request.args.to_dict())
            except ValidationError as error:
                faults += faults_of(error.errors())
        elif request.args and not route.multipart:
            faults += [(f"/{name}", "未知参数", "Unknown parameter") for name in request.args]
        if "file" in route.wanted:
            values["file"] = upload(request, faults)
        if route.body is not None:
            try:
                values["body"] = route.body.model_validate_json(json_body(request))
            except ValidationError as error:
                faults += faults_of(error.errors())
        if faults:
            raise InputIsInvalid(faults)
        return values

    def _run(self, route: Route, trace: str, caller: Caller | None, arguments: dict[str, Any]) -> Answer | Response:
        def call(unit: Unit) -> Answer:
            checked.set(False)
            values = {**arguments, "unit": unit} if "unit" in route.wanted else arguments
            result = route.handler(**values)
            if route.path_names and not route.public and not checked.get():
                raise AssertionError(f"{route.method} {route.path} answered without asking the authorisation table")
            return result if isinstance(result, Answer) else Answer(result, route.status)

        if route.method == "GET":
            return call(self.database.read())
        key = request.headers.get("Idempotency-Key")

        def write(work: Callable[[Unit], Answer]) -> Answer | Response:
            if route.method != "POST" or not key or route.secret:
                return self.database.write(work, trace)
            return self._once(route, trace, caller, key, work)

        return decided(write(call), write)

    def _once(
        self, route: Route, trace: str, caller: Caller | None, key: str, call: Callable[[Unit], Answer]
    ) -> Answer | Response:
        """The first answer for this key; stored in the request's own transaction, so that two at once have one effect.

        Most keys are new, so nothing is looked up before: a repeat fails where it stores its answer, or before, for the first
        has changed what it finds; its effect is undone either way, and the first answer is given.
        """
        if len(key) > 255:
            raise InputIsInvalid([("/Idempotency-Key", "幂等键过长", "An Idempotency-Key has at most 255 characters")])
        scope = f"{caller.user_id if caller else ''}\n{route.method} {request.path}\n{key}"
        identifier = hashlib.sha256(scope.encode()).hexdigest()
        digest = hashlib.sha256(request.full_path.encode() + b"\n" + request.get_data()).hexdigest()
        language = language_of(request)

        def work(unit: Unit) -> Answer:
            answer = call(unit)
            if answer.then is None:
                keep(unit, identifier, digest, render(answer, request))
            return answer

        try:
            return self.database.write(work, trace)
        except (Problem, DuplicateKeyError) as error:
            stored = kept(self.database.read(), identifier)
            if stored is not None:
                return replayed(stored, digest)
            if isinstance(error, Problem) and error.status in STORED_PROBLEMS:
                response = problem_response(error, language)
                self.database.write(lambda unit: None if kept(unit, identifier) else keep(unit, identifier, digest, response))
            raise


def decided(answer: Answer | Response, write: Callable[[Callable[[Unit], Answer]], Answer | Response]) -> Answer | Response:
    """The final answer of a request that waits for another room (`Answer.then`). Raises ServiceIsUnavailable after a while."""
    deadline = time.monotonic() + WAIT_FOR_DECISION_S
    while isinstance(answer, Answer) and answer.then is not None:
        if time.monotonic() >= deadline:
            raise ServiceIsUnavailable(
                zh="请求已受理，尚无结果；请稍后重复同一请求",
                en="Your request stands but is not decided yet; repeat the same call in a moment",
            )
        time.sleep(0.05)
        answer = write(answer.then)
    return answer


def replayed(stored: Row, digest: str) -> Response:
    """The stored answer. Raises IdempotencyKeyIsReused for another body."""
    if stored["digest"] != digest:
        raise IdempotencyKeyIsReused(
            zh="该幂等键已用于内容不同的请求，请换一个", en="Use another Idempotency-Key: this one belongs to another request"
        )
    return Response(stored["body"], stored["status"], headers=[tuple(pair) for pair in stored["headers"]])


def kept(unit: Unit, identifier: str) -> Row | None:
    return unit.collection("idempotency").find_one({"_id": identifier}, session=unit.session)


def keep(unit: Unit, identifier: str, digest: str, response: Response) -> None:
    row: Row = {
        "_id": identifier,
        "digest": digest,
        "status": response.status_code,
        "headers": [list(pair) for pair in response.headers.items() if pair[0] != "Content-Length"],
        "body": response.get_data(),
        "at": unit.now,
    }
    unit.collection("idempotency").insert_one(sealed(row, unit.settings.secret_key), session=unit.session)


def upload(request: Request, faults: list[tuple[str, str, str]]) -> Upload | None:
    """The multipart field «file»; without one that is a fault. Raises 413."""
    request.get_data()  # kept for the digest of an Idempotency-Key; a form that is read takes it away
    file = request.files.get("file")
    if file is None:
        faults.append(("/file", "请以 multipart/form-data 的 file 字段上传文件", "Send the file as multipart field «file»"))
        return None
    with closing(file):  # a large one lies in a temporary file
        return Upload(file.filename or "", file.read())


def json_body(request: Request) -> bytes:
    """The body, known to be JSON. Raises 413, 415 and 400 problems."""
    limit = request.max_content_length
    if limit is not None and request.content_length is not None and request.content_length > limit:
        raise BodyIsTooLarge(zh=f"请求体超过 {limit} 字节", en=f"The body is over {limit} bytes")
    if request.mimetype not in ("application/json", "", "application/merge-patch+json"):
        raise MediaTypeIsNotSupported(zh="请以 application/json 发送", en="Send application/json")
    data = request.get_data() or b"{}"
    try:
        orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise RequestIsMalformed(
            zh=f"不是有效的 JSON (第 {error.lineno} 行第 {error.colno} 列)",
            en=f"The body is not valid JSON: {error.msg} (line {error.lineno}, column {error.colno})",
        ) from error
    return data


def render(answer: Answer | Response, request: Request) -> Response:
    """An answer as a response, with its ETag; 304 where the caller has it already."""
    if isinstance(answer, Response):
        return answer
    body, headers = answer.body, dict(answer.headers)
    if body is None:
        return Response(b"", answer.status, headers=headers)
    if isinstance(body, bytes | Iterator):
        return Response(body, answer.status, headers=headers)
    version = getattr(body, "version", None)
    if isinstance(version, int):
        headers["ETag"] = etag_of(version)
        if request.method == "GET" and request.headers.get("If-None-Match") == headers["ETag"]:
            return Response(b"", 304, headers=headers)
    data = body.model_dump_json(by_alias=True).encode() if isinstance(body, BaseModel) else orjson.dumps(body)
    headers.setdefault("Content-Type", "application/json")
    return Response(data, answer.status, headers=headers)
