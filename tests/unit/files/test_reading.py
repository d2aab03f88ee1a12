"""A directory tree is read as a whole: each object once, everything wrong named, only what changed parsed again."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lattice_gateway.adapters.files.contents import read_content
from lattice_gateway.adapters.files.reading import Reading, read_objects
from lattice_gateway.adapters.files.tree import Tree, read_tree
from tests.unit.files.making import route, service, stream, write

LATER = 4_000_000_000 * 10**9
"""Nanoseconds since the epoch, long after any file of a test was written."""


def reading(root: Path, before: Tree | None = None) -> Reading:
    return read_objects(read_tree(root, before or Tree(), LATER))


def places(found: Reading) -> dict[str, tuple[str, int]]:
    return {str(ref): (placed.file, placed.line) for ref, placed in found.objects.items()}


def test_objects_are_found_in_all_files_with_their_lines(tmp_path: Path) -> None:
    write(tmp_path, b=stream(route("one"), service("rooms")))
    write(tmp_path / "deep" / "er", a=route("two"))
    (tmp_path / "c.json").write_text('{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}')
    (tmp_path / "README.md").write_text("no manifest")
    write(tmp_path / ".git", x="a: [")

    found = reading(tmp_path)

    assert found.problems == ()
    assert places(found) == {
        "HTTPRoute default/one": ("b.yaml", 1),
        "Service default/rooms": ("b.yaml", 11),
        "Namespace shop": ("c.json", 1),
        "HTTPRoute default/two": ("deep/er/a.yaml", 1),
    }


def test_a_list_holds_objects(tmp_path: Path) -> None:
    items = "".join(f"- apiVersion: v1\n  kind: Namespace\n  metadata: {{name: {name}}}\n" for name in ("a", "b"))
    write(tmp_path, all=f"apiVersion: v1\nkind: List\nitems:\n{items}")

    assert list(places(reading(tmp_path))) == ["Namespace a", "Namespace b"]


def test_a_list_of_one_kind_holds_objects_without_kind(tmp_path: Path) -> None:
    write(tmp_path, all="apiVersion: v1\nkind: NamespaceList\nitems:\n- metadata: {name: a}\n- metadata: {name: b}\n")

    assert list(places(reading(tmp_path))) == ["Namespace a", "Namespace b"]


def test_a_state_directory_among_the_manifests_is_not_read(tmp_path: Path) -> None:
    write(tmp_path, x=route("one"))
    write(tmp_path / "state" / "status", y="status: {}")
    (tmp_path / "state" / "records.jsonl").write_text("")

    found = reading(tmp_path)

    assert (set(places(found)), found.problems) == ({"HTTPRoute default/one"}, ())


def test_kinds_of_others_are_counted(tmp_path: Path) -> None:
    deployment = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\n"
    write(tmp_path, a=stream(deployment, deployment), b="apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n")

    assert reading(tmp_path).skipped == {"ConfigMap.v1": 1, "Deployment.apps/v1": 2}


def test_of_an_object_that_stands_twice_the_first_by_path_counts(tmp_path: Path) -> None:
    write(tmp_path, b=route("one", 1), a=stream(service("rooms"), route("one", 2)))

    found = reading(tmp_path)

    assert places(found)["HTTPRoute default/one"] == ("a.yaml", 7)
    (problem,) = found.problems
    assert str(problem) == (
        "b.yaml:1: HTTPRoute default/one: metadata.name: HTTPRoute default/one stands in a.yaml:7 and again in "
        "b.yaml:1; the first counts"
    )


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param(
            stream(service("rooms"), "a: ["),
            "x.yaml:8: no valid YAML or JSON: while parsing a flow node, did not find expected node content",
            id="broken YAML",
        ),
        pytest.param(
            stream(service("rooms"), route("one", -1)),
            "x.yaml:15: HTTPRoute default/one: spec.rules[0].backendRefs[0].weight: found -1, expected 0 to 1000000",
            id="weight out of range",
        ),
        pytest.param(
            stream(service("rooms"), "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRout\nmetadata: {name: a}\n"),
            "x.yaml:8: HTTPRout a: kind: found HTTPRout of gateway.networking.k8s.io/v1, expected one of GRPCRoute, "
            "Gateway, GatewayClass, HTTPRoute, ReferenceGrant, TLSRoute",
            id="unknown kind",
        ),
        pytest.param(
            stream(service("rooms"), "just text\n"),
            'x.yaml:7: an object: the document: found "just text", expected a mapping with apiVersion and kind',
            id="no object",
        ),
    ],
)
def test_a_problem_names_file_object_and_field_and_the_rest_is_read(tmp_path: Path, text: str, problem: str) -> None:
    write(tmp_path, x=text, y=route("other"))

    found = reading(tmp_path)

    assert [str(each) for each in found.problems] == [problem]
    assert set(places(found)) == {"Service default/rooms", "HTTPRoute default/other"}
    assert found.blind == {"x.yaml"}


ANNOTATED = """\
# what the shop sells

apiVersion: v1
kind: Service
metadata:
  name: a
  labels:
    app.kubernetes.io/name: a
    app.kubernetes.io/part-of: 7
spec:
  ports:
    - port: 80
      name: web
    - name: admin
