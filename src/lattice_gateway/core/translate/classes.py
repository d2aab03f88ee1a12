"""Which GatewayClasses are ours."""

from dataclasses import dataclass
from typing import TypeAlias

from lattice_gateway.core.objects import CONTROLLER_NAME, GatewayClass, Ref
from lattice_gateway.core.objects.refs import Kind
from lattice_gateway.core.translate.inputs import CLASSES, Undecodable, each, last_good
from lattice_gateway.core.translate.verdicts import Accepted, Reason, Rejected, Verdict
from lattice_gateway.core.translate.view import Cells, View


@dataclass(frozen=True, slots=True)
class OurClass:
    """A class with our controller name. A rejected one keeps its Gateways: they have not changed."""

    verdict: Verdict


@dataclass(frozen=True, slots=True)
class OtherClass:
    """A class of another controller, or none at all."""


@dataclass(frozen=True, slots=True)
class UnknownClass:
    """A class that cannot be read."""

    problem: str


ClassView: TypeAlias = OurClass | OtherClass | UnknownClass


def view_class(view: View, ref: Ref) -> ClassView:
    """Whose class it is, and whether we accept it."""
    value = view.get(CLASSES, ref)
    if isinstance(value, Undecodable) and value.last is None:
        return UnknownClass(value.problem)
    last = last_good(value)
    return OtherClass() if last is None else judge(last)


def judge(value: GatewayClass) -> ClassView:
    """The view of a readable class.

    Spec: GatewayClass.spec.parametersRef; we have no kind of parameters.
    """
    if value.spec.controller_name != CONTROLLER_NAME:
        return OtherClass()
    if value.spec.parameters_ref is not None:
        message = "spec.parametersRef: found a reference, expected none: this controller has no parameters"
        return OurClass(Rejected(Reason.INVALID_PARAMETERS, message))
    return OurClass(Accepted("Accepted"))


def class_ref(name: str) -> Ref:
    """The ref of a GatewayClass."""
    return Ref(Kind.GATEWAY_CLASS, "", name)


EACH_CLASS = each(CLASSES)
CLASS_VIEWS: Cells[Ref, ClassView] = Cells("class", view_class, per=(EACH_CLASS,))
