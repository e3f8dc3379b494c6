"""The check of a client's line."""

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from apps.gate.request import MalformedRequestError, Request, check

PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # the machine may be busy


@pytest.mark.parametrize(("line", "request_"), [
    (b'{"function":"login"}', Request("login", keep_alive=False)),
    (b'{"function":"","world":"","data":{}}', Request("", keep_alive=False)),
    (b'{"function":"f","world":"s0","data":{"token":"t"},"request_id":"aZ-_09","keep_alive":true}', Request("f", True)),
    (b'{"function":"f","keep_alive":false,"unknown":[1,{"x":null}]}', Request("f", keep_alive=False)),
    (b' {\t"function" : "f"\n,"data":{"a":"~"}} ', Request("f", keep_alive=False)),
    (b'{"function":"f","function":"g"}', Request("g", keep_alive=False)),
    ('{"function":"公会","data":{"n":"\\u0000"}}'.encode(), Request("公会", keep_alive=False)),
    (b'{"function":"f","request_id":"' + b"a" * 64 + b'"}', Request("f", keep_alive=False)),
    (b'{"function":"f","data":{"n":' + b"9" * 40 + b"}}", Request("f", keep_alive=False)),
])
def test_requests(line: bytes, request_: Request) -> None:
    assert check(line) == request_


@pytest.mark.parametrize(("line", "named"), [
    (b"", "JSON"),
    (b"hello", "JSON"),
    (b"GET / HTTP/1.1", "JSON"),
    (b"\x16\x03\x01\x02\x00\x01\x00", "JSON"),
    (b"\x00" * 100, "JSON"),
    (b'{"function":"f"', "JSON"),
    (b'{"function":"f"}}', "JSON"),
    (b'{"function":"f"} {}', "JSON"),
    (b'{"function":"f",}', "JSON"),
    (b"{'function':'f'}", "JSON"),
    (b'{"function":"\xff"}', "UTF-8"),
    (b'{"function":"f","data":{"\xc0\xaf":1}}', "UTF-8"),
    (b'{"function":"\xed\xa0\x80"}', "UTF-8"),
    (b'{"function":"\\ud800"}', "JSON"),
    (b'\xef\xbb\xbf{"function":"f"}', "JSON"),
    ('{"function":"f"}'.encode("utf-16"), "JSON"),
    (b'{"function":"f\x00"}', "JSON"),
    (b'{"function":"f","data":{"n":NaN}}', "JSON"),
    (b'{"function":"f","data":{"n":Infinity}}', "JSON"),
    (b'{"function":"f","data":{"n":' + b"9" * 400 + b"}}", "JSON"),
    (b'{"function":"f","data":' + b'{"a":' * 30_000 + b"1" + b"}" * 30_000 + b"}", "JSON"),
    (b"[" * 60_000, "JSON"),
    (b"[]", "object"),
    (b"null", "object"),
    (b'"f"', "object"),
    (b"1", "object"),
    (b"{}", "function is missing"),
    (b'{"function":null}', "function is missing"),
    (b'{"function":1}', "function"),
    (b'{"function":["f"]}', "function"),
    (b'{"function":"f","function":7}', "function"),
    (b'{"function":"f","world":1}', "world"),
    (b'{"function":"f","world":null}', "world"),
    (b'{"function":"f","data":null}', "data"),
    (b'{"function":"f","data":[]}', "data"),
    (b'{"function":"f","data":"{}"}', "data"),
    (b'{"function":"f","request_id":1}', "request_id"),
    (b'{"function":"f","request_id":null}', "request_id"),
    (b'{"function":"f","request_id":""}', "request_id"),
    (b'{"function":"f","request_id":"a b"}', "request_id"),
    (b'{"function":"f","request_id":"a\\n"}', "request_id"),
    ('{"function":"f","request_id":"é"}'.encode(), "request_id"),
    ('{"function":"f","request_id":"٣"}'.encode(), "request_id"),
    (b'{"function":"f","request_id":"' + b"a" * 65 + b'"}', "request_id"),
    (b'{"function":"f","keep_alive":1}', "keep_alive"),
    (b'{"function":"f","keep_alive":"true"}', "keep_alive"),
    (b'{"function":"f","keep_alive":null}', "keep_alive"),
])
def test_what_is_no_request_is_named(line: bytes, named: str) -> None:
    with pytest.raises(MalformedRequestError, match=named):
        check(line)


@PATIENT
@given(some.binary(max_size=200))
def test_no_bytes_raise_anything_else(line: bytes) -> None:
    with pytest.raises(MalformedRequestError):
        check(line)


SCALARS = some.none() | some.booleans() | some.integers(-10, 10) | some.text(max_size=5)
VALUES = SCALARS | some.lists(SCALARS, max_size=2) | some.dictionaries(some.text(max_size=3), SCALARS, max_size=2)
KEYS = some.sampled_from(["function", "world", "data", "request_id", "keep_alive", "x"])


@PATIENT
@given(some.dictionaries(KEYS, VALUES))
def test_no_object_raises_anything_else(fields: dict[str, object]) -> None:
    try:
        request = check(orjson.dumps(fields))
    except MalformedRequestError:
        return
    assert request.function == fields["function"]
