"""usage: evaluate.py FOLDER VALUES.tfvars — the Terraform there with its variables and functions
worked out, as JSON. The file of values is in the folder."""
import json
import sys

from tfparse import load_from_path

json.dump(load_from_path(sys.argv[1], stop_on_hcl_error=True, vars_paths=[sys.argv[2]]), sys.stdout, default=str)
