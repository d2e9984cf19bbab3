#!/usr/bin/python3
"""Signs in as a hospital's system does (private_key_jwt, ES256), with nothing but openssl:

    sign.py KEY                        prints the JWK set of the key's public half, for jwks_file
    sign.py KEY CLIENT_ID AUDIENCE     prints an assertion that is good once and for two minutes
"""

import base64
import json
import subprocess
import sys
import time
import uuid


def text_of(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def openssl(*argv, given=None):
    return subprocess.run(("openssl",) + argv, input=given, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          check=True).stdout


def jwks(key):
    point = openssl("ec", "-in", key, "-pubout", "-outform", "DER")[-64:]
    return json.dumps({"keys": [{"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": "k1",
                                 "x": text_of(point[:32]), "y": text_of(point[32:])}]})


def assertion(key, client, audience):
    now = int(time.time())
    parts = ({"alg": "ES256", "typ": "JWT", "kid": "k1"},
             {"iss": client, "sub": client, "aud": audience, "iat": now, "exp": now + 120, "jti": str(uuid.uuid4())})
    signed = ".".join(text_of(json.dumps(part).encode()) for part in parts)
    der = openssl("dgst", "-sha256", "-sign", key, given=signed.encode())
    # openssl writes two DER integers (30 len, 02 len r, 02 len s), a JWT has 32 bytes of each.
    end = 4 + der[3]
    numbers = (der[4:end], der[end + 2:])
    return signed + "." + text_of(b"".join(int.from_bytes(n, "big").to_bytes(32, "big") for n in numbers))


if __name__ == "__main__":
    if len(sys.argv) not in (2, 4):
        sys.exit(__doc__.strip())
    try:
        print(jwks(sys.argv[1]) if len(sys.argv) == 2 else assertion(*sys.argv[1:]))
    except (OSError, subprocess.CalledProcessError):
        sys.exit("sign.py: openssl cannot use \"%s\" as a P-256 key" % sys.argv[1])
