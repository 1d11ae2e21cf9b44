import { describe, expect, test } from "vitest";

import { prepare } from "../../src/conversation/mail-html";
import { previewOf } from "../../src/conversation/files";
import { pieces, wordsOf } from "../../src/inbox/marking";

const none = new Map<string, string>();
const said = { showHistory: "history", leadsTo: (host: string) => `leads to ${host}` };

describe("a mail's HTML", () => {
  test("remote images have no address but the one that the server gives them", () => {
    const kept = prepare('<p>Hi</p><img data-remote-src="https://t.example/p.gif">', none, said);
    expect(kept.hasRemoteImages).toBe(true);
    expect(kept.body.querySelector("img")).toBeNull();
    const sized = prepare(
      '<img data-remote-src="https://t.example/k.jpg" width="552" height="200" alt="The open kiln">',
      none,
      said,
    ).body.querySelector<HTMLElement>(".bw-image");
    expect([sized?.textContent, sized?.style.width, sized?.style.height]).toEqual([
      "The open kiln",
      "552px",
      "200px",
    ]);
    const shown = prepare('<p>Hi</p><img src="/mail-images/1?x">', none, said);
    expect(shown.hasRemoteImages).toBe(false);
    expect(shown.body.querySelector("img")?.getAttribute("src")).toBe("/mail-images/1?x");
  });

  test("its own images come from its files, and only from them", () => {
    const html = '<img src="cid:a%40b"><img src="cid:other"><img src="cid:100%">';
    const sources = [...prepare(html, new Map([["a@b", "blob:x"]]), said).body.querySelectorAll("img")].map(
      (one) => one.getAttribute("src"),
    );
    expect(sources).toEqual(["blob:x", null, null]);
  });

  test("history at the end is folded; a quote within an answer is not", () => {
    expect(
      prepare("<p>Yes</p><blockquote>Would you?</blockquote>", none, said).body.querySelector(
        "details summary",
      ),
    ).not.toBeNull();
    expect(
      prepare("<blockquote>Would you?</blockquote><p>Yes</p>", none, said).body.querySelector("details"),
    ).toBeNull();
  });

  test("links open outside, and tell nobody where from", () => {
    const link = prepare('<a href="https://x.test" target="_self">x</a>', none, said).body.querySelector("a");
    expect(link?.target).toBe("_blank");
    expect(link?.rel).toContain("noopener");
  });

  test.each([
    ["https://bank.test/login", "https://evil.test/?u=bank.test", "evil.test"],
    ["bank.test", "https://bank.test.evil.test/", "bank.test.evil.test"],
    ["bank.test/login", "http://evil.test:8080/", "evil.test"],
    ["bücher.test", "https://xn--bchr-0na.test/", "xn--bchr-0na.test"],
    ["bücher.test", "https://xn--bcher-kva.test/", null],
    ["www.bank.test", "https://bank.test/", null],
    ["https://login.bank.test", "https://bank.test/in", null],
    ["Sign in", "https://evil.test/", null],
    ["dana@bank.test", "mailto:dana@evil.test", null],
    ["bank.test", "mailto:dana@evil.test", null],
    ["v2.0", "https://releases.test/", null],
  ])("a link that shows %s and leads to %s is told", (text, href, host) => {
    const { body } = prepare(`<a href="${href}">${text}</a>`, none, said);
    expect(body.querySelector(".bw-elsewhere")?.textContent ?? null).toBe(
      host === null ? null : `leads to ${host}`,
    );
    expect(body.querySelector("a")?.title).toBe(href);
  });

  test("mail that brings colours gets white paper; mail that does not takes the reader's theme", () => {
    expect(prepare('<p style="color: #333">x</p>', none, said).coloured).toBe(true);
    expect(prepare('<p style="border-color: red">x</p>', none, said).coloured).toBe(false);
  });
});

describe("a file", () => {
  test("that is a document with scripts is never shown in the page", () => {
    expect(previewOf({ contentType: "image/svg+xml" })).toBeNull();
    expect(previewOf({ contentType: "text/html" })).toBeNull();
    expect(previewOf({ contentType: "image/PNG; name=x.png" })).toBe("image");
  });
});

describe("what was searched for", () => {
  test("phrases are one, excluded words are none", () => {
    expect(wordsOf('roof "grey slate" -chair')).toEqual(["roof", "grey slate"]);
  });

  test("is marked wherever it stands, as text", () => {
    expect(
      pieces("A Roof (roof+)", ["roof"])
        .filter((piece) => piece.marked)
        .map((piece) => piece.text),
    ).toEqual(["Roof", "roof"]);
    expect(pieces("a+b", ["a+b"])).toEqual([{ text: "a+b", marked: true }]);
  });
});
