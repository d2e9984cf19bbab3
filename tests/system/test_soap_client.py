"""A SOAP client that we did not write judges the post office's envelopes on both sides: Debian's python3-zeep, strict, by
a WSDL of ours. The regulator's WSDL could not be had: names, order and types are those of what is known of the service, so
what is judged is that our envelopes are SOAP 1.1, document/literal, and say what we mean to say."""

import json

import pytest

import zhifu

lxml = pytest.importorskip("lxml.etree", reason="python3-lxml is not installed")
zeep = pytest.importorskip("zeep", reason="python3-zeep is not installed")

SPACE = "http://www.eClaimLink.ae/"
SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
WHO = [("login", "string"), ("pwd", "string")]
OPERATIONS = {
    "UploadTransaction": ([("fileContent", "base64Binary"), ("fileName", "string")],
                          [("errorMessage", "string"), ("errorReport", "base64Binary")]),
    "SearchTransactions": ([(name, "string") for name in (
        "direction", "callerLicense", "ePartner", "transactionID", "transactionStatus", "transactionFileName",
        "transactionFromDate", "transactionToDate", "minRecordCount", "maxRecordCount")],
        [("foundTransactions", "string"), ("errorMessage", "string")]),
    "GetNewTransactions": ([], [("xmlTransactions", "string"), ("errorMessage", "string")]),
    "GetNewPriorAuthorizationTransactions": ([], [("xmlTransactions", "string"), ("errorMessage", "string")]),
    "DownloadTransactionFile": ([("fileId", "string")],
                                [("fileName", "string"), ("file", "base64Binary"), ("errorMessage", "string")]),
    "SetTransactionDownloaded": ([("fileId", "string")], [("errorMessage", "string")]),
    "Unheard": ([], []),  # the service has no such operation
}

CLAIM = """<?xml version="1.0" encoding="utf-8"?>
<Claim.Submission xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
 xsi:noNamespaceSchemaLocation="http://www.eclaimlink.ae/DHD/ValidationSchema/ClaimSubmission.xsd"><Header>
<SenderID>MF1</SenderID><ReceiverID>TPA9</ReceiverID><TransactionDate>05/03/2026 10:00</TransactionDate>
<RecordCount>1</RecordCount><DispositionFlag>TEST</DispositionFlag></Header>
<Claim><ID>%(id)s</ID><MemberID>M-1</MemberID><PayerID>INS1</PayerID><ProviderID>MF1</ProviderID>
<EmiratesIDNumber>999-9999-9999999-9</EmiratesIDNumber><Gross>120.00</Gross><PatientShare>20.00</PatientShare>
<Net>100.00</Net><Encounter><FacilityID>MF1</FacilityID><Type>1</Type><PatientID>P-1</PatientID>
<Start>05/03/2026 09:00</Start></Encounter><Diagnosis><Type>Principal</Type><Code>J06.9</Code></Diagnosis>
<Activity><ID>%(id)s-1</ID><Start>05/03/2026 09:00</Start><Type>3</Type><Code>%(code)s</Code><Quantity>1</Quantity>
<Net>100.00</Net><Clinician>DHA-P-1</Clinician></Activity></Claim></Claim.Submission>
"""


def elements(fields, least):
    return "".join('<xs:element name="%s" type="xs:%s" minOccurs="%d"/>' % (name, kind, least) for name, kind in fields)


def schema(space=SPACE):
    """The operations' elements: what is asked is there in full, of what is answered the result alone is sure."""
    made = []
    for name, (asked, answered) in OPERATIONS.items():
        made.append('<xs:element name="%s"><xs:complexType><xs:sequence>%s</xs:sequence></xs:complexType></xs:element>' % (
            name, elements(WHO + asked, 1)))
        made.append('<xs:element name="%sResponse"><xs:complexType><xs:sequence>%s%s</xs:sequence></xs:complexType>'
                    "</xs:element>" % (name, elements([(name + "Result", "int")], 1), elements(answered, 0)))
    return ('<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="%s" elementFormDefault="qualified">'
            "%s</xs:schema>" % (space, "".join(made)))


