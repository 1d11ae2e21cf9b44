import { describe, expect, test } from "vitest";

import { emptyDraft } from "../../src/composer/drafts";
import { escapeHtml, forwardSubject, replyQuote } from "../../src/composer/quoting";
import { readAddresses } from "../../src/composer/Recipients";
import { doubts, obstacle } from "../../src/composer/warnings";
import { replyRecipients } from "../../src/conversation/people";
import { words } from "../../src/words/composer";
import { message } from "./rows";

const OWN = ["ann@example.test", "sales@example.test"];
const person = (address: string) => ({ address, name: null, kind: "OTHER" }) as const;

describe("whom an answer goes to", () => {
  test("the writer; with reply all also everybody else but oneself, whatever the letters' case", () => {
    const mail = message({
      to: [person("Ann@Example.test"), person("ben@x.test")],
      cc: [person("clerk@okafor.test")],
    });
    expect(replyRecipients(mail, OWN, false)).toEqual({ to: ["dana@okafor.test"], cc: [] });
    expect(replyRecipients(mail, OWN, true)).toEqual({
      to: ["dana@okafor.test"],
      cc: ["ben@x.test", "clerk@okafor.test"],
    });
  });

  test("to one's own last mail: whom that went to", () => {
    const mail = message({
      direction: "OUTBOUND",
      from: person("ann@example.test"),
      to: [person("dana@okafor.test")],
    });
    expect(replyRecipients(mail, OWN, false).to).toEqual(["dana@okafor.test"]);
  });
});

describe("addresses as they are pasted", () => {
  test("names, semicolons and lines are understood; what is no address is given back", () => {
    expect(readAddresses("Dana <dana@okafor.test>; ben@x.test\nnot an address")).toEqual({
      good: ["dana@okafor.test", "ben@x.test"],
      bad: ["not an address"],
    });
  });
});

describe("before a mail leaves", () => {
  const draft = {
    ...emptyDraft("thread:1", "reply"),
    threadId: "1",
    to: ["dana@okafor.test"],
    html: "<p>Hello</p>",
  };

  test("it needs somebody, words, and its files", () => {
    expect(obstacle(draft, 0)).toBeNull();
    expect(obstacle({ ...draft, to: [] }, 0)).toBe(words.noRecipients);
    expect(obstacle({ ...draft, html: "<p> </p>" }, 0)).toBe(words.noContent);
    expect(obstacle(draft, 1)).toBe(words.uploadWait);
  });

  test.each(["See the attached plan", "Angebot im Anhang"])(
    "%s: a file that is mentioned and missing is asked about",
    (text) => {
      expect(doubts({ ...draft, html: `<p>${text}</p>` })).toEqual([words.noFile]);
      const file = { id: "f", name: "plan.pdf", contentType: "application/pdf", sizeBytes: 1, uploadedAt: 0 };
      expect(doubts({ ...draft, html: `<p>${text}</p>`, files: [file] })).toEqual([]);
    },
  );
});

describe("what is quoted", () => {
  test("a name cannot become HTML", () => {
    const quote = replyQuote(
      message({ from: { address: "x@x.test", name: "<img src=x onerror=alert(1)>", kind: "OTHER" } }),
    );
    expect(quote).not.toContain("<img");
    expect(escapeHtml("<&>\"'")).toBe("&#60;&#38;&#62;&#34;&#39;");
  });

  test("a subject is marked as forwarded once", () => {
    expect(forwardSubject(forwardSubject("Offer"))).toBe("Fwd: Offer");
  });
});
