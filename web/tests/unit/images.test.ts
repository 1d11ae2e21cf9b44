import { describe, expect, test } from "vitest";

import { shownIds, written } from "../../src/composer/images";
import { split, withImages } from "../../src/composer/quoting";

describe("images in what is written", () => {
  test("are kept by their names, and not before they have arrived", () => {
    const html =
      '<p>Look <img data-src="cid:a-1" alt="x"> and <img data-src="pending:2" alt="y"> data-src="kept"</p>';
    expect(written(html)).toBe('<p>Look <img src="cid:a-1" alt="x"> and  data-src="kept"</p>');
    expect([...shownIds(written(html))]).toEqual(["a-1"]);
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
