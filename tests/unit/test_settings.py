"""What a process reads at its start, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from dispatch.errors import InvalidInputError
from dispatch.settings import Part, load_settings, setting_of


def codes(error: InvalidInputError) -> list[str]:
    return [issue.code for issue in error.issues]


def test_the_command_line_counts_more_than_the_environment() -> None:
    found = load_settings({"port": 9000, "host": None}, {"DISPATCH_PORT": "8000", "DISPATCH_HOST": "::1", "HOME": "/"})
    assert (found.port, found.host, found.role) == (9000, "::1", Part.ALL)


def test_secrets_come_from_the_environment_or_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("s" * 40 + "\n", "utf-8")
    assert load_settings({}, {"DISPATCH_SECRET_FILE": str(file)}).secret == "s" * 40
    assert "sss" not in repr(load_settings({}, {"DISPATCH_SECRET": "s" * 40}))


def test_one_setting_is_read_as_the_service_reads_it(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text("postgresql://a:secret@b/c\n", "utf-8")
    found = {"DISPATCH_DB_FILE": str(file), "DISPATCH_PROT": "1"}
    assert setting_of("db", found) == "postgresql://a:secret@b/c"
    assert setting_of("db", {"DISPATCH_DB": "sqlite:///x.db"}) == "sqlite:///x.db"
    assert setting_of("db", {}) is None
    assert "secret" not in repr(load_settings({}, {"DISPATCH_DB_FILE": str(file)}))
    with pytest.raises(InvalidInputError):
        setting_of("db", {"DISPATCH_DB_FILE": str(tmp_path / "none")})


@pytest.mark.parametrize(("text", "wanted"), [("true", True), ("1", True), ("False", False), ("0", False)])
def test_a_switch_is_on_or_off(text: str, wanted: bool) -> None:
    assert load_settings({}, {"DISPATCH_WEBHOOK_LOOPBACK": text}).webhook_loopback is wanted
    with pytest.raises(InvalidInputError):
        load_settings({}, {"DISPATCH_WEBHOOK_LOOPBACK": "perhaps"})


def test_customers_follow_where_the_settings_say() -> None:
    public, own = "https://dispatch.example/", "https://shop.example/#{token}"
    assert load_settings({}, {}).page == ""
    assert load_settings({}, {"DISPATCH_PUBLIC_URL": public}).page == "https://dispatch.example/t/{token}"
    assert load_settings({}, {"DISPATCH_PUBLIC_URL": public, "DISPATCH_LINK_URL": own}).page == own


def test_everything_wrong_is_told_at_once() -> None:
    with pytest.raises(InvalidInputError) as refused:
        load_settings({}, {"DISPATCH_PROT": "1", "DISPATCH_PORT": "x", "DISPATCH_SECRET_FILE": "no/such/file"})
    assert codes(refused.value) == ["unknown_key", "out_of_range", "out_of_range"]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"port": 70_000}, "out_of_range"),
        ({"speed": 0.0}, "out_of_range"),
        ({"secret": "short"}, "out_of_range"),
        ({"role": Part.API}, "field_missing"),
        ({"log": "loud"}, "out_of_range"),
        ({"log_format": "xml"}, "out_of_range"),
        ({"public_url": "dispatch.example"}, "out_of_range"),
        ({"link_url": "https://shop.example/track"}, "out_of_range"),
        ({"link_url": "/track/{token}"}, "out_of_range"),
    ],
)
def test_what_makes_no_sense_is_refused(given: dict[str, object], code: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        load_settings(given, {})
    assert codes(refused.value) == [code]
