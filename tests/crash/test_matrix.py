"""A sample of the fault matrix in the ordinary run, another one each day; tests/run --all breaks things for ten minutes.
tests/crash/run is the whole of it."""

import datetime
import os
import re
import signal
import subprocess

import pytest

import faults
import zhifu


def broken(minutes, patience_s):
    seed = os.environ.get("ZHIFU_CRASH_SEED") or str(datetime.date.today().toordinal())
    with subprocess.Popen([zhifu.ROOT / "tests/crash/run", "--minutes", str(minutes), "--seed", seed],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as driver:
        try:
            told, _ = driver.communicate(timeout=patience_s)
        except subprocess.TimeoutExpired:
            driver.send_signal(signal.SIGINT)  # it ends what it has started
            told, _ = driver.communicate()
            pytest.fail("not over after %d s:\n%s" % (patience_s, told[-4000:]))
    print(told)
    assert driver.returncode == 0, told[-4000:]
    last = re.search(r"faults (\d+), claims (\d+), losses 0, doubles 0", told)
    assert last and int(last.group(1)) >= 2 and int(last.group(2)) >= 20, told[-2000:]


def test_the_statements_that_are_cut_are_those_of_the_code():
    code = "".join(path.read_text() for path in (zhifu.ROOT / "daemon").rglob("*.c"))
    assert not [name for name in faults.COMMITS if '{"%s"' % name not in code]


def test_a_sample(programs):
    broken(0.4, 280)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_ten_minutes(programs):
    # And the last round's look, which waits for the clocks of all that was in doubt.
    broken(10, 1500)
