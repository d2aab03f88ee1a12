"""Standard routes as objects, as many as are asked for, in a cluster in memory on a stage of its own."""

from dataclasses import replace
from pathlib import Path

import yaml

from bench.manifests import Size, Tree
from lattice_emulator.world.knobs import Knobs
from tests.laws.engine_cluster import Cluster, Raw
from tests.laws.engine_stage import Stage

ROOMY = Knobs(quota_target_groups=5000)


class Town:
    """So many routes, and more of them where they are asked for; their manifests are in a folder ``root``."""

    def __init__(self, root: Path, size: Size) -> None:
        self.size = size
        self.stage = Stage(ROOMY)
        self._tree = Tree(root)
        self._tree.write(size)
        self._read: set[Path] = set()
        self.cluster = Cluster(self._new())

    def build(self, routes: int) -> None:
        """So many routes more."""
        before, self.size = self.size, replace(self.size, routes=self.size.routes + routes)
        self._tree.add_routes(self.size, before.routes)
        for raw in self._new():
            self.cluster.put(raw)

    def _new(self) -> list[Raw]:
        """Objects that were written since the last time; slices before routes, as they come when a Service is old."""
        paths = [path for path in sorted(self._tree.root.rglob("*.yaml"), reverse=True) if path not in self._read]
        self._read.update(paths)
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        return [raw for path in paths for raw in yaml.load_all(path.read_text(), Loader=loader)]


def moved(raw: Raw) -> None:
    """Another pod instead of the first of a slice."""
    raw["endpoints"][0]["addresses"] = ["10.244.9.9"]
