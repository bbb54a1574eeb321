"""The first call, for those who write an institution's software: what a stock OAuth client needs to know.

CommonMark, because it is the description in the OpenAPI document; `gateway.front.pages.prose` makes HTML of it.
What is in the blocks of code is run by a test just as it stands here.
"""

GUIDE = """
An institution asks whether a person may do a job. The person agrees. The record holders are asked, the law of sealing
and the policy of the industry are applied, and the institution learns yes or no, and nothing else.

A check goes its way: `awaiting_consent` until the person decides, `in_progress` until the release time that is
fixed at that moment, then `completed` with `eligible` true or false. `closed` says that no answer will come, and never
why.

## Get a token

The operator registers your client with the public half of a key of yours, and gives you its id, `CLIENT_ID`. Any OAuth
client that speaks `private_key_jwt` will do. With Authlib (`pip install authlib joserfc requests`), and your private
key in `hr.pem`, this is the whole of `get_token.py`:

    import os
    from authlib.integrations.requests_client import OAuth2Session
    from authlib.oauth2.rfc7523 import PrivateKeyJWT
    from joserfc.jwk import ECKey
    url, key = "{issuer}/oauth/token", ECKey.import_key(open("hr.pem").read())
    hr = OAuth2Session(os.environ["CLIENT_ID"], key, scope="checks:write checks:read", token_endpoint=url,
                       token_endpoint_auth_method=PrivateKeyJWT(url, alg="ES256"))
    print(hr.fetch_token(grant_type="client_credentials")["access_token"])

`hr` then makes the calls too, as `hr.get("{issuer}/v1/roles")`, with the token in the header `Authorization: Bearer …`.
A token lasts ten minutes. A client that makes its own assertions signs these claims, for each request anew:

| Claim | Value |
|---|---|
| `iss`, `sub` | your client id, in both |
| `aud` | `{issuer}` or `{issuer}/oauth/token`, one of them alone |
| `exp` | when it expires: at most one hour ahead |
| `jti` | a fresh random value; each is taken once |
| `alg`, in the header | `ES256`, `PS256` or `Ed25519`; `kid` names the key if you have registered several |

It sends the assertion as `client_assertion`, with `grant_type=client_credentials` and
`client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer`. A client that is registered with a
secret instead sends id and secret as HTTP Basic (`curl -u`).

## Ask, and ask again

`check.json` is the message that is shown under "Ask for a check". Choose the `Idempotency-Key` yourself, one for each
check: when you got no answer, the same request with the same key makes no second check.

    TOKEN=$(python3 get_token.py)
    curl -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \\
      -H "Idempotency-Key: applicant-2041-hiring" -d @check.json {issuer}/v1/checks

Hand the link or the code under `consent` to the person, and keep the `id`. Then look at the check:

    curl -H "Authorization: Bearer $TOKEN" {issuer}/v1/checks/$CHECK

How often? While it is `awaiting_consent`, once an hour is plenty: the person has until `expires_at`. Once it is
`in_progress`, ask again after `release_at`, which `Retry-After` gives in seconds; it moves on if the answer is late. An
answer leaves at its release time, whatever it is: asking more often does not make it come sooner.
"""
