import sys

from chores.cli import main

sys.exit(main())
