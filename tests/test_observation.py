"""What an operator sees: health, figures and logs; never what people write."""

from __future__ import annotations

from pathlib import Path
from urllib.request import urlopen

import structlog

from bot.logs import leave_out_personal_data
from tests.browser.server import Server, free_port
from tests.talk import Talk

SECRETS = ("12345678Z", "contraseña-de-ana", "Ana Pérez")


def test_health_says_ok(talking_server: Server) -> None:
    with urlopen(f"{talking_server.url}/health") as response:
        assert (response.status, response.read()) == (200, b'{"status": "ok"}')


def test_figures_count_messages_and_turns_and_hold_nothing_personal(talking_server: Server) -> None:
    Talk(talking_server.url, "figures-of-12345678Z").say("soy Ana Pérez")
    with urlopen(f"{talking_server.url}/metrics") as response:
        figures = response.read().decode()
    assert 'ventanilla_messages_total{channel="rest"}' in figures
    assert "ventanilla_turn_seconds_bucket" in figures
    assert not any(secret in figures for secret in SECRETS)


def test_not_even_the_chattiest_log_holds_what_was_said(tmp_path: Path) -> None:
    server = Server(tmp_path, free_port(), "")
    server.set(LOG_LEVEL="DEBUG")
    server.start()
    talk = Talk(server.url)
    for text in (
        f"soy {SECRETS[2]} con NIF {SECRETS[0]}",
        f"mi clave es {SECRETS[1]}",
        "no recuerdo si nif o cif",
        SECRETS[0],
    ):
        talk.say(text)
    server.stop()
    log = (tmp_path / "server.log").read_text()
    assert not [secret for secret in SECRETS if secret in log]


def test_known_personal_keys_are_left_out_of_any_event() -> None:
    kept = leave_out_personal_data(structlog.get_logger(), "info", {"event": "x", "text": "hola", "message_id": 7})
    assert kept == {"event": "x", "message_id": 7}
