"""The settings file: knobs, quotas, accounts and faults, in YAML."""

import re
from dataclasses import dataclass, field, fields
from pathlib import Path

import yaml

from lattice_emulator.admin.entries import Entry, SettingError
from lattice_emulator.admin.fault_settings import read_plan
from lattice_emulator.api.faults import FaultPlan
from lattice_emulator.api.identity import DEFAULT_ACCOUNT
from lattice_emulator.api.request import Accounts
from lattice_emulator.world.knob_table import KnobError
from lattice_emulator.world.knobs import Knobs

_QUOTA = "quota_"
_ACCOUNT = re.compile(r"\d{12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What the settings file decides; the defaults are those without a file."""

    knobs: Knobs = field(default_factory=Knobs)
    accounts: Accounts = field(default_factory=Accounts)
    faults: FaultPlan = field(default_factory=FaultPlan)


def read_settings(path: Path) -> Settings:
    """Read the file at ``path``; raises SettingError, which names the file."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingError(f"{path}: cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingError(f"{path}: is not YAML: {error}") from None
    try:
        return settings_of(data)
    except SettingError as error:
        raise SettingError(f"{path}: {error}") from None


def settings_of(data: object) -> Settings:
    """Read settings from plain data; null is all defaults. Raises SettingError."""
    parts = Entry("", data).mapping("knobs", "quotas", "accounts", "faults")
    nothing = Entry("", None)
    return Settings(
        knobs=_knobs(parts.get("knobs", nothing), parts.get("quotas", nothing)),
        accounts=_accounts(parts.get("accounts", nothing)),
        faults=read_plan(parts.get("faults", nothing)),
    )


def _knobs(knobs: Entry, quotas: Entry) -> Knobs:
    own = {key: entry.value for key, entry in knobs.mapping().items()}
    # ``quotas.rules`` is another way to write ``knobs.quota_rules``.
    raised = {f"{_QUOTA}{key}": entry.value for key, entry in quotas.mapping(*_quota_names()).items()}
    try:
        Knobs.from_mapping(own, "knobs")
        Knobs.from_mapping(raised, "quotas")
    except KnobError as error:
        raise SettingError(str(error).replace(f"quotas.{_QUOTA}", "quotas.", 1)) from None
    return Knobs.from_mapping(own | raised, "knobs")


def _quota_names() -> tuple[str, ...]:
    return tuple(each.name.removeprefix(_QUOTA) for each in fields(Knobs) if each.name.startswith(_QUOTA))


def _accounts(entry: Entry) -> Accounts:
    parts = entry.mapping("default", "keys")
    default = _account(parts["default"]) if "default" in parts else DEFAULT_ACCOUNT
    return Accounts(default, parts["keys"].table(_account) if "keys" in parts else {})


def _account(entry: Entry) -> str:
    if not isinstance(entry.value, str) or not _ACCOUNT.fullmatch(entry.value):
        raise entry.wrong("an account of 12 digits, in quotes")
    return entry.value
