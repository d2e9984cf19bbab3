/* What a hospital's programmer does with a FHIR client off the shelf: log in, ask what there is, submit, read, search,
 * page, cancel. Called by test_fhir_client.py: node story.js BASE_URL PRIVATE_KEY CLIENT_ID. Prints "ok NAME" for each
 * step; the first wrong one ends it. */
'use strict';

const assert = require('assert');
const crypto = require('crypto');
const fs = require('fs');
const Client = require('fhir-kit-client');

const [base, keyFile, clientId] = process.argv.slice(2);
const NUMBER = 'https://hospital.example/claim';
const MRN = 'https://hospital.example/mrn';

/* RFC 7523: a signed assertion for an access token. */
async function token() {
  const text = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const signed = text({ alg: 'ES256', typ: 'JWT', kid: 'k1' }) + '.' + text({
    iss: clientId, sub: clientId, aud: base + '/oauth2/token', iat: now, exp: now + 120, jti: crypto.randomUUID(),
  });
  const signature = crypto.sign('sha256', Buffer.from(signed), {
    key: fs.readFileSync(keyFile), dsaEncoding: 'ieee-p1363',
  });
  const answer = await fetch(base + '/oauth2/token', {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: signed + '.' + signature.toString('base64url'),
    }),
  });
  const body = await answer.json();
  assert.strictEqual(answer.status, 200, JSON.stringify(body));
  return body.access_token;
}

function claim(number, record) {
  return {
    resourceType: 'Claim', status: 'active', use: 'claim',
    contained: [{ resourceType: 'Patient', id: 'p', identifier: [{ system: MRN, value: record }], birthDate: '1970-05-06' }],
    identifier: [{ system: NUMBER, value: number }],
    type: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/claim-type', code: 'professional' }] },
    patient: { reference: '#p' }, created: '2026-03-05', provider: { display: 'Test Hospital' },
    priority: { coding: [{ code: 'normal' }] },
    insurance: [{ sequence: 1, focal: true, coverage: { display: 'a plan that nobody knows' } }],
    item: [{
      sequence: 1, productOrService: { text: 'visit ' + number }, servicedDate: '2026-03-05',
      net: { value: 40, currency: 'CNY' },
    }],
    total: { value: 40, currency: 'CNY' },
  };
}

