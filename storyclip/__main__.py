"""`python -m storyclip`: the commands."""

from config import loading
from config.logging import configure
from config.private import keep_private
from storyclip.cli.main import main

if __name__ == "__main__":
    loading.is_over()
    keep_private()
    configure("warning")  # to stderr: stdout is for data
    main(prog_name="python -m storyclip")
