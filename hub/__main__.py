"""Writes the definitions: `python -m hub`."""

from hub.definitions import files

for path, text in files().items():
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
