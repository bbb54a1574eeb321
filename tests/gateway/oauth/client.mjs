// A client in another language, with what comes with Node and nothing else: it finds the server by its metadata,
// makes an assertion (private_key_jwt), gets a token and calls the API. Input: JSON on standard input
// {issuer, client_id, alg, key (JWK), audience?}. Output: JSON {token, me, again}.

import { createPrivateKey, constants, randomUUID, sign } from "node:crypto";
import { readFileSync } from "node:fs";

const { issuer, client_id, alg, key, audience } = JSON.parse(readFileSync(0, "utf8"));
const b64 = (value) => Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

function assertion() {
  const now = Math.floor(Date.now() / 1000);
  const header = { alg, kid: key.kid, typ: "JWT" };
  const claims = { iss: client_id, sub: client_id, aud: audience ?? issuer, iat: now, exp: now + 60, jti: randomUUID() };
  const input = `${b64(header)}.${b64(claims)}`;
  const options = { key: createPrivateKey({ key, format: "jwk" }) };
  if (alg === "ES256") options.dsaEncoding = "ieee-p1363";
  if (alg === "PS256") Object.assign(options, { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 });
  const digest = alg.startsWith("Ed") ? null : "sha256";
  return `${input}.${sign(digest, Buffer.from(input), options).toString("base64url")}`;
}

async function json(url, options) {
  const answer = await fetch(url, options);
  return { status: answer.status, body: await answer.json() };
}

const refused = await fetch(`${issuer}/v1/me`);
const resource = await json(refused.headers.get("www-authenticate").match(/resource_metadata="([^"]+)"/)[1]);
const server = await json(`${resource.body.authorization_servers[0]}/.well-known/oauth-authorization-server`);
const form = () => new URLSearchParams({
  grant_type: "client_credentials",
  scope: "checks:read",
  resource: resource.body.resource,
  client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
  client_assertion: assertion(),
});
const token = await json(server.body.token_endpoint, { method: "POST", body: form() });
const again = await json(server.body.token_endpoint, { method: "POST", body: form() });
const me = await json(`${issuer}/v1/me`, { headers: { authorization: `Bearer ${token.body.access_token}` } });
console.log(JSON.stringify({ token, me, again }));
