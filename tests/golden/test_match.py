"""A small month through the matcher, within bounds; the full measure is tests/bench/score_match on months of 20,000."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
BENCH = HERE.parent / "bench"
BUILD = pathlib.Path(os.environ.get("ZHIFU_BUILD") or HERE.parents[1] / "build-asan")
SEEDS = [31, 32]
PAYMENTS = 400

pytestmark = pytest.mark.skipif(not (BUILD / "bench" / "match_probe").exists(), reason="match_probe is not built")


def score(folder, *options):
    done = subprocess.run([sys.executable, "-B", str(BENCH / "score_match"), str(folder), "--build", str(BUILD), "--json",
                           *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="module", name="month", params=SEEDS)
def made_month(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp("month")
    subprocess.run([sys.executable, "-B", str(BENCH / "make_month"), "--seed", str(request.param), "--payments",
                    str(PAYMENTS), "--out", str(folder)], check=True, stdout=subprocess.DEVNULL)
    return folder


def test_month_is_matched(month):
    got = score(month)
    wrong = round(got["auto"] * (1 - got["auto_right"]))
    assert got["auto"] > PAYMENTS * 0.8
    assert wrong <= 1, got
    assert got["auto_share"] >= 0.97, got
    assert got["top3"] >= 0.99, got
    assert got["split_right"] >= 0.99, got


def test_certainty_keeps_thin_evidence_back(month):
    everything, named = score(month), score(month, "--certain", "995")
    assert named["auto"] < everything["auto"]
    assert named["auto_right"] >= everything["auto_right"]
    assert score(month, "--certain", "1000")["auto"] == 0
