"""A small Telegram: the Bot API as a bot sees it, and the people who write to the bot."""
