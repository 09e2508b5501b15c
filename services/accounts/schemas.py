"""Bodies in and out. Every fault of a body is found at once."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator

from services.accounts import credentials
from services.accounts.model import ApiKey, Compliance, Organisation, Site, SiteChange, SiteKind, SiteTerms, Status
from services.accounts.service import Registration, Tokens
from services.accounts.views import Me
from shared import catalogue, geo
from shared.auth import Role
from shared.http import ListQuery, Position, Shape
from shared.http.shapes import Time, cut_to_ms
from shared.problem import Fault
from shared.units import TonnesOut, TotalTonnes

MAX_ENTRIES = 50


def _known_region(code: str) -> str:
    if not geo.exists(code):
        raise Fault("没有这个行政区划代码（GB/T 2260）", "There is no such GB/T 2260 region code")
    return code


def _visible(text: str) -> str:
    if not text.strip():
        raise Fault("不能为空", "It may not be blank")
    return text.strip()


def _known_list(code: str) -> str:
    if catalogue.family(code) is None:
        raise Fault("没有这个品类", "There is no such material family")
    return code


def _email(text: str) -> str:
    if (email := credentials.normal_email(text)) is None:
        raise Fault("不是有效的邮箱地址", "This is no e-mail address")
    return email


def _phone(text: str) -> str:
    if (phone := credentials.normal_phone(text)) is None:
        raise Fault("不是有效的电话号码", "This is no telephone number")
    return phone


RegionCode = Annotated[str, AfterValidator(_known_region)]
Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_visible)]
Password = Annotated[str, Field(min_length=credentials.PASSWORD_MIN, max_length=credentials.PASSWORD_MAX)]


class UserIn(Shape):
    name: Name
    password: Password
    email: Annotated[str, AfterValidator(_email)] | None = None
    phone: Annotated[str, AfterValidator(_phone)] | None = Field(default=None, validate_default=True)

    @field_validator("phone")
    @classmethod
    def _reachable(cls, phone: str | None, info: ValidationInfo) -> str | None:
        # `email` is missing from `info.data` where it was given and wrong, which is a fault of its own.
        if phone is None and "email" in info.data and info.data["email"] is None:
            raise Fault("邮箱和手机号至少填一项", "Give an e-mail address or a telephone number")
        return phone


class OrganisationIn(Shape):
    """A registration; the roles of officials and operators are not for the asking."""

    name: Name
    role: Literal["collector", "buyer", "carrier"]
    region: RegionCode
    user: UserIn

    def to_registration(self) -> Registration:
        user = self.user
        return Registration(self.name, self.role, self.region, user.name, user.email, user.phone, user.password)


class OrganisationOut(Shape):
    id: str
    name: str
    role: Role
    region: str
    status: Status
    contact: str
    created_at: Time
    updated_at: Time
    version: int

    @classmethod
    def of(cls, one: Organisation) -> OrganisationOut:
        return cls(
            id=one.id,
            name=one.name,
            role=one.role,
            region=one.region,
            status=one.status,
            contact=one.contact,
            created_at=one.created_at,
            updated_at=one.updated_at,
            version=one.version,
        )


class KnownOut(Shape):
    """An organisation that exists, and no more of it."""

    id: str


class OrganisationQuery(ListQuery):
    status: Status | None = None
    role: Role | None = None
    region: RegionCode | None = None
    name: str | None = None
    contact: str | None = None


class MeOut(Shape):
    """The user (`id`) and the organisation as it is now."""

    id: str
    name: str
    email: str | None
    phone: str | None
    role: Role
    region: str
    organisation_id: str
    organisation: OrganisationOut

    @classmethod
    def of(cls, me: Me) -> MeOut:
        return cls(
            id=me.user.id,
            name=me.user.name,
            email=me.user.email,
            phone=me.user.phone,
            role=me.organisation.role,
            region=me.organisation.region,
            organisation_id=me.organisation.id,
            organisation=OrganisationOut.of(me.organisation),
        )


class SignInIn(Shape):
    """By e-mail address or telephone number."""

    email: str | None = None
    phone: str | None = None
    password: Annotated[str, Field(max_length=credentials.PASSWORD_MAX)]

    @model_validator(mode="after")
    def _named(self) -> Self:
        if (self.email is None) == (self.phone is None):
            raise Fault("请填写邮箱或手机号中的一项", "Give either an e-mail address or a telephone number", "/email")
        return self


class RefreshIn(Shape):
    refresh_token: Annotated[str, Field(max_length=200)]


class TokensOut(Shape):
    access_token: str
    token_type: Literal["Bearer"] = "Bearer"
    expires_in: int
    """Seconds."""
    refresh_token: str

    @classmethod
    def of(cls, tokens: Tokens) -> TokensOut:
        return cls(access_token=tokens.access_token, expires_in=tokens.expires_in, refresh_token=tokens.refresh_token or "")


class ExchangeIn(Shape):
    api_key: Annotated[str, Field(max_length=200)]


class AccessOut(Shape):
    access_token: str
    token_type: Literal["Bearer"] = "Bearer"
    expires_in: int


class ApiKeyIn(Shape):
    name: Name = "API"


class ApiKeyOut(Shape):
    id: str
    name: str
    hint: str
    """The first characters."""
    user_id: str
    created_at: Time
    last_used_at: Time | None
    revoked_at: Time | None
    version: int

    @classmethod
    def of(cls, key: ApiKey) -> ApiKeyOut:
        return cls(
            id=key.id,
            name=key.name,
            hint=key.hint,
            user_id=key.user_id,
            created_at=key.created_at,
            last_used_at=key.last_used_at,
            revoked_at=key.revoked_at,
            version=key.version,
        )


class NewApiKeyOut(ApiKeyOut):
    """`key` is said this once."""

    key: str

    @classmethod
    def made(cls, key: ApiKey, secret: str) -> NewApiKeyOut:
        return cls(**ApiKeyOut.of(key).model_dump(), key=secret)


class JwksOut(Shape):
    """RFC 7517."""

    keys: list[dict[str, str]]


class ComplianceShape(Shape):
    """An entry of a conditions list (规范条件): `list` is a material family, `valid_until` is exclusive."""

    list: Annotated[str, AfterValidator(_known_list)]
    category: Annotated[str, Field(max_length=100)] | None = None
    valid_from: Annotated[Time, AfterValidator(cut_to_ms)]
    valid_until: Annotated[Time, AfterValidator(cut_to_ms)]

    @field_validator("valid_until")
    @classmethod
    def _ordered(cls, until: datetime, info: ValidationInfo) -> datetime:
        if "valid_from" in info.data and until <= info.data["valid_from"]:
            raise Fault("失效应晚于生效", "It must end after it begins")
        return until

    def entry(self) -> Compliance:
        return Compliance(self.list, self.category, self.valid_from, self.valid_until)


class SiteIn(Shape):
    name: Name
    kind: SiteKind
    region: RegionCode
    position: Position
    park_id: str | None = None
    compliance: Annotated[list[ComplianceShape], Field(max_length=MAX_ENTRIES)] = Field(default_factory=list)
    stock_limit_t: TotalTonnes | None = None

    def to_terms(self) -> SiteTerms:
        return _terms(self)


class SitePatch(Shape):
    """What is named is changed; the factories stand for what is not, and are never used."""

    name: Name = Field(default_factory=str)
    kind: SiteKind = Field(default_factory=lambda: "yard")
    region: RegionCode = Field(default_factory=str)
    position: Position = Field(default_factory=lambda: Position(lat=0, lon=0))
    park_id: str | None = Field(default_factory=lambda: None)
    compliance: Annotated[list[ComplianceShape], Field(max_length=MAX_ENTRIES)] = Field(default_factory=list)
    stock_limit_t: TotalTonnes | None = Field(default_factory=lambda: None)

    def to_change(self) -> SiteChange:
        named = {"stock_limit_kg" if name == "stock_limit_t" else name for name in self.model_fields_set}
        return SiteChange(frozenset(named), _terms(self))


def _terms(body: SiteIn | SitePatch) -> SiteTerms:
    position = geo.Position(body.position.lat, body.position.lon)
    entries = tuple(one.entry() for one in body.compliance)
    return SiteTerms(body.name, body.kind, body.region, position, body.park_id, entries, body.stock_limit_t)


class SiteOut(Shape):
    id: str
    organisation_id: str
    name: str
    kind: SiteKind
    region: str
    position: Position
    park_id: str | None
    compliance: list[ComplianceShape]
    stock_limit_t: TonnesOut | None
    created_at: Time
    updated_at: Time
    version: int

    @classmethod
    def of(cls, site: Site) -> SiteOut:
        entries = [
            ComplianceShape(list=one.list, category=one.category, valid_from=one.valid_from, valid_until=one.valid_until)
            for one in site.compliance
        ]
        return cls(
            id=site.id,
            organisation_id=site.organisation_id,
            name=site.name,
            kind=site.kind,
            region=site.region,
            position=Position(lat=site.position.lat, lon=site.position.lon),
            park_id=site.park_id,
            compliance=entries,
            stock_limit_t=site.stock_limit_kg,
            created_at=site.created_at,
            updated_at=site.updated_at,
            version=site.version,
        )


class SiteQuery(ListQuery):
    organisation_id: str | None = None
    name: str | None = None
    kind: SiteKind | None = None
    region: RegionCode | None = None
    park_id: str | None = None
