"""Which account, as whom, and how patiently: from the environment, or from a profile of the platform's command line.

Secrets are never shown: not by ``repr``, not in an error, not in a log.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import httpx
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from allocation.engine.errors import Problem, SettingError
from allocation.oms.fluent.profiles import Found, read_profile

PREFIX = "ALLOCATION_FLUENT_"
PROFILE = PREFIX + "PROFILE"
RETAILER = PREFIX + "RETAILER"
PLATFORM_TYPES = ("LAST_ON_HAND", "RESERVED", "SALE", "CORRECTION", "DELTA", "EXPECTED")
"""Types of quantities that the platform's own arithmetic counts [DOC inventory-quantity-types]."""
_LOCAL = ("127.0.0.1", "localhost", "::1")
_WORDS = {
    "client_id": "must be letters, digits, - and _",
    "retailer_id": "must be a number, the retailer's id and not its ref",
}
_EXPECTED = {
    "string_type": "must be text",
    "float_parsing": "must be a number of seconds",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
}


def is_local(address: str) -> bool:
    """Whether an address is on this machine."""
    return httpx.URL(address).host in _LOCAL


def _base_url(text: str) -> str:
    """The address of an account's API; what follows the host is added by the client."""
    try:
        url = httpx.URL(text.strip())
    except httpx.InvalidURL:
        raise ValueError("is no address, such as https://ACCOUNT.api.fluentretail.com") from None
    if url.userinfo:
        raise ValueError("holds a user name or password; give those by their own settings")
    if url.scheme not in ("http", "https") or not url.host:
        raise ValueError("must begin with https:// and a host, such as https://ACCOUNT.api.fluentretail.com")
    if url.scheme == "http" and url.host not in _LOCAL:
        raise ValueError("must begin with https://; only 127.0.0.1 and localhost are spoken to without encryption")
    if url.path not in ("", "/") or url.query or url.fragment:
        raise ValueError("must end after the host and port; /oauth/token and /graphql are added")
    return str(url).rstrip("/")


def _hold_type(text: str) -> str:
    if text.upper() in PLATFORM_TYPES:
        raise ValueError(f"{text} is counted by the platform itself; a hold needs a type of its own, such as PREORDER")
    return text


def _account(read: Mapping[str, Any]) -> str:
    """The account is the first part of its host's name; on this machine, the client id, which it normally is too."""
    address = read.get("base_url", "")
    return read.get("client_id", "") if not address or is_local(address) else httpx.URL(address).host.split(".")[0]


_Ref = Annotated[str, Field(min_length=1, max_length=100)]
_TypeName = Annotated[str, Field(min_length=1, max_length=50)]
_Secret = Annotated[SecretStr, Field(min_length=1)]
_Seconds = Annotated[float, Field(gt=0, le=600, allow_inf_nan=False)]


