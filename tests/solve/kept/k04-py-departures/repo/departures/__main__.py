import sys

from departures.cli import main

sys.exit(main())
