"""The table of endings is what its own program derives from the data: neither was edited without the other."""

import os
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
SHARED = pathlib.Path(os.environ.get("ZHIFU_SHARED") or HERE.parents[2] / "shared")
DATA = SHARED / "data" / "fhir"


@pytest.mark.skipif(not DATA.exists(), reason="the Synthea data is not here")
def test_table_is_what_the_data_says():
    done = subprocess.run([sys.executable, str(HERE / "synthea_endings.py"), "--data", str(DATA), "--check",
                           str(HERE / "synthea.tsv")], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          check=False)
    assert done.returncode == 0, done.stdout
