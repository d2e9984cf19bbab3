"""Generated months through the database and the daemon: what is posted by itself is right, whatever the daemon keeps."""

import json
import subprocess

import pytest
import zhifu

BENCH = zhifu.ROOT / "tests" / "bench"


def make(folder, seed, payments, *more):
    zhifu.run([BENCH / "make_month", "--seed", seed, "--payments", payments, "--out", folder, *more])
    return folder


def score(month, programs, *options, timeout_s=240):
    told = subprocess.run([BENCH / "score_month", month, "--build", programs, "--wrong", "5", "--json", *options], timeout=timeout_s,
                          check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(told.splitlines()[-1]), told


def test_a_small_month(folder, programs):
    figures, told = score(make(folder / "month", 11, 60, "--reversed", "0.2"), programs)
    assert figures["auto_right"] == 1 and figures["auto"] > 40 and figures["balanced"] and not figures["died"], told
    assert figures["auto_share"] >= 0.95 and figures["top3"] >= 0.995, told


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("seed", range(21, 31))
def test_a_month_of_20000(folder, programs, seed):
    figures, told = score(make(folder / "month", seed, 20000), programs, timeout_s=7200)
    assert figures["auto_right"] >= 0.9995 and figures["balanced"] and not figures["died"], told
    assert figures["auto_share"] >= 0.95 and figures["top3"] >= 0.995, told


@pytest.mark.slow
@pytest.mark.timeout(2400)
@pytest.mark.parametrize("seed", [12, 13])
def test_what_is_kept_decides_nothing(folder, programs, seed):
    """Between turns the daemon keeps what it read and asks for changes; reading all again comes to the same."""
    month = make(folder / "month", seed, 300)
    score(month, programs, "--decisions", folder / "kept", timeout_s=1200)
    score(month, programs, "--anew", "--decisions", folder / "anew", timeout_s=1200)
    assert json.loads((folder / "kept").read_text()) == json.loads((folder / "anew").read_text())
