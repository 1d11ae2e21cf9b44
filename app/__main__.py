"""`python -m app`: the command line, see app/commands.py."""

from app.commands import app

app(prog_name="python -m app")
