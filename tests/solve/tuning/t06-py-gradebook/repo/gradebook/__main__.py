import sys

from gradebook.cli import main

sys.exit(main())
