"""Telling people in their chat what they wait for: at decent hours, unless they do not want it, else by mail."""
