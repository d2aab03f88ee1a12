"""Answers and refusals held against botocore's model of the service: only its members, only its types."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

import botocore.session

NAMES = {"vpc-lattice": "vpc-lattice", "tagging": "resourcegroupstaggingapi", "sts": "sts", "acm": "acm"}
TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "long": (int,),
    "timestamp": (datetime,),
}


@cache
def operation_model(service: str, operation: str) -> Any:
    return _model(service).operation_model(operation)


@cache
def _model(service: str) -> Any:
    return botocore.session.get_session().get_service_model(NAMES[service])


def check_answer(service: str, operation: str, answer: Mapping[str, Any]) -> None:
    """Fail when the answer has a member, a type or an enum word that the model does not know, or lacks one."""
    shape = operation_model(service, operation).output_shape
    if shape is None:
        assert answer == {}, f"{operation} has no answer"
    else:
        _check(shape, answer, operation)


def declared_errors(operation: str) -> set[str]:
    return {shape.name for shape in operation_model("vpc-lattice", operation).error_shapes}


def _check(shape: Any, value: Any, where: str) -> None:
    match shape.type_name:
        case "structure":
            _check_structure(shape, value, where)
        case "list":
            assert isinstance(value, list), f"{where} is {value!r}"
            for each in value:
                _check(shape.member, each, f"{where}[]")
        case "map":
            for each in value.values():
                _check(shape.value, each, f"{where}{{}}")
        case name:
            assert isinstance(value, TYPES[name]), f"{where} is {value!r}, expected {name}"
            assert not getattr(shape, "enum", None) or value in shape.enum, f"{where} is {value!r}"


def _check_structure(shape: Any, value: Any, where: str) -> None:
    assert isinstance(value, dict), f"{where} is {value!r}"
    unknown = set(value) - set(shape.members)
    missing = set(shape.required_members) - set(value)
    assert not unknown, f"{where} has {unknown}, which the model does not know"
    assert not missing, f"{where} lacks {missing}"
    for name, each in value.items():
        _check(shape.members[name], each, f"{where}.{name}")
