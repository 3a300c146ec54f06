"""`python -m storyclip`: the commands."""

from storyclip.cli.main import main

if __name__ == "__main__":
    main(prog_name="python -m storyclip")
