"""A small generated month through the database and the daemon: what is posted by itself is right."""

import json
import subprocess

import zhifu


def test_a_small_month(folder, programs):
    month = folder / "month"
    bench = zhifu.ROOT / "tests" / "bench"
    zhifu.run([bench / "make_month", "--seed", "11", "--payments", "60", "--out", month])
    told = subprocess.run([bench / "score_month", month, "--build", programs, "--wrong", "5", "--json"], timeout=240, check=True,
                          stdout=subprocess.PIPE, text=True).stdout
    figures = json.loads(told.splitlines()[-1])
    assert figures["auto_right"] == 1 and figures["auto"] > 40 and figures["balanced"], told
    # A batch whose transactions only a camt.054 tells is left to persons.
    assert figures["auto_share"] > 0.85, told