"""


@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param(ANNOTATED, 9, id="a key with dots"),
        pytest.param(ANNOTATED.replace("7", "seven"), 14, id="a missing field: what should hold it"),
        pytest.param(ANNOTATED.replace("7", "seven").replace("name: admin", "port: 81"), 14, id="an item of a list"),
        pytest.param("apiVersion: v1\nkind: List\nitems:\n- kind: A\n  apiVersion: a/v1\n- kind: 3\n", 6, id="a List"),
        pytest.param("apiVersion: v1\n", 1, id="nothing of it"),
    ],
)
def test_a_problem_names_the_line_of_its_field(tmp_path: Path, text: str, line: int) -> None:
    write(tmp_path, x=text)
    write(tmp_path, y=stream(service("rooms"), text))

    assert [problem.line for problem in reading(tmp_path).problems] == [line, line + 6]


@pytest.mark.parametrize("what", ["dangling link", "circle of links", "directory", "pipe"])
def test_what_is_no_readable_file_is_named(tmp_path: Path, what: str) -> None:
    path = tmp_path / "x.yaml"
    match what:
        case "dangling link":
            path.symlink_to("nowhere.yaml")
        case "circle of links":
            path.symlink_to("x.yaml")
        case "directory":
            path.mkdir()
        case _:
            os.mkfifo(path)
    write(tmp_path, y=route("other"))

    found = reading(tmp_path)

    assert set(places(found)) == {"HTTPRoute default/other"}
    assert [problem.file for problem in found.problems] == ([] if what == "directory" else ["x.yaml"])


def test_a_missing_directory_is_blind_and_named(tmp_path: Path) -> None:
    found = reading(tmp_path / "nowhere")

    assert found.blind == {""}
    assert not found.sees("any.yaml")
    assert [str(problem) for problem in found.problems] == [
        f"the directory {tmp_path / 'nowhere'} cannot be read: No such file or directory"
    ]


def test_a_file_where_a_directory_should_be_is_named(tmp_path: Path) -> None:
    write(tmp_path, x=route("one"))

    assert reading(tmp_path / "x.yaml").blind == {""}


def test_what_lies_below_something_unread_is_not_seen() -> None:
    found = Reading(blind=frozenset({"deep", "x.yaml"}))

    assert [found.sees(file) for file in ("x.yaml", "deep/a.yaml", "deep/er/a.yaml", "deeper/a.yaml", "y.yaml")] == [
        False,
        False,
        False,
        True,
        True,
    ]


def test_a_circle_of_directories_ends(tmp_path: Path) -> None:
    write(tmp_path / "a", x=route("one"))
    (tmp_path / "a" / "again").symlink_to(tmp_path, target_is_directory=True)

    assert set(places(reading(tmp_path))) == {"HTTPRoute default/one"}


def test_a_config_map_volume_is_read_through_its_links(tmp_path: Path) -> None:
    write(tmp_path / "..2026_01", x=route("one", 1))
    write(tmp_path / "..2026_02", x=route("one", 2))
    (tmp_path / "..data").symlink_to("..2026_01")
    (tmp_path / "x.yaml").symlink_to("..data/x.yaml")
    first = read_tree(tmp_path, Tree(), LATER)

    (tmp_path / "..new").symlink_to("..2026_02")
    (tmp_path / "..new").rename(tmp_path / "..data")

    (before,), (after,) = (
        read_objects(first).objects.values(),
        read_objects(read_tree(tmp_path, first, LATER)).objects.values(),
    )
    assert before.file == after.file == "x.yaml"
    assert before.thing != after.thing


def test_only_documents_that_changed_are_parsed_again(tmp_path: Path) -> None:
    write(tmp_path, x=stream(route("one"), route("two")), y=route("three"))
    before = read_tree(tmp_path, Tree(), LATER)
    write(tmp_path, x=stream("# a line more\n" + route("one", 5), route("two")))

    after = read_tree(tmp_path, before, LATER)

    old, new = read_objects(before).objects, read_objects(after).objects
    assert {ref.name: new[ref].thing is old[ref].thing for ref in old} == {"one": False, "two": True, "three": True}
    assert {ref.name: new[ref].line for ref in new} == {"one": 2, "two": 12, "three": 1}
    assert after.files["y.yaml"] is before.files["y.yaml"]


def test_a_file_that_changed_just_now_is_read_again(tmp_path: Path) -> None:
    write(tmp_path, x=route("one"))
    changed = (tmp_path / "x.yaml").stat().st_mtime_ns

    assert read_tree(tmp_path, Tree(), changed + 1_000_000).young == ("x.yaml",)
    assert read_tree(tmp_path, Tree(), changed + 1_000_000_000).young == ()


def test_a_file_too_large_is_named() -> None:
    content = read_content("x.yaml", b"#" * (64 * 1024 * 1024 + 1))

    assert [str(problem) for problem in content.part.problems] == [
        "x.yaml: found 67108865 bytes, expected at most 67108864"
    ]


@given(st.binary(max_size=300), st.sampled_from(["x.yaml", "x.json"]))
def test_no_bytes_in_a_file_raise(data: bytes, name: str) -> None:
    content = read_content(name, data)

    assert content.part.blind == bool(content.part.problems)


FRAGMENTS = st.sampled_from(
    [
        "---\n",
        route("one"),
        service("a"),
        "a: [\n",
        "- x\n",
        "kind: List\n",
        "apiVersion: v1\n",
        "items: [1]\n",
        "\t",
        "}",
    ]
)


@given(st.lists(FRAGMENTS, max_size=8), st.lists(FRAGMENTS, max_size=8))
def test_a_file_read_after_another_state_of_it_is_read_as_from_scratch(old: list[str], new: list[str]) -> None:
    before = read_content("x.yaml", "".join(old).encode())
    data = "".join(new).encode()

    assert read_content("x.yaml", data, before) == read_content("x.yaml", data)
