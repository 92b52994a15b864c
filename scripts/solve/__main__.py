"""`python3 scripts/solve`: the folder as a program."""
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path[0] = str(pathlib.Path(__file__).resolve().parent.parent)

from solve.cli import main  # noqa: E402 (it is found only now)

if __name__ == "__main__":
    sys.exit(main())
