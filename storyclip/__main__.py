"""`python -m storyclip`: the commands."""

from config.logging import configure
from storyclip.cli.main import main

if __name__ == "__main__":
    configure("warning")  # to stderr: stdout is for data
    main(prog_name="python -m storyclip")
