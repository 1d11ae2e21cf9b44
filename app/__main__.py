"""`python -m app`: the command line, see app/commands.py."""

import gc

if __name__ == "__main__":
    # Nearly all that starting makes stays: looking through it for cycles is a tenth of the work.
    gc.set_threshold(100_000)
    from app.commands import app

    app(prog_name="python -m app")
