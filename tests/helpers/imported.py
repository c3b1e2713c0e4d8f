"""Which libraries a process has imported when it is done."""

import json
import subprocess
import sys

LIBRARIES = ("jinja2", "matplotlib", "numpy", "pandas", "sklearn", "tensorflow", "keras", "pyarrow", "rich")

PROBE = """
import json, sys
from forecast.cli import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    code = end.code
json.dump([code, sorted({name.partition(".")[0] for name in sys.modules})], sys.stderr)
"""


def imported_by(*arguments, folder=None, script=PROBE):
    """Returns which of the libraries a process has imported when it is done with a command."""
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True, cwd=folder
    )
    code, modules = json.loads(done.stderr.splitlines()[-1])
    assert code == 0
    return {name for name in LIBRARIES if name in modules}
