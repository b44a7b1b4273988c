// What @kapso/whatsapp-cloud-api makes of a webhook on standard input; its folder is the first argument.
import { createRequire } from "node:module";

const kapso = createRequire(import.meta.url)(process.argv[2]);
const { verifySignature, normalizeWebhook } = kapso.verifySignature ? kapso : createRequire(import.meta.url)(`${process.argv[2]}/dist/server.cjs`);
let input = "";
for await (const piece of process.stdin) input += piece;
const { secret, body, header } = JSON.parse(input);
const check = (rawBody, signatureHeader) => verifySignature({ appSecret: secret, rawBody, signatureHeader });
const texts = normalizeWebhook(JSON.parse(body)).messages.map((message) => message.text?.body);
console.log(JSON.stringify({ good: check(body, header), changed: check(`${body} `, header), missing: check(body, undefined), texts }));
