"""A sample of the fault matrix in the ordinary run, another one each day; tests/run --all breaks things for ten minutes.
tests/crash/run is the whole of it."""

import datetime
import os
import re
import subprocess

import pytest

import faults
import zhifu


def broken(minutes, patience_s):
    seed = os.environ.get("ZHIFU_CRASH_SEED") or str(datetime.date.today().toordinal())
    done = subprocess.run([zhifu.ROOT / "tests/crash/run", "--minutes", str(minutes), "--seed", seed],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=patience_s, check=False)
    print(done.stdout)
    assert done.returncode == 0, done.stdout[-4000:]
    last = re.search(r"faults (\d+), claims (\d+), losses 0, doubles 0", done.stdout)
    assert last and int(last.group(1)) >= 2 and int(last.group(2)) >= 20, done.stdout[-2000:]


def test_the_statements_that_are_cut_are_those_of_the_code():
    code = "".join(path.read_text() for path in (zhifu.ROOT / "daemon").rglob("*.c"))
    assert not [name for name in faults.COMMITS if '{"%s"' % name not in code]


def test_a_sample(programs):
    broken(0.4, 280)


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_ten_minutes(programs):
    broken(10, 1100)
