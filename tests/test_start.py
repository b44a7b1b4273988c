"""What an operator can get wrong at a start ends with one clear line and exit code 2; Ctrl-C ends within 5 s."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bot.settings import BadSetting, Settings, read_settings, session_secret
from tests.browser.server import PROJECT, Server, free_port

LONGEST_END_SECONDS = 5.0


def start(**environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "bot", "run"]
    return subprocess.run(
        command, cwd=PROJECT, env=os.environ | environment, capture_output=True, text=True, timeout=60
    )


def check_refused(ended: subprocess.CompletedProcess[str], *words: str) -> None:
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert line.startswith("ventanilla: ")
    assert all(word in line for word in words), line


def test_a_busy_port_is_told_at_once() -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = str(busy.getsockname()[1])
        check_refused(start(PORT=port), "PORT", port)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "puerta"),
        ("PORT", "0"),
        ("PORT", "70000"),
        ("LOG_LEVEL", "CHATTY"),
        ("SECRET_KEY", "corta"),
        ("DATABASE_URL", "mysql://localhost/x"),
        ("COMPANY_FILE", "nada.yml"),
        ("HOLIDAYS_FILE", "nada.yml"),
        ("HOST", "no.such.host.invalid"),
        ("TURN_THREADS", "0"),
        ("RATE_LIMIT_MESSAGES_PER_MINUTE", "-1"),
        ("REDIS_URL", "http://localhost"),
        ("DOCUMENTS_KEY", "corta"),
        ("DOCUMENTS_FOLDER", "/proc/nada"),
        ("DOCUMENTS_BUCKET", "cubo"),
        ("CLAMD_URL", "localhost:3310"),
        ("TELEGRAM_TOKEN", "no-es-de-botfather"),
        ("TELEGRAM_MODE", "push"),
        ("TELEGRAM_WEBHOOK_SECRET", "corta"),
        ("TELEGRAM_API_URL", "api.telegram.org"),
        ("WHATSAPP_PHONE_NUMBER_ID", "+34 600 111 222"),
        ("WHATSAPP_API_URL", "graph.facebook.com"),
        ("WHATSAPP_TEMPLATE", "Con espacios"),
        ("WHATSAPP_TEMPLATE_LANGUAGE", "español"),
        ("WHATSAPP_OLDEST_MESSAGE_MINUTES", "0"),
        ("STAFF_OIDC_ISSUER", "login.example"),
        ("STAFF_PASSWORDS", "false"),
    ],
)
def test_a_bad_setting_is_named(name: str, value: str) -> None:
    check_refused(start(**{"PORT": str(free_port())} | {name: value}), name)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"TELEGRAM_TOKEN": f"1:{'a' * 30}", "TELEGRAM_MODE": "webhook", "PUBLIC_URL": "http://x"}, "TELEGRAM_MODE"),
        ({"WHATSAPP_TOKEN": "EAAG"}, "WHATSAPP_PHONE_NUMBER_ID"),
        ({"WHATSAPP_TOKEN": "EAAG", "WHATSAPP_PHONE_NUMBER_ID": "1"}, "WHATSAPP_APP_SECRET"),
    ],
)
def test_settings_of_a_channel_that_do_not_fit_together_are_told_before_anything_is_loaded(
    given: dict[str, str], named: str
) -> None:
    ended = start(**{"PORT": str(free_port())} | given)
    check_refused(ended, named)
    assert "Loading the assistant" not in ended.stdout


@pytest.mark.parametrize("name", ["DATA_FOLDER", "MODELS_FOLDER"])
def test_a_folder_that_cannot_be_written_is_named(name: str, tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    check_refused(start(**{"PORT": str(free_port()), name: str(in_the_way / "folder")}), name)


def test_a_database_that_does_not_answer_is_told() -> None:
    url = f"postgresql://nobody@127.0.0.1:{free_port()}/nothing"
    check_refused(start(PORT=str(free_port()), DATABASE_URL=url), "DATABASE_URL")


def test_another_python_is_refused_by_make(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text((PROJECT / "Makefile").read_text())
    (tmp_path / "python").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "python").chmod(0o755)
    command = ["make", "-s", "run", f"PYTHON={tmp_path / 'python'}"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert ended.returncode == 2
    assert "is not Python 3.11" in ended.stderr


def test_a_missing_python_is_told_by_make(tmp_path: Path) -> None:
    (tmp_path / "Makefile").write_text((PROJECT / "Makefile").read_text())
    ended = subprocess.run(["make", "-s", "run", "PYTHON=nada"], cwd=tmp_path, capture_output=True, text=True)
    assert ended.returncode == 2
    assert "Python 3.11 is needed" in ended.stderr


def test_ctrl_c_ends_within_five_seconds_even_with_a_client_connected(tmp_path: Path) -> None:
    server = Server(tmp_path, free_port(), "")
    server.start()
    process = server._process
    assert process is not None
    with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2]))):
        started = time.monotonic()
        process.send_signal(signal.SIGINT)
        assert process.wait(LONGEST_END_SECONDS) == 0
        assert time.monotonic() - started < LONGEST_END_SECONDS
    log = (tmp_path / "server.log").read_text()
    assert "Traceback" not in log


def test_the_session_key_is_made_once_and_only_we_can_read_it(tmp_path: Path) -> None:
    settings = Settings(data_folder=tmp_path / "var", secret_key="")
    assert session_secret(settings) == session_secret(settings)
    assert (tmp_path / "var" / "secret_key").stat().st_mode & 0o077 == 0


def test_origins_are_separated_by_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMBED_ORIGINS", "https://a.example/, https://b.example")
    assert read_settings().embed_origins == ("https://a.example", "https://b.example")


def test_a_plain_postgresql_address_gets_our_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://user@host/name")
    assert read_settings().database == "postgresql+psycopg://user@host/name"


def test_a_bad_setting_is_one_line_without_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "secreto-corto")
    with pytest.raises(BadSetting) as refused:
        read_settings()
    assert "SECRET_KEY" in str(refused.value)
    assert "secreto-corto" not in str(refused.value)


@pytest.mark.parametrize(
    ("days", "is_taken"), [("0", True), ("30", True), ("29", False), ("3651", False), ("-1", False)]
)
def test_conversations_are_kept_for_a_month_at_least_or_for_good(
    days: str, is_taken: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONVERSATION_DAYS", days)
    if is_taken:
        assert read_settings().conversation_days == int(days)
    else:
        with pytest.raises(BadSetting, match=r"^CONVERSATION_DAYS: "):
            read_settings()
