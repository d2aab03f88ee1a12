"""The command line as a person meets it: exit codes, sentences, help."""

import subprocess
import sys
from pathlib import Path

import pytest

from lattice_gateway.cli.main import main
from lattice_gateway.cli.run import options

ROOT = Path(__file__).parents[3]
COMMANDS = ("run", "plan", "describe", "sweep", "demo")


def ended(words: list[str]) -> int:
    """The exit code of a command line."""
    with pytest.raises(SystemExit) as stopped:
        main(words)
    return int(stopped.value.code or 0)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        pytest.param(["frobnicate"], "frobnicate", id="unknown command"),
        pytest.param(["plan", "--sauce", "x"], "--sauce", id="unknown option"),
        pytest.param(["plan", "--output", "xml"], "Invalid value for '--output' / '-o'", id="unknown form of output"),
        pytest.param(["nosuch"], "No such command 'nosuch'; see", id="one stop"),
        pytest.param(["plan", "--kubeconfig", "/nowhere"], "no cluster: ", id="plan without a cluster"),
        pytest.param(["describe", "--kubeconfig", "/nowhere"], "no cluster: ", id="describe without a cluster"),
        pytest.param(["plan", "-n", "a", "-A"], "exclude each other", id="one namespace and all of them"),
        pytest.param(["plan", "--source", "x", "-A"], "--source is a directory", id="a directory and a cluster"),
        pytest.param(["plan", "--state-dir", "x"], "--source DIR is needed", id="half of a directory"),
        pytest.param(["run", "--source", "x"], "--source DIR and --state-dir DIR", id="run with half of a directory"),
        pytest.param(["run", "--kubeconfig", "/nowhere"], "no cluster: ", id="run without a cluster"),
        pytest.param(["run", "--kubeconfig", "/x", "--delete-all"], "--source DIR is needed", id="delete-all anywhere"),
        pytest.param(["run", "--leader-elect=maybe"], "'maybe', expected true or false", id="a switch that is none"),
        pytest.param(
            ["run", "--metrics-bind-address", "here"], "--metrics-bind-address is 'here'", id="an address that is none"
        ),
        pytest.param(["run", "--confirm-deletions", "some"], "'some'", id="a count that is none"),
        pytest.param(["run", "--sour", "x"], "--sour", id="no abbreviations"),
        pytest.param(["--source", "x", "run"], "No such option: --source", id="an option before the command"),
    ],
)
def test_wrong_usage_is_one_sentence_and_exit_1(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LATTICE_ENDPOINT", "http://127.0.0.1:1")

    assert ended(words) == 1

    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("error: ")
    assert sentence in said.err
    assert said.err.count("\n") == 1


def test_against_aws_the_missing_identity_is_named_before_anything_is_read(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("LATTICE_ENDPOINT", "AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ACCOUNT_ID"):
        monkeypatch.delenv(name, raising=False)

    assert ended(["plan", "--source", str(tmp_path)]) == 1

    assert "AWS_ACCOUNT_ID, CLUSTER_VPC_ID, CLUSTER_NAME" in capsys.readouterr().err


def test_an_account_that_does_not_answer_is_a_sentence(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "class.yaml").write_text(
        "apiVersion: gateway.networking.k8s.io/v1\nkind: GatewayClass\nmetadata: {name: x}\n"
        "spec: {controllerName: application-networking.k8s.aws/gateway-api-controller}\n"
    )

    assert ended(["plan", "--source", str(tmp_path), "--endpoint-url", "http://127.0.0.1:9"]) == 1

    assert "VPC Lattice at http://127.0.0.1:9" in capsys.readouterr().err


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended(["--help"]) == 0

    shown = capsys.readouterr().out
    assert all(f"  {command} " in shown for command in COMMANDS)


def test_no_words_show_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert ended([]) == 0

    assert "Usage: lattice-gateway" in capsys.readouterr().out


@pytest.mark.parametrize("library", ["typer", "click", "rich", "pygments", "watchfiles"])
def test_the_controller_in_a_cluster_does_not_import_what_only_people_need(library: str, tmp_path: Path) -> None:
    code = (
        "import sys, atexit; from lattice_gateway.cli.main import main;"
        f"atexit.register(lambda: print(bool(sys.modules.get('{library}')), 'lightkube' in sys.modules));"
        f"main(['run', '--kubeconfig={tmp_path / 'none'}'])"
    )

    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)

    assert found.stdout.split() == ["False", "True"], found.stderr


def test_every_option_of_run_says_what_it_is_for() -> None:
    assert all(action.help for action in options()._actions)


def test_the_generated_pages_are_those_of_the_code() -> None:
    found = subprocess.run(
        [sys.executable, str(ROOT / "docs" / "generate.py"), "--check"], capture_output=True, text=True, check=False
    )

    assert found.returncode == 0, found.stderr


def test_a_reader_that_has_seen_enough_changes_nothing_of_the_exit_code() -> None:
    code = "import sys; from lattice_gateway.cli.app import _print; _print('x' * 100_000); sys.exit(2)"

    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        said = process.stderr.read() if process.stderr else ""

    assert (process.returncode, said) == (2, "")
