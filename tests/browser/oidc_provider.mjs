// npm's oidc-provider with one client: the gateway. Run by tests/browser/signing_in.py:
//
//   node oidc_provider.mjs PORT SITE_URL CLIENT_SECRET
//
// Says "listening" once it does. Its pages are the library's own: any name and password log in, then
// a click consents. Everything else is as strict as the library is by default, and PKCE is required.
import { Provider } from 'oidc-provider';

const [port, site, secret] = process.argv.slice(2);
const here = `${site}/-/login/house`;

const provider = new Provider(`http://localhost:${port}`, {
  clients: [{
    client_id: 'gateway',
    client_secret: secret,
    redirect_uris: [`${here}/callback`],
    post_logout_redirect_uris: [`${site}/-/logout`],
    backchannel_logout_uri: `${here}/backchannel-logout`,
    backchannel_logout_session_required: true,
  }],
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
  cookies: { keys: [secret] },
  features: { backchannelLogout: { enabled: true }, devInteractions: { enabled: true } },
  // The library refuses to call loopback on the back channel unless it is given a plain fetch.
  fetch: (url, { dispatcher, ...options }) => globalThis.fetch(url, options),
  findAccount: (ctx, id) => ({
    accountId: id,
    claims: () => ({ sub: id, name: id, email: `${id}@lecteurs.example`, email_verified: true }),
  }),
  pkce: { required: () => true },
});

for (const event of ['server_error', 'backchannel.error', 'authorization.error', 'grant.error']) {
  provider.on(event, (ctx, error) => console.error(event, error));
}
provider.listen(Number(port), '127.0.0.1', () => console.log('listening'));
