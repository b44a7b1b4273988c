"""The table of dialogues, apart from what reads it with Rasa, so that others may erase a dialogue without loading that."""

from __future__ import annotations

from sqlalchemy import Column, String, Table, Text

from bot.database import Moment, metadata

dialogue_table = Table(
    "dialogue",
    metadata,
    Column("address", String(200), primary_key=True),
    Column("state", Text, nullable=False),
    Column("changed_at", Moment, nullable=False),
)
dialogue = dialogue_table.c
