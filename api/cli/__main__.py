"""`python -m api.cli ...`: the `croupier` command where it is not installed as a program."""

from api.cli.main import run

if __name__ == "__main__":
    run()
