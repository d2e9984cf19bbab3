"""`zhifud --check` and `zhifuctl conf check`: one run over one configuration that has every mistake we know of names them
all, each with its file and line. A line below that ends with `#!` and words has a mistake, whose message holds them."""

import json
import re
import shutil

import pytest
import story
import zhifu

ZHIFUD = """
listen = "nonsense";                                    #! listen: "nonsense" is not HOST:PORT
base_url = "http://localhost:8443/";                    #! base_url = "http://localhost:8443/"
workers = 3;                                            #! unknown option "workers"
poll_ms = -1;                                           #! poll_ms = -1 is out of range
lease_s = "soon";                                       #! lease_s must be a whole number
log_level = "loud";                                     #! log_level = "loud" is not one of
person_warn_count = 5000;
person_stop_count = 4000;                               #! person_warn_count is above person_stop_count
head_bytes_max = 2048;                                  #! uri_bytes_max is above head_bytes_max
uri_bytes_max = 4096;
database_settle = "host=x port=y nonsense";             #! database_settle:
database_ctl = [ "dbname=zhifu" ];                      #! database_ctl must be a string
tls_certificate = "/nonexistent/server.pem";            #! /nonexistent/server.pem
tls_key = "%(key)s";
key_file = "%(folder)s/keys";
insurers_dir = "%(folder)s/insurers.d";
hospitals_dir = "%(folder)s/hospitals.d";
adapters_dir = "%(adapters)s";
"""

HOSPITALS = {
    "first": """
id = "019ab2c4-5a00-7000-8000-0000000000a1";
code = "HZ1";
name = "First";
clients = ( { id = "his"; certificates = [ "%(print)s" ]; } );
""",
    "second": """
id = "019ab2c4-5a00-7000-8000-0000000000a1";            #! id "019ab2c4-5a00-7000-8000-0000000000a1" is also that of FIRST:2
code = "HZ1";                                           #! code "HZ1" is also that of FIRST:3
name = "Second";
clients = (
  { id = "his";                                         #! client id "his" is also that of FIRST:5
    certificates = [
      "%(print)s" ]; }                                  #! is also that of FIRST:5
);
""",
    "third": """
id = "no uuid at all, but of 36 characters";            #! is not a UUID
code = "IJA";                                           #! code = "IJA"
name = "Third";
nothing = 1;                                            #! unknown option "nothing"
zone = "Mars/Olympus";                                  #! zone = "Mars/Olympus" is not a time zone
book_currency = "ABC";                                  #! book_currency = "ABC" is not a currency
bill_systems = [ "https://hospital.example/bill",
  "invoice numbers",                                    #! bill_systems = "invoice numbers" has a blank in it
  "invoices" ];                                         #! bill_systems = "invoices" is not a URI
code_systems = (
  { system = "urn:x";
    pattern = "[0-9"; }                                 #! pattern = "[0-9" is not well formed
);
clients = (
  { id = "a client";                                    #! id = "a client"
    certificates = [ "0000000000000000000000000000000000000000000000000000000000000000",
      "abcd" ]; },                                      #! certificates = "abcd" is not a SHA-256 fingerprint
  { id = "keyless"; },                                  #! neither a certificate nor a key set
  { id = "lost";
    jwks_file = "/nonexistent/lost.jwks"; },            #! could not read "/nonexistent/lost.jwks"
  { id = "wrong";
    jwks_file = "wrong.jwks";                           #! keys of client "wrong"
    scopes = [ "submit", "fly" ]; }                     #! scopes = "fly" is none of
);
""",
}

