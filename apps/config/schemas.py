"""Checks files against their JSON Schemas (draft 2020-12) and says in plain words what does not fit.

Two things are stricter than the standard: ``1.0`` is not an integer, because the game would pay ``40.0`` coins then,
and a schema may refer only to other schemas of the game data.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator, ValidationError, validators
from jsonschema.exceptions import SchemaError
from referencing import Registry, Resource
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from apps.config.problems import Problem

BASE = "file:///"
"""Only a name, so that a schema can refer to another by its relative path; nothing is fetched."""
MOST_PROBLEMS = 20
"""Problems of one file that are told; a file of another shape has thousands."""

Contents = Mapping[str, Any]


def _is_integer(_checker: Any, value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


StrictValidator: Any = validators.extend(  # type: ignore[no-untyped-call]  # it has no type hints
    Draft202012Validator, type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_integer)
)


class Schemas:
    """The schemas of one version of the game data, by file name; each may refer to the others by relative path."""

    def __init__(self, schemas: Contents) -> None:
        self._schemas = dict(schemas)
        resources = [(BASE + name, _resource(schema)) for name, schema in self._schemas.items()]
        self._registry: Registry[Any] = Registry().with_resources(resources)

    def faults(self) -> list[Problem]:
        """Return what is wrong with the schemas themselves."""
        return [problem for name in self._schemas for problem in self._fault(name)]

    def problems(self, schema: str, file: str, content: Any) -> list[Problem]:
        """Return what does not fit in ``content``. Call it only on sound schemas."""
        validator = StrictValidator({"$ref": BASE + schema}, registry=self._registry)
        try:
            errors = list(validator.iter_errors(content))
        except Unresolvable as error:
            return [Problem(schema, "", f"refers to a schema that is not there: {error}")]
        return _problems(file, errors)

    def _fault(self, name: str) -> Iterator[Problem]:
        schema = self._schemas[name]
        if not isinstance(schema, dict):
            yield Problem(name, "", "a schema is an object")
            return
        try:
            StrictValidator.check_schema(schema)
        except SchemaError as error:
            yield Problem(name, error.json_path, f"not a sound schema: {error.message}")


def _resource(schema: Any) -> "Resource[Any]":
    """Leave out what names the draft: jsonschema would take its own validator for it instead of the strict one."""
    named = isinstance(schema, dict) and "$schema" in schema
    return DRAFT202012.create_resource({key: schema[key] for key in schema if key != "$schema"} if named else schema)


def _problems(file: str, errors: Iterable[ValidationError]) -> list[Problem]:
    told = [Problem(file, error.json_path, _reason(error)) for error in errors]
    more = len(told) - MOST_PROBLEMS
    return told[:MOST_PROBLEMS] + ([Problem(file, "", f"and {more} more problems")] if more > 0 else [])


def _reason(error: ValidationError) -> str:
    """Say what is expected in the words of the schema, where it has any: patterns are not for people."""
    title = error.schema.get("title") if isinstance(error.schema, Mapping) else None
    if title and error.validator in ("pattern", "enum", "anyOf", "oneOf", "not"):
        return f"{_short(error.instance)} is not {title}"
    return error.message if len(error.message) <= 300 else error.message[:150] + " ... " + error.message[-150:]


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
