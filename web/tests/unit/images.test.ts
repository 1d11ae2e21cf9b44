import { describe, expect, test } from "vitest";

import { emptyDraft } from "../../src/composer/drafts";
import { settled, shownNames, withoutImage, written } from "../../src/composer/images";
import { contentIdsIn, split, withImages } from "../../src/composer/quoting";

const FILE = { id: "f", name: "a.png", contentType: "image/png", sizeBytes: 3, uploadedAt: 0 };

describe("images in what is written", () => {
  test("are kept by their names", () => {
    const html = '<p>Look <img data-src="cid:a-1" alt="x"> and data-src="kept"</p>';
    expect(written(html)).toBe('<p>Look <img src="cid:a-1" alt="x"> and data-src="kept"</p>');
    expect([...shownNames(written(html))]).toEqual(["a-1"]);
    expect(withoutImage(written(html), "a-1")).toBe('<p>Look  and data-src="kept"</p>');
  });

  test("leave under the names of their uploads; what never arrived is words", () => {
    const draft = {
      ...emptyDraft("thread:1", "reply"),
      html: '<p><img src="cid:mine" alt="ours.png"><img src="cid:lost" alt="lost.png"></p>',
      quote: '<div><img src="cid:u2" alt="theirs"></div>',
      files: [
        { ...FILE, id: "u1", inline: true, shownAs: "mine" },
        { ...FILE, id: "u2", inline: true },
        { ...FILE, id: "u3" },
      ],
    };
    const mail = settled(draft);
    expect(mail.html).toBe('<p><img src="cid:u1" alt="ours.png">[image: lost.png]</p>');
    expect(mail.quote).toBe(draft.quote);
    expect(mail.files.map((file) => file.shownAs)).toEqual([undefined, undefined, undefined]);
  });

  test("with a name that is no good address are found all the same", () => {
    expect([...contentIdsIn('<img src="cid:a%40b"><img src="cid:100%"><img src="x.png">')]).toEqual([
      "a@b",
      "100%",
    ]);
  });

  test("of a quoted mail go on under another name, or become words; those of the web go on as they came", () => {
    const html =
      '<img src="cid:one%40x" alt="the roof"><img src="cid:two"><img data-remote-src="https://x.test/a.png">';
    expect(withImages(html, (name) => (name === "one@x" ? "new" : null))).toBe(
      '<img src="cid:new" alt="the roof">[image]<img src="https://x.test/a.png">',
    );
    expect(withImages(html, () => null)).toContain("[image: the roof]");
  });

  test("a mail that is taken back is cut where its quote begins", () => {
    expect(split("<p>a</p><div><p>b</p></div>")).toEqual({
      html: "<p>a</p>",
      quote: "<div><p>b</p></div>",
    });
    expect(split("<p>a</p>")).toEqual({ html: "<p>a</p>", quote: "" });
  });
});