INSURERS = {
    "alpha": """
name = "Alpha";
module = "fhir";
payer_identifiers = ( { system = "urn:payers"; value = "ALPHA"; } );
ranges = ( { prefix = "AL-"; }, { from = "BT1000"; to = "BT1999"; } );
names = [ "Alpha Health" ];
endpoints = ( { name = "fhir"; url = "https://localhost:1/fhir"; ca_file = "%(ca)s"; } );
allowed_fields = [ "*" ];
""",
    "beta": """
name = "Beta";
module = "fhir";
payer_identifiers = (
  { system = "urn:payers"; value = "ALPHA"; }           #! is also that of ALPHA:4
);
ranges = (
  { prefix = "AL-1"; },                                 #! overlap those of ALPHA:5
  { from = "BT1500"; to = "BT2500"; },                  #! overlap those of ALPHA:5
  { from = "C2"; to = "C1"; },                          #! from is above to
  { from = "C2"; to = "C10"; },                         #! the same length
  { from = "C2"; }                                      #! either prefix, or from and to
);
names = [ "Beta",
  "alpha health" ];                                     #! name "alpha health" is also that of ALPHA:6
wait_max_s = "long";                                    #! wait_max_s must be a whole number
keys = {
  mode = "sbmit";                                       #! mode: neither
  poll_count = "0";                                     #! poll_count: not a number within its bounds
  asks_max = "many";                                    #! key "asks_max" of module "fhir" must be a whole number
  colour = "blue";                                      #! module "fhir" has no key "colour"
  status = "maybe";                                     #! status: none of
};
secrets = {
  token = "/nonexistent/token";                         #! could not read "/nonexistent/token"
};
allowed_fields = [
  "Foo",                                                #! allowed_fields = "Foo"
  "Claim nonsense",                                     #! allowed_fields = "Claim nonsense"
  "Claim.item" ];
purposes = [];                                          #! purposes has 0 entries
endpoints = (
  { name = "fhir";
    url = "https://";                                   #! url = "https://"
    ca_file = "%(ca)s"; },
  { name = "fhir";                                      #! name "fhir" is also that of the endpoint on line
    url = "https://user:pass@localhost/";               #! url = "https://user:pass@localhost/"
    channel = "a: b";                                   #! channel = "a: b"
    ca_file = "/nonexistent/ca.pem"; },                 #! /nonexistent/ca.pem
  { name = "extra";                                     #! module "fhir" does not ask for the endpoint "extra"
    url = "https://local host/#x";                      #! url = "https://local host/#x"
    pins = [ "sha256//short" ];                         #! pins = "sha256//short"
    ca_file = "%(ca)s";
    certificate = "%(certificate)s";                    #! does not belong to certificate
    private_key = "%(other_key)s"; },
  { name = "plain";                                     #! does not ask for
    allow_plain = true;
    url = "http://insurer.example/fhir"; },             #! allow_plain
  { name = "insecure";                                  #! does not ask for
    url = "http://localhost/fhir"; },                   #! must begin with https://
  {                                                     #! ca_file is missing
    name = "bare";                                      #! does not ask for
    url = "https://localhost:99999/fhir"; },            #! url = "https://localhost:99999/fhir"
  {                                                     #! certificate and private_key go together
    name = "half";                                      #! does not ask for
    certificate = "%(certificate)s";
    ca_file = "%(ca)s";
    url = "https://localhost/fhir?x=1"; }               #! url = "https://localhost/fhir?x=1"
);
""",
    "gamma": """# nothing goes anywhere                 #! endpoints is missing && allowed_fields is missing
name = "Gamma";
module = "fax";                                         #! module "fax"
""",
    "delta": """
name = "Delta";
module = "fhir";
allowed_fields = [ "*", "Claim" ];                      #! allowed_fields: "*"
purposes = [ "HPAYMT", "CLINTRCHNPC",
  "PAYME",                                              #! purposes = "PAYME" is no purpose of
  "hpaymt",                                             #! purposes = "hpaymt" is no purpose of
  "TREAT HPAYMT" ];                                     #! purposes = "TREAT HPAYMT" is no purpose of
endpoints = ( { url = "https://localhost:1/fhir"; ca_file = "%(ca)s";
  name = "fhir"; } );                                   #! does not ask for the endpoint "fhir"
keys = { endpoint = "other"; };                         #! asks for the endpoint "other"
""",
    "epsilon": """
name = "Epsilon";
module = "fhir";
allowed_fields = [];                                    #! allowed_fields has 0 entries
endpoints = ();                                         #! endpoints has 0 entries
""",
}


def test_adapter_check_is_one_json_value():
    def check(path):
        done = zhifu.run([zhifu.BUILD / "zhifuctl", "adapter", "check", path, "--json"], check=False)
        return done.returncode, json.loads(done.stdout)
    status, told = check(zhifu.BUILD / "adapters/fhir.so")
    assert (status, told["verdict"]) == (0, "table in order")
    assert any("name of the endpoint that all requests go to" in line["text"] for line in told["report"])
    status, told = check(zhifu.BUILD / "zhifuctl")
    assert (status, told["verdict"]) == (1, "findings") and told["report"]


