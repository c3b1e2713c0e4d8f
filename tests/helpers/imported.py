"""Which libraries a process has imported when it is done."""

import json
import subprocess
import sys

LIBRARIES = (
    *("jinja2", "matplotlib", "numpy", "pandas", "sklearn", "tensorflow", "keras", "pyarrow", "rich"),
    "pydantic",  # Typer's, for values that are not plain
    "scipy",
)

PROBE = """
import json, sys
from forecast.cli import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    code = end.code
json.dump([code, sorted({name.partition(".")[0] for name in sys.modules})], sys.stderr)
"""


SEVERAL = """
import json, sys
from forecast.cli import main
places, codes = {}, []
for words in json.loads(sys.argv[1]):
    try:
        main(words)
    except SystemExit as end:
        codes.append(end.code)
    for name in {name.partition(".")[0] for name in sys.modules}:
        places.setdefault(name, " ".join(words))
print(json.dumps([codes, places]), file=sys.stderr)
"""


def first_importers(*commands, folder):
    """Returns the libraries that commands import, run one after the other in one process, each with the first of them.

    None imports a library that is not named, and each of those is named after the one that imported it.
    """
    words = [[str(word) for word in command] for command in commands]
    done = subprocess.run(
        [sys.executable, "-c", SEVERAL, json.dumps(words)], capture_output=True, text=True, check=True, cwd=folder
    )
    codes, places = json.loads(done.stderr.splitlines()[-1])
    assert codes == [0] * len(words)
    return {name: places[name] for name in LIBRARIES if name in places}


def imported_by(*arguments, folder=None, script=PROBE):
    """Returns which of the libraries a process has imported when it is done with a command."""
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True, cwd=folder
    )
    code, modules = json.loads(done.stderr.splitlines()[-1])
    assert code == 0
    return {name for name in LIBRARIES if name in modules}
