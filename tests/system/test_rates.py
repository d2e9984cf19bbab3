"""Exchange rates from a file to the books of a running daemon."""

import traffic
import zhifu


def test_a_bill_in_dollars_gets_its_value_when_the_rate_is_imported(place, keep):
    daemon = traffic.start(place, keep).daemon
    with daemon.client() as client:
        assert client.post("/fhir/Claim", traffic.bill("D-1", cents=231500), headers=traffic.FHIR).status == 201
    waiting = zhifu.wait_until(lambda: daemon.ctl_json("money", "waiting")["waiting"], "a posting without a value")
    assert [(row["currency"], row["missing"]) for row in waiting] == [("USD", "USD/CNY (cfets)")]
    assert "postings that wait for an exchange rate" in daemon.ctl("status").stdout

    # Upside down: refused, and the books stay as they are.
    path = place.folder / "parity.csv"
    good = "日期,USD/CNY,100JPY/CNY\n%s,7.1200,4.7400\n"
    path.write_text(good % "2024-09-06", encoding="utf-8")
    daemon.ctl("--who", "li", "money", "rate", "import", path, "--source", "cfets")
    path.write_text("日期,USD/CNY,100JPY/CNY\n%s,0.1404,4.7400\n" % waiting[0]["day"], encoding="utf-8")
    refused = daemon.ctl("--who", "li", "money", "rate", "import", path, "--source", "cfets", check=False)
    assert refused.returncode == 1 and "parity.csv:2:USD/CNY: " in refused.stderr, refused.stderr

    path.write_text(good % waiting[0]["day"], encoding="utf-8")
    daemon.ctl("--who", "li", "money", "rate", "import", path, "--source", "cfets")
    zhifu.wait_until(lambda: not daemon.ctl_json("money", "waiting")["waiting"], "every posting to have its value")
    books = [row["book"]["amount"] for row in daemon.ctl_json("ledger", "show")["postings"] if row["rule"] == "value"]
    assert "16482.80" in books, books  # the bill; what the insurer decided has its values beside it
    assert daemon.ctl("ledger", "balance").returncode == 0