const steps = {
  async metadata(client) {
    const statement = await client.capabilityStatement();
    assert.strictEqual(statement.fhirVersion, '4.0.1');
    const types = statement.rest[0].resource.map((resource) => resource.type);
    for (const type of ['Claim', 'ClaimResponse', 'ExplanationOfBenefit', 'Task']) assert.ok(types.includes(type), type);
  },
  async submit(client, facts) {
    for (const [number, record] of [['N-1', 'A'], ['N-2', 'B'], ['N-3', 'A']]) {
      const made = await client.create({ resourceType: 'Claim', body: claim(number, record) });
      assert.strictEqual(made.resourceType, 'Claim');
      facts.ids.push(made.id);
    }
    const response = await client.operation({ name: '$submit', resourceType: 'Claim', input: claim('N-4', 'C') });
    assert.strictEqual(response.resourceType, 'ClaimResponse');
    assert.strictEqual(response.outcome, 'queued');
    facts.ids.push(response.request.reference.split('/').pop());
  },
  async batch(client) {
    const answer = await client.batch({
      body: {
        resourceType: 'Bundle', type: 'batch',
        entry: [{ resource: claim('N-5', 'D'), request: { method: 'POST', url: 'Claim' } }],
      },
    });
    assert.strictEqual(answer.type, 'batch-response');
    assert.ok(answer.entry[0].response.status.startsWith('201'), JSON.stringify(answer.entry[0]));
  },
  async read(client, facts) {
    const got = await client.read({ resourceType: 'Claim', id: facts.ids[0] });
    assert.strictEqual(got.identifier[0].value, 'N-1');
    assert.strictEqual(got.meta.versionId, '1');
    const { response } = Client.httpFor(got);
    assert.strictEqual(response.headers.get('etag'), 'W/"1"');
  },
  async missing(client) {
    await assert.rejects(client.read({ resourceType: 'Claim', id: crypto.randomUUID() }), (error) => {
      assert.strictEqual(error.response.status, 404);
      assert.strictEqual(error.response.data.resourceType, 'OperationOutcome');
      return true;
    });
  },
  async faults(client) {
    const broken = claim('N-9', 'A');
    broken.total.value = -1;
    await assert.rejects(client.create({ resourceType: 'Claim', body: broken }), (error) => {
      assert.strictEqual(error.response.status, 422);
      assert.ok(error.response.data.issue[0].expression);
      return true;
    });
  },
  async search(client, facts) {
    const bundle = await client.search({ resourceType: 'Claim', searchParams: { identifier: NUMBER + '|N-2' } });
    assert.deepStrictEqual(bundle.entry.map((entry) => entry.resource.id), [facts.ids[1]]);
    const response = await client.search({ resourceType: 'ClaimResponse', searchParams: { request: 'Claim/' + facts.ids[0] } });
    assert.strictEqual(response.entry[0].resource.outcome, 'queued');
  },
  async person(client, facts) {
    const searchParams = { 'patient.identifier': MRN + '|A' };
    const bundle = await client.search({ resourceType: 'Claim', searchParams, options: { postSearch: true } });
    assert.deepStrictEqual(bundle.entry.map((entry) => entry.resource.id), [facts.ids[2], facts.ids[0]]);
    await assert.rejects(client.search({ resourceType: 'Claim', searchParams }), (error) => error.response.status === 400);
  },
  async pages(client) {
    let bundle = await client.search({ resourceType: 'Claim', searchParams: { _count: 2 } });
    const seen = [];
    while (bundle) {
      assert.ok(bundle.entry.length <= 2);
      seen.push(...bundle.entry.map((entry) => entry.resource.identifier[0].value));
      bundle = await client.nextPage({ bundle });
    }
    assert.deepStrictEqual(seen, ['N-5', 'N-4', 'N-3', 'N-2', 'N-1']);
  },
  async cancel(client, facts) {
    const made = await client.create({
      resourceType: 'Task',
      body: {
        resourceType: 'Task', status: 'requested', intent: 'order',
        code: { coding: [{ system: 'http://hl7.org/fhir/CodeSystem/financialtaskcode', code: 'cancel' }] },
        focus: { reference: 'Claim/' + facts.ids[0] },
      },
    });
    assert.strictEqual(made.status, 'completed');
    const got = await client.read({ resourceType: 'Task', id: made.id });
    assert.strictEqual(got.statusReason.coding[0].code, 'cancelled-before-sending');
    const bundle = await client.search({ resourceType: 'Task', searchParams: { focus: 'Claim/' + facts.ids[0] } });
    assert.strictEqual(bundle.entry.length, 1);
  },
  async consent(client) {
    const made = await client.create({
      resourceType: 'Consent',
      body: {
        resourceType: 'Consent', status: 'active',
        contained: [{ resourceType: 'Patient', id: 'p', identifier: [{ system: MRN, value: 'A' }] }],
        scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] },
        category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0' }] }],
        patient: { reference: '#p' }, policyRule: { text: 'separate consent' },
        provision: {
          type: 'permit', purpose: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActReason', code: 'HPAYMT' }],
          actor: [{
            role: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ParticipationType', code: 'IRCP' }] },
            reference: { identifier: { system: 'https://payers.example/id', value: 'ALPHA' } },
          }],
        },
      },
    });
    const got = await client.read({ resourceType: 'Consent', id: made.id });
    assert.strictEqual(got.status, 'active');
  },
};

async function main() {
  const client = new Client({ baseUrl: base + '/fhir' });
  const facts = { ids: [] };
  await steps.metadata(client);
  console.log('ok metadata');
  client.bearerToken = await token();
  console.log('ok token');
  for (const [name, step] of Object.entries(steps)) {
    if (name === 'metadata') continue;
    await step(client, facts);
    console.log('ok ' + name);
  }
}

main().catch((error) => {
  console.error(error && error.response ? JSON.stringify(error.response) : error);
  process.exit(1);
});
