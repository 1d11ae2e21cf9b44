import { describe, expect, it } from "vitest";

import { bytesOf, listOf, megabytesOf, MOST_BYTES } from "../../src/admin/policy";
import { loopbackOnly } from "../../src/firstrun/simulator";
import { stepsOf, type Dana } from "../../src/firstrun/steps";
import { namesOf } from "../../src/settings/permissions";
import { partedAtLink } from "../../src/settings/reasons";
import { bareMessageId } from "../../src/settings/WhyMissing";

describe("a reason", () => {
  it("is parted from the link that ends it, and from nothing else", () => {
    expect(partedAtLink("Send them this link, then connect again: https://login.test/a?b=c&d=e")).toEqual({
      sentence: "Send them this link, then connect again.",
      link: "https://login.test/a?b=c&d=e",
    });
    for (const plain of ["", "Access was not granted.", "See https://a.test and try again.", "javascript:1"])
      expect(partedAtLink(plain)).toEqual({ sentence: plain, link: null });
  });
});

describe("permissions", () => {
  it("are named in words, each once; what is not known is shown as it is spelled", () => {
    const spelled = ["https://www.googleapis.com/auth/gmail.modify", "Mail.Send", "strange.scope"];
    expect(namesOf(spelled)).toEqual(["Read and mark mail", "Send mail", "strange.scope"]);
  });
});

describe("a Message-ID", () => {
  it.each(["<a@b>", " a@b ", "Message-ID: <a@b>", "message-id:a@b"])("is read out of %j", (typed) => {
    expect(bareMessageId(typed)).toBe("a@b");
  });
});

describe("the attachment limit", () => {
  it("takes both decimal signs and refuses what the API would", () => {
    expect([bytesOf("12.5"), bytesOf("12,5"), bytesOf("25")]).toEqual([12_500_000, 12_500_000, 25_000_000]);
    expect(["", "0", "-1", "27", "x", "Infinity"].map(bytesOf)).toEqual(Array(6).fill(null));
    expect(bytesOf(megabytesOf(MOST_BYTES))).toBeLessThanOrEqual(MOST_BYTES);
  });

  it("lists words once, in lower case, without dots around them", () => {
    expect(listOf(".PDF, png;pdf\n docx ")).toEqual(["pdf", "png", "docx"]);
  });
});

describe("the first run", () => {
  type Message = Dana["threads"]["edges"][number]["node"]["messages"]["edges"][number]["node"];
  const message = (part: Partial<Message>): { node: Message } => ({
    node: {
      id: "1",
      direction: "OUTBOUND",
      origin: "CRM",
      sentAt: "2026-03-01T10:00:00.000Z",
      mailbox: { id: "m" },
      delivery: { state: "SENT" },
      ...part,
    },
  });
  const dana = (...messages: { node: Message }[]): Dana => ({
    id: "d",
    name: "Dana",
    emails: [],
    threads: { edges: [{ node: { id: "t", messages: { edges: messages } } }] },
  });
  const later = "2026-03-01T10:05:00.000Z";
  const answer = message({ direction: "INBOUND", origin: "MAILBOX", delivery: null, sentAt: later });

  it("goes on by what is stored", () => {
    expect(stepsOf(false, null)).toEqual({ connected: false, written: false, answered: false });
    expect(stepsOf(true, dana())).toEqual({ connected: true, written: false, answered: false });
    expect(stepsOf(true, dana(message({})))).toEqual({ connected: true, written: true, answered: false });
    expect(stepsOf(true, dana(message({}), answer))).toEqual({
      connected: true,
      written: true,
      answered: true,
    });
  });

  it("counts neither a refused mail, nor the seed's, nor an answer from before", () => {
    expect(stepsOf(true, dana(message({ delivery: { state: "REFUSED" } }))).written).toBe(false);
    expect(stepsOf(true, dana(message({ origin: "MAILBOX", delivery: null }))).written).toBe(false);
    expect(stepsOf(true, dana(answer, message({ sentAt: "2026-03-01T11:00:00.000Z" }))).answered).toBe(false);
    expect(stepsOf(true, dana(message({}), { node: { ...answer.node, mailbox: null } })).answered).toBe(
      false,
    );
  });

  it("takes a simulator on this machine only", () => {
    expect(loopbackOnly("http://127.0.0.1:8001/people")).toBe("http://127.0.0.1:8001");
    for (const bad of [
      null,
      "",
      "http://evil.test:8001",
      "https://127.0.0.1.evil.test",
      "javascript:alert(1)",
    ])
      expect(loopbackOnly(bad)).toBeNull();
  });
});
