"""The settings file: what it sets, and how it says what is wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lattice_emulator.admin.entries import Entry, SettingError
from lattice_emulator.admin.fault_settings import plan_document, read_plan
from lattice_emulator.admin.settings import Settings, read_settings, settings_of
from lattice_emulator.api.faults import (
    Always,
    Bucket,
    CloseBefore,
    Every,
    Failure,
    FaultPlan,
    First,
    LoseAnswer,
    Refuse,
    SlowAnswer,
)

EVERYTHING = """
knobs: {page_size: 10, prefix_mode: segment}
quotas: {rules: 100}
accounts:
  default: "222222222222"
  keys: {AKIDOTHER: "444455556666"}
faults:
  latency: {"*": 0.1}
  throttle: {"Create*": {rate: 5, burst: 10}}
  list_lag: 2
  failures:
    - {operation: CreateService, code: InternalServerException, count: 2}
    - {effect: lose-answer, every: 3}
"""


def test_a_file_sets_knobs_quotas_accounts_and_faults(tmp_path):
    path = tmp_path / "emulator.yaml"
    path.write_text(EVERYTHING)

    settings = read_settings(path)

    assert (settings.knobs.page_size, settings.knobs.prefix_mode, settings.knobs.quota_rules) == (10, "segment", 100)
    assert settings.accounts.owner("AKIDOTHER") == "444455556666"
    assert settings.accounts.owner("another") == "222222222222"
    assert settings.faults == FaultPlan(
        latency={"*": 0.1},
        throttle={"Create*": Bucket(5.0, 10)},
        failures=(
            Failure("CreateService", Refuse("InternalServerException"), First(2)),
            Failure("*", LoseAnswer(), Every(3)),
        ),
        list_lag=2.0,
    )


def test_an_empty_file_means_the_defaults(tmp_path):
    path = tmp_path / "emulator.yaml"
    path.write_text("")

    assert read_settings(path) == Settings()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param({"knob": {}}, "knob: found an unknown key, expected one of knobs, quotas", id="key"),
        pytest.param([], "the whole: found [], expected a mapping", id="not a mapping"),
        pytest.param({"knobs": {"page_size": 0}}, "knobs.page_size: found 0, expected a whole number", id="knob"),
        pytest.param({"quotas": {"rule": 1}}, "quotas.rule: found an unknown key, expected one of", id="no quota"),
        pytest.param({"quotas": {"rules": "ten"}}, "quotas.rules: found 'ten', expected", id="quota"),
        pytest.param(
            {"accounts": {"default": 111122223333}},
            "accounts.default: found 111122223333, expected an account of 12 digits, in quotes",
            id="account",
        ),
        pytest.param(
            {"faults": {"latency": {"GetServices": 1}}},
            "faults.latency.GetServices: found 'GetServices', expected the name of an operation",
            id="operation",
        ),
        pytest.param(
            {"faults": {"latency": {"*": -1}}},
            "faults.latency.*: found -1, expected a number of seconds, 0 or more",
            id="negative",
        ),
        pytest.param(
            {"faults": {"throttle": {"*": {"rate": 5}}}},
            "faults.throttle.*: found {'rate': 5}, expected a mapping with burst",
            id="bucket without burst",
        ),
        pytest.param(
            {"faults": {"throttle": {"*": {"rate": 0, "burst": 1}}}},
            "faults.throttle.*.rate: found 0, expected a number above 0",
            id="rate",
        ),
        pytest.param(
            {"faults": {"failures": [{"code": "X"}, {"code": "X", "count": 1, "every": 2}]}},
            "faults.failures[1]: found {'code': 'X', 'count': 1, 'every': 2}, expected count or every, not both",
            id="two schedules",
        ),
        pytest.param(
            {"faults": {"failures": [{"effect": "explode"}]}},
            "faults.failures[0].effect: found 'explode', expected one of refuse, lose-answer",
            id="effect",
        ),
        pytest.param(
            {"faults": {"failures": [{"effect": "refuse"}]}},
            "faults.failures[0]: found {'effect': 'refuse'}, expected a mapping with code",
            id="refusal without code",
        ),
    ],
)
def test_a_wrong_setting_is_named_with_what_was_found_and_expected(data, message):
    with pytest.raises(SettingError) as caught:
        settings_of(data)

    assert str(caught.value).startswith(message)


def test_one_latency_and_one_bucket_are_for_every_operation():
    settings = settings_of({"faults": {"latency": 0.1, "throttle": {"rate": 10, "burst": 20}}})

    assert settings.faults == FaultPlan(latency={"*": 0.1}, throttle={"*": Bucket(10.0, 20)})


def test_a_file_that_is_no_yaml_is_named(tmp_path):
    path = tmp_path / "emulator.yaml"
    path.write_text("a: [")

    with pytest.raises(SettingError, match=r"emulator\.yaml: is not YAML"):
        read_settings(path)


def test_a_file_that_is_missing_is_named(tmp_path):
    with pytest.raises(SettingError, match=r"gone\.yaml: cannot be read: No such file"):
        read_settings(tmp_path / "gone.yaml")


names = st.sampled_from(["*", "Create*", "GetService"])
seconds = st.floats(0, 100)
effects = st.one_of(
    st.builds(Refuse, st.sampled_from(["ThrottlingException", "InternalServerException"])),
    st.just(LoseAnswer()),
    st.just(CloseBefore()),
    st.builds(SlowAnswer, seconds),
)
schedules = st.one_of(st.just(Always()), st.builds(First, st.integers(1, 9)), st.builds(Every, st.integers(1, 9)))
plans = st.builds(
    FaultPlan,
    latency=st.dictionaries(names, seconds),
    throttle=st.dictionaries(names, st.builds(Bucket, st.floats(0.1, 100), st.integers(1, 99))),
    failures=st.lists(st.builds(Failure, names, effects, schedules), max_size=3).map(tuple),
    list_lag=seconds,
)


@given(plan=plans)
def test_a_plan_survives_being_written_and_read(plan):
    assert read_plan(Entry("", plan_document(plan))) == plan
