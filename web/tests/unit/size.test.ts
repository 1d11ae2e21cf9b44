import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

import { expect, test } from "vitest";

interface Chunk {
  file: string;
  isEntry?: boolean;
  imports?: string[];
}

const DIST = join(process.cwd(), "dist");
const MOST_BYTES = 200_000;

test("what the first paint needs is under 200 KB compressed, and the editor is not in it", () => {
  expect(existsSync(DIST), "npm run build comes first").toBe(true);
  const chunks = JSON.parse(readFileSync(join(DIST, "manifest.json"), "utf8")) as Record<string, Chunk>;
  const needed = new Set<string>();
  const add = (name: string) => {
    const chunk = chunks[name];
    if (chunk === undefined || needed.has(chunk.file)) return;
    needed.add(chunk.file);
    for (const other of chunk.imports ?? []) add(other);
  };
  for (const [name, chunk] of Object.entries(chunks)) if (chunk.isEntry === true) add(name);
  const sizes = [...needed].map((file) => gzipSync(readFileSync(join(DIST, file))).length);
  expect(needed.size).toBeGreaterThan(0);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(MOST_BYTES);
  expect([...needed].some((file) => readFileSync(join(DIST, file), "utf8").includes("ProseMirror"))).toBe(
    false,
  );
});
