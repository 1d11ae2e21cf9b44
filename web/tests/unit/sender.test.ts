import { expect, test } from "vitest";

import { fieldsOf, hasChanged, inputOf, keepsPassword, withTls } from "../../src/admin/sender";
import type { Sender } from "../../src/admin/sending-documents";

const SENDER: Sender = {
  id: "s",
  host: "smtp.example.com",
  port: 587,
  tls: "STARTTLS",
  username: "crm",
  passwordSet: true,
  fromAddress: "hello@example.com",
  fromName: null,
  bouncesHere: true,
  changedAt: "2026-01-01T00:00:00.000Z",
  testedAt: null,
  testError: null,
};

test("what is not touched is asked for as it is, and no password is made up", () => {
  expect(hasChanged(fieldsOf(SENDER), SENDER)).toBe(false);
  expect(inputOf(fieldsOf(SENDER))).toEqual({
    host: "smtp.example.com",
    port: 587,
    tls: "STARTTLS",
    username: "crm",
    password: null,
    fromAddress: "hello@example.com",
    fromName: null,
    bouncesHere: true,
  });
});

test.each([
  [{ host: "SMTP.example.com " }, true],
  [{ fromAddress: "other@example.com" }, true],
  [{ host: "smtp.evil.example" }, false],
  [{ port: "465" }, false],
  [{ tls: "IMPLICIT" as const }, false],
  [{ username: "other" }, false],
])("the kept password stays only with its server and user: %o", (change, kept) => {
  expect(keepsPassword({ ...fieldsOf(SENDER), ...change }, SENDER)).toBe(kept);
});

test("nobody's password is kept where none was given", () => {
  expect(keepsPassword(fieldsOf(null), null)).toBe(false);
});

test("another security brings its usual port, unless the port was chosen by hand", () => {
  expect(withTls(fieldsOf(SENDER), "IMPLICIT").port).toBe("465");
  expect(withTls({ ...fieldsOf(SENDER), port: "2525" }, "IMPLICIT").port).toBe("2525");
});