def wsdl(url):
    messages, port, binding = [], [], []
    for name in OPERATIONS:
        for way, element in (("In", name), ("Out", name + "Response")):
            messages.append('<message name="%s%s"><part name="parameters" element="t:%s"/></message>' % (name, way, element))
        port.append('<operation name="%s"><input message="t:%sIn"/><output message="t:%sOut"/></operation>' % (
            name, name, name))
        binding.append('<operation name="%s"><s:operation soapAction="%s%s"/><input><s:body use="literal"/></input>'
                       '<output><s:body use="literal"/></output></operation>' % (name, SPACE, name))
    return ('<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:s="http://schemas.xmlsoap.org/wsdl/soap/" '
            'xmlns:t="%s" targetNamespace="%s"><types>%s</types>%s<portType name="Port">%s</portType>'
            '<binding name="Binding" type="t:Port"><s:binding transport="http://schemas.xmlsoap.org/soap/http"/>%s'
            '</binding><service name="PostOffice"><port name="Port" binding="t:Binding"><s:address location="%s"/></port>'
            "</service></definitions>" % (SPACE, SPACE, schema(), "".join(messages), "".join(port), "".join(binding), url))


class Office:
    """The sandbox's post office, and zeep in front of it."""

    def __init__(self, folder, pki, keep):
        if not (zhifu.BUILD / "zhifu-payer").exists():
            pytest.skip("zhifu-payer is not built in %s" % zhifu.BUILD)
        port, control = zhifu.free_port(), zhifu.free_port()
        self.script = {
            "format": "eclaimlink", "base_path": "/soap", "name": "dubai", "license": "TPA9", "login": "hz1",
            "password": "secret", "plan_currency": "AED", "coinsurance": "10", "listen": ["127.0.0.1:%d" % port],
            "control_listen": ["127.0.0.1:%d" % control], "tls_certificate": pki.pem("insurer"),
            "tls_key": pki.key("insurer"), "tls_client_ca": pki.pem("ca"),
            "rejects": ({"code": "99997", "original": "R-1"},)}
        keep(zhifu.Payer(folder / "payer", self.script, control)).start()
        self.control = keep(zhifu.Client(control, None, host="127.0.0.1"))
        (folder / "service.wsdl").write_text(wsdl("https://localhost:%d/soap" % port))
        transport = zeep.Transport(timeout=20, operation_timeout=20)
        transport.session.verify = pki.pem("ca")
        transport.session.trust_env = False
        transport.session.cert = (pki.pem("client"), pki.key("client"))
        client = zeep.Client(str(folder / "service.wsdl"), transport=transport, settings=zeep.Settings(strict=True))
        self.service = client.service

    def call(self, operation, login="hz1", **parameters):
        return getattr(self.service, operation)(login=login, pwd="secret", **parameters)

    def upload(self, ident, code="99213", **more):
        return self.call("UploadTransaction", fileContent=(CLAIM % {"id": ident, "code": code}).encode(),
                         fileName=ident + ".xml", **more)

    def search(self, direction, transaction, name="", status="1"):
        found = self.call("SearchTransactions", direction=direction, callerLicense="MF1", ePartner="TPA9",
                          transactionID=transaction, transactionStatus=status, transactionFileName=name,
                          transactionFromDate="01/01/2026 00:00", transactionToDate="01/01/2030 00:00",
                          minRecordCount="1", maxRecordCount="500")
        assert found.SearchTransactionsResult == 0 and found.errorMessage is None
        return lxml.fromstring(found.foundTransactions.encode()).findall("File")


@pytest.fixture
def office(folder, pki, keep):
    return Office(folder, pki, keep)


