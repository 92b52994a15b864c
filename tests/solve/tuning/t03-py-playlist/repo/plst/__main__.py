import sys

from plst.cli import main

sys.exit(main())