class FluentSettings(BaseModel):
    """Settings of a Fluent Commerce account; each is named in the environment as ``ALLOCATION_FLUENT_`` and its name.

    Attributes:
        base_url: Address of the account's API; https, except on this machine.
        client_id: OAuth client, normally the account id [DOC].
        client_secret: Its secret.
        username: User that logs in. What it may see is what is seen.
        password: Its password.
        retailer_id: Number of the retailer whose orders are made.
        account: Name of the account, by which locks and keys tell accounts apart; taken from the host if not given.
        catalogue: Inventory catalogue, ``DEFAULT:<retailer_id>`` by convention [DOC].
        product_catalogue: Product catalogue, ``PC:MASTER:<retailer_id>`` by convention [DOC].
        hold_type: Type of the inventory quantities that hold pre-orders; none that the platform counts itself.
        hold_mapping: File that says how holds that another writer made are read (see `mapping`); own ones without it.
        order_type: Type of the orders that a release makes, which decides their workflow: HD, CC, ...
        connect_timeout_s: Seconds to make a connection.
        read_timeout_s: Seconds without a byte of the answer.
        write_timeout_s: Seconds without a byte of the request going out.
        pool_timeout_s: Seconds until a connection is free.
        connections_max: Connections, and so requests, at one time.
        page_size_max: Nodes a page, where the complexity limit allows as many. The platform publishes no maximum;
            100 to 1,000 are in use [CODE, SDKDOC].
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    base_url: Annotated[str, AfterValidator(_base_url)]
    client_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$")]
    client_secret: _Secret
    username: Annotated[str, Field(min_length=1)]
    password: _Secret
    retailer_id: Annotated[str, Field(pattern=r"^[0-9]{1,19}$")]
    account: _Ref = Field(default_factory=_account)
    catalogue: _Ref = Field(default_factory=lambda read: f"DEFAULT:{read.get('retailer_id')}")
    product_catalogue: _Ref = Field(default_factory=lambda read: f"PC:MASTER:{read.get('retailer_id')}")
    hold_type: Annotated[_TypeName, AfterValidator(_hold_type)] = "PREORDER"
    hold_mapping: Path | None = None
    order_type: _TypeName = "HD"
    connect_timeout_s: _Seconds = 5.0
    read_timeout_s: _Seconds = 60.0
    write_timeout_s: _Seconds = 30.0
    pool_timeout_s: _Seconds = 30.0
    connections_max: Annotated[int, Field(ge=1, le=64)] = 8
    page_size_max: Annotated[int, Field(ge=1, le=5000)] = 500


IDENTITY = ("base_url", "client_id", "client_secret", "username", "password", "retailer_id", "account")
"""Settings that belong together: a profile's are never mixed with the environment's, lest a password go to the wrong
host."""
VARIABLES = {PREFIX + name.upper(): name for name in FluentSettings.model_fields}
"""Names of the environment, and the settings that they give."""


def load_settings(
    environ: Mapping[str, str], profile: str | None = None, retailer: str | None = None
) -> FluentSettings:
    """Settings of an account.

    Args:
        environ: The environment. Empty variables count as not set.
        profile: Profile of the platform's command line, whose address and credentials are then used instead of the
            environment's; ``ALLOCATION_FLUENT_PROFILE`` where not given.
        retailer: Ref of one of the profile's retailers, where it has several; ``ALLOCATION_FLUENT_RETAILER`` where
            not given.

    Raises:
        SettingError: Something is missing or wrong: everything at once, each with what to do.
    """
    found, problems = _from_environment(environ)
    profile = profile or environ.get(PROFILE)
    if profile:
        folder = Path(environ.get("FLUENT_PROFILE_DIR") or Path.home() / ".fluentcommerce")
        of_profile, more = read_profile(profile, folder, retailer or environ.get(RETAILER))
        problems += more
        found = {name: value for name, value in found.items() if name not in IDENTITY} | of_profile
    try:
        settings = FluentSettings.model_validate({name: value.content for name, value in found.items()})
    except ValidationError as error:
        details = error.errors(include_input=False, include_url=False)
        # Where the profile could not be read, what it would have held is not missing besides; nor is a default wrong
        # that was not made because what it is made from is.
        beside = {"default_factory_not_called", *(("missing",) if problems and profile else ())}
        problems += [_problem(detail, found) for detail in details if detail["type"] not in beside]
        # Not chained: its own text says less, in other words.
        raise SettingError(problems, "settings of Fluent Commerce") from None
    if problems:
        raise SettingError(problems, "settings of Fluent Commerce")
    return settings


def _from_environment(environ: Mapping[str, str]) -> tuple[dict[str, Found], list[Problem]]:
    known = (*VARIABLES, PROFILE, RETAILER)
    problems = []
    for name in sorted(environ):
        if name.startswith(PREFIX) and name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f", did you mean {close[0]}?" if close else f"; known: {', '.join(known)}"
            problems.append(Problem((name,), f"unknown variable{hint}"))
    given = {name: variable for variable, name in VARIABLES.items() if environ.get(variable)}
    return {name: Found(environ[variable], (variable,)) for name, variable in given.items()}, problems


def _problem(detail: Mapping[str, Any], found: Mapping[str, Found]) -> Problem:
    """What pydantic found, at the variable or the key of the file that holds it, without the value."""
    name, kind = str(detail["loc"][0]), detail["type"]
    if kind == "missing":
        return Problem((PREFIX + name.upper(),), "is not set; set it, or name a profile of the Fluent command line")
    message = str(detail["ctx"]["error"]) if kind == "value_error" else _EXPECTED.get(kind) or _WORDS.get(name, "")
    if name not in found:
        return Problem((PREFIX + name.upper(),), message or f"is not valid: {detail['msg']}")
    return Problem(found[name].path, message or f"is not valid: {detail['msg']}", found[name].place)