def test_the_office_serves_a_stranger(office):
    """The whole way of a claim, by a client that knows nothing of us but the WSDL."""
    assert office.upload("AB1").UploadTransactionResult == 0
    assert [file.get("FileName") for file in office.search("1", "2", "AB1.xml")] == ["AB1.xml"]
    office.control.post("/_sandbox/pay", b"")
    waiting = office.search("2", "8")
    assert [(file.get("SenderID"), file.get("ReceiverID")) for file in waiting] == [("TPA9", "MF1")]
    assert office.call("GetNewTransactions").GetNewTransactionsResult == 0
    assert office.call("GetNewPriorAuthorizationTransactions").xmlTransactions == "<Files/>"
    got = office.call("DownloadTransactionFile", fileId=waiting[0].get("FileID"))
    assert got.DownloadTransactionFileResult == 0 and got.fileName == waiting[0].get("FileName")
    advice = lxml.fromstring(got.file)
    assert (advice.findtext("Claim/ID"), advice.findtext("Claim/Activity/PaymentAmount")) == ("AB1", "90.00")
    done = office.call("SetTransactionDownloaded", fileId=waiting[0].get("FileID"))
    assert (done if isinstance(done, int) else done.SetTransactionDownloadedResult) == 0
    assert not office.search("2", "8")
    # What the regulator's own schema says of what came down; and of what we sent, else nothing is shown.
    folder = zhifu.SHARED / "data/eclaimlink/xsd"
    if not folder.exists():
        pytest.skip("the regulator's schemas are not here: the advice was not judged by them")
    for name, document in (("ClaimSubmission", lxml.fromstring((CLAIM % {"id": "AB1", "code": "1"}).encode())),
                           ("RemittanceAdvice", advice)):
        judge = lxml.XMLSchema(lxml.parse(str(folder / (name + ".xsd"))))
        judge.assertValid(document)
        document.find("Header").remove(document.find("Header/RecordCount"))
        assert not judge.validate(document)


def test_the_office_refuses_by_results_and_faults(office):
    assert office.upload("AB1", login="stranger").UploadTransactionResult == -1
    refused = office.upload("AB2", code="99997")
    assert refused.UploadTransactionResult == -2 and refused.errorMessage
    assert b"RULE-REJECT" in refused.errorReport
    assert office.call("DownloadTransactionFile", fileId="F99").DownloadTransactionFileResult == -1
    with pytest.raises(zeep.exceptions.Fault) as unknown:
        office.call("Unheard")
    assert unknown.value.code == "soap:Client", unknown.value.code
    office.control.post("/_sandbox/script", zhifu.config_text(
        dict(office.script, faults=({"kind": "500"}, {"kind": "503", "scope": "ask", "ordinals": ["1"]},
                                    {"kind": "garbage", "scope": "ask", "ordinals": ["2"]}))))
    with pytest.raises(zeep.exceptions.Fault) as broken:
        office.upload("AB3")
    assert broken.value.code == "soap:Server" and broken.value.message == "it is broken"
    with pytest.raises(zeep.exceptions.Fault):
        office.call("GetNewTransactions")
    with pytest.raises(zeep.exceptions.Error):
        office.call("GetNewTransactions")


def test_our_requests_are_what_the_service_reads():
    """Each request that the module's golden exchanges make: SOAP 1.1, one element, in the order of the service. The
    namespace is the profile's."""
    seen = set()
    for path in sorted((zhifu.ROOT / "tests/golden/eclaimlink").glob("*.case.json")):
        for step in json.loads(path.read_text())["expect"]:
            for action in step.get("actions", []):
                if "body" not in action:
                    continue
                envelope = lxml.fromstring(action["body"].encode())
                assert envelope.tag == "{%s}Envelope" % SOAP and [each.tag for each in envelope] == ["{%s}Body" % SOAP]
                (request,) = envelope[0]
                space, name = lxml.QName(request).namespace, lxml.QName(request).localname
                judge = lxml.XMLSchema(lxml.fromstring(schema(space).encode()))
                judge.assertValid(request)
                assert action["headers"]["SOAPAction"] == '"%s%s"' % (space, name), path.name
                seen.add(name)
                request.remove(request[0])
                assert not judge.validate(request)  # the judge judges
    assert seen == set(OPERATIONS) - {"Unheard"}, seen
