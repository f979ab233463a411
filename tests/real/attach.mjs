// Signs a statement about an image and attaches the bundle, as GitHub's attest action does: with
// npm's @sigstore packages, whose mock of the authority and of the log needs no network.
// Arguments: image name, digest, and the type of the predicate.
import { createRequire } from 'node:module';
import { join } from 'node:path';

const require = createRequire(join(process.cwd(), 'package.json'));
const { mockFulcio, mockRekor } = require('@sigstore/mock');
const { DSSEBundleBuilder, FulcioSigner, RekorWitness } = require('@sigstore/sign');
const { attachArtifactToImage } = require('@sigstore/oci');
const { bundleToJSON } = require('@sigstore/bundle');

const [imageName, digest, predicateType] = process.argv.slice(2);
const claims = { iss: 'https://issuer.test', sub: 'repo:team/app', aud: 'sigstore' };
const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const token = [part({ alg: 'none' }), part(claims), 'signature'].join('.');

await mockFulcio({ baseURL: 'https://fulcio.test', strict: false });
await mockRekor({ baseURL: 'https://rekor.test', strict: false });
const builder = new DSSEBundleBuilder({
  signer: new FulcioSigner({
    fulcioBaseURL: 'https://fulcio.test',
    identityProvider: { getToken: async () => token },
  }),
  witnesses: [new RekorWitness({ rekorBaseURL: 'https://rekor.test', entryType: 'dsse' })],
});
const statement = {
  _type: 'https://in-toto.io/Statement/v1',
  subject: [{ name: imageName, digest: { sha256: digest.replace('sha256:', '') } }],
  predicateType,
  predicate: {},
};
const bundle = bundleToJSON(
  await builder.create({
    data: Buffer.from(JSON.stringify(statement)),
    type: 'application/vnd.in-toto+json',
  }),
);
await attachArtifactToImage({
  imageName,
  imageDigest: digest,
  artifact: Buffer.from(JSON.stringify(bundle)),
  mediaType: bundle.mediaType,
  annotations: { 'dev.sigstore.bundle.predicateType': predicateType },
});
