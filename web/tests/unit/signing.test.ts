import { expect, test } from "vitest";

import { forgetToken, readToken } from "../../src/data/token";

test("the token of a link leaves the address at once, and lives in this tab only", () => {
  history.replaceState(null, "", "/t/1?x=1#token=bw_secret");
  expect(readToken()).toBe("bw_secret");
  expect(location.href).not.toContain("bw_secret");
  expect(location.pathname + location.search).toBe("/t/1?x=1");
  expect(JSON.stringify(localStorage)).not.toContain("bw_secret");
  forgetToken();
  expect(readToken()).toBeNull();
});
