"""The energy company that the assistant works for: one flat file of names, phones and mailboxes."""

from __future__ import annotations

from pathlib import Path

import yaml

from bot.settings import BadSetting

Company = dict[str, str]


def read_company(path: Path) -> Company:
    """The company's data by placeholder name. Raises BadSetting when the file is missing or not a flat table."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise BadSetting(f"COMPANY_FILE: {path} cannot be read ({type(error).__name__})") from None
    if not isinstance(data, dict) or any(isinstance(value, (dict, list)) for value in data.values()):
        raise BadSetting(f"COMPANY_FILE: {path} must hold one `name: value` a line")
    return {str(name): str(value) for name, value in data.items()}
