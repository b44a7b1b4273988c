// The certified provider with logins of its own: whoever types "nif:12345678Z" as the login has that identifier, and
// "mail:laura@x.example" or "unverified:laura@x.example" that mailbox.
// node provider.mjs <folder of node_modules> <port> '{"redirectUri": …, "claimsParameter": …}'
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [modules, port, settings] = process.argv.slice(2);
const { redirectUri, claimsParameter } = JSON.parse(settings);
const entry = createRequire(`${modules}/oidc-provider/package.json`).resolve("oidc-provider");
const { default: Provider } = await import(pathToFileURL(entry));

function claimOf(accountId) {
  const [kind, value] = accountId.split(/:(.*)/s);
  if (kind === "nif") return { nif: value };
  return ["mail", "unverified"].includes(kind) ? { email: value, email_verified: kind === "mail" } : {};
}

const provider = new Provider(`http://localhost:${port}`, {
  clients: [{ client_id: "ventanilla", client_secret: "a secret & of =ours%", redirect_uris: [redirectUri] }],
  claims: { openid: ["sub", "nif"], profile: ["name"], email: ["email", "email_verified"] },
  features: { devInteractions: { enabled: true }, claimsParameter: { enabled: claimsParameter } },
  cookies: { keys: ["only for tests"] },
  findAccount: (_context, accountId) => ({
    accountId,
    claims: () => ({ sub: accountId, ...claimOf(accountId) }),
  }),
});
provider.listen(Number(port), "localhost");
