"""Write the files of old versions: ``python compat/artifacts/make.py [NAME ...]``, each from a throw-away environment.

    python compat/artifacts/make.py numpy-1.23.5

``write.py`` runs there, under that version, and leaves files of a few kB beside itself. A version that has no
wheel for the Python here is no row. tests/test_artifacts.py loads them all.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from run import MATRIX, environment

# What write.py calls them -> what their environment holds.
ROWS = {
    "numpy-1.23.5": ["numpy==1.23.5"],
    "numpy-1.25.2": ["numpy==1.25.2"],
    "numpy-2.0.2": ["numpy==2.0.2"],
    "python2-numpy": ["numpy==1.23.5"],
    "pandas-1.5.3": ["pandas==1.5.3", "numpy==1.23.5"],
    "scipy-1.9.3": ["scipy==1.9.3", "numpy==1.23.5"],
    "joblib-0.11": ["joblib==0.11", "numpy==1.23.5"],
    "joblib-0.17.0": ["joblib==0.17.0", "numpy==1.23.5"],
    "joblib-1.1.1": ["joblib==1.1.1", "numpy==1.23.5"],
    "sklearn-1.1.3": ["scikit-learn==1.1.3", "numpy==1.23.5", "scipy==1.9.3"],
    "sklearn-1.3.2": ["scikit-learn==1.3.2", "numpy==1.25.2"],
    "torch-legacy": [MATRIX["torch"], "numpy"],
}


def make(name, python):
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "env"
        problem = environment(place, python, ROWS[name])
        if problem:
            return f"{name}: {problem}"
        command = [str(place / "bin/python"), "-W", "ignore", str(HERE / "write.py"), name]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    return f"{name}: {done.stdout.strip() or done.stderr.strip()[-400:]}"


if __name__ == "__main__":
    for row in sys.argv[1:] or ROWS:
        print(make(row, MATRIX["pythons"][0]), flush=True)