@pytest.fixture
def wrong(place):
    """The configuration with all mistakes, and what must be said of it: (file, line, words)."""
    folder, daemon = place.folder, place.daemon
    values = {"folder": folder, "adapters": zhifu.BUILD / "adapters", "key": place.pki.key("server"),
              "ca": place.pki.pem("ca"), "certificate": place.pki.pem("client"), "other_key": place.pki.key("server"),
              "print": place.pki.fingerprint("client")}
    files = {folder / "zhifud.conf": ZHIFUD}
    files.update((folder / "hospitals.d" / (name + ".conf"), text) for name, text in HOSPITALS.items())
    files.update((folder / "insurers.d" / (name + ".conf"), text) for name, text in INSURERS.items())
    (folder / "hospitals.d/wrong.jwks").write_text("no keys")
    (folder / "keys").chmod(0o644)
    expected = []
    for path, text in files.items():
        text = text % values
        # comments of the mistakes themselves are no part of the file
        path.write_text(re.sub(r" *#!.*", "", text))
        for number, line in enumerate(text.split("\n"), 1):
            words = line.partition("#! ")[2]
            words = words.replace("FIRST", str(folder / "hospitals.d/first.conf"))
            words = words.replace("ALPHA:", str(folder / "insurers.d/alpha.conf") + ":")
            expected += [(path, number, part) for part in words.split(" && ") if part]
    return daemon, folder, expected


def assert_all_named(said, folder, expected):
    lines = said.splitlines()
    assert len(expected) > 60
    missing = ["%s:%d: ...%s" % one for one in expected
               if not any(line.startswith("%s:%d: " % one[:2]) and one[2] in line for line in lines)]
    assert not missing, "%s\nnot in\n%s" % ("\n".join(missing), said)
    assert any(line.startswith("%s: " % (folder / "keys")) and "must be 0600" in line for line in lines), said
    assert len(lines) == len(set(lines)), "a mistake twice"
    # Nothing but those, and all with their line.
    extra = [line for line in lines if not line.startswith("%s: " % (folder / "keys")) and
             not any(line.startswith("%s:%d: " % one[:2]) and one[2] in line for one in expected)]
    assert not extra, "\n".join(extra)


def test_every_mistake_with_file_and_line_at_once(wrong):
    daemon, folder, expected = wrong
    config = folder / "zhifud.conf"
    done = zhifu.run([zhifu.BUILD / "zhifud", "--config", config, "--check"], check=False, env=daemon.env)
    assert done.returncode == 1 and done.stdout == ""
    assert_all_named(done.stderr, folder, expected)
    same = zhifu.run([zhifu.BUILD / "zhifuctl", "--config", config, "conf", "check"], check=False, env=daemon.env)
    assert same.returncode == 1 and same.stderr.startswith(done.stderr)


def test_the_shipped_files_have_no_mistakes(place):
    """conf/insurers.d as they are, the examples too."""
    story.hospital(place)
    for path in [*(zhifu.ROOT / "conf/insurers.d").glob("*.conf"), *(zhifu.ROOT / "conf/insurers.d").glob("*.example")]:
        shutil.copy(path, place.folder / "insurers.d" / path.name.replace(".example", ""))
    (place.folder / "pki").mkdir(exist_ok=True)
    for name, source in (("ca.pem", place.pki.pem("ca")), ("peer.pem", place.pki.pem("client")),
                         ("peer.key", place.pki.key("client"))):
        target = place.folder / "pki" / name
        if not target.exists():
            shutil.copy(source, target)
    done = zhifu.run([*place.daemon.argv, "--check"], check=False, env=place.daemon.env)
    assert (done.returncode, done.stderr) == (0, "")


# Options that another member of the directory stands for.
MEMBERS = {"jwks_file": "jwks_json", "scopes": "scope", "zone": "zone_name", "keys": "module_keys", "prefix": "from",
           "entries": "maps", "bank_accounts": "accounts", "statement_profiles": "csv", "take_backs": "accepts_take_backs"}


def test_every_option_is_used():
    """An option that nobody reads behind the reader does nothing, and somebody will set it in vain."""
    daemon = zhifu.ROOT / "daemon"
    tables = ("base/options.c", "model/directory_file.c")
    readers = tables + ("model/directory_read.c", "model/directory_unique.c")
    code = "\n".join(path.read_text() for path in [*daemon.rglob("*.c"), *(zhifu.ROOT / "adapters").rglob("*.c")]
                     if str(path.relative_to(zhifu.ROOT)).removeprefix("daemon/") not in readers)
    text = "\n".join((daemon / name).read_text() for name in tables)
    names = re.findall(r"(?:MEMBER\((?:\w+, )?|NUMBER\(|FOLDER\()(\w+)[,)]", text)
    names += ["database_" + name for name in re.findall(r"DATABASE\((\w+),", text)]
    assert len(names) > 90
    unused = [name for name in set(names) - {"member", "database_role"}
              if not re.search(r"(?:\.|->)%s\b" % MEMBERS.get(name, name), code)]
    assert unused == []
