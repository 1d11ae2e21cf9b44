import { beforeEach, expect, test } from "vitest";

import {
  bulkDraft,
  changeDraft,
  EMPTY,
  hasAudience,
  inputOf,
  isWritten,
  writeTo,
} from "../../src/bulk/draft";
import { lackingBy } from "../../src/bulk/Obstacles";
import { htmlOf, readable, textOf, withDefault } from "../../src/bulk/templates";

const DANA = { id: "c1", name: "Dana Okafor", email: "dana@okafor.co" };

beforeEach(() => bulkDraft.set(EMPTY));

test("other words are put to every bare use of a field, and to no other", () => {
  const template = 'Of {{company}}, {{ company | upcase }}, {{ company | default: "us" }}, {{ name }}';
  expect(withDefault(template, "company", "you", false)).toBe(
    'Of {{ company | default: "you" }}, {{ company | default: "you" | upcase }}, {{ company | default: "us" }}, {{ name }}',
  );
});

test("other words cannot end the template that they stand in", () => {
  expect(withDefault("{{ company }}", "company", 'a" }} {% b %} <i>', true)).toBe(
    '{{ company | default: "a’   b  &lt;i&gt;" }}',
  );
});

test("the text of a mail keeps its paragraphs, lists and links", () => {
  const html =
    '<p>Dear {{ name }},<br>hello</p><ul><li><p>one</p></li></ul><p><a href="https://x.test">there</a></p>';
  expect(textOf(html)).toBe("Dear {{ name }},\nhello\n\n- one\n\nthere (https://x.test)");
});

test("a text becomes paragraphs and lines, and nothing in it becomes markup", () => {
  expect(htmlOf("a <b>\nb\n\nc")).toBe("<p>a &lt;b&gt;<br>b</p><p>c</p>");
});

test("a template is told in a line", () => {
  expect(readable('For {{ company | default: "you" }}{% if x %}!{% endif %}', (field) => field)).toBe(
    "For [company]!",
  );
});

test("what is asked of the server follows the audience and the From", () => {
  writeTo([DANA]);
  changeDraft({ subject: " News ", html: "<p>Hi</p>" });
  expect(inputOf(bulkDraft.get(), "ann@gmail.com")).toMatchObject({
    contactIds: ["c1"],
    from: "ann@gmail.com",
    subject: "News",
    text: "Hi",
    leaveOutIncomplete: false,
  });
  changeDraft({ audience: "search", search: " okafor ", from: "" });
  expect(inputOf(bulkDraft.get(), "ann@gmail.com")).toMatchObject({ search: "okafor", from: null });
  changeDraft({ audience: "everybody" });
  expect(inputOf(bulkDraft.get(), null)).toMatchObject({ search: "" });
});

test("everybody is never meant by a search without words", () => {
  expect(hasAudience({ ...EMPTY, audience: "search", search: "  " })).toBe(false);
  expect(hasAudience({ ...EMPTY, audience: "everybody" })).toBe(true);
  expect(hasAudience(EMPTY)).toBe(false);
  expect(isWritten({ ...EMPTY, subject: "S", html: "" })).toBe(false);
});

test("a change after a try to send asks for something else", () => {
  changeDraft({ key: "k" });
  expect(bulkDraft.get().key).toBe("k");
  changeDraft({ subject: "other" });
  expect(bulkDraft.get().key).toBeNull();
});

test("what is lacking is told by field", () => {
  const met = (
    contactId: string,
    kind: "MISSING_FIELD" | "NO_ADDRESS" | "BOUNCED",
    missing: string | null,
  ) => ({
    contactId,
    name: null,
    address: null,
    kind,
    missing,
  });
  const groups = lackingBy([
    met("1", "MISSING_FIELD", "company"),
    met("2", "NO_ADDRESS", null),
    met("3", "BOUNCED", null),
    met("4", "MISSING_FIELD", "company"),
  ]);
  expect(groups.map(([field, those]) => [field, those.map((one) => one.contactId)])).toEqual([
    ["company", ["1", "4"]],
    ["", ["2"]],
  ]);
});
