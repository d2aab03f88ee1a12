"""``lattice-gateway describe``: the topology as a tree, or one object's part of it."""

from rich.tree import Tree

from lattice_gateway.cli.exits import CommandError
from lattice_gateway.cli.look import Look, look
from lattice_gateway.cli.render.tree import Picture, add_route, gateway_tree, whole_tree
from lattice_gateway.cli.where import Where
from lattice_gateway.core.objects import Ref


async def describe_tree(where: Where, name: str | None = None) -> Tree:
    """Everything, or the object called ``KIND/NAME`` or ``KIND/NAMESPACE/NAME``; raises ``CommandError``."""
    seen = await look(where)
    picture = Picture.of(seen.topology, seen.observed)
    return whole_tree(picture) if name is None else _one(seen, picture, name)


def _one(seen: Look, picture: Picture, name: str) -> Tree:
    found = [gateway for gateway in seen.topology.gateways if _is_named(gateway.ref, name)]
    if found:
        return gateway_tree(found[0], picture)
    routes = [route for route in seen.topology.routes if _is_named(route.ref, name)]
    if not routes:
        known = [str(gateway.ref) for gateway in seen.topology.gateways]
        known += [str(route.ref) for route in seen.topology.routes]
        raise CommandError(f"{name} is no Gateway or route of ours; found {', '.join(known) or 'none'}")
    tree = Tree("[bold]lattice-gateway[/]", guide_style="dim")
    for route in routes:
        add_route(tree, route, picture)
    return tree


def _is_named(ref: Ref, name: str) -> bool:
    kind, _, rest = name.partition("/")
    return kind.lower() == ref.kind.lower() and rest in {ref.name, f"{ref.namespace}/{ref.name}"}
