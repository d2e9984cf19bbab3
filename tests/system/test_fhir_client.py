"""A FHIR client that we did not write, unchanged, does a hospital's work: fhir-kit-client from npm."""

import base64
import json
import os
import pathlib
import shutil
import subprocess

import pytest

import story
import zhifu

HERE = pathlib.Path(__file__).resolve().parent / "fhir_client"
STEPS = ["metadata", "token", "submit", "batch", "read", "missing", "faults", "search", "person", "pages", "cancel", "consent"]


@pytest.fixture(scope="session")
def client_folder(session_folder):
    """The client, installed in a folder of its own."""
    if not shutil.which("npm") or not shutil.which("node"):
        pytest.skip("npm is not installed")
    folder = session_folder / "fhir_client"
    shutil.copytree(HERE, folder)
    try:
        done = subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=folder, timeout=120,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    except subprocess.TimeoutExpired:
        pytest.skip("the npm registry does not answer")
    if done.returncode != 0:
        pytest.skip("npm could not install fhir-kit-client: %s" % done.stdout.strip().split("\n")[-1])
    return folder


def signing_key(folder):
    """A P-256 key and its JWK set."""
    key = folder / "client-jwt.key"
    zhifu.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key])
    der = subprocess.run(["openssl", "pkey", "-in", key, "-pubout", "-outform", "DER"], stdout=subprocess.PIPE, check=True).stdout

    def text(part):
        return base64.urlsafe_b64encode(part).decode().rstrip("=")
    (folder / "jwks.json").write_text(json.dumps({"keys": [{
        "kty": "EC", "crv": "P-256", "kid": "k1", "use": "sig", "alg": "ES256", "x": text(der[-64:-32]), "y": text(der[-32:])}]}))
    return key


def test_a_client_off_the_shelf_does_a_hospitals_work(place, client_folder):
    key = signing_key(place.folder)
    place.hospital("hospital", {
        "id": story.HOSPITAL_ID, "code": "HZ1", "name": "Test Hospital", "zone": "Asia/Shanghai", "book_currency": "CNY",
        "clients": ({"id": "kit", "jwks_file": str(place.folder / "jwks.json"),
                     "scopes": ["submit", "read", "consent", "cancel"]},),
    })
    place.daemon.start()
    done = subprocess.run(["node", "story.js", "https://localhost:%d" % place.port, str(key), "kit"], cwd=client_folder,
                          env=dict(os.environ, NODE_EXTRA_CA_CERTS=place.pki.pem("ca")), timeout=120,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, done.stdout
    assert [line[3:] for line in done.stdout.split("\n") if line.startswith("ok ")] == STEPS
